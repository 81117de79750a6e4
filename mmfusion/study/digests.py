"""A digest of the code that a stage of the workflow runs.

A workflow manager sees only the time stamp of a script. With this digest as a parameter, a stage runs again
when, and only when, a module that it uses has changed.
"""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
DATA_SUFFIXES = (".csv", ".json", ".txt")


def script_digests(folder: str | Path) -> dict[str, str]:
    """Return, for every script of a folder, a digest of all modules of this package that it uses.

    The script's own text is not part of it: a workflow manager watches that file itself.

    Parameters
    ----------
    folder : str or Path
        Holds the scripts, ``*.py``.

    Returns
    -------
    dict of str to str
        By the name of the script without suffix.
    """
    scripts = sorted(Path(folder).glob("*.py"))
    return {script.stem: _digest(_imported(script)) for script in scripts}


def _digest(waiting: list[Path | None]) -> str:
    """Digest modules and, one after the other, what they import; `waiting` is used up."""
    found: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path is not None and path not in found:
            found.add(path)
            waiting += _imported(path)
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


def _imported(path: Path) -> list[Path | None]:
    """Return the files of what a file imports; None for what is not a module of this package."""
    return [_file(name) for name in _imports(path.read_text(encoding="utf-8"))]


@cache
def _imports(source: str) -> tuple[str, ...]:
    """Return the full names of all that a source imports."""
    names: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(names)
