"""Strings of letters, such as DNA, RNA or protein, as sequences of symbols.

Words used here. *Letters* are the characters of a string, case-sensitive; their *code points* are the numbers
that Unicode gives them. An *alphabet* are the letters that occur in training, sorted; the symbol of a letter
is its position there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.data.location import Location
from mmfusion.data.part import SYMBOLS, Part

MOST_LETTERS = 32
"""Most letters of an alphabet in a column that is read as a sequence without being named as one."""
FEW_LETTERS = 12
"""Most letters of such a column in which upper and lower case are mixed, as in soft-masked DNA."""
SHORTEST = 8
"""Smallest mean length of the strings of such a column."""
EXTRA = frozenset("*-.")
"""Characters beside letters: stop, gap."""
NO_STEP = 0
"""Code point behind the end of a string."""


def is_sequence(strings: Sequence[str | None]) -> bool:
    """Say whether strings look like sequences over one small alphabet, and not like names or categories.

    They consist of letters (and ``*``, ``-``, ``.``), at most `MOST_LETTERS` different ones, which are all
    upper case, all lower case, or at most `FEW_LETTERS`; they are `SHORTEST` letters long on average, and at
    least half of them differ from each other.

    Parameters
    ----------
    strings : sequence of str or None
        None where the sequence is missing.

    Examples
    --------
    >>> is_sequence(["ACGTTGCA", "GGATCCAA", None]), is_sequence(["yes", "no", "yes"])
    (True, False)
    """
    known = [text for text in strings if text]
    if not known or sum(map(len, known)) < SHORTEST * len(known) or 2 * len(set(known)) < len(known):
        return False
    letters = "".join(set().union(*known) - EXTRA)
    one_case = letters in (letters.upper(), letters.lower())
    return (
        letters.isascii()
        and letters.isalpha()
        and len(letters) <= (MOST_LETTERS if one_case else FEW_LETTERS)
    )


def letters_part(strings: Sequence[str | None]) -> Part:
    """Turn strings into code points, padded behind, with the length of each.

    Parameters
    ----------
    strings : sequence of str or None
        None and empty strings are missing.

    Returns
    -------
    Part

    Examples
    --------
    >>> part = letters_part(["AC", "T", None])
    >>> part.array.tolist(), part.lengths.tolist(), part.present.tolist()
    ([[65, 67], [84, 0], [0, 0]], [2, 1, 1], [True, True, False])
    """
    texts = ["" if text is None else text for text in strings]
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    longest = max(1, int(lengths.max(initial=0)))
    points = np.array(texts, dtype=f"U{longest}").view(np.uint32).reshape(len(texts), longest)
    small = points.max(initial=0) < 256
    present = None if lengths.all() else lengths > 0
    return Part(
        points.astype(np.uint8) if small else points,
        np.maximum(lengths, 1),
        present,
        letters=True,
        kind=SYMBOLS,
    )


def alphabet_of(values: NDArray[Any], real: NDArray[np.bool_]) -> str:
    """Return the letters that occur, sorted.

    Parameters
    ----------
    values : array of int, shape (n, length)
        Code points.
    real : array of bool, shape (n, length)
        Which of them are letters.
    """
    return "".join(chr(point) for point in np.unique(values[real]))


def as_symbols(
    name: str, values: NDArray[Any], real: NDArray[np.bool_], alphabet: str, location: Location
) -> NDArray[np.int64]:
    """Turn code points into symbols of an alphabet; 0 where there is no letter.

    Parameters
    ----------
    name : str
        Name of the modality.
    values : array of int, shape (n, length)
    real : array of bool, shape (n, length)
    alphabet : str
        Letters of training.
    location : Location

    Returns
    -------
    array of int64, shape (n, length)

    Raises
    ------
    MmfusionError
        With row and position of the first letter that is not in the alphabet.
    """
    known = np.array([ord(letter) for letter in alphabet], dtype=np.int64)
    symbols = np.minimum(np.searchsorted(known, values), len(known) - 1)
    wrong = np.argwhere(real & (known[symbols] != values))
    if len(wrong):
        row, step = (int(axis) for axis in wrong[0])
        raise location.error(
            f"{location.modality(name)}, {location.row(row)}, letter {step}: {chr(values[row, step])!r} did "
            f"not occur in training, where the letters were {alphabet!r} ({len(wrong)} letters are "
            "unknown), expected only those; correct it, or train on samples that have it."
        )
    return np.where(real, symbols, 0)
