"""A value far beyond those of training is named where it makes a score infinite, instead of NaN."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import NDArray
from sklearn.model_selection import ShuffleSplit
from torch import Tensor, nn

from mmfusion import FusionClassifier, FusionRegressor, ModalityData
from mmfusion.errors import InputError, TrainingError
from mmfusion.estimators.overflow import check_scores, not_finite

pytestmark = pytest.mark.usefixtures("quick_baseline")
N = 100
QUICK: dict[str, Any] = {"epochs": 2, "dim": 4, "random_state": 0, "cv": None, "penalty": 0.01}
SPLIT = ShuffleSplit(1, test_size=0.4, random_state=0)
Array = NDArray[Any]
HUGE = 3e38


def arrays() -> dict[str, Array]:
    rng = np.random.default_rng(0)
    return {"text": rng.normal(size=(N, 3)), "speech": rng.normal(size=(N, 4, 2)).astype(np.float32)}


Y = np.arange(N) % 2


def spoiled(name: str, place: tuple[int, ...], value: float = HUGE) -> dict[str, Array]:
    given = arrays()
    given[name][place] = value
    return given


@pytest.fixture(scope="module")
def model() -> FusionClassifier:
    return FusionClassifier(**QUICK).fit(arrays(), Y)


@pytest.mark.parametrize(
    ("name", "place", "where"),
    [
        (
            "text",
            (5, 2),
            r"X\['text'\], row 5 \(counted from 0\), column 2: the value 3e\+38 is [23].*e\+38 ",
        ),
        (
            "speech",
            (7, 1, 0),
            r"X\['speech'\], row 7 \(counted from 0\), step 1, column 0: the value 3e\+38 is ",
        ),
    ],
)
def test_a_value_that_overflows_is_named(model, name: str, place: tuple[int, ...], where: str) -> None:
    given = spoiled(name, place)
    message = where + (
        ".*standard deviations from the training mean, which overflows float32 in the network, expected "
        "values like those of training; correct it or leave the sample out"
    )
    for use in (model.predict, model.predict_proba, model.contributions, lambda X: model.relevance(X, Y)):
        with pytest.raises(InputError, match=message):
            use(given)


def test_the_first_sample_and_its_furthest_value_are_named(model) -> None:
    given = spoiled("text", (9, 0))
    given["text"][4], given["text"][4, 1] = 1e30, HUGE
    with pytest.raises(InputError, match=r"row 4 \(counted from 0\), column 1: the value 3e\+38"):
        model.predict(given)


def test_values_of_missing_modalities_are_not_named(model) -> None:
    given, present = spoiled("text", (4, 1)), np.ones(N, dtype=bool)
    present[4] = False
    assert np.isfinite(model.predict_proba(ModalityData(given, present={"text": present}))).all()


def test_large_values_that_do_not_overflow_are_allowed(model) -> None:
    given = spoiled("text", (5, 2), 1e15)
    assert np.isfinite(model.predict_proba(given)).all()
    assert np.isfinite(model.contributions(given)).all(axis=None)


def test_a_row_of_a_table_is_named_with_its_label() -> None:
    table = pd.DataFrame(arrays()["text"], columns=list("abc"), index=[f"p{row}" for row in range(N)])
    model = FusionRegressor({"text": list("abc")}, **QUICK).fit(table, table["a"])
    table.iloc[3, 1] = HUGE
    with pytest.raises(InputError, match=r"X\['text'\], row 3 \(counted from 0; sample 'p3'\), column 'b'"):
        model.predict(table)


@pytest.mark.parametrize("penalty", [0.01, [0.001, 0.1]])
def test_a_held_out_value_is_named_by_its_row_and_trains_nothing(penalty: Any) -> None:
    """Whichever rows are held out: where the row is trained on, nothing overflows."""
    overflowed = 0
    for row in range(8):
        model, sentence = FusionClassifier(**QUICK | {"cv": SPLIT, "penalty": penalty}), ""
        try:
            model.fit(spoiled("text", (row, 2)), Y)
        except InputError as error:
            sentence = str(error)
        overflowed += sentence != ""
        if sentence:
            start = f"X['text'], row {row} (counted from 0), column 2: the value 3e+38 is "
            assert sentence.startswith(start)
        else:
            assert np.isfinite(model.relevance_["loss_rise"]).all()
            assert np.isfinite(model.penalties_["loss"]).all()
    assert 0 < overflowed < 8


class Doubled(nn.Module):
    """A user's module that overflows at half the largest number."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 4)

    def forward(self, values: Tensor) -> Tensor:
        features: Tensor = self.linear(2.0 * values)
        return features


