"""Prepared samples: of one network, or of many networks in one store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import pad
from torch.nn.utils.rnn import pad_sequence

from mmfusion.data.location import Location
from mmfusion.data.missing import without_missing
from mmfusion.data.modality_data import ModalityData
from mmfusion.data.padding import check_lengths, padding_mask
from mmfusion.encoders import Encoder
from mmfusion.errors import DataError


@dataclass(frozen=True)
class Samples:
    """Prepared inputs and target of one split.

    Parameters
    ----------
    inputs : mapping of str to Tensor, shape (n, ...)
        One per modality, as the encoders prepare them.
    target : Tensor, shape (n,) or (n, outputs)
        As `mmfusion.measures.losses.task_target` gives it; standardised for regression.
    weight : Tensor, shape (n,), optional
        Positive weights of the samples with a mean of one. Default: all one.
    present : mapping of str to Tensor of bool, shape (n,)
        Which samples have a modality; those without an entry are never missing.
    location : Location, optional
        How the user knows their rows and columns; a selection of samples has none.
    """

    inputs: Mapping[str, Tensor]
    target: Tensor
    weight: Tensor | None = None
    present: Mapping[str, Tensor] = field(default_factory=dict)
    location: Location | None = None

    def rows(self, index: Tensor) -> Samples:
        """Select samples by position; the result takes the shape of the index."""
        flat, shape = index.flatten(), index.shape
        return self._map(lambda values: torch.unflatten(values.index_select(0, flat), 0, shape))

    def to(self, device: torch.device) -> Samples:
        """Move everything to a device."""
        return self._map(lambda values: values.to(device))

    def _map(self, change: Callable[[Tensor], Tensor]) -> Samples:
        """Apply a function to every tensor."""
        return Samples(
            {name: change(values) for name, values in self.inputs.items()},
            change(self.target),
            None if self.weight is None else change(self.weight),
            {name: change(values) for name, values in self.present.items()},
        )

    def weight_of(self, name: str) -> Tensor | None:
        """Return the weights of the samples in the means of a modality, zero where it is missing; or None."""
        present = self.present.get(name)
        if present is None:
            return self.weight
        return present.to(torch.float32) if self.weight is None else present * self.weight

    def __len__(self) -> int:
        return len(self.target)


def concatenate(parts: Sequence[Samples]) -> Samples:
    """Concatenate samples; all of them have weights and masks, or none of them.

    Columns of vectors that others have in addition become zero, which a network with more columns ignores,
    see `mmfusion.training.widths`.
    """
    first = parts[0]
    if len(parts) == 1:
        return first  # memory-mapped inputs stay where they are
    return Samples(
        {name: torch.cat(_equally_wide([part.inputs[name] for part in parts])) for name in first.inputs},
        torch.cat([part.target for part in parts]),
        None if first.weight is None else torch.cat([x.weight for x in parts if x.weight is not None]),
        {name: torch.cat([part.present[name] for part in parts]) for name in first.present},
    )


def _equally_wide(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Add zeros at the end of the last axis of those that are shorter."""
    most = max(values.shape[-1] for values in tensors)
    return [pad(values, (0, most - values.shape[-1])) for values in tensors]


