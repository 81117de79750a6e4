"""Telling the user about a choice that was made for them: a warning that points at the user's own line."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGE = str(Path(__file__).parent)


class ChoiceWarning(UserWarning):
    """A choice that was made for the user, and how to make another one."""


def tell(message: str) -> None:
    """Warn, naming the line outside of this package from which it was called.

    Parameters
    ----------
    message : str
        One sentence: what was chosen, and how to choose otherwise.
    """
    level, frame = 1, sys._getframe(0)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGE):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, ChoiceWarning, stacklevel=level)


@contextmanager
def told() -> Iterator[list[str]]:
    """Collect the choices made within a block instead of warning, for callers that print them.

    Yields
    ------
    list of str
        Filled when the block ends; other warnings are passed on.
    """
    messages: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ChoiceWarning)
        yield messages
    for warning in caught:
        if issubclass(warning.category, ChoiceWarning):
            messages.append(str(warning.message))
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
