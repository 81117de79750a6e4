"""Words of the answer: numbers, amounts with their unit, effects with their interval, lists of names.

An *effect* is something whose size a table holds with its 95 % interval: a subset and the rise of the loss
without it, a modality and the loss of networks trained without it, a pair and its synergy.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from mmfusion.sentences import joined_names, value_name

NATS = " nats"
OF_VARIANCE = " of the target's variance"
OF_CONSTANT = " of the constant's loss"
"""Of information about numbers, which is divided by that loss: out of fold, the variance or a little more."""
MOST_TOLD = 5
"""Names of a list that a sentence of the answer holds."""
SMALLEST = 1e-6
"""Smaller numbers are written as 0, and effects below it are not told."""
_HUGE = 1e6
_PLAIN = re.compile(r"[^\W\d](?:[\w.+-]*\w)?")
_LONGEST = 60


class Effect(NamedTuple):
    """A size and the ends of its 95 % interval; NaN where it has none.

    Parameters
    ----------
    name : str
        What it is about, as it is written in the sentence.
    value, low, high : float
        In the unit of the loss.
    """

    name: str
    value: float
    low: float
    high: float


def written(value: float) -> str:
    """Write a number with three decimals, or with as many as two digits need; never as -0.000 or 0.000.

    Examples
    --------
    >>> written(0.28149), written(1.0), written(0.0004), written(-0.01234), written(-0.0), written(512.3)
    ('0.281', '1.000', '0.0004', '-0.012', '0', '512')
    """
    size = abs(value)
    if size < SMALLEST:
        return "0"
    if size >= 100 or not math.isfinite(value):
        return f"{value:.0f}" if size < _HUGE else f"{value:.2g}".replace("inf", "infinity")
    decimals = max(3, 1 - math.floor(math.log10(size)))
    whole, _, digits = f"{value:.{decimals}f}".partition(".")
    return f"{whole}.{digits[:3]}{digits[3:].rstrip('0')}"


def amount(value: float, unit: str) -> str:
    """Write a number with its unit.

    Examples
    --------
    >>> amount(0.5, NATS), amount(0.25, OF_VARIANCE)
    ('0.500 nats', "0.250 of the target's variance")
    """
    return written(value) + unit


def count(quantity: int, thing: str) -> str:
    """Write how many there are of a thing.

    Examples
    --------
    >>> count(1, "fold"), count(800, "sample")
    ('1 fold', '800 samples')
    """
    return f"{quantity} {thing}{'' if quantity == 1 else 's'}"


def quoted(name: str) -> str:
    """Put a name in quotation marks if it would not read as a word.

    Examples
    --------
    >>> quoted("text+audio"), quoted("1"), quoted("left eye")
    ('text+audio', "'1'", "'left eye'")
    """
    words = name.split("+")
    plain = len(name) <= _LONGEST and all(_PLAIN.fullmatch(word) for word in words)
    return name if plain else value_name(name)


def listed(words: Sequence[str], conjunction: str = "and") -> str:
    """List words as in a sentence, of more than six the first five and how many others there are.

    Examples
    --------
    >>> listed(["a"]), listed(["a", "b", "c"]), listed(["a", "b"], "or")
    ('a', 'a, b and c', 'a or b')
    >>> listed(list("abcdef")), listed(list("abcdefg"))
    ('a, b, c, d, e and f', 'a, b, c, d, e and 2 others')
    """
    if len(words) == 1:
        return words[0]
    more = len(words) - MOST_TOLD
    if more > 1:
        return f"{joined_names(words[:MOST_TOLD])} {conjunction} {count(more, 'other')}"
    return f"{joined_names(words[:-1])} {conjunction} {words[-1]}"


def told_effects(
    table: pd.DataFrame, label: str, quantity: str, named: str, *, signed: bool = False
) -> list[Effect]:
    """Return the effects of the rows that are named and whose size does not print as 0, in their order.

    Parameters
    ----------
    table : DataFrame
        Has columns `label`, `quantity`, `quantity`_low, `quantity`_high and `named`.
    label, quantity, named : str
        Columns: what the row is about, the size, and whether it may be named.
    signed : bool
        Whether effects below 0 are included, too.

    Returns
    -------
    list of Effect
        Names as in the table.
    """
    size = table[quantity].abs() if signed else table[quantity]
    rows = table[table[named].eq(True) & (size >= SMALLEST)]
    columns = [quantity, f"{quantity}_low", f"{quantity}_high"]
    sizes = rows[columns].to_numpy(dtype=float).tolist()
    return [Effect(str(name), *size) for name, size in zip(rows[label], sizes, strict=True)]


def interval(effect: Effect, lead: str = "") -> str:
    """Write an interval after a comma, or nothing where there is none.

    Examples
    --------
    >>> interval(Effect("text", 0.2, 0.15, 0.25), "95 % interval ")
    ', 95 % interval 0.150 to 0.250'
    """
    if not (math.isfinite(effect.low) and math.isfinite(effect.high)):
        return ""
    return f", {lead}{written(effect.low)} to {written(effect.high)}"


def sized(names: Sequence[str], effects: Sequence[Effect], lead: str, unit: str) -> list[str]:
    """Write every name with its size and interval; only the first says what the numbers are.

    Parameters
    ----------
    names : sequence of str
        As they are written.
    effects : sequence of Effect
        One per name, at least one.
    lead : str
        In front of the first size.
    unit : str
        Behind the first size.

    Returns
    -------
    list of str

    Examples
    --------
    >>> sizes = [Effect("text", 0.2, 0.15, 0.25), Effect("audio", 0.1, 0.05, 0.15)]
    >>> sized(["text", "audio"], sizes, "rise ", NATS)
    ['text (rise 0.200 nats, 95 % interval 0.150 to 0.250)', 'audio (0.100, 0.050 to 0.150)']
    """
    first = f"{lead}{amount(effects[0].value, unit)}{interval(effects[0], '95 % interval ')}"
    others = [f"{written(effect.value)}{interval(effect)}" for effect in effects[1:]]
    return [f"{name} ({text})" for name, text in zip(names, [first, *others], strict=True)]
