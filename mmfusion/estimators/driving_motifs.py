"""What the filters that drive a block look for: windows of symbols, counted position by position.

The *projection* of a sample is <phi_I(x), v>, v the leading eigenvector of the covariance of the block. A
filter of a modality's motif scanner *drives* the block by as much as the projection changes, on average over
the samples, where the filter has its mean activation instead of its own. Its *windows* are where it fits best
in the samples that activate it most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor
from torch.nn.functional import conv1d, one_hot

from mmfusion.encoders.encoder import batch_norm
from mmfusion.encoders.motif_scanner import MotifScanner
from mmfusion.fusion.subsets import Subset
from mmfusion.training.network import MultimodalNetwork
from mmfusion.training.samples import Samples

Floats = NDArray[np.float64]

COVERED = 0.9
"""Filters are listed, those that drive most first, until they make up this share of all."""
ACTIVE, MOST_WINDOWS = 0.25, 1000
"""Share of the samples, those that activate a filter most, whose windows are counted, and most of these."""
FEWEST_BITS = 0.5
"""Information of a position below which it has no symbol of its own."""
PADDING = -1
"""Symbol of a step that is padding."""
DRAWN = 1000
"""Random motifs behind `chance_share`."""


@dataclass(frozen=True)
class FoundMotif:
    """What one filter looks for.

    Parameters
    ----------
    modality : str
    filter : int
    drive : float
        Its share of what all filters of the modality drive.
    counts : array, shape (width, alphabet)
        How often every symbol stands at every position of its windows.
    starts : array, shape (windows,)
        Where the windows begin in their sequences.
    """

    modality: str
    filter: int
    drive: float
    counts: NDArray[np.int64]
    starts: NDArray[np.int64]

    @property
    def information(self) -> Floats:
        r"""Bits per position, shape (width,): log2 A + sum_a f_a log2 f_a - (A - 1) / (2 n ln 2), at least 0.

        f_a is the share of symbol a among n windows, A the size of the alphabet; the last term is what too
        few windows would add (Schneider, Stormo, Gold, Ehrenfeucht, Journal of Molecular Biology 188, 1986).
        """
        windows = self.counts.sum(axis=1, keepdims=True)
        share = self.counts / windows
        entropy = -np.sum(share * np.log2(np.where(share > 0, share, 1.0)), axis=1)
        alphabet = self.counts.shape[1]
        spurious = (alphabet - 1) / (2 * np.log(2) * windows[:, 0])
        return np.asarray(np.maximum(np.log2(alphabet) - entropy - spurious, 0.0))

    @property
    def consensus(self) -> NDArray[np.int64]:
        """Most frequent symbol per position, -1 where the information is below `FEWEST_BITS`."""
        return np.where(self.information >= FEWEST_BITS, self.counts.argmax(axis=1), -1)


@torch.no_grad()
def driving_motifs(
    network: MultimodalNetwork,
    samples: Samples,
    sequences: Mapping[str, NDArray[Any]],
    subset: Subset,
    direction: Floats,
    real: Mapping[str, NDArray[np.bool_]] = MappingProxyType({}),
) -> list[FoundMotif]:
    """Find what the filters look for that drive a block of a network.

    Parameters
    ----------
    network : MultimodalNetwork
        In eval mode. Modalities of the subset that are not encoded by motif scanners are left out.
    samples : Samples
        As the network takes them; none lacks a modality.
    sequences : mapping of str to array of int, shape (n, length)
        The symbols of the same samples.
    subset : subset
        The block.
    direction : array, shape (D,)
        v, such as that of `mmfusion.measures.spectrum.spectrum`.
    real : mapping of str to array of bool, shape (n, length), optional
        Which steps are not padding; without an entry all of them.

    Returns
    -------
    list of FoundMotif
        By modality in modality order, those that drive most first.
    """
    features = network.encode_all(samples.inputs)
    vector = torch.from_numpy(direction)
    before = _projection(network, features, subset, vector)
    found = []
    for modality in subset:
        encoder = network.encoder_of_modality[modality]
        if not isinstance(encoder, MotifScanner):
            continue
        hidden = encoder.activations(samples.inputs[modality])  # (channels, n)
        drive = np.empty(len(hidden))
        for channel in range(len(hidden)):
            changed = hidden.clone()
            changed[channel] = hidden[channel].mean()
            other = encoder.head(batch_norm(encoder.batch_norm, changed)).mT
            after = _projection(network, {**features, modality: other}, subset, vector)
            drive[channel] = float((before - after).abs().mean())
        symbols = np.asarray(sequences[modality], dtype=np.int64)
        steps = real.get(modality, np.ones(symbols.shape, dtype=bool))
        found += _motifs(modality, encoder, hidden, drive, np.where(steps, symbols, PADDING))
    return found


def _projection(
    network: MultimodalNetwork, features: Mapping[str, Tensor], subset: Subset, vector: Tensor
) -> Tensor:
    return network.fusion.block_features(features)[subset].double() @ vector


def _motifs(
    modality: str, encoder: MotifScanner, hidden: Tensor, drive: Floats, sequences: NDArray[np.int64]
) -> list[FoundMotif]:
    """Count the windows of the filters that drive a block together; `sequences` has `PADDING`."""
    total = drive.sum()
    if not total > 0:
        return []
    order = np.argsort(-drive, kind="stable")
    needed = 1 + int(np.searchsorted(np.cumsum(drive[order]) / total, COVERED))
    found = []
    for channel in order[:needed].tolist():
        most = torch.argsort(hidden[channel], descending=True, stable=True)
        active = most[: min(MOST_WINDOWS, max(1, int(ACTIVE * len(most))))]
        chosen = active[hidden[channel][active] > 0].numpy()
        if len(chosen):
            counts, starts = _windows(encoder, channel, _filled(sequences[chosen], encoder.width))
            found.append(FoundMotif(modality, channel, float(drive[channel] / total), counts, starts))
    return found


def _windows(
    encoder: MotifScanner, channel: int, sequences: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count the symbols of the windows that a filter fits best, one per sequence, and where they begin."""
    windows = np.lib.stride_tricks.sliding_window_view(sequences != PADDING, encoder.width, axis=1)
    coded = one_hot(torch.from_numpy(np.maximum(sequences, 0)), encoder.alphabet).float().mT
    fit = conv1d(coded, encoder.conv.weight[channel : channel + 1])[:, 0]
    starts = torch.where(torch.from_numpy(windows.all(axis=2)), fit, -torch.inf).argmax(dim=1).numpy()
    best = np.take_along_axis(sequences, starts[:, np.newaxis] + np.arange(encoder.width), axis=1)
    counts = np.stack([(best == symbol).sum(axis=0) for symbol in range(encoder.alphabet)], axis=1)
    return counts, starts


