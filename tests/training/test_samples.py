"""Samples are selected by position, each network from its alone part of one store."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mmfusion.training.samples import NetworkSamples, Samples

CPU = torch.device("cpu")


def samples(seed: int, size: int = 6) -> Samples:
    generator = torch.Generator().manual_seed(seed)
    inputs = {
        "text": torch.randn(size, 3, generator=generator),
        "codes": torch.randint(0, 256, (size, 4), generator=generator, dtype=torch.uint8),
        "cube": torch.randn(size, 2, 2, generator=generator),
    }
    return Samples(inputs, torch.randint(0, 5, (size,), generator=generator))


@pytest.mark.parametrize("shape", [(4,), (2, 3), (1, 1), (3, 0)])
def test_rows_have_the_axes_of_the_index(shape: tuple[int, ...]) -> None:
    whole = samples(0)
    index = torch.from_numpy(np.random.default_rng(1).integers(0, 6, shape))
    actual = whole.rows(index)
    assert torch.equal(actual.target, whole.target[index])
    assert list(actual.inputs) == list(whole.inputs)
    for name, values in whole.inputs.items():
        assert actual.inputs[name].dtype == values.dtype
        assert torch.equal(actual.inputs[name], values[index])


def test_to_keeps_values_and_types() -> None:
    whole = samples(0)
    moved = whole.to(CPU)
    assert torch.equal(moved.target, whole.target)
    assert all(torch.equal(moved.inputs[name], x) for name, x in whole.inputs.items())


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 0, 0), (1, 0, 1), (2, 1, 1), (0,)])
def test_every_network_takes_rows_of_its_own_samples(order: tuple[int, ...]) -> None:
    kept = [samples(seed) for seed in range(3)]
    parts = [kept[number] for number in order]
    joined = NetworkSamples.of(parts)
    index = torch.from_numpy(np.random.default_rng(2).integers(0, 6, (len(parts), 4)))
    batch, everything = joined.rows(index), joined.all()
    assert joined.size == 6
    for position, part in enumerate(parts):
        alone = part.rows(index[position])
        assert torch.equal(batch.target[position], alone.target)
        assert torch.equal(everything.target[position], part.target)
        for name, values in part.inputs.items():
            assert torch.equal(batch.inputs[name][position], alone.inputs[name])
            assert torch.equal(everything.inputs[name][position], values)
            assert batch.inputs[name].dtype == values.dtype


def test_shared_samples_are_stored_once() -> None:
    shared = samples(0)
    for parts, expected in (([shared] * 3, 6), ([shared, samples(1), shared], 12), ([samples(0)] * 2, 6)):
        store = NetworkSamples.of(parts).store
        assert len(store.target) == expected
        assert {len(x) for x in store.inputs.values()} == {expected}
    equal = [samples(0), samples(0)]  # of equal numbers, and yet two: what counts is the object
    assert len(NetworkSamples.of(equal).store.target) == 12


def test_an_order_that_covers_a_part_gives_all_of_it() -> None:
    parts = [samples(0), samples(1)]
    joined = NetworkSamples.of(parts)
    order = torch.stack([torch.randperm(6, generator=torch.Generator().manual_seed(k)) for k in range(2)])
    halves = [joined.rows(index).target for index in torch.split(order, 3, dim=1)]
    for position, target in enumerate(torch.cat(halves, dim=1)):
        assert torch.equal(target[order[position].argsort()], parts[position].target)


def test_networks_may_use_unequal_numbers_of_rows_of_one_store() -> None:
    store = samples(0)
    rows = [torch.tensor([0, 2, 3, 5]), torch.tensor([1, 2]), torch.tensor([1, 2, 3]), torch.tensor([1, 2])]
    given = NetworkSamples.of_rows(store, rows)
    assert given.size == 2  # of the network that has the fewest
    for network, expected in enumerate(rows):
        assert torch.equal(given.rows_of(network), expected)
    batch = given.rows(torch.tensor([[3, 0], [1, 0], [2, 1], [0, 1]]))
    expected = torch.tensor([[5, 0], [2, 1], [3, 2], [1, 2]])
    assert torch.equal(batch.target, store.target[expected])
    assert torch.equal(batch.inputs["cube"], store.inputs["cube"][expected])
    parts = given.parts()
    assert parts[1] is parts[3]
    assert parts[1] is not parts[2]
    assert torch.equal(parts[2].inputs["text"], store.inputs["text"][1:4])
    assert parts[2].inputs["text"].data_ptr() == store.inputs["text"][1:].data_ptr()  # a view
    weight = parts[0].weight
    assert weight is not None
    assert weight.tolist() == [1.0, 0.0, 1.0, 1.0, 0.0, 1.0]  # rows apart: the others have no weight
    assert given.to(CPU).sizes == given.sizes


def test_weights_of_samples_are_those_of_the_rows_that_a_network_uses() -> None:
    store = replace(samples(0), weight=torch.arange(1.0, 7.0))
    given = NetworkSamples.of_rows(store, [torch.tensor([0, 2, 5]), torch.tensor([2, 3, 4])])
    apart, next_to_each_other = given.parts()
    assert apart.weight is not None
    assert next_to_each_other.weight is not None
    assert apart.weight.tolist() == [1.0, 0.0, 3.0, 0.0, 0.0, 6.0]
    assert next_to_each_other.weight.tolist() == [3.0, 4.0, 5.0]


def test_networks_of_several_stores_take_rows_of_their_own_one() -> None:
    stores = [samples(0), replace(samples(1, 4), inputs={**samples(1, 4).inputs, "text": torch.ones(4, 2)})]
    rows = [[torch.tensor([0, 2, 5]), torch.tensor([3, 4])], [torch.tensor([1, 3])]]
    given = NetworkSamples.of_stores(stores, rows)
    assert [given.rows_of(network).tolist() for network in range(3)] == [[0, 2, 5], [3, 4], [7, 9]]
    parts = given.parts()
    assert [len(part) for part in parts] == [6, 2, 4]  # of the own store, whose other rows have no weight
    assert torch.equal(parts[2].target, stores[1].target)
    assert parts[2].weight is not None
    assert parts[2].weight.tolist() == [0.0, 1.0, 0.0, 1.0]
    assert parts[2].inputs["text"].tolist() == [[1.0, 1.0, 0.0]] * 4  # as wide as in the other store
    assert given.to(CPU).blocks == given.blocks
    assert (given.size, NetworkSamples.of_stores(stores, rows, fewest=1).size) == (2, 1)
