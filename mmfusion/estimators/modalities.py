"""The modalities of an estimator: which kind each is, and which encoder it gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from mmfusion.data.letters import alphabet_of, as_symbols, letters_part
from mmfusion.data.modality_data import ModalityData
from mmfusion.data.padding import real_steps
from mmfusion.data.part import SYMBOLS
from mmfusion.encoders import ENCODERS, kind_of
from mmfusion.errors import InputError
from mmfusion.estimators.parameter_checks import is_whole
from mmfusion.sentences import joined_names, value_name
from mmfusion.training.modality import MODULE, Modality

WINDOW = 12
"""Symbols per window of the motif scanner, fewer for shorter sequences."""
INTERCEPT = "intercept"
"""The column of the contributions beside those of the subsets."""
SHORT = 0.05
"""Share of the sequences that may be shorter than a window."""


def choose_modalities(data: ModalityData, encoders: Any, dim: int) -> tuple[Modality, ...]:
    """Choose the encoder of every modality.

    Parameters
    ----------
    data : ModalityData
    encoders : mapping of str to str, mapping or nn.Module, or None
        The parameter of the estimators, see `mmfusion.FusionClassifier`.
    dim : int
        Width of the features.

    Returns
    -------
    tuple of Modality
        In modality order.

    Raises
    ------
    InputError
        If an encoder is for an unknown modality, unknown itself, or does not fit its array.
    """
    if not isinstance(encoders, Mapping | None):
        raise InputError(
            f"encoders: {encoders!r} is not a mapping, expected {{'text': 'vector', ...}} with the names of "
            "modalities."
        )
    if INTERCEPT in data.arrays:
        raise InputError(
            f"X[{INTERCEPT!r}]: this name is taken by the intercept of the scores, expected another; rename "
            "the modality."
        )
    chosen = dict(encoders or {})
    unknown = [name for name in chosen if name not in data.arrays]
    if unknown:
        raise InputError(
            f"encoders[{unknown[0]!r}]: there is no such modality, expected one of {', '.join(data.arrays)}."
        )
    return tuple(_choose_modality(name, data, chosen.get(name), dim) for name in data.modalities)


def _choose_modality(name: str, data: ModalityData, choice: Any, dim: int) -> Modality:
    """Choose the encoder of a modality, by its axes if the user has not chosen."""
    values = data.arrays[name]
    if isinstance(choice, nn.Module):
        choice = {MODULE: choice}
    if not isinstance(choice, str | Mapping | None):
        raise _not_an_encoder(name, choice)
    if isinstance(choice, Mapping):
        if not is_whole(choice.get("dim", dim), 1):
            raise InputError(
                f"encoders[{name!r}]: dim is {choice['dim']!r}, expected a whole number, at least 1."
            )
        if MODULE in choice:
            if name in data.letters:
                raise InputError(
                    f"encoders[{name!r}]: letters need the encoder 'symbols', expected numbers for your own "
                    "module; turn them into numbers first."
                )
            return _module_modality(name, values, choice, dim)
    given = dict(choice) if isinstance(choice, Mapping) else {} if choice is None else {"kind": choice}
    kind = given.pop("kind", None) or data.kinds.get(name) or kind_of(values)
    if kind not in ENCODERS:
        raise InputError(f"encoders[{name!r}]: {kind!r} is unknown, expected one of {', '.join(ENCODERS)}.")
    if kind == SYMBOLS:
        return _symbols_modality(name, data, dim, given)
    _check_fits(name, data, kind)
    return Modality(
        name, kind, int(values.shape[-1]), {"dim": dim, **given}, values.ndim, ENCODERS[kind].standardised
    )


def _check_fits(name: str, data: ModalityData, kind: str) -> None:
    """Check that an array is one that the encoder of a kind takes."""
    values, symbols, axes = data.arrays[name], ENCODERS[kind].whole, ENCODERS[kind].axes
    if values.ndim == axes and symbols == (name in data.letters) and not symbols:
        return
    if values.ndim == axes and symbols and values.dtype.kind in "iu":
        return
    given = "letters" if name in data.letters else f"an array {values.shape} of {values.dtype}"
    raise data.location.error(
        f"{data.location.modality(name)} is {given}, which the encoder {kind!r} does not take, expected "
        f"{'letters, or whole numbers' if symbols else 'numbers'} with {axes} axes; change "
        f"encoders[{name!r}], or the array."
    )


def _symbols_modality(name: str, data: ModalityData, dim: int, given: Mapping[str, Any]) -> Modality:
    """Describe a sequence of symbols: its alphabet, and a window that most of its samples can hold."""
    _check_fits(name, data, SYMBOLS)
    values, lengths = data.arrays[name], data.lengths.get(name)
    real, alphabet = real_steps(values, lengths, data.present.get(name)), ""
    if name in data.letters:
        alphabet = alphabet_of(values, real)
        size = max(2, len(alphabet))
    else:
        size = max(2, int(values.max(initial=0, where=real)) + 1)
    counts = real.sum(axis=1)
    typical = int(np.quantile(counts[counts > 0], SHORT)) if counts.any() else 1
    arguments = {"dim": dim, "width": min(WINDOW, typical), **given}
    if lengths is not None:
        arguments["padded"] = True
    return Modality(name, SYMBOLS, size, arguments, 2, alphabet=alphabet)


def symbols_of(encoders: Any) -> dict[str, str]:
    """Return the modalities that the user calls symbols, for `ModalityData`."""
    chosen = {
        name: choice.get("kind") if isinstance(choice, Mapping) else choice
        for name, choice in (encoders.items() if isinstance(encoders, Mapping) else ())
    }
    return {name: SYMBOLS for name, kind in chosen.items() if isinstance(kind, str) and kind == SYMBOLS}


def with_alphabets(data: ModalityData, modalities: Sequence[Modality]) -> ModalityData:
    """Turn letters into the symbols of the alphabets of training.

    Raises
    ------
    MmfusionError
        If a letter did not occur in training.
    """
    arrays = dict(data.arrays)
    for modality in modalities:
        name = modality.name
        if modality.alphabet and name in data.letters:
            real = real_steps(arrays[name], data.lengths.get(name), data.present.get(name))
            arrays[name] = as_symbols(name, arrays[name], real, modality.alphabet, data.location)
    return data.with_arrays(arrays)


def as_in_training(
    data: ModalityData, modalities: Sequence[Modality], columns: Mapping[str, Sequence[Any]]
) -> ModalityData:
    """Bring modalities and named columns into the order of training, and check that they are the same.

    Parameters
    ----------
    data : ModalityData
    modalities : sequence of Modality
        Of training.
    columns : mapping of str to sequence
        Names of the columns in training, of modalities that had some.

    Returns
    -------
    ModalityData

    Raises
    ------
    MmfusionError
        If a modality or column is missing or new, the number of axes or columns differs, or a symbol is
        unknown.
    """
    names = [modality.name for modality in modalities]
    if set(data.modalities) != set(names):
        raise data.location.error(
            f"{data.location.whole} has the modalities {', '.join(data.modalities)}, expected "
            f"{', '.join(names)}, as in training."
        )
    data = data.select(names)
    arrays = dict(data.arrays)
    for modality in modalities:
        if modality.alphabet and _is_empty(data, modality.name):
            empty = letters_part([None] * len(data))
            arrays[modality.name], data.letters = empty.array, data.letters | {modality.name}
            data.lengths[modality.name], data.present[modality.name] = (
                _given(empty.lengths),
                _given(empty.present),
            )
    for name, known in columns.items():
        given = data.columns.get(name)
        if given is not None and tuple(given) != tuple(known):
            arrays[name] = arrays[name][..., _order(data, name, given, known)]
            data.columns[name] = tuple(known)
    data = data.with_arrays(arrays)
    data.location = replace(data.location, columns=data.columns)
    for modality in modalities:
        _check_as_in_training(data, modality)
    return data


def _is_empty(data: ModalityData, name: str) -> bool:
    """Whether a modality is NaN throughout, as strings are that are all missing."""
    values = data.arrays[name]
    return name not in data.letters and values.dtype.kind == "f" and bool(np.isnan(values).all())


def _given(values: NDArray[Any] | None) -> NDArray[Any]:
    assert values is not None  # of missing strings
    return values


def _order(data: ModalityData, name: str, given: Sequence[Any], known: Sequence[Any]) -> list[int]:
    """Return where the columns of training are."""
    lacking = [column for column in known if column not in given]
    new = [column for column in given if column not in known]
    if lacking or new:
        said = [
            f"{word} {joined_names(map(repr, some))}"
            for word, some in (("lacks", lacking), ("has", new))
            if some
        ]
        raise data.location.error(
            f"{data.location.modality(name)} {' and '.join(said)}, expected the columns of training "
            f"({joined_names(map(repr, known))}), in any order."
        )
    return [list(given).index(column) for column in known]


def _check_as_in_training(data: ModalityData, modality: Modality) -> None:
    name, values = modality.name, data.arrays[modality.name]
    if modality.kind == MODULE and values.ndim == modality.axes:
        return
    symbols, where = modality.kind == SYMBOLS, data.location.modality(name)
    if values.ndim != modality.axes or (not symbols and values.shape[-1] != modality.size):
        raise data.location.error(
            f"{where} has shape {values.shape}, expected {modality.size} columns and {modality.axes} axes "
            "as in training."
        )
    if bool(modality.alphabet) != (name in data.letters):
        kinds = [
            ("letters" if letters else "numbers") for letters in (name in data.letters, modality.alphabet)
        ]
        raise data.location.error(f"{where} holds {kinds[0]}, expected {kinds[1]}, as in training.")
    if symbols and not modality.alphabet:
        if values.dtype.kind not in "iu":
            raise data.location.error(
                f"{where} holds {values.dtype}, expected whole numbers, as in training."
            )
        if name in data.lengths and not modality.arguments.get("padded"):
            raise data.location.error(
                f"{where} has lengths, expected sequences without padding, as in training; give lengths in "
                "training."
            )
        largest = int(values.max(initial=0, where=real_steps(values, data.lengths.get(name))))
        if largest >= modality.size:
            raise data.location.error(
                f"{where}: there is a symbol {largest}, expected 0 to {modality.size - 1} as in training."
            )


def _module_modality(name: str, values: NDArray[Any], choice: Mapping[str, Any], dim: int) -> Modality:
    if not isinstance(choice[MODULE], nn.Module):
        raise _not_an_encoder(name, choice[MODULE])
    others = [key for key in choice if key not in (MODULE, "dim")]
    if others:
        raise InputError(
            f"encoders[{name!r}]: {others[0]!r} is not an argument of your own module, expected 'module' "
            "and 'dim' only; leave it out."
        )
    if values.dtype.itemsize > 8:
        raise InputError(
            f"X[{name!r}] is an array of {values.dtype}, expected numbers of at most 8 bytes for your own "
            "module; convert it first."
        )
    return Modality(name, MODULE, int(values.shape[-1]), {"dim": dim, **choice}, values.ndim)


def _not_an_encoder(name: str, value: object) -> InputError:
    if isinstance(value, type):
        return InputError(
            f"encoders[{name!r}] is the class {value.__name__}, expected an instance of it; call it with "
            f"its arguments, {value.__name__}(...)."
        )
    return InputError(
        f"encoders[{name!r}] is {value_name(value)}, expected one of {', '.join(ENCODERS)}, a mapping with "
        "the key 'kind' or 'module', or a torch.nn.Module."
    )
