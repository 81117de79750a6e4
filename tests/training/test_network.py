"""The constants of prediction of a network: which samples they are taken over."""

from __future__ import annotations

import pytest
import torch

from mmfusion.training.modality import Modality
from mmfusion.training.network import build_network, mean_of_present, mean_within_range
from mmfusion.training.samples import Samples

ROWS = 60


@pytest.mark.parametrize("norm", ["none", "bn", "vbn", "dbn", "ibn"])
def test_infinite_samples_of_weight_zero_change_nothing(norm: str) -> None:
    """Such as those held out, which stay beside those trained on."""
    arguments = {"hidden": 6, "dropout": 0.0, "dim": 3}
    modalities = [Modality(name, "vector", 2, arguments, standardised=True) for name in "ab"]
    generator = torch.Generator().manual_seed(0)
    inputs = {name: torch.randn(ROWS, 2, generator=generator) for name in "ab"}
    weight = torch.ones(ROWS)
    weight[::7] = 0.0
    extreme = {name: values.clone() for name, values in inputs.items()}
    extreme["a"][0], extreme["b"][7] = 3.4e38, -3.4e38
    states = []
    for given in (inputs, extreme):
        network = build_network(modalities, {"norm": norm}, torch.Generator().manual_seed(1))
        samples = Samples(given, torch.zeros(ROWS), weight)
        network.fit_standardisers(samples)
        network.fit_statistics(samples)
        states.append(network.state_dict())
    plain, other = states
    assert not torch.isfinite(network.scores(extreme)[[0, 7]]).all()
    for name, values in plain.items():
        assert torch.equal(other[name], values), name


def test_the_mean_of_constant_features_is_their_value() -> None:
    """A weighted mean of equal numbers is rounded; a mean over infinite numbers of weight zero is none."""
    generator = torch.Generator().manual_seed(0)
    constant = torch.rand(1, 20, generator=generator).expand(1001, -1)
    weight = torch.rand(1001, generator=generator)
    assert not torch.equal(mean_of_present(constant, weight), constant[0])
    assert torch.equal(mean_within_range(constant, weight), constant[0])
    assert torch.equal(mean_within_range(constant, None), constant[0])
    weight[3], features = 0.0, torch.randn(1001, 20, generator=generator)
    expected = mean_of_present(features, weight)
    assert torch.equal(mean_within_range(features, weight), expected)
    features[3] = torch.inf
    assert torch.equal(mean_within_range(features, weight), expected)
    assert torch.equal(mean_within_range(features, torch.zeros(1001)), torch.zeros(20))
