"""Encoders that cannot work are reported before training, and trying them changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mmfusion import FusionClassifier, FusionRegressor, ModalityData
from mmfusion.encoders import ENCODERS
from mmfusion.errors import InputError
from mmfusion.estimators import fit_plan

pytestmark = pytest.mark.usefixtures("quick_baseline")
N = 40
RNG = np.random.default_rng(0)
DATA = {"image": RNG.normal(size=(N, 3, 4)), "age": RNG.normal(size=(N, 2))}
Y = np.arange(N) % 2
QUICK: dict[str, Any] = {"epochs": 1, "dim": 4, "random_state": 0, "cv": None, "penalty": 0.01}


class Mean(nn.Module):
    """Mean over the rows, two linear layers with what depends on the mode and on random numbers."""

    def __init__(self, inputs: int, dim: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(inputs, 6), nn.BatchNorm1d(6), nn.Dropout(0.5), nn.Linear(6, dim)
        )

    def forward(self, inputs: Tensor) -> Tensor:
        actual: Tensor = self.layers(inputs.nan_to_num().mean(1))
        return actual


class Broken(nn.Module):
    def forward(self, inputs: Tensor) -> Tensor:
        raise KeyError("weights")


class Uncopied(Mean):
    def __deepcopy__(self, memo: Any) -> Any:
        raise TypeError("no copies")


class Careless(Mean):
    """Does not know of padding."""

    def forward(self, inputs: Tensor) -> Tensor:
        actual: Tensor = self.layers(inputs.mean(1))
        return actual


def fitted(encoder: Any, **changes: Any) -> FusionClassifier:
    return FusionClassifier(**QUICK, encoders={"image": encoder}, **changes).fit(DATA, Y)


@pytest.mark.parametrize(
    ("encoder", "message"),
    [
        (Mean, r"is the class Mean, expected an instance of it; call it with its arguments, Mean\(...\)"),
        ({"module": Mean}, "is the class Mean, expected an instance"),
        (3, f"is 3, expected one of {', '.join(ENCODERS)}, a mapping with"),
        (["vector"], r"is \['vector'\], expected one of symbols"),
        ({"module": "vector"}, "is 'vector', expected one of"),
        (
            {"modul": Mean(4, 4)},
            "'modul' is not an argument of the encoder 'sequence'; did you mean 'module'",
        ),
        ({"module": Mean(4, 4), "hidden": 3}, ": 'hidden' is not an argument of your own module"),
        ({"module": Mean(4, 4), "dim": 0}, ": dim is 0, expected a whole number, at least 1"),
        ({"kind": "sequence", "dim": "8"}, ": dim is '8', expected a whole number"),
        ({"kind": "sequence", "dropout": 7.0}, ": dropout is 7.0, expected a share from 0 to below 1"),
        (
            {"kind": "sequence", "width": -3},
            r": the encoder 'sequence' cannot be made with dim=4, width=-3 \(",
        ),
        (nn.LazyLinear(4), "has parameters of unknown shape"),
        (
            Mean(5, 4),
            r": the module Mean failed on 4 samples, an array \(4, 3, 4\) of float64 \(RuntimeError",
        ),
        (
            nn.Embedding(9, 4),
            r"the module Embedding failed .* \(RuntimeError: .*indices.*expected that it maps",
        ),
        (Mean(4, 4).double(), r"the module Mean failed .* \(RuntimeError: .*dtype"),
        (Broken(), r"the module Broken failed .* \(KeyError: 'weights'\)"),
        (Mean(4, 8), r"returned float32 \(4, 8\) for inputs \(4, 3, 4\), expected floats \(4, 4\).*`dim`"),
        ({"module": Mean(4, 4), "dim": 6}, r"returned float32 \(4, 4\) .*, expected floats \(4, 6\)"),
        (nn.Identity(), r"returned float32 \(4, 3, 4\)"),
        (Uncopied(4, 4), r"the module Uncopied cannot be copied with new weights \(TypeError: no copies"),
    ],
)
def test_encoders_that_cannot_work(encoder: Any, message: str) -> None:
    with pytest.raises(InputError, match=rf"^encoders\['image'\].*{message}") as caught:
        fitted(encoder)
    assert "\n" not in str(caught.value)


def test_encoders_are_a_mapping() -> None:
    with pytest.raises(InputError, match=r"encoders: 'vector' is not a mapping"):
        FusionClassifier(encoders="vector").fit(DATA, Y)  # type: ignore[arg-type]  # the mistake


@pytest.mark.parametrize("encoder", [Mean(4, 4), {"module": Mean(4, 6), "dim": 6}, None])
def test_trying_changes_neither_results_nor_modules(encoder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    module = encoder["module"] if isinstance(encoder, dict) else encoder or nn.Identity()
    before = {name: values.clone() for name, values in module.state_dict().items()}
    state = torch.random.get_rng_state()
    tried = fitted(encoder)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert module.training
    for name, values in module.state_dict().items():
        assert torch.equal(values, before[name])
    monkeypatch.setattr(fit_plan, "check_encoders", lambda *given: None)
    np.testing.assert_array_equal(fitted(encoder).predict_proba(DATA), tried.predict_proba(DATA))


def test_missing_samples_and_padding_are_tried_as_they_are_trained() -> None:
    seen = []

    class Seeing(Mean):
        def forward(self, inputs: Tensor) -> Tensor:
            seen.append(inputs)
            return super().forward(inputs)

    there = np.arange(N) % 2 == 1
    data = ModalityData(DATA, lengths={"image": np.full(N, 2)}, present={"image": there})
    FusionRegressor(**QUICK, encoders={"image": Seeing(4, 4)}).fit(data, DATA["age"][:, 0])
    expected = DATA["image"][[1, 3, 5, 7]].copy()
    expected[:, 2:] = np.nan
    np.testing.assert_allclose(seen[0].numpy(), expected, rtol=1e-6)


@pytest.mark.parametrize("how", ["nan", "lengths"])
def test_modules_that_let_padding_through_are_reported(how: str) -> None:
    lengths, image = np.full(N, 3), DATA["image"].copy()
    lengths[30], image[30, 2:] = 2, np.nan
    data = (
        ModalityData(DATA, lengths={"image": lengths})
        if how == "lengths"
        else ModalityData({**DATA, "image": image})
    )
    message = (
        r"encoders\['image'\]: the module Careless returned NaN or infinity for 5 samples, expected finite "
        "numbers, also where padding is NaN; change its forward method"
    )
    with pytest.raises(InputError, match=message):
        FusionClassifier(**QUICK, encoders={"image": Careless(4, 4)}).fit(data, Y)
    FusionClassifier(**QUICK, encoders={"image": Mean(4, 4)}).fit(data, Y)


def test_other_input_than_in_training_is_reported() -> None:
    model = fitted(Mean(4, 4))
    wide = {**DATA, "image": RNG.normal(size=(N, 3, 5))}
    message = r"X\['image'\]: the module Mean failed on 4 samples, an array \(4, 3, 5\)"
    for ask in (model.predict, model.contributions, lambda X: model.relevance(X, Y)):
        with pytest.raises(InputError, match=message):
            ask(wide)
    assert model.predict({**DATA, "image": RNG.normal(size=(N, 7, 4))}).shape == (N,)  # more steps
    nowhere = ModalityData(DATA, present={"image": np.zeros(N, dtype=bool)})
    assert model.predict(nowhere).shape == (N,)
