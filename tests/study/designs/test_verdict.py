"""Verdicts: exact, found and wrong; names as text and back."""

from __future__ import annotations

import pytest

from mmfusion.study.designs.power import POWER
from mmfusion.study.designs.verdict import as_names, as_text, verdict

TRUTHS = {case.name: case.truth for case in POWER}


@pytest.mark.parametrize(
    ("case", "named", "expected"),
    [
        ("one", "a", (True, True, False)),
        ("one", "a b", (False, True, True)),
        ("one", "", (False, False, False)),
        ("pair", "a b", (False, False, True)),
        ("copies", "b", (True, True, False)),
        ("copies", "a b", (True, True, False)),
        ("copies", "a a+b", (False, True, True)),
        ("copies", "", (False, False, False)),
        ("correlated", "a", (False, False, False)),
    ],
)
def test_verdicts(case: str, named: str, expected: tuple[bool, bool, bool]) -> None:
    truth = TRUTHS[case]
    assert truth is not None
    assert verdict(frozenset(named.split()), truth["subsets"]) == expected


@pytest.mark.parametrize("names", [[], ["b", "a+b"]])
def test_text_is_read_as_it_was_written(names: list[str]) -> None:
    assert as_names(as_text(names)) == frozenset(names)
    assert as_text(names) == (" ".join(sorted(names)) or "none")
