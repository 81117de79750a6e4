"""Numbers that a configuration writes as text, such as p: '1', '4/3', 'inf'.

They name cells in tables and paths, so that every number has exactly one spelling: a whole number, a fraction
in lowest terms, or inf.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

_NUMBER = re.compile(r"\d+(\.\d+|/\d+)?", re.ASCII)


def number(text: str) -> float:
    """Read a number written as a whole number, a decimal, a fraction or ``inf``.

    Parameters
    ----------
    text : str
        Digits with at most one ``.`` or ``/``, without sign and spaces; or ``inf``.

    Returns
    -------
    float
        From 0 to infinity.

    Raises
    ------
    ValueError
        If `text` is written in another way, or the fraction is too large or divides by zero.

    Examples
    --------
    >>> number("4/3") == 4 / 3
    True
    """
    return math.inf if text == "inf" else float(_fraction(text))


def _fraction(text: str) -> Fraction:
    if not isinstance(text, str) or not _NUMBER.fullmatch(text):
        raise ValueError(f"{text!r} is not a number, expected text such as '1', '4/3' or 'inf'")
    try:
        fraction = Fraction(text)
        float(fraction)
    except (ZeroDivisionError, OverflowError):
        raise ValueError(f"{text!r} is not a finite number, expected one such as '4/3'") from None
    return fraction


def in_quotes(value: Any) -> Any:
    """Turn a YAML number into the text that should be written for it; leave anything else as it is."""
    return str(value) if type(value) in (int, float) else value


def _checked(expected: str, accepts: Callable[[float], bool]) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        text = in_quotes(value)
        try:
            accepted = accepts(number(text))
        except ValueError:
            accepted = False
        if not accepted:
            raise ValueError(f"expected {expected}; correct the value")
        spelling = text if text == "inf" else str(_fraction(text))
        if value != spelling:
            raise ValueError(f"expected {expected}; write it as '{spelling}'")
        return value

    return check


_EXPONENT = "a number from 1 to inf in quotes, whole or a fraction in lowest terms ('1', '4/3', 'inf')"
_SCALE = "a positive number in quotes, whole or a fraction in lowest terms ('1', '1/3', '3')"

Exponent = Annotated[
    str,
    BeforeValidator(_checked(_EXPONENT, lambda value: value >= 1)),
    WithJsonSchema({"type": "string", "description": _EXPONENT}),
]
"""p of the block norm."""

Scale = Annotated[
    str,
    BeforeValidator(_checked(_SCALE, lambda value: 0 < value < math.inf)),
    WithJsonSchema({"type": "string", "description": _SCALE}),
]
"""Factor of the encoder outputs."""
