"""Reading a configuration from a file: what the file itself may get wrong."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from mmfusion.errors import ConfigError
from mmfusion.study.config.yaml_file import load_config_file, read_yaml

CONFIG = Path(__file__).parents[3] / "config"


def bomb(form: str) -> bytes:
    """Write ten lines of which each stands for ten times the one before."""
    lines = ["a0: &a0 {k: 1}"]
    lines += [f"a{n}: &a{n} {form.format(', '.join([f'*a{n - 1}'] * 10))}" for n in range(1, 10)]
    return "\n".join(lines).encode()


class TestFile:
    def test_missing(self, tmp_path: Path) -> None:
        with pytest.raises(
            ConfigError, match=r"nowhere\.yaml: 1 mistake\n.*no such file, expected .*; correct the path"
        ):
            load_config_file(tmp_path / "nowhere.yaml")

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (
                b"seeds: [0]\nx: \xff\xfe",
                "line 2: the byte 0xff is not UTF-8, expected text in UTF-8; save the",
            ),
            ("seeds: [0] # größe\n".encode("latin-1"), "line 1: the byte 0xf6 is not UTF-8, expected text"),
            (
                "seeds: [0]\n".encode("utf-16"),
                "the file is in UTF-16, expected text in UTF-8; save it in UTF-8.",
            ),
            (
                "seeds: [0]\n".encode("utf-32"),
                "the file is in UTF-32, expected text in UTF-8; save it in UTF-8.",
            ),
            (
                b"seeds: [0]\na: \x00",
                "line 2: this is not YAML (the character U+0000), expected `key: value`;",
            ),
            (b"a: \x07", "line 1: this is not YAML (the character U+0007), expected `key: value`;"),
            (
                b" " * (2**20 + 1),
                "the file has more than 1048576 bytes, expected a study in YAML, which is short",
            ),
            (
                b"a: 2024-13-45",
                "line 1: this is not YAML ('2024-13-45' is not a value of its kind), expected",
            ),
            (b"\na: !!int x", "line 2: this is not YAML ('x' is not a value of its kind), expected"),
            (b"a: 1" + b"0" * 5000, "0' is not a value of its kind), expected `key: value`;"),
            (b"? [a]\n: 1\n", "line 1: this is not YAML (found unhashable key), expected"),
            (
                b"a: !mine 1",
                "line 1: this is not YAML (could not determine a constructor for the tag '!mine'),",
            ),
            (
                b"a: " + b"[" * 60 + b"]" * 60,
                "line 1: there are more than 50 groups and lists inside each other",
            ),
            (b"a: " + b"[" * 400 + b"]" * 400, "there are more than 50 groups and lists inside each other"),
            (b"a: &a\n  - 1\n  - *a\n", "line 1: this contains itself by an alias, expected content with an"),
            (
                b"a: &a {b: *a}",
                "line 1: this contains itself by an alias, expected content with an end; write",
            ),
            (
                bomb("[{}]"),
                "line 6: this stands for more than 100,000 values (aliases are counted as what they",
            ),
            (
                bomb("{{<<: [{}]}}"),
                "this stands for more than 100,000 values (aliases are counted as what they",
            ),
        ],
    )
    def test_what_is_not_a_configuration(self, tmp_path: Path, content: bytes, sentence: str) -> None:
        (tmp_path / "c.yaml").write_bytes(content)
        with pytest.raises(ConfigError) as caught:
            load_config_file(tmp_path / "c.yaml")
        (problem,) = caught.value.problems
        assert sentence in problem
        assert str(caught.value).startswith(f"{tmp_path / 'c.yaml'}: 1 mistake\n")

    def test_what_is_not_a_file(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "fifo.yaml")  # nobody writes to it: opening it would wait for ever
        (tmp_path / "loop.yaml").symlink_to("loop.yaml")
        for path, sentence in (
            (tmp_path, "this is a folder, expected a file with a study in YAML; correct the path."),
            (tmp_path / "fifo.yaml", "this is a pipe, expected a file with a study in YAML;"),
            (Path("/dev/zero"), "this is a device, expected a file with a study in YAML;"),
            (
                tmp_path / "loop.yaml",
                "the file is not readable (Too many levels of symbolic links), expected",
            ),
        ):
            with pytest.raises(ConfigError, match=re.escape(sentence)):
                load_config_file(path)

    def test_without_permission(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: Any, **__: Any) -> None:  # root may read everything
            raise PermissionError(13, "Permission denied")

        (tmp_path / "c.yaml").touch()
        monkeypatch.setattr(Path, "open", refuse)
        with pytest.raises(ConfigError, match=r"the file is not readable \(Permission denied\), expected"):
            load_config_file(tmp_path / "c.yaml")

    def test_a_byte_order_mark_and_few_aliases_do_no_harm(self, tmp_path: Path) -> None:
        text = "a: &a {b: 1, c: 2}\nd: {<<: *a, b: 3}\ne: [{f: {<<: *a}}, *a]\n"
        (tmp_path / "c.yaml").write_bytes(b"\xef\xbb\xbf" + text.encode())
        a = {"b": 1, "c": 2}
        assert read_yaml(tmp_path / "c.yaml") == ({"a": a, "d": {"b": 3, "c": 2}, "e": [{"f": a}, a]}, [])

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("seeds: [1\nmosi:\n", 2),
            ("a: 1\n  b: 2\n", 2),
            ("a:\n\t- b\n", 2),
            ("a: &x 1\nb: *y\n", 2),
            ("a: 1\n---\nb: 2", 2),
        ],
    )
    def test_syntax(self, tmp_path: Path, text: str, line: int) -> None:
        (tmp_path / "c.yaml").write_text(text)
        with pytest.raises(
            ConfigError, match=rf"c\.yaml: 1 mistake\n  - line {line}: this is not YAML \(.*expected"
        ):
            load_config_file(tmp_path / "c.yaml")

    def test_keys_written_twice_are_reported_with_the_other_mistakes(self, tmp_path: Path) -> None:
        text = (CONFIG / "config.yaml").read_text(encoding="utf-8")
        lines = text.count("\n")
        first = {line.partition(":")[0]: number for number, line in enumerate(text.splitlines(), start=1)}
        (tmp_path / "c.yaml").write_text(text + "seeds: [1, 1]\nmosi:\n  mode: off\n  mode: auto\n")
        with pytest.raises(ConfigError) as caught:
            load_config_file(tmp_path / "c.yaml")
        assert [problem.partition(",")[0] for problem in caught.value.problems] == [
            f"line {lines + 1}: the key seeds was set in line {first['seeds']} already",
            f"line {lines + 2}: the key mosi was set in line {first['mosi']} already",
            f"line {lines + 4}: the key mode was set in line {lines + 3} already",
            "seeds: 1 and 1 are equal",
            "mosi.dir: this key is missing",
            "mosi.split: this key is missing",
            "mosi.epochs: this key is missing",
        ]

    def test_only_a_key_written_twice(self, tmp_path: Path) -> None:
        text = (CONFIG / "config.yaml").read_text(encoding="utf-8")
        (tmp_path / "c.yaml").write_text(text + "convention: mkl\n")
        with pytest.raises(ConfigError, match=r"1 mistake\n.*the key convention was set in line \d already"):
            load_config_file(tmp_path / "c.yaml")

    def test_no_code_is_run(self, tmp_path: Path) -> None:
        (tmp_path / "c.yaml").write_text("seeds: !!python/object/apply:os.getcwd []\n")
        with pytest.raises(ConfigError, match="line 1: this is not YAML"):
            load_config_file(tmp_path / "c.yaml")
