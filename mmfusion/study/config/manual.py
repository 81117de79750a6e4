"""The table of all keys of a configuration, made from the typed settings, for config/README.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mmfusion.study.config.settings import StudyConfig

Schema = Mapping[str, Any]


def settings_table() -> str:
    r"""Write a table of all keys: what may stand there and what it means.

    Returns
    -------
    str
        Markdown, one row per key in the order of the settings; NAME stands for the name of a dataset or of an
        experiment, OWN for that of one of the user's own datasets. Ends with a line feed.

    Examples
    --------
    >>> print("\n".join(settings_table().splitlines()[:3]))
    | key | expected | meaning |
    |---|---|---|
    | `seeds` | list, each: whole number from 0 to 4294967295 | every cell is trained once per seed |
    """
    schema = StudyConfig.model_json_schema()
    rows = [
        f"| `{key}` | {expected} | {meaning} |" for key, expected, meaning in _rows(schema, schema["$defs"])
    ]
    return "\n".join(["| key | expected | meaning |", "|---|---|---|", *rows]) + "\n"


def _rows(model: Schema, definitions: Schema, prefix: str = "") -> Iterator[tuple[str, str, str]]:
    for name, field in model["properties"].items():
        key, inner = f"{prefix}{field.get('written', name)}", field
        below = f"{key}."
        if "$ref" in field.get("additionalProperties", {}):
            inner = field["additionalProperties"]
            below = f"{key}." if "written" in field else f"{key}.NAME."
        if "$ref" in inner:
            yield key, "keys", field["description"]
            yield from _rows(definitions[inner["$ref"].rpartition("/")[2]], definitions, below)
        else:
            optional = "" if name in model.get("required", ()) else "; may be left out"
            yield key, _expected(field) + optional, field["description"]


def _expected(field: Schema) -> str:
    """Say in words which values a schema allows."""
    if "anyOf" in field:
        return " or ".join(_expected(choice) for choice in field["anyOf"] if choice.get("type") != "null")
    if "additionalProperties" in field:
        return f"keys of your choice, each: {_expected(field['additionalProperties'])}"
    if "enum" in field or "const" in field:
        return ", ".join(field.get("enum", [field.get("const")]))
    if field["type"] == "array":
        entries = field["items"]
        count = (
            f" of {field.get('minItems')}"
            if field.get("minItems") is not None and field.get("minItems") == field.get("maxItems")
            else ""
        )
        return f"list{count}, each: {entries.get('description') or _expected(entries)}"
    return _number(field) if field["type"] in ("integer", "number") else "text"


def _number(field: Schema) -> str:
    bounds = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "to", "exclusiveMaximum": "below"}
    words = [f"{word} {field[bound]}" for bound, word in bounds.items() if bound in field]
    kind = "whole number" if field["type"] == "integer" else "number"
    return " ".join([kind, *words])
