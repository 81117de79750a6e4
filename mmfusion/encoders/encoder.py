"""Base class of the encoders, and the layers that work for one network and for a stack of networks.

Inside an encoder the batch is the last axis, (..., channels, B). Leading axes, where parameters have any,
count networks that are computed in one stack.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mmfusion.fusion.batch_size import check_batch_size
from mmfusion.fusion.no_variance import without_variance
from mmfusion.fusion.precision import DOUBLE, as_floats

Layer = TypeVar("Layer", nn.Linear, nn.Conv1d)

ROWS_AT_ONCE = 2048
"""Rows that are encoded at once outside training."""
ROUNDINGS = 4
"""Standard deviation that rounding gives to a constant activation, at most, in units of its last place."""


def shared_tensor(values: NDArray[Any]) -> Tensor:
    """Return a tensor on the memory of an array, also of one that is mapped from a file or read-only.

    Do not write to the tensor. Only arrays that are not contiguous are copied.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(np.ascontiguousarray(values))


def nan_where_padded(values: NDArray[Any], real: NDArray[np.bool_]) -> NDArray[Any]:
    """Copy sequences (n, length, d) with NaN in all columns of the steps that are not real, (n, length)."""
    floats = values if values.dtype == np.float16 else as_floats(values)
    return np.where(real[:, :, np.newaxis], floats, floats.dtype.type(np.nan))


def new_layer(
    kind: type[Layer], *sizes: int, generator: torch.Generator | None = None, **options: Any
) -> Layer:
    """Build a layer whose initial weights are those that torch draws, but drawn from a generator.

    Parameters
    ----------
    kind : {torch.nn.Linear, torch.nn.Conv1d}
    *sizes, **options
        Arguments of the layer; it has a bias unless they say otherwise.
    generator : torch.Generator, optional
        The only source of the weights: with one, torch's global random state is neither read nor changed.
        Default: torch's global generator.

    Returns
    -------
    Linear or Conv1d
        After ``manual_seed(s)`` of the generator it has, bit for bit, the weights that torch's layer has
        after ``torch.manual_seed(s)``.
    """
    build: Callable[..., Layer] = kind
    layer = build(*sizes, **options, device="meta")  # draws nothing
    for name, values in list(layer.named_parameters()):
        setattr(layer, name, nn.Parameter(torch.empty(values.shape)))  # much faster than torch's to_empty
    nn.init.kaiming_uniform_(layer.weight, a=math.sqrt(5), generator=generator)
    if layer.bias is None:
        return layer
    inputs_per_output = layer.weight[0].numel()
    bound = 1 / math.sqrt(inputs_per_output) if inputs_per_output else 0.0
    nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
    return layer


def linear(layer: nn.Linear, columns: Tensor) -> Tensor:
    """Apply a linear layer to columns (..., inputs, B), giving (..., outputs, B)."""
    return layer.weight @ columns + layer.bias.unsqueeze(-1)


def batch_norm(layer: nn.BatchNorm1d, columns: Tensor, weight: Tensor | None = None) -> Tensor:
    """Normalise columns (..., channels, B) by the batch in training mode, else by the layer's moments.

    Parameters
    ----------
    layer : BatchNorm1d
    columns : Tensor, shape (..., channels, B)
    weight : Tensor, shape (..., B), optional
        Weights of the samples in the moments of a training batch, at least zero. Default: all one.

    Raises
    ------
    FusionError
        In training mode, if there is no sample, or one sample and no weight.
    """
    training = layer.training
    if training:
        check_batch_size("batch norm of an encoder", columns.shape[-1], 2 if weight is None else 1)
    if training and weight is not None:
        mean, variance = (moment.unsqueeze(-1) for moment in weighted_moments(columns, weight))
        normed = (columns - mean) * (variance + layer.eps).rsqrt()
        return layer.weight.unsqueeze(-1) * normed + layer.bias.unsqueeze(-1)
    moments = (None, None) if training else (layer.running_mean, layer.running_var)
    means, variances = (None if x is None else x.reshape(-1) for x in moments)
    flat = columns.reshape(1, columns.shape[:-1].numel(), columns.shape[-1])
    gain, bias = layer.weight.reshape(-1), layer.bias.reshape(-1)
    normed = nn.functional.batch_norm(flat, means, variances, gain, bias, training, eps=layer.eps)
    return normed.view(columns.shape)


