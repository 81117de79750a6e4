"""Parts of the sentences of errors: names of rows and values, lists of names, similar names."""

from __future__ import annotations

import math
import stat
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


def gibibytes(count: int) -> str:
    """Write an amount of memory, however large.

    Examples
    --------
    >>> gibibytes(3 * 2**29), gibibytes(10**400)
    ('1.5 GiB', '1e390 GiB')
    """
    small = count < 10**9 * 2**30
    return f"{count / 2**30:.1f} GiB" if small else f"1e{int(math.log10(count) - math.log10(2**30))} GiB"


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


def file_kind(mode: int) -> str:
    """Name what is there by the mode of `os.stat`, with its article.

    Examples
    --------
    >>> import os
    >>> file_kind(os.stat("/").st_mode), file_kind(os.stat("/dev/null").st_mode)
    ('a folder', 'a device')
    """
    kinds = {
        stat.S_IFDIR: "a folder",
        stat.S_IFREG: "a file",
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
    }
    return kinds.get(stat.S_IFMT(mode), "a device")


def spaced_alike(names: Iterable[Any]) -> tuple[str, str] | None:
    """Find two texts that differ only by spaces at their ends or by several in a row, which nobody sees.

    Examples
    --------
    >>> spaced_alike(["no", "yes", "no "]), spaced_alike(["no", "nope", 1])
    (('no', 'no '), None)
    """
    seen: dict[str, str] = {}
    for name in names:
        if isinstance(name, str) and seen.setdefault(" ".join(name.split()), name) != name:
            return seen[" ".join(name.split())], name
    return None
