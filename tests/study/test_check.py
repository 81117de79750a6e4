"""Checking configuration files before Snakemake reads them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mmfusion.study.check import check_files, print_check, read_data

ROOT = Path(__file__).parents[2]
BASE = ROOT / "config/config.yaml"


def mistakes(text: str, folder: Path) -> str:
    (folder / "c.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        check_files([folder / "c.yaml"], folder, BASE)
    return str(ended.value.code)


def test_files_are_laid_over_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MMFUSION_MOSI_DIR", raising=False)
    (tmp_path / "c.yaml").write_text("seeds: [7]\nmosi: {mode: off}", encoding="utf-8")
    study = check_files([ROOT / "config/smoke.yaml", tmp_path / "c.yaml"], tmp_path, BASE)
    assert study.config.seeds == [7]
    assert study.config.synthetic["XRel"].epochs == 2
    assert study.config.encoders.vector.hidden == 32
    assert Path.cwd() != tmp_path


def test_mistakes_of_the_file_and_of_the_whole(tmp_path: Path) -> None:
    text = mistakes("seeds: [1]\nseeds: [2, 2]\nexperiments:\n  sentimnt:\n", tmp_path)
    assert "c.yaml: 2 mistakes\n  - line 2: the key seeds was set in line 1 already" in text
    assert "experiments.sentimnt: an empty experiment leaves out" in text
    assert "seeds: 2 and 2 are equal" in text


def test_a_file_that_cannot_be_read_is_the_only_mistake(tmp_path: Path) -> None:
    text = mistakes("seeds: [1\n", tmp_path)
    assert "c.yaml: 1 mistake\n  - line 2: this is not YAML" in text
    assert text.count("\n") == 1


def test_data_count_from_the_folder_of_the_run(tmp_path: Path) -> None:
    config = "datasets: {mine: {path: a.csv, target: y}}\n"
    config += "experiments: {mine: {datasets: [mine], norms: [ibn], p: ['1'], scales: ['1']}}"
    assert f"datasets.mine.path: a.csv is not in {tmp_path}" in mistakes(config, tmp_path)
    with pytest.raises(SystemExit, match="nowhere: there is no such folder, expected"):
        check_files([], tmp_path / "nowhere", BASE)


def test_code_in_a_file_is_not_run(tmp_path: Path) -> None:
    code = f"__definitions__:\n  - import pathlib; pathlib.Path({str(tmp_path / 'ran')!r}).touch()\n"
    assert "__use_yte__: this key makes a file a program" in mistakes(f"__use_yte__: true\n{code}", tmp_path)
    assert not (tmp_path / "ran").exists()


def test_the_command() -> None:
    command = [sys.executable, "-m", "mmfusion.study.check", "config/smoke.yaml", "/dev/zero"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert result.returncode == 1
    assert result.stderr.endswith(
        "this is a device, expected a file with a study in YAML; correct the path.\n"
    )
    assert "Traceback" not in result.stderr


def test_what_the_command_says(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("MMFUSION_MOSI_DIR", str(ROOT / "nowhere"))
    print_check([Path("config/smoke.yaml")])
    said = capsys.readouterr().out
    assert said.startswith("The configuration is in order (XRelIrrXOR, ConditionallyIndependent, speech: ")
    assert said.endswith(" jobs). Next: snakemake --cores all --configfile config/smoke.yaml\n")


MINE = """
datasets: {mine: {path: a.csv, target: y, modalities: {one: "a*", two: b}, task: regression}}
experiments: {mine: {datasets: [mine], norms: [ibn], p: ['1'], scales: ['1']}}
mosi: {mode: "off"}
"""


def test_the_values_of_the_data_are_read(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(MINE, encoding="utf-8")
    rows = [f"{i % 7},{i % 3},{i % 5},{i % 2}" for i in range(60)]
    (tmp_path / "a.csv").write_text("\n".join(["y,a1,a2,b", *rows]), encoding="utf-8")
    study = check_files([tmp_path / "c.yaml"], tmp_path, BASE)
    (said,) = read_data(study, tmp_path)
    assert "mine: read from a.csv, target y; splits, drawn at random: train " in said
    rows[10] = "1,2,,0"
    (tmp_path / "a.csv").write_text("\n".join(["y,a1,a2,b", *rows]), encoding="utf-8")
    study = check_files([tmp_path / "c.yaml"], tmp_path, BASE)
    with pytest.raises(SystemExit, match=r"^datasets\.mine: a\.csv: .*row 10 .*column 'a2'"):
        read_data(study, tmp_path)


def test_outside_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match=r"there is no such file in .*; run this in the checkout that holds"):
        check_files([])
