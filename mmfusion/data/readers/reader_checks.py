"""Checks that all readers share, and the sentences that say what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.data.check_values import check_finite
from mmfusion.data.location import Location
from mmfusion.data.plain_target import missing_value
from mmfusion.errors import DataError
from mmfusion.sentences import is_text, spaced_alike


def check_name(path: str | Path, name: str) -> None:
    """Check the name of a modality.

    Raises
    ------
    DataError
        If it is empty or has a ``+``, which joins the names of a subset.
    """
    if not name or "+" in name:
        raise DataError(
            f"{path}: {name!r} cannot name a modality, expected text without '+' (which joins the names of "
            "a subset); give it another name in `modalities`."
        )
    if not is_text(name):
        raise DataError(
            f"{path}: {name!r} cannot name a modality, as it holds half a character, expected text; give it "
            "another name in `modalities`."
        )


def check_spaces(where: object, what: str, names: Iterable[str]) -> None:
    """Check that no two names differ only by spaces in front, behind or in a row.

    Raises
    ------
    DataError
        With the first two that do.
    """
    if alike := spaced_alike(names):
        raise DataError(
            f"{where}: {what} {alike[0]!r} and {alike[1]!r} differ only by spaces, expected one spelling, or "
            "names that differ otherwise; correct the file."
        )


def check_labels_differ(where: str, values: NDArray[Any]) -> None:
    """Check that no two texts, such as classes or groups, differ only by spaces.

    Raises
    ------
    DataError
        With the first two that do.
    """
    if values.dtype.kind == "U":
        check_spaces(where, "the values", np.unique(values).tolist())


def check_counts(path: str | Path, counts: Mapping[str, int]) -> None:
    """Check that all arrays have the same number of samples, and at least one.

    Raises
    ------
    DataError
        With all the counts.
    """
    if len(set(counts.values())) > 1:
        sizes = ", ".join(f"{name} has {count}" for name, count in counts.items())
        raise DataError(
            f"{path}: the numbers of samples differ ({sizes}), expected one number; write the file again."
        )
    if 0 in counts.values():
        raise DataError(f"{path}: there are no samples, expected at least one; write the file again.")


def check_form(path: str | Path | None, name: str, values: NDArray[Any]) -> NDArray[Any]:
    """Check type and shape of a modality; (n,) becomes (n, 1), truth values become 0 and 1.

    Numbers in this machine's byte order are not copied.

    Returns
    -------
    array, shape (n, d), (n, length, d) or (n, length)

    Raises
    ------
    DataError
        If the array is not numbers (n, d) or (n, length, d), of at most 64 bits.
    """
    formed = values[:, np.newaxis] if values.ndim == 1 else values
    if values.dtype.kind not in "biuf" or values.dtype.itemsize > 8 or formed.ndim not in (2, 3):
        what = f"an array {values.shape} of {values.dtype.str}"
    elif 0 in formed.shape[1:]:
        what = f"an array {values.shape}, without columns"
    else:
        formed = formed.astype(np.float32) if values.dtype.kind == "b" else formed
        return formed.astype(formed.dtype.newbyteorder("="), copy=False)
    raise DataError(
        f"{path}: {name!r} is {what}, expected numbers (samples, columns), numbers (samples, steps, "
        "columns), or one string of letters for each sample, at most 64 bits a number; convert it before it "
        "is saved."
    )


def check_numbers(
    location: Location, arrays: Mapping[str, NDArray[Any]], lengths: Mapping[str, NDArray[Any]]
) -> dict[str, NDArray[np.int64]]:
    """Check that floats are finite, except where the modality is missing or a sequence is padded.

    Returns
    -------
    dict of str to array of int64, shape (n,)
        The lengths.

    Raises
    ------
    DataError
        With file, modality, row and column of the first NaN or infinity, and their count; or if there are
        lengths of a modality that is not a sequence, or they are not whole numbers from 1 to its steps, one
        per sample.
    """
    for name, values in arrays.items():
        if name in lengths and (values.ndim != 3 or values.dtype.kind != "f"):
            raise DataError(
                f"{location.lengths(name)}: {name!r} is an array {values.shape} of {values.dtype}, expected "
                "floats (samples, steps, columns) where there are lengths; correct the file."
            )
        if values.dtype.kind == "f":
            check_finite(name, values, lengths.get(name), None, location)
    return {name: steps.astype(np.int64) for name, steps in lengths.items()}


def check_target(location: Location, name: str, target: NDArray[Any]) -> NDArray[Any]:
    """Check that the target is known for every sample and differs between samples.

    Parameters
    ----------
    location : Location
    name : str
        What the user calls the target.
    target : array, shape (n,), (n, 1), (n, outputs), or with another axis of length 1
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
    if target.ndim == 3 and 1 in target.shape[1:]:
        target = target.reshape(len(target), -1)
    if target.ndim not in (1, 2) or target.dtype.kind not in ("biufU" if target.ndim == 1 else "biuf"):
        raise DataError(
            f"{location.path}: the target {name!r} is an array {target.shape} of {target.dtype}, expected "
            "text or numbers (samples,), or numbers (samples, outputs); convert it before it is saved."
        )
    single = target[:, 0] if target.ndim == 2 and target.shape[1] == 1 else target
    check_known(location, f"the target {name!r}", single)
    check_labels_differ(f"{location.path}: the target {name!r}", single)
    same = np.flatnonzero((single == single[0]).all(axis=0))
    if len(same):
        value = np.atleast_1d(single[0])[same[0]]
        output = f", output {int(same[0])}," if single.ndim == 2 else ""
        number = value.dtype.kind == "f"
        what = "is constant" if number else "has only one class"
        raise DataError(
            f"{location.path}: the target {name!r}{output} {what} ({value.item()!r} in all {len(single)} "
            f"samples), expected {'values that differ' if number else 'at least two classes'}, as nothing "
            "can be learned from one; take another target or add samples."
        )
    return single


def check_known(location: Location, what: str, values: NDArray[Any]) -> None:
    """Check that no sample lacks its value: no text is empty, no number NaN or infinite.

    Raises
    ------
    DataError
        With the first row that lacks it, and the number of these rows.
    """
    where = f"{location.path}: {what}"
    text = values.dtype.kind == "U"
    gone = values == "" if text else np.isnan(values)
    rows = np.flatnonzero(gone.reshape(len(gone), -1).any(axis=1))
    if len(rows):
        raise missing_value(where, location.row(int(rows[0])), len(rows), DataError)
    if text and not is_text("".join(values.flat)):
        raise DataError(f"{where}: a value holds half a character, expected text; write the file again.")
    infinite = np.argwhere(np.isinf(values) if values.dtype.kind == "f" else np.zeros(len(values), bool))
    if len(infinite):
        first = tuple(int(axis) for axis in infinite[0])
        raise DataError(
            f"{where}, {location.row(first[0])}: the value is {values[first]} (NaN or infinity in "
            f"{len(infinite)} places), expected finite numbers; leave these samples out."
        )
