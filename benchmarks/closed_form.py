"""The poster's closed form of the Wick products, term by term: slow, a reference for the shipped form.

psi_I = sum over l = 0..|I| of (-1)^l l! times the sum, over all sets of l disjoint non-empty subsets s^1..s^l
of I, of f^(I outside all s^k) times the product over k of E[f^(s^k)].

Source: Ledent, Mustafa, Mehta, Vandermeulen, Kloft, "Interpretability in Multimodal Deep Learning", poster,
TU Kaiserslautern. Nothing here comes from the package. In every factor, each modality has an axis, of length
one if it is outside the factor, so that any two factors multiply in modality order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import combinations
from math import factorial

import torch
from torch import Tensor

Subset = tuple[str, ...]
Factor = Callable[[Subset], Tensor]


def disjoint_sets(items: Subset) -> Iterator[tuple[Subset, ...]]:
    """List every set of disjoint non-empty subsets once, the empty set included."""
    if not items:
        yield ()
        return
    first, rest = items[0], items[1:]
    yield from disjoint_sets(rest)
    for size in range(len(rest) + 1):
        for chosen in combinations(rest, size):
            others = tuple(m for m in rest if m not in chosen)
            for sets in disjoint_sets(others):
                yield ((first, *chosen), *sets)


@cache
def terms(subset: Subset) -> list[tuple[Subset, tuple[Subset, ...]]]:
    """List the terms of a subset: the modalities outside all sets, and the sets."""
    return [
        (tuple(m for m in subset if not any(m in inner for inner in sets)), sets)
        for sets in disjoint_sets(subset)
    ]


def closed_form(subset: Subset, product: Factor, mean: Factor) -> Tensor:
    """Return psi_I of one subset.

    Parameters
    ----------
    subset : tuple of str
    product : function of a subset
        f^S, shape (B, d_m for m in S).
    mean : function of a subset
        E[f^S], shape (d_m for m in S).

    Returns
    -------
    Tensor, shape (B, d_m for m in the subset)
    """
    total = torch.zeros_like(product(subset))
    for outside, sets in terms(subset):
        term = _labelled(product(outside), outside, subset)
        factor = (-1) ** len(sets) * factorial(len(sets))
        for inner in sets:
            factor = factor * _labelled(mean(inner).unsqueeze(0), inner, subset)
        total += factor * term
    return total


def _labelled(values: Tensor, members: Subset, subset: Subset) -> Tensor:
    """Give values of shape (B or 1, d_m for m in `members`) an axis for every modality of `subset`."""
    widths = iter(values.shape[1:])
    return values.reshape(values.shape[0], *(next(widths) if m in members else 1 for m in subset))


def all_closed_forms(features: Mapping[str, Tensor]) -> dict[Subset, Tensor]:
    """Return psi_I of all subsets by the closed form, with the means of the batch.

    Every f^S and every E[f^S] is computed once.

    Parameters
    ----------
    features : mapping of str to Tensor, shape (B, d_m)

    Returns
    -------
    dict of subset to Tensor, shape (B, product of d_m)
    """
    samples = len(next(iter(features.values())))
    products: dict[Subset, Tensor] = {(): torch.ones(samples)}
    for size in range(1, len(features) + 1):
        for subset in combinations(features, size):
            last = features[subset[-1]]
            head = products[subset[:-1]]
            products[subset] = head.unsqueeze(-1) * last.reshape(samples, *([1] * (size - 1)), -1)
    means = {subset: values.mean(0) for subset, values in products.items()}
    return {
        subset: closed_form(subset, products.__getitem__, means.__getitem__).flatten(1)
        for subset in products
        if subset
    }
