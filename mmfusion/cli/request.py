"""The data that the command reads: a file, its columns in roles, and the task."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.data.readers.read import is_table, read_source
from mmfusion.data.readers.source import Source
from mmfusion.errors import InputError

MOST_CLASSES = 10
"""Most different numbers of a target that are classes; more are a regression."""
TASKS = ("auto", "classification", "regression")


@dataclass(frozen=True)
class DataRequest:
    """The arguments of the command that say what is read from which file.

    Parameters
    ----------
    data : Path
        A file or folder.
    target : str
        Column or array that is predicted.
    modalities : tuple of str
        ``NAME=COLUMNS`` each; empty: the file names its modalities itself.
    groups, ids : str or None
        Columns or arrays of groups and of names of the samples.
    task : str
        One of `TASKS`.
    """

    data: Path
    target: str
    modalities: tuple[str, ...]
    groups: str | None
    ids: str | None
    task: str

    def read(self) -> Source:
        """Read the file, and check that the target fits the task.

        Raises
        ------
        MmfusionError
            If an argument is malformed, or the file or a value in it cannot be used.
        """
        if self.task not in TASKS:
            raise InputError(f"--task: {self.task!r} is unknown, expected one of {', '.join(TASKS)}.")
        columns = self._columns()
        if columns is None and is_table(self.data):
            raise InputError(
                f"{self.data}: the modalities of a table are not guessed, expected --modality NAME=COLUMNS "
                f"for each, such as -m text='text_*'; mmfusion check {self.data} lists the columns."
            )
        source = read_source(self.data, self.target, columns, self.groups, self.ids)
        self._check_task(source.target)
        return source

    def _columns(self) -> dict[str, str | list[str]] | None:
        chosen: dict[str, str | list[str]] = {}
        for text in self.modalities:
            name, _, columns = text.partition("=")
            if not name or not columns:
                raise InputError(
                    f"--modality {text!r}: expected NAME=COLUMNS, such as text='text_*' or text=a,b,c."
                )
            if name in chosen:
                raise InputError(
                    f"--modality {text!r}: {name!r} was given already, expected every name once; join "
                    "its columns."
                )
            chosen[name] = columns.split(",") if "," in columns else columns
        return chosen or None

    def _check_task(self, target: NDArray[Any]) -> None:
        where = f"{self.data}: the target {self.target!r}"
        numbers = target.dtype.kind in "biuf"
        if self.task == "regression" and not numbers:
            raise InputError(
                f"{where} is text, expected numbers for --task regression; use --task classification."
            )
        if self.task == "classification" and numbers and not np.array_equal(target, np.round(target)):
            raise InputError(
                f"{where} has fractions, expected classes for --task classification; use --task regression."
            )

    def is_regression(self, target: NDArray[Any]) -> bool:
        """Return whether the target is predicted as numbers."""
        if self.task != "auto":
            return self.task == "regression"
        return target.dtype.kind == "f" and len(np.unique(target)) > MOST_CLASSES
