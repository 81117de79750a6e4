"""What every encoder must keep, alone and in a stack of networks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mmfusion.encoders import ENCODERS, Encoder, ModuleEncoder, encoder_of, kind_of
from mmfusion.encoders import encoder as base
from mmfusion.encoders.lent_generator import with_new_weights
from mmfusion.encoders.module_encoder import StackedModules
from mmfusion.errors import FusionError

Values = NDArray[Any]
MODULE = "module"
DIM, HIDDEN = 5, 7


class UserModule(nn.Module):
    """No bias in the last layer: batch norm takes any shift out again, so that none could be learned."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(6, HIDDEN)
        self.last = nn.Linear(HIDDEN, DIM, bias=False)

    def forward(self, inputs: Tensor) -> Tensor:
        features: Tensor = self.last(torch.tanh(self.first(inputs)))
        return features


@dataclass(frozen=True)
class Case:
    """An encoder without dropout, and samples that it can encode.

    `shares_memory` says whether `prepare` returns a tensor on the memory of an array of floats, `matrices`
    how many weight matrices there are.
    """

    draw: Callable[[np.random.Generator, int], Values]
    size: int = 0
    arguments: dict[str, Any] = field(default_factory=dict)
    shares_memory: bool = True
    matrices: int = 2


def sequences(rng: np.random.Generator, size: int) -> Values:
    values = rng.normal(size=(size, 9, 3))
    values[1::3, 6:] = np.nan  # padding
    return values


CASES = {
    "symbols": Case(
        lambda rng, size: rng.integers(0, 4, (size, 14)),
        4,
        {"width": 6, "channels": HIDDEN},
        shares_memory=False,
    ),
    "vector": Case(
        lambda rng, size: rng.normal(size=(size, 6)),
        6,
        {"hidden": HIDDEN, "dropout": 0.0},
    ),
    "linear": Case(lambda rng, size: rng.normal(size=(size, 6)), 6, matrices=1),
    "sequence": Case(sequences, 3, {"channels": HIDDEN, "dropout": 0.0}),
    MODULE: Case(lambda rng, size: rng.normal(size=(size, 6))),
}
USER_MODULE = UserModule()


@pytest.fixture(params=[*ENCODERS, MODULE])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def build(kind: str, seed: int | None = 0) -> Encoder:
    """An encoder with weights from a generator, or from torch's global one without a seed."""
    generator = None if seed is None else torch.Generator().manual_seed(seed)
    if kind == MODULE:
        return ModuleEncoder(with_new_weights(USER_MODULE, generator), DIM)
    return encoder_of(kind, CASES[kind].size, {**CASES[kind].arguments, "dim": DIM}, generator)


def exact(kind: str, seed: int = 0) -> Encoder:
    """An encoder in float64 whose batch norm has weights, biases and moments that are not the default."""
    encoder, generator = build(kind, seed).double(), torch.Generator().manual_seed(seed)
    norm = encoder.batch_norm
    with torch.no_grad():
        for values, least in ((norm.weight, 0.5), (norm.bias, -0.5), (norm.running_mean, 0.0)):
            assert values is not None
            values.uniform_(least, least + 1, generator=generator)
        assert norm.running_var is not None
        norm.running_var.uniform_(0.5, 2.0, generator=generator)
    return encoder


def values_of(kind: str, size: int = 12, seed: int = 0) -> Values:
    return CASES[kind].draw(np.random.default_rng(seed), size)


def inputs_of(kind: str, encoder: Encoder, size: int = 12, seed: int = 0) -> Tensor:
    return encoder.prepare(values_of(kind, size, seed))


def stack_of(encoders: list[Encoder]) -> nn.Module:
    """Encoders of one kind as one, with parameters that have a leading axis or copy by copy."""
    if isinstance(encoders[0], ModuleEncoder):
        return StackedModules(encoders)  # type: ignore[arg-type]  # all are
    stack = build_like(encoders[0])
    for name, parameter in list(stack.named_parameters()):
        owner, _, key = name.rpartition(".")
        together = torch.stack([encoder.get_parameter(name).detach() for encoder in encoders])
        setattr(stack.get_submodule(owner), key, nn.Parameter(together, parameter.requires_grad))
    return stack


def build_like(encoder: Encoder) -> Encoder:
    kind = next(name for name, make in ENCODERS.items() if isinstance(encoder, make))
    return build(kind).to(encoder.batch_norm.weight.dtype)


