"""The typed settings of a study: the one source of what a configuration may say.

Every mistake of a configuration is found at once and told in one sentence each (`load_config`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from mmfusion.config_errors import sentences
from mmfusion.data.sequence_settings import SequenceSettings
from mmfusion.errors import ConfigError

SyntheticName = Literal["ConditionallyIndependent", "XRel", "XRelIrrXOR", "XOR", "Parity"]
DatasetName = Literal[
    "ConditionallyIndependent", "XRel", "XRelIrrXOR", "XOR", "Parity", "MOSIBinary", "MOSIReal"
]
NormName = Literal["none", "bn", "vbn", "dbn", "ibn"]
MOSI_TASKS: dict[str, Literal["binary", "regression"]] = {"MOSIBinary": "binary", "MOSIReal": "regression"}


def number(text: str) -> float:
    """Read a positive number written as a whole number, a decimal, a fraction or ``inf``.

    Examples
    --------
    >>> number("4/3") == 4 / 3
    True
    """
    return math.inf if text == "inf" else float(Fraction(text))


def _readable(text: str) -> str:
    try:
        number(text)
    except (ValueError, ZeroDivisionError):
        raise ValueError("expected a number in quotes, such as '1', '4/3' or 'inf'") from None
    return text


def _exponent(text: str) -> str:
    if number(text) < 1:
        raise ValueError("expected p from 1 to inf, written as '1', '4/3' or 'inf'")
    return text


def _scale(text: str) -> str:
    if not 0 < number(text) < math.inf:
        raise ValueError("expected a positive number, written as '1', '1/3' or '3'")
    return text


def _distinct(values: list[Any]) -> list[Any]:
    twice = [str(value) for value, count in Counter(values).items() if count > 1]
    if twice:
        raise ValueError(f"{', '.join(twice)} stands there more than once; name every value once")
    return values


Exponent = Annotated[str, AfterValidator(_readable), AfterValidator(_exponent)]
Scale = Annotated[str, AfterValidator(_readable), AfterValidator(_scale)]
Positive = Annotated[int, Field(ge=1)]
Fractional = Annotated[float, Field(ge=0, lt=1)]


class Settings(BaseModel):
    """Base of all settings: unknown keys are mistakes, and nothing is changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Sequences(Settings):
    """Constants of the planted sequences, the same in all views, splits and seeds."""

    length: Positive
    motifs: Annotated[list[list[Annotated[int, Field(ge=0, le=3)]]], Field(min_length=2, max_length=2)]
    constant: Annotated[int, Field(ge=0, le=3)]
    presence: Annotated[list[Annotated[float, Field(ge=0, le=1)]], Field(min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> Sequences:
        try:
            SequenceSettings(
                self.length,
                (tuple(self.motifs[0]), tuple(self.motifs[1])),
                self.constant,
                tuple(self.presence),
            )
        except ConfigError as error:
            raise ValueError("; ".join(error.problems)) from None
        return self


class Sizes(Settings):
    """Number of samples per split."""

    train: Annotated[int, Field(ge=2)]
    validation: Annotated[int, Field(ge=2)]
    test: Annotated[int, Field(ge=2)]


class Dataset(Settings):
    """What is particular to one synthetic dataset."""

    sizes: Sizes
    epochs: Positive
    max_order: Positive | None = None


class MotifScannerSettings(Settings):
    """Encoder of symbol sequences."""

    width: Positive
    channels: Positive
    dim: Positive


class VectorEncoderSettings(Settings):
    """Encoder of feature vectors."""

    hidden: Positive
    dropout: Fractional
    dim: Positive


class Encoders(Settings):
    """The encoders by kind of modality."""

    symbols: MotifScannerSettings
    vector: VectorEncoderSettings


class Training(Settings):
    """The one recipe of all networks."""

    penalty: Annotated[float, Field(ge=0)]
    batch_size: Annotated[int, Field(ge=2)]
    learning_rate: Annotated[float, Field(gt=0)]
    weight_decay: Annotated[float, Field(ge=0)]


class Mosi(Settings):
    """CMU-MOSI: where its files are and how they are used."""

    mode: Literal["auto", "required", "off"]
    dir: str
    split: Literal["published", "standard"]
    epochs: Positive
    max_order: Positive | None = None


class Experiment(Settings):
    """A grid of cells: every dataset with every normalisation, p and scale."""

    datasets: Annotated[list[DatasetName], Field(min_length=1), AfterValidator(_distinct)]
    norms: Annotated[list[NormName], Field(min_length=1), AfterValidator(_distinct)]
    p: Annotated[list[Exponent], Field(min_length=1), AfterValidator(_distinct)]
    scales: Annotated[list[Scale], Field(min_length=1), AfterValidator(_distinct)]


class Analysis(Settings):
    """Settings of what is computed from trained networks."""

    seed: Annotated[int, Field(ge=0)]
    resamples: Positive
    permutations: Positive


class StudyConfig(Settings):
    """A whole study, as ``config/config.yaml`` writes it."""

    seeds: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1), AfterValidator(_distinct)]
    seeds_per_job: Positive | Literal["all"]
    convention: Literal["mkl", "scaled_output", "as_printed"]
    sequences: Sequences
    datasets: dict[SyntheticName, Dataset]
    mosi: Mosi
    encoders: Encoders
    training: Training
    experiments: Annotated[dict[str, Experiment], Field(min_length=1)]
    analysis: Analysis

    @model_validator(mode="after")
    def _settings_for_all(self) -> StudyConfig:
        wanted = {name for experiment in self.experiments.values() for name in experiment.datasets}
        missing = sorted(wanted - set(self.datasets) - set(MOSI_TASKS))
        if missing:
            raise ValueError(
                f"experiments use {', '.join(missing)}, but 'datasets' has no settings for it; "
                "add an entry with sizes and epochs"
            )
        return self


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
    try:
        return StudyConfig.model_validate(config)
    except ValidationError as error:
        raise ConfigError(sentences(error, StudyConfig), source) from None


def known_datasets(names: Iterable[str]) -> list[str]:
    """Return the names that are synthetic datasets, order kept."""
    return [name for name in names if name not in MOSI_TASKS]
