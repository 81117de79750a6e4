"""Timing several functions in turn, so that their ratios hold even while the machine is busy.

Every repetition times each function once and starts with another one. A ratio is the median over the
repetitions of the ratio within each, with quartiles; never a ratio of two separate measurements.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable, Mapping
from typing import Any, NamedTuple

import pandas as pd

Work = Callable[[], object]
SHORTEST = 0.005
"""Seconds: shorter work is repeated in loops of about this length."""


class Spread(NamedTuple):
    """Median and quartiles of a number over repetitions."""

    value: float
    low: float
    high: float
    repetitions: int


def in_turn(work: Mapping[Any, Work], budget: float, most: int = 15) -> pd.DataFrame:
    """Time each function once per repetition, until the budget is spent.

    The first repetition is a warm-up and is dropped, unless it alone uses up the budget.

    Parameters
    ----------
    work : mapping of name to function
        The functions to time.
    budget : float
        Seconds for all repetitions together; no repetition starts that is expected to exceed it.
    most : int, default 15
        Largest number of repetitions.

    Returns
    -------
    DataFrame
        Seconds per call, one row per repetition and one column per name.
    """
    names = list(work)
    loops = dict.fromkeys(names, 1)
    rows: list[dict[Hashable, float]] = []
    begin = time.perf_counter()
    while len(rows) <= most:
        first = len(rows) % len(names)
        rows.append({name: _seconds(work[name], loops[name]) for name in names[first:] + names[:first]})
        if len(rows) == 1:
            loops = {name: max(1, math.ceil(SHORTEST / rows[0][name])) for name in names}
        spent = time.perf_counter() - begin
        if spent * (len(rows) + 1) / len(rows) > budget:
            break
    seconds = pd.DataFrame(rows)[names]
    return seconds if len(rows) == 1 else seconds.iloc[1:]


def _seconds(work: Work, loops: int) -> float:
    start = time.perf_counter()
    for _ in range(loops):
        work()
    return (time.perf_counter() - start) / loops


def spread(values: pd.Series[float]) -> Spread:
    """Return median and quartiles."""
    low, middle, high = values.quantile([0.25, 0.5, 0.75])
    return Spread(float(middle), float(low), float(high), len(values))


def exponent(sizes: list[int], seconds: pd.DataFrame) -> Spread:
    """Fit seconds = c * size^e on logarithms, repetition by repetition; columns of `seconds` as `sizes`.

    Returns
    -------
    Spread
        Of the exponent e.
    """
    logs = pd.Series(sizes, dtype=float).map(math.log)
    centred = (logs - logs.mean()).to_numpy()
    slopes = [
        float(centred @ [math.log(second) for second in row]) / float(centred @ centred)
        for row in seconds.itertuples(index=False)
    ]
    return spread(pd.Series(slopes))
