"""Dropout whose noise belongs to one network, whatever other networks are in its stack."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmfusion.errors import FusionError


class Dropout(nn.Module):
    """Inverted dropout: in training mode a unit is zero with probability `share`, else divided by 1 - share.

    Parameters
    ----------
    share : float
        In [0, 1).

    Raises
    ------
    FusionError
        If it is out of range.

    Attributes
    ----------
    generators : sequence of torch.Generator
        One source of noise per network; the leading axis counts networks within modalities. Empty: torch's
        global generator.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        if not 0 <= share < 1:
            raise FusionError(
                f"dropout is {share!r}, expected a share from 0 to below 1; choose another one."
            )
        self.share = share
        self.generators: Sequence[torch.Generator] = ()

    def extra_repr(self) -> str:
        """Return the share: encoders with different shares cannot be stacked."""
        return f"share={self.share}"

    def forward(self, columns: Tensor) -> Tensor:
        """Drop units of columns (..., channels, B)."""
        if not self.training or self.share == 0:
            return columns
        kept = torch.empty_like(columns)
        if self.generators:
            by_network = kept.view(-1, len(self.generators), *kept.shape[1:]).unbind(1)
            for part, generator in zip(by_network, self.generators, strict=True):
                part.bernoulli_(1 - self.share, generator=generator)
        else:
            kept.bernoulli_(1 - self.share)
        return columns * kept.div_(1 - self.share)
