"""Only what changed runs again: a row per change of the configuration, on a finished study."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

pytestmark = [pytest.mark.workflow, pytest.mark.long]
Run = Callable[..., CompletedProcess[str]]

SHOWN = {"tables", "summaries", "seconds", "figure", "provenance", "index", "study"}
"""What looks at the whole study."""
OF_ONE = SHOWN | {"train", "evaluate"}
IBN = 'norms: [ibn], p: ["4/3", "1"]'


def jobs(run: Run, study: Path, config: str) -> dict[str, list[str]]:
    """The jobs of a dry run: their wildcards by rule."""
    result = run(study, "--cores", "1", "--dry-run", config=config)
    assert result.returncode == 0, result.stdout + result.stderr
    found: dict[str, list[str]] = {}
    for part in re.split(r"^(?:local)?rule ", result.stdout, flags=re.MULTILINE)[1:]:
        wildcards = re.search(r"^ *wildcards: (.*)$", part, re.MULTILINE)
        found.setdefault(part.partition(":")[0], []).append(wildcards[1] if wildcards else "")
    return found


@pytest.mark.parametrize(
    ("old", "new", "rules", "trained"),
    [
        pytest.param("norms: [dbn]", "norms: [dbn, vbn]", OF_ONE, ["speech, norm=vbn"], id="norm"),
        pytest.param(
            IBN, IBN.replace('"1"', '"1", "2"'), OF_ONE | {"eigen"}, ["XRelIrrXOR, norm=ibn"], id="p"
        ),
        pytest.param("resamples: 100", "resamples: 90", SHOWN - {"tables", "seconds"}, [], id="resamples"),
        pytest.param(
            "\nseeds:", "\ntraining: {device: cpu}\nseeds:", {"provenance", "index", "study"}, [], id="device"
        ),
        pytest.param("\nseeds:", "\n# a comment\nseeds:", set(), [], id="comment"),
    ],
)
def test_what_runs_again(
    study: Path, snakemake: Run, tiny: str, old: str, new: str, rules: set[str], trained: list[str]
) -> None:
    assert old in tiny
    found = jobs(snakemake, study, tiny.replace(old, new))
    assert set(found) <= rules
    assert [name.partition(", batch")[0] for name in found.get("train", [])] == [
        f"dataset={name}" for name in trained
    ]
    assert bool(found) == bool(rules)
