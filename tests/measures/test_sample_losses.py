"""Losses by their definitions, for one network and for many."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmfusion.measures.array_losses import TASKS, loss_of_samples
from mmfusion.measures.losses import batch_loss, sample_losses, task_target


def problem(task: str, lead: tuple[int, ...] = (), samples: int = 5):
    """Scores (..., B, outputs) in float64 and targets (..., B)."""
    rng = np.random.default_rng(len(lead))
    scores = 3 * rng.normal(size=(*lead, samples, 4 if task == "multiclass" else 1))
    classes = rng.integers(0, 4 if task == "multiclass" else 2, (*lead, samples))
    target = torch.from_numpy(rng.normal(size=(*lead, samples)) if task == "regression" else classes)
    return torch.from_numpy(scores), target if task == "multiclass" else target.double()


def reference(task: str, scores: torch.Tensor, target: torch.Tensor) -> float:
    """Mean over samples, one by one, of one network."""
    losses = []
    for row, value in zip(scores.numpy(), target.numpy(), strict=True):
        if task == "regression":
            losses.append((row[0] - value) ** 2)
        elif task == "binary":
            losses.append(np.log1p(np.exp(-row[0] if value == 1 else row[0])))
        else:
            losses.append(np.log(np.exp(row).sum()) - row[value])
    return float(np.mean(losses))


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("lead", [(), (1,), (3,), (2, 3)])
def test_losses_by_their_definitions_one_by_one(task: str, lead: tuple[int, ...]) -> None:
    scores, target = problem(task, lead)
    actual = batch_loss(scores, target, task)
    assert actual.shape == lead
    for position in np.ndindex(*lead):
        assert actual[position].item() == pytest.approx(
            reference(task, scores[position], target[position]), rel=1e-12
        )


@pytest.mark.parametrize("task", TASKS)
def test_the_gradient_of_a_sum_over_networks_is_that_of_each(task: str) -> None:
    scores, target = problem(task, (3,))
    scores.requires_grad_()
    (together,) = torch.autograd.grad(batch_loss(scores, target, task).sum(), scores)
    for position in range(3):
        single = scores[position].detach().requires_grad_()
        (alone,) = torch.autograd.grad(batch_loss(single, target[position], task), single)
        torch.testing.assert_close(together[position], alone, rtol=1e-12, atol=1e-15)


@given(st.floats(-1e4, 1e4, width=32), st.sampled_from([0.0, 1.0]))
def test_extreme_logits_have_finite_losses(logit: float, value: float) -> None:
    scores, target = torch.tensor([[logit]]), torch.tensor([value])
    right = logit if value else -logit
    expected = max(0.0, -right) + float(np.log1p(np.exp(-abs(right))))
    assert batch_loss(scores, target, "binary").item() == pytest.approx(expected, rel=1e-5, abs=1e-30)
    several = torch.tensor([[0.0, logit]])
    actual = batch_loss(several, torch.tensor([int(value)]), "multiclass")
    assert actual.item() == pytest.approx(expected, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize(
    ("task", "dtype"),
    [("binary", torch.float32), ("multiclass", torch.int64), ("regression", torch.float32)],
)
@pytest.mark.parametrize("given_dtype", [torch.int32, torch.int64, torch.float64])
def test_targets_have_the_type_of_their_loss(task: str, dtype: torch.dtype, given_dtype: torch.dtype) -> None:
    actual = task_target(torch.tensor([0, 2, 1], dtype=given_dtype), task)
    assert actual.dtype == dtype
    assert actual.tolist() == [0, 2, 1]


@pytest.mark.parametrize("task", TASKS)
@given(scale=st.sampled_from([1e-3, 1.0, 30.0, 800.0]), outputs=st.integers(1, 3), seed=st.integers(0, 10**6))
def test_losses_of_arrays_are_those_of_training(task: str, scale: float, outputs: int, seed: int) -> None:
    """The two definitions agree to rounding, also where exponentials overflow."""
    rng = np.random.default_rng(seed)
    shape = (7,) if task == "multiclass" or outputs == 1 else (7, outputs)
    scores = scale * rng.normal(size=(7, outputs + 1 if task == "multiclass" else outputs))
    target = rng.normal(size=shape) if task == "regression" else rng.integers(0, 2, shape)
    truth = torch.from_numpy(target if task == "multiclass" else target.astype(np.float64))
    expected = sample_losses(torch.from_numpy(scores), truth, task)
    np.testing.assert_allclose(
        loss_of_samples(scores, target, task), expected.numpy(), rtol=1e-13, atol=1e-13 * max(1, scale)
    )