@dataclass(frozen=True)
class NetworkSamples:
    """The samples of several networks in one store, of which every network uses some rows.

    Parameters
    ----------
    store : Samples
        All samples.
    index : Tensor of int64, shape (networks, largest size)
        Rows of the store used by each network.
    sizes : tuple of int, optional
        How many of these rows, from the first one on, each network uses. Default: all.
    blocks: tuple of slice, optional
        The part of the store that the rows of each network come from. Default: all of it.
    fewest: int, optional
        How many samples say the number of batches of an epoch. Default: those of the network that has the
        fewest; fewer where some networks train in another stack.
    """

    store: Samples
    index: Tensor
    sizes: tuple[int, ...] = ()
    blocks: tuple[slice, ...] = ()
    fewest: int | None = None

    @classmethod
    def of(cls, parts: Sequence[Samples]) -> NetworkSamples:
        """Join samples of equal number, one part per network; a part that occurs twice is stored once."""
        kept = list({id(part): part for part in parts}.values())
        size = len(kept[0])
        first = {id(part): size * number for number, part in enumerate(kept)}
        index = torch.stack([torch.arange(first[id(part)], first[id(part)] + size) for part in parts])
        return cls(concatenate(kept), index)

    @classmethod
    def of_rows(cls, store: Samples, rows: Sequence[Tensor]) -> NetworkSamples:
        """Give every network its own rows of a store, which may be of unequal number."""
        return cls(store, pad_sequence(list(rows), batch_first=True), tuple(len(one) for one in rows))

    @classmethod
    def of_stores(
        cls, stores: Sequence[Samples], rows: Sequence[Sequence[Tensor]], fewest: int | None = None
    ) -> NetworkSamples:
        """Join stores, and give every network its own rows of one of them.

        Parameters
        ----------
        stores : sequence of Samples
        rows : sequence of sequence of Tensor
            For every store, those of each of its networks, which follow each other in this order.
        fewest : int, optional
            See the class.

        Returns
        -------
        NetworkSamples
        """
        if len(stores) == 1:
            return replace(cls.of_rows(stores[0], rows[0]), fewest=fewest)
        ends = list(accumulate(len(store) for store in stores))
        blocks = [slice(end - len(store), end) for store, end in zip(stores, ends, strict=True)]
        pairs = [(block, one) for block, group in zip(blocks, rows, strict=True) for one in group]
        joined = cls.of_rows(concatenate(stores), [block.start + one for block, one in pairs])
        return replace(joined, blocks=tuple(block for block, _ in pairs), fewest=fewest)

    def to(self, device: torch.device) -> NetworkSamples:
        """Move everything to a device."""
        return replace(self, store=self.store.to(device), index=self.index.to(device))

    @property
    def size(self) -> int:
        """Samples of the network that has the fewest, or those that say the number of batches."""
        return self.fewest or min(self.sizes, default=self.index.shape[1])

    def rows_of(self, network: int) -> Tensor:
        """Return the rows of the store that a network uses."""
        return self.index[network, : self.sizes[network]] if self.sizes else self.index[network]

    def rows(self, position: Tensor) -> Samples:
        """Select samples by their position within each network's samples, shape (networks, B)."""
        return self.store.rows(self.index.gather(1, position))

    def all(self) -> Samples:
        """Return all samples of every network, (networks, size, ...)."""
        return self.store.rows(self.index)

    def part(self, network: int) -> Samples:
        """Return the samples of one network without copying inputs.

        Rows that follow each other are a view; others are all samples of their block with weights of zero
        for those that the network does not use.
        """
        rows = self.rows_of(network)
        if bool((rows.diff() == 1).all()):
            return self.store._map(lambda values: values[int(rows[0]) : int(rows[-1]) + 1])
        block = self.store
        if self.blocks:
            block = self.store._map(lambda values: values[self.blocks[network]])
            rows = rows - self.blocks[network].start
        weight = torch.zeros(len(block))
        weight[rows] = 1.0 if block.weight is None else block.weight[rows]
        return replace(block, weight=weight)

    def parts(self) -> list[Samples]:
        """Return `part` of every network; networks with the same rows share one object."""
        known: dict[bytes, Samples] = {}
        keys = [self.rows_of(network).numpy().tobytes() for network in range(len(self.index))]
        for network, key in enumerate(keys):
            if key not in known:
                known[key] = self.part(network)
        return [known[key] for key in keys]


def prepare_samples(
    encoders: Mapping[str, Encoder],
    data: ModalityData,
    present: Mapping[str, NDArray[np.bool_]],
    target: Tensor | None = None,
    weight: NDArray[np.float64] | None = None,
) -> Samples:
    """Prepare checked arrays for networks; only modalities that are missing or padded somewhere are copied.

    Parameters
    ----------
    encoders : mapping of str to Encoder
        One per modality.
    data : ModalityData
    present : mapping of str to array of bool, shape (n,)
        Which samples have a modality; without an entry all have it.
    target : Tensor, shape (n,) or (n, outputs), optional
        As `mmfusion.training.target_moments.TargetMoments.standardise` gives it. Default: zeros.
    weight : array, shape (n,), optional
        Weights of the samples with a mean of one. Default: all one.

    Returns
    -------
    Samples

    Raises
    ------
    DataError
        If an encoder cannot read its modality, with the name of it.
    """
    inputs = {}
    for name, encoder in encoders.items():
        values = data.arrays[name]
        real = None
        if name in data.lengths:
            where, location = data.location.lengths(name), data.location
            lengths = check_lengths(
                data.lengths[name], len(values), values.shape[1], where, location.row, location.error
            )
            real = ~padding_mask(values, lengths)
        if name in present:
            values = without_missing(values, ~present[name])
        try:
            inputs[name] = encoder.prepare(values, real)
        except DataError as error:
            raise DataError(f"{name}: {error}") from None
    return Samples(
        inputs,
        torch.zeros(len(data)) if target is None else target,
        None if weight is None else torch.from_numpy(weight).float(),
        {name: torch.from_numpy(mask) for name, mask in present.items()},
        data.location,
    )
