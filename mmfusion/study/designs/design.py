"""What a case is: how its data sets are drawn, and what an answer about them has to say."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Accepted = tuple[frozenset[str], ...]
"""The sets of names that count as right; mostly one."""

CLASSES, NUMBERS = "classes", "numbers"
TABLES = ("subsets", "alone", "needed", "synergy")
"""What an answer names: subsets in `relevance_`, modalities alone and needed, pairs with their sign."""
LETTERS = "abcdefgh"


@dataclass(frozen=True)
class DataSet:
    """Samples of a case.

    Parameters
    ----------
    X : dict of str to array, shape (n, columns)
        By modality.
    y : array, shape (n,)
        Classes or numbers.
    groups : array of int, shape (n,), optional
        Group of every sample.
    """

    X: dict[str, Array]
    y: Array
    groups: Array | None = None

    def __len__(self) -> int:
        return len(self.y)

    def rows(self, index: slice | Array) -> DataSet:
        """Return some of the samples."""
        groups = None if self.groups is None else self.groups[index]
        return DataSet({name: values[index] for name, values in self.X.items()}, self.y[index], groups)


Draw = Callable[[int, int, np.random.Generator], DataSet]
"""From the number of samples, the number of modalities and a random generator."""


@dataclass(frozen=True)
class Case:
    """A way to draw data sets.

    Parameters
    ----------
    name : str
        On the command line and in all tables.
    title : str
        In words, for the figure.
    task : {"classes", "numbers"}
        Kind of target.
    draw : function
        Draws a data set.
    truth : mapping of str to tuple of frozenset, optional
        The accepted answers for every one of `TABLES`; None for a null, of which nothing may be named.
        A pair of the synergy table is written with its sign, such as ``a+b:-``.
    modalities : int, default 3
        How many a data set has where nothing else is said; fixed where there is a truth.
    """

    name: str
    title: str
    task: str
    draw: Draw
    truth: Mapping[str, Accepted] | None = None
    modalities: int = 3

    @cached_property
    def fingerprint(self) -> str:
        """Eight hexadecimal digits of a data set: they change where the way to draw changes."""
        data = self.draw(400, self.modalities, np.random.default_rng(0))
        arrays = [*data.X.values(), data.y, *([] if data.groups is None else [data.groups])]
        rounded = [np.round(np.asarray(values, dtype=np.float64), 6) for values in arrays]
        shapes = str([values.shape for values in rounded]).encode()
        return hashlib.sha256(shapes + b"".join(values.tobytes() for values in rounded)).hexdigest()[:8]


def modality_names(modalities: int) -> tuple[str, ...]:
    """Return the names of so many modalities: "a", "b", "c", ..."""
    return tuple(LETTERS[:modalities])


def noise_modalities(n: int, modalities: int, rng: np.random.Generator) -> dict[str, Array]:
    """Draw modalities of three to six independent normal columns each."""
    return {name: rng.normal(size=(n, int(rng.integers(3, 7)))) for name in modality_names(modalities)}
