"""What every reader returns."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmfusion.data.location import Location
from mmfusion.data.modality_data import ModalityData
from mmfusion.data.part import Part
from mmfusion.data.task import Task, infer_task, threshold_task
from mmfusion.sentences import row_name


@dataclass(frozen=True, repr=False)
class Source:
    """Samples as they were read: nothing is standardised.

    Parameters
    ----------
    arrays : mapping of str to array
        Per modality, in modality order: numbers (n, d), numbers (n, length, d), or symbols (n, length). A row
        that is NaN throughout lacks the modality.
    target : array, shape (n,) or (n, outputs)
        Text or numbers, as in the file.
    lengths : mapping of str to array of int, shape (n,), or of bool, shape (n, length)
        How many steps of every sample are real, or which. Without it, steps that are NaN in all columns are
        padding.
    ids : tuple of str
        Names of the samples; empty where they have none.
    groups : array, shape (n,), optional
        What samples have in common, such as their video. Default: unknown.
    splits : mapping of str to array of int
        Predefined rows of ``train``, ``validation`` and ``test``; empty if there are none.
    notes : tuple of str
        Choices that were made for the user while reading, and warnings, one sentence each, to be printed.
    present : mapping of str to array of bool, shape (n,)
        Which samples have a modality; without an entry all whose values are not entirely NaN.
    kinds : mapping of str to str
        Modalities that are symbols.
    letters : frozenset of str
        Those whose symbols are the code points of letters.
    padded : frozenset of str
        Modalities whose sequences the reader has padded behind: their lengths are not the user's.
    columns : mapping of str to tuple
        Names of the columns of every modality, of tables only.
    path : Path, optional
        Where it was read from.
    threshold : float, optional
        What made two classes of the target. Default: nothing did.
    """

    arrays: Mapping[str, NDArray[Any]]
    target: NDArray[Any]
    lengths: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    ids: tuple[str, ...] = ()
    groups: NDArray[Any] | None = None
    splits: Mapping[str, NDArray[np.intp]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    present: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    letters: frozenset[str] = frozenset()
    padded: frozenset[str] = frozenset()
    columns: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    path: Path | None = None
    threshold: float | None = None

    def modality_data(self) -> ModalityData:
        """Return the arrays as the estimators take them; errors about them name the file."""
        ids = pd.Index(self.ids) if self.ids else None
        parts = {
            name: Part(
                array,
                self.lengths.get(name),
                self.present.get(name),
                self.columns.get(name),
                ids,
                name in self.letters,
                self.kinds.get(name),
            )
            for name, array in self.arrays.items()
        }
        return ModalityData(parts, location=self.location)

    @property
    def location(self) -> Location:
        """How the user knows rows and columns."""
        return Location(self.path, partial(named_row, self.ids), self.columns)

    @property
    def task(self) -> Task:
        """Task that the target asks for, see `mmfusion.data.task.infer_task`."""
        return infer_task(self.target) if self.threshold is None else threshold_task(self.threshold)

    def __len__(self) -> int:
        return len(self.target)

    def __repr__(self) -> str:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in self.arrays.items())
        return f"Source({self.path}: {len(self)} samples: {shapes}; {self.task.word})"

    @property
    def modalities(self) -> tuple[str, ...]:
        """Names of the modalities, in modality order."""
        return tuple(self.arrays)


def source_of(
    parts: Mapping[str, Part], target: NDArray[Any], given: Collection[str] = (), **others: Any
) -> Source:
    """Make a source of modalities that are parts.

    Parameters
    ----------
    parts : mapping of str to Part
    target : array, shape (n,) or (n, outputs)
    given : collection of str, optional
        Modalities whose lengths the file gives; those of others come from padding them here.
    **others
        Further arguments of `Source`.
    """
    lengths, present, columns, kinds = (
        {name: x for name, part in parts.items() if (x := getattr(part, attribute)) is not None}
        for attribute in ("lengths", "present", "columns", "kind")
    )
    return Source(
        {name: part.array for name, part in parts.items()},
        target,
        lengths,
        present=present,
        columns=columns,
        kinds=kinds,
        letters=frozenset(name for name, part in parts.items() if part.letters),
        padded=frozenset(lengths) - frozenset(given or ()),
        **others,
    )


def named_row(ids: tuple[str, ...], row: int) -> str:
    """Name a row by its position and, if there are any, the name of its sample."""
    return row_name(row, label=ids[row] if ids else None)
