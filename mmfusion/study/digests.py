"""Digests of the code that the scripts of the workflow run.

A workflow manager sees only the time stamp of a script. With such a digest as a parameter, a rule runs again
when, and only when, the code of a module that its script uses has changed. Code means what Python executes:
docstrings, comments and layout are not part of it.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


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
        return self._modules.digest(self._modules.used_by(Path(self._path_of(script))))


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
            _, names = _parsed(path.read_text(encoding="utf-8"))
            self._imported[path] = {file for name in names if (file := _file(name)) is not None}
        return self._imported[path]


def _code_and_data(path: Path) -> bytes:
    code, _ = _parsed(path.read_text(encoding="utf-8"))
    beside = sorted(path.parent.iterdir())
    data = [file for file in beside if file.suffix != ".py" and file.is_file() and file.name in code]
    return f"{path.relative_to(PACKAGE)}\n{code}\n".encode() + b"".join(file.read_bytes() for file in data)


def _file(module: str) -> Path | None:
    """Return the file of a module of this package; None for the package itself and for other packages."""
    parts = module.split(".")
    if parts[0] != PACKAGE.name or len(parts) == 1:
        return None
    path = PACKAGE.joinpath(*parts[1:])
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()), None)


@cache
def _parsed(source: str) -> tuple[str, tuple[str, ...]]:
    """Return the code of a source without its prose, and the full names of all that it imports."""
    tree = ast.parse(source)
    imports: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            imports += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        _remove_prose(node)
    return ast.unparse(tree), tuple(imports)


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
