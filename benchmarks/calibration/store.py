"""A CSV file that grows by one row per finished job, so that an interrupted run goes on where it stopped."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

Key = tuple[str, ...]


class Store:
    """Rows of finished jobs in a file.

    Parameters
    ----------
    path : Path
        Made with its folder if it does not exist.
    columns : sequence of str
        Of the file; a row may lack some.
    key : sequence of str
        The columns that say which job a row is.

    Raises
    ------
    ValueError
        If the file has other columns.
    """

    def __init__(self, path: Path, columns: Sequence[str], key: Sequence[str]) -> None:
        self.path, self.columns, self.key = path, list(columns), list(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._mend()

    def _mend(self) -> None:
        """Write the head of a new file, or cut off a last line that an interruption left unfinished."""
        text = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        whole = text[: text.rfind("\n") + 1]
        head = self._line(self.columns)
        if whole and not whole.startswith(head):
            raise ValueError(
                f"{self.path}: the file has other columns, expected {head.strip()}; move it away."
            )
        if whole != text or not whole:
            self.path.write_text(whole or head, encoding="utf-8")

    @staticmethod
    def _line(values: Iterable[Any]) -> str:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow(
            ["" if value is None or value != value else " ".join(str(value).split()) for value in values]
        )
        return text.getvalue()

    def append(self, row: dict[str, Any]) -> None:
        """Add a row; it is on disk when this returns."""
        line = self._line(row.get(column) for column in self.columns)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

    def rows(self) -> pd.DataFrame:
        """Return all rows as text; of several rows of one job the last, so that errors can be repeated."""
        table = pd.read_csv(self.path, dtype=str, keep_default_na=False)
        return table.drop_duplicates(self.key, keep="last", ignore_index=True)

    def key_of(self, row: dict[str, Any]) -> Key:
        """Return the key of a row as text."""
        return tuple(str(row[name]) for name in self.key)

    def done(self) -> set[Key]:
        """Return the keys of the jobs that ended without an error."""
        table = self.rows()
        return set(table.loc[table["error"] == "", self.key].itertuples(index=False, name=None))
