"""The modalities of an estimator: which kind each is, and which encoder it gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray
from torch import nn

from mmfusion.data.modality_data import ModalityData
from mmfusion.encoders import ENCODERS, kind_of
from mmfusion.errors import InputError
from mmfusion.estimators.parameter_checks import is_whole
from mmfusion.sentences import value_name
from mmfusion.training.modality import MODULE, Modality

WINDOW = 12
"""Symbols per window of the motif scanner, fewer for shorter sequences."""


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
    chosen = dict(encoders or {})
    unknown = [name for name in chosen if name not in data.arrays]
    if unknown:
        raise InputError(
            f"encoders[{unknown[0]!r}]: there is no such modality, expected one of {', '.join(data.arrays)}."
        )
    return tuple(
        _choose_modality(name, values, chosen.get(name), dim) for name, values in data.arrays.items()
    )


def _choose_modality(name: str, values: NDArray[Any], choice: Any, dim: int) -> Modality:
    """Choose the encoder of a modality, by the array's type and axes if the user has not chosen."""
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
            return _module_modality(name, values, choice, dim)
    given = dict(choice) if isinstance(choice, Mapping) else {} if choice is None else {"kind": choice}
    kind = given.pop("kind", None) or kind_of(values)
    if kind not in ENCODERS:
        raise InputError(f"encoders[{name!r}]: {kind!r} is unknown, expected one of {', '.join(ENCODERS)}.")
    symbols, axes = ENCODERS[kind].whole, ENCODERS[kind].axes
    if values.ndim != axes or (symbols and values.dtype.kind not in "iu"):
        raise InputError(
            f"X[{name!r}] is an array {values.shape} of {values.dtype}, which the encoder {kind!r} does not "
            f"take, expected {'whole numbers' if symbols else 'numbers'} with {axes} axes."
        )
    size = max(2, int(values.max()) + 1) if symbols else int(values.shape[-1])
    window = {"width": min(WINDOW, values.shape[1])} if symbols else {}
    return Modality(name, kind, size, {"dim": dim, **window, **given}, axes, ENCODERS[kind].standardised)


def check_as_in_training(modality: Modality, values: NDArray[Any]) -> None:
    """Check that an array is what a modality was in training.

    Raises
    ------
    InputError
        If the number of axes or columns differs, or a symbol is unknown.
    """
    symbols = modality.kind == "symbols"
    if modality.kind == MODULE and values.ndim == modality.axes:
        return
    if values.ndim != modality.axes or (not symbols and values.shape[-1] != modality.size):
        raise InputError(
            f"X[{modality.name!r}] has shape {values.shape}, expected {modality.size} columns and "
            f"{modality.axes} axes as in training."
        )
    if symbols and len(values) and int(values.max()) >= modality.size:
        raise InputError(
            f"X[{modality.name!r}]: there is a symbol {values.max()}, expected 0 to {modality.size - 1} as "
            "in training."
        )


def _module_modality(name: str, values: NDArray[Any], choice: Mapping[str, Any], dim: int) -> Modality:
    if not isinstance(choice[MODULE], nn.Module):
        raise _not_an_encoder(name, choice[MODULE])
    others = [key for key in choice if key not in (MODULE, "dim")]
    if others:
        raise InputError(
            f"encoders[{name!r}]: {others[0]!r} is not an argument of your own module, expected 'module' and "
            "'dim' only; leave it out."
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
            f"encoders[{name!r}] is the class {value.__name__}, expected an instance of it; call it with its "
            f"arguments, {value.__name__}(...)."
        )
    return InputError(
        f"encoders[{name!r}] is {value_name(value)}, expected one of {', '.join(ENCODERS)}, a mapping with "
        "the key 'kind' or 'module', or a torch.nn.Module."
    )
