"""Reading a configuration from a YAML file, where a key that is written twice is a mistake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import ConstructorError
from yaml.reader import ReaderError

from mmfusion.errors import ConfigError
from mmfusion.sentences import value_name
from mmfusion.study.config.config_text import config_text
from mmfusion.study.config.settings import StudyConfig, load_config
from mmfusion.study.config.yaml_nodes import TOO_DEEP, excess, repeated_keys


class _Loader(yaml.SafeLoader):
    """A safe loader in whose errors a value that cannot be read has its line, such as the date 2024-13-45."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Build a value."""
        try:
            return super().construct_object(node, deep)
        except ValueError:
            what = f"{value_name(node.value)} is not a value of its kind"
            raise ConstructorError(None, None, what, node.start_mark) from None


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
    content, repeats = read_yaml(path)
    return load_config(content, str(path), repeats)


def read_yaml(path: str | Path) -> tuple[Any, list[str]]:
    """Read a YAML file.

    Parameters
    ----------
    path : str or Path
        A study or a part of one, such as ``config/smoke.yaml``.

    Returns
    -------
    tuple of (object, list of str)
        The content, and a sentence for every key that is written twice.

    Raises
    ------
    ConfigError
        If the file is missing, not text, not YAML, or holds more than a configuration can.
    """
    text = config_text(path)
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return None, []
        if too_much := excess(node):
            raise ConfigError([too_much], str(path))
        repeats = repeated_keys(node)
        return loader.construct_document(node), repeats
    except yaml.YAMLError as error:
        raise ConfigError([_syntax(error, text)], str(path)) from None
    except RecursionError:
        raise ConfigError([f"line {loader.line + 1}: {TOO_DEEP}"], str(path)) from None


def _syntax(error: yaml.YAMLError, text: str) -> str:
    """Write a syntax error with its line, counted from 1."""
    mark, what = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    line = mark.line + 1 if mark else 1
    if isinstance(error, ReaderError):  # which knows where the character is in the text
        line = text.count("\n", 0, error.position) + 1
        what = f"the character U+{ord(text[error.position]):04X}"
    return (
        f"line {line}: this is not YAML{f' ({what})' if what else ''}, expected `key: value`; check "
        "indentation, brackets and quotes here."
    )
