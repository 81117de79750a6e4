"""Trying encoders on a few samples, so that one that cannot work is reported before anything is trained."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mmfusion.data.modality_data import ModalityData
from mmfusion.data.standardisation import ROWS_AT_ONCE
from mmfusion.encoders.lent_generator import drawing_from
from mmfusion.errors import InputError, MmfusionError
from mmfusion.training.modality import MODULE, Modality, one_line
from mmfusion.training.network import MultimodalNetwork
from mmfusion.training.samples import raw_values

TRIED = 4
"""Samples that are encoded, beside one with padding."""


def check_encoders(
    modalities: Sequence[Modality],
    network: MultimodalNetwork,
    data: ModalityData,
    present: Mapping[str, NDArray[np.bool_]],
    where: str = "encoders",
    kinds: Sequence[str] | None = None,
) -> None:
    """Encode a few samples that have the modality by every encoder of a network.

    Copies are tried, in eval mode and without gradients; modules and random state stay as they are.

    Parameters
    ----------
    modalities : sequence of Modality
    network : MultimodalNetwork
    data : ModalityData
    present : mapping of str to array of bool, shape (n,)
        Of the modalities that are missing for some sample.
    where : str, default "encoders"
        Begins the message of an error, followed by the modality in brackets.
    kinds : sequence of str, optional
        Kinds that are tried. Default: all.

    Raises
    ------
    InputError
        With the modality, if its encoder fails or does not give finite floats (samples, dim).
    """
    for modality, encoder in zip(modalities, network.encoders, strict=True):
        if kinds is not None and modality.kind not in kinds:
            continue
        values = _first_samples(modality, data, present)
        if not len(values):
            continue
        try:
            with torch.no_grad(), drawing_from(torch.Generator()):
                tried = copy.deepcopy(encoder).cpu().eval()
                features = tried(tried.prepare(values))  # type: ignore[operator]  # an Encoder
        except MmfusionError as error:
            raise InputError(f"{where}[{modality.name!r}]: {error}") from None
        except Exception as error:  # of torch, or of the user's module
            raise InputError(f"{where}[{modality.name!r}]: {_failed(modality, values, error)}") from error
        if modality.kind == MODULE and not bool(features.isfinite().all()):
            padded = values.dtype.kind == "f" and bool(np.isnan(values).any())
            also = ", also where padding is NaN" if padded else ""
            raise InputError(
                f"{where}[{modality.name!r}]: the module {modality.module_name} returned NaN or infinity for "
                f"{len(values)} samples, expected finite numbers{also}; change its "
                "forward method."
            )


def _first_samples(
    modality: Modality, data: ModalityData, present: Mapping[str, NDArray[np.bool_]]
) -> NDArray[Any]:
    """Return the first samples that have the modality, and the first of them with padding."""
    name = modality.name
    values, lengths = data.arrays[name], data.lengths.get(name)
    known = np.flatnonzero(present[name]) if name in present else np.arange(len(data))
    rows = known[:TRIED]
    if modality.kind == MODULE:
        rows = np.unique([*rows, *_first_padded(values, lengths, known)]).astype(np.intp)
    return raw_values(np.asarray(values[rows]), None if lengths is None else lengths[rows], None)


def _first_padded(
    values: NDArray[Any], lengths: NDArray[Any] | None, rows: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Find the first of some rows of a sequence that has padding."""
    if values.ndim < 3 or values.dtype.kind != "f":
        return rows[:0]
    if lengths is not None:
        return np.asarray(rows[lengths[rows] < values.shape[1]][:1])
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = rows[start : start + ROWS_AT_ONCE]
        padded = part[np.isnan(values[part]).reshape(len(part), -1).any(axis=1)]
        if len(padded):
            return np.asarray(padded[:1])
    return rows[:0]


def _failed(modality: Modality, values: NDArray[Any], error: Exception) -> str:
    what = f"module {modality.module_name}" if modality.kind == MODULE else f"encoder {modality.kind!r}"
    expected = (len(values), modality.arguments["dim"])
    return (
        f"the {what} failed on {len(values)} samples, an array {values.shape} of {values.dtype} "
        f"({one_line(error)}), expected that it maps them to floats {expected}; change the encoder, or the "
        "array."
    )
