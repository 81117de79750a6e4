"""The typed settings of a study: the one source of what a configuration may say.

Every mistake of a configuration is found at once and told in one sentence each (`load_config`). The
descriptions of the fields are the manual: `mmfusion.study.config.manual` makes a table of them for
config/README.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from mmfusion.errors import ConfigError
from mmfusion.study.config.consistency import problems_between
from mmfusion.study.config.numbers import Exponent, Scale, number
from mmfusion.study.config.own_entries import own_apart, own_together
from mmfusion.study.config.problems import problems_of, sentences

__all__ = ["MOSI_TASKS", "StudyConfig", "load_config", "number"]

SyntheticName = Literal["ConditionallyIndependent", "XRel", "XRelIrrXOR", "XOR", "Parity"]
NormName = Literal["none", "bn", "vbn", "dbn", "ibn"]
MOSI_TASKS: dict[str, Literal["binary", "regression"]] = {"MOSIBinary": "binary", "MOSIReal": "regression"}


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", text):
        raise ValueError("expected a name of letters, digits, _ and -; rename it")
    return text


def _off(value: Any) -> Any:
    """Read the unquoted word off, which is ``false`` in YAML, as the text it looks like."""
    return "off" if value is False else value


Positive = Annotated[int, Field(ge=1)]
Samples = Annotated[int, Field(ge=2)]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]
Symbol = Annotated[int, Field(ge=0, le=3)]
Motif = Annotated[list[Symbol], Field(min_length=1)]
Probability = Annotated[float, Field(ge=0, le=1)]
ExperimentName = Annotated[str, AfterValidator(_name)]
OwnName = Annotated[str, AfterValidator(_name)]
Text = Annotated[str, Field(min_length=1)]
MaxOrder = Annotated[
    Positive | None,
    Field(
        description="largest number of modalities in a subset; without it, or above their number, all subsets"
    ),
]


class Settings(BaseModel):
    """Base of all settings: unknown keys are mistakes, and nothing is changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Sequences(Settings):
    """Constants of the planted sequences, the same in all views, splits and seeds."""

    length: Positive = Field(description="symbols per view; at least a motif and a window of the encoder")
    motifs: list[Motif] = Field(
        min_length=2,
        max_length=2,
        description="two different motifs of one length; motif k is planted where a view's coin is k",
    )
    constant: Symbol = Field(description="symbol whose XOR relabels view 2 of XRelIrrXOR into view 3")
    presence: list[Probability] = Field(
        min_length=1,
        description="per view of ConditionallyIndependent, the probability that it carries its motif",
    )


class Sizes(Settings):
    """Number of samples per split."""

    train: Samples = Field(description="samples of the training split")
    validation: Samples = Field(description="samples of the validation split, whose loss is recorded only")
    test: Annotated[int, Field(ge=4)] = Field(description="samples of the test split, cut into halves")


class HeldOut(Settings):
    """The validation and test splits of the user's own data."""

    validation: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.15, description="share of the validation split, whose loss is recorded only"
    )
    test: Annotated[float, Field(gt=0, lt=1)] = Field(default=0.25, description="share of the test split")
    seed: Seed = Field(default=0, description="seed of the random splits")

    @model_validator(mode="after")
    def _something_to_train_on(self) -> Self:
        if self.validation + self.test >= 1:
            raise ValueError(
                f"expected shares with a sum below 1 (it is {self.validation + self.test:g}: validation "
                f"{self.validation:g} and test {self.test:g}), as the rest is trained on; lower one"
            )
        return self


class Dataset(Settings):
    """What is particular to one synthetic dataset."""

    sizes: Sizes = Field(description="number of samples")
    epochs: Positive = Field(description="passes over the training split")
    max_order: MaxOrder = None


class OwnDataset(Settings):
    """Data of the user's own: a table or arrays, a target, and which columns belong to which modality."""

    path: Text = Field(
        description="CSV, Parquet, npz or safetensors file, folder of npy files, or pickled dictionary of "
        "CMU-MOSI or CMU-MOSEI (.pkl)"
    )
    target: Text = Field(description="column or array that is predicted; labels for a pickled dictionary")
    task: Literal["binary", "multiclass", "regression"] = Field(description="what the target is")
    modalities: dict[Text, Text | list[Text]] | None = Field(
        default=None,
        description="columns of every modality of a table, as a list or as a pattern such as audio_*; for "
        "arrays, the array of every modality (without it, all arrays but the target)",
    )
    groups: Text | None = Field(
        default=None,
        description="column or array of groups, such as speakers; a group is never in two splits",
    )
    ids: Text | None = Field(default=None, description="column or array of names of the samples")
    held_out: HeldOut = Field(
        default=HeldOut(), description="which part of the samples, or of the groups, is not trained on"
    )
    replace_infinite: Literal["zero"] | None = Field(
        default=None,
        description="zero: infinite numbers of a pickled dictionary become zero; else they stop the run",
    )
    epochs: Positive = Field(default=20, description="passes over the training split")
    max_order: Positive | Literal["auto", "all"] = Field(
        default="auto",
        description="largest number of modalities in a subset; auto: all up to three modalities, else 2",
    )


