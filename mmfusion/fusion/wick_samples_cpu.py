"""The terms of E||psi_I||^2 that depend on samples, and their gradients, as compiled loops.

See `mmfusion.fusion.wick_terms` for the terms, and `mmfusion.fusion.wick_norms_cpu`, which calls what is here
for some samples at a time. Samples are on the last axis, along which the innermost loops run. Sums have a
fixed order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mmfusion.fusion.wick_terms import NormTerms

Array = NDArray[Any]


@njit(cache=True, fastmath={"reassoc", "contract"})
def add_mixture(out: Array, factors: Array, at: int, entries: Array, rows: Array, first: int) -> None:
    """Add the sum over k of factors[at + entries[k]] * rows[first + k]."""
    count = len(entries)
    whole = count - count % 4
    for k in range(0, whole, 4):  # four at a time: `out` is read and written less often
        a, b = factors[at + entries[k]], factors[at + entries[k + 1]]
        c, d = factors[at + entries[k + 2]], factors[at + entries[k + 3]]
        r, s, t, u = rows[first + k], rows[first + k + 1], rows[first + k + 2], rows[first + k + 3]
        for sample in range(len(out)):
            out[sample] += a * r[sample] + b * s[sample] + c * t[sample] + d * u[sample]
    for k in range(whole, count):
        a, r = factors[at + entries[k]], rows[first + k]
        for sample in range(len(out)):
            out[sample] += a * r[sample]


@njit(cache=True)
def _add_products(on_factors: Array, at: int, entries: tuple[Array, Array], one: Array, other: Array) -> None:
    """Add <one[i], other[k]> to on_factors[at + entries[0][i] + entries[1][k]], along the longer axis."""
    outer, inner = entries
    if len(inner) < len(outer):
        outer, inner, one, other = inner, outer, other, one
    flipped = np.ascontiguousarray(other.T)
    samples = np.arange(len(flipped))
    totals = np.empty(len(inner), one.dtype)
    for i in range(len(outer)):
        totals[:] = 0
        add_mixture(totals, one[i], 0, samples, flipped, 0)
        start = at + outer[i]
        for k in range(len(inner)):
            on_factors[start + inner[k]] += totals[k]


@njit(cache=True, fastmath={"reassoc", "contract"})
def dot(one: Array, other: Array) -> Any:
    """Return the sum of products."""
    total = one[0] * 0
    for sample in range(len(one)):
        total += one[sample] * other[sample]
    return total


@njit(cache=True, fastmath={"reassoc", "contract"})
def _add_scaled(out: Array, factor: Any, values: Array) -> None:
    for sample in range(len(out)):
        out[sample] += factor * values[sample]


@njit(cache=True, fastmath={"reassoc", "contract"})
def _add_product(out: Array, one: Array, other: Array) -> None:
    for sample in range(len(out)):
        out[sample] += one[sample] * other[sample]


@njit(cache=True)
def contractions(kappa: Array, g: Array, a: Array, terms: NormTerms) -> None:
    """Write a_(U,C) of all U and C."""
    for row, parent, start, first, rows_at, rows, over_at, over in terms.contractions:
        over_entries = terms.entries[over_at : over_at + over]
        for index in range(rows):
            out, base = a[row + index], terms.entries[rows_at + index]
            out[:] = 0
            if parent < 0:
                add_mixture(out, kappa, start + base, over_entries, g, first)
            else:
                for k in range(over):
                    _add_product(out, a[parent + base + over_entries[k]], g[first + k])


@njit(cache=True)
def contractions_back(kappa: Array, g: Array, a: Array, slopes: tuple[Array, ...], terms: NormTerms) -> None:
    """Add to the gradients of kappa, of g and of a, given the one of a, from the last contraction on."""
    on_kappa, on_g, on_a = slopes
    for number in range(len(terms.contractions) - 1, -1, -1):
        row, parent, start, first, rows_at, rows, over_at, over = terms.contractions[number]
        entries, over_entries = (
            terms.entries[rows_at : rows_at + rows],
            terms.entries[over_at : over_at + over],
        )
        if parent < 0:
            own, features = on_a[row : row + rows], g[first : first + over]
            _add_products(on_kappa, start, (entries, over_entries), own, features)
            for k in range(over):
                add_mixture(on_g[first + k], kappa, start + over_entries[k], entries, on_a, row)
            continue
        for index in range(rows):
            slope = on_a[row + index]
            for k in range(over):
                at = parent + entries[index] + over_entries[k]
                _add_product(on_a[at], slope, g[first + k])
                _add_product(on_g[first + k], slope, a[at])


@njit(cache=True)
def norms_of_features(g: Array, n: Array, terms: NormTerms) -> None:
    """Write the products of two features, and n_R of all subsets."""
    for row, first, width, second, other in terms.products:
        for i in range(width):
            for j in range(other):
                g[row + i * other + j] = g[first + i] * g[second + j]
    for subset in range(len(terms.heads)):
        head, modality = terms.heads[subset]
        if head >= 0:
            n[subset] = n[head] * n[modality]
        else:
            n[subset] = 0
            for k in range(terms.features[modality, 0], terms.features[modality, 1]):
                _add_product(n[subset], g[k], g[k])


@njit(cache=True)
def norms_of_features_back(g: Array, n: Array, on_g: Array, on_n: Array, terms: NormTerms) -> None:
    """Add to the gradient of g, given those of the products and of n."""
    for row, first, width, second, other in terms.products:
        for i in range(width):
            for j in range(other):
                slope = on_g[row + i * other + j]
                _add_product(on_g[first + i], slope, g[second + j])
                _add_product(on_g[second + j], slope, g[first + i])
    for subset, modality, rest in terms.slopes:
        slope = 2 * on_n[subset] if rest < 0 else 2 * on_n[subset] * n[rest]
        for k in range(terms.features[modality, 0], terms.features[modality, 1]):
            _add_product(on_g[k], slope, g[k])


@njit(cache=True)
def quadratic(kappa: Array, inner: Array, g: Array, a: Array, q: Array, terms: NormTerms) -> None:
    """Write q_V of all subsets."""
    for subset in range(len(terms.signs)):
        block = kappa[terms.starts[subset] : terms.starts[subset + 1]]
        q[subset] = terms.signs[subset] * dot(block, block)
    at = 0
    for row in terms.inner:
        for k in range(row[-1]):
            _add_scaled(q[row[0]], 2 * inner[at + k], g[row[3] + k])
        at += row[-1]
    for subset, start, first, rows in terms.with_constants:
        if start < 0:
            _add_scaled(q[subset], 2.0, a[first])
        for index in range(rows if start >= 0 else 0):
            _add_scaled(q[subset], 2 * kappa[start + index], a[first + index])
    for subset, first, second, rows in terms.overlaps:
        for index in range(rows):
            _add_product(q[subset], 2 * a[first + index], a[second + index])


@njit(cache=True)
def quadratic_back(
    kappa: Array,
    inner: Array,
    g: Array,
    a: Array,
    on_q: Array,
    slopes: tuple[Array, ...],
    terms: NormTerms,
) -> None:
    """Add to the gradients of kappa, of g, of a and of the inner products, given the one of q."""
    on_kappa, on_g, on_a, on_inner = slopes
    for subset in range(len(terms.signs)):
        first, last = terms.starts[subset], terms.starts[subset + 1]
        _add_scaled(on_kappa[first:last], 2 * terms.signs[subset] * on_q[subset].sum(), kappa[first:last])
    at = 0
    for row in terms.inner:
        slope = on_q[row[0]]
        for k in range(row[-1]):
            _add_scaled(on_g[row[3] + k], 2 * inner[at + k], slope)
            on_inner[at + k] += 2 * dot(slope, g[row[3] + k])
        at += row[-1]
    for subset, start, first, rows in terms.with_constants:
        slope = on_q[subset]
        if start < 0:
            _add_scaled(on_a[first], 2.0, slope)
        for index in range(rows if start >= 0 else 0):
            _add_scaled(on_a[first + index], 2 * kappa[start + index], slope)
            on_kappa[start + index] += 2 * dot(slope, a[first + index])
    for subset, first, second, rows in terms.overlaps:
        slope = 2 * on_q[subset]
        for index in range(rows):
            _add_product(on_a[first + index], slope, a[second + index])
            _add_product(on_a[second + index], slope, a[first + index])


@njit(cache=True)
def sums(n: Array, q: Array, weight: Array, norms: Array, terms: NormTerms) -> None:
    """Add the mean of n_(I without V) q_V over V to the norms; the weights of all samples sum to one."""
    for subset, part, rest in terms.sums:
        if part < 0:
            norms[subset] += dot(weight, n[rest])
        elif rest < 0:
            norms[subset] += dot(weight, q[part])
        else:
            norms[subset] += dot(weight, q[part] * n[rest])


@njit(cache=True)
def sums_back(
    grad: Array, n: Array, q: Array, weight: Array, slopes: tuple[Array, ...], terms: NormTerms
) -> None:
    """Add to the gradients of n and of q, given the one of the norms."""
    on_n, on_q = slopes
    for subset, part, rest in terms.sums:
        slope = grad[subset] * weight
        if part < 0:
            _add_scaled(on_n[rest], grad[subset], weight)
        elif rest < 0:
            _add_scaled(on_q[part], grad[subset], weight)
        else:
            _add_product(on_q[part], slope, n[rest])
            _add_product(on_n[rest], slope, q[part])
