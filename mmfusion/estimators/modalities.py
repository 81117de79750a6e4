"""The modalities of an estimator: which kind each is, and which encoder it gets."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from inspect import signature
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from mmfusion.data.letters import alphabet_of, as_symbols
from mmfusion.data.modality_data import ModalityData
from mmfusion.data.padding import real_steps
from mmfusion.data.part import SYMBOLS
from mmfusion.encoders import ENCODERS, kind_of
from mmfusion.errors import InputError
from mmfusion.estimators.parameter_checks import is_whole
from mmfusion.sentences import similar, value_name
from mmfusion.training.modality import MODULE, Modality

WINDOW = 12
"""Symbols per window of the motif scanner, fewer for shorter sequences."""
INTERCEPT = "intercept"
"""The column of the contributions beside those of the subsets."""
VECTOR, LINEAR = "vector", "linear"
DROPOUT = 0.7
"""Share of the hidden units of vectors that are dropped in training."""
KEPT = 20
"""Columns of a vector up to which none is dropped in training."""
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
    _check_arguments(name, kind, given)
    if kind == SYMBOLS:
        return _symbols_modality(name, data, dim, given)
    _check_fits(name, data, kind)
    columns = int(values.shape[-1])
    if kind == VECTOR:
        recipe = {"input_dropout": input_dropout(columns), "linear_path": True, "dropout": DROPOUT}
        given = recipe | given
    elif kind == LINEAR:
        given = {"input_dropout": input_dropout(columns), **given}
    return Modality(
        name,
        kind,
        columns,
        {"dim": dim, **given},
        values.ndim,
        ENCODERS[kind].standardised,
        lengths=name in data.lengths,
    )


def _check_arguments(name: str, kind: str, given: Iterable[str]) -> None:
    """Check that the encoder of a kind has the arguments of a mapping; its size comes from the data."""
    _, _, *known = signature(ENCODERS[kind].__init__).parameters
    known.remove("generator")
    for key in given:
        if key not in known:
            raise InputError(
                f"encoders[{name!r}]: {key!r} is not an argument of the encoder {kind!r}; "
                f"{similar(key, [MODULE, 'kind', *known])}"
            )


def input_dropout(columns: int) -> float:
    """Return the share of the columns of a vector that are dropped in training, more of wide ones.

    Examples
    --------
    >>> [round(input_dropout(columns), 2) for columns in (8, 64, 500)]
    [0.0, 0.44, 0.8]
    """
    return max(0.0, 1.0 - math.sqrt(KEPT / columns))


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
    return Modality(name, SYMBOLS, size, arguments, 2, alphabet=alphabet, lengths=lengths is not None)


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
