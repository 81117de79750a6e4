"""The files of one answer stand together, whenever the process that writes them is killed."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mmfusion.cli.init_command import write_template
from mmfusion.cli.output_folder import COMPLETE, SETTINGS, UNFINISHED, check_output, filling
from mmfusion.errors import InputError

OLD = ("relevance.csv", "information.csv", "relevance.png", "information.png", "answer.txt")
NEW = ("relevance.csv", "relevance.png", "motifs.csv", "answer.txt")


class Killed(BaseException):
    """Stands for SIGKILL."""


def answer(output: Path, names: tuple[str, ...], text: str) -> None:
    """Write an answer whose files all hold the same text."""
    check_output(output, Path("data.csv"))
    with filling(output) as (folder, _):
        for name in names:
            (folder / name).write_text(text)
        (folder / SETTINGS).write_text(json.dumps({"mmfusion": text, "files": [*names, SETTINGS]}))


def texts(output: Path) -> dict[str, str]:
    """What the visible files of an answer hold."""
    found = {path.name: path.read_text() for path in output.iterdir() if path.is_file()}
    return {name: json.loads(text)["mmfusion"] if name == SETTINGS else text for name, text in found.items()}


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """A folder with an answer, and a file of the user's."""
    folder = tmp_path / "out"
    answer(folder, OLD, "old")
    (folder / "mine.txt").write_text("mine")
    return folder


class Clock(NamedTuple):
    """Kills at a given step."""

    kill_at: Callable[[int], None]
    steps: Callable[[], int]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """Count the operations that change a folder, and raise before one of them."""
    state = {"steps": 0, "last": -1}

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def operation(*arguments: Any, **options: Any) -> Any:
            if state["steps"] == state["last"]:
                raise Killed
            state["steps"] += 1
            return function(*arguments, **options)

        return operation

    def kill_at(step: int) -> None:
        state.update(steps=0, last=step)

    with monkeypatch.context() as patch:
        for name in ("unlink", "replace", "rename", "rmdir"):
            patch.setattr(Path, name, counted(getattr(Path, name)))
        yield Clock(kill_at, lambda: state["steps"])


def test_a_kill_at_any_step_leaves_one_answer_and_the_next_run_completes_it(
    output: Path, clock: Clock
) -> None:
    clock.kill_at(-1)
    shutil.copytree(output, output.with_name("copy"))
    answer(output.with_name("copy"), NEW, "new")
    steps = clock.steps()
    assert steps > len(OLD) + len(NEW)
    for step in range(steps):
        folder = output.with_name(f"killed-{step}")
        shutil.copytree(output, folder)
        clock.kill_at(step)
        with pytest.raises(Killed):
            answer(folder, NEW, "new")
        clock.kill_at(-1)
        found = texts(folder)
        assert found.pop("mine.txt") == "mine"
        assert len(set(found.values())) <= 1, found
        check_output(folder, Path("data.csv"))  # as the next run begins
        found = texts(folder)
        assert found.pop("mine.txt") == "mine"
        assert set(found) in ({*OLD, SETTINGS}, {*NEW, SETTINGS})
        assert len(set(found.values())) == 1
        assert not (folder / COMPLETE).exists()


def test_what_a_new_answer_lacks_is_removed(output: Path) -> None:
    answer(output, NEW, "new")
    assert texts(output) == {**dict.fromkeys((*NEW, SETTINGS), "new"), "mine.txt": "mine"}
    assert sorted(path.name for path in output.iterdir() if path.name.startswith(".")) == []


def test_what_killed_runs_left_is_removed_and_what_others_write_is_not(output: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    here, alive = socket.gethostname(), os.getpid()
    left, running, elsewhere = (
        output / f"{UNFINISHED}{host}-{process}-x"
        for host, process in ((here, ended.pid), (here, alive), ("elsewhere", ended.pid))
    )
    for folder in (left, running, elsewhere):
        folder.mkdir()
        (folder / "relevance.csv").write_text("half")
    answer(output, NEW, "new")
    assert (left.exists(), running.exists(), elsewhere.exists()) == (False, True, True)


def test_a_place_without_room_or_right_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(InputError, match="file is a file, expected a folder"):
        check_output(file / "below/it", Path("data.csv"))
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda *_: False)
        with pytest.raises(InputError, match="nothing can be written to"):
            check_output(tmp_path / "new/out", Path("data.csv"))
    usage = shutil.disk_usage(tmp_path)._replace(free=10**6)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(InputError, match="room for 1 MB, expected at least 50 MB"):
        check_output(tmp_path / "new/out", Path("data.csv"))
    assert not (tmp_path / "new").exists()


def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(InputError, match="name another folder"):
        check_output(loop, Path("data.csv"))
    with pytest.raises(InputError, match="loop is a link to itself"):
        write_template(loop)
    with pytest.raises(InputError, match="cannot be written"):
        write_template(tmp_path / ("x" * 300))
