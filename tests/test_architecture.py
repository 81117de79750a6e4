"""The rooms of the package and which of them may import which; the names and the sizes of its modules.

Imports run from the command down to the errors: `LEVELS` says how. Every import counts, those in functions
and under ``TYPE_CHECKING`` too: whoever reads the module has to follow them all the same.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import pytest

import mmfusion

LEVELS = (
    ("study",),
    ("cli",),
    ("estimators", "pages"),
    ("training", "measures", "plotting", "data"),
    ("encoders",),
    ("fusion",),
    ("checksum", "errors", "files", "notices", "sentences"),
)
"""A room may import rooms below its own, and rooms beside its own where that makes no circle."""
DOOR = ("", "_version")
"""The package's own ``__init__`` offers the public names of all rooms but `PRIVATE`; nothing imports it."""
PRIVATE = ("study", "cli")
"""Rooms that no other room imports."""
MOST_LINES = 300
SHARED_NAMES: dict[str, str] = {}
"""Public names that several modules define, each with the reason why."""

PACKAGE = Path(mmfusion.__file__).parent


class Import(NamedTuple):
    """One module of the package imports another; both as dotted names below the package, "" being itself."""

    path: str
    line: int
    source: str
    target: str


def module_name(root: Path, path: Path) -> str:
    """Return the dotted name of a file below the package."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(module: str) -> str:
    """Return the room of a module: the first part of its name."""
    return module.partition(".")[0]


def level(module: str) -> int:
    """Return the level of a module's room, 0 being the highest."""
    return next(index for index, rooms in enumerate(LEVELS) if room(module) in rooms)


def imports_of(root: Path) -> list[Import]:
    """List all imports of modules of a package in its own modules."""
    files = {module_name(root, path): path for path in sorted(root.rglob("*.py"))}
    imports = []
    for source, path in files.items():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            for name in imported_names(node, source, path.name == "__init__.py"):
                if name.partition(".")[0] == root.name:
                    inside = name.partition(".")[2]
                    target = inside if inside in files else inside.rpartition(".")[0]
                    imports.append(Import(str(path.relative_to(root.parent)), node.lineno, source, target))
    return [found for found in imports if found.source != found.target]


