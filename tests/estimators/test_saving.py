"""A saved estimator predicts the same after loading; damaged files end in a sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import save_file
from sklearn.model_selection import KFold
from torch import nn

from mmfusion import FusionClassifier, FusionRegressor, ModalityData
from mmfusion.checksum import with_checksum
from mmfusion.errors import DataError, InputError

pytestmark = pytest.mark.usefixtures("quick_baseline")
QUICK: dict[str, Any] = {"epochs": 20, "dim": 4, "random_state": 0, "cv": None, "penalty": 0.01}


def test_round_trip(arrays, classifier, regressor, tmp_path: Path) -> None:
    for model, name in ((classifier, "predict_proba"), (regressor, "predict")):
        path = tmp_path / f"{name}.safetensors"
        model.save(path)
        loaded = type(model).load(path)
        np.testing.assert_array_equal(getattr(loaded, name)(arrays), getattr(model, name)(arrays))
        pd.testing.assert_frame_equal(loaded.contributions(arrays), model.contributions(arrays))
        for table in ("relevance_", "penalties_", "history_"):
            pd.testing.assert_frame_equal(getattr(loaded, table), getattr(model, table), check_exact=True)
        assert loaded.information_ is loaded.modality_information_ is loaded.synergy_ is None
        assert str(loaded.summary_) == str(model.summary_)
        assert loaded.get_params() == model.get_params()
        assert loaded.subsets_ == model.subsets_


def test_what_is_replaced_is_said(classifier, regressor, tmp_path: Path) -> None:
    path, link = tmp_path / "model.safetensors", tmp_path / "latest"
    link.symlink_to(path)
    classifier.save(link)
    with pytest.warns(UserWarning, match="latest: the file that was there is replaced"):
        regressor.save(link)
    assert link.is_symlink()
    assert FusionRegressor.load(path).subsets_ == regressor.subsets_
    with pytest.raises(InputError, match="is a folder, expected a file or a new name"):
        classifier.save(tmp_path)


@pytest.mark.parametrize("kind", ["int8", "bool", "float32", "<U3", "object"])
def test_classes_keep_their_type(arrays, binary, kind: str, tmp_path: Path) -> None:
    names = np.array(["no", "yes"]) if kind in ("<U3", "object") else np.array([0, 1])
    classes = np.unique(binary, return_inverse=True)[1]
    model = FusionClassifier(**QUICK | {"epochs": 1}).fit(arrays, names.astype(kind)[classes])
    loaded = FusionClassifier.load(_saved(model, tmp_path))
    assert loaded.classes_.dtype == model.classes_.dtype == kind
    assert loaded.predict(arrays).dtype == kind


def test_parameters_of_numpy_and_pandas_are_saved(arrays, binary, tmp_path: Path) -> None:
    given = {
        "penalty": pd.Series([0.01, 0.1]),
        "cv": np.int64(2),
        "information": np.bool_(False),
        "epochs": 1,
    }
    loaded = FusionClassifier.load(_saved(FusionClassifier(**QUICK | given).fit(arrays, binary), tmp_path))
    assert loaded.get_params()["penalty"] == [0.01, 0.1]


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
    with pytest.raises(DataError, match=r"not readable as networks \(.*\); save the estimator again"):
        FusionClassifier.load(path)
    path.write_bytes(b"\x80\x04cos\nsystem\n.")  # the beginning of a pickle
    with pytest.raises(DataError, match=r"not readable as networks \(.*\); save the estimator again"):
        FusionClassifier.load(path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("task", "guess"),
        ("target", {}),
        ("part_means", [{}, {}]),
        ("seed", None),
        ("tables", 3),
        ("parameters", []),
    ],
)
def test_a_damaged_description_ends_in_a_sentence(
    classifier, key: str, value: object, tmp_path: Path
) -> None:
    path = _saved(classifier, tmp_path)
    with safe_open(path, "np") as file:
        (name, text), *rest = file.metadata().items()
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  # not a mapping
    assert not rest
    save_file(tensors, path, {name: json.dumps(json.loads(text) | {key: value})})
    path.write_bytes(with_checksum(path.read_bytes()))
    with pytest.raises(DataError, match=r"description of the estimator is damaged .*; save it again"):
        FusionClassifier.load(path)


def test_weights_that_no_network_reads_are_refused(classifier, tmp_path: Path) -> None:
    path = _saved(classifier, tmp_path)
    with safe_open(path, "np") as file:
        metadata = file.metadata()
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  # not a mapping
    save_file(tensors | {"2/bias": np.zeros(1)}, path, metadata)
    path.write_bytes(with_checksum(path.read_bytes()))
    with pytest.raises(DataError, match="2/bias belongs to none of its networks"):
        FusionClassifier.load(path)


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused(classifier, number: float, tmp_path: Path) -> None:
    path = _saved(classifier, tmp_path)
    with safe_open(path, "np") as file:
        metadata = file.metadata()
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  # not a mapping
    tensors["1/fusion.weight"] = np.full_like(tensors["1/fusion.weight"], number)
    save_file(tensors, path, metadata)
    path.write_bytes(with_checksum(path.read_bytes()))
    with pytest.raises(DataError, match=r"1/fusion\.weight holds numbers that are not finite"):
        FusionClassifier.load(path)


def test_forty_flipped_bytes_are_noticed(classifier, tmp_path: Path) -> None:
    path = _saved(classifier, tmp_path)
    content = bytearray(path.read_bytes())
    content[-400::10] = bytes(byte ^ 1 for byte in content[-400::10])
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"content does not fit its checksum.*; save the estimator again"):
        FusionClassifier.load(path)


def test_a_parameter_that_is_no_plain_value_is_named(arrays, binary, tmp_path: Path) -> None:
    model = FusionClassifier(**QUICK | {"epochs": 1, "random_state": np.random.RandomState(0)}).fit(
        arrays, binary
    )
    with pytest.raises(InputError, match=r"a parameter cannot be written .*RandomState"):
        model.save(tmp_path / "model")
    splitter = KFold(2)
    model = FusionClassifier(**QUICK | {"epochs": 1, "cv": splitter}).fit(arrays, binary)
    with pytest.raises(InputError, match=r"a parameter cannot be written .*KFold.*; set .*cv to numbers by"):
        model.save(tmp_path / "model")
    assert not list(tmp_path.iterdir())
    model.set_params(cv=2).save(tmp_path / "model")
    loaded = FusionClassifier.load(tmp_path / "model")
    pd.testing.assert_frame_equal(loaded.relevance_, model.relevance_, check_exact=True)


def test_predictive_information_and_the_answer_are_kept(arrays, binary, tmp_path: Path) -> None:
    X = {name: arrays[name] for name in ("video", "audio")}
    model = FusionClassifier(**QUICK | {"epochs": 2, "cv": 2, "information": True}).fit(X, binary)
    model.save(tmp_path / "model")
    loaded = FusionClassifier.load(tmp_path / "model")
    for table in ("information_", "modality_information_", "synergy_"):
        pd.testing.assert_frame_equal(getattr(loaded, table), getattr(model, table), check_exact=True)
    assert str(loaded.summary_) == str(model.summary_)
    assert loaded.ensemble_.floor == model.floor
    pd.testing.assert_frame_equal(loaded.relevance(X, binary), model.relevance(X, binary))


def _saved(model: FusionClassifier, folder: Path) -> Path:
    path = folder / "model.safetensors"
    model.save(path)
    return path


class Mean(nn.Module):
    """A user's own encoder of images: mean over rows, then a linear layer."""

    def __init__(self, columns: int, dim: int) -> None:
        super().__init__()
        self.linear = nn.Linear(columns, dim)
        self.dropout = nn.Dropout(0.1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.linear(self.dropout(images.mean(dim=(1, 2))))
        return features


def test_a_module_of_ones_own_trains_saves_and_loads(arrays, binary, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    images = rng.normal(size=(len(binary), 2, 3, 5))
    images[:, :, :, 1] += 3.0 * (binary == "yes")[:, np.newaxis, np.newaxis]
    X = {"image": images, "audio": rng.normal(size=(len(binary), 2))}
    model = FusionClassifier(**QUICK, n_seeds=2, encoders={"image": Mean(5, 4)})
    model.fit(X, binary)
    assert model.relevance_.set_index("subset")["beta"].idxmax() == "image"
    assert model.score(X, binary) > 0.95
    one, two = (network.encoders[0].module.linear.weight for network in model.ensemble_.networks)
    assert not torch.equal(one, two)  # every seed has weights of its own
    model.save(tmp_path / "model")
    loaded = FusionClassifier.load(tmp_path / "model", modules={"image": Mean(5, 4)})
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    with pytest.raises(InputError, match=r"modules\['image'\] is .*expected an instance of the module"):
        FusionClassifier.load(tmp_path / "model", modules={"image": Mean})
    with pytest.raises(InputError, match=r"expected it in load\(path, modules=\{'image': module\}\)"):
        FusionClassifier.load(tmp_path / "model")
    wide = r"linear\.weight is of shape \(4, 5\) in the file, expected of shape \(4, 6\); build modules"
    with pytest.raises(DataError, match=wide):
        FusionClassifier.load(tmp_path / "model", modules={"image": Mean(6, 4)})
    with pytest.raises(DataError, match=r"0\.bias is missing in the file, expected of shape \(4,\)"):
        FusionClassifier.load(tmp_path / "model", modules={"image": nn.Sequential(nn.Linear(5, 4))})


def test_sequences_with_lengths(binary) -> None:
    rng = np.random.default_rng(1)
    speech = rng.normal(size=(len(binary), 7, 3))
    lengths = rng.integers(2, 8, len(binary))
    speech[:, :, 0] += 2.0 * (binary == "yes")[:, np.newaxis]
    data = ModalityData(
        {"speech": speech, "face": rng.normal(size=(len(binary), 4))}, lengths={"speech": lengths}
    )
    model = FusionClassifier(**QUICK).fit(data, binary)
    assert model.score(data, binary) > 0.95
    other = speech.copy()
    other[np.arange(7) >= lengths[:, np.newaxis]] = 1e6  # what stands in the padding does not matter
    padded = ModalityData({"speech": other, "face": data.arrays["face"]}, lengths={"speech": lengths})
    np.testing.assert_allclose(model.predict_proba(padded), model.predict_proba(data), rtol=1e-6)
    as_nan = np.where((np.arange(7) < lengths[:, np.newaxis])[:, :, np.newaxis], speech, np.nan)
    actual = model.predict_proba({"speech": as_nan, "face": data.arrays["face"]})
    np.testing.assert_allclose(actual, model.predict_proba(data), rtol=1e-6)
