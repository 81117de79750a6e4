"""Fits in several threads do not disturb each other: all randomness is explicit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn

from mmfusion import FusionClassifier

pytestmark = pytest.mark.usefixtures("quick_baseline")


def test_four_threads_with_one_random_state_fit_equal_networks(arrays, binary) -> None:
    module = nn.Sequential(nn.Linear(2, 6), nn.Dropout(0.3), nn.Linear(6, 4))

    def fit(_: int) -> FusionClassifier:
        model = FusionClassifier(
            epochs=2, dim=4, n_seeds=2, random_state=0, cv=None, penalty=0.01, encoders={"audio": module}
        )
        return model.fit(arrays, binary)

    alone = fit(0)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(fit, range(4)))
    for model in together:
        for network, expected in zip(model.ensemble_.networks, alone.ensemble_.networks, strict=True):
            state = expected.state_dict()
            assert all(torch.equal(x, state[name]) for name, x in network.state_dict().items())
