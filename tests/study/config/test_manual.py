"""The table of all keys, the JSON schema for editors, and the comments of the committed files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from mmfusion.study.config.manual import editor_schema, settings_table, write_manual
from mmfusion.study.config.settings import Encoders, StudyConfig
from mmfusion.study.data.planted_datasets import PLANTED_DATASETS

CONFIG = Path(__file__).parents[3] / "config"
Config = dict[str, Any]
RENEW = "renew it with `python -m mmfusion.study.config.manual config`"


def keys_of(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every key in a configuration."""
    for key, value in group.items() if isinstance(group, dict) else ():
        yield (*path, key)
        yield from keys_of(value, (*path, key))


class TestDocumentation:
    @staticmethod
    def documented() -> list[str]:
        return re.findall(r"^\| `([^`]+)` \|", settings_table(), re.MULTILINE)

    @staticmethod
    def written(config: Config) -> set[str]:
        """Paths of all keys of a configuration, as the table writes them."""
        named = {tuple("NAME" if i == 1 and key[0] in ("datasets", "experiments") else part
                       for i, part in enumerate(key)) for key in keys_of(config)}  # fmt: skip
        return {".".join(key) for key in named} - {"experiments.NAME"}

    def test_the_manual_has_the_table_of_the_settings(self) -> None:
        text = (CONFIG / "README.md").read_text(encoding="utf-8")
        table = re.search(r"<!-- settings -->\n(.*?)<!-- /settings -->", text, re.DOTALL)
        assert table is not None
        assert table[1] == settings_table(), RENEW

    def test_the_committed_study_shows_every_key(self) -> None:
        content = yaml.safe_load((CONFIG / "config.yaml").read_text(encoding="utf-8"))
        documented = self.documented()
        assert len(set(documented)) == len(documented)
        optional = [name for name, field in Encoders.model_fields.items() if not field.is_required()]
        not_there = set(documented) - self.written(content) - {"mosi.max_order"}
        not_there = {
            key for key in not_there if key.split(".")[:2] not in [["encoders", n] for n in optional]
        }
        assert all(key.startswith("datasets.YOURS") for key in not_there)
        assert self.written(content) <= set(documented)

    def test_every_group_of_the_committed_study_has_comments(self) -> None:
        lines = (CONFIG / "config.yaml").read_text(encoding="utf-8").splitlines()
        groups: dict[str, list[str]] = {}
        for line in lines:
            key = re.match(r"(\w+):", line)
            if key:
                groups[key[1]] = []
            if groups:
                groups[list(groups)[-1]].append(line)
        assert list(groups) == list(StudyConfig.model_fields)
        for key, group in groups.items():
            assert any(" # " in line for line in group), key


class TestSchema:
    FILES = ("config", "smoke", "mine")

    @pytest.fixture
    def schema(self) -> Config:
        schema: Config = json.loads((CONFIG / "schema.json").read_text(encoding="utf-8"))
        return schema

    def test_the_committed_schema_is_that_of_the_settings(self) -> None:
        assert (CONFIG / "schema.json").read_text(encoding="utf-8") == editor_schema(), RENEW

    @pytest.mark.parametrize("name", FILES)
    def test_editors_find_it_and_it_accepts_every_committed_file(self, schema: Config, name: str) -> None:
        text = (CONFIG / f"{name}.yaml").read_text(encoding="utf-8")
        assert text.startswith("# yaml-language-server: $schema=schema.json\n")
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.validate(yaml.safe_load(text), schema)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"mosii": {}},
            {"seeds": ["1"]},
            {"datasets": {"XRel": {"path": "a.csv"}}},
            {"datasets": {"speech": {"pth": "a.csv"}}},
            {"experiments": {"toy": {"norms": ["ibm"]}}},
            {"experiments": {"toy": {"p": [1]}}},
            {"mosi": {"mode": "maybe"}},
        ],
    )
    def test_it_refuses_what_a_run_refuses(self, schema: Config, wrong: Config) -> None:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)

    def test_it_completes_the_names_of_the_synthetic_datasets(self, schema: Config) -> None:
        assert list(schema["properties"]["datasets"]["properties"]) == list(PLANTED_DATASETS)

    def test_it_explains_every_key(self, schema: Config) -> None:
        models = [schema, *schema["$defs"].values()]
        assert all("description" in field for model in models for field in model["properties"].values())


def test_the_command_renews_table_and_schema(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(
        "a\n<!-- settings -->\nold\n<!-- /settings -->\nb\n", encoding="utf-8"
    )
    write_manual(tmp_path)
    readme = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert readme == f"a\n<!-- settings -->\n{settings_table()}<!-- /settings -->\nb\n"
    assert (tmp_path / "schema.json").read_text(encoding="utf-8") == editor_schema()
