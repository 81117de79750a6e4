"""The data that the command reads: a file, its columns in roles, how values are treated, and the task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mmfusion.data.location import Location
from mmfusion.data.readers.finish import Treatment
from mmfusion.data.readers.format import TABLE, format_of
from mmfusion.data.readers.read import read_source
from mmfusion.data.readers.source import Source
from mmfusion.data.readers.tables import column_names
from mmfusion.data.roles import assign_roles
from mmfusion.data.task import REGRESSION, TASKS, Task, chosen_task
from mmfusion.errors import InputError


@dataclass(frozen=True)
class DataRequest:
    """The arguments of the command that say what is read from which file.

    Parameters
    ----------
    data : Path
        A file or folder.
    target : str
        Column, array or file that is predicted.
    modalities : tuple of str
        ``NAME=COLUMNS`` each; empty: the file names its modalities itself.
    groups, ids : str, optional
        Columns or arrays of groups and of names of the samples.
    task : str
        One of `mmfusion.data.task.TASKS`.
    treatment : Treatment
        How values are treated.
    only_csd : mapping of str to str or None
        The choices that only folders of csd files have.
    """

    data: Path
    target: str
    modalities: tuple[str, ...] = ()
    groups: str | None = None
    ids: str | None = None
    task: str = "auto"
    treatment: Treatment = field(default_factory=Treatment)
    only_csd: Mapping[str, str | None] = field(default_factory=dict)

    def read(self) -> Source:
        """Read the file.

        Raises
        ------
        MmfusionError
            If an argument is malformed, or the file or a value in it cannot be used.
        """
        if self.task not in TASKS:
            raise InputError(f"--task: {self.task!r} is unknown, expected one of {', '.join(TASKS)}.")
        columns = self._columns()
        if columns is None and format_of(self.data) == TABLE:
            roles = {"the target": self.target, "groups": self.groups, "ids": self.ids}
            given = {role: [name] for role, name in roles.items() if name is not None}
            assign_roles(column_names(self.data), {}, given, Location(self.data))
            raise InputError(
                f"{self.data}: the modalities of a table are not guessed, expected --modality NAME=COLUMNS "
                f"for each, such as -m text='text_*'; mmfusion check {self.data} lists the columns."
            )
        return read_source(
            self.data, self.target, columns, self.groups, self.ids, self.treatment, self.only_csd
        )

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
                    f"--modality {text!r}: {name!r} was given already, expected every name once; join its "
                    "columns."
                )
            chosen[name] = columns.split(",") if "," in columns else columns
        return chosen or None

    def task_of(self, source: Source) -> Task:
        """Return the task, chosen or inferred.

        Raises
        ------
        InputError
            If the target does not fit the chosen task.
        """
        where = f"{self.data}: the target {self.target!r}, --task {self.task}"
        return chosen_task(source.target, self.task, where, self.treatment.threshold)

    def task_sentence(self, source: Source) -> str:
        """Say what the task is, why, and what changes it."""
        return self.task_of(source).sentence("--task", "--threshold")

    def is_regression(self, source: Source) -> bool:
        """Return whether the target is predicted as numbers."""
        return self.task_of(source).word == REGRESSION
