"""A digest of the code that a stage of the workflow runs.

A workflow manager sees only the time stamp of a script. With this digest as a parameter, a stage runs again
when, and only when, a module that it uses has changed.
"""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent
DATA_SUFFIXES = (".csv", ".json")


def code_digest(*modules: str) -> str:
    """Return a digest of modules of this package and of all modules of it that they import.

    Parameters
    ----------
    *modules : str
        Full names, such as ``mmfusion.training.cell``.

    Returns
    -------
    str
        16 hexadecimal digits.

    Raises
    ------
    ValueError
        If a module does not exist.
    """
    found: set[Path] = set()
    waiting = [_file(module) for module in modules]
    for module, path in zip(modules, waiting, strict=True):
        if path is None:
            raise ValueError(f"{module}: no such module of mmfusion")
    while waiting:
        path = waiting.pop()
        if path is not None and path not in found:
            found.add(path)
            waiting += [_file(name) for name in _imports(path)]
    content = hashlib.sha256()
    for path in sorted(found):
        content.update(f"{path.relative_to(PACKAGE)}\n".encode())
        content.update(path.read_bytes())
        for data in sorted(path.parent.iterdir()):
            if data.suffix in DATA_SUFFIXES and data.name in path.read_text(encoding="utf-8"):
                content.update(data.read_bytes())
    return content.hexdigest()[:16]


def _file(module: str) -> Path | None:
    """Return the file of a module of this package; None for the package itself and for other packages."""
    parts = module.split(".")
    if parts[0] != PACKAGE.name or len(parts) == 1:
        return None
    path = PACKAGE.joinpath(*parts[1:])
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()), None)


@cache
def _imports(path: Path) -> tuple[str, ...]:
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(names)
