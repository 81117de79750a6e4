"""A user's mistake ends in its sentences, before any training, with nothing half-written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

pytestmark = pytest.mark.workflow
Run = Callable[..., CompletedProcess[str]]


class TestConfig:
    def test_all_mistakes_at_once(self, tmp_path: Path, snakemake: Run, tiny: str) -> None:
        bad = tiny.replace("seeds: [0, 1]", "seeds: [0, 0]\nsede: 1").replace("norms: [ibn]", "norms: [ibm]")
        bad = bad.replace('p: ["inf"]', 'p: ["1/2"]').replace("resamples: 100", "resamples: many")
        bad = bad.replace("experiments:\n", "experiments:\n  sentimnt:\n")
        result = snakemake(tmp_path / "bad", "--cores", "1", config=bad)
        output = result.stdout + result.stderr
        assert result.returncode != 0
        assert "Traceback" not in output
        for place in (
            "seeds:",
            "sede:",
            "experiments.sentimnt: an empty experiment leaves out one of this name, but there is none "
            "(did you mean 'sentiment'?), expected one of ",
            "experiments.normalisations.norms[0]:",
            "experiments.independent_views.p[0]:",
            "analysis.resamples:",
        ):
            assert place in output
        assert not (tmp_path / "bad/results").exists()

    @pytest.mark.long
    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            (("length: 30", "length: 1000000000000"), "- sequences.length: data of "),
            (
                ("XRelIrrXOR: {sizes", "a: &a [*a]\n  XRelIrrXOR: {sizes"),
                "line 6: this contains itself by an",
            ),
        ],
    )
    def test_what_no_machine_can_hold(
        self, tmp_path: Path, snakemake: Run, tiny: str, change: tuple[str, str], sentence: str
    ) -> None:
        result = snakemake(tmp_path / "bad", "--cores", "1", config=tiny.replace(*change))
        output = result.stdout + result.stderr
        assert result.returncode != 0
        assert sentence in output
        assert "Traceback" not in output
        assert not (tmp_path / "bad/results").exists()


@pytest.mark.long
def test_training_that_diverges_ends_in_a_sentence(tmp_path: Path, snakemake: Run, tiny: str) -> None:
    networks = "results/train/XRelIrrXOR/ibn/batch-0/networks.safetensors"
    config = f"{tiny}\ntraining: {{learning_rate: 1.0e+30}}\n"
    result = snakemake(tmp_path / "wild", "--cores", "1", networks, config=config)
    output = result.stdout + result.stderr
    assert result.returncode != 0
    assert "Traceback" not in output
    (said,) = [line for line in result.stdout.splitlines() if line.startswith("Failed: ")]
    assert "diverged" in said
    assert "in epoch 1" in said
    assert "learning_rate" in said
    assert not (tmp_path / "wild" / networks).exists()


class TestOwnData:
    CONFIG = """
seeds: [0]
datasets:
  mine: {path: mine.csv, target: agrees, task: classification, modalities: {text: "text_*"}}
experiments:
  normalisations:
  scale_of_none:
  independent_views:
  sentiment:
  clean_text:
  mine: {datasets: [mine], norms: [ibn], p: ["1"], scales: ["1"]}
"""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        folder = tmp_path / "own"
        folder.mkdir()
        rows = [f"{row % 2},{row / 7}" for row in range(40)]
        rows[4] = "1,high"
        (folder / "mine.csv").write_text("\n".join(["agrees,text_1", *rows]), encoding="utf-8")
        return folder

    def test_a_wrong_name_is_told_before_any_job(self, folder: Path, snakemake: Run) -> None:
        config = self.CONFIG.replace("target: agrees", "target: agree")
        result = snakemake(folder, "--cores", "1", config=config)
        assert result.returncode != 0
        last = (result.stdout + result.stderr).strip().splitlines()[-1]
        assert last == "datasets.mine: mine.csv: there is no column 'agree'; did you mean 'agrees'?"
        assert not (folder / "results").exists()

    def test_a_wrong_value_stands_in_the_log_and_in_the_last_lines(
        self, folder: Path, snakemake: Run
    ) -> None:
        result = snakemake(folder, "--cores", "1", config=self.CONFIG)
        assert result.returncode != 0
        sentence = "mine.csv: modality 'text', row 4 (counted from 0), column 'text_1': the value is 'high'"
        assert (folder / "results/logs/data/mine.log").read_text(encoding="utf-8").startswith(sentence)
        (told,) = [line for line in result.stdout.splitlines() if line.startswith("Failed: ")]
        assert told.startswith(f"Failed: {sentence}")
        assert told.endswith("(log: results/logs/data/mine.log)")
        assert "Traceback" not in result.stdout + result.stderr
        assert not list(folder.rglob("weights.safetensors"))


class TestMosi:
    def test_required_and_missing(self, tmp_path: Path, snakemake: Run, tiny: str) -> None:
        config = tiny.replace('mode: "off"', "mode: required")
        result = snakemake(tmp_path / "bad", "--cores", "1", config=config)
        output = result.stdout + result.stderr
        assert result.returncode != 0
        assert "Traceback" not in output
        assert "mosi_data" in output
        assert not (tmp_path / "bad/results").exists()

    def test_auto_and_missing_says_so_and_goes_on(self, tmp_path: Path, snakemake: Run, tiny: str) -> None:
        config = tiny.replace('mode: "off"', "mode: auto")
        result = snakemake(tmp_path / "no", "--cores", "1", "results/columns.md", config=config)
        assert result.returncode == 0
        assert "CMU-MOSI is not part of this study: no files were found" in result.stdout + result.stderr

    def test_damaged_files_stop_before_training(
        self, tmp_path: Path, snakemake: Run, tiny: str, mosi_folder: Any
    ) -> None:
        mosi_folder.change("audio_train0.csv", lambda rows: rows.pop())
        config = tiny.replace('mode: "off"', "mode: auto")
        variables = {"MMFUSION_MOSI_DIR": str(mosi_folder.path)}
        result = snakemake(tmp_path / "bad", "--cores", "2", config=config, **variables)
        output = result.stdout + result.stderr
        assert result.returncode != 0
        assert "audio_train0.csv" in output
        assert "Traceback" not in output
        assert not list((tmp_path / "bad").rglob("weights.safetensors"))
        assert not list((tmp_path / "bad/results/data").glob("MOSI*"))
        logs = [
            path.read_text(encoding="utf-8")
            for path in (tmp_path / "bad/results/logs/data").glob("MOSI*.log")
        ]
        assert all("audio_train0.csv" in log for log in logs)
        assert logs
