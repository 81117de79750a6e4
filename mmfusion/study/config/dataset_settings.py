"""Settings of datasets: the synthetic ones, CMU-MOSI, and the user's.

Synthetic datasets and the user's are entries of one group, ``datasets``. An entry is the user's if it has a
key that only those have, such as ``path``. Otherwise it is synthetic if it has ``sizes``, or if its name is
that of a synthetic dataset, perhaps misspelt.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag

from mmfusion.study.config.fields import (
    MaxOrder,
    Name,
    Positive,
    Probability,
    Samples,
    Settings,
)
from mmfusion.study.config.user_settings import UserDataset
from mmfusion.study.data.planted_datasets import PLANTED_DATASETS

Symbol = Annotated[int, Field(ge=0, le=3)]
Motif = Annotated[list[Symbol], Field(min_length=1)]

SYNTHETIC, USER = "synthetic dataset", "your dataset"
"""Tags of the two kinds of entries; two words each, unlike any key."""


class SymbolSequences(Settings):
    """Constants of the synthetic datasets, the same in all views, splits and seeds."""

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


class SyntheticDataset(Settings):
    """A synthetic dataset, by its name; needed for those that an experiment uses."""

    model_config = ConfigDict(json_schema_extra={"placeholder": "NAME"})

    sizes: Sizes = Field(description="number of samples")
    epochs: Positive = Field(description="passes over the training split")
    max_order: MaxOrder = None


def _off(value: Any) -> Any:
    """Read the unquoted word off, which is ``false`` in YAML, as the text it looks like."""
    return "off" if value is False else value


class Mosi(Settings):
    """CMU-MOSI: where its files are and how they are used."""

    mode: Annotated[Literal["auto", "required", "off"], BeforeValidator(_off)] = Field(
        description="auto: use it where its files are; required: stop without them; off: leave it out"
    )
    dir: str = Field(
        min_length=1, description="folder of its files; the variable MMFUSION_MOSI_DIR overrides it"
    )
    split: Literal["published", "standard"] = Field(
        description="which videos are held out; config/README.md describes both"
    )
    epochs: Positive = Field(description="passes over the training split")
    max_order: MaxOrder = None


def kind_of_entry(name: Any, entry: Any) -> str:
    """Return the kind of an entry of ``datasets``, whatever is wrong with it.

    Parameters
    ----------
    name, entry : object
        As read from YAML.

    Returns
    -------
    str
        `SYNTHETIC` or `USER`.

    Examples
    --------
    >>> kind_of_entry("XRell", {"epochs": 3}), kind_of_entry("speech", {"pth": "speech.csv"})
    ('synthetic dataset', 'your dataset')
    """
    keys = set(entry) if isinstance(entry, Mapping) else set()
    if keys & (set(UserDataset.model_fields) - set(SyntheticDataset.model_fields)):
        return USER
    synthetic = not isinstance(name, str) or get_close_matches(name, PLANTED_DATASETS, n=1)
    return SYNTHETIC if "sizes" in keys or synthetic else USER


class _NamedEntry(dict[Any, Any]):
    """An entry that knows its name: pydantic shows a discriminator the entry alone."""

    def __init__(self, name: Any, entry: Mapping[Any, Any]) -> None:
        super().__init__(entry)
        self.name = name


def _with_names(datasets: Any) -> Any:
    if not isinstance(datasets, Mapping):
        return datasets
    return {
        name: _NamedEntry(name, entry) if isinstance(entry, Mapping) else entry
        for name, entry in datasets.items()
    }


def _tag(entry: Any) -> str:
    if isinstance(entry, _NamedEntry):
        return kind_of_entry(entry.name, entry)
    return SYNTHETIC if isinstance(entry, SyntheticDataset) else USER


Datasets = Annotated[
    dict[
        Name,
        Annotated[
            Annotated[SyntheticDataset, Tag(SYNTHETIC)] | Annotated[UserDataset, Tag(USER)],
            Discriminator(_tag),
        ],
    ],
    BeforeValidator(_with_names),
]
"""The entries of ``datasets`` by name."""
