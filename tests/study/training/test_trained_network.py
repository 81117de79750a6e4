"""A trained network predicts with constants of the training split: of encoders first, then of the fusion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mmfusion.encoders import encoder as base
from mmfusion.study.cells import Cell
from mmfusion.study.training.cell_training import prepared_splits, train_cell
from mmfusion.training import network as module

NORMS = ("none", "bn", "vbn", "dbn", "ibn")


@pytest.fixture
def trained(train_seeds, sequences, cell: Cell):
    """Function of a normalisation: the network of seed 0 and its prepared splits."""

    def make(norm: str = "ibn", **changes):
        block, _, _ = train_seeds(0, at=replace(cell, norm=norm), **changes)
        return block.networks[0], prepared_splits(block, 0, sequences[0])

    return make


def test_batch_norm_moments_are_those_of_the_training_split(trained, sequences) -> None:
    network, _ = trained()
    for name, encoder in zip(network.modalities, network.encoders, strict=True):
        values = torch.from_numpy(sequences[0].splits["train"].features[name]).long()
        one_hot = torch.nn.functional.one_hot(values, 4).transpose(1, 2).float()
        hidden = torch.relu(encoder.conv(one_hot).amax(2)).double()
        torch.testing.assert_close(
            encoder.batch_norm.running_mean.double(), hidden.mean(0), rtol=1e-5, atol=1e-6
        )
        biased = hidden.var(0, correction=0)
        torch.testing.assert_close(encoder.batch_norm.running_var.double(), biased, rtol=1e-5, atol=1e-7)
        assert not torch.allclose(encoder.batch_norm.running_var.double(), hidden.var(0), rtol=1e-3)


def test_vector_encoders_have_their_moments_without_dropout(vectors, vector_settings, cell: Cell) -> None:
    dataset = vectors("binary")
    block, _, _ = train_cell(cell, {0: dataset}, vector_settings, progress=False)
    for name, encoder in zip(("text", "audio"), block.networks[0].encoders, strict=True):
        inputs = encoder.prepare(dataset.splits["train"].features[name])
        hidden = torch.relu(encoder.first(inputs)).double()
        torch.testing.assert_close(
            encoder.batch_norm.running_mean.double(), hidden.mean(0), rtol=1e-5, atol=1e-6
        )
        biased = hidden.var(0, correction=0)
        biased[biased == 0] = torch.inf  # of units that are dead in training, which stay so
        torch.testing.assert_close(encoder.batch_norm.running_var.double(), biased, rtol=1e-5, atol=1e-7)


def test_moments_of_the_fusion_layer_follow_in_double_precision(trained) -> None:
    """Centres, kappas and scales are those of features encoded with the final moments."""
    network, splits = trained()
    norm = network.fusion.norm
    features = {name: x.double() for name, x in network.eval().encode_all(splits["train"].inputs).items()}
    centres = {name: x.mean(0, keepdim=True) for name, x in features.items()}
    centred = {name: x - centres[name] for name, x in features.items()}
    for name, centre in norm.split_inputs("centre").items():
        assert centre.dtype == torch.float64
        torch.testing.assert_close(centre, centres[name], rtol=1e-12, atol=1e-14)
    pair = torch.einsum("na,nb->nab", centred["1"], centred["3"])
    triple = torch.einsum("na,nb,nc->nabc", *centred.values())
    stored = norm.by_subset(norm.kappa.unsqueeze(0))
    assert stored["1", "2", "3"].dtype == torch.float64
    assert not stored["1",].any()
    for subset, product in ((("1", "3"), pair), (("1", "2", "3"), triple)):
        expected = -product.mean(0).flatten()
        torch.testing.assert_close(stored[subset][0], expected, rtol=1e-10, atol=1e-14)
    psi = pair - pair.mean(0)
    scale = (psi.square().sum((1, 2)).mean() + norm.eps).sqrt()
    torch.testing.assert_close(
        norm.by_subset(norm.get_buffer("scale").unsqueeze(0))["1", "3"],
        scale.expand(1, 9),
        rtol=1e-10,
        atol=0,
    )


@pytest.mark.parametrize("norm", NORMS[1:])
def test_blocks_are_centred_over_the_training_split(trained, norm: str) -> None:
    network, splits = trained(norm)
    features = network.encode_all(splits["train"].inputs)
    for phi in network.fusion.block_features(features).values():
        assert float(phi.mean(0).detach().abs().max()) < 1e-5
        assert 0.5 < float(phi.detach().square().sum(1).mean()) < 1 + 1e-5


@pytest.mark.parametrize("norm", NORMS)
def test_a_score_is_the_same_alone_and_in_any_batch(trained, norm: str) -> None:
    network, splits = trained(norm)
    inputs = splits["test"].inputs
    with torch.no_grad():
        scores = network(inputs)
        alone = torch.cat(
            [network({m: x[row : row + 1] for m, x in inputs.items()}) for row in range(len(scores))]
        )
        turned = network({m: x.flip(0) for m, x in inputs.items()}).flip(0)
        double = network({m: torch.cat([x, x]) for m, x in inputs.items()})[: len(scores)]
    for other in (alone, turned, double):
        assert float((other - scores).abs().max()) < 1e-5 * float(scores.std())


@pytest.mark.parametrize("norm", NORMS)
def test_contributions_sum_to_the_score(trained, norm: str) -> None:
    network, splits = trained(norm)
    parts = network.parts(network.encode_all(splits["test"].inputs))
    total = sum(parts.values()) + network.bias
    scores = network(splits["test"].inputs).detach().double().numpy()
    np.testing.assert_allclose(total, scores, rtol=1e-5, atol=1e-5)


def test_a_trained_network_folds_into_plain_tensor_fusion(trained) -> None:
    network, splits = trained()
    features = network.encode_all(splits["test"].inputs)
    folded = network.fusion.fold()({name: x.double() for name, x in features.items()})
    torch.testing.assert_close(folded.float(), network.fusion(features), rtol=1e-4, atol=1e-5)


def test_rows_encoded_at_once_do_not_matter(trained, monkeypatch: pytest.MonkeyPatch) -> None:
    network, splits = trained()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    for position in (module, base):
        monkeypatch.setattr(position, "ROWS_AT_ONCE", 7)
    network.fit_statistics(splits["train"])
    for name, value in network.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=1e-5, atol=1e-6)


def test_networks_come_in_eval_mode(trained) -> None:
    network, splits = trained()
    assert not any(part.training for part in network.modules())
    before = {name: value.clone() for name, value in network.state_dict().items()}
    network(splits["test"].inputs)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_modality_order_is_that_of_the_dataset(vectors, vector_settings, cell: Cell) -> None:
    block, _, _ = train_cell(cell, {0: vectors("binary")}, vector_settings, progress=False)
    network = block.networks[0]
    assert network.fusion.subsets == [("text",), ("audio",), ("text", "audio")]
    assert [encoder.first.in_features for encoder in network.encoders] == [5, 2]
    assert np.isfinite(network.fusion.relevance()["beta"]).all()
