"""The fusion layer: scores from modality features and their tensor products under a block norm."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd
import torch
from torch import Tensor, nn

from mmfusion.errors import FusionError
from mmfusion.fusion.blocknorm import (
    block_norm_exponent,
    block_norm_penalty,
    block_norms,
    relevance,
    weight_share,
)
from mmfusion.fusion.fold import absorb, block_scores, offset
from mmfusion.fusion.normalisation import Normalisation
from mmfusion.fusion.subsets import Subset, subset_label
from mmfusion.fusion.wick import BySubset, tensor_products

INITIAL_VARIANCE = 0.01


class TensorFusion(nn.Module):
    r"""Linear layer on the normalised tensor products of all subsets of modalities.

    N(x) = sum over I of <phi_I(x), W_I> + b, penalised by [sum over I of ||W_I||^q]^(2/q), where phi_I is the
    normalised outer product of the features of the modalities in I. Features, weights, penalty and scores
    share one order of subsets, that of `mmfusion.subsets`. Source: Ledent, Mustafa, Mehta, Vandermeulen,
    Kloft, *Interpretability in Multimodal Deep Learning*, poster, TU Kaiserslautern; Varshneya et al.,
    *Interpretable Tensor Fusion*, IJCAI 2024.

    Parameters
    ----------
    dims : mapping of str to int
        Width d_m of every modality, in modality order.
    outputs : int, default 1
        1 for binary and regression, the number of classes for multiclass.
    norm : {"none", "bn", "vbn", "dbn", "ibn"}, default "ibn"
        Normalisation of the products.
    p : float, default 1.0
        In [1, inf], the norm of the relevance scores.
    max_order : int, optional
        Largest size of a subset. Default: the number of modalities.
    convention : {"mkl", "scaled_output", "as_printed"}, default "mkl"
        Which exponent q and which relevance belong to p, see `mmfusion.fusion.blocknorm`.
    generator : torch.Generator, optional
        Source of the initial weights. Default: torch's global generator.

    Attributes
    ----------
    weight : Parameter, shape (outputs, sum over I of product of d_m)
        All W_I, joined along the last axis, drawn from N(0, 0.01 / product of d_m).
    bias : Parameter, shape (outputs,)
        Zero at the start.

    Raises
    ------
    FusionError
        If an argument is out of range or unknown.

    Examples
    --------
    >>> layer = TensorFusion({"text": 3, "audio": 2})
    >>> layer({"text": torch.ones(4, 3), "audio": torch.ones(4, 2)}).shape
    torch.Size([4, 1])
    """

    def __init__(
        self,
        dims: Mapping[str, int],
        outputs: int = 1,
        norm: str = "ibn",
        p: float = 1.0,
        max_order: int | None = None,
        convention: str = "mkl",
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        widths = {f"dims[{name!r}]": width for name, width in dims.items()}
        for name, width in {**widths, "outputs": outputs}.items():
            if not isinstance(width, int) or isinstance(width, bool) or width < 1:
                raise FusionError(f"{name}: {width!r} is not a width, expected a whole number of at least 1.")
        self.q = block_norm_exponent(p, convention)
        self.dims, self.outputs, self.p = dict(dims), outputs, p
        self.convention, self.max_order = convention, max_order
        self.norm = Normalisation(norm, dims, max_order)
        self.subsets: list[Subset] = self.norm.subsets
        self.widths = self.norm.widths
        self.weight = nn.Parameter(torch.empty(outputs, sum(self.widths)))
        self.bias = nn.Parameter(torch.empty(outputs))
        self.reset_parameters(generator)

    @torch.no_grad()
    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw W_I from N(0, 0.01 / product of d_m) and set b to zero.

        Parameters
        ----------
        generator : torch.Generator, optional
            Source of randomness. Default: torch's global generator.
        """
        for block in self.blocks().values():
            block.normal_(0.0, math.sqrt(INITIAL_VARIANCE / block.shape[1]), generator=generator)
        self.bias.zero_()

    def blocks(self) -> BySubset:
        """Return views on W_I per subset, shape (outputs, product of d_m)."""
        return self.norm.by_subset(self.weight)

    def block_features(self, features: Mapping[str, Tensor]) -> BySubset:
        """Return phi_I(x) per subset.

        Parameters
        ----------
        features : mapping of str to Tensor, shape (B, d_m)

        Returns
        -------
        dict of subset to Tensor, shape (B, product of d_m)
        """
        values: BySubset = self.norm(self._typed(features))
        return values

    def _typed(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        if not isinstance(features, Mapping):
            raise FusionError(
                f"features: got {type(features).__name__}, expected a mapping of modality to tensor, with "
                f"{', '.join(self.dims)}."
            )
        return {name: x.to(self.weight.dtype) for name, x in features.items()}

    def forward(self, features: Mapping[str, Tensor], sample_weight: Tensor | None = None) -> Tensor:
        """Return the scores N(x).

        Parameters
        ----------
        features : mapping of str to Tensor, shape (B, d_m)
        sample_weight : Tensor, shape (B,), optional
            Positive weights of the samples in the means of a training batch. Default: all one.

        Returns
        -------
        Tensor, shape (B, outputs)

        Raises
        ------
        FusionError
            See `mmfusion.fusion.normalisation.Normalisation.forward`.
        """
        return self.norm.scores(self._typed(features), self.weight, self.bias, sample_weight)

    def contributions(self, features: Mapping[str, Tensor]) -> BySubset:
        """Return <phi_I(x), W_I> per subset, without forming phi_I; with the bias they sum to the score.

        Parameters
        ----------
        features : mapping of str to Tensor, shape (B, d_m)

        Returns
        -------
        dict of subset to Tensor, shape (B, outputs)
        """
        heads, constants = self.norm.prepared(self._typed(features))
        weight = self.weight.to(next(iter(heads.columns.values())))
        weights = self.norm.scaled_weights(constants, weight)
        scores = block_scores(heads, weights, constants.kappas, self.dims)
        if constants.mean is not None:
            means = self.norm.by_subset(constants.mean)
            scores = {s: x - (weights[s] * means[s]).sum(-1, keepdim=True) for s, x in scores.items()}
        return {subset: values.mT.to(self.weight.dtype) for subset, values in scores.items()}

    def fit_statistics(self, features: Mapping[str, Tensor], sample_weight: Tensor | None = None) -> None:
        """Store the constants that prediction (eval mode) uses.

        What is constant over these samples has no effect in prediction: see `mmfusion.fusion.no_variance`.

        Parameters
        ----------
        features : mapping of str to Tensor, shape (n, d_m)
            Features of the whole training split, encoded in eval mode.
        sample_weight : Tensor, shape (n,), optional
            Weights of the samples in every mean, at least zero. Default: all one.
        """
        self.norm.fit(features, sample_weight)

    def penalty(self) -> Tensor:
        """Return [sum over I of ||W_I||^q]^(2/q), shape (), without lambda."""
        return block_norm_penalty(self._norms(self.weight), self.q)

    def _norms(self, weight: Tensor) -> Tensor:
        return block_norms(weight, self.norm.block_of, len(self.subsets))

    @torch.no_grad()
    def block_norms(self) -> Tensor:
        """Return the Frobenius norms n_I of all blocks in float64, in the order of `subsets`."""
        return self._norms(self.weight.double())

    def relevance(self) -> pd.DataFrame:
        """Return the relevance of every subset, read off the block norms.

        Returns
        -------
        DataFrame
            Columns subset (label, such as ``1+2``), block_norm, beta, weight_share. Under ``as_printed``,
            which has no beta, that column is NaN and the weight share is the relevance.
        """
        norms = self.block_norms().cpu().numpy()
        printed = self.convention == "as_printed"
        beta = norms * float("nan") if printed else relevance(norms, self.p, self.convention)
        return pd.DataFrame(
            {
                "subset": [subset_label(subset) for subset in self.subsets],
                "block_norm": norms,
                "beta": beta,
                "weight_share": weight_share(norms),
            }
        )

    @torch.no_grad()
    def fold(self) -> TensorFusion:
        """Return the plain tensor fusion (norm ``none``, float64, eval mode) that predicts the same.

        Returns
        -------
        TensorFusion
            Its penalty and relevance have no meaning: its weights mix the blocks of this layer.

        Raises
        ------
        FusionError
            If the prediction statistics are missing.
        """
        norm, constants = self.norm, self.norm.stored()
        scaled = norm.scaled_weights(constants, self.weight.double())
        weights = absorb(scaled, constants.kappas, self.dims)
        bias = self.bias.double() + norm.offset(constants, scaled)
        # g = (free f + held value - centre) / input scale, free being 0 for held columns, else 1
        held, centre = norm.split_inputs("held_value"), norm.split_inputs("centre")
        scale = tensor_products(norm.split_inputs("input_scale"), self.max_order)
        on_inputs = {subset: weight / scale[subset] for subset, weight in weights.items()}
        shift = tensor_products({m: held[m] - centre[m] for m in self.dims}, self.max_order)
        bias = bias + offset(on_inputs, shift)
        free = tensor_products(
            {m: 1.0 - x.double() for m, x in norm.split_inputs("held").items()}, self.max_order
        )
        weights = {subset: x * free[subset] for subset, x in absorb(on_inputs, shift, self.dims).items()}
        arguments = (self.dims, self.outputs, "none", self.p, self.max_order, self.convention)
        plain = TensorFusion(*arguments, generator=torch.Generator()).double()  # global state stays as it is
        plain.weight.copy_(torch.cat(list(weights.values()), dim=-1))
        plain.bias.copy_(bias)
        return plain.eval()
