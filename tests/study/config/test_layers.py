"""Names of a configuration file beside those of the file that it is laid over."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmfusion.study.config.layers import read_layers

CONFIG = Path(__file__).parents[3] / "config"
MINE = "{path: a.csv, target: y}"
GRID = "{datasets: [XRel], norms: [ibn], p: ['1'], scales: ['1']}"


def mistakes(*files: Path) -> list[str]:
    _, errors = read_layers([CONFIG / "config.yaml", *files])
    return [problem for error in errors for problem in error.problems]


@pytest.mark.parametrize(
    ("text", "place", "meant"),
    [
        (f"experiments: {{sentimnt: {GRID}}}", "experiments.sentimnt", "sentiment"),
        (f"experiments: {{Sentiment: {GRID}}}", "experiments.Sentiment", "sentiment"),
        (f"experiments: {{clean-text: {GRID}}}", "experiments.clean-text", "clean_text"),
        (f"experiments: {{normalization: {GRID}}}", "experiments.normalization", "normalisations"),
        ("experiments:\n  scales_of_none:\n", "experiments.scales_of_none", "scale_of_none"),
        (f"datasets: {{XRelIrrXor: {MINE}}}", "datasets.XRelIrrXor", "XRelIrrXOR"),
        (f"datasets: {{Paritty: {MINE}}}", "datasets.Paritty", "Parity"),
        (f"datasets: {{x-rel: {MINE}}}", "datasets.x-rel", "XRel"),
    ],
)
def test_a_name_that_is_nearly_another_one_is_asked_about(
    tmp_path: Path, text: str, place: str, meant: str
) -> None:
    (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
    (problem,) = mistakes(tmp_path / "c.yaml")
    assert problem.startswith(f"{place}: ")
    assert f"(did you mean {meant!r}?), expected " in problem


def test_an_empty_experiment_of_no_name_below_leaves_out_nothing(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("experiments:\n  sentiment:\n  peers:\n", encoding="utf-8")
    assert mistakes(tmp_path / "c.yaml") == [
        "experiments.peers: an empty experiment leaves out one of this name, but there is none, expected one "
        "of normalisations, scale_of_none, independent_views, sentiment, clean_text; correct the name."
    ]


def test_names_are_compared_with_all_files_below(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(f"datasets: {{speech: {MINE}}}", encoding="utf-8")
    (tmp_path / "two.yaml").write_text(f"datasets: {{speach: {MINE}}}", encoding="utf-8")
    (problem,) = mistakes(tmp_path / "one.yaml", tmp_path / "two.yaml")
    assert problem.startswith(
        "datasets.speach: this is nearly a name of the datasets that this file is laid over"
    )


@pytest.mark.parametrize(
    "text",
    [
        f"experiments: {{mine: {GRID}, sentiment2: {GRID}, sentiment_of_text: {GRID}}}",
        f"experiments: {{sentiment: {GRID}, sentimnt: {GRID}}}",  # the one that it could be is written, too
        f"datasets: {{speech: {MINE}, speech2: {MINE}}}",
        "experiments: [1]\ndatasets: 3",  # mistakes of another kind
        "datasets: {1: {path: a}}",
        "seeds: [1]",
    ],
)
def test_new_names_are_taken(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
    assert mistakes(tmp_path / "c.yaml") == []


def test_the_committed_files_are_right() -> None:
    assert mistakes(CONFIG / "smoke.yaml", CONFIG / "mine.yaml") == []


def test_templates_run_code_and_are_refused(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("__use_yte__: true\nseeds: [1]\n", encoding="utf-8")
    assert mistakes(tmp_path / "c.yaml") == [
        "__use_yte__: this key makes a file a program that is run, expected settings only; remove it."
    ]


@pytest.mark.parametrize("text", ["", "# nothing", "- a", "word", "3", "null"])
def test_a_file_without_keys(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
    (problem,) = mistakes(tmp_path / "c.yaml")
    assert problem.startswith("there are no settings, expected keys such as seeds and experiments;")
