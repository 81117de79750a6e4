"""Sentences about the mistakes that pydantic finds in a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

_EXPECTED = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number (write 1.0e-3, since YAML reads 1e-3 as text)",
    "string_type": "text in quotes",
    "list_type": "a list",
    "bool_type": "true or false",
    "dict_type": "a group of keys",
    "model_type": "a group of keys",
    "greater_than_equal": "a number from {ge} on",
    "greater_than": "a number above {gt}",
    "less_than": "a number below {lt}",
    "less_than_equal": "a number up to {le}",
    "literal_error": "one of {expected}",
    "too_short": "a list with at least {min_length} entries",
    "too_long": "a list with at most {max_length} entries",
    "finite_number": "a finite number",
}
_BRANCHES = {"constrained-int", "none", "int"}


def sentences(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """Turn all errors of a validation into one sentence each: where, what, expected, remedy.

    Parameters
    ----------
    error : ValidationError
    model : type of BaseModel
        The model that was validated; its keys are suggested for misspelt ones.

    Returns
    -------
    list of str
        Without repeats, in the order of the configuration.
    """
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for problem in error.errors():
        groups.setdefault(_where(problem["loc"]), []).append(problem)  # type: ignore[arg-type]
    return [_sentence(where, problems, model) for where, problems in groups.items()]


def _where(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part != "[key]" and not part.startswith(("literal[", "function-")) and part not in _BRANCHES:
            text += f".{part}" if text else part
    return text or "config"


def _sentence(where: str, problems: list[Mapping[str, Any]], model: type[BaseModel]) -> str:
    first = problems[0]
    kind = first["type"]
    if kind == "extra_forbidden":
        return f"{where}: unknown key{_suggestion(first['loc'], model)}; remove it or correct its name."
    if kind == "missing":
        return f"{where}: missing key, expected it here; add it (config/README.md describes every key)."
    if kind == "value_error":
        reason = str(first["ctx"]["error"]).rstrip(".")
        value = "" if isinstance(first["input"], (Mapping, list)) else f"{first['input']!r} is not valid, "
        return f"{where}: {value}{reason}."
    expected = " or ".join(dict.fromkeys(_expected(problem) for problem in problems))
    subject = "this key" if "[key]" in first["loc"] else _shown(first["input"])
    return f"{where}: {subject} is not valid, expected {expected}; correct the value."


def _expected(problem: Mapping[str, Any]) -> str:
    template = _EXPECTED.get(problem["type"])
    return template.format(**problem.get("ctx", {})) if template else str(problem["msg"]).lower()


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _suggestion(location: tuple[int | str, ...], model: type[BaseModel]) -> str:
    current: Any = model
    for part in location[:-1]:
        current = _inner_model(current, part)
        if current is None:
            return ""
    close = get_close_matches(str(location[-1]), list(current.model_fields), n=1)
    return f" (did you mean {close[0]!r}?)" if close else f", expected {', '.join(current.model_fields)}"


def _inner_model(model: Any, part: int | str) -> Any:
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return model if model is not None else None
    field = model.model_fields.get(str(part))
    return _model_in(field.annotation) if field else None


def _model_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in get_args(annotation):
        found = _model_in(argument)
        if found is not None:
            return _DictOf(found)
    return None


class _DictOf:
    """Stands for a mapping of names to one model, so that a name step leads to that model."""

    def __init__(self, model: type[BaseModel]) -> None:
        self.model_fields = model.model_fields
        self.model = model