def imported_names(node: ast.AST, source: str, is_package: bool) -> list[str]:
    """Return the absolute names that a statement imports; a name taken from a module is one part longer."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    parts = ["mmfusion", *source.split(".")] if source else ["mmfusion"]
    start = parts[: len(parts) + is_package - node.level] if node.level else []
    module = ".".join([*start, *([node.module] if node.module else [])])
    return [f"{module}.{alias.name}" for alias in node.names]


def wrong_rooms(root: Path) -> list[str]:
    """List the rooms without a level."""
    known = {name for rooms in LEVELS for name in rooms} | set(DOOR)
    rooms = {room(module_name(root, path)) for path in root.rglob("*.py")}
    return [f"{name}: not one of the rooms; LEVELS says which there are" for name in sorted(rooms - known)]


def wrong_imports(root: Path) -> list[str]:
    """List the imports that go up, from the library into the study, or through the public names."""
    sentences = []
    for path, line, source, target in imports_of(root):
        what = f"{path}, line {line}, imports {root.name}.{target}".rstrip(".")
        if source in DOOR:
            if room(target) in PRIVATE:
                sentences.append(f"{what}: {room(target)} has no public names")
        elif target == "":
            sentences.append(f"{what}: import from the module that defines the name")
        elif target == "_version":
            continue
        elif room(target) in PRIVATE and room(source) != room(target):
            sentences.append(f"{what}: nothing outside {room(target)} imports it")
        elif level(target) < level(source):
            sentences.append(f"{what}: {room(target)} lies above {room(source)}")
    return sentences


def circle(edges: Iterable[tuple[str, str]]) -> str:
    """Return a circle as "a -> b -> a"; empty where there is none."""
    graph: Mapping[str, set[str]] = defaultdict(set)
    for source, target in edges:
        graph[source].add(target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return " -> ".join(reversed(error.args[1]))
    return ""


def circle_of_modules(root: Path) -> str:
    """Return modules that import each other in a circle."""
    return circle((found.source, found.target) for found in imports_of(root) if found.source not in DOOR)


def circle_of_rooms(root: Path) -> str:
    """Return rooms that import each other in a circle."""
    pairs = [(room(i.source), room(i.target)) for i in imports_of(root) if i.source not in DOOR]
    return circle((one, other) for one, other in pairs if one != other)


def long_modules(root: Path) -> list[str]:
    """List the modules that have too many lines."""
    sizes = {path: len(path.read_text("utf-8").splitlines()) for path in sorted(root.rglob("*.py"))}
    return [f"{path.relative_to(root.parent)}: {n} lines" for path, n in sizes.items() if n > MOST_LINES]


def repeated_stems(root: Path) -> list[str]:
    """List the names that several modules have."""
    places = defaultdict(list)
    for path in sorted(root.rglob("*.py")):
        if path.stem != "__init__":
            places[path.stem].append(str(path.relative_to(root.parent)))
    return [f"{stem}: {', '.join(paths)}" for stem, paths in places.items() if len(paths) > 1]


def repeated_names(root: Path) -> list[str]:
    """List the public functions and classes that several modules define."""
    places = defaultdict(list)
    for path in sorted(root.rglob("*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if (
                isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
                and node.name[0] != "_"
            ):
                places[node.name].append(f"{path.relative_to(root.parent)}:{node.lineno}")
    return [
        f"{name}: {', '.join(lines)}"
        for name, lines in places.items()
        if len(lines) > 1 and name not in SHARED_NAMES
    ]


def assert_none(sentences: list[str]) -> None:
    assert not sentences, "\n".join(sentences)


def test_every_room_has_a_level() -> None:
    assert_none(wrong_rooms(PACKAGE))


def test_imports_go_down() -> None:
    assert_none(wrong_imports(PACKAGE))


def test_modules_do_not_import_each_other_in_a_circle() -> None:
    assert circle_of_modules(PACKAGE) == ""


def test_rooms_do_not_import_each_other_in_a_circle() -> None:
    assert circle_of_rooms(PACKAGE) == ""


def test_no_module_is_long() -> None:
    assert_none(long_modules(PACKAGE))


def test_no_two_modules_have_the_same_name() -> None:
    assert_none(repeated_stems(PACKAGE))


def test_no_public_name_is_defined_twice() -> None:
    assert_none(repeated_names(PACKAGE))


def test_only_the_rooms_of_the_library_are_named_in_the_public_module() -> None:
    """Public names load on first use, so that importing the package does not import torch."""
    text = (PACKAGE / "__init__.py").read_text("utf-8")
    homes = re.findall(r'": "(\w+)\.\w+",$', text, re.MULTILINE)
    assert homes
    assert set(homes).isdisjoint(PRIVATE)


@pytest.mark.parametrize(
    ("module", "unneeded"),
    [
        ("mmfusion", "torch"),
        ("mmfusion.cli.app", "torch"),
        ("mmfusion.cli.check_command", "torch"),
        ("mmfusion.study.plan", "torch"),
        ("mmfusion.study.workflow", "pandas"),
        ("mmfusion.study.figures.figure_definitions", "pandas"),
        ("mmfusion.study.paper.latex", "pandas"),
        ("mmfusion.study.baselines.baseline_table", "torch"),
        ("mmfusion.study.training.cell_training", "sklearn"),
    ],
)
def test_what_takes_seconds_to_import_is_imported_where_it_is_needed(module: str, unneeded: str) -> None:
    """Seconds of every command and every job: most jobs of the study train, few do anything else.

    The rules import the modules that lack pandas, so on a cluster every job does.
    """
    code = f"import sys, {module}; sys.exit({unneeded!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


CLEAN = {
    "__init__.py": "from mmfusion._version import __version__\nfrom mmfusion.estimators.model import Model\n",
    "_version.py": "__version__ = '1'\n",
    "errors.py": "class Mistake(Exception): ...\n",
    "fusion/__init__.py": "",
    "fusion/layer.py": "from mmfusion.errors import Mistake\n",
    "encoders/__init__.py": "from mmfusion.encoders.vector import Vector\n",
    "encoders/vector.py": "import mmfusion.fusion.layer\n\n\nclass Vector: ...\n",
    "data/__init__.py": "",
    "data/arrays.py": "from mmfusion.encoders import Vector\n",
    "training/__init__.py": "",
    "training/loop.py": "from mmfusion.data import arrays\nfrom mmfusion.data.arrays import Vector\n",
    "estimators/__init__.py": "",
    "estimators/model.py": "from mmfusion.training.loop import arrays\n\n\nclass Model: ...\n",
    "cli/__init__.py": "",
    "cli/app.py": "from mmfusion._version import __version__\nfrom mmfusion.estimators.model import Model\n",
    "study/__init__.py": "",
    "study/plan.py": "from mmfusion.estimators.model import Model\nfrom mmfusion.study import cells\n",
    "study/cells.py": "",
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A small package without a mistake, whose files a test may change."""
    root = tmp_path / "mmfusion"
    for name, text in CLEAN.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def problems(root: Path) -> list[str]:
    """List all that is wrong with a package."""
    checks = (wrong_rooms, wrong_imports, long_modules, repeated_stems, repeated_names)
    circles = (circle_of_modules(root), circle_of_rooms(root))
    return [*chain.from_iterable(check(root) for check in checks), *filter(None, circles)]


