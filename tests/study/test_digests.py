"""The digest of a script changes with the code that the script uses, and with nothing else."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from mmfusion.study import digests as digest
from mmfusion.study.digests import ScriptDigests, modules_of

FILES = {
    "__init__.py": "VERSION = 1\n",
    "stage.py": "import numpy\n\nfrom mmfusion.middle import function\n",
    "middle.py": "def function():\n    from mmfusion.inner import parts\n\n    return parts\n",
    "inner/__init__.py": "",
    "inner/parts.py": 'import mmfusion.leaf\n\nTABLE = "known.csv"\nFOLDS = "folds.json", "registry.txt"\n',
    "inner/known.csv": "a,b\n1,2\n",
    "inner/folds.json": "{}\n",
    "inner/unknown.csv": "a,b\n",
    "inner/registry.txt": "a hash\n",
    "inner/notes.txt": "known.csv\n",
    "leaf.py": "from mmfusion.stage import something  # a circle\n",
    "unrelated.py": "from mmfusion.stage import function\n",
    "known.csv": "in another folder than the module that names it\n",
}


def script_digests(folder: str | Path) -> dict[str, str]:
    """Digests of all scripts of a folder, by name."""
    digests = ScriptDigests(lambda name: Path(folder, f"{name}.py"))
    return {path.stem: digests[path.stem] for path in Path(folder).glob("*.py")}


def code_digest(*modules: str) -> str:
    """Digest of a script that imports the modules."""
    with TemporaryDirectory() as folder:
        Path(folder, "script.py").write_text("".join(f"import {module}\n" for module in modules))
        return script_digests(folder)["script"]


def change(path: Path) -> None:
    """Add a line that is code in Python and data in any other file."""
    with path.open("a") as file:
        file.write("\nCHANGED = 1\n")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of our name whose files a test may change."""
    folder = tmp_path / "mmfusion"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    monkeypatch.setattr(digest, "PACKAGE", folder)
    return folder


@pytest.mark.parametrize(
    "name",
    [
        "stage.py",
        "middle.py",
        "inner/__init__.py",
        "inner/parts.py",
        "leaf.py",
        "inner/known.csv",
        "inner/folds.json",
        "inner/registry.txt",
    ],
)
def test_changes_with_what_is_used(package: Path, name: str) -> None:
    before = code_digest("mmfusion.stage")
    change(package / name)
    assert code_digest("mmfusion.stage") != before


@pytest.mark.parametrize(
    "name", ["__init__.py", "unrelated.py", "inner/unknown.csv", "inner/notes.txt", "known.csv"]
)
def test_does_not_change_with_anything_else(package: Path, name: str) -> None:
    before = code_digest("mmfusion.stage")
    change(package / name)
    (package / "new.py").write_text("from mmfusion.stage import function\n")
    assert code_digest("mmfusion.stage") == before


def test_names_of_files_count(package: Path) -> None:
    before = code_digest("mmfusion.stage")
    (package / "middle.py").rename(package / "centre.py")
    (package / "stage.py").write_text(FILES["stage.py"].replace("middle", "centre"))
    assert code_digest("mmfusion.stage") != before


def test_several_modules_in_any_order(package: Path) -> None:
    both = code_digest("mmfusion.leaf", "mmfusion.unrelated")
    assert both == code_digest("mmfusion.unrelated", "mmfusion.leaf")
    assert both != code_digest("mmfusion.leaf")
    assert code_digest("mmfusion.inner.parts") == code_digest("mmfusion.leaf")  # each reaches the other


@pytest.mark.parametrize("module", ["mmfusion.nothing", "mmfusion", "numpy", "mmfusion.inner.known"])
def test_other_names_do_not_count(package: Path, module: str) -> None:
    assert code_digest("mmfusion.stage", module) == code_digest("mmfusion.stage")


def test_of_this_package() -> None:
    digests = {
        code_digest(f"mmfusion.{name}")
        for name in ("study.training.cell_training", "study.data.planted", "study.figures.drawing")
    }
    assert len(digests) == 3
    assert all(re.fullmatch("[0-9a-f]{16}", text) for text in digests)
    assert code_digest("mmfusion.study.training.cell_training") == code_digest(
        "mmfusion.study.training.cell_training"
    )


