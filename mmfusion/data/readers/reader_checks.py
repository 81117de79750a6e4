"""Checks that all readers share, and the sentences that tell what is wrong.

Arrays are looked at some rows at a time, so that one that is mapped from a file is never loaded whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.errors import DataError
from mmfusion.sentences import either, row_name, similar

BYTES_AT_ONCE = 1 << 24
"""Size of the rows that are looked at together."""


@dataclass(frozen=True)
class Place:
    """Where values come from, for the sentences of errors.

    Parameters
    ----------
    path : str or Path
        The file or folder.
    first_row : int, default 0
        The number by which the user knows the first row.
    columns : mapping of str to sequence of str
        Names of the columns per modality. Default: columns are told by their number, from 0 on.
    """

    path: str | Path
    first_row: int = 0
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def row(self, index: int) -> str:
        """Tell a row that is counted from 0 here."""
        return row_name(index, self.first_row)

    def column(self, name: str, index: int) -> str:
        """Tell a column of a modality."""
        return f"column {self.columns[name][index]!r}" if name in self.columns else f"column {index}"


def unknown(where: str, what: str, name: str, known: Iterable[str]) -> DataError:
    """Make the error about a column or key that is not there, with the most similar one that is."""
    return DataError(f"{where}: there is no {what} {name!r}; {similar(name, known)}")


def check_name(path: str | Path, name: str) -> None:
    """Check the name of a modality.

    Raises
    ------
    DataError
        If it is empty or has a ``+``, which joins the names of a subset.
    """
    if not name or "+" in name:
        raise DataError(
            f"{path}: {name!r} cannot name a modality, expected text without '+' (which joins the names of a "
            "subset); give it another name in `modalities`."
        )


def check_counts(path: str | Path, counts: Mapping[str, int]) -> None:
    """Check that all arrays have the same number of samples, and at least one.

    Raises
    ------
    DataError
        With all the counts.
    """
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{name} has {count} samples" for name, count in counts.items())
        raise DataError(f"{path}: {told}, expected the same samples in the same order; write the file again.")
    if 0 in counts.values():
        raise DataError(f"{path}: there are no samples, expected at least one; write the file again.")


def check_form(path: str | Path, name: str, values: NDArray[Any]) -> NDArray[Any]:
    """Check type and shape of a modality; (n,) becomes (n, 1), nothing is copied.

    Returns
    -------
    array, shape (n, d), (n, length, d) or (n, length)

    Raises
    ------
    DataError
        If the array is neither floats (n, d), nor floats (n, length, d), nor integers (n, length).
    """
    formed = values[:, np.newaxis] if values.ndim == 1 else values
    kind, allowed = values.dtype.kind, {"f": (2, 3), "i": (2,), "u": (2,)}
    native = values.dtype.isnative and values.dtype.itemsize <= 8
    if not native or formed.ndim not in allowed.get(kind, ()) or 0 in formed.shape[1:]:
        raise DataError(
            f"{path}: {name!r} is an array {values.shape} of {values.dtype.str}, expected floats (samples, "
            "columns), floats (samples, steps, columns) or whole numbers (samples, steps), at most 64 bits, "
            "in the byte order of this machine; convert it before it is saved."
        )
    return formed


def check_lengths(
    path: str | Path, name: str, lengths: NDArray[Any], values: NDArray[Any]
) -> NDArray[np.int64]:
    """Check the lengths of a padded sequence.

    Returns
    -------
    array of int64, shape (n,)

    Raises
    ------
    DataError
        If they are no whole numbers from 1 to the number of steps, one per sample.
    """
    fits = lengths.shape == (len(values),) and lengths.dtype.kind in "iu" and values.dtype.kind == "f"
    if not fits or values.ndim != 3:
        raise DataError(
            f"{path}: the lengths of {name!r} are an array {lengths.shape} of {lengths.dtype}, and {name!r} "
            f"one {values.shape} of {values.dtype}; expected one whole number for each sample of floats "
            "(samples, steps, columns); correct the file."
        )
    wrong = np.flatnonzero((lengths < 1) | (lengths > values.shape[1]))
    if len(wrong):
        raise DataError(
            f"{path}: the length of {name!r} in {Place(path).row(int(wrong[0]))} is {lengths[wrong[0]]} "
            f"(out of range in {len(wrong)} rows), expected 1 to {values.shape[1]} steps; correct the file."
        )
    return lengths.astype(np.int64)


def check_features(
    place: Place, name: str, values: NDArray[Any], lengths: NDArray[np.int64] | None = None
) -> None:
    """Check that numbers are finite, except where the modality is missing or a sequence is padded.

    Parameters
    ----------
    place : Place
    name : str
        Name of the modality.
    values : array, shape (n, ...)
    lengths : array of int64, shape (n,), optional
        Steps that are no padding. Default: all.

    Raises
    ------
    DataError
        With file, modality, row and column of the first NaN or infinity, and their count.
    """
    if values.dtype.kind != "f":
        return
    first, count = None, 0
    for start, part in row_parts(values):
        wrong = _not_finite(part, None if lengths is None else lengths[start : start + len(part)])
        if wrong is not None and wrong.any():
            count += int(wrong.sum())
            if first is None:
                index = tuple(int(axis[0]) for axis in np.nonzero(wrong))
                first = (start + index[0], *index[1:-1], index[-1]), float(part[index])
    if first is not None:
        raise DataError(_not_finite_sentence(place, name, first[0], first[1], count))


def row_parts(values: NDArray[Any]) -> Iterable[tuple[int, NDArray[Any]]]:
    """Cut an array into parts of some rows each, with the number of their first row."""
    rows = max(1, BYTES_AT_ONCE // max(1, values[:1].nbytes))
    return ((start, values[start : start + rows]) for start in range(0, len(values), rows))


def _not_finite(part: NDArray[Any], lengths: NDArray[np.int64] | None) -> NDArray[np.bool_] | None:
    """Mark what is not finite and should be, (rows, ...); None if everything is finite."""
    finite = np.isfinite(part)
    if finite.all():
        return None
    ignored = np.zeros(part.shape, dtype=bool)
    if lengths is not None:
        ignored |= (np.arange(part.shape[1]) >= lengths[:, np.newaxis])[:, :, np.newaxis]
    missing = (np.isnan(part) | ignored).reshape(len(part), -1).all(axis=1)
    ignored[missing] = True
    return np.asarray(~finite & ~ignored)


def _not_finite_sentence(place: Place, name: str, index: tuple[int, ...], value: float, count: int) -> str:
    step = f", step {index[1]}" if len(index) == 3 else ""
    remedies = ["fill it in", "set the whole row of the modality to NaN if it is missing for this sample"]
    if len(index) == 3:
        remedies.append(f"store the number of steps that are no padding as '{name}_lengths'")
    return (
        f"{place.path}: modality {name!r}, {place.row(index[0])}{step}, {place.column(name, index[-1])}: the "
        f"value is {'NaN' if np.isnan(value) else value} (NaN or infinity in {count} "
        f"place{'s' if count > 1 else ''}), expected a finite number; {either(remedies)}."
    )


def check_target(place: Place, name: str, target: NDArray[Any]) -> NDArray[Any]:
    """Check that the target is known for every sample and differs between samples.

    Parameters
    ----------
    place : Place
    name : str
        What the user calls the target.
    target : array, shape (n,), (n, 1) or (n, outputs)
        Text, whole numbers or floats; several outputs are numbers.

    Returns
    -------
    array, shape (n,) or (n, outputs)
        (n, 1) as (n,).

    Raises
    ------
    DataError
        If it is of another form, NaN, infinite or empty in a row, or the same in all rows.
    """
    if target.ndim not in (1, 2) or target.dtype.kind not in ("biufU" if target.ndim == 1 else "biuf"):
        raise DataError(
            f"{place.path}: the target {name!r} is an array {target.shape} of {target.dtype}, expected text "
            "or numbers (samples,), or numbers (samples, outputs); convert it before it is saved."
        )
    single = target[:, 0] if target.ndim == 2 and target.shape[1] == 1 else target
    known = single != "" if single.dtype.kind == "U" else np.isfinite(single)
    check_known(place, f"the target {name!r}", known if known.ndim == 1 else known.all(axis=1))
    same = np.atleast_1d((single == single[0]).all(axis=0))
    if same.any():
        output = f", output {int(np.flatnonzero(same)[0])}," if single.ndim == 2 else ""
        value = np.atleast_1d(single[0])[np.flatnonzero(same)[0]]
        raise DataError(
            f"{place.path}: the target {name!r}{output} {_sameness(value, len(single))}, expected "
            f"{'values that differ' if value.dtype.kind == 'f' else 'at least two classes'}, as nothing can "
            "be learned from one; take another target or add samples."
        )
    return single


def _sameness(value: Any, count: int) -> str:
    what = "is constant" if value.dtype.kind == "f" else "has only one class"
    return f"{what} ({value.item()!r} in all {count} samples)"


def check_known(place: Place, what: str, known: NDArray[np.bool_]) -> None:
    """Check that a value per sample is known everywhere.

    Raises
    ------
    DataError
        With the first row where it is not, and the number of these rows.
    """
    rows = np.flatnonzero(~known)
    if len(rows):
        raise DataError(
            f"{place.path}: {what} is missing (empty, NaN or infinite) in {place.row(int(rows[0]))}, "
            f"altogether in {len(rows)} row{'s' if len(rows) > 1 else ''}, expected a value for every "
            "sample; fill it in or leave these samples out."
        )
