"""Columns that are zero in all samples change neither what a network predicts nor what it learns."""

from __future__ import annotations

from functools import cache

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import pad

from mmfusion.training.loop import Randomness, Recipe, fit_networks
from mmfusion.training.modality import Modality
from mmfusion.training.network import MultimodalNetwork, build_network
from mmfusion.training.samples import NetworkSamples, Samples
from mmfusion.training.widths import set_widths

FUSION = {"outputs": 1, "norm": "ibn", "p": 1.0, "max_order": 2, "convention": "mkl"}
WIDTHS = {"a": 3, "b": 2}
CLOSE = {"rtol": 0.0, "atol": 2e-3}
"""Of scores near one: AdamW divides by the size of a gradient, which makes rounding of small ones count."""


def network_of(kind: str) -> MultimodalNetwork:
    arguments = {"dim": 4} | ({"dropout": 0.0, "linear_path": True} if kind == "vector" else {})
    modalities = [Modality(name, kind, width, arguments, standardised=True) for name, width in WIDTHS.items()]
    return build_network(modalities, FUSION, torch.Generator().manual_seed(0))


def samples_of(extra: int) -> Samples:
    generator = torch.Generator().manual_seed(1)
    inputs = {name: torch.randn(40, width, generator=generator) for name, width in WIDTHS.items()}
    target = (inputs["a"][:, 0] > 0).float()
    wider = {name: pad(values, (0, extra)) for name, values in inputs.items()}
    return Samples(wider, target)


def trained(kind: str, extra: int) -> MultimodalNetwork:
    network, samples = network_of(kind), samples_of(extra)
    set_widths(network, {name: width + extra for name, width in WIDTHS.items()})
    streams = [torch.Generator().manual_seed(2) for _ in range(2)]
    recipe = Recipe(epochs=3, batch_size=10, learning_rate=0.05, weight_decay=0.1)
    cpu = torch.device("cpu")
    fit_networks(
        [network], NetworkSamples.of([samples]), None, "binary", recipe, [1e-3], [Randomness(*streams)], cpu
    )
    return network


@cache
def narrow_network(kind: str) -> MultimodalNetwork:
    """Without more columns; not to be changed."""
    return trained(kind, 0)


@given(kind=st.sampled_from(["vector", "linear"]), extra=st.integers(1, 40))
def test_a_network_learns_the_same_with_more_columns(kind: str, extra: int) -> None:
    narrow, wide = narrow_network(kind), trained(kind, extra)
    expected = narrow.scores(samples_of(0).inputs)
    torch.testing.assert_close(wide.scores(samples_of(extra).inputs), expected, **CLOSE)
    set_widths(wide, WIDTHS)
    torch.testing.assert_close(wide.scores(samples_of(0).inputs), expected, **CLOSE)
    assert {name: x.shape for name, x in wide.state_dict().items()} == {
        name: x.shape for name, x in narrow.state_dict().items()
    }