def test_all_imports_of_this_package_can_be_followed() -> None:
    """Relative imports and public names taken from the package itself would be missed."""
    for path in digest.PACKAGE.rglob("*.py"):
        if path.name != "__init__.py":
            assert not re.search(
                r"^\s*from (\.|mmfusion import (?!__version__))", path.read_text("utf-8"), re.MULTILINE
            )


WORDED = '''"""What is here."""

import math  # of the standard library

LIMIT = 3
"""How many."""


class Box:
    """Holds one thing."""

    size: int = 2
    """In metres."""


def area(
    box: Box,
) -> float:
    """Return the area."""
    if box.size > LIMIT:
        "Too large."
    return math.pi * box.size  # of a round box


def nothing() -> None:
    """Do nothing."""
'''

REWORDED = '''import math
LIMIT = 3
class Box:
    """Holds a thing, in other words."""
    size: int = 2

def area(box: Box) -> float:
    # A comment.
    if (box.size > LIMIT):
        pass
    return math.pi*box.size
def nothing() -> None: pass
'''


def digest_of(package: Path, code: str) -> str:
    """Digest of a script that uses a module of this code."""
    (package / "leaf.py").write_text(code)
    return code_digest("mmfusion.leaf")


def test_docstrings_comments_and_layout_do_not_count(package: Path) -> None:
    assert digest_of(package, WORDED) == digest_of(package, REWORDED)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("LIMIT = 3", "LIMIT = 4"),
        ("LIMIT = 3", "LIMIT = 3.0"),
        ("LIMIT = 3", "LIMIT = '3'"),
        ("> LIMIT", ">= LIMIT"),
        ("box.size > LIMIT", "box.size > (LIMIT, box.size)[0]"),
        ("math.pi*", "2 * math.pi*"),
        ("nothing() -> None: pass", "nothing() -> None: print('nothing')"),
        ("nothing() -> None: pass", "nothing() -> str: return 'nothing'"),
        ("size: int = 2", "size: int = 2; unit = 'metre'"),
    ],
)
def test_code_counts(package: Path, old: str, new: str) -> None:
    assert old in REWORDED
    assert digest_of(package, REWORDED.replace(old, new)) != digest_of(package, REWORDED)


def test_text_that_is_not_a_docstring_counts(package: Path) -> None:
    texts = ["x = 'one'\n", "x = 'two'\n", "print('one')\n", "x = f'{1} one'\n", "x = b'one'\n"]
    assert len({digest_of(package, text) for text in texts}) == len(texts)


def test_a_data_file_named_in_a_docstring_does_not_count(package: Path) -> None:
    (package / "notes.csv").write_text("a\n")
    before = digest_of(package, '"""Unlike notes.csv."""\n')
    change(package / "notes.csv")
    assert digest_of(package, '"""Unlike notes.csv."""\n') == before


def test_what_was_read_is_kept(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest, "CACHE", package / "cache/digests")
    monkeypatch.setattr(digest.sys, "dont_write_bytecode", False)
    digest._cached.cache_clear()
    before = code_digest("mmfusion.stage")
    assert "known.csv" in digest.CACHE.read_text("utf-8")

    def parsed(source: bytes) -> None:
        raise AssertionError(source)

    with monkeypatch.context() as patch:
        patch.setattr(digest, "_parsed", parsed)
        digest._cached.cache_clear()
        assert code_digest("mmfusion.stage") == before
        change(package / "stage.py")
        with pytest.raises(AssertionError, match="CHANGED = 1"):
            code_digest("mmfusion.stage")
    for content in (b"", b"[1]", b'{"a": 1}', b"\xff"):
        digest.CACHE.write_bytes(content)
        digest._cached.cache_clear()
        assert code_digest("mmfusion.stage") != before
    digest._cached.cache_clear()


SCRIPTS = Path(__file__).parents[2] / "workflow/scripts"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A copy of the real package, and the digests of all scripts."""
    folder = tmp_path_factory.mktemp("whole") / "mmfusion"
    shutil.copytree(digest.PACKAGE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digest, "PACKAGE", folder)
        return folder, script_digests(SCRIPTS)


@pytest.fixture
def copy(whole: tuple[Path, dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The copy, where a test may change what it restores."""
    monkeypatch.setattr(digest, "PACKAGE", whole[0])
    return whole[0]


