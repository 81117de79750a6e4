"""Reading a configuration from a YAML file, where a key that is written twice is a mistake."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from mmfusion.errors import ConfigError
from mmfusion.study.config.settings import StudyConfig, load_config


class _Loader(yaml.SafeLoader):
    """A safe loader that notes keys written twice in one group; YAML itself keeps the last of them."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.repeats: list[str] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Build a mapping and note its repeated keys."""
        lines: dict[str, int] = {}
        for key, _ in node.value:
            line, first = key.start_mark.line + 1, lines.get(key.value)
            if first is None:
                lines[key.value] = line
            else:
                self.repeats.append(
                    f"line {line}: the key {key.value} was set in line {first} already, expected it once; "
                    "remove one of them."
                )
        return super().construct_mapping(node, deep)


def load_config_file(path: str | Path) -> StudyConfig:
    """Read a configuration from a YAML file and check it.

    Parameters
    ----------
    path : str or Path
        A whole study, such as ``config/config.yaml``.

    Returns
    -------
    StudyConfig

    Raises
    ------
    ConfigError
        If the file is missing or not YAML, or with one sentence for every mistake in it: keys written twice
        and all that `mmfusion.study.config.settings.load_config` finds.
    """
    content, repeats = _read(path)
    return load_config(content, str(path), repeats)


def check_keys(path: str | Path) -> None:
    """Check that a YAML file has no key twice in one group, whatever else is in it.

    Parameters
    ----------
    path : str or Path
        A study or a part of one, such as ``config/smoke.yaml``.

    Raises
    ------
    ConfigError
        If the file is missing or not YAML, or with one sentence for every key written twice.
    """
    _, repeats = _read(path)
    if repeats:
        raise ConfigError(repeats, str(path))


def _read(path: str | Path) -> tuple[Any, list[str]]:
    """Return the content of a YAML file and a sentence for every key that is written twice."""
    try:
        loader = _Loader(Path(path).read_text(encoding="utf-8"))
        content = loader.get_single_data()
    except FileNotFoundError:
        problem = (
            "there is no such file, expected a study in YAML; correct the path or copy config/config.yaml."
        )
        raise ConfigError([problem], str(path)) from None
    except (OSError, UnicodeDecodeError) as error:
        problem = f"the file is not readable ({error}), expected text in UTF-8; correct the path or the file."
        raise ConfigError([problem], str(path)) from None
    except yaml.YAMLError as error:
        raise ConfigError([_syntax(error)], str(path)) from None
    return content, loader.repeats


def _syntax(error: yaml.YAMLError) -> str:
    """Write a syntax error with its line, counted from 1."""
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    where = f"line {mark.line + 1}: " if mark else ""
    what = f" ({problem})" if problem else ""
    return (
        f"{where}this is not YAML{what}, expected `key: value`; check indentation, brackets and quotes here."
    )
