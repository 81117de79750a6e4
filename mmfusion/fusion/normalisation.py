r"""The five normalisations of tensor products, for batches while training and for single samples afterwards.

Every normalisation has the same form, with constants that differ:

    g^m = (f^m - centre_m) / input_scale_m,
    phi_I = (sum over S within I of kappa_S (x) g^(I without S) - mean_I) / scale_I,

kappa_() = 1. While training, the constants are functions of the batch and gradients flow through them; for
prediction they are computed once over the training split (`Normalisation.fit`) and stored in float64. There
are no affine parameters, variances are biased, and eps is added to every variance.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from mmfusion.errors import FusionError
from mmfusion.fusion.subsets import subsets
from mmfusion.fusion.wick import (
    Blocks,
    batch_moments,
    check_features,
    tensor_products,
    wick_constants,
    wick_from_constants,
)


@dataclass
class Constants:
    """Constants of a normalisation; what is absent is zero (centre, kappas, means) or one (scales).

    Parameters
    ----------
    centre, input_scale : dict of modality to Tensor, shape (1, d_m) or (1, 1)
    kappas, means, scales : dict of subset to Tensor, shape (1, product of d_m) or (1, 1)
    """

    centre: dict[str, Tensor] = field(default_factory=dict)
    input_scale: dict[str, Tensor] = field(default_factory=dict)
    kappas: Blocks = field(default_factory=dict)
    means: Blocks = field(default_factory=dict)
    scales: Blocks = field(default_factory=dict)


def _vector_scale(centred: Tensor, eps: float) -> Tensor:
    """Root of the mean squared norm of the rows, shape (1, 1)."""
    return (centred.square().sum() / centred.shape[0] + eps).sqrt().reshape(1, 1)


class Normalisation(nn.Module):
    """Base class: phi_I of a batch while training, from stored constants in eval mode.

    Parameters
    ----------
    dims : mapping of str to int
        Width d_m of every modality, in modality order.
    max_order : int, optional
        Largest size of a subset. Default: the number of modalities.
    eps : float, default 1e-5
        Added to every variance.

    Notes
    -----
    A subclass gives `from_batch`. Prediction is the same for all: it is checked in the tests that a batch
    whose own constants were stored is normalised alike in both modes.
    """

    name = ""
    kappa: Tensor
    fitted: Tensor

    def __init__(self, dims: Mapping[str, int], max_order: int | None = None, eps: float = 1e-5) -> None:
        super().__init__()
        self.dims = dict(dims)
        self.max_order = max_order
        self.eps = eps
        self.subsets = subsets(self.dims, max_order)
        inputs = sum(self.dims.values())
        width = sum(math.prod(self.dims[m] for m in subset) for subset in self.subsets)
        for name, size, value in (
            ("centre", inputs, 0.0),
            ("input_scale", inputs, 1.0),
            ("kappa", width, 0.0),
            ("mean", width, 0.0),
            ("scale", width, 1.0),
        ):
            self.register_buffer(name, torch.full((size,), value, dtype=torch.float64))
        self.register_buffer("fitted", torch.zeros((), dtype=torch.bool))

    def from_batch(self, features: Mapping[str, Tensor]) -> tuple[Blocks, Constants]:
        """Normalise a batch by its own statistics and return the constants used.

        Parameters
        ----------
        features : mapping of str to Tensor, shape (B, d_m), B > 1

        Returns
        -------
        tuple of (dict of subset to Tensor of shape (B, product of d_m), Constants)
        """
        raise NotImplementedError

    def forward(self, features: Mapping[str, Tensor]) -> Blocks:
        """Return phi_I for every subset, in the order of `subsets`.

        Parameters
        ----------
        features : mapping of str to Tensor, shape (B, d_m)
            In modality order.

        Returns
        -------
        dict of subset to Tensor, shape (B, product of d_m)

        Raises
        ------
        FusionError
            If names or widths are not those of `dims`; in training mode if B < 2; in eval mode before `fit`.
        """
        ordered = self._ordered(features)
        return self._batch(ordered)[0] if self.training else self._predict(ordered)

    @torch.no_grad()
    def fit(self, features: Mapping[str, Tensor]) -> None:
        """Store the prediction constants, computed in float64 over the given samples.

        Parameters
        ----------
        features : mapping of str to Tensor, shape (n, d_m)
            Features of the whole training split.
        """
        ordered = {name: values.double() for name, values in self._ordered(features).items()}
        _, constants = self._batch(ordered)
        for m, part in self.split_inputs("centre").items():
            part.copy_(constants.centre.get(m, torch.zeros(())).expand_as(part))
        for m, part in self.split_inputs("input_scale").items():
            part.copy_(constants.input_scale.get(m, torch.ones(())).expand_as(part))
        for buffer, values, default in (
            ("kappa", constants.kappas, 0.0),
            ("mean", constants.means, 0.0),
            ("scale", constants.scales, 1.0),
        ):
            for subset, part in self.split_blocks(buffer).items():
                part.copy_(values.get(subset, torch.tensor(default)).expand_as(part))
        self.fitted.fill_(True)

    def split_inputs(self, buffer: str) -> dict[str, Tensor]:
        """View a stored vector as one row per modality, shape (1, d_m)."""
        parts = torch.split(self.get_buffer(buffer), list(self.dims.values()))
        return {m: part.unsqueeze(0) for m, part in zip(self.dims, parts, strict=True)}

    def split_blocks(self, buffer: str) -> Blocks:
        """View a stored vector as one row per subset, shape (1, product of d_m)."""
        widths = [math.prod(self.dims[m] for m in subset) for subset in self.subsets]
        parts = torch.split(self.get_buffer(buffer), widths)
        return {subset: part.unsqueeze(0) for subset, part in zip(self.subsets, parts, strict=True)}

    def kappas(self) -> Blocks:
        """Return the stored kappa_S of sizes two and above; empty where all of them are zero."""
        if not self.kappa.any():
            return {}
        return {subset: part for subset, part in self.split_blocks("kappa").items() if len(subset) > 1}

    def _ordered(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        if set(features) != set(self.dims):
            raise FusionError(f"features: got modalities {list(features)}, expected {list(self.dims)}.")
        check_features(features)
        widths = {name: features[name].shape[1] for name in self.dims}
        if widths != self.dims:
            raise FusionError(f"features: got widths {widths}, expected {self.dims}.")
        return {name: features[name] for name in self.dims}

    def _batch(self, features: Mapping[str, Tensor]) -> tuple[Blocks, Constants]:
        rows = next(iter(features.values())).shape[0]
        if rows < 2 and self.name != "none":
            raise FusionError(
                f"{self.name}: a training batch of {rows} sample has no variance, expected at least 2; "
                "use a larger batch or call eval() to predict."
            )
        return self.from_batch(features)

    def _predict(self, features: Mapping[str, Tensor]) -> Blocks:
        if not self.fitted and self.name != "none":
            raise FusionError(
                f"{self.name}: the prediction statistics are missing; call fit_statistics with the features "
                "of the training split before predicting."
            )
        like = next(iter(features.values()))
        centre, input_scale = self.split_inputs("centre"), self.split_inputs("input_scale")
        scaled = {m: (x - centre[m].to(x)) / input_scale[m].to(x) for m, x in features.items()}
        kappas = {subset: part.to(like) for subset, part in self.kappas().items()}
        blocks = wick_from_constants(tensor_products(scaled, self.max_order), kappas, self.dims)
        means, scales = self.split_blocks("mean"), self.split_blocks("scale")
        return {i: (block - means[i].to(block)) / scales[i].to(block) for i, block in blocks.items()}


class NoNorm(Normalisation):
    """``none``: phi_I = f^I."""

    name = "none"

    def from_batch(self, features: Mapping[str, Tensor]) -> tuple[Blocks, Constants]:
        """Return the tensor products themselves, with no constants."""
        return tensor_products(features, self.max_order), Constants()


class BatchNorm(Normalisation):
    """``bn``: every coordinate of f^I has mean zero and variance 1/dim, so that E||phi_I||^2 = 1."""

    name = "bn"

    def from_batch(self, features: Mapping[str, Tensor]) -> tuple[Blocks, Constants]:
        """Return (f^I - mu) / sqrt(dim (var + eps)) with mu and var per coordinate."""
        blocks: Blocks = {}
        constants = Constants()
        for subset, product in tensor_products(features, self.max_order).items():
            mean = product.mean(0, keepdim=True)
            centred = product - mean
            variance = centred.square().mean(0, keepdim=True)
            scale = ((variance + self.eps) * product.shape[1]).sqrt()
            blocks[subset] = centred / scale
            constants.means[subset], constants.scales[subset] = mean, scale
        return blocks, constants


class VectorBatchNorm(Normalisation):
    """``vbn``: phi_I = (f^I - mu) / sigma, sigma^2 = E||f^I - mu||^2: one scalar per block."""

    name = "vbn"

    def from_batch(self, features: Mapping[str, Tensor]) -> tuple[Blocks, Constants]:
        """Return (f^I - mu) / sqrt(E||f^I - mu||^2 + eps)."""
        constants = Constants()
        return self._normalise(tensor_products(features, self.max_order), constants), constants

    def _normalise(self, products: Blocks, constants: Constants) -> Blocks:
        blocks: Blocks = {}
        for subset, product in products.items():
            mean = product.mean(0, keepdim=True)
            centred = product - mean
            scale = _vector_scale(centred, self.eps)
            blocks[subset] = centred / scale
            constants.means[subset], constants.scales[subset] = mean, scale
        return blocks


class DoubleBatchNorm(VectorBatchNorm):
    """``dbn``: VBN on every f^m, the products of these, and VBN again on every product."""

    name = "dbn"

    def from_batch(self, features: Mapping[str, Tensor]) -> tuple[Blocks, Constants]:
        """Return VBN of the products of the VBN of the features."""
        constants = Constants()
        inner: dict[str, Tensor] = {}
        for name, values in features.items():
            mean = values.mean(0, keepdim=True)
            scale = _vector_scale(values - mean, self.eps)
            inner[name] = (values - mean) / scale
            constants.centre[name], constants.input_scale[name] = mean, scale
        return self._normalise(tensor_products(inner, self.max_order), constants), constants


class IterativeBatchNorm(Normalisation):
    """``ibn``: phi_I = psi_I / sqrt(E||psi_I||^2 + eps), psi_I the Wick product of the features."""

    name = "ibn"

    def from_batch(self, features: Mapping[str, Tensor]) -> tuple[Blocks, Constants]:
        """Return the Wick products (kappa form, on centred features) at unit mean squared norm."""
        constants = Constants(centre={m: x.mean(0, keepdim=True) for m, x in features.items()})
        centred = {m: x - constants.centre[m] for m, x in features.items()}
        products = tensor_products(centred, self.max_order)
        constants.kappas = wick_constants(batch_moments(products), self.dims)
        blocks: Blocks = {}
        for subset, wick in wick_from_constants(products, constants.kappas, self.dims).items():
            constants.scales[subset] = _vector_scale(wick, self.eps)
            blocks[subset] = wick / constants.scales[subset]
        return blocks, constants


NORMALISATIONS: dict[str, type[Normalisation]] = {
    cls.name: cls for cls in (NoNorm, BatchNorm, VectorBatchNorm, DoubleBatchNorm, IterativeBatchNorm)
}
"""The normalisations by name: none, bn, vbn, dbn, ibn."""
