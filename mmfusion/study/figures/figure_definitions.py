"""The figures of the study: their files, their texts, and the tables that they are drawn from.

The workflow asks for these before any job, so nothing here imports matplotlib.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from mmfusion.study.data.mosi.sentence_encoder import INSTALL
from mmfusion.study.data.planted_datasets import PLANTED_DATASETS
from mmfusion.study.names import MOSI_CLEAN, MOSI_DATASETS, TOY_DATASETS

NOT_DRAWN = "Not drawn: "
"""How the text of a figure without runs begins."""
REMEDY = "add such runs to the study's config and run it again"


@dataclass(frozen=True)
class FigureDefinition:
    """One figure of the study.

    Parameters
    ----------
    stem : str
        Name of the figure and of its files, without suffix.
    title : str
        What it shows.
    caption : str
        What it shows, for the report, which adds `intervals`.
    tables : tuple of str
        Names of the tidy tables that it reads.
    requires : tuple of str or None
        Datasets of which at least one must be in the study; None: one of the user's own.
    remedy : str
        How to get runs for it where the study has none.
    settings : mapping of str to str
        Options of the drawing that the study's configuration sets: name of the option to dotted key.
    intervals : str
        What the intervals are over, for the report; may have the field ``{seeds}``.
    """

    stem: str
    title: str
    caption: str
    tables: tuple[str, ...]
    requires: tuple[str, ...] | None
    remedy: str = REMEDY
    settings: Mapping[str, str] = field(default_factory=dict)
    intervals: str = "Mean and 95 % bootstrap interval over {seeds} seeds."

    def caption_of(self, config: Any) -> str:
        """Write the caption, and what the intervals are over in the study of a configuration."""
        return f"{self.caption} {self.intervals.format(seeds=len(config.seeds))}"

    @property
    def label(self) -> str:
        """Number and title, without braces, which a workflow would take for wildcards."""
        number = self.stem.partition("_")[0].replace("figure", "Figure ")
        title = self.title.replace("{", "").replace("}", "")
        return f"{number}: {title}" if number.startswith("Figure") else title

    def options(self, config: Any) -> dict[str, Any]:
        """Read the options of the drawing from the study's typed configuration."""
        return {option: attrgetter(key)(config) for option, key in self.settings.items()}


