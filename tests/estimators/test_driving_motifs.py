"""Motifs that drive a block: found where they are planted by hand, and the counts that a logo shows."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import entropy

from mmfusion.data.modality_data import ModalityData
from mmfusion.estimators.driving_motifs import FoundMotif, chance_share, driving_motifs, recovered_share
from mmfusion.measures.spectrum import spectrum
from mmfusion.training.modality import Modality
from mmfusion.training.network import MultimodalNetwork, build_network
from mmfusion.training.samples import Samples, prepare_samples

MOTIF = np.array([0, 2, 1, 3, 3, 1, 2])
N, OFFSET, CHANNEL = 240, 2, 3
START = np.random.default_rng(1).integers(2, 30, N)
ARGUMENTS = {"width": 12, "channels": 8, "dim": 4}


def logo(counts: np.ndarray) -> FoundMotif:
    return FoundMotif("dna", 0, 1.0, counts, np.zeros(counts[0].sum(), dtype=np.int64))


@pytest.fixture(scope="module")
def sequences() -> dict[str, np.ndarray]:
    """The motif stands in every second sequence of the first view; the second is noise."""
    random = np.random.default_rng(0)
    views = {name: random.integers(4, size=(N, 42)) for name in ("dna", "rna")}
    for row in range(0, N, 2):
        views["dna"][row, START[row] : START[row] + 7] = MOTIF
    return views


@pytest.fixture(scope="module")
def network() -> MultimodalNetwork:
    """One filter of the first view fits the motif, the other ones fit nothing."""
    modalities = [Modality(name, "symbols", 4, ARGUMENTS) for name in ("dna", "rna")]
    network = build_network(modalities, {"norm": "ibn"}, torch.Generator().manual_seed(0))
    encoder = network.encoder_of_modality["dna"]
    with torch.no_grad():
        encoder.conv.weight.mul_(0.01)
        for place, symbol in enumerate(MOTIF):
            encoder.conv.weight[CHANNEL, symbol, OFFSET + place] = 1.0
        encoder.conv.bias[CHANNEL] = -6.0
    return network


def analysed(network: MultimodalNetwork, sequences: dict, subset: tuple[str, ...]) -> list[FoundMotif]:
    data = ModalityData(sequences)
    samples: Samples = prepare_samples(network.encoder_of_modality, data, {}, torch.zeros(N))
    features = {
        name: encoder.fit_statistics(samples.inputs[name])
        for name, encoder in network.encoder_of_modality.items()
    }
    with torch.no_grad():
        network.fusion.fit_statistics(features)
        network.eval()
        block = network.fusion.block_features(features)[subset].double().numpy()
    _, direction = spectrum(block)
    return driving_motifs(network, samples, sequences, subset, direction)


def test_a_planted_motif_is_found_at_its_place(network: MultimodalNetwork, sequences: dict) -> None:
    found = next(one for one in analysed(network, sequences, ("dna",)) if one.filter == CHANNEL)
    planted = found.consensus[OFFSET : OFFSET + 7]
    assert planted.tolist() == MOTIF.tolist()
    assert recovered_share([found], MOTIF) == 1.0
    assert len(found.starts) == N // 4
    assert set(found.starts.tolist()) <= set((START - OFFSET).tolist())
    assert found.counts.sum() == 12 * (N // 4)


def test_products_have_motifs_of_every_modality(network: MultimodalNetwork, sequences: dict) -> None:
    found = analysed(network, sequences, ("dna", "rna"))
    assert {one.modality for one in found} == {"dna", "rna"}
    for modality in ("dna", "rna"):
        drives = [one.drive for one in found if one.modality == modality]
        assert drives == sorted(drives, reverse=True)
        assert 0 < sum(drives) <= 1 + 1e-9


def test_information_is_bits_of_a_logo() -> None:
    counts = np.array([[100, 0, 0, 0], [25, 25, 25, 25], [50, 50, 0, 0]])
    expected = [2 - entropy(row, base=2) - 3 / (200 * np.log(2)) for row in counts]
    assert logo(counts).information == pytest.approx(np.maximum(expected, 0))
    assert logo(counts).consensus.tolist() == [0, -1, 0]


def test_what_is_recovered_may_begin_before_the_window() -> None:
    symbols = 100 * np.eye(4, dtype=np.int64)
    assert recovered_share([logo(symbols[MOTIF[3:]])], MOTIF) == pytest.approx(4 / 7)
    assert recovered_share([logo(symbols[MOTIF[:2]]), logo(symbols[MOTIF[:5]])], MOTIF) == pytest.approx(
        5 / 7
    )
    assert recovered_share([], MOTIF) == 0.0


def test_chance_is_less_than_what_is_planted() -> None:
    known = [logo(100 * np.eye(4, dtype=np.int64)[MOTIF])]
    chance = chance_share(known, 7)
    assert 1 / 7 < chance < 0.6
    assert chance == chance_share(known, 7)
    unsure = [logo(np.full((12, 4), 25))]
    assert chance_share(unsure, 7) == recovered_share(unsure, MOTIF) == 0.0
