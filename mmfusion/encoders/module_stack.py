"""A stack of users' modules: copies that are computed one after the other."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from itertools import chain

import torch
from torch import Tensor, nn

from mmfusion.encoders.dropout import Dropout
from mmfusion.encoders.lent_generator import drawing_from
from mmfusion.encoders.module_encoder import ModuleEncoder
from mmfusion.errors import FusionError


class StackedModules(nn.Module):
    """Deep copies of several `ModuleEncoder`: they map inputs (k, B, ...) to features (k, B, dim).

    A user's module does not know of an axis that counts networks, so that its parameters cannot be stacked.
    Each copy returns what its original would return alone, with the same batch norm and random numbers.

    Parameters
    ----------
    encoders : sequence of ModuleEncoder
        One per network, or per network within every modality; at least one. They do not change before
        `write_back`, which copies what was trained into them.

    Raises
    ------
    FusionError
        If there is no encoder, or their features differ in width.
    """

    def __init__(self, encoders: Sequence[ModuleEncoder]) -> None:
        super().__init__()
        dims = sorted({encoder.dim for encoder in encoders})
        if len(dims) != 1:
            raise FusionError(
                f"{len(encoders)} encoders with features of width {dims} cannot be stacked, expected at "
                "least one encoder and one width; stack encoders of one architecture."
            )
        self.dim = dims[0]
        self.originals = tuple(encoders)  # a tuple is not a submodule: only the copies are trained
        self.copies = nn.ModuleList(copy.deepcopy(encoder) for encoder in encoders)
        self.noise: tuple[torch.Generator, ...] = ()

    def use_noise(self, generators: Sequence[torch.Generator]) -> None:
        """Let every network draw the random numbers of all its layers from a generator of its own.

        Parameters
        ----------
        generators : sequence of torch.Generator
            One per network; the copies are counted by networks within modalities. Empty: torch's global
            generator.

        Raises
        ------
        FusionError
            If the number of copies is not a multiple of the number of generators.
        """
        if generators and len(self.copies) % len(generators):
            raise FusionError(
                f"there are {len(generators)} generators for {len(self.copies)} stacked modules, expected "
                "one per network."
            )
        self.noise = tuple(generators)
        for module in self.modules():
            if isinstance(module, Dropout):
                module.generators = ()

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
