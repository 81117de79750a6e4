"""The manual of the typed settings: a table of all keys for config/README.md, and a JSON schema for editors.

``python -m mmfusion.study.config.manual config`` writes both into the folder ``config``.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmfusion.files import write_text
from mmfusion.study.config.settings import StudyConfig
from mmfusion.study.data.planted_datasets import PLANTED_DATASETS

Schema = Mapping[str, Any]

_TABLE = re.compile(r"(?<=<!-- settings -->\n).*?(?=<!-- /settings -->)", re.DOTALL)


def settings_table() -> str:
    r"""Write a table of all keys: which values they take and what they mean.

    Returns
    -------
    str
        Markdown, one row per key in the order of the settings; NAME is the name of a synthetic dataset or of
        an experiment, YOURS that of a dataset of the user's. Ends with a line feed.

    Examples
    --------
    >>> print("\n".join(settings_table().splitlines()[:3]))
    | key | expected | meaning |
    |---|---|---|
    | `seeds` | list, each: whole number (0 to 4294967295) | every cell is trained once per seed |
    """
    schema = StudyConfig.model_json_schema()
    rows = [
        f"| `{key}` | {expected} | {meaning} |" for key, expected, meaning in _rows(schema, schema["$defs"])
    ]
    return "\n".join(["| key | expected | meaning |", "|---|---|---|", *rows]) + "\n"


def editor_schema() -> str:
    """Write the JSON schema with which an editor completes and explains the keys of a configuration.

    No key is required in it: a file may be laid over another one. A run checks more than this schema does.

    Returns
    -------
    str
        JSON. Ends with a line feed.
    """
    schema = _partial(StudyConfig.model_json_schema())
    synthetic, user = schema["properties"]["datasets"]["additionalProperties"]["oneOf"]
    schema["properties"]["datasets"] |= {
        "properties": dict.fromkeys(PLANTED_DATASETS, synthetic),
        "additionalProperties": user,
    }
    experiment = schema["properties"]["experiments"]["additionalProperties"]
    schema["properties"]["experiments"]["additionalProperties"] = {"anyOf": [experiment, {"type": "null"}]}
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def write_manual(folder: str | Path) -> None:
    """Write the JSON schema, and renew the table in the README.

    Parameters
    ----------
    folder : str or Path
        Holds ``README.md``, with the table between ``<!-- settings -->`` and ``<!-- /settings -->``.
    """
    readme = Path(folder, "README.md")
    table = settings_table()
    write_text(readme, _TABLE.sub(lambda _: table, readme.read_text(encoding="utf-8")))
    write_text(Path(folder, "schema.json"), editor_schema())


def _partial(schema: Any) -> Any:
    """Copy a schema without what it requires, and without the words that only the table uses."""
    if isinstance(schema, list):
        return [_partial(entry) for entry in schema]
    if not isinstance(schema, Mapping):
        return schema
    dropped = ("required", "placeholder") if "properties" in schema else ()
    return {key: _partial(value) for key, value in schema.items() if key not in dropped}


def _rows(model: Schema, definitions: Schema, prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield the rows of all keys; entries of any name start with a row about their kind, if there are two."""
    for name, field in model["properties"].items():
        key, values = f"{prefix}{name}", field.get("additionalProperties", {})
        groups = [field] if "$ref" in field else values.get("oneOf", [values] if "$ref" in values else [])
        if not groups:
            optional = "" if name in model.get("required", ()) else "; may be left out"
            yield key, _expected(field) + optional, field["description"]
            for inner in _groups_inside(field, definitions):
                yield from _rows(inner, definitions, f"{key}.NAME.")
            continue
        yield key, "keys", field["description"]
        for group in groups:
            inner = definitions[group["$ref"].rpartition("/")[2]]
            inner_key = key if group is field else f"{key}.{inner.get('placeholder', 'NAME')}"
            if "placeholder" in inner:
                yield inner_key, "keys", inner["description"].rstrip(".").lower()
            yield from _rows(inner, definitions, f"{inner_key}.")


def _groups_inside(field: Schema, definitions: Schema) -> Iterator[Schema]:
    """Find the groups of keys that the values of keys of any name may be."""
    for choice in field.get("anyOf", ()):
        for value in choice.get("additionalProperties", {}).get("anyOf", ()):
            if "$ref" in value:
                yield definitions[value["$ref"].rpartition("/")[2]]


def _expected(field: Schema) -> str:
    """Say in words which values a schema allows."""
    if "$ref" in field:
        return "the keys below"
    if "anyOf" in field:
        return " or ".join(_expected(choice) for choice in field["anyOf"] if choice.get("type") != "null")
    if "additionalProperties" in field:
        return f"keys of your choice, each: {_expected(field['additionalProperties'])}"
    if "enum" in field or "const" in field:
        return ", ".join(field.get("enum", [field.get("const")]))
    if field["type"] == "array":
        entries = field["items"]
        count = f" of {field['minItems']}" if field.get("minItems", 0) == field.get("maxItems") else ""
        return f"list{count}, each: {entries.get('description') or _expected(entries)}"
    return _number(field) if field["type"] in ("integer", "number") else "text"


def _number(field: Schema) -> str:
    """Say which numbers a schema allows, such as ``whole number (0 to 3)``."""
    kind = "whole number" if field["type"] == "integer" else "number"
    if "minimum" in field and "maximum" in field:
        return f"{kind} ({field['minimum']} to {field['maximum']})"
    words = {
        "minimum": "at least",
        "exclusiveMinimum": "above",
        "maximum": "at most",
        "exclusiveMaximum": "below",
    }
    bounds = " and ".join(f"{word} {field[bound]}" for bound, word in words.items() if bound in field)
    return f"{kind} ({bounds})" if bounds else kind


if __name__ == "__main__":
    write_manual(sys.argv[1])
