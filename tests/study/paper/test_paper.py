"""An article's tables and text: numbers from the tables, bold where it is earned, LaTeX that compiles."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from mmfusion.plotting.layout import add_heading
from mmfusion.plotting.print_size import DOUBLE, SINGLE, TEXT, caption_of, print_size
from mmfusion.plotting.style import figure_style, save_figure
from mmfusion.study.config.settings import load_config
from mmfusion.study.paper.accuracy_table import accuracy_table, best_norm
from mmfusion.study.paper.answer_section import NOTHING
from mmfusion.study.paper.latex import TEXTS, decimals, escaped, uncertain
from mmfusion.study.paper.paper import paper_texts
from mmfusion.study.paper.relevance_table import relevance_table

CONFIG = Path(__file__).parents[3] / "config/config.yaml"
PROVENANCE = {"commit": None, "config_digest": "ab12", "versions": {"mmfusion": "0.1.0", "odd_name": None}}
ODD = "50 % of x_1 & {2} ~ ^ \\ # $ < > β ∞ R²"


def runs(accuracies: dict[str, list[float]]) -> pd.DataFrame:
    """Runs of XRel by normalisation, a seed per accuracy, and a linear baseline."""
    fusion = [
        {
            "dataset": "XRel",
            "model": "fusion",
            "norm": norm,
            "p": "1",
            "scale": "1",
            "seed": seed,
            "accuracy_test": x,
        }
        for norm, values in accuracies.items()
        for seed, x in enumerate(values)
    ]
    linear = {**fusion[0], "model": "linear", "norm": "-", "p": "-", "scale": "-", "accuracy_test": 0.5125}
    return pd.DataFrame([*fusion, linear])


@pytest.fixture
def tables() -> dict[str, pd.DataFrame]:
    subsets = ("1", "2", "1+2")
    cells = {"vbn": [(0.32, 0.3, 0.34), (0.0, 0.0, 0.0), (0.68, 0.66, 0.7)], "ibn": [(0.9, 0.85, 0.93)] * 3}
    toy = pd.DataFrame(
        [
            {
                "dataset": "XRel",
                "norm": norm,
                "subset": subset,
                "mean": mean,
                "low": low,
                "high": high,
                "n": 2,
            }
            for norm, numbers in cells.items()
            for subset, (mean, low, high) in zip(subsets, numbers, strict=True)
        ]
    ).assign(poster=[1e-6, 1e-6, 0.99, np.nan, np.nan, np.nan])
    return {
        "runs": runs({"vbn": [0.9, 0.91], "ibn": [0.95, 0.96]}),
        "toy_table": toy,
        "predictions": pd.DataFrame({"holds": [True, False, None]}),
    }


@pytest.fixture(scope="module")
def config() -> Any:
    return load_config(yaml.safe_load(CONFIG.read_text("utf-8")))


@given(st.floats(0, 1), st.floats(1e-4, 0.5), st.floats(1e-4, 0.5))
def test_a_number_and_its_uncertainty_have_the_same_decimals(mean: float, down: float, up: float) -> None:
    digits = decimals(mean - down, mean + up)
    text = uncertain(mean, mean - down, mean + up)
    parts = text.strip("$").replace("^{+", " ").replace("}_{-", " ").rstrip("}").split()
    assert [len(part.partition(".")[2]) for part in parts] == [digits] * 3
    for part, number in zip(parts, (mean, up, down), strict=True):
        assert float(part) == pytest.approx(number, abs=0.51 * 10.0**-digits)


def test_the_best_is_bold_only_where_it_is_better_than_each_other_one() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.01, (10, 3))
    better = pd.DataFrame(noise, columns=["none", "ibn", "vbn"]) + np.array([0.8, 0.9, 0.8])
    assert best_norm(better) == "ibn"
    assert best_norm(better.assign(vbn=better["ibn"] - noise[:, 0] + 0.001)) is None
    assert best_norm(better.iloc[:1]) is None
    assert best_norm(better[["ibn"]]) is None


def test_bold_and_floors_in_the_table_of_accuracies() -> None:
    steps = np.arange(11) / 1000
    table = accuracy_table(runs({"none": list(0.8 + steps), "ibn": list(0.9 - steps)}))
    assert table.columns.tolist() == ["dataset", "seeds", "none", "IBN", "Linear", "Bayes"]
    (row,) = table.to_numpy().tolist()
    assert row[:2] == ["XRel", "11"]
    assert not row[2].startswith(r"\boldmath")
    assert row[3].startswith(r"\boldmath$0.895^")
    assert row[4:] == ["0.512", "--"]


def test_the_table_of_relevance_has_measured_and_published_rows(tables: dict[str, pd.DataFrame]) -> None:
    rows = relevance_table(tables["toy_table"]).to_numpy().tolist()
    assert rows[0][:5] == ["XRel", "1", "VBN", "2", "$0.320^{+0.020}_{-0.020}$"]
    assert rows[0][5] == "$<10^{-3}$"
    assert rows[1][3:8] == ["poster", "$10^{-6}$", "$10^{-6}$", "--", "$0.99$"]
    assert rows[2][:4] == ["", "", "IBN", "2"]
    assert len(rows) == 3


def test_a_changed_number_changes_the_text(config: Any, tables: dict[str, pd.DataFrame]) -> None:
    text = paper_texts(config, PROVENANCE, tables, {})["methods.tex"]
    assert r"\{1\} of XRel, $0.900^{+0.030}_{-0.050}$" in text
    assert "4 networks were trained, over 10 seeds" in text
    assert "Of 2 predictions with a threshold" in text
    assert "1 held" in text
    assert "XRel: 4000 training" in text
    changed = {**tables, "toy_table": tables["toy_table"].assign(mean=0.5, low=0.4, high=0.6)}
    assert (
        r"\{1\} of XRel, $0.50^{+0.10}_{-0.10}$"
        in paper_texts(config, PROVENANCE, changed, {})["methods.tex"]
    )


def test_an_article_has_only_what_the_study_has(config: Any, tables: dict[str, pd.DataFrame]) -> None:
    text = paper_texts(config, PROVENANCE, tables, {})
    assert "XOR:" not in text["methods.tex"]  # configured, but not run
    assert text["answers.tex"] == NOTHING
    assert r"\input{answers}" not in text["paper.tex"]

    runs_of_own = tables["runs"].assign(dataset="own_data")
    own = {**tables, "runs": runs_of_own, "toy_table": tables["toy_table"].iloc[:0]}
    read = ["own_data: Task: regression.\n\nown_data: splits: train 94 samples.\n"]
    answers = {"own_data": "text carries it.\n\n95 % more."}
    texts = paper_texts(config, PROVENANCE, own, {"STEM": "CAPTION of SOURCES"}, read, answers)
    assert r"\caption{CAPTION of SOURCES}" in texts["paper.tex"]
    assert "{STEM.pdf}" in texts["paper.tex"]
    assert "planted" not in texts["methods.tex"]
    assert r"own\_data: splits: train 94 samples." in texts["methods.tex"]
    assert "regression" not in texts["methods.tex"]
    assert texts["relevance.tex"] == texts["accuracy.tex"] == NOTHING
    assert r"\input{relevance}" not in texts["paper.tex"]
    assert r"\input{answers}" in texts["paper.tex"]
    assert "text carries it.\n\n95 \\% more." in texts["answers.tex"]
    assert r"\includegraphics[width=\textwidth]{answer_own_data.pdf}" in texts["answers.tex"]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no LaTeX on this machine")
def test_latex_compiles_the_files(config: Any, tables: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    save_figure(Figure(figsize=(1, 1)), tmp_path / "one.pdf")
    save_figure(Figure(figsize=(1, 1)), tmp_path / "answer_two.pdf")
    texts = paper_texts(
        config, PROVENANCE, tables, {"one": ODD}, [f"train {ODD}"], {"two": f"{ODD}\n\n{ODD}"}
    )
    assert tuple(texts) == TEXTS
    for name, text in texts.items():
        (tmp_path / name).write_text(text, "utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "paper.pdf").stat().st_size > 1000


def test_every_special_character_is_escaped() -> None:
    text = escaped(ODD)
    assert text == (
        r"50 \% of x\_1 \& \{2\} \textasciitilde{} \textasciicircum{} \textbackslash{} \# \$ \textless{} "
        r"\textgreater{} $\beta$ $\infty$ R\textsuperscript{2}"
    )


@pytest.mark.parametrize("width", [SINGLE, DOUBLE])
@pytest.mark.parametrize("drawn", [7.0, 12.0])
def test_text_has_one_size_in_print_and_the_heading_is_the_caption(
    width: float, drawn: float, tmp_path: Path
) -> None:
    with figure_style():
        figure = Figure(figsize=(drawn, 4), layout="constrained")
        figure.subplots().set_xlabel("epoch")
        add_heading(figure, "A title", "What is compared,\nover 10 seeds.")
    assert caption_of(figure) == "A title. What is compared, over 10 seeds."
    print_size(figure, width)
    assert figure.get_size_inches()[0] == width
    assert figure.texts == []
    assert figure.axes[0].xaxis.label.get_fontsize() == TEXT
    save_figure(figure, tmp_path / "figure.pdf")
    content = (tmp_path / "figure.pdf").read_bytes()
    assert b"/Type3" not in content
    assert b"/FontFile2" in content
