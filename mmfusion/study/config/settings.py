"""The typed settings of a study: the one source of what a configuration may say.

`load_config` finds all mistakes of a configuration at once and writes one sentence about each. The manual
comes from the descriptions of the fields: `mmfusion.study.config.manual` makes a table and a JSON schema.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError

from mmfusion.errors import ConfigError
from mmfusion.fusion.norm_names import NORM_NAMES
from mmfusion.study.config.consistency import problems_between
from mmfusion.study.config.dataset_settings import (
    Datasets,
    Mosi,
    SymbolSequences,
    SyntheticDataset,
)
from mmfusion.study.config.fields import Count, Name, Positive, Samples, Seed, Settings, Text
from mmfusion.study.config.numbers import Exponent, Scale
from mmfusion.study.config.problems import problems_of, sentences
from mmfusion.study.config.torch_build import meant_device
from mmfusion.study.config.user_settings import UserDataset

if TYPE_CHECKING:
    NormName = str
else:
    NormName = Literal[*NORM_NAMES]

NO_SETTINGS = "there are no settings, expected keys such as seeds and experiments; see config/README.md."

Dropout = Annotated[float, Field(ge=0, lt=1)]
Dim = Annotated[Positive, Field(description="width of the features of a modality")]


class MotifScannerSettings(Settings):
    """Encoder of symbol sequences."""

    width: Positive = Field(description="symbols per window, at most sequences.length")
    channels: Positive = Field(description="filters")
    dim: Dim


class VectorEncoderSettings(Settings):
    """Encoder of feature vectors."""

    hidden: Positive = Field(description="width of the hidden layer")
    dropout: Dropout = Field(description="share of hidden units that are dropped while training")
    dim: Dim


class SequenceEncoderSettings(Settings):
    """Encoder of real-valued sequences."""

    width: Positive = Field(description="steps per window")
    channels: Positive = Field(description="filters")
    dropout: Dropout = Field(description="share of filters that are dropped while training")
    dim: Dim


class Encoders(Settings):
    """The encoders by kind of modality: a field holds the arguments of the encoder of that kind."""

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

    @property
    def recipe(self) -> dict[str, Any]:
        """The settings as plain values, the device as it is meant (see `meant_device`)."""
        return {**self.model_dump(), "device": meant_device(self.device)}


class Experiment(Settings):
    """A grid of cells: every dataset with every normalisation, p and scale."""

    datasets: list[Text] = Field(
        min_length=1, description="datasets of the grid: synthetic ones, those of CMU-MOSI, or your own"
    )
    norms: list[NormName] = Field(min_length=1, description="normalisations of the fused features")
    p: list[Exponent] = Field(min_length=1, description="p of the block norm")
    scales: list[Scale] = Field(
        min_length=1, description="factors of the encoders' outputs; nearly always '1'"
    )


def _without_empty(experiments: Any) -> Any:
    """Leave out empty experiments: a second configuration file switches off those of the first like this."""
    if not isinstance(experiments, Mapping):
        return experiments
    return {name: experiment for name, experiment in experiments.items() if experiment is not None}


class Analysis(Settings):
    """Settings of what is computed from trained networks."""

    seed: Seed = Field(description="seed of bootstrap and halves")
    resamples: Positive = Field(description="resamples of the bootstrap over seeds")


class Information(Settings):
    """Predictive information of the synthetic datasets: networks that are given only some modalities."""

    seeds: Count = Field(description="how many of the seeds, from the first one; 0: it is not measured")
    networks: Positive = Field(
        description="networks per coalition of modalities and seed, whose scores are averaged"
    )


class StudyConfig(Settings):
    """A whole study, as ``config/config.yaml`` writes it."""

    seeds: list[Seed] = Field(min_length=1, description="every cell is trained once per seed")
    seeds_per_job: Positive | Literal["all"] = Field(description="seeds that one job trains")
    convention: Literal["mkl", "scaled_output", "as_printed"] = Field(
        description="how p, the exponent of the block norm and beta belong together"
    )
    sequences: SymbolSequences = Field(description="what the synthetic datasets share")
    datasets: Datasets = Field(description="the synthetic datasets and your own, by name")
    mosi: Mosi = Field(description="CMU-MOSI, the datasets whose names begin with MOSI")
    encoders: Encoders = Field(description="networks that turn a modality into features")
    training: Training = Field(description="the recipe, the same for all networks")
    experiments: Annotated[dict[Name, Experiment], BeforeValidator(_without_empty)] = Field(
        min_length=1,
        description="grids of cells by a name of your choice; a cell in two of them is trained once",
    )
    information: Information = Field(
        description="what coalitions of the modalities of the synthetic datasets say, at ibn and p = 1"
    )
    analysis: Analysis = Field(description="what is computed from trained networks")

    @property
    def synthetic(self) -> dict[str, SyntheticDataset]:
        """Entries of ``datasets`` that are generated."""
        return {name: entry for name, entry in self.datasets.items() if isinstance(entry, SyntheticDataset)}

    @property
    def user(self) -> dict[str, UserDataset]:
        """Entries of ``datasets`` that are the user's."""
        return {name: entry for name, entry in self.datasets.items() if isinstance(entry, UserDataset)}


def load_config(
    config: Mapping[str, Any], source: str = "config", mistakes: Iterable[str] = ()
) -> StudyConfig:
    """Check a configuration and turn it into typed settings.

    Parameters
    ----------
    config : mapping
        As read from YAML.
    source : str, default "config"
        Its origin, named in the message.
    mistakes : iterable of str, optional
        Sentences about mistakes that are known already; they come first.

    Returns
    -------
    StudyConfig

    Raises
    ------
    ConfigError
        With one sentence for every mistake.
    """
    if not isinstance(config, Mapping) or not config:
        raise ConfigError([*mistakes, NO_SETTINGS], source)
    problems = list(problems_between(config))
    try:
        study = StudyConfig.model_validate(config)
    except ValidationError as error:
        problems += problems_of(error, StudyConfig, config)
    if messages := [*mistakes, *sentences(problems, config)]:
        raise ConfigError(messages, source)
    return study
