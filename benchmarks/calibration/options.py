"""Options of the commands `calibration` and `real_data`."""

from __future__ import annotations

import ast
import platform
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

import mmfusion


def setting(text: str) -> tuple[str, Any]:
    """Read ``name=value``, the value as Python writes it, or a word."""
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise ArgumentTypeError(f"{text!r} is not a setting, expected name=value, such as n_seeds=3.")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value


def parser_of(name: str, description: str, known: Mapping[str, Any], output: Path) -> ArgumentParser:
    """Make a parser with what both commands have.

    Parameters
    ----------
    name, description : str
    known : mapping of str
        What `--only` may name.
    output : Path
        The default folder.
    """
    parser = ArgumentParser(prog=f"run.py {name}", description=description, allow_abbrev=False)
    add, names = parser.add_argument, ", ".join(known)
    add("--only", nargs="+", default=[], choices=list(known), metavar="name", help=f"any of {names}")
    add("--quick", action="store_true", help="a few small ones, to see that everything runs")
    pairs: dict[str, Any] = {"nargs": "+", "type": setting, "default": [], "metavar": "name=value"}
    add("--set", dest="settings", help="parameters of the estimator", **pairs)
    add("--processes", type=int, default=2, help="each on one thread (%(default)s)")
    add("--any-code", action="store_true", help="keep results of other versions of the package's code")
    add("--tables-only", action="store_true", help="fit nothing, write the tables of what is there")
    add("--output", type=Path, default=output, help="folder of the results (%(default)s)")
    return parser


def facts(options: Namespace, settings: Mapping[str, Any], codes: int) -> list[str]:
    """Say what was run, for a page."""
    lines = [
        f"mmfusion {mmfusion.__version__}, torch {torch.__version__}, Python {platform.python_version()}, "
        f"{platform.machine()}, {platform.system()}",
        "parameters: " + ", ".join(f"{name}={value!r}" for name, value in settings.items()),
    ]
    if codes > 1:
        lines.append(f"results of {codes} versions of the package's code (--any-code)")
    if options.quick:
        lines.append("quick: too few for conclusions")
    return lines
