"""The encoder of vectors equals its definition."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from mmfusion.encoders import VectorEncoder


def test_vector_encoder_equals_its_definition() -> None:
    torch.manual_seed(0)
    encoder = VectorEncoder(4, hidden=7, dropout=0.5, dim=3)
    values = np.random.default_rng(0).normal(size=(20, 4))
    inputs = torch.tensor(values, dtype=torch.float32)
    hidden = encoder.batch_norm.eval()(torch.relu(inputs @ encoder.first.weight.T + encoder.first.bias))
    expected = torch.relu(hidden @ encoder.linear.weight.T + encoder.linear.bias)
    torch.testing.assert_close(encoder.eval()(encoder.prepare(values)), expected, rtol=1e-5, atol=1e-6)


def test_in_training_mode_with_gradients() -> None:
    torch.manual_seed(0)
    encoder = VectorEncoder(4, hidden=7, dropout=0.0, dim=3).double()
    inputs = torch.randn(20, 4, dtype=torch.float64)
    direction = torch.randn(20, 3, dtype=torch.float64)
    first, last = encoder.first, encoder.linear
    hidden = torch.relu(inputs @ first.weight.T + first.bias)
    normed = (hidden - hidden.mean(0)) / (hidden.var(0, correction=0) + 1e-5).sqrt()
    normed = normed * encoder.batch_norm.weight + encoder.batch_norm.bias
    expected = torch.relu(normed @ last.weight.T + last.bias)
    actual = encoder(inputs)
    torch.testing.assert_close(actual, expected, rtol=1e-11, atol=1e-12)
    parameters = list(encoder.parameters())
    ours = torch.autograd.grad((actual * direction).sum(), parameters)
    theirs = torch.autograd.grad((expected * direction).sum(), parameters)
    for single, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(single, other, rtol=1e-9, atol=1e-11)


def test_vector_encoder_drops_units_while_training_only() -> None:
    torch.manual_seed(0)
    encoder = VectorEncoder(4, hidden=64, dropout=0.5, dim=3)
    inputs = encoder.prepare(np.random.default_rng(0).normal(size=(20, 4)))
    encoder.train()
    assert not torch.equal(encoder(inputs), encoder(inputs))
    encoder.eval()
    assert torch.equal(encoder(inputs), encoder(inputs))


def test_units_are_dropped_between_batch_norm_and_the_last_layer() -> None:
    torch.manual_seed(0)
    encoder = VectorEncoder(4, hidden=6, dropout=0.5, dim=3)
    hidden = torch.randn(6, 50)
    encoder.dropout.generators = (torch.Generator().manual_seed(3),)
    actual = encoder.head(hidden)
    encoder.dropout.generators = (torch.Generator().manual_seed(3),)
    kept = encoder.dropout(torch.ones(6, 50))
    expected = torch.relu(encoder.linear.weight @ (hidden * kept) + encoder.linear.bias[:, None])
    torch.testing.assert_close(actual, expected)
    assert bool((kept == 0).any())


@pytest.mark.parametrize(
    "values", [np.arange(12).reshape(4, 3), np.asfortranarray(np.ones((4, 3))), np.eye(4)[::2, ::-1]]
)
def test_vectors_are_prepared_as_they_read(values: NDArray[np.float64]) -> None:
    prepared = VectorEncoder(values.shape[1]).prepare(values)
    assert prepared.dtype == torch.float64
    assert prepared.is_contiguous()
    assert np.array_equal(prepared.numpy(), values)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("i8", "f8"), ("u4", "f8"), ("i2", "f4"), ("u1", "f4"), ("f2", "f4"), (">f8", "f8"), (">f4", "f4")],
)
def test_other_numbers_become_floats_that_hold_them(kind: str, expected: str) -> None:
    largest = 2**30 + 1 if kind in ("i8", "u4") else 200
    values = np.array([[largest, 1]], dtype=kind)
    prepared = VectorEncoder(2).prepare(values).numpy()
    assert prepared.dtype == expected
    assert prepared.tolist() == values.tolist()


def test_floats_share_the_memory_of_their_array_even_if_it_is_read_only() -> None:
    values = np.ones((4, 3))
    values.flags.writeable = False
    prepared = VectorEncoder(3).prepare(values)
    assert np.shares_memory(prepared.numpy(), values)


def test_a_linear_path_is_added_to_the_features() -> None:
    torch.manual_seed(0)
    encoder = VectorEncoder(4, hidden=7, dropout=0.0, dim=3, linear_path=True).double()
    inputs = torch.randn(20, 4, dtype=torch.float64)
    encoder.fit_statistics(inputs)
    assert encoder.path is not None
    assert encoder.path.bias is None
    plain = VectorEncoder(4, hidden=7, dropout=0.0, dim=3).double()
    plain.load_state_dict({k: x for k, x in encoder.state_dict().items() if not k.startswith("path")})
    for given in (inputs, inputs[:1], inputs[:0]):
        expected = plain.eval()(given) + given @ encoder.path.weight.T
        torch.testing.assert_close(encoder.eval()(given), expected, rtol=1e-12, atol=1e-12)
    expected = plain.train()(inputs) + inputs @ encoder.path.weight.T
    torch.testing.assert_close(encoder.train()(inputs), expected, rtol=1e-12, atol=1e-12)
    assert [id(x) for x in encoder.weights()] == [id(x) for x in encoder.parameters() if x.ndim > 1]


@pytest.mark.parametrize("constant", [False, True])
def test_features_of_fit_statistics_have_the_linear_path(constant: bool) -> None:
    torch.manual_seed(0)
    encoder = VectorEncoder(4, dim=3, input_dropout=0.5, linear_path=True)
    inputs = torch.randn(1 if constant else 30, 4).expand(30, 4)
    features = encoder.fit_statistics(inputs)
    torch.testing.assert_close(features, encoder.eval()(inputs), rtol=1e-5, atol=1e-6)


def test_columns_are_dropped_for_both_paths_while_training_only() -> None:
    torch.manual_seed(0)
    encoder = VectorEncoder(40, hidden=7, dropout=0.0, dim=3, input_dropout=0.5, linear_path=True)
    assert encoder.path is not None
    inputs = torch.randn(20, 40)
    assert torch.equal(encoder.eval()(inputs), encoder(inputs))
    encoder.train()
    encoder.input_dropout.generators = (torch.Generator().manual_seed(3),)
    actual = encoder(inputs)
    encoder.input_dropout.generators = (torch.Generator().manual_seed(3),)
    dropped = encoder.input_dropout(inputs)
    assert 0.4 < float((dropped == 0).float().mean()) < 0.6
    encoder.input_dropout.eval()
    torch.testing.assert_close(actual, encoder(dropped), rtol=1e-5, atol=1e-6)
