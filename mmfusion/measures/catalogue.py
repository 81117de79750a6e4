"""Every measure of a subset of modalities, listed once: what it needs, its range, its label, its meaning.

Tables, their definitions, the labels of figures and the headings of pages follow this list and its order. To
add a measure, compute it in a module beside this one and give it an entry here.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Needs = Literal["weights", "training samples", "held-out samples"]


class Measure(NamedTuple):
    """Definition of one measure of a subset.

    Parameters
    ----------
    name : str
        Its column in all tables.
    needs : {"weights", "training samples", "held-out samples"}
        What it is computed from.
    range : str
        Range or unit of its values.
    label : str
        What axes and headings call it.
    meaning : str
        What it is; "output" is the contribution of the subset's block to the score.
    """

    name: str
    needs: Needs
    range: str
    label: str
    meaning: str


_WEIGHTS: Needs = "weights"
_TRAINING: Needs = "training samples"
_HELD_OUT: Needs = "held-out samples"

MEASURES = (
    Measure("block_norm", _WEIGHTS, "≥ 0", "block norm", "norm of the block's weights over all outputs"),
    Measure("beta", _WEIGHTS, "[0, 1]", "relevance beta",
            "relevance from the block norms; NaN if all of them are zero"),
    Measure("weight_share", _WEIGHTS, "[0, 1]", "share of the block norms",
            "block norm over the sum of all block norms"),
    Measure("loss_rise", _HELD_OUT, "nats or target variances", "rise of the loss without the subset",
            "rise of the mean loss when the block's output is replaced by its training mean"),
    Measure("variance_share", _HELD_OUT, "≥ 0", "share of the score's variance",
            "variance of the block's output over that of the score"),
    Measure("covariance_share", _HELD_OUT, "any sign, sums to 1",
            "share of the score's variance (covariance)",
            "covariance of the block's output with the score over the score's variance"),
    Measure("covariance_share_train", _TRAINING, "any sign, sums to 1",
            "share of the training score's variance (covariance)",
            "covariance_share on the training split"),
    Measure("reducibility_single", _HELD_OUT, "≤ 1", "reducibility (R²) to single modalities",
            "R² of ridge regression of the block's output on its single modalities; "
            "NaN at order 1 and for negligible blocks"),
    Measure("reducibility_within", _HELD_OUT, "≤ 1", "reducibility (R²) to smaller subsets",
            "the same on all products of fewer of its modalities"),
)  # fmt: skip
"""All measures, in the order of every table."""

LABELS = {measure.name: measure.label for measure in MEASURES}
"""Label of every measure, by its name."""

OF_WEIGHTS = tuple(measure.name for measure in MEASURES if measure.needs == _WEIGHTS)
"""Names of the measures that weights alone give."""

OF_HELD_OUT = tuple(measure.name for measure in MEASURES if measure.needs == _HELD_OUT)
"""Names of the measures that need samples that were not trained on."""
