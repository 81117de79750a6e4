"""The answer about a dataset of the user's: that of the command, with every key of the configuration."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from mmfusion import FusionClassifier
from mmfusion.cli.app import app
from mmfusion.data.example import example_table
from mmfusion.errors import MmfusionError
from mmfusion.estimators import fit_settings, parameter_checks
from mmfusion.files import write_table
from mmfusion.study.config.user_settings import UserDataset
from mmfusion.study.tables.answer import COLUMNS, UserAnswer, user_answer

pytestmark = pytest.mark.usefixtures("quick_baseline")
MODALITIES = {"text": "text_*", "audio": "audio_*"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few steps and one lambda: these tests are about what is written, not about how good it is."""
    monkeypatch.setattr(parameter_checks, "PATH", (1e-3,))
    monkeypatch.setattr(fit_settings, "ADDITIVE_PATH", (1e-3,))
    for name in ("OF_VECTORS", "OF_LINEAR", "OF_ADDITIVE", "OF_SEQUENCES"):
        monkeypatch.setattr(fit_settings, name, fit_settings.Pace(8, 2, 8, 0.02))


def answered(path: Path, **changes: Any) -> UserAnswer:
    given = UserDataset.model_validate({"path": str(path), "target": "agrees", **changes})
    return user_answer("mine", {**given.model_dump(exclude={"epochs", "held_out"}), "device": "cpu"})


def words(answer: UserAnswer) -> str:
    return " ".join(answer.text.split())


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "speech.csv"
    example_table(100).to_csv(path, index=False)
    return path


def arrays(folder: Path, modalities: int, **others: Any) -> Path:
    rng = np.random.default_rng(0)
    parts = {f"m{number}": rng.normal(size=(60, 2)) for number in range(modalities)}
    np.savez(folder / "data.npz", **(parts | {"agrees": np.arange(60) % 2} | others))
    return folder / "data.npz"


def test_it_is_the_answer_of_the_command(table: Path, tmp_path: Path) -> None:
    found = answered(table, modalities=MODALITIES, groups="speaker", ids="id")
    roles = [f"{table}", "-t", "agrees", "-m", "text=text_*", "-m", "audio=audio_*", "--groups", "speaker"]
    output = tmp_path / "out"
    run = CliRunner().invoke(app, ["relevance", *roles, "--ids", "id", "--output", str(output)])
    assert run.exit_code == 0
    for name, rows in found.tables.items():
        write_table(tmp_path / f"{name}.csv", rows)
        assert (tmp_path / f"{name}.csv").read_bytes() == (output / f"{name}.csv").read_bytes()
    there = " ".join((output / "answer.txt").read_text(encoding="utf-8").split())
    assert words(found) == there.replace("--task", "in the configuration, task:")
    assert "measured on 100 samples in 37 groups" in there
    assert found.figure.texts[0].get_text() == "mine: what predicts 'agrees'?"


def test_columns_of_what_was_not_measured_are_those_of_what_was() -> None:
    rng = np.random.default_rng(0)
    values = {"a": rng.normal(size=(40, 2)), "b": rng.normal(size=(40, 2))}
    model = FusionClassifier(cv=2, penalty=0.01, information=True).fit(values, np.arange(40) % 2)
    for name, columns in COLUMNS.items():
        assert getattr(model, f"{name}_").columns.to_list() == columns


def test_more_than_four_modalities_have_empty_tables_and_a_figure_that_says_so(tmp_path: Path) -> None:
    found = answered(arrays(tmp_path, 5))
    assert len(found.tables["relevance"]) == 5 + 10
    for name, columns in COLUMNS.items():
        write_table(tmp_path / f"{name}.csv", found.tables[name])
        assert pd.read_csv(tmp_path / f"{name}.csv").columns.to_list() == columns
        assert found.tables[name].empty
    assert "Note: with more than 4 modalities, no networks are trained on fewer of them here" in words(found)
    assert found.figure.axes[0].texts[0].get_text().startswith("Not measured")


def test_keys_of_the_configuration_have_their_effect(tmp_path: Path) -> None:
    parts = {"agrees": np.arange(60.0) / 7, "hurt": np.where(np.arange(120) == 3, np.nan, 1.0).reshape(60, 2)}
    path = arrays(tmp_path, 2, **parts)
    with pytest.raises(MmfusionError, match="hurt"):
        answered(path)
    found = answered(path, threshold=4.0, nonfinite="zero", max_order=1)
    assert "Task: classification (class 1 is a target of at least 4, class 0 one below)" in words(found)
    assert found.tables["relevance"]["subset"].to_list() == ["m0", "m1", "hurt"]
    everything = answered(path, modalities={"m0": "m0", "m1": "m1"}, max_order="all")
    assert "Task: regression (numbers with fractions; in the configuration, threshold:" in words(everything)
    assert everything.tables["relevance"]["subset"].to_list() == ["m0", "m1", "m0+m1"]


def test_the_splits_of_a_file_are_not_those_of_the_answer(tmp_path: Path) -> None:
    rng, parts = np.random.default_rng(0), {}
    for split, size in {"train": 40, "test": 20}.items():
        names = [f"{split}-{row // 4}$_${row}" for row in range(size)]
        parts[split] = {"text": rng.normal(size=(size, 3)), "audio": rng.normal(size=(size, 2)), "id": names}
        parts[split]["agrees"] = np.arange(size) % 2
    (tmp_path / "data.pkl").write_bytes(pickle.dumps(parts))
    found = answered(tmp_path / "data.pkl")
    assert "measured on 60 samples in 15 groups" in words(found)
    assert (
        "Note: the splits of the file (train, test) are not used for the answer: its folds are drawn at "
        "random over all samples, whole groups together."
    ) in words(found)


def test_a_study_goes_on_where_nothing_can_be_held_out(tmp_path: Path) -> None:
    path = arrays(tmp_path, 2, who=np.arange(60) // 20, agrees=np.arange(60) // 20)
    found = answered(path, groups="who")
    assert "nothing was held out" in words(found)
    assert f"Note: nothing could be held out. {path}: cv, fold 0: 1 of 3 classes is in its held-out" in words(
        found
    )
    assert found.tables["relevance"]["beta"].sum() == pytest.approx(1.0)
    assert not found.tables["relevance"]["named"].any()
    assert found.tables["information"].empty