EVERY = {path.stem for path in SCRIPTS.glob("*.py")}
PEERS = {"drawn_peers", "encoded_peers", "mosi_peers", "peers_docs", "evidence_page"}
ANSWERS = {"answer", "mosi_answer"} | PEERS
TRAINING = {"train", "information", "lp_family", "sensitivity"}
NETWORKS = TRAINING | ANSWERS | {"evaluate", "eigen", "motifs"}


@pytest.mark.parametrize(
    ("module", "scripts"),
    [
        ("fusion/wick.py", NETWORKS),
        ("data/folds.py", ANSWERS),
        ("plotting/subset_relevance.py", ANSWERS),
        ("cli/app.py", set()),
        ("study/tables/predictions.py", {"summaries"}),
        ("study/tables/toy_table.py", {"paper", "summaries"}),
        ("study/tables/references.csv", {"paper", "summaries"}),
        ("measures/reducibility.py", {"evaluate", "lp_family", "sensitivity"} | ANSWERS),
        ("study/baselines/linear.py", {"baselines"}),
        ("measures/cross_fitted.py", {"evaluate", "information"} | ANSWERS),
        ("study/training/coalition_training.py", {"information"}),
        ("training/loop.py", NETWORKS),
        ("encoders/__init__.py", NETWORKS),
        ("encoders/motif_scanner.py", NETWORKS),
        ("estimators/summary.py", ANSWERS),
        ("study/data/reading.py", {"user_dataset", "answer", "provenance"}),
        ("study/config/settings.py", {"provenance", "paper"}),
        ("study/figures/eigen_projection.py", {"figure", "paper"}),
        ("study/data/mosi/mosi_folds.json", {"mosi_dataset"}),
        ("study/pages/index_page.py", {"index"}),
        ("study/paper/latex.py", {"paper"}),
        ("pages/rendering.py", {"index", "evidence_page"}),
        ("study/evidence/peer_tables.py", {"peers", "peers_docs", "evidence_page"}),
        ("study/peers/permutation.py", PEERS),
        ("study/designs/hard.py", PEERS | {"peers", "provenance"}),
        ("study/data/planted.py", {"synthetic_data", "sensitivity"}),
        ("study/streams.py", {"synthetic_data"} | NETWORKS - ANSWERS | PEERS),
        ("study/logs.py", EVERY),
    ],
)
def test_a_change_runs_the_scripts_that_use_it(
    whole: tuple[Path, dict[str, str]], copy: Path, module: str, scripts: set[str]
) -> None:
    before = whole[1]
    content = (copy / module).read_bytes()
    change(copy / module)
    after = script_digests(SCRIPTS)
    (copy / module).write_bytes(content)
    assert {name for name in before if before[name] != after[name]} == scripts


def test_other_words_in_every_module_run_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = script_digests(SCRIPTS)
    copy = tmp_path / "mmfusion"
    shutil.copytree(digest.PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(digest, "PACKAGE", copy)
    for path in copy.rglob("*.py"):
        text = path.read_text("utf-8")
        path.write_text(text.replace('"""', '"""In other words: ', 1) + "\n# changed\n", "utf-8")
    assert script_digests(SCRIPTS) == before


def test_training_uses_nothing_that_draws_data_or_shows_results() -> None:
    """A change of a generator, reader, measure, table, figure or check of a setting never trains again."""
    modules = {
        path.relative_to(digest.PACKAGE).with_suffix("").as_posix()
        for path in modules_of(SCRIPTS / "train.py")
    }
    assert {"study/streams", "study/training/cell_training", "training/loop"} <= modules
    others = (
        "cli/ estimators/ plotting/ data/readers/ study/data/planted study/data/mosi/ study/tables/ "
        "study/figures/ study/pages/ study/baselines/ measures/heldout measures/reducibility study/plan "
        "study/names study/config/settings study/config/consistency"
    )
    assert {name for name in modules if name.startswith(tuple(others.split()))} == set()


def test_every_script_uses_the_package() -> None:
    assert set(script_digests(SCRIPTS)) == EVERY
    assert code_digest() not in script_digests(SCRIPTS).values()
