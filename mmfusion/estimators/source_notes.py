"""What is said about a file that an estimator is fitted to: its splits, and its name in errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mmfusion.data.readers.source import Source
from mmfusion.errors import DataError, InputError


def split_notes(source: Source) -> list[str]:
    """Say that the splits of a file have no effect on the folds of an answer, if it has any."""
    if not source.splits:
        return []
    what = "samples" if source.groups is None else "samples, whole groups together"
    return [
        f"the splits of the file ({', '.join(source.splits)}) are not used for the answer: its folds are "
        f"drawn at random over all {what}. The networks of a study of your own data are trained and tested "
        "on these splits."
    ]


@contextmanager
def naming(path: Path | None, options: Iterable[str] = ()) -> Iterator[None]:
    """Name the file in errors about its values, which an estimator knows only as X and y.

    Parameters
    ----------
    path : Path or None
        None: nothing is changed.
    options : iterable of str
        Parameters of the estimator: an error that begins with one of them is not about the file.
    """
    try:
        yield
    except InputError as error:
        text = str(error)
        starts = (str(path), *(f"{option}:" for option in options))
        if path is None or text.startswith(starts):
            raise
        raise DataError(f"{path}: {text}") from None
