"""Settings of all tests, and a small CMU-MOSI in the exact file layout.

One thread per process, and property tests that draw the same examples every time. The small CMU-MOSI has 12
training and 6 test utterances of 6 videos, and its own registry of hashes.
"""

import csv
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"  # of linear algebra, read when it is imported

import numpy as np
import pooch
import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from hypothesis import settings
from playwright.sync_api import sync_playwright

torch.set_num_threads(1)
settings.register_profile("mmfusion", derandomize=True, deadline=None)
settings.load_profile("mmfusion")

# Real video ids, so that the standard folds apply: (id, SDK fold, published part).
VIDEOS = (
    ("2iD-tVS8NPw", "train", "train"),
    ("WKA5OygbEKI", "validation", "train"),
    ("tmZoasNr4rU", "test", "train"),
    ("zhpQhgha_KU", "test", "train"),
    ("8d-gEyoeBzc", "train", "test"),
    ("lXPQBPVc5Cw", "test", "test"),
)
PER_VIDEO = 3
WIDTHS = {"text": 4, "audio": 3, "video": 5}
CONSTANT_VIDEO_COLUMN = 2
SENTIMENTS = (2.4, -0.2, 0.0, 3.0, -3.0, 1.6, -1.2, 0.4, -2.2)


class MosiFolder:
    """A folder of CMU-MOSI files that a test can change cell by cell, and the registry of their hashes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.registry = path.with_suffix(".txt")
        path.mkdir()

    def pin(self) -> None:
        """Write the hashes of the files as they are now to the registry."""
        pooch.make_registry(self.path, self.registry, recursive=False)

    def rows(self, name: str) -> list[list[str]]:
        with (self.path / name).open(newline="", encoding="utf-8") as file:
            return list(csv.reader(file))

    def write(self, name: str, rows: list[list[str]]) -> None:
        quoting = csv.QUOTE_MINIMAL if name == "OpinionLevelSentiment.csv" else csv.QUOTE_ALL
        with (self.path / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, quoting=quoting).writerows(rows)

    def change(self, name: str, edit: Callable[[list[list[str]]], object]) -> None:
        """Apply `edit` to the list of rows, in place."""
        rows = self.rows(name)
        edit(rows)
        self.write(name, rows)

    def set(self, name: str, row: int, column: int, value: str) -> None:
        """Set a cell; rows and columns are counted from 1."""

        def edit(rows: list[list[str]]) -> None:
            rows[row - 1][column - 1] = value

        self.change(name, edit)


def _write(folder: MosiFolder) -> None:
    random = np.random.default_rng(7)
    sentiment = {
        f"{video}_{number + 1}": SENTIMENTS[(PER_VIDEO * index + number) % len(SENTIMENTS)]
        for index, (video, _, _) in enumerate(VIDEOS)
        for number in range(PER_VIDEO)
    }
    label = {key: str(int(value >= 0)) for key, value in sentiment.items()}
    ids = sorted(sentiment)
    folder.write("transcripts.csv", [[key, f"WORDS OF {key.upper()}", "93", label[key]] for key in ids])
    folder.write(
        "OpinionLevelSentiment.csv",
        [["0.5", "2.25", *key.rsplit("_", 1), f"{value:g}"] for key, value in sentiment.items()],
    )
    part_of = {video: part for video, _, part in VIDEOS}
    for part in ("train", "test"):
        chosen = [key for key in random.permutation(ids).tolist() if part_of[key.rsplit("_", 1)[0]] == part]
        for modality, width in WIDTHS.items():
            values = random.normal(size=(len(chosen), width)).round(6)
            if modality == "video" and part == "train":
                values[:, CONSTANT_VIDEO_COLUMN] = 0.25
                values[4] = values[1]
            written = [[repr(float(value)) for value in row] for row in values]
            folder.write(
                f"{modality}_{part}0.csv",
                [[*row, label[key]] for row, key in zip(written, chosen, strict=True)],
            )
            if modality == "text":
                folder.write(
                    f"text_{part}.csv",
                    [
                        [str(ids.index(key)), *(f"{x:.6g}" for x in row)]
                        for key, row in zip(chosen, values, strict=True)
                    ],
                )


@pytest.fixture
def mosi_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MosiFolder:
    """All files, pinned; the environment variable does not interfere."""
    monkeypatch.delenv("MMFUSION_MOSI_DIR", raising=False)
    folder = MosiFolder(tmp_path / "mosi")
    _write(folder)
    folder.pin()
    return folder


@pytest.fixture(scope="session")
def mosi_videos() -> tuple[tuple[str, str, str], ...]:
    """(video id, SDK fold, published part) of the videos in `mosi_folder`."""
    return VIDEOS


@contextmanager
def _one_strength() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mmfusion.estimators.linear_baseline.STRENGTHS", np.ones(1))
        yield


@pytest.fixture(scope="session")
def one_strength() -> Callable[[], AbstractContextManager[None]]:
    """Let the linear baseline try one strength of nine, which take longer than small networks."""
    return _one_strength


@pytest.fixture(scope="module")
def quick_baseline(one_strength: Callable[[], AbstractContextManager[None]]) -> Iterator[None]:
    """For tests of anything but the linear baseline."""
    with one_strength():
        yield


@pytest.fixture(scope="module")
def no_linear_baseline() -> Iterator[None]:
    """Do not fit it for answers at all: what it says is unknown."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mmfusion.estimators.answering._linear", lambda *given: (np.nan, np.nan))
        yield


