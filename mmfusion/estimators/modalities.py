"""The modalities of an estimator: kinds, sizes, encoders, and how raw arrays become prepared samples."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from mmfusion.data.modality_data import ModalityData
from mmfusion.data.padding import pad
from mmfusion.encoders import ENCODERS, Encoder, ModuleEncoder, encoder_of, kind_of
from mmfusion.errors import InputError
from mmfusion.sentences import value_name
from mmfusion.training.network import MultimodalNetwork

OWN = "module"
"""Kind of a modality whose encoder is a module of the user's own; its input is not standardised."""
STANDARDISED = ("vector", "sequence")
"""Kinds whose columns are standardised by training statistics."""


@dataclass(frozen=True)
class Modality:
    """One modality of an estimator.

    Parameters
    ----------
    name : str
    kind : str
        A key of `mmfusion.encoders.ENCODERS`, or ``module`` for a module of the user's own.
    size : int
        Number of columns, or of symbols.
    axes : int
        Axes of its arrays.
    arguments : mapping
        Arguments of the encoder.
    """

    name: str
    kind: str
    size: int
    axes: int
    arguments: Mapping[str, Any]

    def build(self) -> Encoder:
        """Build the encoder with new weights, by the ``reset_parameters`` of its layers if it is a module."""
        if self.kind == OWN:
            module = copy.deepcopy(self.arguments["module"])
            for part in module.modules():
                if hasattr(part, "reset_parameters"):
                    part.reset_parameters()
            return ModuleEncoder(module, self.arguments["dim"])
        return encoder_of(self.kind, self.size, self.arguments)

    def check(self, values: NDArray[Any]) -> None:
        """Check that an array is what the estimator was trained on.

        Raises
        ------
        InputError
            If the number of axes or columns is another one, or a symbol is unknown.
        """
        if self.kind == OWN and values.ndim == self.axes:
            return
        if values.ndim != self.axes or (self.kind != "symbols" and values.shape[-1] != self.size):
            raise InputError(
                f"X[{self.name!r}] has shape {values.shape}, expected {self.size} columns and {self.axes} "
                "axes as in training."
            )
        if self.kind == "symbols" and len(values) and int(values.max()) >= self.size:
            raise InputError(
                f"X[{self.name!r}]: there is a symbol {values.max()}, expected 0 to {self.size - 1} as in "
                "training."
            )


def modality_of(name: str, values: NDArray[Any], choice: Any, dim: int) -> Modality:
    """Choose the encoder of a modality.

    Parameters
    ----------
    name : str
    values : array
    choice : None, str, mapping or nn.Module
        Kind, or a mapping with the key ``kind`` and arguments of the encoder, or a module that maps (B, ...)
        to (B, dim), alone or as ``{"module": module, "dim": dim}``. Default: by the array's type and axes.
    dim : int
        Width of the features.

    Returns
    -------
    Modality

    Raises
    ------
    InputError
        If the kind is unknown or does not fit the array.
    """
    if isinstance(choice, nn.Module):
        choice = {OWN: choice}
    if not isinstance(choice, str | Mapping | None):
        raise _no_encoder(name, choice)
    if isinstance(choice, Mapping):
        check_dim(name, choice)
    if isinstance(choice, Mapping) and OWN in choice:
        return Modality(name, OWN, int(values.shape[-1]), values.ndim, _own_arguments(name, choice, dim))
    given = dict(choice) if isinstance(choice, Mapping) else {} if choice is None else {"kind": choice}
    kind = given.pop("kind", None) or kind_of(values)
    if kind not in ENCODERS:
        raise InputError(f"encoders[{name!r}]: {kind!r} is unknown, expected one of {', '.join(ENCODERS)}.")
    axes = 3 if kind == "sequence" else 2
    if values.ndim != axes or (kind == "symbols" and values.dtype.kind not in "iu"):
        raise InputError(
            f"X[{name!r}] is an array {values.shape} of {values.dtype}, which is no input of the encoder "
            f"{kind!r}, expected {'whole numbers' if kind == 'symbols' else 'numbers'} with {axes} axes."
        )
    size = max(2, int(values.max()) + 1) if kind == "symbols" else int(values.shape[-1])
    arguments = {"dim": dim, **given}
    if kind == "symbols":
        arguments.setdefault("width", min(12, values.shape[1]))
    return Modality(name, kind, size, axes, arguments)


