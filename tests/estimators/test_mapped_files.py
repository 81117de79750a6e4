"""Arrays that are mapped from files are trained on where they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmfusion import FusionClassifier, ModalityData
from mmfusion.data.readers import read_source
from mmfusion.estimators import fitting


@pytest.fixture
def folder(tmp_path: Path, arrays, binary) -> Path:
    for name, values in {**arrays, "answer": (binary == "yes").astype(int)}.items():
        np.save(tmp_path / f"{name}.npy", values)
    return tmp_path


def test_nothing_is_copied_of_mapped_vectors(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = read_source(folder, "answer", modalities=["video", "audio"])
    kept = []
    prepare = fitting.prepare_samples
    monkeypatch.setattr(fitting, "prepare_samples", lambda *given: kept.append(prepare(*given)) or kept[-1])
    FusionClassifier(epochs=2, random_state=0).fit(ModalityData(source.arrays), source.target)
    for name, tensor in kept[0].inputs.items():
        values = source.arrays[name]
        assert isinstance(values, np.memmap)
        assert np.shares_memory(tensor.numpy(), values)


def test_mapped_arrays_give_what_arrays_in_memory_give(folder: Path, arrays) -> None:
    source = read_source(folder, "answer", modalities=list(arrays))
    mapped = FusionClassifier(epochs=2, random_state=0).fit(ModalityData(source.arrays), source.target)
    loaded = FusionClassifier(epochs=2, random_state=0).fit(arrays, source.target)
    np.testing.assert_array_equal(mapped.predict_proba(arrays), loaded.predict_proba(arrays))