class Page(HTMLParser):
    """Rows of tables, list items and headings of a page; every tag must be closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.paragraphs: list[str] = []
        self.items: list[str] = []
        self.headings: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.images: list[dict[str, str]] = []
        self.cells: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "img"):
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
        elif tag == "li":
            self.items.append("")
        elif tag in ("h1", "h2", "h3"):
            self.headings.append("")
        elif tag == "p":
            self.paragraphs.append("")
        elif tag == "a":
            self.links += [target or "" for name, target in attrs if name == "href"]
        elif tag == "img":
            self.images.append({name: value or "" for name, value in attrs})
        self.cells += [value or "" for name, value in attrs if tag == "td" and name == "title"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        tag = self.open[-1] if self.open else ""
        if tag in ("td", "th"):
            self.tables[-1][-1][-1] += data
        elif tag == "li":
            self.items[-1] += data
        elif tag in ("h1", "h2", "h3"):
            self.headings[-1] += data
        elif tag == "p":
            self.paragraphs[-1] += data


@pytest.fixture(scope="session")
def parsed() -> Callable[[str], Page]:
    """Read the parts of a page."""
    return Page


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SEEN = """() => {
  const root = document.scrollingElement;
  const dead = [...document.querySelectorAll('a[href^="#"]')].filter((a) => !document.querySelector(a.hash));
  return {
    "pictures": document.images.length,
    "pictures without size": [...document.images].filter((image) => !image.naturalWidth).length,
    "wider by": root.scrollWidth - root.clientWidth,
    "dead anchors": dead.map((a) => a.hash),
  };
}"""
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The Chromium of this machine, steered by Playwright."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="session")
def seen_in_browser(browser: Any) -> Callable[[Path, int], dict[str, Any]]:
    """Open a page at a width in pixels, dark and light, and say what is wrong with it."""

    def see(path: Path, width: int) -> dict[str, Any]:
        page = browser.new_page(viewport={"width": width, "height": 800})
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.goto(path.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
        seen = {"errors": errors, **page.evaluate(SEEN), "barriers": []}
        for theme in ("dark", "light"):
            page.click("#theme")
            assert page.evaluate("document.documentElement.dataset.theme") == theme
            found = Axe().run(page).response["violations"]
            seen["barriers"] += [
                f"{theme}: {one['id']} at {node['html']}"
                for one in found
                if one["impact"] in SERIOUS
                for node in one["nodes"]
            ]
        page.close()
        return seen

    return see
