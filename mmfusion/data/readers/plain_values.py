"""Plain values from the notes that a pickle builds, in a time that the size of the file bounds.

A few bytes can describe a value that holds another one twice, which holds another one twice, and so on. It
is small in memory, but a walk through it, such as NumPy's, never ends. Therefore *unfolded* values are
counted, each as often as such a walk meets it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from mmfusion.data.readers.pickled_arrays import ArrayNote, Budget, BufferNote, Refused, ScalarNote

DEEPEST = 64
"""Levels to which values may be nested."""
MOST_BITS = 4096
"""Bits of a whole number; Python refuses to write much longer ones."""
MOST_KEY_BITS = 64
"""Bits of a whole number that is a key: many longer ones can collide in a dictionary."""


class _Plain(NamedTuple):
    """A plain value, how many values it holds unfolded, and in how many levels."""

    value: Any
    unfolded: int
    levels: int


class _Inside:
    """Makes the values inside one value plain, and counts them."""

    def __init__(self, walk: Callable[[Any], _Plain]) -> None:
        self._walk = walk
        self.count = 1
        self.levels = 0

    def __call__(self, value: Any) -> Any:
        plain_value = self._walk(value)
        self.count += plain_value.unfolded
        self.levels = max(self.levels, plain_value.levels)
        return plain_value.value


def plain(value: Any, budget: Budget) -> Any:
    """Turn notes, however deep in dictionaries, lists and tuples, into arrays.

    Parameters
    ----------
    value : object
        What the pickle built.
    budget : Budget

    Returns
    -------
    object
        What was shared is shared.

    Raises
    ------
    Refused
        If a value is neither plain nor a note, nested too deep or in itself, or has too many values unfolded.
    """
    return _walked(value, budget, 0, {}).value


def check_dictionary_keys(keys: list[Any]) -> None:
    """Check the keys of a dictionary before they are hashed, which for nested ones may never end.

    Raises
    ------
    Refused
        If one is not text, bytes or a number.
    """
    for key in keys:
        if not (key is None or isinstance(key, bool | int | float | str | bytes | ScalarNote)):
            raise Refused(f"has a dictionary with a {type(key).__name__} as key, expected text or numbers")
        if isinstance(key, int) and key.bit_length() > MOST_KEY_BITS:
            raise Refused(
                f"has a dictionary with a number of {key.bit_length()} bits as key, expected at most "
                f"{MOST_KEY_BITS}"
            )


def _walked(value: Any, budget: Budget, depth: int, done: dict[int, _Plain]) -> _Plain:
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        raise Refused(f"holds a number of {value.bit_length()} bits, expected at most {MOST_BITS}")
    if value is None or isinstance(value, bool | int | float | str | bytes):
        return _Plain(value, 1, 0)
    if depth > DEEPEST:
        raise Refused(f"nests values deeper than {DEEPEST} levels or in themselves")
    if id(value) not in done:
        inside = _Inside(lambda inner: _walked(inner, budget, depth + 1, done))
        made = _made(value, budget, inside)
        if inside.levels >= DEEPEST:
            raise Refused(f"nests values deeper than {DEEPEST} levels or in themselves")
        if inside.count > budget.values:
            raise Refused("holds the same values in each other again and again, far more than it has bytes")
        done[id(value)] = _Plain(made, inside.count, inside.levels + 1)
    return done[id(value)]


def _made(value: Any, budget: Budget, inner: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {inner(key): inner(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [inner(entry) for entry in value]
    if isinstance(value, tuple):
        return tuple(inner(entry) for entry in value)
    if isinstance(value, ArrayNote):
        return value.array(inner, budget)
    if isinstance(value, BufferNote):
        return value.array(budget)
    if isinstance(value, ScalarNote):
        return value.scalar(budget)
    raise Refused(f"holds a {type(value).__name__}, expected plain values and NumPy arrays")