def test_every_kind_has_a_case_here() -> None:
    assert set(CASES) == {*ENCODERS, MODULE}


def test_values_of_a_kind_are_known_as_such(kind: str) -> None:
    assert kind_of(values_of(kind)) == (kind if kind == "sequence" else "vector")  # symbols are named


@pytest.mark.parametrize("kind", ENCODERS)
def test_the_class_says_what_its_arrays_are(kind: str) -> None:
    encoder, values = ENCODERS[kind], values_of(kind)
    assert values.ndim == encoder.axes
    assert np.issubdtype(values.dtype, np.integer) == encoder.whole
    assert not (encoder.whole and encoder.standardised)
    assert encoder.help
    assert "\n" not in encoder.help


# Shapes and types


@pytest.mark.parametrize("size", [1, 12])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_features_are_samples_by_dim_in_the_type_of_the_weights(
    kind: str, size: int, dtype: torch.dtype
) -> None:
    encoder = build(kind).to(dtype).eval()
    inputs = inputs_of(kind, encoder, size)
    assert len(inputs) == size
    features = encoder(inputs)
    assert (tuple(features.shape), features.dtype) == ((size, DIM), dtype)
    hidden = encoder.activations(inputs)
    assert hidden.shape == (encoder.batch_norm.num_features, size)
    torch.testing.assert_close(encoder.head(base.batch_norm(encoder.batch_norm, hidden)).mT, features)
    assert encoder.dim == DIM


def test_numbers_of_any_type_meet_the_weights(kind: str) -> None:
    encoder, values = build(kind).eval(), values_of(kind)
    expected = encoder(encoder.prepare(values))
    for dtype in (np.float32, np.float64) if values.dtype.kind == "f" else (np.uint8, np.int32):
        actual = encoder(encoder.prepare(values.astype(dtype)))
        torch.testing.assert_close(actual, expected, rtol=1e-4, atol=1e-5)


# Preparing


def test_samples_are_prepared_one_by_one(kind: str) -> None:
    encoder, values = build(kind), values_of(kind)
    before = values.copy()
    prepared = encoder.prepare(values)
    np.testing.assert_array_equal(values, before)
    np.testing.assert_array_equal(encoder.prepare(values[::-1]).numpy(), prepared.flip(0).numpy())
    np.testing.assert_array_equal(encoder.prepare(values[3:4]).numpy(), prepared[3:4].numpy())


def test_an_array_of_floats_that_is_mapped_from_a_file_is_not_copied(kind: str, tmp_path: Path) -> None:
    values = values_of(kind)
    np.save(tmp_path / "values.npy", values)
    mapped = np.load(tmp_path / "values.npy", mmap_mode="r", allow_pickle=False)
    encoder = build(kind)
    prepared = encoder.prepare(mapped)
    assert np.shares_memory(prepared.numpy(), mapped) == CASES[kind].shares_memory
    np.testing.assert_array_equal(prepared.numpy(), encoder.prepare(values).numpy())
    if not CASES[kind].shares_memory:  # then it is smaller than what was read
        assert prepared.element_size() < values.itemsize


# Samples are encoded by themselves


def test_outside_training_a_sample_does_not_depend_on_its_batch(kind: str) -> None:
    encoder = exact(kind).eval()
    inputs = inputs_of(kind, encoder, 20)
    whole = encoder(inputs)
    for size in (1, 2, 7):
        for start in range(0, 20 - size, 3):
            part = encoder(inputs[start : start + size])
            torch.testing.assert_close(part, whole[start : start + size], rtol=1e-12, atol=1e-13)


def test_an_empty_batch_has_no_features(kind: str) -> None:
    encoder = build(kind).eval()
    inputs = encoder.prepare(values_of(kind)[:0])
    features = encoder(inputs)
    assert (tuple(features.shape), features.dtype) == ((0, DIM), torch.float32)
    stack = stack_of([build(kind, seed) for seed in range(3)]).eval()
    assert stack(inputs.expand(3, *inputs.shape)).shape == (3, 0, DIM)


