"""Products of sums over subsets (`mmfusion.fusion.block_pairs`) as compiled loops over arrays.

One pair of blocks is a few thousand multiply-adds, which as array operations would cost more in calls and in
copies that reorder axes than in arithmetic. Sums have a fixed order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mmfusion.fusion.block_pairs import BlockPairs

Array = NDArray[Any]


@njit(cache=True, fastmath={"reassoc", "contract"})
def _offsets(sizes: Array, strides: Array, offsets: Array) -> int:
    """Write where a block has the entries of a union with the last two axes at 0; return their number."""
    offsets[0] = 0
    count = 1
    for axis in range(len(sizes) - 2):
        size, stride = sizes[axis], np.uintp(strides[axis])
        if size == 1:
            continue
        for index in range(count - 1, -1, -1):  # in place, the last one first
            entry = offsets[index]
            for step in range(size):
                offsets[index * size + step] = entry
                entry += stride
        count *= size
    return count


@njit(cache=True, fastmath={"reassoc", "contract"})
def _add_outer(
    out: Array, a: Array, b: Array, factor: float, pairs: BlockPairs, pair: int, at: tuple[Array, Array]
) -> None:
    """Add factor * a (x) b to the block of the union."""
    sizes, left, right = pairs.sizes[pair], pairs.left[pair], pairs.right[pair]
    count = _offsets(sizes, left, at[0])
    _offsets(sizes, right, at[1])
    rows, size = np.uintp(sizes[-2]), np.uintp(sizes[-1])
    run_in_a = left[-1] > 0
    fixed, running = (b, a) if run_in_a else (a, b)
    at_fixed, at_running = (at[1], at[0]) if run_in_a else (at[0], at[1])
    strides = (right[-2], left[-2]) if run_in_a else (left[-2], right[-2])
    step_fixed, step_running = np.uintp(strides[0]), np.uintp(strides[1])
    start = np.uintp(0)
    for index in range(np.uintp(count)):
        own, first = at_fixed[index], at_running[index]
        for _ in range(rows):
            scale = factor * fixed[own]
            for step in range(size):
                out[start + step] += scale * running[first + step]
            start += size
            own += step_fixed
            first += step_running


@njit(cache=True, fastmath={"reassoc", "contract"})
def _add_inner(
    out: Array, a: Array, c: Array, sizes: Array, strides: tuple[Array, Array], at: tuple[Array, Array]
) -> None:
    """Add <a, c> over the axes of a to `out`, c being of the union; strides of a and of `out`."""
    count = _offsets(sizes, strides[0], at[0])
    _offsets(sizes, strides[1], at[1])
    rows, size = np.uintp(sizes[-2]), np.uintp(sizes[-1])
    step_own, step_other = np.uintp(strides[0][-2]), np.uintp(strides[1][-2])
    start = np.uintp(0)
    run_in_a = strides[0][-1] > 0
    for index in range(np.uintp(count)):
        own, other = at[0][index], at[1][index]
        for _ in range(rows):
            if run_in_a:
                total = a[own] * c[start]
                for step in range(np.uintp(1), size):
                    total += a[own + step] * c[start + step]
                out[other] += total
            else:
                scale = a[own]
                for step in range(size):
                    out[other + step] += scale * c[start + step]
            start += size
            own += step_own
            other += step_other


@njit(cache=True)
def _scratch(pairs: BlockPairs) -> tuple[Array, Array]:
    width = pairs.starts[-1]
    return np.empty(width, np.uintp), np.empty(
        width, np.uintp
    )  # unsigned: loops need no check for negative ones


@njit(cache=True)
def inverse(moments: Array, pairs: BlockPairs, singles: int) -> Array:
    """Return kappa: kappa_S = - sum over non-empty T within S of E_T (x) kappa_(S without T).

    Parameters
    ----------
    moments : array, shape (networks, width)
        E_T of centred features; zero where T is one modality.
    pairs : BlockPairs
        Of two and two modalities at least.
    singles : int
        Number of subsets of one modality.

    Returns
    -------
    array, shape (networks, width)
    """
    starts, kappas, at = pairs.starts, -moments, _scratch(pairs)
    kappas[:, : starts[singles]] = 0
    for network in range(len(moments)):
        for pair in range(len(pairs.members)):
            whole, part, rest = pairs.members[pair]
            out = kappas[network, starts[whole] : starts[whole + 1]]
            a = moments[network, starts[part] : starts[part + 1]]
            b = kappas[network, starts[rest] : starts[rest + 1]]
            _add_outer(out, a, b, -1.0, pairs, pair, at)
    return kappas


@njit(cache=True)
def multiply(a: Array, b: Array, pairs: BlockPairs) -> Array:
    """Return b_S + sum over the pairs (T, R) with union S of a_T (x) b_R.

    Parameters
    ----------
    a : array, shape (networks, width)
    b : array, shape (networks, outputs, width)
    pairs : BlockPairs

    Returns
    -------
    array, shape (networks, outputs, width)
    """
    starts, product, at = pairs.starts, b.copy(), _scratch(pairs)
    for network in range(len(a)):
        for pair in range(len(pairs.members)):
            whole, part, rest = pairs.members[pair]
            own = a[network, starts[part] : starts[part + 1]]
            for output in range(b.shape[1]):
                out = product[network, output, starts[whole] : starts[whole + 1]]
                other = b[network, output, starts[rest] : starts[rest + 1]]
                _add_outer(out, own, other, 1.0, pairs, pair, at)
    return product


@njit(cache=True)
def contract(a: Array, c: Array, pairs: BlockPairs) -> Array:
    """Return c_R + sum over the pairs (T, R) with union S of <a_T, c_S>, the transpose of `multiply` in b.

    Parameters
    ----------
    a : array, shape (networks, width)
    c : array, shape (networks, outputs, width)
    pairs : BlockPairs

    Returns
    -------
    array, shape (networks, outputs, width)
    """
    starts, product, at = pairs.starts, c.copy(), _scratch(pairs)
    for network in range(len(a)):
        for pair in range(len(pairs.members)):
            whole, part, rest = pairs.members[pair]
            strides = pairs.left[pair], pairs.right[pair]
            own = a[network, starts[part] : starts[part + 1]]
            for output in range(c.shape[1]):
                out = product[network, output, starts[rest] : starts[rest + 1]]
                union = c[network, output, starts[whole] : starts[whole + 1]]
                _add_inner(out, own, union, pairs.sizes[pair], strides, at)
    return product


@njit(cache=True)
def contract_factor(b: Array, c: Array, pairs: BlockPairs) -> Array:
    """Return the sum over outputs and pairs (T, R) with union S of <b_R, c_S>: `multiply` transposed in a.

    Parameters
    ----------
    b, c : array, shape (networks, outputs, width)
    pairs : BlockPairs

    Returns
    -------
    array, shape (networks, width)
    """
    starts, product, at = pairs.starts, np.zeros_like(b[:, 0]), _scratch(pairs)
    for network in range(len(b)):
        for pair in range(len(pairs.members)):
            whole, part, rest = pairs.members[pair]
            strides = pairs.right[pair], pairs.left[pair]
            out = product[network, starts[part] : starts[part + 1]]
            for output in range(c.shape[1]):
                own = b[network, output, starts[rest] : starts[rest + 1]]
                union = c[network, output, starts[whole] : starts[whole + 1]]
                _add_inner(out, own, union, pairs.sizes[pair], strides, at)
    return product
