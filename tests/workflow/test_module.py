"""A second workflow has the study as a module, and what the catalogue of workflows asks for is there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import yaml

pytestmark = pytest.mark.workflow
Run = Callable[..., CompletedProcess[str]]
ROOT = Path(__file__).parents[2]
SECOND = """
module mmfusion:
    snakefile: "{root}/workflow/Snakefile"
    config: config["mmfusion"]

use rule * from mmfusion as mmfusion_*

rule words:
    default_target: True
    input: "results/columns.md", "results/provenance.json"
    output: "words.txt"
    shell: "wc --words {{input[0]}} > {{output}}"
"""


def test_a_second_workflow_has_the_study_as_a_module(tmp_path: Path, snakemake: Run, tiny: str) -> None:
    snakefile = tmp_path / "Snakefile"
    snakefile.write_text(SECOND.format(root=ROOT), "utf-8")
    settings = yaml.safe_load(tiny)

    def run(*arguments: str) -> CompletedProcess[str]:
        config = yaml.safe_dump({"mmfusion": settings})
        where = ("--snakefile", str(snakefile), "--cores", "1")
        return snakemake(tmp_path / "second", *where, *arguments, config=config)

    result = run()
    assert result.returncode == 0, result.stdout + result.stderr
    assert int((tmp_path / "second/words.txt").read_text().split()[0]) > 100
    provenance = (tmp_path / "second/results/provenance.json").read_text("utf-8")
    assert '"seeds": [\n    0,\n    1\n  ]' in provenance
    planned = run("--dry-run", "mmfusion_all").stdout
    assert "results/tables/summary.parquet" in planned
    assert "results/index.html" in planned
    settings["sede"] = 1
    result = run("--dry-run")
    assert result.returncode == 1
    assert "sede: this key is unknown" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_catalogue_finds_what_it_asks_for() -> None:
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text("utf-8"))["usage"]
    assert usage["report"] is True
    assert set(usage) == {"mandatory-flags", "software-stack-deployment", "report"}
    assert (ROOT / "workflow/Snakefile").is_file()
    assert (ROOT / "config/README.md").is_file()