def test_an_empty_training_batch_raises(kind: str) -> None:
    encoder = build(kind).train()
    empty, one = encoder.prepare(values_of(kind)[:0]), encoder.prepare(values_of(kind)[:1])
    with pytest.raises(
        FusionError, match=r"a training batch of 0 samples has no mean, expected at least 2; use"
    ):
        encoder(empty)
    with pytest.raises(FusionError, match="a training batch of 0 samples has no mean, expected at least 1"):
        encoder(empty, torch.ones(0))
    with pytest.raises(
        FusionError, match="a training batch of 1 sample has no variance, expected at least 2"
    ):
        encoder(one)
    with pytest.raises(FusionError, match="a training batch of 0 samples"):
        encoder.fit_statistics(empty)
    stack = stack_of([build(kind, seed) for seed in range(3)]).train()
    with pytest.raises(FusionError, match="a training batch of 0 samples"):
        stack(empty.expand(3, *empty.shape))


# Weights


def test_weights_are_the_matrices_which_are_under_decay(kind: str) -> None:
    encoder = build(kind)
    matrices = [parameter for parameter in encoder.parameters() if parameter.ndim > 1]
    assert [id(weight) for weight in encoder.weights()] == [id(matrix) for matrix in matrices]
    assert len(matrices) == CASES[kind].matrices


@pytest.mark.parametrize("weighted", [False, True])
def test_gradients_reach_every_parameter(kind: str, weighted: bool) -> None:
    encoder = exact(kind).train()
    features = encoder(inputs_of(kind, encoder, 40), torch.linspace(0.1, 1, 40) if weighted else None)
    direction = torch.linspace(-1, 2, features.numel(), dtype=torch.float64).view(features.shape)
    (features * direction).sum().backward()
    for name, parameter in encoder.named_parameters():
        assert parameter.grad is not None, name
        assert bool(parameter.grad.isfinite().all()), name
        assert bool(parameter.grad.abs().max() > 1e-8), name


def test_weights_come_from_the_generator_alone(kind: str) -> None:
    before = torch.get_rng_state()
    first, other = build(kind, seed=3), build(kind, seed=4)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(99)  # of no importance
    again = build(kind, seed=3)
    for name, weight in first.state_dict().items():
        assert torch.equal(weight, again.state_dict()[name])
    assert not any(torch.equal(a, b) for a, b in zip(first.weights(), other.weights(), strict=True))
    torch.manual_seed(3)
    for name, weight in build(kind, seed=None).state_dict().items():  # the global generator at this seed
        assert torch.equal(weight, first.state_dict()[name])


def test_a_state_dict_keeps_features_bitwise(kind: str) -> None:
    encoder, copy = exact(kind), build(kind, seed=1).double()
    inputs = inputs_of(kind, encoder)
    encoder.fit_statistics(inputs_of(kind, encoder, 30, seed=5))
    copy.load_state_dict(encoder.state_dict())
    assert torch.equal(copy.eval()(inputs), encoder(inputs))
    assert torch.equal(copy.train()(inputs), encoder.train()(inputs))


# Moments of the batch norm


def test_training_leaves_the_stored_moments_alone(kind: str) -> None:
    encoder = exact(kind).train()
    norm = encoder.batch_norm
    before = [buffer.clone() for buffer in norm.buffers()]
    encoder(inputs_of(kind, encoder))
    assert all(torch.equal(a, b) for a, b in zip(norm.buffers(), before, strict=True))


