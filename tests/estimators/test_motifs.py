"""Motifs of a user's sequences: letters of unequal length, a missing sequence, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mmfusion
from mmfusion import FusionClassifier
from mmfusion.errors import InputError
from mmfusion.plotting.sequence_logos import has_logos, motifs_figure

pytestmark = pytest.mark.usefixtures("no_linear_baseline")
MOTIF, N = "GATTACAG", 260


@pytest.fixture(scope="module")
def data() -> tuple[dict, np.ndarray]:
    random = np.random.default_rng(0)
    classes = np.arange(N) % 2
    strings: list[str | None] = []
    for one in classes:
        text = "".join(random.choice(list("ACGT"), random.integers(10, 26)))
        place = random.integers(0, len(text) - 7)
        strings.append(text[:place] + MOTIF + text[place + 8 :] if one else text)
    strings[7] = None
    return {"dna": strings, "noise": random.normal(size=(N, 2))}, classes


@pytest.fixture(scope="module")
def model(data: tuple[dict, np.ndarray]) -> FusionClassifier:
    X, y = data
    return FusionClassifier(penalty=0.01, epochs=30, cv=2, random_state=0).fit(X, y)


@pytest.fixture(scope="module")
def table(model: FusionClassifier, data: tuple[dict, np.ndarray]) -> pd.DataFrame:
    return model.motifs(data[0])


def longest_common(text: str) -> int:
    parts = [MOTIF[start:end] for start in range(8) for end in range(start + 1, 9)]
    return max((len(part) for part in parts if part in text), default=0)


def test_the_planted_motif_is_found_in_every_network(table: pd.DataFrame) -> None:
    assert table["subset"].unique().tolist() == ["dna"]
    assert table["modality"].unique().tolist() == ["dna"]
    consensus = table.groupby(["network", "rank"], sort=False)["consensus"].agg("".join)
    assert consensus.index.get_level_values("network").unique().tolist() == [0, 1]
    assert consensus.map(longest_common).groupby("network").max().ge(6).all()


def test_rows_are_positions_with_shares_of_letters(table: pd.DataFrame) -> None:
    shares = table[[f"share_{letter}" for letter in "ACGT"]]
    assert shares.sum(axis=1).to_numpy() == pytest.approx(np.ones(len(table)))
    assert table["bits"].between(0, 2).all()
    width = table["position"].max() + 1
    assert table.groupby(["network", "rank"])["position"].agg(list).map(lambda x: x == [*range(width)]).all()
    drives = table.groupby(["network", "rank"])["drive"].first()
    assert drives.groupby("network").agg(lambda drive: drive.is_monotonic_decreasing).all()
    read = shares.to_numpy().argmax(axis=1)
    letters = np.where(table["bits"] >= 0.5, np.array(list("ACGT"))[read], ".")
    assert letters.tolist() == table["consensus"].tolist()


def test_products_list_the_sequences_only(model: FusionClassifier, data: tuple[dict, np.ndarray]) -> None:
    table = model.motifs(data[0], "dna+noise")
    assert set(table["modality"]) <= {"dna"}


@pytest.mark.parametrize(
    ("subset", "sentence"),
    [
        ("noise", "subset: 'noise' holds no sequence of symbols, expected one with dna."),
        ("rna", "subset: 'rna' is none, expected one of dna, noise, dna"),
        (["dna"], "subset: ['dna'] is none, expected one of dna, noise, dna"),
    ],
)
def test_subsets_without_sequences_are_refused(
    model: FusionClassifier, data: tuple[dict, np.ndarray], subset: Any, sentence: str
) -> None:
    with pytest.raises(InputError) as caught:
        model.motifs(data[0], subset)
    assert sentence in str(caught.value)


def test_a_saved_model_finds_the_same(
    model: FusionClassifier, data: tuple[dict, np.ndarray], table: pd.DataFrame, tmp_path: Path
) -> None:
    model.save(tmp_path / "model")
    pd.testing.assert_frame_equal(FusionClassifier.load(tmp_path / "model").motifs(data[0]), table)


def test_numbers_are_written_as_digits_and_no_named_subset_gives_no_rows() -> None:
    random = np.random.default_rng(1)
    X = {"codes": random.integers(3, size=(60, 14)), "noise": random.normal(size=(60, 2))}
    model = FusionClassifier(encoders={"codes": "symbols"}, penalty=0.01, epochs=2, cv=2, random_state=0)
    model.fit(X, np.arange(60) % 2)
    assert model.motifs(X).empty
    assert {"share_0", "share_1", "share_2"} <= set(model.motifs(X, "codes"))


def test_the_figure_has_a_logo_per_network(table: pd.DataFrame) -> None:
    figure = motifs_figure(table, "what predicts?")
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    first = table[(table["rank"] == 1) & (table["position"] == 0)]
    shown = zip(first["network"], first["drive"], strict=True)
    assert titles == [f"network {network}: {drive:.0%}" for network, drive in shown]
    assert figure.axes[0].get_ylabel() == "dna\nbits"


def test_members_of_a_subset_are_named_in_any_order(
    model: FusionClassifier, data: tuple[dict, np.ndarray]
) -> None:
    first, second = (model.motifs(data[0], subset) for subset in ("dna+noise", "noise+dna"))
    pd.testing.assert_frame_equal(first, second)


def test_too_few_samples_are_refused(model: FusionClassifier, data: tuple[dict, np.ndarray]) -> None:
    few = {"dna": [None] * 5, "noise": data[0]["noise"][:5]}
    with pytest.raises(InputError, match="X: 0 samples have all modalities of dna, expected at least 4"):
        model.motifs(few, "dna")
    some = {name: values[:3] for name, values in data[0].items()}
    with pytest.raises(InputError, match="X: 3 samples have all"):
        model.motifs(some, "dna")


@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_padding_is_no_symbol(dtype: type) -> None:
    random = np.random.default_rng(2)
    codes = random.integers(4, size=(120, 20))
    codes[1::2, 3:11] = [2, 0, 3, 3, 0, 1, 0, 2]
    lengths = random.integers(14, 21, size=120)
    codes[np.arange(20) >= lengths[:, np.newaxis]] = 0
    X = mmfusion.ModalityData({"c": codes.astype(dtype)}, lengths={"c": lengths}, kinds={"c": "symbols"})
    model = FusionClassifier(encoders={"c": "symbols"}, penalty=0.01, epochs=20, cv=2, random_state=0).fit(
        X, np.arange(120) % 2
    )
    table = model.motifs(X, "c")
    assert table.filter(like="share_").columns.tolist() == [f"share_{symbol}" for symbol in range(4)]
    assert table.filter(like="share_").sum(axis=1).to_numpy() == pytest.approx(np.ones(len(table)))


def test_many_symbols_have_a_table_and_no_logo() -> None:
    random = np.random.default_rng(1)
    X = {"codes": random.integers(70, size=(80, 14))}
    model = FusionClassifier(encoders={"codes": "symbols"}, penalty=0.01, epochs=2, cv=2, random_state=0)
    table = model.fit(X, np.arange(80) % 2).motifs(X, "codes")
    assert "share_69" in table
    assert not has_logos(table)


def test_blanks_have_no_logo(table: pd.DataFrame) -> None:
    assert has_logos(table)
    assert not has_logos(table.rename(columns={"share_A": "share_ "}))
