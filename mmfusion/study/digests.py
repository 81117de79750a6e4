"""Digests of the code that the scripts of the workflow run.

A workflow manager sees only the time stamp of a script. With such a digest as a parameter, a rule runs again
when, and only when, the code of a module that its script uses has changed. Code means what Python executes:
docstrings, comments and layout are not part of it.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from mmfusion.errors import InputError
from mmfusion.files import write_text

PACKAGE = Path(__file__).parents[1]
CACHE = Path(__file__).with_name("__pycache__") / f"digests.{sys.implementation.cache_tag}.cache"
"""What was read out of sources, by their SHA-256: to parse all modules would take a second of every start."""
MOST_CACHED = 2000
_READER = Path(__file__).read_bytes()  # another reader may read something else out of the same source
_FILE_NAME = re.compile(r"[\w-]+(?:\.[\w-]+)+")


class Parsed(NamedTuple):
    """What a source holds.

    Parameters
    ----------
    code : str
        SHA-256 of its code without its prose.
    imports : list of str
        Full names of all that it imports.
    files : list of str
        What looks like the name of a file in its strings.
    """

    code: str
    imports: list[str]
    files: list[str]


class ScriptDigests:
    """For every script of a workflow, a digest of all modules of this package that it uses.

    The script's own text is not part of it: a workflow manager watches that file itself. Another version of
    Python may give another digest, since it may print the same code in another way.

    Parameters
    ----------
    path_of : callable
        Maps the name of a script to its path.
    """

    def __init__(self, path_of: Callable[[str], str | Path]) -> None:
        self._path_of = path_of
        self._modules = _Modules()

    def __getitem__(self, script: str) -> str:
        """Return the digest of a script: 16 hexadecimal digits."""
        cached, known = _cached(), len(_cached())
        digest = self._modules.digest(self._modules.used_by(Path(self._path_of(script))))
        if len(cached) > known:
            _keep(cached)
        return digest


def modules_of(script: str | Path) -> list[Path]:
    """List the modules of this package that a script imports, and those that these import.

    Parameters
    ----------
    script : str or Path
        A Python file. Imports anywhere in it count, those inside functions included.

    Returns
    -------
    list of Path
        Sorted. The ``__init__.py`` of a package is one of them only where something is imported from the
        package by name.
    """
    return _Modules().used_by(Path(script))


class _Modules:
    """The modules of this package, each of which is read once."""

    def __init__(self) -> None:
        self._imported: dict[Path, set[Path]] = {}
        self._content: dict[Path, bytes] = {}

    def used_by(self, script: Path) -> list[Path]:
        """List the modules that a script imports, and those that these import."""
        modules: set[Path] = set()
        waiting = [script]
        while waiting:
            new = self._imports(waiting.pop()) - modules
            modules |= new
            waiting += new
        return sorted(modules)

    def digest(self, modules: Iterable[Path]) -> str:
        """Digest the names and the code of modules, and the data files beside them that their code names."""
        content = hashlib.sha256()
        for path in modules:
            if path not in self._content:
                self._content[path] = _code_and_data(path)
            content.update(self._content[path])
        return content.hexdigest()[:16]

    def _imports(self, path: Path) -> set[Path]:
        if path not in self._imported:
            names = _read(path).imports
            self._imported[path] = {file for name in names if (file := _file(name)) is not None}
        return self._imported[path]


def _code_and_data(path: Path) -> bytes:
    parsed = _read(path)
    data = [path.with_name(name) for name in parsed.files if not name.endswith(".py")]
    content = b"".join(file.read_bytes() for file in data if file.is_file())
    return f"{path.relative_to(PACKAGE)}\n{parsed.code}\n".encode() + content


def _file(module: str) -> Path | None:
    """Return the file of a module of this package; None for the package itself and for other packages."""
    parts = module.split(".")
    if parts[0] != PACKAGE.name or len(parts) == 1:
        return None
    path = PACKAGE.joinpath(*parts[1:])
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()), None)


def _read(path: Path) -> Parsed:
    """Return what a module holds, from the cache if its bytes are known there."""
    source = path.read_bytes()
    key, cached = hashlib.sha256(_READER + source).hexdigest(), _cached()
    if key not in cached:
        cached[key] = _parsed(source)
    return cached[key]


@cache
def _cached() -> dict[str, Parsed]:
    """Read the cache; without one that can be read, it is empty."""
    try:
        return {key: Parsed(*entry) for key, entry in json.loads(CACHE.read_bytes()).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _keep(entries: dict[str, Parsed]) -> None:
    """Write the cache; where Python keeps no compiled modules, or cannot, it is not kept either."""
    if not sys.dont_write_bytecode:
        with contextlib.suppress(OSError, InputError):
            write_text(CACHE, json.dumps(dict(list(entries.items())[-MOST_CACHED:])))


def _parsed(source: bytes) -> Parsed:
    """Return what a source holds."""
    tree = ast.parse(source)
    imports: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            imports += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        _remove_prose(node)
    strings = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    files = {name for text in strings if isinstance(text, str) for name in _FILE_NAME.findall(text)}
    code = hashlib.sha256(ast.unparse(tree).encode()).hexdigest()
    return Parsed(code, imports, sorted(files))


def _remove_prose(node: ast.AST) -> None:
    """Remove statements that are only a string: docstrings, and the sentences below constants."""
    for field in ("body", "orelse", "finalbody"):
        statements = getattr(node, field, None)
        if isinstance(statements, list):  # the body of a lambda is an expression
            code = [statement for statement in statements if not _is_prose(statement)]
            setattr(node, field, code or [ast.Pass()] if field == "body" else code)


def _is_prose(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