@pytest.mark.parametrize("rows", [1, 4, 50])
def test_statistics_are_the_biased_moments_of_all_rows(
    kind: str, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "ROWS_AT_ONCE", rows)
    encoder = build(kind)
    inputs = inputs_of(kind, encoder, 50)
    features = encoder.fit_statistics(inputs)
    assert not encoder.training
    assert not features.requires_grad
    hidden = encoder.activations(inputs).detach().double().numpy()
    norm = encoder.batch_norm
    for moment, expected in ((norm.running_mean, hidden.mean(1)), (norm.running_var, hidden.var(1))):
        assert moment is not None
        assert moment.dtype == torch.float32
        np.testing.assert_allclose(moment, expected, rtol=1e-6, atol=1e-7)
    torch.testing.assert_close(features, encoder(inputs).detach(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_what_is_constant_in_training_has_constant_features_in_prediction(
    kind: str, weighted: bool, dtype: torch.dtype
) -> None:
    """Equal samples beside some of weight zero, which do not count."""
    encoder, others = exact(kind).to(dtype), values_of(kind, 50)
    values = np.concatenate(
        [np.repeat(others[:1], 50, axis=0), others[:9]] if weighted else [others[:1]] * 50
    )
    weight = torch.cat([torch.full((50,), 0.3), torch.zeros(9)]) if weighted else None
    features = encoder.fit_statistics(encoder.prepare(values), weight)
    assert features.shape == (len(values), DIM)
    assert torch.equal(features, features[:1].expand_as(features))
    assert features.dtype == dtype
    new = encoder(encoder.prepare(others)).detach()
    tolerance = 10 * torch.finfo(dtype).eps  # a sample's place in its batch changes how sums are rounded
    torch.testing.assert_close(new, features[:50], rtol=tolerance, atol=tolerance)
    copy = build(kind, seed=1).to(dtype).eval()
    copy.load_state_dict(encoder.state_dict())
    assert torch.equal(copy(encoder.prepare(others)), encoder(encoder.prepare(others)))


def test_statistics_without_any_weight_hold_all_channels(kind: str) -> None:
    encoder = exact(kind)
    inputs = inputs_of(kind, encoder)
    features = encoder.fit_statistics(inputs, torch.zeros(12))
    assert bool(features.isfinite().all())
    torch.testing.assert_close(encoder(inputs).detach(), features)


COPIES = torch.tensor([2, 1, 3, 1, 1, 2, 4, 1, 1, 3, 2, 1])


def test_a_weight_is_a_number_of_copies_while_training(kind: str) -> None:
    weighted, copied = exact(kind).train(), exact(kind).train()
    inputs = inputs_of(kind, weighted)
    features = weighted(inputs, COPIES.double())
    expected = copied(inputs.repeat_interleave(COPIES, 0))
    torch.testing.assert_close(features.repeat_interleave(COPIES, 0), expected, rtol=1e-10, atol=1e-11)
    direction = torch.linspace(-1, 2, features.numel(), dtype=torch.float64).view(features.shape)
    (features * direction * COPIES.unsqueeze(-1)).sum().backward()
    (expected * direction.repeat_interleave(COPIES, 0)).sum().backward()
    for (name, parameter), other in zip(weighted.named_parameters(), copied.parameters(), strict=True):
        torch.testing.assert_close(parameter.grad, other.grad, rtol=1e-8, atol=1e-9, msg=name)


def test_a_weight_is_a_number_of_copies_in_the_statistics(kind: str) -> None:
    weighted, copied = exact(kind), exact(kind)
    inputs = inputs_of(kind, weighted)
    features = weighted.fit_statistics(inputs, 0.5 * COPIES)
    expected = copied.fit_statistics(inputs.repeat_interleave(COPIES, 0))
    torch.testing.assert_close(features.repeat_interleave(COPIES, 0), expected, rtol=1e-10, atol=1e-11)


def test_a_sample_of_weight_zero_moves_no_other(kind: str) -> None:
    encoder = exact(kind).train()
    inputs, weight = inputs_of(kind, encoder), torch.ones(12, dtype=torch.float64)
    weight[-3:] = 0
    features = encoder(inputs, weight)
    torch.testing.assert_close(features[:-3], encoder(inputs[:-3]), rtol=1e-10, atol=1e-11)


# Networks in one stack


@pytest.mark.parametrize("weighted", [False, True])
def test_a_stack_gives_what_each_network_gives_alone(kind: str, weighted: bool) -> None:
    alone = [exact(kind, seed) for seed in range(3)]
    stack = stack_of(alone).train()
    rows = [inputs_of(kind, encoder, seed=seed) for seed, encoder in enumerate(alone)]
    weight = torch.linspace(0.1, 2, 36, dtype=torch.float64).view(3, 12) if weighted else None
    features = stack(torch.stack(rows), weight)
    assert features.shape == (3, 12, DIM)
    direction = torch.linspace(-1, 2, features.numel(), dtype=torch.float64).view(features.shape)
    (features * direction).sum().backward()
    for network, encoder in enumerate(alone):
        expected = encoder(rows[network], None if weight is None else weight[network])
        torch.testing.assert_close(features[network], expected, rtol=1e-11, atol=1e-12)
        (expected * direction[network]).sum().backward()
        for name, parameter in encoder.named_parameters():
            gradient = (
                stack.copies[network].get_parameter(name).grad  # type: ignore[index, union-attr, operator]  # modules
                if kind == MODULE
                else stack.get_parameter(name).grad[network]  # type: ignore[index]  # it has one
            )
            torch.testing.assert_close(gradient, parameter.grad, rtol=1e-9, atol=1e-10)
