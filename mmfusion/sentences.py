"""Parts of the sentences of errors: names of rows and values, lists of names, similar names."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from reprlib import Repr
from typing import Any

MOST_NAMES = 10
"""Names of a list that a sentence holds."""
MOST_LETTERS = 100
"""Letters of a value that a sentence holds."""
_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = MOST_LETTERS
_SHORT.maxlevel = 2


def row_name(index: int, label: Any = None) -> str:
    """Name a row.

    Parameters
    ----------
    index : int
        Its position; the first is 0, in every form of input.
    label : object, optional
        The name of the sample. Default: it has only its position.

    Returns
    -------
    str

    Examples
    --------
    >>> row_name(5), row_name(5, label="p17")
    ('row 5 (counted from 0)', "row 5 (counted from 0; sample 'p17')")
    """
    named = "" if label is None else f"; sample {label!r}"
    return f"row {index} (counted from 0{named})"


def joined_names(names: Iterable[str]) -> str:
    """List the first names, and count the others.

    Examples
    --------
    >>> joined_names(["text", "audio"]), joined_names("abcdefghijkl")
    ('text, audio', 'a, b, c, d, e, f, g, h, i, j and 2 more')
    """
    listed = list(names)
    more = f" and {len(listed) - MOST_NAMES} more" if len(listed) > MOST_NAMES else ""
    return ", ".join(listed[:MOST_NAMES]) + more


def value_name(value: object) -> str:
    """Write a value, cut if it is long.

    Examples
    --------
    >>> value_name("n/a"), len(value_name("x" * 1000))
    ("'n/a'", 100)
    """
    return _SHORT.repr(value)


def is_text(text: str) -> bool:
    r"""Return whether all characters of a text are whole, so that it can be written to a file.

    Examples
    --------
    >>> is_text("naive"), is_text("\ud800")
    (True, False)
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def similar(name: object, known: Iterable[object]) -> str:
    """Ask for the most similar one of the known names, or list them.

    Examples
    --------
    >>> similar("txt", ["text", "audio"]), similar("video", ["text", "audio"])
    ("did you mean 'text'?", 'expected one of text, audio.')
    """
    names = [str(other) for other in known]
    close = get_close_matches(str(name), names, n=1)
    return (
        f"did you mean {close[0]!r}?" if close else f"expected one of {joined_names(names) or 'none at all'}."
    )
