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
        One source of noise per network; networks that share a source share its noise. Empty: torch's global
        generator.
    owners : sequence of int
        The network of every entry of the leading axis. Empty: the axis counts networks within modalities.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        if not 0 <= share < 1:
            raise FusionError(
                f"dropout is {share!r}, expected a share from 0 to below 1; choose another one."
            )
        self.share = share
        self.generators: Sequence[torch.Generator] = ()
        self.owners: Sequence[int] = ()

    def extra_repr(self) -> str:
        """Return the share: encoders with different shares cannot be stacked."""
        return f"share={self.share}"

    def forward(self, columns: Tensor) -> Tensor:
        """Drop units of columns (..., channels, B)."""
        if not self.training or self.share == 0:
            return columns
        if self.generators:
            kept = self._noise(columns)
        else:
            kept = torch.empty_like(columns).bernoulli_(1 - self.share)
        return columns * kept.div_(1 - self.share)

    def _noise(self, columns: Tensor) -> Tensor:
        """Draw once from every source, for all entries of its networks."""
        count = len(columns)
        owners = self.owners or [entry % len(self.generators) for entry in range(count)]
        entries: dict[int, list[int]] = {}
        for entry, owner in enumerate(owners):
            entries.setdefault(owner, []).append(entry)
        drawn: dict[int, range] = {}
        parts, index, total = [], [0] * count, 0
        for owner, of_network in entries.items():
            generator = self.generators[owner]
            if id(generator) not in drawn:
                drawn[id(generator)] = range(total, total + len(of_network))
                total += len(of_network)
                part = columns.new_empty(len(of_network), *columns.shape[1:])
                parts.append(part.bernoulli_(1 - self.share, generator=generator))
            for entry, place in zip(of_network, drawn[id(generator)], strict=True):
                index[entry] = place
        return torch.cat(parts).index_select(0, torch.tensor(index, device=columns.device))
