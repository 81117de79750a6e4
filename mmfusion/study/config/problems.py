"""Sentences about the mistakes of a configuration.

Words used here. A *path* leads through the configuration: keys of groups and positions in lists. A *location*
is a path as pydantic writes it, with the names of its validators in between. A *problem* is one mistake with
its path. Sentences follow the order of the configuration.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Annotated, Any, NamedTuple, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError

Path = tuple[int | str, ...]

_EXPECTED = {
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "text",
    "string_too_short": "text that is not empty",
    "list_type": "a list",
    "dict_type": "a group of keys",
    "model_type": "a group of keys",
    "greater_than_equal": "a number of at least {ge:.16g}",
    "greater_than": "a number above {gt:.16g}",
    "less_than": "a number below {lt:.16g}",
    "less_than_equal": "a number of at most {le:.16g}",
    "literal_error": "{expected}",
    "too_short": "{min_length} or more entries",
    "too_long": "{max_length} entries at most",
}
_REMEDY = {
    "int_type": "write it in digits without quotes",
    "float_type": "write it without quotes, and 1e-3 as 1.0e-3 (YAML reads 1e-3 as text)",
    "string_type": "write it in quotes",
    "list_type": "write it in brackets",
    "dict_type": "write the keys below it, indented",
    "model_type": "write the keys below it, indented",
    "literal_error": "choose one of these",
    "too_short": "add what is missing",
    "too_long": "remove the others",
}


class Problem(NamedTuple):
    """One mistake: the path to it, and what is wrong, what is expected and what to do."""

    path: Path
    text: str


def sentences(problems: Iterable[Problem], config: Any) -> list[str]:
    """Write one sentence per problem: where, what, expected, remedy.

    Parameters
    ----------
    problems : iterable of Problem
    config : mapping
        The configuration that has them.

    Returns
    -------
    list of str
        Without repeats, in the order of the configuration; a missing key comes at the end of its group.
    """
    ordered = sorted(problems, key=lambda problem: _position(problem.path, config))
    return list(dict.fromkeys(f"{_written(path)}: {text}" for path, text in ordered))


def _position(path: Path, config: Any) -> list[int]:
    position = []
    for part in path:
        steps = _steps(config)
        position.append(steps.index(part) if part in steps else len(steps))
        config = config[part] if part in steps else None
    return position


def _steps(config: Any) -> Sequence[Any]:
    """Return the keys of a group, or the positions in a list: a range, which finds them at once."""
    if isinstance(config, Mapping):
        return list(config)
    return range(len(config)) if isinstance(config, list) else ()


def _written(path: Path) -> str:
    """Write a path as ``experiments.toy.p[0]``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".") or "config"


def as_yaml(value: Any) -> str:
    """Write a value of a configuration nearly as YAML would, shortened where it is long."""
    words = {True: "true", False: "false", None: "an empty value"}
    text = words[value] if value is None or isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def problems_of(error: ValidationError, model: type[BaseModel], config: Any) -> list[Problem]:
    """Translate the errors of a validation.

    Parameters
    ----------
    error : ValidationError
    model : type of BaseModel
        The model that was validated; its keys are named where another one was written.
    config : mapping
        What was validated.

    Returns
    -------
    list of Problem
        One per path: one sentence covers all branches of an alternative.
    """
    groups: dict[Path, list[Mapping[str, Any]]] = {}
    for entry in error.errors():
        groups.setdefault(_path(entry["loc"], entry["type"], config), []).append(entry)
    return [Problem(path, _text(path, entries, model)) for path, entries in groups.items()]


def _path(location: Path, kind: str, config: Any) -> Path:
    """Keep the steps of a location that lead through the configuration, not those that name a validator."""
    path: list[int | str] = []
    for part in location:
        if part in _steps(config):
            path.append(part)
            config = config[part]
    return (*path, location[-1]) if kind == "missing" else tuple(path)


def _text(path: Path, problems: list[Mapping[str, Any]], model: type[BaseModel]) -> str:
    first = problems[0]
    kind, value = first["type"], as_yaml(first["input"])
    if kind == "missing":
        return "this key is missing, expected it here; add it (config/README.md describes every key)."
    if kind == "invalid_key":
        return f"{value} is not valid as a key, expected text; remove it or correct it."
    if kind == "extra_forbidden":
        return unknown_key(str(path[-1]), _keys_at(first["loc"][:-1], model))
    if kind == "value_error":
        return f"{value} is not valid, {first['ctx']['error']}."
    expected = list(dict.fromkeys(_expected(problem) for problem in problems))
    remedy = _REMEDY.get(kind) if len(expected) == 1 else None
    return f"{value} is not valid, expected {' or '.join(expected)}; {remedy or 'correct the value'}."


def _expected(problem: Mapping[str, Any]) -> str:
    template = _EXPECTED.get(problem["type"])
    return template.format(**problem.get("ctx", {})) if template else str(problem["msg"])


def unknown_key(name: str, known: list[str]) -> str:
    """Write the sentence about an unknown key.

    Parameters
    ----------
    name : str
    known : list of str
        The keys that the group may have.

    Returns
    -------
    str
    """
    close = get_close_matches(name, known, n=1)
    guess = f" (did you mean {close[0]!r}?)" if close else ""
    return f"this key is unknown{guess}, expected {', '.join(known)}; remove it or correct its name."


def _keys_at(location: Path, model: type[BaseModel]) -> list[str]:
    """Return the keys that the group at a location may have."""
    group: Any = model
    for part in location:
        group = _inside(group, part)
    return list(group.model_fields)


def _inside(group: Any, part: int | str) -> Any:
    """Return the type of a field of a model, of a value of a mapping, or of the kind with a tag."""
    fields = getattr(group, "model_fields", None)
    if fields:
        return fields[str(part)].annotation
    while get_origin(group) is Annotated:
        group = get_args(group)[0]
    for choice in get_args(group):
        if Tag(str(part)) in getattr(choice, "__metadata__", ()):
            return get_args(choice)[0]
    return get_args(group)[-1]
