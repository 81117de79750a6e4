"""A saved estimator predicts the same after loading; damaged files end in a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmfusion import FusionClassifier, FusionRegressor
from mmfusion.errors import DataError, InputError


def test_round_trip(arrays, classifier, regressor, tmp_path: Path) -> None:
    for model, name in ((classifier, "predict_proba"), (regressor, "predict")):
        path = tmp_path / "model.safetensors"
        model.save(path)
        loaded = type(model).load(path)
        np.testing.assert_array_equal(getattr(loaded, name)(arrays), getattr(model, name)(arrays))
        pd.testing.assert_frame_equal(loaded.contributions(arrays), model.contributions(arrays))
        for table in ("relevance_", "penalties_", "history_"):
            pd.testing.assert_frame_equal(getattr(loaded, table), getattr(model, table), check_exact=True)
        assert loaded.get_params() == model.get_params()
        assert loaded.subsets_ == model.subsets_
    assert classifier.classes_.dtype == FusionClassifier.load(_saved(classifier, tmp_path)).classes_.dtype


def test_a_loaded_estimator_measures_relevance_as_before(arrays, binary, classifier, tmp_path: Path) -> None:
    loaded = FusionClassifier.load(_saved(classifier, tmp_path))
    pd.testing.assert_frame_equal(loaded.relevance(arrays, binary), classifier.relevance(arrays, binary))


def test_what_is_no_estimator_ends_in_a_sentence(classifier, tmp_path: Path) -> None:
    path = _saved(classifier, tmp_path)
    with pytest.raises(DataError, match="no such file"):
        FusionClassifier.load(tmp_path / "nothing")
    with pytest.raises(DataError, match="holds a FusionClassifier, expected a FusionRegressor"):
        FusionRegressor.load(path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataError, match="not a readable estimator"):
        FusionClassifier.load(path)
    path.write_bytes(b"\x80\x04cos\nsystem\n.")  # the beginning of a pickle
    with pytest.raises(DataError, match="not a readable estimator"):
        FusionClassifier.load(path)


def test_a_parameter_that_is_no_plain_value_is_named(arrays, binary, tmp_path: Path) -> None:
    model = FusionClassifier(epochs=1, random_state=np.random.RandomState(0)).fit(arrays, binary)
    with pytest.raises(InputError, match=r"a parameter cannot be written .*RandomState"):
        model.save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


def _saved(model: FusionClassifier, folder: Path) -> Path:
    path = folder / "model.safetensors"
    model.save(path)
    return path
