"""Networks that fuse modalities: their equations, their training as one stack, and what they learn."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.metrics import log_loss
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss, relu

from mmfusion.data.folds import make_folds
from mmfusion.encoders.lent_generator import drawing_from
from mmfusion.errors import InputError
from mmfusion.study.peers import network_training
from mmfusion.study.peers.contract import Floats, Peer, PeerData
from mmfusion.study.peers.fusion_networks import (
    MOST_ENTRIES,
    FusionNetwork,
    LowRankFusion,
    ResidualOptimisation,
    TensorFusionNetwork,
    factor_width,
    outer_product,
)
from mmfusion.study.peers.network_peers import LOW_RANK, RESIDUAL, TENSOR_FUSION
from mmfusion.study.peers.network_training import (
    FoldedSamples,
    descent,
    folded_samples,
    train_folds,
    train_stack,
)

NETWORKS = (TensorFusionNetwork, LowRankFusion, ResidualOptimisation)
PEERS = (TENSOR_FUSION, LOW_RANK, RESIDUAL)
WIDTHS = {"a": 2, "b": 3, "c": 4}
TARGETS = {
    "easy": lambda a, b, c, e: a + 0.5 * e > 0,
    "product": lambda a, b, c, e: a * b + 0.3 * e > 0,
    "regression": lambda a, b, c, e: 100 + 10 * (a + b * c + 0.5 * e),
}


def drawn(design: str, rng: np.random.Generator, count: int, width: int) -> tuple[dict[str, Floats], NDArray]:
    X = {name: rng.normal(size=(count, width)) for name in "abc"}
    y = TARGETS[design](*(values[:, 0] for values in X.values()), rng.normal(size=count))
    return X, y.astype(np.float64 if design == "regression" else np.int64)


def made(design: str = "easy", count: int = 400, width: int = 5, seed: int = 0) -> tuple[PeerData, NDArray]:
    """Data of a design, and the targets of its unknown samples."""
    rng = np.random.default_rng(seed)
    (X, y), (unknown, truth) = (drawn(design, rng, size, width) for size in (count, 2000))
    task = "regression" if design == "regression" else "binary"
    folds = make_folds(5, np.arange(count), count, y if task == "binary" else None)
    return PeerData(X, y, task, folds, unknown, seed=seed), truth


def predicted(peer: Peer, data: PeerData) -> NDArray:
    """Probabilities, or numbers, of the unknown samples."""
    scores = peer.answers([data])[0].scores
    assert scores is not None
    return scores.unknown if data.task == "regression" else expit(scores.unknown)


def columns(count: int = 6) -> Tensor:
    return torch.randn(count, sum(WIDTHS.values()), generator=torch.Generator().manual_seed(0))


def built(build: type[FusionNetwork], data: PeerData) -> list[FusionNetwork]:
    with drawing_from(torch.Generator().manual_seed(0)):
        return [build({name: values.shape[1] for name, values in data.X.items()}) for _ in data.folds]


def parameters_after(
    steps: int, networks: list[FusionNetwork], samples: FoldedSamples, penalties: tuple[float, ...]
) -> dict[str, Tensor]:
    parameters, _ = next(islice(descent(networks, samples, penalties), steps, None))
    return {name: values.detach().clone() for name, values in parameters.items()}


def test_tensor_fusion_is_a_network_of_the_outer_product() -> None:
    network = TensorFusionNetwork(WIDTHS)
    width = factor_width(3)
    for embed in network.embed:  # z_m has the columns of x_m that are positive, then zeros
        for layer in (embed[0], embed[2]):
            nn.init.eye_(layer.weight)
            nn.init.zeros_(layer.bias)
    x = columns()
    ended = [torch.zeros(len(x), width + 1) for _ in WIDTHS]
    for part, values in zip(x.split([*WIDTHS.values()], dim=1), ended, strict=True):
        values[:, : part.shape[1]] = relu(part)
        values[:, -1] = 1.0
    product = torch.einsum("ni,nj,nk->nijk", *ended).flatten(1)
    torch.testing.assert_close(network(x), network.infer(product))


def test_outer_product_of_any_number_of_factors() -> None:
    first, second = columns()[:, :2], columns()[:, 2:5]
    assert torch.equal(outer_product([first]), first)
    expected = torch.stack([torch.kron(*pair) for pair in zip(first, second, strict=True)])
    torch.testing.assert_close(outer_product([first, second]), expected)


@pytest.mark.parametrize("modalities", range(1, 13))
def test_outer_products_stay_small(modalities: int) -> None:
    assert 1 <= factor_width(modalities) <= 8
    assert (factor_width(modalities) + 1) ** modalities <= MOST_ENTRIES


def test_too_many_modalities_for_an_outer_product() -> None:
    with pytest.raises(InputError, match=r"13 modalities.*leave modalities out"):
        factor_width(13)


def test_low_rank_fusion_contracts_a_tensor_of_low_rank() -> None:
    network, x = LowRankFusion(WIDTHS), columns()
    parts = x.split([*WIDTHS.values()], dim=1)
    embedded = [embed(part) for embed, part in zip(network.embed, parts, strict=True)]
    ended = [torch.cat([z, torch.ones(len(x), 1)], dim=1) for z in embedded]
    factors = [torch.cat([layer.weight, layer.bias[:, None]], dim=1) for layer in network.factors]  # (R, k_m)
    tensor = torch.einsum("ri,rj,rk->ijk", *factors)
    torch.testing.assert_close(network(x)[:, 0], torch.einsum("ijk,ni,nj,nk->n", tensor, *ended))


def test_residual_optimisation_adds_up_its_contributions() -> None:
    network, x = ResidualOptimisation(WIDTHS), columns()
    parts = network.contributions(x)
    expected = torch.stack([parts[:, :last].sum(dim=1) for last in (3, 6, 7)], dim=1)
    torch.testing.assert_close(network(x), expected)
    assert network.subsets[-1] == ("a", "b", "c")
    assert ResidualOptimisation({"a": 2, "b": 1})(x[:, :3]).shape == (6, 2)  # up to pairs


def test_an_order_only_learns_what_lower_orders_miss() -> None:
    def gradients(network: ResidualOptimisation) -> list[Tensor]:
        scores = network(columns())
        mse_loss(scores, torch.ones_like(scores)).backward()
        return [torch.cat([p.grad.flatten() for p in part.parameters()]) for part in network.parts]

    network, changed = ResidualOptimisation(WIDTHS), ResidualOptimisation(WIDTHS)
    changed.load_state_dict(network.state_dict())
    nn.init.normal_(changed.parts[4][0].weight)  # of a and c
    same = [torch.equal(*pair) for pair in zip(gradients(network), gradients(changed), strict=True)]
    assert same == [True] * 3 + [False] * 4  # orders above know it; so do the other pairs, as one sum


@pytest.mark.parametrize("design", ["easy", "regression"])
@pytest.mark.parametrize("build", NETWORKS)
def test_a_stack_learns_what_one_network_learns(build: type[FusionNetwork], design: str) -> None:
    data, _ = made(design, count=60, width=2)
    samples, penalty, fold, steps = folded_samples(data), 0.01, 3, 10
    networks = built(build, data)
    stacked = parameters_after(steps, networks, samples, (0.1, penalty))

    alone, rows = networks[fold], torch.from_numpy(data.folds[fold].train)
    x, y = samples.columns[fold, rows], samples.target[fold, rows]
    loss = mse_loss if design == "regression" else binary_cross_entropy_with_logits
    optimiser = torch.optim.Adam(alone.parameters(), lr=network_training.RATE)
    for _ in range(steps):
        optimiser.zero_grad()
        squares = sum(p.square().sum() for name, p in alone.named_parameters() if "weight" in name)
        sum((loss(score, y) for score in alone(x).T), penalty * squares).backward()
        optimiser.step()
    for name, values in alone.named_parameters():  # the second penalty comes after all folds of the first
        torch.testing.assert_close(stacked[name][len(data.folds) + fold], values, rtol=1e-3, atol=1e-4)


def test_the_step_and_the_penalty_with_the_least_held_out_loss_are_kept() -> None:
    data, _ = made("regression", count=60, width=2)
    samples, networks = folded_samples(data), built(LowRankFusion, data)
    all_trained = train_stack(networks, samples, (1e-3, 1.0))
    for trained in all_trained:
        errors = []
        for fold, (_, held_out) in enumerate(data.folds):
            rows = torch.from_numpy(held_out)
            found = trained.of_fold(fold)(samples.columns[fold, rows])[:, -1]
            errors.append(mse_loss(found, samples.target[fold, rows]).item())
        assert np.mean(errors) == pytest.approx(trained.loss, rel=1e-4)
        assert trained.loss <= train_stack(networks, samples, (trained.penalty,), steps=20)[0].loss + 1e-5
    best = train_folds(LowRankFusion, data, samples, (1e-3, 1.0))
    assert best.loss == min(train_folds(LowRankFusion, data, samples, (one,)).loss for one in (1e-3, 1.0))


def test_memory_does_not_change_what_is_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    data, _ = made(count=60, width=2)
    together = predicted(LOW_RANK, data)
    monkeypatch.setattr(network_training, "MEMORY", 1)
    np.testing.assert_allclose(predicted(LOW_RANK, data), together, rtol=1e-4)


@pytest.mark.parametrize("build", NETWORKS)
def test_a_network_does_not_learn_from_the_targets_it_holds_out(build: type[FusionNetwork]) -> None:
    data, _ = made("regression", count=60, width=2)
    y = data.y.copy()
    y[data.folds[1].held_out] *= 2
    same = []
    for target in (data.y, y):
        changed = replace(data, y=target)
        same.append(parameters_after(10, built(build, data), folded_samples(changed), (0.01,)))
    for name, values in same[0].items():
        torch.testing.assert_close(same[1][name][1], values[1], rtol=1e-4, atol=1e-5)
    assert any(not torch.allclose(same[1][name][0], values[0]) for name, values in same[0].items())


def test_constant_columns_and_targets_become_zero() -> None:
    data, _ = made("regression", count=60, width=2)
    data.X["a"][:, 1] = 0.1
    data = replace(data, y=np.full(60, 0.1))
    samples = folded_samples(data)
    assert not samples.columns[:, :, 1].any()
    assert not samples.unknown[:, :, 1].any()
    torch.testing.assert_close(samples.target, torch.zeros(5, 60))
    np.testing.assert_allclose(predicted(RESIDUAL, data), 0.1, atol=0.3)


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_peers_repeat_themselves_and_leave_torch_alone(peer: Peer) -> None:
    data, _ = made(count=60, width=2)
    state, threads = torch.random.get_rng_state(), torch.get_num_threads()
    first = predicted(peer, data)
    np.testing.assert_array_equal(first, predicted(peer, data))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.get_num_threads() == threads
    assert not np.array_equal(first, predicted(peer, replace(data, seed=1)))


@pytest.mark.parametrize("design", ["easy", "product"])
@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_peers_beat_the_constant(peer: Peer, design: str) -> None:
    data, truth = made(design)
    most = {"easy": 0.4, "product": 0.6}[design]
    assert log_loss(truth, predicted(peer, data)) < most  # a constant has .69


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_peers_predict_in_the_units_of_the_target(peer: Peer) -> None:
    data, truth = made("regression")
    found = predicted(peer, data)
    assert np.mean((found - truth) ** 2) < 0.5 * truth.var()


def test_shares_are_those_of_the_subsets_that_matter() -> None:
    importances = RESIDUAL.answers([made("regression")[0]])[0].importances.set_index("subset")["importance"]
    assert [*importances.index] == ["a", "b", "c", "a+b", "a+c", "b+c", "a+b+c"]
    assert importances.sum() == pytest.approx(1)
    assert {*importances.nlargest(2).index} == {"a", "b+c"}
    assert TENSOR_FUSION.answers([made(count=60, width=2)[0]])[0].importances.empty
