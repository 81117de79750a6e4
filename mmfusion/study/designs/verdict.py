"""What is named, as text for a table, and whether that is right."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from mmfusion.study.designs.design import Accepted

NOTHING = "none"
"""Nothing is named; an empty text says that it was not measured."""


class Verdict(NamedTuple):
    """How an answer compares with the truth."""

    exact: bool
    """One of the accepted answers, and nothing else."""
    found: bool
    """All of an accepted answer, and perhaps more."""
    wrong: bool
    """Something that is in no accepted answer."""


def as_text(names: Iterable[object]) -> str:
    """Write names apart by spaces, sorted."""
    return " ".join(sorted(map(str, names))) or NOTHING


def as_names(text: str) -> frozenset[str]:
    """Read what `as_text` writes."""
    return frozenset() if text == NOTHING else frozenset(text.split())


def verdict(named: frozenset[str], accepted: Accepted) -> Verdict:
    """Compare an answer with the accepted ones.

    Examples
    --------
    >>> verdict(frozenset("ab"), (frozenset("a"),))
    Verdict(exact=False, found=True, wrong=True)
    """
    everything = frozenset().union(*accepted)
    return Verdict(named in accepted, any(right <= named for right in accepted), not named <= everything)
