"""Prepared samples of one split, for one network or for many side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass(frozen=True)
class Samples:
    """Prepared inputs and target of one split.

    Parameters
    ----------
    inputs : mapping of str to Tensor, shape (n, ...)
        One per modality, as the encoders prepare them.
    target : Tensor, shape (n,) or (n, outputs)
        As `mmfusion.training.objective.target_tensor` gives it; standardised for regression.
    weight : Tensor, shape (n,), optional
        Positive weights of the samples with a mean of one. Default: all one.
    present : mapping of str to Tensor of bool, shape (n,)
        Which samples have a modality; those without an entry are never missing.
    """

    inputs: Mapping[str, Tensor]
    target: Tensor
    weight: Tensor | None = None
    present: Mapping[str, Tensor] = field(default_factory=dict)

    def rows(self, index: Tensor) -> Samples:
        """Select samples by position; an index of several axes gives everything these axes."""
        flat, shape = index.flatten(), index.shape

        def chosen(values: Tensor) -> Tensor:
            return torch.unflatten(values.index_select(0, flat), 0, shape)

        return Samples(
            {name: chosen(values) for name, values in self.inputs.items()},
            chosen(self.target),
            None if self.weight is None else chosen(self.weight),
            {name: chosen(values) for name, values in self.present.items()},
        )

    def piece(self, rows: slice) -> Samples:
        """Return a view of some samples, without copying."""
        return Samples(
            {name: x[rows] for name, x in self.inputs.items()},
            self.target[rows],
            None if self.weight is None else self.weight[rows],
            {name: x[rows] for name, x in self.present.items()},
        )

    def to(self, device: torch.device) -> Samples:
        """Move everything to a device."""
        return Samples(
            {name: x.to(device) for name, x in self.inputs.items()},
            self.target.to(device),
            None if self.weight is None else self.weight.to(device),
            {name: x.to(device) for name, x in self.present.items()},
        )

    def weight_of(self, name: str) -> Tensor | None:
        """Return the weights of the samples in the means of a modality, zero where it is missing; or None."""
        here = self.present.get(name)
        if here is None:
            return self.weight
        return here.to(torch.float32) if self.weight is None else here * self.weight

    def __len__(self) -> int:
        return len(self.target)


def _joined(parts: Sequence[Samples]) -> Samples:
    """Put samples below each other; all of them have weights and masks, or none of them."""
    if len(parts) == 1:
        return parts[0]  # memory-mapped inputs stay where they are
    first = parts[0]
    return Samples(
        {name: torch.cat([part.inputs[name] for part in parts]) for name in first.inputs},
        torch.cat([part.target for part in parts]),
        None if first.weight is None else torch.cat([x.weight for x in parts if x.weight is not None]),
        {name: torch.cat([part.present[name] for part in parts]) for name in first.present},
    )


@dataclass(frozen=True)
class Shelf:
    """The samples of several networks in one store, of which each takes its own part.

    Parameters
    ----------
    store : Samples
        All samples.
    places : Tensor of int64, shape (networks, size)
        Positions of every network's samples in the store.
    """

    store: Samples
    places: Tensor

    @classmethod
    def of(cls, parts: Sequence[Samples]) -> Shelf:
        """Put samples of equal number together; networks that share one `Samples` object share its memory."""
        kept = list({id(part): part for part in parts}.values())
        size = len(kept[0])
        first = {id(part): size * number for number, part in enumerate(kept)}
        places = torch.stack([torch.arange(first[id(part)], first[id(part)] + size) for part in parts])
        return cls(_joined(kept), places)

    def to(self, device: torch.device) -> Shelf:
        """Move everything to a device."""
        return Shelf(self.store.to(device), self.places.to(device))

    @property
    def size(self) -> int:
        """Samples per network."""
        return self.places.shape[1]

    def rows(self, index: Tensor) -> Samples:
        """Select samples by their position in every network's part, shape (networks, B)."""
        return self.store.rows(self.places.gather(1, index))

    def all(self) -> Samples:
        """Return all samples of every network, (networks, size, ...)."""
        return self.store.rows(self.places)