_DEFINITIONS = (
    FigureDefinition(
        stem="planted_weight",
        title="How much of the relevance is on the planted subset",
        caption=(
            "Relevance (beta, at p = 1) of the subset of views that carries the target by construction, "
            "under every normalisation; all other subsets share the rest. 1 is right."
        ),
        tables=("subsets",),
        requires=TOY_DATASETS,
    ),
    FigureDefinition(
        stem="figure1_relevance_against_p",
        title="Relevance of conditionally independent views against p",
        caption=(
            "Relevance of conditionally independent views against p. View m carries the motif of the class "
            "with probability rho; of the views that have weight, the stronger one should have the larger "
            "relevance. At p = 1 the weakest views may have none, and are not ranked. At p = inf every view"
            " with any weight has beta = 1; the weight share still differs."
        ),
        tables=("subsets",),
        requires=("ConditionallyIndependent",),
        settings={"presence": "sequences.presence"},
    ),
    FigureDefinition(
        stem="figure2_degree_inflation",
        title="Degree inflation: weight on each order of interaction over training",
        caption=(
            "Weight on each order of interaction over training, per dataset and normalisation, p = 1. "
            "Weight on orders above the planted one is inflation: a product of a relevant feature with a "
            "constant is as good as the feature."
        ),
        tables=("history",),
        requires=TOY_DATASETS,
    ),
    FigureDefinition(
        stem="figure3_learning_of_constants",
        title="Learning of constants: how far smaller subsets explain an interaction block",
        caption=(
            "Learning of constants: reducibility, the R² with which ridge regression predicts the output of"
            " a product block from its single modalities, and from all products of fewer of its modalities,"
            " on held-out samples. Zero: the block holds nothing that its parts hold. Blocks without "
            "variance have no value."
        ),
        tables=("subsets",),
        requires=TOY_DATASETS,
    ),
    FigureDefinition(
        stem="figure4_eigen_relevant",
        title="Leading eigenvector of the relevant block {1}",
        caption=(
            "Eigenvector analysis of the relevant block {1} of XRelIrrXOR under IBN: spectrum of the "
            "covariance of phi over the test split, and the projections on the leading eigenvector by "
            "class, for the first seed; AUROC with its p-value (two-sided, by Mann and Whitney's U) for all"
            " seeds."
        ),
        tables=("eigen", "eigen_spectrum", "eigen_projections"),
        requires=("XRelIrrXOR",),
    ),
    FigureDefinition(
        stem="figure5_eigen_irrelevant",
        title="Leading eigenvector of the irrelevant block {2,3}",
        caption=(
            "Eigenvector analysis of the irrelevant block {2,3} of XRelIrrXOR under IBN (two views that "
            "depend on each other, but not on the class), as in figure 4: spectrum and projections for the "
            "first seed, AUROC with its p-value for all seeds."
        ),
        tables=("eigen", "eigen_spectrum", "eigen_projections"),
        requires=("XRelIrrXOR",),
    ),
    FigureDefinition(
        stem="figure6_mosi_relevance",
        title="CMU-MOSI: relevance of modalities and their interactions",
        caption=(
            "Relevance of text, audio, video and their products on CMU-MOSI per normalisation: read off the"
            " training weights, and as the share of the score's variance on held-out utterances. The text "
            "and video features were learned with the training labels, so that training weights over-credit"
            " them; the held-out share does not."
        ),
        tables=("subsets",),
        requires=MOSI_DATASETS,
        remedy="get the MOSI files (workflow target mosi_data), enable MOSI in the config and run it again",
    ),
    FigureDefinition(
        stem="own_relevance",
        title="Your own data: relevance of modalities and their interactions",
        caption=(
            "Relevance of every subset of modalities in your own data per normalisation: share of the "
            "training weights, share of the score's variance on the test split, and rise of the test loss "
            "when the subset's output is replaced by its training mean (in nats for classes, in variances "
            "of the target for a regression). Trust the rise of the test loss first."
        ),
        tables=("subsets",),
        requires=None,
    ),
    FigureDefinition(
        stem="scale_sensitivity",
        title="Relevance without normalisation against the scale of the features",
        caption=(
            "Relevance without normalisation when all encoder outputs are multiplied by a constant, which "
            "does not change what the views say: where the numbers differ, they depend on the scale of the "
            "features."
        ),
        tables=("subsets",),
        requires=TOY_DATASETS,
    ),
    FigureDefinition(
        stem="predictive_information",
        title="Predictive information: alone, needed, together",
        caption=(
            "What networks say that are given only some of the views of a planted dataset: one view alone, "
            "what is lost without it, and what a pair says beyond both of its views. Filled marks are "
            "named: not zero after the correction for all rows, and not negligible. The synergy of pairs "
            "can show XOR, but not Parity, where two views say nothing together either."
        ),
        tables=("modality_information", "synergy"),
        requires=tuple(PLANTED_DATASETS),
        remedy="set information.seeds above 0 and have a planted dataset in the study's config",
        intervals="Intervals: 95 %, over the test samples.",
    ),
    FigureDefinition(
        stem="mosi_clean_text",
        title="CMU-MOSI with clean text: relevance of modalities and their interaction",
        caption=(
            "Relevance of text and audio on CMU-MOSI where no feature has seen a label: the transcripts are"
            " embedded by a pretrained sentence encoder. Read off the training weights, and as the share of"
            " the score's variance on held-out utterances."
        ),
        tables=("subsets",),
        requires=MOSI_CLEAN,
        remedy=(
            f"get the MOSI files (workflow target mosi_data), {INSTALL}, enable MOSI in the config and run"
            " it again"
        ),
    ),
)

FIGURES = {definition.stem: definition for definition in _DEFINITIONS}
"""Every figure of the study by its file stem."""
