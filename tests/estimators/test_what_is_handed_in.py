"""Symbols and letters, targets of every type, NaN by choice, and what an estimator keeps of its samples."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import BaggingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mmfusion import FusionClassifier, FusionRegressor, ModalityData, read
from mmfusion.errors import InputError
from mmfusion.notices import ChoiceWarning

pytestmark = pytest.mark.usefixtures("quick_baseline")
N = 240
QUICK: dict[str, Any] = {
    "epochs": 25,
    "batch_size": 32,
    "random_state": 0,
    "dim": 4,
    "cv": None,
    "penalty": 0.01,
}
BRIEF = QUICK | {"epochs": 3}
"""Of fits that are only compared with each other."""
RNG = np.random.default_rng(0)
X = {"a": RNG.normal(size=(N, 3)), "b": RNG.normal(size=(N, 2))}
Y = (X["a"][:, 0] > 0).astype(int)
MOTIFS = ("TATAAAGG", "CCGATTGA")


def strings(coins: Any, shortest: int = 20) -> list[str]:
    """Random DNA of unequal length with one of two motifs in it."""
    rng, found = np.random.default_rng(1), []
    for coin in coins:
        letters = rng.choice(list("ACGT"), rng.integers(shortest, 40))
        place = rng.integers(0, len(letters) - len(MOTIFS[coin]) + 1)
        letters[place : place + len(MOTIFS[coin])] = list(MOTIFS[coin])
        found.append("".join(letters))
    return found


COINS = RNG.integers(0, 2, 600)
DNA = strings(COINS)


# Whole numbers, symbols and letters


def test_whole_numbers_are_numbers_in_every_form() -> None:
    genotypes = np.random.default_rng(2).integers(0, 3, (N, 12))
    y = (genotypes[:, :2].sum(axis=1) > 2).astype(int)
    forms = [
        {"snv": genotypes},
        {"snv": pd.DataFrame(genotypes)},
        {"snv": genotypes.astype(np.int8)},
        {"snv": genotypes.astype(np.uint16)},
        {"snv": genotypes.tolist()},
        {"snv": genotypes.astype(float)},
        ModalityData({"snv": genotypes}),
    ]
    scores = [FusionClassifier(**BRIEF).fit(form, y).predict_proba(form) for form in forms]
    for other in scores[1:]:
        np.testing.assert_allclose(other, scores[0], rtol=1e-4, atol=1e-6)
    assert FusionClassifier(**QUICK).fit(forms[0], y).score(forms[0], y) > 0.9


@pytest.mark.parametrize("width", [1, 5])
def test_symbols_are_named(width: int) -> None:
    tokens = np.random.default_rng(3).integers(0, 4, (N, width))
    y = (tokens[:, 0] == 1).astype(int)
    named = FusionClassifier(**BRIEF, encoders={"t": "symbols"}).fit({"t": tokens}, y)
    assert named.layout_[0].kind == "symbols"
    assert FusionClassifier(**BRIEF).fit({"t": tokens}, y).layout_[0].kind == "vector"
    floats = FusionClassifier(**BRIEF, encoders={"t": "symbols"}).fit({"t": tokens.astype(float)}, y)
    by_data = FusionClassifier(**BRIEF).fit(ModalityData({"t": tokens}, kinds={"t": "symbols"}), y)
    for other in (floats, by_data):
        np.testing.assert_array_equal(other.predict_proba({"t": tokens}), named.predict_proba({"t": tokens}))


def test_letters_of_unequal_length_carry_a_motif(tmp_path: Path) -> None:
    series = pd.Series(DNA)
    model = FusionClassifier(**QUICK | {"epochs": 60}).fit({"dna": series[:400]}, COINS[:400])
    assert model.score({"dna": series[400:]}, COINS[400:]) > 0.95
    assert model.layout_[0].alphabet == "ACGT"
    expected = model.predict_proba({"dna": DNA})
    model.save(tmp_path / "model")
    loaded = FusionClassifier.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict_proba({"dna": np.array(DNA)}), expected)
    padded = [text + "ACGT"[: row % 3] for row, text in enumerate(DNA)]  # other lengths in prediction
    assert model.predict({"dna": padded}).shape == (600,)
    np.testing.assert_allclose(model.predict_proba({"dna": DNA[:1]}), expected[:1], rtol=1e-6)


def test_padding_of_letters_changes_nothing() -> None:
    """What stands behind the end of a string does not reach a window."""
    model = FusionClassifier(**BRIEF).fit({"dna": DNA}, COINS)
    alone = np.concatenate([model.decision_function({"dna": [text]}) for text in DNA[:20]])
    with_longest = model.decision_function({"dna": [*DNA[:20], "ACGT" * 30]})[:20]
    np.testing.assert_allclose(with_longest, alone, rtol=1e-5, atol=1e-6)


def test_letters_that_were_not_in_training(tmp_path: Path) -> None:
    model = FusionClassifier(**QUICK | {"epochs": 1}).fit({"dna": DNA}, COINS)
    with pytest.raises(
        InputError, match=r"X\['dna'\], row 1 .*, letter 4: 'N' did not occur in training, where"
    ):
        model.predict({"dna": [DNA[0], "ACGTNACGTACGTACGT"]})
    with pytest.raises(InputError, match="holds numbers, expected letters, as in training"):
        model.predict({"dna": np.zeros((2, 30), dtype=int)})
    tokens = FusionClassifier(**QUICK | {"epochs": 1}, encoders={"t": "symbols"}).fit(
        {"t": np.ones((N, 20), int) * (Y[:, None])}, Y
    )
    with pytest.raises(InputError, match="holds letters, expected numbers, as in training"):
        tokens.predict({"t": ["ACGTACGTACGTACGTACGT"]})


def test_missing_strings_lack_the_modality() -> None:
    some = [None if row % 5 == 0 else text for row, text in enumerate(DNA[:N])]
    data = {"dna": some, "a": X["a"]}
    model = FusionClassifier(**BRIEF).fit(data, COINS[:N])
    masked = ModalityData({"dna": DNA[:N], "a": X["a"]}, present={"dna": np.arange(N) % 5 != 0})
    np.testing.assert_array_equal(model.predict_proba(masked), model.predict_proba(data))
    assert np.ptp(model.contributions({"dna": [None] * 3, "a": X["a"][:3]})["dna"]) == 0


@pytest.mark.parametrize(
    ("encoder", "message"),
    [
        ("vector", r"X\['dna'\] is letters, which the encoder 'vector' does not take"),
        ("sequence", r"X\['dna'\] is letters, which the encoder 'sequence' does not take"),
    ],
)
def test_letters_need_the_motif_scanner(encoder: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        FusionClassifier(**QUICK, encoders={"dna": encoder}).fit({"dna": DNA}, COINS)


# Targets


@pytest.fixture(scope="module")
def plain() -> FusionClassifier:
    """Fitted to the classes 0 and 1."""
    return FusionClassifier(**QUICK).fit(X, Y)


@pytest.mark.parametrize(
    ("convert", "classes"),
    [
        (lambda y: y == 1, [False, True]),
        (lambda y: np.where(y == 1, "yes", "no"), ["no", "yes"]),
        (lambda y: pd.Series(np.where(y == 1, "yes", "no"), dtype="category"), ["no", "yes"]),
        (lambda y: pd.Series(np.where(y == 1, "yes", "no"), dtype="string"), ["no", "yes"]),
        (lambda y: pd.Series(y, dtype="Int64"), [0, 1]),
        (lambda y: pd.Series(y == 1, dtype="boolean"), [False, True]),
        (lambda y: np.where(y == 1, 1, -1), [-1, 1]),
        (lambda y: y.tolist(), [0, 1]),
    ],
)
def test_classes_of_every_type(plain: FusionClassifier, convert: Any, classes: list[Any]) -> None:
    y = convert(Y)
    model = FusionClassifier(**QUICK).fit(X, y)
    assert model.classes_.tolist() == classes
    assert model.predict(X)[Y == 1].tolist().count(classes[1]) > 0.8 * Y.sum()
    assert model.score(X, y) > 0.85
    np.testing.assert_array_equal(plain.predict_proba(X), model.predict_proba(X))
    pd.testing.assert_frame_equal(plain.relevance(X, Y), model.relevance(X, y))


def test_one_hot_rows_are_classes() -> None:
    y = np.digitize(X["a"][:, 0], [-0.5, 0.5])
    with pytest.warns(
        ChoiceWarning, match=r"y has 3 columns with a single one in every row \(one-hot\)"
    ) as told:
        one_hot = FusionClassifier(**QUICK).fit(X, np.eye(3)[y])
    assert told[0].filename == __file__
    np.testing.assert_array_equal(
        one_hot.predict_proba(X), FusionClassifier(**QUICK).fit(X, y).predict_proba(X)
    )
    assert one_hot.score(X, np.eye(3)[y]) == one_hot.score(X, y)
    with pytest.warns(ChoiceWarning, match="low, middle, high"):
        named = FusionClassifier(**QUICK).fit(
            X, pd.DataFrame(np.eye(3)[y], columns=["low", "middle", "high"])
        )
    assert set(named.predict(X)) == {"low", "middle", "high"}
    assert named.score(X, np.eye(3)[y]) == named.score(X, np.array(["low", "middle", "high"])[y]) > 0.8


def test_ages_as_classes_are_told() -> None:
    ages = np.random.default_rng(5).integers(20, 70, N)
    with pytest.warns(
        ChoiceWarning, match=r"50 different whole numbers in 240 samples, many; .* FusionRegressor"
    ):
        FusionClassifier(**QUICK | {"epochs": 1}).fit(X, ages)


def test_text_and_numbers_are_not_mixed() -> None:
    mixed = np.where(Y == 1, "yes", "no").astype(object)
    mixed[3] = 1
    with pytest.raises(InputError, match="y mixes text and numbers"):
        FusionClassifier(**QUICK).fit(X, mixed)


# NaN and infinity


@pytest.mark.parametrize("form", ["dict", "data", "table"])
def test_nan_and_infinity_by_choice_in_fit_and_prediction(form: str) -> None:
    values = X["a"].copy()
    values[3, 1], values[5, 0] = np.nan, np.inf
    table = pd.DataFrame(np.column_stack([values, X["b"]]), columns=list("abcde"))
    given: Any = {
        "dict": {"a": values, "b": X["b"]},
        "data": ModalityData({"a": values, "b": X["b"]}),
        "table": table,
    }[form]
    columns = {"modalities": {"a": list("abc"), "b": list("de")}} if form == "table" else {}
    with pytest.raises(
        InputError, match=r"row 3 .*: the value is NaN .* choose nonfinite \(zero or missing;"
    ):
        FusionClassifier(**BRIEF, **columns).fit(given, Y)
    zeros, gone = values.copy(), values.copy()
    zeros[3, 1], zeros[5, 0] = 0.0, 0.0
    gone[[3, 5]] = np.nan
    for choice, expected, what in (("zero", zeros, "replaced by zero"), ("missing", gone, "missing there")):
        model = FusionClassifier(**BRIEF, nonfinite=choice, **columns)
        with pytest.warns(ChoiceWarning, match=rf"2 values are NaN or infinite in 2 samples, .*{what}"):
            model.fit(given, Y)
        reference = FusionClassifier(**BRIEF).fit({"a": expected, "b": X["b"]}, Y)
        with pytest.warns(ChoiceWarning, match="2 values are NaN or infinite"):
            actual = model.predict_proba(given)
        np.testing.assert_allclose(actual, reference.predict_proba({"a": expected, "b": X["b"]}), rtol=1e-5)
    np.testing.assert_array_equal(values[3, 1], np.nan)  # the user's array is as it was


# What is kept, and who can take what


@pytest.mark.parametrize(
    "dump", [pickle.dumps, lambda model: Path(joblib.dump(model, "model.joblib")[0]).read_bytes()]
)
def test_a_pickled_estimator_holds_no_samples(
    dump: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    sizes = []
    for samples in (200, 4000):
        wide = {"a": rng.normal(size=(samples, 40)), "dna": strings(rng.integers(0, 2, samples))}
        model = FusionClassifier(**QUICK | {"epochs": 1, "dim": 8, "n_seeds": 2, "cv": 2})
        sizes.append(len(dump(model.fit(wide, np.arange(samples) % 2))))
    assert sizes[1] < 1.02 * sizes[0]


def test_a_pipeline_of_the_estimator_alone_takes_modality_data() -> None:
    data = ModalityData(X)
    assert make_pipeline(FusionClassifier(**QUICK)).fit(data, Y).score(data, Y) > 0.9


@pytest.mark.parametrize(
    "around",
    [
        lambda model: BaggingClassifier(model, n_estimators=2),
        lambda model: make_pipeline(StandardScaler(), model),
    ],
)
def test_what_asks_for_one_array_is_told_why_not(around: Any) -> None:
    with pytest.raises(
        InputError, match="is not one array, which scalers, BaggingClassifier and other estimators ask"
    ):
        around(FusionClassifier(**QUICK)).fit(ModalityData(X), Y)
    table = pd.DataFrame(np.column_stack(list(X.values())), columns=list("abcde"))
    inside = FusionClassifier({"a": [0, 1, 2], "b": [3, 4]}, **QUICK)
    assert around(inside).fit(table.to_numpy(), Y).score(table.to_numpy(), Y) > 0.7


def test_a_refit_forgets_columns_and_letters() -> None:
    model = FusionClassifier(**QUICK | {"epochs": 1}).fit({"dna": pd.DataFrame({"x": DNA[:N]})}, Y)
    model.fit({"dna": X["a"]}, Y)
    assert model.columns_ == {}
    assert model.predict({"dna": X["a"]}).shape == (N,)


def test_regression_of_ages() -> None:
    ages = pd.Series(40 + 8 * X["a"][:, 0]).round().astype("Int64")
    assert FusionRegressor(**QUICK).fit(X, ages).score(X, ages) > 0.6


def test_sequences_lose_their_lengths_after_training() -> None:
    lengths = np.arange(N) % 4 + 2
    steps = (
        np.random.default_rng(7).normal(size=(N, 6, 2))
        * (np.arange(6) < lengths[:, np.newaxis])[:, :, np.newaxis]
    )
    model = FusionClassifier(**QUICK | {"epochs": 2}).fit(
        ModalityData({"gait": steps}, lengths={"gait": lengths}), Y
    )
    with pytest.raises(
        InputError, match=r"X\['gait'\] has no lengths, and 240 of its sequences end in steps that are"
    ):
        model.predict({"gait": steps})
    marked = np.where((np.arange(6) < lengths[:, np.newaxis])[:, :, np.newaxis], steps, np.nan)
    expected = model.predict_proba(ModalityData({"gait": steps}, lengths={"gait": lengths}))
    np.testing.assert_array_equal(model.predict_proba({"gait": marked}), expected)
    tokens = np.ones((N, 20), dtype=int) * Y[:, np.newaxis]
    named = {"kinds": {"t": "symbols"}}
    data = ModalityData({"t": tokens}, lengths={"t": np.full(N, 15)}, **named)
    symbols = FusionClassifier(**QUICK | {"epochs": 2}).fit(data, Y)
    with pytest.raises(InputError, match=r"X\['t'\] has no lengths, expected them, as in training"):
        symbols.predict(ModalityData({"t": tokens}, **named))


def test_padding_in_front_is_of_the_users_lengths_only() -> None:
    ragged = [np.ones((2, 1)), np.ones((4, 1)), np.ones((3, 1))]
    front = np.zeros((3, 4, 1))
    front[:, 2:] = 1.0
    data = ModalityData({"r": ragged, "f": front, "dna": DNA[:3]}, lengths={"f": [2, 2, 2]}, padding="front")
    assert data.lengths["r"].tolist() == [2, 4, 3]
    assert data.lengths["f"].tolist() == [[False, False, True, True]] * 3
    assert data.lengths["dna"].tolist() == [len(text) for text in DNA[:3]]
    for lengths in ({}, {"f": np.ones((3, 4), dtype=bool)}):
        with pytest.raises(InputError, match="but no modality has lengths that count its real steps"):
            ModalityData({"r": ragged, "f": front}, lengths=lengths, padding="front")
    with pytest.raises(
        InputError, match=r"lengths\['dna'\]: letters and sequences of unequal length have their own"
    ):
        ModalityData({"dna": DNA[:3]}, lengths={"dna": [3, 3, 3]})
    whole = np.concatenate([np.zeros((5, 3, 1), int), np.ones((5, 2, 1), int)], axis=1)
    with pytest.raises(InputError, match="5 of 5 sequences look padded in front"):
        FusionRegressor(**QUICK).fit(ModalityData({"w": whole}, lengths={"w": [2] * 5}), np.arange(5.0))


def test_vectors_in_a_column_and_a_missing_one() -> None:
    vectors = [*X["a"]]
    vectors[3] = None
    for form in ({"e": vectors}, {"e": pd.Series(vectors, name="e")}, {"e": pd.DataFrame({"e": vectors})}):
        data = ModalityData(form)
        assert np.isnan(data.arrays["e"][3]).all()
        np.testing.assert_array_equal(np.delete(data.arrays["e"], 3, axis=0), np.delete(X["a"], 3, axis=0))
        assert data.columns == {}


def test_what_a_file_gave_is_taken_as_it_is(tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", **X, y=Y)
    source = read(tmp_path / "data.npz", "y")
    assert FusionClassifier(**QUICK).fit(source, source.target).score(source, source.target) > 0.8
    with pytest.raises(
        InputError, match=r"X is the text 'data\.npz', expected samples; read a file by mmfusion.read"
    ):
        FusionClassifier(**QUICK).fit("data.npz", Y)


@pytest.mark.parametrize(
    ("given", "y", "message"),
    [
        ({"intercept": X["a"]}, Y, "this name is taken by the intercept of the scores"),
        ({0: X["a"]}, Y, r"X\[0\]: this cannot name a modality, expected text"),
        (
            X,
            Y[:-1],
            r"y: .*inconsistent numbers of samples: \[240, 239\], expected one value for each sample",
        ),
        (X, np.where(Y == 1, np.inf, 0.0), r"y: Input.* contains infinity"),
        (X, pd.date_range("2020-01-01", periods=N), "y holds datetime64.*, expected numbers or text"),
        (X, np.zeros((N, 2, 2)), r"y has shape \(240, 2, 2\), expected \(samples,\) or \(samples, labels\)"),
        (X, np.where(Y == 1, "yes", ""), r"y, row 3 .*: the value is missing \(in 1.. rows altogether\)"),
        (pd.DataFrame(X["a"], columns=[1, "1", "z"]), Y, "two modalities would be called '1'"),
    ],
)
def test_what_cannot_be(given: Any, y: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        FusionClassifier(**QUICK).fit(given, y)


def test_two_numbers_are_classes_whatever_they_are() -> None:
    model = FusionClassifier(**QUICK).fit(X, np.where(Y == 1, 0.7, 0.3))
    assert model.classes_.tolist() == [0.3, 0.7]


def test_padding_behind_is_not_taken_for_padding_in_front() -> None:
    lengths = np.arange(N) % 4 + 2
    steps = (
        np.random.default_rng(7).normal(size=(N, 6, 2))
        * (np.arange(6) < lengths[:, np.newaxis])[:, :, np.newaxis]
    )
    with pytest.raises(
        InputError, match=r"padding\['gait'\] is 'front', but 240 of 240 sequences look padded behind"
    ):
        ModalityData({"gait": steps}, lengths={"gait": lengths}, padding="front")
    with pytest.raises(InputError, match=r"lengths\['a'\]: 'a' has no steps"):
        ModalityData(X, lengths={"a": lengths})