def _filled(sequences: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    """Make sequences at least as long as a window, by padding behind."""
    missing = max(0, width - sequences.shape[1])
    return np.pad(sequences, ((0, 0), (0, missing)), constant_values=PADDING)


def recovered_share(found: Sequence[FoundMotif], motif: ArrayLike) -> float:
    """Return the share of a planted motif's symbols that the consensus of a filter holds, in their order.

    The motif may begin at any position of the window, or before it; the best place of the best filter counts.

    Parameters
    ----------
    found : sequence of FoundMotif
    motif : array-like of int, shape (w,)

    Returns
    -------
    float
        0 without filters.

    Examples
    --------
    >>> counts = 100 * np.eye(4, dtype=np.int64)[[0, 2, 1, 3, 3]]
    >>> one = FoundMotif("dna", 0, 1.0, counts, np.zeros(100, dtype=np.int64))
    >>> recovered_share([one], [2, 1, 3, 0])
    0.75
    """
    return float(_shares(found, np.asarray(motif)[np.newaxis])[0])


def chance_share(found: Sequence[FoundMotif], length: int, seed: int = 0) -> float:
    """Return the mean share of `DRAWN` random motifs of a length that these filters hold by chance.

    Parameters
    ----------
    found : sequence of FoundMotif
    length : int
    seed : int

    Returns
    -------
    float
    """
    alphabet = max((one.counts.shape[1] for one in found), default=1)
    drawn = np.random.default_rng(seed).integers(alphabet, size=(DRAWN, length))
    return float(_shares(found, drawn).mean())


def _shares(found: Sequence[FoundMotif], motifs: NDArray[Any]) -> Floats:
    """Return the recovered share of every motif, (motifs, w)."""
    best = np.zeros(len(motifs))
    outside = np.full(motifs.shape[1] - 1, -1)
    for one in found:
        filled = np.concatenate([outside, one.consensus, outside])
        places = np.lib.stride_tricks.sliding_window_view(filled, motifs.shape[1])
        best = np.maximum(best, (places == motifs[:, np.newaxis]).mean(axis=2).max(axis=1))
    return best
