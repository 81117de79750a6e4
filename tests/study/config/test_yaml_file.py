"""Reading a configuration from a file: what the file itself may get wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmfusion.errors import ConfigError
from mmfusion.study.config.yaml_file import load_config_file

CONFIG = Path(__file__).parents[3] / "config"


class TestFile:
    def test_missing(self, tmp_path: Path) -> None:
        with pytest.raises(
            ConfigError, match=r"nowhere\.yaml: 1 mistake\n.*no such file, expected .*; correct the path"
        ):
            load_config_file(tmp_path / "nowhere.yaml")

    def test_folder_and_other_bytes(self, tmp_path: Path) -> None:
        (tmp_path / "binary.yaml").write_bytes(b"seeds: \xff\xfe")
        for path in (tmp_path, tmp_path / "binary.yaml"):
            with pytest.raises(ConfigError, match=r"the file is not readable .*, expected text in UTF-8;"):
                load_config_file(path)

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

    def test_control_characters(self, tmp_path: Path) -> None:
        (tmp_path / "c.yaml").write_text("a: \x00")
        with pytest.raises(ConfigError, match="this is not YAML, expected"):
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