def test_the_raw_value_that_a_module_takes_is_named() -> None:
    model = FusionClassifier(**QUICK, encoders={"text": Doubled()}).fit(arrays(), Y)
    with pytest.raises(
        InputError, match=r"row 8 .*, column 1: the value 3e\+38 overflows float32 in the net"
    ):
        model.predict(spoiled("text", (8, 1)))


@pytest.mark.parametrize("kind", [FusionClassifier, FusionRegressor])
@pytest.mark.parametrize(
    ("changed", "what"), [({"learning_rate": 1e30}, "penalty is"), ({"penalty": 1e308}, "weights are")]
)
@pytest.mark.parametrize("cv", [SPLIT, None])
def test_a_training_that_diverged_says_when_and_what_to_lower(
    kind: Any, changed: Any, what: str, cv: Any
) -> None:
    message = f"fit: training diverged: the {what} not finite in epoch 1; lower learning_rate, or penalty if"
    with pytest.raises(TrainingError, match=message):
        kind(**QUICK | changed | {"cv": cv}).fit(arrays(), Y)


def test_what_is_not_finite_in_float32() -> None:
    scores = np.array([[1.0, 2.0], [np.nan, 0.0], [0.0, -np.inf], [1e19, 0.0], [-3e17, 0.0]])
    assert not_finite(scores).tolist() == [False, True, True, True, False]
    assert not_finite(np.zeros((0, 2))).tolist() == []


def test_a_candidate_that_diverged_blames_no_value(model) -> None:
    """Beside others that are finite."""
    samples, network = model._prepared(ModalityData(arrays())), model.ensemble_.networks[0]
    check_scores([np.full((N, 1), np.nan)], network, samples, blame=False)
    with pytest.raises(InputError, match="lower learning_rate"):
        check_scores([np.full((N, 1), np.nan)], network, samples)
    broken, infinite = model._prepared(ModalityData(spoiled("text", (6, 0), -HUGE))), np.zeros((N, 1))
    infinite[6] = np.inf
    with pytest.raises(InputError, match=r"row 6 \(counted from 0\), column 0: the value -3e\+38"):
        check_scores([infinite], network, broken, blame=False)


def test_samples_without_a_location_are_numbered(model) -> None:
    samples = model._prepared(ModalityData(spoiled("text", (6, 0)))).rows(torch.tensor([6]))
    assert samples.location is None
    with pytest.raises(InputError, match=r"X\['text'\], row 0 \(counted from 0\), column 0"):
        model.ensemble_.raw_scores(samples)


@pytest.mark.parametrize("unit", [1e-308, 1e-200, 1e160, 1e308])
def test_scores_of_huge_and_tiny_targets_are_those_of_plain_ones(unit: float) -> None:
    rng = np.random.default_rng(0)
    inputs = {"a": rng.normal(size=(40, 2))}
    y = np.tanh(inputs["a"][:, 0])
    model = FusionRegressor(epochs=1, cv=None, penalty=0.1, random_state=0).fit(inputs, y * unit)
    plain = FusionRegressor(epochs=1, cv=None, penalty=0.1, random_state=0).fit(inputs, y)
    assert model.score(inputs, y * unit) == pytest.approx(plain.score(inputs, y), abs=1e-3)
