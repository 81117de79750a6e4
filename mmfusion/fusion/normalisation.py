r"""The five normalisations of tensor products, for batches while training and for single samples afterwards.

Every normalisation has the same form, with constants that differ:

    g^m = (f^m - centre_m) / input_scale_m,
    phi_I = (sum over S within I of kappa_S (x) g^(I without S) - mean_I) / scale_I,

kappa_() = 1. While training, the constants are functions of the batch and gradients flow through them; for
prediction they are computed once over the training split (`Normalisation.fit`) and stored in float64, and
what has no variance there stays without effect (`mmfusion.fusion.no_variance`). There are no affine
parameters, variances are biased, and eps is added to every variance. The constants of each normalisation as
functions of a batch are in `mmfusion.fusion.prediction_statistics`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from mmfusion.errors import FusionError
from mmfusion.fusion.batch_size import check_batch_size
from mmfusion.fusion.fold import absorb, offset
from mmfusion.fusion.multilinear import Columns, Heads, batch_mean
from mmfusion.fusion.no_variance import held_columns, varying_blocks
from mmfusion.fusion.prediction_statistics import Constants, Rule, Setting, bn, dbn, ibn, none, vbn
from mmfusion.fusion.subsets import Subset, subsets
from mmfusion.fusion.wick import BySubset, check_matrices, tensor_products, wick_product

NORMALISATIONS: dict[str, Rule] = {
    "none": Rule(none, centred=False, stored=False),
    "bn": Rule(bn, by_number=True),
    "vbn": Rule(vbn),
    "dbn": Rule(dbn),
    "ibn": Rule(ibn, kappas=True),
}
"""The normalisations by name."""


class Normalisation(nn.Module):
    """phi_I: from the constants of the batch while training, from stored constants in eval mode.

    Parameters
    ----------
    name : {"none", "bn", "vbn", "dbn", "ibn"}
        A key of `NORMALISATIONS`.
    dims : mapping of str to int
        Width d_m of every modality, in modality order.
    max_order : int, optional
        Largest size of a subset. Default: the number of modalities.
    eps : float, default 1e-5
        Added to every variance.

    Raises
    ------
    FusionError
        If the name is unknown.
    """

    held: Tensor
    kappa: Tensor
    fitted: Tensor
    block_of: Tensor

    def __init__(
        self, name: str, dims: Mapping[str, int], max_order: int | None = None, eps: float = 1e-5
    ) -> None:
        super().__init__()
        if name not in NORMALISATIONS:
            raise FusionError(f"norm: {name!r} is unknown, expected one of {', '.join(NORMALISATIONS)}.")
        self.name, self.rule = name, NORMALISATIONS[name]
        self.dims = dict(dims)
        self.max_order = max_order
        self.eps = eps
        self.subsets = subsets(self.dims, max_order)
        self.widths = [math.prod(self.dims[m] for m in subset) for subset in self.subsets]
        inputs, width = sum(self.dims.values()), sum(self.widths)
        for buffer, size, value in (
            ("centre", inputs, 0.0),
            ("input_scale", inputs, 1.0),
            ("kappa", width, 0.0),
            ("mean", width, 0.0),
            ("scale", width, 1.0),
            ("held_value", inputs, 0.0),
        ):
            self.register_buffer(buffer, torch.full((size,), value, dtype=torch.float64))
        self.register_buffer("held", torch.zeros(inputs, dtype=torch.bool))
        self.register_buffer("fitted", torch.zeros((), dtype=torch.bool))
        blocks = torch.repeat_interleave(torch.arange(len(self.widths)), torch.tensor(self.widths))
        self.register_buffer("block_of", blocks, persistent=False)  # index of the subset of every number

    def forward(self, features: Mapping[str, Tensor]) -> BySubset:
        """Return phi_I for every subset, in the order of `subsets`.

        Parameters
        ----------
        features : mapping of str to Tensor, shape (B, d_m)

        Returns
        -------
        dict of subset to Tensor, shape (B, product of d_m over the subset)

        Raises
        ------
        FusionError
            If names or widths are not those of `dims`; in training mode if B < 2; in eval mode without a
            `fit` since the last pass in training mode.
        """
        heads, constants = self._normalised(self._columns(features))
        rows = {name: values.mT for name, values in heads.columns.items()}
        like = next(iter(rows.values()))
        kappas = {subset: part.to(like) for subset, part in constants.kappas.items()}
        plain = tensor_products(rows, self.max_order)
        products = {subset: wick_product(plain, kappas, subset, self.dims) for subset in plain}
        for values, apply in ((constants.mean, torch.sub), (constants.gain, torch.mul)):
            if values is not None:
                parts = self.by_subset(values.to(like).unsqueeze(-2))
                products = {subset: apply(x, parts[subset]) for subset, x in products.items()}
        return products

    def scores(
        self,
        features: Mapping[str, Tensor],
        weight: Tensor,
        bias: Tensor,
        sample_weight: Tensor | None = None,
    ) -> Tensor:
        """Return the sum over I of <phi_I, W_I> + b without forming phi_I.

        Parameters
        ----------
        features : mapping of str to Tensor, shape (..., B, d_m)
        weight : Tensor, shape (..., outputs, sum over I of product of d_m)
        bias : Tensor, shape (..., outputs)
        sample_weight : Tensor, shape (..., B), optional
            Positive weights of the samples in the means of a training batch. Default: all one.

        Returns
        -------
        Tensor, shape (..., B, outputs)

        Raises
        ------
        FusionError
            See `forward`.
        """
        share = _shares(sample_weight)
        heads, constants = self.prepared(features, share, weight.ndim)
        like = next(iter(heads.columns.values()))
        weights = self.scaled_weights(constants, weight.to(like))
        total = heads.scores(absorb(weights, constants.kappas, self.dims))
        shift: Tensor | float
        if self.training and self.rule.centred:  # then the sum of all <phi_I, W_I> has mean zero, too
            shift = -batch_mean(total, share)
        else:
            shift = self.offset(constants, weights)
        return (total + (bias.to(like) + shift).unsqueeze(-1)).mT.to(weight.dtype)

    def prepared(
        self, features: Mapping[str, Tensor], share: Tensor | None = None, axes: int = 2
    ) -> tuple[Heads, Constants]:
        """Return the heads of g and the constants of phi_I on g, in eval mode in float64."""
        columns = self._columns(features, axes)
        if not self.training:  # once per prediction: float64 costs little
            columns = {name: values.double() for name, values in columns.items()}
        return self._normalised(columns, share)

    def scaled_weights(self, constants: Constants, weight: Tensor) -> BySubset:
        """Return W_I / scale_I per subset, shape (..., outputs, product of d_m)."""
        if constants.gain is not None:
            weight = weight * constants.gain.unsqueeze(-2)
        return self.by_subset(weight)

    def offset(self, constants: Constants, weights: Mapping[Subset, Tensor]) -> Tensor | float:
        """Return the sum over I of <kappa_I - mean_I, W_I / scale_I>, shape (..., outputs)."""
        shift = offset(weights, constants.kappas)
        if constants.mean is not None:
            shift = shift - offset(weights, self.by_subset(constants.mean.unsqueeze(-2)))
        return shift

    @torch.no_grad()
    def fit(self, features: Mapping[str, Tensor], sample_weight: Tensor | None = None) -> None:
        """Store the prediction constants, computed in float64 over the given samples.

        Parameters
        ----------
        features : mapping of str to Tensor, shape (n, d_m)
            Features of the whole training split.
        sample_weight : Tensor, shape (n,), optional
            Weights of the samples in every mean, at least zero. Default: all one.
        """
        columns = {name: values.double() for name, values in self._columns(features).items()}
        self._check_size(columns)
        share = _shares(None if sample_weight is None else sample_weight.double())
        if share is not None:  # samples of weight zero may have infinite features
            columns = {name: torch.where(share > 0, values, 0.0) for name, values in columns.items()}
        held, held_value = held_columns(columns, share)
        self.held.copy_(held)
        self.get_buffer("held_value").copy_(held_value)
        columns = self._held(columns)
        _, constants = self._statistics(columns, share)
        if constants.centre is not None:  # of held columns exactly, in spite of the rounding of means
            exact = torch.where(held, held_value, constants.centre.squeeze(-1))
            constants = replace(constants, centre=exact.unsqueeze(-1))
        for buffer, value in (
            ("centre", constants.centre),
            ("input_scale", constants.input_scale),
            ("mean", constants.mean),
            ("scale", self._scale(columns, constants, share)),
        ):
            if value is not None:
                self.get_buffer(buffer).copy_(value.flatten())
        kappas = self.by_subset(self.kappa)
        for subset, part in constants.kappas.items():
            kappas[subset].copy_(part.squeeze(-2))
        self.fitted.fill_(True)

    def _scale(self, columns: Columns, constants: Constants, share: Tensor | None) -> Tensor | None:
        """Return 1 / gain, infinite where blocks have no variance."""
        if constants.gain is None:
            return None
        scale = constants.gain.reciprocal()
        gain = self.by_subset(constants.gain)
        varying = varying_blocks(columns, constants, gain, self.eps, share, self.rule.by_number)
        parts = self.by_subset(scale)
        return torch.cat([torch.where(varying[subset], x, math.inf) for subset, x in parts.items()])

    def stored(self) -> Constants:
        """Return the constants of prediction on g; for centre and input scale see `split_inputs`.

        Raises
        ------
        FusionError
            Before `fit`, and after a pass in training mode.
        """
        if not self.rule.stored:
            return Constants()
        if not self.fitted:
            raise FusionError(
                f"{self.name}: the prediction statistics are missing, or older than the last pass in "
                "training mode; call fit_statistics with the features of the training split first."
            )
        kappas = self.by_subset(self.kappa.unsqueeze(0)) if self.rule.kappas else {}
        return Constants(
            kappas={subset: part for subset, part in kappas.items() if len(subset) > 1},
            mean=self.get_buffer("mean"),
            gain=self.get_buffer("scale").reciprocal(),
        )

    def split_inputs(self, buffer: str) -> dict[str, Tensor]:
        """View a stored vector as one row per modality, shape (1, d_m)."""
        parts = torch.split(self.get_buffer(buffer), list(self.dims.values()))
        return {m: part.unsqueeze(0) for m, part in zip(self.dims, parts, strict=True)}

    def by_subset(self, values: Tensor) -> BySubset:
        """View values (..., sum over I of product of d_m) per subset, shape (..., product of d_m)."""
        return dict(zip(self.subsets, torch.split(values, self.widths, dim=-1), strict=True))

    def _columns(self, features: Mapping[str, Tensor], axes: int = 2) -> dict[str, Tensor]:
        if set(features) != set(self.dims):
            raise FusionError(f"features: got modalities {list(features)}, expected {list(self.dims)}.")
        check_matrices(features, axes)
        widths = {name: features[name].shape[-1] for name in self.dims}
        if widths != self.dims:
            raise FusionError(f"features: got widths {widths}, expected {self.dims}.")
        return {name: features[name].mT.contiguous() for name in self.dims}

    def _normalised(self, columns: Columns, share: Tensor | None = None) -> tuple[Heads, Constants]:
        """Return the heads of g and the constants, of the batch in training mode, else as stored."""
        if self.training:
            self.fitted.fill_(False)  # the encoders may change now
            return self._statistics(columns, share)
        constants, columns = self.stored(), self._held(columns)
        if self.rule.stored:
            centre, scale = self.split_inputs("centre"), self.split_inputs("input_scale")
            columns = {m: (x - centre[m].mT.to(x)) / scale[m].mT.to(x) for m, x in columns.items()}
        return Heads(columns, self.max_order), constants

    def _held(self, columns: Columns) -> dict[str, Tensor]:
        """Give held columns the value that they had in training."""
        held, values = self.split_inputs("held"), self.split_inputs("held_value")
        return {m: torch.where(held[m].mT, values[m].mT.to(x), x) for m, x in columns.items()}

    def _statistics(self, columns: Columns, share: Tensor | None) -> tuple[Heads, Constants]:
        self._check_size(columns)
        return self.rule.statistics(columns, Setting(self.max_order, self.block_of, self.eps, share))

    def _check_size(self, columns: Columns) -> None:
        samples = next(iter(columns.values())).shape[-1]
        check_batch_size(self.name, samples, 2 if self.rule.stored else 1)


def _shares(weight: Tensor | None) -> Tensor | None:
    """Scale weights (..., B) to a mean of one over the batch, shape (..., 1, B)."""
    return None if weight is None else (weight / weight.mean(-1, keepdim=True)).unsqueeze(-2)
