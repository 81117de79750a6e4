"""Three published networks that fuse modalities, each as one small module for one stack of columns.

Every network reads the joined columns of all modalities, x = (x_1, ..., x_M), and returns the scores whose
losses add up to its training loss; the last score is its prediction. Its `activations` are the numbers that
it keeps per sample while it is trained, by which a stack of networks is cut to fit into memory.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import reduce
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from mmfusion.errors import InputError
from mmfusion.fusion.subsets import subsets

HIDDEN = 16
"""Hidden units of every part of a network."""
FACTORS = 8
"""Largest width of the z_m whose products a network forms."""
USUAL_ENTRIES, MOST_ENTRIES = 128, 4096
"""Entries of an outer product where z_m has 3 columns or more, and in any case."""
RANK = 4
MOST_JOINT = 3
"""Most modalities that one part of `ResidualOptimisation` reads."""


class FusionNetwork(nn.Module, ABC):
    """A network of several modalities.

    Parameters
    ----------
    widths : mapping of str to int
        Number of columns d_m by modality.
    """

    activations: int

    def __init__(self, widths: Mapping[str, int]) -> None:
        super().__init__()
        self.widths = dict(widths)

    @abstractmethod
    def forward(self, columns: Tensor) -> Tensor:
        """Compute the scores of samples.

        Parameters
        ----------
        columns : Tensor, shape (n, sum of d_m)

        Returns
        -------
        Tensor, shape (n, scores)
        """

    def by_modality(self, columns: Tensor) -> dict[str, Tensor]:
        """Cut joined columns into those of the modalities, shape (n, d_m) each."""
        parts = torch.split(columns, [*self.widths.values()], dim=-1)
        return dict(zip(self.widths, parts, strict=True))


class TensorFusionNetwork(FusionNetwork):
    """Outer product of all modalities, and a network that reads its entries.

    z_m = B_m ReLU(A_m x_m + a_m) + b_m,  Z = [z_1; 1] x ... x [z_M; 1],  score = v' ReLU(U Z + u) + c,
    with an outer product x; A. Zadeh, M. Chen, S. Poria, E. Cambria and L.-P. Morency,
    "Tensor Fusion Network for Multimodal Sentiment Analysis", EMNLP 2017. All widths are smaller here.

    Parameters
    ----------
    widths : mapping of str to int
        Number of columns d_m by modality.
    """

    def __init__(self, widths: Mapping[str, int]) -> None:
        super().__init__(widths)
        width = factor_width(len(widths))
        entries = (width + 1) ** len(widths)
        self.embed = nn.ModuleList(_perceptron(columns, width) for columns in widths.values())
        self.infer = _perceptron(entries, 1)
        self.activations = sum(widths.values()) + 3 * entries + 4 * HIDDEN * (1 + len(widths))

    def forward(self, columns: Tensor) -> Tensor:
        """Return one score per sample, shape (n, 1)."""
        parts = self.by_modality(columns).values()
        ended = [_with_one(embed(part)) for embed, part in zip(self.embed, parts, strict=True)]
        return cast(Tensor, self.infer(outer_product(ended)))


class LowRankFusion(FusionNetwork):
    """The full tensor of weights of an outer product, as a sum of R = 4 products of one factor per modality.

    score = sum_r prod_m W_m^r [z_m; 1],  z_m = B_m ReLU(A_m x_m + a_m) + b_m,

    where W_m^r is the r-th row of a matrix with R rows; Z. Liu, Y. Shen, V. B. Lakshminarasimhan,
    P. P. Liang, A. Zadeh and L.-P. Morency, "Efficient Low-rank Multimodal Fusion with Modality-Specific
    Factors", ACL 2018, with the score as the only output.

    Parameters
    ----------
    widths : mapping of str to int
        Number of columns d_m by modality.
    """

    def __init__(self, widths: Mapping[str, int]) -> None:
        super().__init__(widths)
        self.embed = nn.ModuleList(_perceptron(columns, FACTORS) for columns in widths.values())
        self.factors = nn.ModuleList(
            nn.Linear(FACTORS, RANK) for _ in widths
        )  # its bias: the weight of the 1
        self.activations = sum(widths.values()) + 4 * HIDDEN * len(widths)

    def forward(self, columns: Tensor) -> Tensor:
        """Return one score per sample, shape (n, 1)."""
        parts = self.by_modality(columns).values()
        rows = [
            factor(embed(part))  # (n, R)
            for part, embed, factor in zip(parts, self.embed, self.factors, strict=True)
        ]
        return torch.stack(rows).prod(dim=0).sum(dim=-1, keepdim=True)


class ResidualOptimisation(FusionNetwork):
    """A sum of networks of one, two and three modalities, where each order learns what lower orders miss.

    f_k(x) = sum of f_S(x_S) over the subsets S of k modalities, f_S(x) = v_S' ReLU(A_S x + a_S) + c_S,
    loss = sum_k L(y, sg[f_1 + ... + f_(k - 1)] + f_k) for k = 1, ..., min(3, M),

    where sg stops the gradient, so that it flows into f_k only: the multimodal residual optimisation (MRO) of
    T. Wörtwein, L. Sheeber, N. Allen, J. Cohn and L.-P. Morency, "Beyond Additive Fusion: Learning
    Non-Additive Multimodal Interactions", Findings of EMNLP 2022.

    Parameters
    ----------
    widths : mapping of str to int
        Number of columns d_m by modality.

    Attributes
    ----------
    subsets : list of tuple of str
        S of every part, in the order of `contributions`.
    """

    def __init__(self, widths: Mapping[str, int]) -> None:
        super().__init__(widths)
        self.subsets = subsets(widths, MOST_JOINT)
        read = [sum(widths[name] for name in subset) for subset in self.subsets]
        self.parts = nn.ModuleList(_perceptron(columns, 1) for columns in read)
        self.activations = sum(read) + 4 * HIDDEN * len(read)

    def contributions(self, columns: Tensor) -> Tensor:
        """Return f_S(x_S) of all subsets, shape (n, subsets)."""
        by_name = self.by_modality(columns)
        values = [
            part(torch.cat([by_name[name] for name in subset], dim=-1))
            for subset, part in zip(self.subsets, self.parts, strict=True)
        ]
        return torch.cat(values, dim=-1)

    def forward(self, columns: Tensor) -> Tensor:
        """Return the score up to every order k, where only f_k has a gradient, shape (n, orders)."""
        counts = [len(subset) for subset in self.subsets]
        sizes = [counts.count(order) for order in range(1, max(counts) + 1)]
        by_order = torch.split(self.contributions(columns), sizes, dim=-1)
        own = torch.stack([terms.sum(dim=-1) for terms in by_order], dim=-1)  # (n, orders)
        lower = (own.cumsum(dim=-1) - own).detach()
        return lower + own


def factor_width(modalities: int) -> int:
    """Return the width of z_m for an outer product of [z_m; 1] over the modalities.

    Raises
    ------
    InputError
        If the product has too many entries even for a width of 1.

    Examples
    --------
    >>> [factor_width(count) for count in (1, 2, 3, 4, 7, 12)]
    [8, 8, 4, 2, 2, 1]
    """
    if 2**modalities > MOST_ENTRIES:
        raise InputError(
            f"{modalities} modalities: their outer product has at least {2**modalities} entries, expected at "
            f"most {MOST_ENTRIES}; leave modalities out, or join some into one."
        )
    most = {width: MOST_ENTRIES if width < 3 else USUAL_ENTRIES for width in range(1, FACTORS + 1)}
    return max(width for width, entries in most.items() if (width + 1) ** modalities <= entries)


def outer_product(factors: list[Tensor]) -> Tensor:
    """Multiply every entry of each factor with those of all others, as vectors.

    Parameters
    ----------
    factors : list of Tensor, shape (n, k_m) each

    Returns
    -------
    Tensor, shape (n, product of k_m)
        The index of the last factor runs fastest.
    """
    return reduce(lambda left, right: (left[..., :, None] * right[..., None, :]).flatten(-2), factors)


def _with_one(values: Tensor) -> Tensor:
    return pad(values, (0, 1), value=1.0)


def _perceptron(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, outputs))
