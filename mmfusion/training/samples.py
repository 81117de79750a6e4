"""Prepared samples of one split, for one network or for many side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Samples:
    """Prepared inputs and target of one split.

    Parameters
    ----------
    inputs : mapping of str to Tensor, shape (n, ...)
        One per modality, as the encoders prepare them.
    target : Tensor, shape (n,)
        As `mmfusion.training.losses.target_tensor` gives it; standardised for regression.
    """

    inputs: Mapping[str, Tensor]
    target: Tensor

    def rows(self, index: Tensor) -> Samples:
        """Select samples by position; an index of several axes gives inputs and target these axes."""
        flat = index.flatten()
        inputs = {
            name: torch.unflatten(x.index_select(0, flat), 0, index.shape) for name, x in self.inputs.items()
        }
        return Samples(inputs, self.target.index_select(0, flat).view(index.shape))

    def to(self, device: torch.device) -> Samples:
        """Move inputs and target to a device."""
        return Samples({name: x.to(device) for name, x in self.inputs.items()}, self.target.to(device))


@dataclass(frozen=True)
class Shelf:
    """The samples of several networks in one store, of which each takes its own part.

    Parameters
    ----------
    store : Samples
        All samples.
    first : Tensor of int64, shape (networks, 1)
        Position of every network's first sample.
    size : int
        Samples per network.
    """

    store: Samples
    first: Tensor
    size: int

    @classmethod
    def of(cls, parts: Sequence[Samples], device: torch.device) -> Shelf:
        """Put samples of equal number together; networks that share one `Samples` object share its memory."""
        kept = list({id(part): part for part in parts}.values())
        size = len(kept[0].target)
        place = {id(part): size * number for number, part in enumerate(kept)}
        inputs = {name: torch.cat([part.inputs[name] for part in kept]) for name in kept[0].inputs}
        store = Samples(inputs, torch.cat([part.target for part in kept])).to(device)
        return cls(store, torch.tensor([[place[id(part)]] for part in parts], device=device), size)

    def rows(self, index: Tensor) -> Samples:
        """Select samples by their position in every network's part, shape (networks, B)."""
        return self.store.rows(index + self.first)

    def all(self) -> Samples:
        """Return all samples of every network, (networks, size, ...)."""
        return self.rows(torch.arange(self.size, device=self.first.device).expand(len(self.first), -1))
