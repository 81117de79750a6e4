"""Trying encoders on a few samples, so that one that cannot work is told before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mmfusion.data.check_values import ROWS_AT_ONCE
from mmfusion.data.modality_data import ModalityData
from mmfusion.encoders import Encoder
from mmfusion.errors import InputError, MmfusionError
from mmfusion.estimators.modalities import OWN, Modality, raw_values
from mmfusion.training.network import MultimodalNetwork

TRIED = 4
"""Samples that are encoded, beside one with padding."""


def check_encoders(
    layout: Sequence[Modality], data: ModalityData, present: Mapping[str, NDArray[np.bool_]]
) -> None:
    """Build the encoder of every modality, and encode some samples that have the modality.

    Copies are tried, in eval mode and without gradients; modules and random state stay as they are.

    Parameters
    ----------
    layout : sequence of Modality
    data : ModalityData
    present : mapping of str to array of bool, shape (n,)
        Of the modalities that are missing for some sample.

    Raises
    ------
    InputError
        With the modality, if its encoder cannot be made, or fails, or does not give finite floats (samples,
        dim).
    """
    for modality in layout:
        values = _samples(modality, data, present)
        with torch.random.fork_rng(devices=[]):
            try:
                encoder = modality.build().cpu().eval()
            except MmfusionError as error:
                raise InputError(f"encoders[{modality.name!r}]: {error}") from None
            except Exception as error:  # of torch, or of a module of the user's own
                raise InputError(_not_made(modality, error)) from error
            _try(f"encoders[{modality.name!r}]", modality, encoder, values)


def check_trained(
    layout: Sequence[Modality],
    network: MultimodalNetwork,
    data: ModalityData,
    present: Mapping[str, NDArray[np.bool_]],
) -> None:
    """Encode some samples by the trained modules of the user's own, whose input only they know.

    Parameters
    ----------
    layout : sequence of Modality
    network : MultimodalNetwork
        In eval mode.
    data : ModalityData
    present : mapping of str to array of bool, shape (n,)
        Of the modalities that are missing for some sample.

    Raises
    ------
    InputError
        With the modality, if its encoder fails, or does not give finite floats (samples, dim).
    """
    for modality, encoder in zip(layout, network.encoders, strict=True):
        values = _samples(modality, data, present)
        if modality.kind == OWN and len(values):
            with torch.random.fork_rng(devices=[]):
                _try(f"X[{modality.name!r}]", modality, encoder, values)  # type: ignore[arg-type]  # an Encoder


def _samples(
    modality: Modality, data: ModalityData, present: Mapping[str, NDArray[np.bool_]]
) -> NDArray[Any]:
    """Return the first samples that have the modality, and the first of them with padding."""
    name = modality.name
    values, lengths = data.arrays[name], data.lengths.get(name)
    there = np.flatnonzero(present[name]) if name in present else np.arange(len(data))
    rows = there[:TRIED]
    if modality.kind == OWN:
        rows = np.unique([*rows, *_padded(values, lengths, there)]).astype(np.intp)
    return raw_values(np.asarray(values[rows]), None if lengths is None else lengths[rows], None)


def _padded(values: NDArray[Any], lengths: NDArray[Any] | None, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Find the first of some rows of a sequence that has padding."""
    if values.ndim < 3 or values.dtype.kind != "f":
        return rows[:0]
    if lengths is not None:
        return np.asarray(rows[lengths[rows] < values.shape[1]][:1])
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = rows[start : start + ROWS_AT_ONCE]
        found = part[np.isnan(values[part]).reshape(len(part), -1).any(axis=1)]
        if len(found):
            return np.asarray(found[:1])
    return rows[:0]


def _try(where: str, modality: Modality, encoder: Encoder, values: NDArray[Any]) -> None:
    try:
        with torch.no_grad():
            features = encoder(encoder.prepare(values))
    except MmfusionError as error:
        raise InputError(f"{where}: {error}") from None
    except Exception as error:  # of torch, or of a module of the user's own
        raise InputError(_failed(where, modality, values, error)) from error
    if modality.kind == OWN and not bool(features.isfinite().all()):
        padding = ", also where padding is NaN" if values.dtype.kind == "f" and np.isnan(values).any() else ""
        raise InputError(
            f"{where}: the module {_name(modality)} returned NaN or infinity for {len(values)} samples, "
            f"expected finite numbers{padding}; change its forward method."
        )


def _not_made(modality: Modality, error: Exception) -> str:
    where = f"encoders[{modality.name!r}]"
    if modality.kind == OWN:
        return (
            f"{where}: the module {_name(modality)} cannot be copied with new weights ({_reason(error)}), "
            "expected that copy.deepcopy and reset_parameters work; change the module."
        )
    arguments = ", ".join(f"{key}={value!r}" for key, value in modality.arguments.items())
    return (
        f"{where}: the encoder {modality.kind!r} cannot be made with {arguments} ({_reason(error)}); correct "
        "its arguments."
    )


def _failed(where: str, modality: Modality, values: NDArray[Any], error: Exception) -> str:
    what = f"module {_name(modality)}" if modality.kind == OWN else f"encoder {modality.kind!r}"
    expected = (len(values), modality.arguments["dim"])
    return (
        f"{where}: the {what} failed on {len(values)} samples, an array {values.shape} of {values.dtype} "
        f"({_reason(error)}), expected that it maps them to floats {expected}; change the encoder, or "
        "the array."
    )


def _name(modality: Modality) -> str:
    return type(modality.arguments[OWN]).__name__


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split()).rstrip('.')}"
