"""The seam to Snakemake: a user's mistake is one sentence, anything else keeps its traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tqdm import tqdm

from mmfusion.data.example import EXAMPLE
from mmfusion.errors import ConfigError, DataError
from mmfusion.files import write_text
from mmfusion.study.figures.figure_definitions import FIGURES
from mmfusion.study.logs import INTERRUPTED, UNFINISHED, logged
from mmfusion.study.parent_process import VARIABLE, name_this_process
from mmfusion.study.workflow import (
    KILLED,
    NOT_BEGUN,
    failed_job_messages,
    figures_of,
    load_study,
    time_needed,
    where_to_look,
)

CONFIG = Path(__file__).parents[2] / "config/config.yaml"
SENTENCE = "rows.csv, row 3: 'x' is no number, expected one; correct the file."


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without CMU-MOSI, whatever the machine has."""
    monkeypatch.delenv("MMFUSION_MOSI_DIR", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def config() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    return content


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Path of a log in a folder that is not there yet."""
    return tmp_path / "logs/deep/rule.log"


def run_script(log: str, body: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a script of its own with a log."""
    script = (
        "import warnings\nfrom mmfusion.errors import DataError\nfrom mmfusion.study.logs import logged\n"
        f"with logged({log!r}):\n    {body}\n"
    )
    command = [sys.executable, "-c", script]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


class TestLogged:
    def test_a_mistake_ends_with_status_1_and_its_sentence(
        self, log: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit) as ended, logged(log):
            raise DataError(SENTENCE)
        assert ended.value.code == 1
        assert log.read_text(encoding="utf-8") == f"{SENTENCE}\n"
        output = capsys.readouterr()
        assert output.err == f"{SENTENCE}\n"
        assert output.out == ""

    def test_all_mistakes_of_a_configuration(self, log: Path, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit), logged(str(log)):
            raise ConfigError(["seeds: twice.", "sizes: none."], source="config")
        expected = "config: 2 mistakes\n  - seeds: twice.\n  - sizes: none.\n"
        assert log.read_text(encoding="utf-8") == capsys.readouterr().err == expected

    def test_a_defect_passes_through_and_stands_in_the_log(
        self, log: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(KeyError, match="cell") as raised, logged(log):
            raise KeyError("cell")
        assert raised.traceback[-1].path == Path(__file__)
        text = log.read_text(encoding="utf-8")
        assert text.startswith("Traceback (most recent call last):")
        assert text.endswith("KeyError: 'cell'\n")
        assert Path(__file__).name in text
        assert capsys.readouterr().err == ""

    def test_progress_and_warnings_go_to_the_log(self, log: Path, capsys: pytest.CaptureFixture[str]) -> None:
        with logged(log):
            for _ in tqdm(range(3), desc="epochs"):
                pass
            sys.stderr.write("a warning\n")
            print("result")
        text = log.read_text(encoding="utf-8")
        assert "epochs: 100%" in text
        assert text.endswith("a warning\n")
        output = capsys.readouterr()
        assert output.err == ""
        assert output.out == "result\n"

    def test_what_came_before_a_mistake_stays(self, log: Path) -> None:
        def work() -> None:
            with logged(log):
                sys.stderr.write("progress\n")
                raise DataError(SENTENCE)

        with pytest.raises(SystemExit):
            work()
        assert log.read_text(encoding="utf-8") == f"progress\n{SENTENCE}\n"

    def test_every_run_starts_a_new_log(self, log: Path) -> None:
        for word in ("first", "second"):
            with logged(log):
                sys.stderr.write(word)
        assert log.read_text(encoding="utf-8") == "second"

    def test_standard_error_is_given_back(self, log: Path) -> None:
        before = sys.stderr
        for error in (None, DataError(SENTENCE), KeyError("cell")):
            try:
                with logged(log):
                    assert sys.stderr is not before
                    if error:
                        raise error
            except (SystemExit, KeyError):
                pass
            assert sys.stderr is before

    def run(self, folder: Path, body: str) -> tuple[int, str, str]:
        """Run a script of its own; return its status, standard error and log."""
        result = run_script("rule.log", body, folder)
        return result.returncode, result.stderr, (folder / "rule.log").read_text(encoding="utf-8")

    def test_the_last_line_while_it_runs(self, log: Path) -> None:
        with logged(log):
            assert log.read_text(encoding="utf-8") == f"{UNFINISHED}\n"
            for text, lines in (("epoch 1", "epoch 1\n"), ("\repoch 2\n", "epoch 1\repoch 2\n")):
                sys.stderr.write(text)
                assert log.read_bytes().decode() == f"{lines}{UNFINISHED}\n"
        assert log.read_bytes().decode() == "epoch 1\repoch 2\n"

    def test_an_interruption(self, log: Path) -> None:
        with pytest.raises(KeyboardInterrupt), logged(log):
            raise KeyboardInterrupt
        assert log.read_text(encoding="utf-8") == f"{INTERRUPTED}\n"

    def test_a_polite_kill(self, tmp_path: Path) -> None:
        body = "import os, signal, time; os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)"
        assert run_script("rule.log", body, tmp_path).returncode != 0
        assert (tmp_path / "rule.log").read_text(encoding="utf-8") == f"{INTERRUPTED}\n"

    def test_a_job_ends_with_the_process_that_started_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(VARIABLE, "")  # put back afterwards
        with subprocess.Popen([sys.executable, "-c", "pass"]) as gone:
            gone.wait()
        monkeypatch.setattr("os.getpid", lambda: gone.pid)
        name_this_process()
        result = run_script("rule.log", "import time; time.sleep(60)", tmp_path)
        assert result.returncode != 0
        assert (tmp_path / "rule.log").read_text(encoding="utf-8") == f"{INTERRUPTED}\n"

    @pytest.mark.parametrize("process", ["this", "elsewhere"])
    def test_a_job_goes_on_otherwise(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, process: str
    ) -> None:
        monkeypatch.setenv(VARIABLE, "")  # put back afterwards
        name_this_process()
        if process == "elsewhere":
            monkeypatch.setenv(VARIABLE, "1234567 pid:[another container]")
        result = run_script("rule.log", "import time; time.sleep(1); print('done')", tmp_path)
        assert (result.returncode, result.stdout) == (0, "done\n")

    @pytest.mark.parametrize(("error", "traceback"), [("DataError", False), ("RuntimeError", True)])
    def test_an_error_in_a_script(self, tmp_path: Path, error: str, traceback: bool) -> None:
        status, terminal, log = self.run(tmp_path, f"raise {error}('no such row.')")
        assert status == 1
        for text in (terminal, log):
            assert "no such row." in text
            assert ("Traceback" in text) == traceback

    def test_a_warning_in_a_script(self, tmp_path: Path) -> None:
        status, terminal, log = self.run(tmp_path, "warnings.warn('old name')")
        assert (status, terminal) == (0, "")
        assert "UserWarning: old name" in log


class TestLoadStudy:
    def test_of_a_right_configuration(self, config: dict[str, Any]) -> None:
        assert load_study(config, [CONFIG]).config.seeds == config["seeds"]

    def test_all_mistakes_at_once(self, config: dict[str, Any]) -> None:
        config["seeds"] = [1, 1]
        config["sede"] = 3
        config["experiments"]["normalisations"]["norms"] = ["ibm"]
        config["mosi"]["mode"] = "perhaps"
        with pytest.raises(SystemExit) as ended:
            load_study(config)
        lines = str(ended.value.code).splitlines()
        assert lines[0].endswith("4 mistakes")
        for place in ("seeds", "sede", "experiments.normalisations.norms[0]", "mosi.mode"):
            assert any(line.startswith(f"  - {place}") for line in lines[1:])
        assert len(lines) == 5

    def test_keys_that_are_written_twice_in_any_file(self, config: dict[str, Any], tmp_path: Path) -> None:
        files = [tmp_path / "one.yaml", tmp_path / "two.yaml", CONFIG]
        files[0].write_text("seeds: [1]\nconvention: mkl\nseeds: [2]\n", encoding="utf-8")
        files[1].write_text("mosi:\n  epochs: 1\n  epochs: 2\n", encoding="utf-8")
        with pytest.raises(SystemExit) as ended:
            load_study({**config, "sede": 3}, files)
        text = str(ended.value.code)
        places = ["one.yaml: 1 mistake", "key seeds", "two.yaml: 1 mistake", "key epochs", "sede:"]
        found = [text.find(place) for place in places]
        assert -1 not in found
        assert found == sorted(found)

    def test_data_that_are_required_and_missing(self, config: dict[str, Any]) -> None:
        config["mosi"]["mode"] = "required"
        with pytest.raises(SystemExit, match="mosi_data"):
            load_study(config)

    def test_the_end_is_a_text_so_that_the_status_is_not_0(self, config: dict[str, Any]) -> None:
        with pytest.raises(SystemExit) as ended:
            load_study({**config, "seeds": []})
        assert isinstance(ended.value.code, str)
        assert ended.value.__context__ is None


class TestFailedJobs:
    """The end of every failed job's log is printed after Snakemake's own lines."""

    LINE = "    log: {} (check log file(s) for error details)\n"

    def test_every_sentence_once(self, tmp_path: Path) -> None:
        (tmp_path / "data.log").write_text(f"progress 10%\rprogress 100%\n{SENTENCE}\n\n", encoding="utf-8")
        (tmp_path / "train.log").write_text("Traceback\nKeyError: 'cell'\n", encoding="utf-8")
        (tmp_path / "empty.log").touch()
        failed = ["data.log", "train.log", "data.log", "empty.log", "never written.log"]
        main = tmp_path / "snakemake.log"
        lines = "".join(self.LINE.format(name) for name in failed)
        main.write_text(f"rule fine:\n    log: fine.log\n{lines}Exiting\n", encoding="utf-8")
        ends = {"data.log": SENTENCE, "train.log": "KeyError: 'cell'"}
        ends |= dict.fromkeys(["empty.log", "never written.log"], NOT_BEGUN)
        expected = [f"Failed: {end} (log: {name})" for name, end in ends.items()]
        assert failed_job_messages([str(main)]).splitlines() == expected
        assert failed_job_messages(main) == failed_job_messages([main, main])

    def test_a_job_that_was_killed(self, tmp_path: Path) -> None:
        for name in ("killed.log", "at once.log"):
            body = "sys.stderr.write('epoch 3'); " if name == "killed.log" else ""
            run_script(name, f"import sys, os, signal; {body}os.kill(os.getpid(), signal.SIGKILL)", tmp_path)
            assert (tmp_path / name).read_text(encoding="utf-8").endswith(f"{UNFINISHED}\n")
        main = tmp_path / "snakemake.log"
        main.write_text(self.LINE.format("killed.log") + self.LINE.format("at once.log"), encoding="utf-8")
        lines = [f"Failed: {KILLED} (log: killed.log)", f"Failed: {KILLED} (log: at once.log)"]
        for _ in range(2):
            assert failed_job_messages(main).splitlines() == lines
        assert (tmp_path / "killed.log").read_text(encoding="utf-8") == f"epoch 3\n{KILLED}\n"

    def test_no_failed_jobs(self, tmp_path: Path) -> None:
        assert failed_job_messages([]) == failed_job_messages(tmp_path / "nowhere.log") == ""


def test_figures_are_those_of_the_datasets(config: dict[str, Any]) -> None:
    whole = figures_of(load_study(config))
    assert whole == [name for name in FIGURES if name != "own_relevance"]
    config["datasets"]["mine"] = {"path": EXAMPLE, "target": "y", "task": "classification"}
    config["experiments"] = {"mine": {"datasets": ["mine"], "norms": ["ibn"], "p": ["1"], "scales": ["1"]}}
    assert figures_of(load_study(config)) == ["own_relevance"]


def test_a_run_says_how_long_its_jobs_took_before(tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.tsv" for name in ("long", "short", "empty", "cut", "never")]
    for path, text in zip(paths, ("s\th:m:s\n600.5\t0:10:00\n", "s\n40\n", "", "s\n-\n"), strict=False):
        path.write_text(text, "utf-8")
    said = "2 of the 5 jobs have run here before and took 11 minutes together"
    assert time_needed([*paths, None], 2) == f"{said}, about 5 minutes on 2 cores."
    assert time_needed(map(str, paths), 1) == time_needed(paths, None) == f"{said}."
    assert time_needed(paths[1:2], 2).endswith("took 40 seconds together, about 20 seconds on 2 cores.")
    assert time_needed(paths[2:], 2) == time_needed([], 2) == ""


def test_where_to_look_is_a_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_text("results/index.html", "a page")
    assert where_to_look() == f"Open {tmp_path}/results/index.html in a browser first."
    write_text("results/paper/paper.tex", "an article")
    assert where_to_look().endswith(f" The article is {tmp_path}/results/paper/paper.tex.")
