"""The linear encoder of vectors equals its definition: its features are linear in the columns."""

from __future__ import annotations

import numpy as np
import torch

from mmfusion.encoders import LinearEncoder


def test_linear_encoder_equals_its_definition() -> None:
    torch.manual_seed(0)
    encoder = LinearEncoder(4, dim=3).double()
    values = np.random.default_rng(0).normal(size=(20, 4))
    inputs = encoder.prepare(values)
    columns = inputs @ encoder.linear.weight.T
    normed = (columns - columns.mean(0)) / (columns.var(0, correction=0) + 1e-5).sqrt()
    torch.testing.assert_close(encoder.train()(inputs), normed, rtol=1e-11, atol=1e-12)
    encoder.fit_statistics(inputs)
    torch.testing.assert_close(encoder.eval()(inputs), normed, rtol=1e-11, atol=1e-12)


def test_features_of_new_samples_are_linear() -> None:
    torch.manual_seed(0)
    encoder = LinearEncoder(4, dim=3).double()
    encoder.fit_statistics(torch.randn(30, 4, dtype=torch.float64))
    one, two = torch.randn(2, 5, 4, dtype=torch.float64)
    encoder.eval()
    between = encoder(0.3 * one + 0.7 * two)
    torch.testing.assert_close(between, 0.3 * encoder(one) + 0.7 * encoder(two), rtol=1e-10, atol=1e-12)


def test_columns_are_dropped_while_training_only() -> None:
    torch.manual_seed(0)
    encoder = LinearEncoder(40, dim=3, input_dropout=0.5)
    inputs = torch.randn(20, 40)
    assert torch.equal(encoder.eval()(inputs), encoder(inputs))
    encoder.train()
    encoder.input_dropout.generators = (torch.Generator().manual_seed(3),)
    actual = encoder(inputs)
    encoder.input_dropout.generators = (torch.Generator().manual_seed(3),)
    dropped = encoder.input_dropout(inputs)
    encoder.input_dropout.eval()
    torch.testing.assert_close(actual, encoder(dropped), rtol=1e-5, atol=1e-6)
