"""Rows and numbers of the CMU-MOSI files, checked as they are read.

Every mistake is one sentence that names the file, the row and the column, both counted from 1 as text editors
and spreadsheets do. The mistakes of one folder are collected in `Problems` and raised together. Nothing is
repaired.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmfusion.errors import DataError
from mmfusion.study.data.mosi.mosi_files import DIRECTORY_VARIABLE, MOSI_FILES

_SHOWN = 10
_REMEDY = (
    "fetch the files again with `snakemake --cores 1 mosi_data`, or set "
    f"{DIRECTORY_VARIABLE} or mosi.dir to a folder with an intact copy"
)


class Problems:
    """Mistakes of one folder, collected so that one error can name them all.

    Parameters
    ----------
    directory : Path
        The folder, named in the error.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.sentences: list[str] = []

    def add(self, sentence: str, repeats: int = 0) -> None:
        """Note a mistake.

        Parameters
        ----------
        sentence : str
            What is wrong, where, and what was expected; without a full stop.
        repeats : int, default 0
            How often the same mistake was found again in the same file.
        """
        self.sentences.append(sentence + (f" (and {repeats} more like it)" if repeats else ""))

    def raise_any(self) -> None:
        """Raise what was noted.

        Raises
        ------
        DataError
            If anything was noted; at most ten mistakes are shown.
        """
        if not self.sentences:
            return
        if len(self.sentences) == 1:
            raise DataError(f"{self.directory}: {self.sentences[0]}; {_REMEDY}.")
        shown = [f"  - {sentence}" for sentence in self.sentences[:_SHOWN]]
        if len(self.sentences) > _SHOWN:
            shown.append(f"  - and {len(self.sentences) - _SHOWN} more")
        head = f"{self.directory}: {len(self.sentences)} mistakes in the CMU-MOSI files; {_REMEDY}:"
        raise DataError("\n".join([head, *shown]))


def cell(name: str, row: int, column: int | None = None) -> str:
    """Name a place in a file.

    Parameters
    ----------
    name : str
        File name.
    row, column : int
        Counted from 0; the column may be left out.

    Returns
    -------
    str
        The place, counted from 1.

    Examples
    --------
    >>> cell("audio_test0.csv", 0, 73)
    'audio_test0.csv, row 1, column 74'
    """
    return f"{name}, row {row + 1}" + ("" if column is None else f", column {column + 1}")


def read_rows(name: str, problems: Problems, width: int | None = None) -> list[list[str]]:
    """Read a CSV file without a header: UTF-8, comma, all rows of one width.

    Parameters
    ----------
    name : str
        File name in the folder of `problems`.
    problems : Problems
        Takes the mistakes: a file that is missing, unreadable, empty or cut, and ragged rows.
    width : int, optional
        Number of columns; None takes the width that most rows have.

    Returns
    -------
    list of list of str
        The cells; empty if anything was wrong.
    """
    text = _read_text(name, problems)
    if not text:
        return []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[list[str]] = []
    try:
        rows.extend(reader)
    except csv.Error as error:
        problems.add(
            f"{cell(name, len(rows))}: not readable as CSV ({error}), expected comma-separated cells"
        )
        return []
    width = width or Counter(map(len, rows)).most_common(1)[0][0]
    ragged = [row for row, cells in enumerate(rows) if len(cells) != width]
    if ragged:
        found = len(rows[ragged[0]])
        problems.add(f"{cell(name, ragged[0])}: {found} columns, expected {width}", repeats=len(ragged) - 1)
        return []
    return rows


def _read_text(name: str, problems: Problems) -> str:
    try:
        text = (problems.directory / name).read_bytes().decode("utf-8")
    except FileNotFoundError:
        problems.add(f"{name}: no such file, expected one of the {len(MOSI_FILES)} CMU-MOSI files")
        return ""
    except OSError as error:
        problems.add(f"{name}: cannot be read ({error.strerror}), expected a readable CSV file")
        return ""
    except UnicodeDecodeError as error:
        row = error.object.count(b"\n", 0, error.start)
        problems.add(f"{cell(name, row)}: bytes that are not UTF-8, expected a UTF-8 CSV file")
        return ""
    if not text:
        problems.add(f"{name}: the file is empty, expected one row per utterance")
    elif not text.endswith("\n"):
        last = text.count("\n")
        problems.add(f"{cell(name, last)}: the file ends within this row, expected a line break at its end")
        return ""
    return text


def numbers(
    name: str, rows: Sequence[Sequence[str]], columns: Sequence[int], problems: Problems
) -> NDArray[np.float64]:
    """Convert columns to finite numbers.

    Parameters
    ----------
    name : str
        File name, for the messages.
    rows : sequence of sequence of str
        Cells as `read_rows` gives them.
    columns : sequence of int
        Columns to convert, counted from 0.
    problems : Problems
        Takes the mistakes: text, an empty cell, NaN or infinity.

    Returns
    -------
    array of float64, shape (n_rows, n_columns)
        NaN where a cell was wrong.
    """
    values = np.array([[_number(row[column]) for column in columns] for row in rows], dtype=np.float64)
    values = values.reshape(len(rows), len(columns))
    wrong = np.argwhere(~np.isfinite(values))
    if len(wrong):
        row, column = int(wrong[0][0]), columns[int(wrong[0][1])]
        found = rows[row][column]
        problems.add(
            f"{cell(name, row, column)}: {found!r}, expected a finite number", repeats=len(wrong) - 1
        )
    return values


def _number(text: str) -> float:
    try:
        return float("nan") if "_" in text else float(text)  # float() would read 1_0 as ten
    except ValueError:
        return float("nan")


def zero_or_one(name: str, values: NDArray[np.float64], column: int, problems: Problems) -> None:
    """Check a label column.

    Parameters
    ----------
    name : str
        File name, for the messages.
    values : array of float64, shape (n_rows,)
        The labels; NaN is passed over, since `numbers` has reported it.
    column : int
        Where they stand, counted from 0.
    problems : Problems
        Takes the mistake.
    """
    wrong = np.flatnonzero(np.isfinite(values) & (values != 0) & (values != 1))
    if len(wrong):
        row = int(wrong[0])
        problems.add(
            f"{cell(name, row, column)}: label {values[row]:g}, expected 0 or 1", repeats=len(wrong) - 1
        )
