"""Plain values from the notes that a pickle builds, in a time that the size of the file bounds.

A few bytes can describe a value that holds another one twice, which holds another one twice, and so on. It
is small in memory, but a walk through it, such as NumPy's, never ends. Therefore *unfolded* values are
counted, each as often as such a walk meets it.
"""

from __future__ import annotations

from typing import Any

from mmfusion.data.readers.pickled_arrays import Budget, Note, Refused, ScalarNote

DEEPEST = 64
"""Levels to which values may be nested."""
MOST_BITS = 4096
"""Bits of a whole number; Python refuses to write much longer ones."""
MOST_KEY_BITS = 64
"""Bits of a whole number that is a key: many longer ones can collide in a dictionary."""


def check_dictionary_keys(keys: list[Any]) -> None:
    """Refuse other keys of a dictionary than text, bytes and short numbers, before they are hashed.

    Hashing nested keys may never end.
    """
    for key in keys:
        if not (key is None or isinstance(key, bool | int | float | str | bytes | ScalarNote)):
            raise Refused(f"has a dictionary with a {type(key).__name__} as key, expected text or numbers")
        if isinstance(key, int) and key.bit_length() > MOST_KEY_BITS:
            raise Refused(
                f"has a dictionary with a number of {key.bit_length()} bits as key, expected at most "
                f"{MOST_KEY_BITS}"
            )


class PlainValues:
    """Turns what a pickle built into plain values, notes into arrays; what was shared is shared.

    It counts the unfolded values met so far, and how deep the current one reaches. It refuses a value that is
    neither plain nor a note, nested too deep or in itself, or that has too many values unfolded.
    """

    def __init__(self, budget: Budget) -> None:
        self.most = budget.values
        self.count = self.deepest = 0
        self.done: dict[
            int, tuple[Any, int, int]
        ] = {}  # by id: the plain value, its unfolded values, its levels

    def plain(self, value: Any, depth: int = 0) -> Any:
        """Return the plain value of one that is `depth` levels inside another."""
        if isinstance(value, int) and value.bit_length() > MOST_BITS:
            raise Refused(f"holds a number of {value.bit_length()} bits, expected at most {MOST_BITS}")
        self.count += 1
        if value is None or isinstance(value, bool | int | float | str | bytes):
            return value
        before, outside = self.count, self.deepest
        known, count, levels = self.done.get(id(value), (None, 0, 0))
        self.count, self.deepest = before + count, depth + levels
        if self.deepest >= DEEPEST:
            raise Refused(f"nests values deeper than {DEEPEST} levels or in themselves")
        if self.count > self.most:
            raise Refused("holds the same values in each other again and again, far more than it has bytes")
        if id(value) not in self.done:
            known = self._made(value, depth + 1)
            self.done[id(value)] = known, self.count - before, self.deepest - depth
        self.deepest = max(self.deepest, outside)
        return known

    def _made(self, value: Any, depth: int) -> Any:
        if isinstance(value, dict):
            return {self.plain(key, depth): self.plain(entry, depth) for key, entry in value.items()}
        if isinstance(value, list | tuple):
            return type(value)([self.plain(entry, depth) for entry in value])
        if isinstance(value, Note):
            return value.value(lambda inner: self.plain(inner, depth))
        raise Refused(f"holds a {type(value).__name__}, expected plain values and NumPy arrays")
