"""What a pickle of arrays may build: inert notes on arrays, and the plain values made from these notes.

Words used here. A *note* holds what NumPy wrote about a type, an array or a scalar, unchecked. *Plain* values
are dictionaries, lists, tuples, text, bytes, numbers, None, and NumPy's arrays and scalars.

A few bytes can describe a value that holds another one twice, which holds another one twice, and so on. It
is small in memory, but a walk through it, such as NumPy's, never ends. Therefore *unfolded* values are
counted, each as often as such a walk meets it, so that the size of the file bounds the time.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.sentences import is_text, value_name

LARGEST = 1 << 62
"""Length of the longest axis of an array."""
SHARED = 100_000
"""Values that any file may hold."""
DEEPEST = 64
"""Levels to which values may be nested."""
MOST_BITS = 4096
"""Bits of a whole number; Python refuses to write much longer ones."""
MOST_KEY_BITS = 64
"""Bits of a whole number that is a key: many longer ones can collide in a dictionary."""
_CODE = re.compile(r"b1|[iu][1248]|f[248]|[SU]\d{1,9}|O8?|O4|[?bBhHiIlLqQefd]")


class Refused(Exception):  # noqa: N818 (a refusal is not a defect of the file)
    """A pickle that asks for something that is not allowed."""


class Budget:
    """Limits on what may be built from a file.

    Parameters
    ----------
    size : int
        Bytes of the file. Twice as many bytes of arrays suffice for honest files: once for bytes that are
        written as text, once for the arrays. So do sixteen times as many values and some more, each counted
        as often as it is met: honest files share few, such as a row that occurs often.
    """

    def __init__(self, size: int) -> None:
        self.left = 2 * size
        self.values = 16 * size + SHARED

    def spend(self, count: int) -> None:
        """Take bytes, and refuse where none are left."""
        self.left -= count
        if self.left < 0:
            raise Refused("declares arrays that are larger than the file")


class Note:
    """Something that NumPy wrote: the arguments of a call, and the state that follows it."""

    def __init__(self, budget: Budget, *arguments: Any) -> None:
        self.budget = budget
        self.arguments = arguments
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def value(self, plain: Callable[[Any], Any]) -> Any:
        """Return the array or scalar; `plain` turns a value of an array of objects into a plain one.

        Raises
        ------
        Refused
            If shape, type and values do not fit together, or it is not an array or scalar.
        """
        raise Refused(f"holds a {type(self).__name__}, expected plain values and NumPy arrays")


class TypeNote(Note):
    """A type of values: its code, and its byte order in the state."""


class ArrayNote(Note):
    """An array, its shape, type and values in the state."""

    def value(self, plain: Callable[[Any], Any]) -> NDArray[Any]:
        """Return the array."""
        if not isinstance(self.state, tuple) or len(self.state) != 5:
            raise Refused("has an array without values")
        _, shape, note, by_columns, values = self.state
        dtype = _dtype(note)
        count = _count(shape)
        if dtype.kind == "O":
            if not isinstance(values, list) or len(values) != count:
                raise Refused("has an array of objects whose shape does not fit its values")
            self.budget.spend(count)
            flat = np.empty(count, dtype=object)
            for index, value in enumerate(values):
                flat[index] = plain(value)
        else:
            flat = _flat(values, dtype, count, self.budget)
        return flat.reshape(shape, order="F" if by_columns else "C")


class BufferNote(Note):
    """An array as protocol 5 writes it: its buffer, type, shape and order."""

    def value(self, plain: Callable[[Any], Any]) -> NDArray[Any]:
        """Return the array."""
        buffer, note, shape, order = self.arguments
        return _flat(buffer, _dtype(note), _count(shape), self.budget).reshape(shape, order=order)


class ScalarNote(Note):
    """A single number or text with NumPy's type."""

    def value(self, plain: Callable[[Any], Any]) -> Any:
        """Return the scalar."""
        note, buffer = self.arguments
        return _flat(buffer, _dtype(note), 1, self.budget)[0]


class Builder:
    """An inert replacement for one of the names that NumPy writes; called, it makes notes only."""

    def __init__(self, build: Callable[..., Any], budget: Budget) -> None:
        self._build = build
        self._budget = budget

    def __call__(self, *arguments: Any) -> Any:
        """Make a note of the arguments that the pickle gives."""
        return self._build(self._budget, *arguments)

    def __setstate__(self, state: Any) -> None:
        raise Refused("changes a function, which is not allowed as it could run code")


def _encode(budget: Budget, *arguments: Any) -> bytes:
    if len(arguments) != 2 or not isinstance(arguments[0], str) or arguments[1] != "latin1":
        raise Refused("encodes text, which is allowed to Latin-1 only")
    budget.spend(len(arguments[0]))
    return arguments[0].encode("latin1")


def _array_type(_: Budget, *arguments: Any) -> Any:
    raise Refused("makes an array without values")


def _bytes(_: Budget, *arguments: Any) -> bytes:
    if arguments:
        raise Refused("makes bytes of other values, which is not allowed")
    return b""


BUILDS: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "ndarray"): _array_type,
    ("numpy", "dtype"): TypeNote,
    ("numpy.core.multiarray", "_reconstruct"): ArrayNote,
    ("numpy.core.multiarray", "scalar"): ScalarNote,
    ("numpy.core.numeric", "_frombuffer"): BufferNote,
    ("_codecs", "encode"): _encode,
    ("__builtin__", "bytes"): _bytes,
    ("builtins", "bytes"): _bytes,
}
"""What makes the notes, by the module and name that NumPy writes; every other name is refused."""


def _dtype(note: Any) -> np.dtype[Any]:
    """Return the type that a note describes; refuse all but numbers, text, bytes and objects."""
    if not isinstance(note, TypeNote):
        raise Refused("has an array without a type")
    code = note.arguments[0] if note.arguments else None
    state = note.state if isinstance(note.state, tuple) else ()
    if not isinstance(code, str) or not _CODE.fullmatch(code) or any(x is not None for x in state[2:5]):
        name = value_name(code) if isinstance(code, str) else f"a {type(code).__name__}"
        raise Refused(f"has an array of type {name}, expected numbers, text, bytes or objects")
    return np.dtype("O" if code[0] == "O" else code).newbyteorder(">" if ">" in state[1:2] else "<")


def _count(shape: Any) -> int:
    whole = isinstance(shape, tuple) and all(type(size) is int and 0 <= size < LARGEST for size in shape)
    if not whole or len(shape) > 32:
        raise Refused("has an array whose shape is not a tuple of whole numbers")
    return math.prod(shape)


def _flat(values: Any, dtype: np.dtype[Any], count: int, budget: Budget) -> NDArray[Any]:
    """View bytes as values (count,); only another byte order than the machine's is copied."""
    if dtype.kind == "O":
        raise Refused("has a buffer of objects, expected numbers or text")
    raw = values.encode("latin1") if isinstance(values, str) else values
    fits = isinstance(raw, bytes | bytearray) and len(raw) == count * dtype.itemsize
    if not fits or (count and not dtype.itemsize):
        raise Refused("has an array whose shape does not fit its values")
    budget.spend(len(raw))
    flat = np.frombuffer(raw, dtype) if count else np.empty(0, dtype)
    flat = flat if dtype.isnative else flat.astype(dtype.newbyteorder("="))
    flat.flags.writeable = False
    return flat


def check_hashed(keys: list[Any]) -> None:
    """Refuse dictionary keys other than text, bytes and short numbers, before they are hashed.

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
        if isinstance(key, str) and not is_text(key):
            raise Refused(f"has the key {value_name(key)}, which holds half a character, expected text")


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
