"""A user's `torch.nn.Module` as the encoder of a modality, alone and in a stack of networks."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mmfusion.encoders.encoder import Encoder, nan_where_padded, shared_tensor
from mmfusion.encoders.lent_generator import drawing_from
from mmfusion.errors import DataError, FusionError


class ModuleEncoder(Encoder):
    """Encoder that is a user's module: module - batch norm.

    The batch norm is there because modules return numbers of any scale: without it, the norm of a block W_I,
    which is penalised and read as relevance, would depend on how large the features are. No ReLU follows, so
    that features have both signs.

    Parameters
    ----------
    module : Module
        Maps inputs (B, ...) to floats (B, dim), every sample by itself. Floats arrive in the type of its
        weights, whole numbers and booleans as int64, and NaN (padding of sequences) as NaN. It may hold any
        layers, also dropout and others that draw random numbers from torch's global generator.
    dim : int
        Width d of the features.

    Raises
    ------
    FusionError
        If `module` is not a module, or has parameters whose shape is not known yet.

    Examples
    --------
    A recurrent network on real-valued sequences whose padding steps are NaN:

    >>> class MeanState(nn.Module):
    ...     def __init__(self, inputs: int, dim: int) -> None:
    ...         super().__init__()
    ...         self.gru = nn.GRU(inputs, dim, batch_first=True)
    ...
    ...     def forward(self, steps: Tensor) -> Tensor:
    ...         real = ~steps[..., :1].isnan()
    ...         states, _ = self.gru(steps.nan_to_num())
    ...         return (states * real).sum(1) / real.sum(1).clamp(min=1)
    >>> encoder = ModuleEncoder(MeanState(4, 8), dim=8)
    >>> import numpy as np
    >>> sequences = np.random.default_rng(0).normal(size=(10, 20, 4))
    >>> sequences[3, 15:] = np.nan
    >>> encoder(encoder.prepare(sequences)).shape
    torch.Size([10, 8])
    """

    standardised = False

    def __init__(self, module: nn.Module, dim: int) -> None:
        super().__init__(dim, dim)
        if not isinstance(module, nn.Module):
            raise FusionError(
                f"the module of an encoder is {module!r}, expected a torch.nn.Module; pass an instance of "
                "its class."
            )
        if any(nn.parameter.is_lazy(parameter) for parameter in module.parameters()):
            raise FusionError(
                f"the module {type(module).__name__} has parameters of unknown shape, expected known ones; "
                "call it once on some samples before it becomes an encoder."
            )
        self.module = module

    def prepare(self, values: NDArray[Any], real: NDArray[np.bool_] | None = None) -> Tensor:
        """Turn an array (n, ...) into a tensor of the same shape; contiguous arrays are not copied.

        Raises
        ------
        DataError
            If it does not hold numbers of a type that torch knows.
        """
        if values.dtype.kind not in "biuf" or values.dtype.itemsize > 8 or values.ndim == 0:
            raise DataError(
                f"values are an array {values.shape} of {values.dtype}, expected numbers of at most 8 bytes "
                "with the samples on the first axis; convert them first."
            )
        if real is not None and values.ndim == 3:
            values = nan_where_padded(values, real)
        return shared_tensor(values.astype(values.dtype.newbyteorder("="), copy=False))

    def weights(self) -> list[Tensor]:
        """Return the parameters of the module with two or more axes."""
        return [parameter for parameter in self.module.parameters() if parameter.ndim > 1]

    def activations(self, inputs: Tensor) -> Tensor:
        """Return the output of the module, (dim, B), for prepared inputs (B, ...).

        The module is not called for an empty batch.

        Raises
        ------
        FusionError
            If the output is not floats (B, dim).
        """
        if not len(inputs):
            return self.batch_norm.weight.new_empty(self.dim, 0)
        floats = inputs.is_floating_point()
        output = self.module(inputs.to(self.batch_norm.weight) if floats else inputs.long())
        expected = (len(inputs), self.dim)
        if (
            not isinstance(output, Tensor)
            or not output.is_floating_point()
            or tuple(output.shape) != expected
        ):
            raise FusionError(
                f"the module {type(self.module).__name__} returned {_described(output)} for inputs "
                f"{tuple(inputs.shape)}, expected floats {expected}, one row per sample; change its forward "
                "method, or the `dim` of the encoder."
            )
        return output.mT

    def head(self, hidden: Tensor) -> Tensor:
        """Return the normalised output of the module unchanged, (dim, B)."""
        return hidden


def _described(output: object) -> str:
    if isinstance(output, Tensor):
        return f"{str(output.dtype).removeprefix('torch.')} {tuple(output.shape)}"
    return f"a {type(output).__name__}"


class StackedModules(nn.Module):
    """Deep copies of several `ModuleEncoder`: they map inputs (k, B, ...) to features (k, B, dim).

    A user's module does not know of an axis that counts networks, so that its parameters cannot be stacked.
    Each copy returns what its original would return alone, with the same batch norm and random numbers.

    Parameters
    ----------
    encoders : sequence of ModuleEncoder
        One per network, or per network within every modality; at least one. They do not change before
        `write_back`, which copies what was trained into them.

    Attributes
    ----------
    noise : tuple of torch.Generator
        One per network: the source of the random numbers of all layers of its copies. Empty: torch's global
        generator.
    """

    def __init__(self, encoders: Sequence[ModuleEncoder]) -> None:
        super().__init__()
        self.originals = tuple(encoders)  # a tuple is not a submodule: only the copies are trained
        self.copies = nn.ModuleList(copy.deepcopy(encoder) for encoder in encoders)
        self.noise: tuple[torch.Generator, ...] = ()

    def weights(self) -> list[Tensor]:
        """Return the parameters of all modules with two or more axes."""
        return [weight for encoder in self.copies for weight in encoder.weights()]  # type: ignore[operator]  # a ModuleEncoder

    def forward(self, inputs: Tensor, weight: Tensor | None = None) -> Tensor:
        """Encode prepared inputs (k, B, ...) as features (k, B, dim), weights (k, B) of the samples."""
        features = []
        for index, (encoder, rows) in enumerate(zip(self.copies, inputs, strict=True)):
            generator = self.noise[index % len(self.noise)] if self.noise else None
            with drawing_from(generator):
                features.append(encoder(rows, None if weight is None else weight[index]))
        return torch.stack(features)

    @torch.no_grad()
    def write_back(self) -> None:
        """Copy parameters and buffers of the copies, such as moving averages, into their originals."""
        for trained, original in zip(self.copies, self.originals, strict=True):
            by_name = dict(chain(trained.named_parameters(), trained.named_buffers()))
            for name, values in chain(original.named_parameters(), original.named_buffers()):
                values.copy_(by_name[name])
