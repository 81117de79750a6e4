"""E||psi_I||^2 of all subsets and its gradient, as compiled loops over `mmfusion.fusion.wick_terms`.

`SAMPLES` samples are taken at a time, so that what is computed of them stays in the cache. Sums have a fixed
order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mmfusion.fusion.wick_samples_cpu import (
    add_mixture,
    contractions,
    contractions_back,
    dot,
    norms_of_features,
    norms_of_features_back,
    quadratic,
    quadratic_back,
    sums,
    sums_back,
)
from mmfusion.fusion.wick_terms import NormTerms

Array = NDArray[Any]

SAMPLES = 64
"""Samples at a time; compilers make fast loops of multiples of 32."""


@njit(cache=True, fastmath={"reassoc", "contract"})
def _inner(kappa: Array, out: Array, terms: NormTerms) -> None:
    """Write <kappa_U, kappa_(U,m)> of all `inner`."""
    at = 0
    for row in terms.inner:
        for k in range(row[7]):
            out[at + k] = 0
        for index in range(row[5]):
            factor, base = kappa[row[1] + index], row[2] + terms.entries[row[4] + index]
            for k in range(row[7]):
                out[at + k] += factor * kappa[base + terms.entries[row[6] + k]]
        at += row[7]


@njit(cache=True, fastmath={"reassoc", "contract"})
def _inner_back(kappa: Array, on_inner: Array, on_kappa: Array, terms: NormTerms) -> None:
    at = 0
    for row in terms.inner:
        for index in range(row[5]):
            factor, base = kappa[row[1] + index], row[2] + terms.entries[row[4] + index]
            total = factor * 0
            for k in range(row[7]):
                entry = base + terms.entries[row[6] + k]
                total += on_inner[at + k] * kappa[entry]
                on_kappa[entry] += factor * on_inner[at + k]
            on_kappa[row[1] + index] += total
        at += row[7]


@njit(cache=True)
def _rows(kappa: Array, start: int, rows: Array, columns: Array) -> Array:
    """Copy the entries start + rows[i] + columns[u]."""
    table = np.empty((len(rows), len(columns)), kappa.dtype)
    for i in range(len(rows)):
        for u in range(len(columns)):
            table[i, u] = kappa[start + rows[i] + columns[u]]
    return table


@njit(cache=True)
def _traces(kappa: Array, norms: Array, terms: NormTerms) -> None:
    """Subtract 2 <kappa_(U,i), kappa_(U,j) kappa_ij> from the norms."""
    listed = terms.entries
    for subset, first, second, pair, count, at, other_at, i_at, width, j_at, other in terms.traces:
        one = _rows(kappa, first, listed[i_at : i_at + width], listed[at : at + count])
        two = _rows(kappa, second, listed[j_at : j_at + other], listed[other_at : other_at + count])
        for i in range(width):
            for j in range(other):
                norms[subset] -= 2 * kappa[pair + i * other + j] * dot(one[i], two[j])


@njit(cache=True)
def _traces_back(kappa: Array, grad: Array, on_kappa: Array, terms: NormTerms) -> None:
    listed = terms.entries
    for subset, first, second, pair, count, at, other_at, i_at, width, j_at, other in terms.traces:
        factor = -2 * grad[subset]
        own, others = listed[at : at + count], listed[other_at : other_at + count]
        one = _rows(kappa, first, listed[i_at : i_at + width], own)
        two = _rows(kappa, second, listed[j_at : j_at + other], others)
        slope = np.empty(count, kappa.dtype)
        for i in range(width):
            slope[:] = 0
            add_mixture(slope, kappa, pair + i * other, np.arange(other), two, 0)
            for u in range(count):
                on_kappa[first + listed[i_at + i] + own[u]] += factor * slope[u]
            for j in range(other):
                on_kappa[pair + i * other + j] += factor * dot(one[i], two[j])
        for j in range(other):
            slope[:] = 0
            add_mixture(slope, kappa, pair + j, other * np.arange(width), one, 0)
            for u in range(count):
                on_kappa[second + listed[j_at + j] + others[u]] += factor * slope[u]


@njit(cache=True)
def wick_norms(
    kappas: Array, columns: Array, weight: Array, terms: NormTerms, keep: bool
) -> tuple[Array, Array]:
    """Return E||psi_I||^2.

    Parameters
    ----------
    kappas : array, shape (networks, width)
    columns : array, shape (networks, D, B)
        Centred features of all modalities.
    weight : array, shape (networks, B)
        Of the samples in the mean, with a sum of one.
    terms : NormTerms
    keep : bool
        Whether the second array will be used.

    Returns
    -------
    norms : array, shape (networks, number of subsets)
    kept : array
        What the gradient needs of the samples.
    """
    networks, batch, size = len(kappas), columns.shape[2], min(SAMPLES, columns.shape[2])
    norms = np.zeros((networks, len(terms.signs)), kappas.dtype)
    rows = terms.counts[0] + len(terms.signs)
    kept = np.empty((networks, rows * batch) if keep else (1, rows * size), kappas.dtype)
    inner = np.empty(terms.counts[2], kappas.dtype)
    for network in range(networks):
        kappa = kappas[network]
        _inner(kappa, inner, terms)
        _traces(kappa, norms[network], terms)
        for start in range(0, batch, size):
            g, n = _features(columns[network, :, start : start + size], terms)
            a, q = _kept(kept[network * keep], start * keep, g.shape[1], terms)
            contractions(kappa, g, a, terms)
            quadratic(kappa, inner, g, a, q, terms)
            sums(n, q, weight[network, start : start + size], norms[network], terms)
    return norms, kept


@njit(cache=True)
def _kept(kept: Array, start: int, samples: int, terms: NormTerms) -> tuple[Array, Array]:
    """View the contractions and q of some samples: rows of neighbours, for the sake of speed."""
    rows, count = terms.counts[0], len(terms.signs)
    first = (rows + count) * start
    table = kept[first : first + (rows + count) * samples].reshape(rows + count, samples)
    return table[:rows], table[rows:]


@njit(cache=True)
def _features(columns: Array, terms: NormTerms) -> tuple[Array, Array]:
    """Return features with the products of pairs, and n_R of all subsets."""
    samples = columns.shape[1]
    g = np.empty((terms.counts[1], samples), columns.dtype)
    n = np.empty((len(terms.signs), samples), columns.dtype)
    g[: len(columns)] = columns
    norms_of_features(g, n, terms)
    return g, n


@njit(cache=True)
def wick_norms_back(
    grad: Array, kappas: Array, columns: Array, weight: Array, terms: NormTerms, kept: Array
) -> tuple[Array, Array]:
    """Return the gradients of kappas and columns.

    Parameters
    ----------
    grad : array, shape (networks, number of subsets)
    kappas, columns, weight, terms
        As in `wick_norms`.
    kept : array
        From `wick_norms`.

    Returns
    -------
    tuple of (array, shape (networks, width), array, shape (networks, D, B))
    """
    on_kappas, on_columns = np.zeros_like(kappas), np.zeros_like(columns)
    size = min(SAMPLES, columns.shape[2])
    inner = np.empty(terms.counts[2], kappas.dtype)
    on_inner = np.empty(terms.counts[2], kappas.dtype)
    for network in range(len(kappas)):
        kappa, on_kappa = kappas[network], on_kappas[network]
        _inner(kappa, inner, terms)
        on_inner[:] = 0
        _traces_back(kappa, grad[network], on_kappa, terms)
        for start in range(0, columns.shape[2], size):
            g, n = _features(columns[network, :, start : start + size], terms)
            a, q = _kept(kept[network], start, g.shape[1], terms)
            on_g, on_a = np.zeros_like(g), np.zeros_like(a)
            on_n, on_q = np.zeros_like(n), np.zeros_like(q)
            sums_back(grad[network], n, q, weight[network, start : start + size], (on_n, on_q), terms)
            quadratic_back(kappa, inner, g, a, on_q, (on_kappa, on_g, on_a, on_inner), terms)
            contractions_back(kappa, g, a, (on_kappa, on_g, on_a), terms)
            norms_of_features_back(g, n, on_g, on_n, terms)
            on_columns[network, :, start : start + size] = on_g[: columns.shape[1]]
        _inner_back(kappa, on_inner, on_kappa, terms)
    return on_kappas, on_columns
