"""Trying encoders on a few samples, so that one that cannot work is reported before anything is trained."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor

from mmfusion.encoders.encoder import ROWS_AT_ONCE
from mmfusion.encoders.lent_generator import drawing_from
from mmfusion.errors import InputError, MmfusionError
from mmfusion.training.modality import MODULE, Modality, one_line
from mmfusion.training.network import MultimodalNetwork
from mmfusion.training.samples import Samples

TRIED = 4
"""Samples that are encoded, beside one with padding."""


def check_encoders(
    modalities: Sequence[Modality],
    network: MultimodalNetwork,
    samples: Samples,
    where: str = "encoders",
) -> None:
    """Encode a few samples that have the modality by the encoder of every modality.

    Copies are tried, in eval mode and without gradients; modules and random state stay as they are.

    Parameters
    ----------
    modalities : sequence of Modality
        Those to try.
    network : MultimodalNetwork
    samples : Samples
        Prepared for the network.
    where : str, default "encoders"
        Begins the message of an error, followed by the modality in brackets.

    Raises
    ------
    InputError
        With the modality, if its encoder fails or does not give finite floats (samples, dim).
    """
    for modality in modalities:
        inputs = _first_inputs(modality, samples)
        if not len(inputs):
            continue
        try:
            with torch.no_grad(), drawing_from(torch.Generator()):
                features = copy.deepcopy(network.encoder_of_modality[modality.name]).eval()(inputs)
        except MmfusionError as error:
            raise InputError(f"{where}[{modality.name!r}]: {error}") from None
        except Exception as error:  # of torch, or of the user's module
            raise InputError(f"{where}[{modality.name!r}]: {_failed(modality, inputs, error)}") from error
        if modality.kind == MODULE and not bool(features.isfinite().all()):
            also = ", also where padding is NaN" if bool(inputs.isnan().any()) else ""
            raise InputError(
                f"{where}[{modality.name!r}]: the module {modality.module_name} returned NaN or infinity for "
                f"{len(inputs)} samples, expected finite numbers{also}; change its "
                "forward method."
            )


def _first_inputs(modality: Modality, samples: Samples) -> Tensor:
    """Return the first samples that have the modality, for a module also the first of them with padding."""
    inputs, present = samples.inputs[modality.name], samples.present.get(modality.name)
    known = torch.arange(len(inputs)) if present is None else present.nonzero()[:, 0]
    rows = known[:TRIED]
    if modality.kind == MODULE and inputs.ndim > 2 and inputs.is_floating_point():
        for part in torch.split(known, ROWS_AT_ONCE):
            padded = part[inputs[part].isnan().flatten(1).any(1)]
            if len(padded):
                return inputs[torch.cat([rows, padded[:1][padded[:1] > rows[-1]]])]
    return inputs[rows]


def _failed(modality: Modality, inputs: Tensor, error: Exception) -> str:
    what = f"module {modality.module_name}" if modality.kind == MODULE else f"encoder {modality.kind!r}"
    expected, kind = (len(inputs), modality.arguments["dim"]), str(inputs.dtype).removeprefix("torch.")
    return (
        f"the {what} failed on {len(inputs)} samples, an array {tuple(inputs.shape)} of {kind} "
        f"({one_line(error)}), expected that it maps them to floats {expected}; change the encoder, or the "
        "array."
    )