class MotifScannerSettings(Settings):
    """Encoder of symbol sequences."""

    width: Positive = Field(description="symbols per window, at most sequences.length")
    channels: Positive = Field(description="filters")
    dim: Positive = Field(description="width of the features of a modality")


class VectorEncoderSettings(Settings):
    """Encoder of feature vectors."""

    hidden: Positive = Field(description="width of the hidden layer")
    dropout: float = Field(ge=0, lt=1, description="share of hidden units that are dropped while training")
    dim: Positive = Field(description="width of the features of a modality")


class SequenceEncoderSettings(Settings):
    """Encoder of real-valued sequences."""

    width: Positive = Field(description="steps per window")
    channels: Positive = Field(description="filters")
    dropout: float = Field(ge=0, lt=1, description="share of filters that are dropped while training")
    dim: Positive = Field(description="width of the features of a modality")


class Encoders(Settings):
    """The encoders by kind of modality."""

    symbols: MotifScannerSettings = Field(description="motif scanner of symbol sequences")
    vector: VectorEncoderSettings = Field(description="small MLP of feature vectors")
    sequence: SequenceEncoderSettings = Field(description="temporal convolution of real-valued sequences")


class Training(Settings):
    """The one recipe of all networks."""

    penalty: float = Field(ge=0, description="lambda, the factor of the block norm penalty")
    batch_size: Samples = Field(description="samples per step; a smaller training split is one batch")
    learning_rate: float = Field(gt=0, description="of AdamW at the first step; falls to zero as a cosine")
    weight_decay: float = Field(ge=0, description="decoupled decay of the encoders' weight matrices")
    device: Literal["auto", "cpu", "cuda"] = Field(
        description="where networks are trained; auto: on a graphics processor (cuda) where torch finds one"
    )


class Mosi(Settings):
    """CMU-MOSI: where its files are and how they are used."""

    mode: Annotated[Literal["auto", "required", "off"], BeforeValidator(_off)] = Field(
        description="auto: use it where its files are; required: stop without them; off: leave it out"
    )
    dir: str = Field(
        min_length=1, description="folder of its files; the variable MMFUSION_MOSI_DIR overrides it"
    )
    split: Literal["published", "standard"] = Field(description="which videos are held out, see below")
    epochs: Positive = Field(description="passes over the training split")
    max_order: MaxOrder = None


class Experiment(Settings):
    """A grid of cells: every dataset with every normalisation, p and scale."""

    datasets: list[Text] = Field(
        min_length=1, description="datasets of the grid: synthetic ones, MOSIBinary, MOSIReal, or your own"
    )
    norms: list[NormName] = Field(min_length=1, description="normalisations of the fused features")
    p: list[Exponent] = Field(min_length=1, description="p of the block norm")
    scales: list[Scale] = Field(
        min_length=1, description="factors of the encoders' outputs; nearly always '1'"
    )


class Analysis(Settings):
    """Settings of what is computed from trained networks."""

    seed: Seed = Field(description="seed of bootstrap, permutations and halves")
    resamples: Positive = Field(description="resamples of the bootstrap over seeds")
    permutations: Positive = Field(description="permutations of the labels in the test of a separation")


class StudyConfig(Settings):
    """A whole study, as ``config/config.yaml`` writes it."""

    seeds: list[Seed] = Field(min_length=1, description="every cell is trained once per seed")
    seeds_per_job: Positive | Literal["all"] = Field(description="seeds that one job trains")
    convention: Literal["mkl", "scaled_output", "as_printed"] = Field(
        description="how p, the exponent of the block norm and beta belong together"
    )
    sequences: Sequences = Field(description="what the synthetic datasets share")
    datasets: dict[SyntheticName, Dataset] = Field(
        description="the synthetic datasets by name, needed for those that an experiment uses"
    )
    own: dict[OwnName, OwnDataset] = Field(
        default={},
        description="your own datasets, by a name of your choice",
        json_schema_extra={"written": "datasets.OWN"},
    )
    mosi: Mosi = Field(description="CMU-MOSI, the datasets MOSIBinary and MOSIReal")
    encoders: Encoders = Field(description="networks that turn a modality into features")
    training: Training = Field(description="the recipe, the same for all networks")
    experiments: dict[ExperimentName, Experiment] = Field(
        min_length=1,
        description="grids of cells by a name of your choice; a cell in two of them is trained once",
    )
    analysis: Analysis = Field(description="what is computed from trained networks")


def load_config(config: Mapping[str, Any], source: str = "config") -> StudyConfig:
    """Check a configuration and turn it into typed settings.

    Parameters
    ----------
    config : mapping
        As read from YAML.
    source : str, default "config"
        Its origin, named in the message.

    Returns
    -------
    StudyConfig

    Raises
    ------
    ConfigError
        With one sentence for every mistake found.
    """
    if not isinstance(config, Mapping) or not config:
        problem = "there are no settings, expected keys such as seeds and experiments; see config/README.md."
        raise ConfigError([problem], source)
    problems = list(problems_between(config, get_args(SyntheticName), MOSI_TASKS))
    apart = own_apart(config, get_args(SyntheticName))
    try:
        study = StudyConfig.model_validate(apart)
    except ValidationError as error:
        problems += [own_together(problem) for problem in problems_of(error, StudyConfig, apart)]
    if problems:
        raise ConfigError(sentences(problems, config), source)
    return study