def _own_arguments(name: str, choice: Mapping[str, Any], dim: int) -> dict[str, Any]:
    if not isinstance(choice[OWN], nn.Module):
        raise _no_encoder(name, choice[OWN])
    others = [key for key in choice if key not in (OWN, "dim")]
    if others:
        raise InputError(
            f"encoders[{name!r}]: {others[0]!r} is no argument of a module of your own, expected 'module' "
            "and 'dim' only; leave it out."
        )
    return {"dim": dim, **choice}


def _no_encoder(name: str, found: object) -> InputError:
    if isinstance(found, type):
        return InputError(
            f"encoders[{name!r}] is the class {found.__name__}, expected an instance of it; call it with its "
            f"arguments, {found.__name__}(...)."
        )
    return InputError(
        f"encoders[{name!r}] is {value_name(found)}, expected one of {', '.join(ENCODERS)}, a mapping with "
        "the key 'kind' or 'module', or a torch.nn.Module."
    )


def check_dim(name: str, choice: Mapping[str, Any]) -> None:
    """Check the width of the features that is asked of an encoder.

    Raises
    ------
    InputError
        If it is no whole number from 1 on.
    """
    dim = choice.get("dim", 1)
    if not isinstance(dim, int | np.integer) or isinstance(dim, bool) or dim < 1:
        raise InputError(f"encoders[{name!r}]: dim is {dim!r}, expected a whole number from 1 on.")


def build_network(modalities: tuple[Modality, ...], seed: int, **fusion: Any) -> MultimodalNetwork:
    """Build a network whose weights come from a seed; the global random state stays as it is."""
    standardised = {m.name: m.size for m in modalities if m.kind in STANDARDISED}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return MultimodalNetwork({m.name: m.build() for m in modalities}, 1.0, standardised, **fusion)


def raw_values(
    values: NDArray[Any], lengths: NDArray[Any] | None, present: NDArray[np.bool_] | None
) -> NDArray[Any]:
    """Return what an encoder prepares: padding is NaN, and samples without the modality are zero.

    Parameters
    ----------
    values : array, shape (n, ...)
    lengths : array of int, shape (n,), or None
        Steps that are no padding, of sequences.
    present : array of bool, shape (n,), or None
        Which samples have the modality; None: all.

    Returns
    -------
    array, shape (n, ...)
        Not copied if there is nothing to change.
    """
    if lengths is not None and values.ndim == 3:
        values = pad(values, lengths)
    if present is not None:
        here = present.reshape(-1, *[1] * (values.ndim - 1))
        values = np.where(here, values, np.zeros((), dtype=values.dtype))
    return values


def prepared(
    network: MultimodalNetwork, data: ModalityData, present: Mapping[str, NDArray[np.bool_]]
) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Prepare arrays for a network; only modalities that are missing for some sample are copied.

    Parameters
    ----------
    network : MultimodalNetwork
    data : ModalityData
    present : mapping of str to array of bool, shape (n,)
        From `mmfusion.data.check_values.check_values`.

    Returns
    -------
    tuple of dict of str to Tensor
        Inputs and masks.
    """
    inputs: dict[str, torch.Tensor] = {}
    for name, encoder in zip(network.modalities, network.encoders, strict=True):
        values = raw_values(data.arrays[name], data.lengths.get(name), present.get(name))
        inputs[name] = encoder.prepare(values)  # type: ignore[operator]  # an Encoder, in a ModuleList
    return inputs, {name: torch.from_numpy(mask) for name, mask in present.items()}