def weighted_moments(columns: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and biased variance of columns (..., channels, B) over the batch, weights (..., B).

    Both are zero where all weights are zero.
    """
    tiny = torch.finfo(columns.dtype).tiny
    exact = weight.to(columns)
    share = (exact / exact.sum(-1, keepdim=True).clamp(min=tiny)).unsqueeze(-2)  # (..., 1, B)
    mean = (columns * share).sum(-1)
    return mean, ((columns - mean.unsqueeze(-1)).square() * share).sum(-1)


class _Alike:
    """Whether rows, added piece by piece, are all equal; NaN equals NaN."""

    def __init__(self) -> None:
        self.all = True
        self._first: Tensor | None = None

    def add(self, rows: Tensor, weight: Tensor | None) -> None:
        """Add rows, of which those of weight zero do not count."""
        used = rows if weight is None or not self.all else rows[weight > 0]
        if not self.all or not len(used):
            return
        first = self._first = used[0].clone() if self._first is None else self._first
        self.all = bool(((used == first) | (used.isnan() & first.isnan())).all())


class Encoder(nn.Module):
    """Base class: activations - batch norm - features, to which an encoder may add a second path.

    Every parameter may have a leading axis that counts networks; inputs and features then have it too. In
    eval mode an empty batch has features (..., 0, dim); in training mode it raises. The class attributes
    below describe the kinds in `mmfusion.encoders.ENCODERS`.

    Parameters
    ----------
    dim : int
        Width d of the features.
    hidden : int
        Width of the activations.

    Attributes
    ----------
    axes : int, default 2
        Axes of the raw arrays, the samples included.
    whole : bool, default False
        Whether the values are whole numbers, symbols from 0 to size - 1.
    standardised : bool, default True
        Whether an estimator standardises the columns by the training samples.
    help : str
        What the values are and what encodes them, for ``mmfusion check``.
    """

    axes: ClassVar[int] = 2
    whole: ClassVar[bool] = False
    standardised: ClassVar[bool] = True
    help: ClassVar[str]

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.dim = dim
        self.batch_norm = nn.BatchNorm1d(hidden)

    def prepare(self, values: NDArray[Any], real: NDArray[np.bool_] | None = None) -> Tensor:
        """Turn a raw array (n, ...) into the tensor (n, ...) that the encoder takes.

        The array is expected to be checked, as `mmfusion.ModalityData` and `mmfusion.data.check_values` do.
        Which steps are real, (n, length), is only for sequences; by default all are, but those that are NaN.
        """
        raise NotImplementedError

    def weights(self) -> list[Tensor]:
        """Return the weights of linear layers and convolutions, the parameters under weight decay."""
        return [layer.weight for layer in self.modules() if isinstance(layer, nn.Linear | nn.Conv1d)]

    def activations(self, inputs: Tensor) -> Tensor:
        """Return the numbers that batch norm takes, (..., hidden, B), for prepared inputs (..., B, ...)."""
        raise NotImplementedError

    def head(self, hidden: Tensor) -> Tensor:
        """Return the features (..., dim, B) of normalised activations (..., hidden, B)."""
        raise NotImplementedError

    def seen(self, inputs: Tensor) -> Tensor:
        """Return what both paths see of prepared inputs; by default all of it."""
        return inputs

    def beside(self, inputs: Tensor) -> Tensor | None:
        """Return what is added to the features, (..., dim, B); by default None, nothing."""
        return None

    def _features(self, normed: Tensor, inputs: Tensor) -> Tensor:
        """Return the features (..., B, dim) of normalised activations and of what the encoder has seen."""
        features, added = self.head(normed), self.beside(inputs)
        return features.mT if added is None else (features + added).mT

    def forward(self, inputs: Tensor, weight: Tensor | None = None) -> Tensor:
        """Encode prepared inputs (..., B, ...) as features (..., B, dim).

        Weights (..., B) of the samples are those of `batch_norm`.

        Raises
        ------
        FusionError
            In training mode, if there is no sample, or one sample and no weight.
        """
        seen = self.seen(inputs)
        return self._features(batch_norm(self.batch_norm, self.activations(seen), weight), seen)

    @torch.no_grad()
    def fit_statistics(
        self,
        inputs: Tensor,
        weight: Tensor | None = None,
        before: Callable[[Tensor], Tensor] = lambda rows: rows,
    ) -> Tensor:
        """Set the moments of the batch norm to those of its input over all rows (biased variance).

        Channels that are constant over these rows get an infinite variance, so that they have their bias as
        value in prediction, whatever comes.

        Parameters
        ----------
        inputs : Tensor, shape (n, ...)
            Prepared inputs of the whole training split.
        weight : Tensor, shape (n,), optional
            Weights of the rows in the moments, at least zero. Default: all one.
        before : function of Tensor to Tensor, optional
            Applied to some rows at a time before they are encoded. Default: none.

        Returns
        -------
        Tensor, shape (n, dim)
            Features with these moments, in eval mode.

        Raises
        ------
        FusionError
            If there are no rows.
        """
        check_batch_size("batch norm of an encoder", len(inputs), 1)
        self.eval()
        parts, paths, alike = [], [], _Alike()
        for start in range(0, len(inputs), ROWS_AT_ONCE):
            piece = slice(start, start + ROWS_AT_ONCE)
            rows = before(inputs[piece])
            parts.append(self.activations(rows))
            paths.append(self.beside(rows))
            alike.add(rows, None if weight is None else weight[piece])
        hidden = torch.cat(parts, dim=-1)
        values = hidden.double()
        if weight is None:
            mean, variance = values.mean(-1), values.var(-1, correction=0)
        else:
            values = torch.where(weight > 0, values, 0.0)  # others may be infinite
            mean, variance = weighted_moments(values, weight.double())
        constant = self._constant(variance.sqrt(), values.abs().amax(-1), hidden.dtype) | alike.all
        variance = torch.where(constant, math.inf, variance)
        self.batch_norm.running_mean, self.batch_norm.running_var = mean.to(hidden), variance.to(hidden)
        if bool(constant.all()):  # equal in all rows, without rounding errors that depend on the row
            features = self.head(batch_norm(self.batch_norm, mean.to(hidden).unsqueeze(-1)))
            features = features.mT.repeat(len(inputs), 1)
        else:
            features = self.head(batch_norm(self.batch_norm, hidden)).mT
        added = [path for path in paths if path is not None]
        return features + torch.cat(added, dim=-1).mT if added else features

    def _constant(self, deviation: Tensor, largest: Tensor, dtype: torch.dtype) -> Tensor:
        """Say which channels are constant, given their standard deviation and largest magnitude.

        Activations of standardised columns are of the order of one, and rounding depends on the row. What is
        not standardised may be small differences of large numbers.
        """
        rounding = ROUNDINGS * torch.finfo(dtype).eps if self.standardised else 0.0
        return without_variance(deviation, largest, max(DOUBLE, rounding))
