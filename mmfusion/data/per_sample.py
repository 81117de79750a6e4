"""Checks of what belongs to modalities: lengths, masks and kinds by name, and one number of samples."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mmfusion.data.alignment import common_names, names_of, positions
from mmfusion.data.conversion import plain_array
from mmfusion.data.part import Part
from mmfusion.errors import InputError
from mmfusion.sentences import row_name, value_name


def of_modalities(given: Mapping[str, Any] | None, what: str, modalities: Collection[str]) -> dict[str, Any]:
    """Check that what is given by modality is about modalities that there are.

    Raises
    ------
    InputError
        If one is unknown.
    """
    for name in given or {}:
        if name not in modalities:
            raise InputError(
                f"{what}[{name!r}]: there is no such modality, expected one of {', '.join(modalities)}."
            )
    return dict(given or {})


def values_per_sample(
    given: Mapping[str, ArrayLike] | None, what: str, parts: Mapping[str, Part]
) -> dict[str, NDArray[Any]]:
    """Return values of the samples of modalities, in the order of each; those with names are joined by them.

    Parameters
    ----------
    given : mapping of str to array-like, shape (n,), or None
        By modality; lengths may be masks of bool, shape (n, length).
    what : {"lengths", "present"}
    parts : mapping of str to Part
        All modalities.

    Returns
    -------
    dict of str to array

    Raises
    ------
    InputError
        If a modality is unknown, or there is not one value for each of its samples.
    """
    per_sample = {}
    for name, values in of_modalities(given, what, parts).items():
        part, names = parts[name], names_of(values)
        own, shape, array = names_of(part.ids), part.array.shape, np.asarray(plain_array(values))
        if names is not None and own is not None:
            common_names({f"X[{name!r}]": own, f"{what}[{name!r}]": names}, "error")
            rows = positions(names, own)
            array = array if rows is None else array[rows]
        mask = what == "lengths" and array.dtype.kind == "b"
        if array.shape != (shape[:2] if mask else shape[:1]):
            raise InputError(
                f"{what}[{name!r}] has shape {array.shape}, expected one value for each of the {shape[0]} "
                "samples."
            )
        per_sample[name] = array
    return per_sample


def truth_values(what: str, values: NDArray[Any]) -> NDArray[np.bool_]:
    """Check that a mask holds truth values, or zeros and ones.

    Raises
    ------
    InputError
        With the first row that holds something else.
    """
    objects = values.astype(object)
    wrong = [row for row, value in enumerate(objects) if not _is_truth(value)]
    if len(wrong):
        raise InputError(
            f"{what}, {row_name(wrong[0])}: {value_name(objects[wrong[0]])} is not a truth value, expected "
            "true or false for each sample."
        )
    return values.astype(bool)


def _is_truth(value: Any) -> bool:
    return isinstance(value, bool | int | float | np.bool_ | np.number) and value in (0, 1)


def check_one_count(arrays: Mapping[str, NDArray[Any]]) -> None:
    """Check that all modalities have the same number of samples.

    Raises
    ------
    InputError
        With all numbers.
    """
    if len({len(values) for values in arrays.values()}) > 1:
        sizes = ", ".join(f"{name} has {len(values)}" for name, values in arrays.items())
        raise InputError(
            f"X: the numbers of samples differ ({sizes}), expected one number; pass the same samples in all."
        )


def check_no_lengths(arrays: Mapping[str, NDArray[Any]], symbols: Collection[str]) -> None:
    """Refuse a modality that holds the lengths of another: files store lengths that way, mappings do not.

    Raises
    ------
    InputError
        With the way to give lengths.
    """
    for name, values in arrays.items():
        for base in (name.removesuffix("_lengths"), name.removesuffix(".lengths")):
            steps = base != name and base in arrays and (arrays[base].ndim == 3 or base in symbols)
            if steps and values.shape[1:] == (1,):
                raise InputError(
                    f"X[{name!r}] would be a modality, but looks like the lengths of {base!r}; write "
                    f"ModalityData({{{base!r}: ..., ...}}, lengths={{{base!r}: ...}}), or rename it."
                )