class TestOfTheTest:
    def test_a_clean_package(self, package: Path) -> None:
        assert problems(package) == []

    @pytest.mark.parametrize(
        ("name", "line", "sentence"),
        [
            (
                "training/loop.py",
                "from mmfusion.estimators.model import Other",
                "mmfusion/training/loop.py, line 3, imports mmfusion.estimators.model: estimators lies "
                "above training",
            ),
            (
                "fusion/layer.py",
                "def f():\n    from mmfusion.encoders.vector import Vector",
                "mmfusion/fusion/layer.py, line 3, imports mmfusion.encoders.vector: encoders lies above "
                "fusion",
            ),
            (
                "errors.py",
                "if TYPE_CHECKING:\n    from mmfusion.fusion import layer",
                "mmfusion/errors.py, line 3, imports mmfusion.fusion.layer: fusion lies above errors",
            ),
            (
                "encoders/vector.py",
                "from ..data import arrays",
                "mmfusion/encoders/vector.py, line 5, imports mmfusion.data.arrays: data lies above encoders",
            ),
            (
                "data/__init__.py",
                "from ..estimators.model import Model",
                "mmfusion/data/__init__.py, line 1, imports mmfusion.estimators.model: estimators lies "
                "above data",
            ),
            (
                "cli/app.py",
                "import mmfusion.study.plan",
                "mmfusion/cli/app.py, line 3, imports mmfusion.study.plan: nothing outside study imports it",
            ),
            (
                "estimators/model.py",
                "import mmfusion.study.cells as cells",
                "mmfusion/estimators/model.py, line 5, imports mmfusion.study.cells: nothing outside study "
                "imports it",
            ),
            (
                "study/cells.py",
                "from mmfusion.cli.app import run",
                "mmfusion/study/cells.py, line 1, imports mmfusion.cli.app: nothing outside cli imports it",
            ),
            (
                "study/cells.py",
                "from mmfusion import Model",
                "mmfusion/study/cells.py, line 1, imports mmfusion: import from the module that defines the "
                "name",
            ),
            (
                "__init__.py",
                "from mmfusion.study.cells import Cell",
                "mmfusion/__init__.py, line 3, imports mmfusion.study.cells: study has no public names",
            ),
            ("extra/__init__.py", "", "extra: not one of the rooms; LEVELS says which there are"),
            ("study/cells.py", "\n" * 300, "mmfusion/study/cells.py: 301 lines"),
            ("study/model.py", "", "model: mmfusion/estimators/model.py, mmfusion/study/model.py"),
            (
                "study/cells.py",
                "class Model: ...",
                "Model: mmfusion/estimators/model.py:4, mmfusion/study/cells.py:1",
            ),
        ],
    )
    def test_a_mistake_is_named(self, package: Path, name: str, line: str, sentence: str) -> None:
        (package / name).parent.mkdir(exist_ok=True)
        with (package / name).open("a") as file:
            file.write(line + "\n")
        assert sentence in problems(package)

    def test_circles_are_named(self, package: Path) -> None:
        (package / "study/cells.py").write_text("from mmfusion.study.plan import Study\n")
        assert sorted(circle_of_modules(package).split(" -> ")[1:]) == ["study.cells", "study.plan"]
        assert circle_of_rooms(package) == ""
        (package / "data/splits.py").write_text("from mmfusion.training import seeds\n")
        (package / "training/seeds.py").write_text("")
        assert sorted(circle_of_rooms(package).split(" -> ")[1:]) == ["data", "training"]

    def test_private_names_may_be_the_same(self, package: Path) -> None:
        for name in ("study/cells.py", "data/arrays.py"):
            with (package / name).open("a") as file:
                file.write("def _text(): ...\n")
        assert problems(package) == []
