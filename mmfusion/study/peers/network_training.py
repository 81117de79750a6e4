"""Training the networks of all folds and penalties of a peer at once, as one stack.

Every network sees the columns and targets as standardised by the training rows of its fold. Its loss is

    sum over scores of (mean over training rows of L(y, score)) + penalty * sum of squared weights,

with the logistic loss, or the squared error of the standardised target. Biases have no penalty. One penalty
and one number of steps are chosen for all folds, by the mean loss of the predictions of held-out rows.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor
from torch.func import functional_call, stack_module_state, vmap
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss

from mmfusion.data.folds import Rows
from mmfusion.data.standardisation import column_moments, is_constant
from mmfusion.encoders.lent_generator import drawing_from
from mmfusion.study.peers.contract import BINARY, Floats, PeerData, side_by_side
from mmfusion.study.peers.fusion_networks import FusionNetwork

PENALTIES = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
STEPS, EVERY = 100, 5
"""Most steps of Adam, each over all rows; and after how many of them held-out losses are compared."""
RATE = 0.02
"""Learning rate of Adam."""
MEMORY = 2**26
"""Bytes that the activations of networks trained at once may take: with more, a step waits for memory."""

State = dict[str, Tensor]


@dataclass(frozen=True, eq=False)
class FoldedSamples:
    """Samples as the networks of every fold see them.

    Parameters
    ----------
    columns : Tensor, shape (folds, n, sum of d_m)
    target : Tensor, shape (folds, n)
    trained, held_out : Tensor, shape (folds, n)
        1 for the rows that a fold is trained on, or holds out; 0 for the others.
    unknown : Tensor, shape (folds, k, sum of d_m)
    mean, deviation : array, shape (folds,)
        Of the target of a regression over the training rows; 0 and 1 for classes.
    binary : bool
    """

    columns: Tensor
    target: Tensor
    trained: Tensor
    held_out: Tensor
    unknown: Tensor
    mean: Floats
    deviation: Floats
    binary: bool

    def losses(self, scores: Tensor, fold: Tensor, rows: Tensor) -> Tensor:
        """Average the losses of some rows.

        Parameters
        ----------
        scores : Tensor, shape (networks, n, scores)
        fold : Tensor, shape (networks,)
            Fold of every network.
        rows : Tensor, shape (folds, n)
            `trained` or `held_out`.

        Returns
        -------
        Tensor, shape (networks, scores)
        """
        loss = binary_cross_entropy_with_logits if self.binary else mse_loss
        target = self.target[fold][..., None].expand_as(scores)
        each = loss(scores, target, reduction="none")
        weight = rows[fold] / rows[fold].sum(dim=1, keepdim=True)  # (networks, n)
        return torch.einsum("fns,fn->fs", each, weight)


@dataclass(frozen=True, eq=False)
class TrainedFolds:
    """Networks of all folds that were trained with the same penalty.

    Parameters
    ----------
    network : FusionNetwork
        What the parameters are for; its own are of no meaning.
    parameters : dict of str to Tensor, shape (folds, ...)
    penalty : float
    loss : float
        Mean loss of held-out rows over the folds.
    """

    network: FusionNetwork
    parameters: State
    penalty: float
    loss: float

    def of_fold(self, fold: int) -> FusionNetwork:
        """Return the network of a fold."""
        network = copy.deepcopy(self.network).requires_grad_(False)
        network.load_state_dict({name: values[fold] for name, values in self.parameters.items()})
        return network


def folded_samples(data: PeerData) -> FoldedSamples:
    """Standardise columns and target by the training rows of every fold; a constant column becomes zero."""
    X, unknown = side_by_side(data.X), side_by_side(data.unknown)
    y = np.asarray(data.y, dtype=np.float64)
    columns, others, moments = [], [], []
    for train, _ in data.folds:
        mean, deviation = _moments(X[train])
        columns.append((X - mean) / deviation)
        others.append((unknown - mean) / deviation)
        moments.append((0.0, 1.0) if data.task == BINARY else (y[train].mean(), y[train].std()))
    centre, scale = np.array(moments).T
    scale[is_constant(scale, np.abs(y).max())] = 1.0
    targets = (y - centre[:, None]) / scale[:, None]  # (folds, n)
    trained, held_out = (_marked(rows, len(y)) for rows in zip(*data.folds, strict=True))
    tensors = _floats(columns), _floats(targets), trained, held_out, _floats(others)
    return FoldedSamples(*tensors, centre, scale, data.task == BINARY)


def train_folds(
    build: Callable[[Mapping[str, int]], FusionNetwork],
    data: PeerData,
    samples: FoldedSamples,
    penalties: Sequence[float] = PENALTIES,
) -> TrainedFolds:
    """Train a network per fold and penalty, and keep those of the penalty with the least held-out loss.

    Parameters
    ----------
    build : callable
        From the number of columns by modality to a network with random parameters. They are drawn once per
        fold, by the seed of the data, and are the same for all penalties.
    data : PeerData
    samples : FoldedSamples
        Of `folded_samples`.
    penalties : sequence of float

    Returns
    -------
    TrainedFolds
    """
    widths = {name: values.shape[1] for name, values in data.X.items()}
    with drawing_from(torch.Generator().manual_seed(data.seed)):
        networks = [build(widths) for _ in data.folds]
    bytes_each = 4 * samples.target.numel() * networks[0].activations  # of one penalty
    at_once = max(1, MEMORY // bytes_each)
    parts = [penalties[first : first + at_once] for first in range(0, len(penalties), at_once)]
    trained = [one for part in parts for one in train_stack(networks, samples, part)]
    return min(trained, key=lambda one: one.loss)


def train_stack(
    networks: Sequence[FusionNetwork], samples: FoldedSamples, penalties: Sequence[float], steps: int = STEPS
) -> list[TrainedFolds]:
    """Train the networks of all folds for every penalty, and keep the step with the least held-out loss.

    Parameters
    ----------
    networks : sequence of FusionNetwork
        One per fold, with its first parameters; they are left as they are.
    samples : FoldedSamples
    penalties : sequence of float
    steps : int, default `STEPS`

    Returns
    -------
    list of TrainedFolds
        One per penalty.
    """
    folds, count = len(networks), len(penalties)
    every = torch.arange(folds).repeat(count)  # (networks,) of the stack
    best, kept = torch.full((count,), torch.inf), [State()] * count
    for step, (parameters, scores) in zip(
        range(steps + 1), descent(networks, samples, penalties), strict=False
    ):
        if step % EVERY:
            continue
        losses = samples.losses(scores.detach()[..., -1:], every, samples.held_out)
        means = losses.view(count, folds).mean(dim=1)
        for index in (means < best).nonzero().flatten().tolist():
            own = slice(index * folds, (index + 1) * folds)
            kept[index] = {name: values.detach()[own].clone() for name, values in parameters.items()}
        best = torch.fmin(means, best)
    return [TrainedFolds(networks[0], *one) for one in zip(kept, penalties, best.tolist(), strict=True)]


def descent(
    networks: Sequence[FusionNetwork], samples: FoldedSamples, penalties: Sequence[float]
) -> Iterator[tuple[State, Tensor]]:
    """Take steps of Adam, each over all training rows, without an end.

    Parameters
    ----------
    networks, samples, penalties
        See `train_stack`.

    Yields
    ------
    parameters : dict of str to Tensor, shape (penalties * folds, ...)
        Before the first step, and after every one, which changes them in place.
    scores : Tensor, shape (penalties * folds, n, scores)
    """
    folds, count = len(networks), len(penalties)
    parameters = stack_module_state([*networks] * count)[0]
    fold = torch.arange(folds).repeat(count)
    penalty = torch.tensor(penalties, dtype=torch.float32).repeat_interleave(folds)
    columns = samples.columns[fold]
    optimiser = torch.optim.Adam(parameters.values(), lr=RATE)
    while True:
        scores = scores_of(networks[0], parameters, columns)
        yield parameters, scores
        losses = samples.losses(scores, fold, samples.trained).sum(dim=1) + penalty * _squares(parameters)
        optimiser.zero_grad()
        losses.sum().backward()  # type: ignore[no-untyped-call]  # each network has a loss of its own
        optimiser.step()


def scores_of(network: FusionNetwork, parameters: State, columns: Tensor) -> Tensor:
    """Compute the scores of a stack of networks.

    Parameters
    ----------
    network : FusionNetwork
    parameters : dict of str to Tensor, shape (networks, ...)
    columns : Tensor, shape (networks, n, sum of d_m)

    Returns
    -------
    Tensor, shape (networks, n, scores)
    """

    def of_one(state: State, inputs: Tensor) -> Tensor:
        scores: Tensor = functional_call(network, state, (inputs,))
        return scores

    return vmap(of_one)(parameters, columns)


def _squares(parameters: State) -> Tensor:
    """Sum the squares of all weights, shape (networks,)."""
    weights = [values for name, values in parameters.items() if name.endswith("weight")]
    return torch.stack([values.square().flatten(1).sum(dim=1) for values in weights]).sum(dim=0)


def _moments(X: Floats) -> tuple[Floats, Floats]:
    """Return mean and deviation of columns, the latter infinite where they are constant."""
    moments = column_moments(X)
    return moments.mean, np.where(moments.constant, np.inf, moments.deviation)


def _marked(rows: Sequence[Rows], count: int) -> Tensor:
    return _floats([np.isin(np.arange(count), part) for part in rows])


def _floats(values: ArrayLike) -> Tensor:
    return torch.from_numpy(np.asarray(values, dtype=np.float32))
