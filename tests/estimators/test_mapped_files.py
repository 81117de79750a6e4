"""Arrays that are mapped from files are trained on where they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.utils._python_dispatch import TorchDispatchMode

from mmfusion import FusionClassifier, ModalityData
from mmfusion.data.readers import read_source
from mmfusion.estimators import fit_plan
from mmfusion.estimators.encoder_checks import TRIED

pytestmark = pytest.mark.usefixtures("no_linear_baseline")
QUICK: dict[str, Any] = {"epochs": 2, "random_state": 0, "cv": None, "penalty": 0.01}


@pytest.fixture
def folder(tmp_path: Path, arrays, binary) -> Path:
    for name, values in {**arrays, "answer": (binary == "yes").astype(int)}.items():
        np.save(tmp_path / f"{name}.npy", values)
    return tmp_path


def test_nothing_is_copied_of_mapped_vectors(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = read_source(folder, "answer", modalities=["video", "audio"])
    kept = []
    prepare = fit_plan.prepare_samples
    monkeypatch.setattr(fit_plan, "prepare_samples", lambda *given: kept.append(prepare(*given)) or kept[-1])
    FusionClassifier(**QUICK).fit(ModalityData(source.arrays), source.target)
    for name, tensor in kept[0].inputs.items():
        values = source.arrays[name]
        assert isinstance(values, np.memmap)
        assert np.shares_memory(tensor.numpy(), values)


def test_mapped_arrays_give_what_arrays_in_memory_give(folder: Path, arrays) -> None:
    source = read_source(folder, "answer", modalities=list(arrays))
    mapped = FusionClassifier(**QUICK).fit(ModalityData(source.arrays), source.target)
    loaded = FusionClassifier(**QUICK).fit(arrays, source.target)
    np.testing.assert_array_equal(mapped.predict_proba(arrays), loaded.predict_proba(arrays))


class CountedRows(np.memmap):
    """A mapped array that counts the rows that NumPy reads of it."""

    rows: list[int]

    def __array_finalize__(self, other: Any) -> None:
        super().__array_finalize__(other)
        self.rows = getattr(other, "rows", [])

    def __getitem__(self, rows: Any) -> NDArray[Any]:
        part = self.view(np.ndarray)[rows]
        self.rows.append(len(part))
        return part

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        self.rows.append(len(self))
        plain = [x.view(np.ndarray) if isinstance(x, CountedRows) else x for x in inputs]
        return getattr(ufunc, method)(*plain, **options)


class CountedTensors(TorchDispatchMode):
    """Counts the rows that PyTorch reads of a mapped array, without those of training batches."""

    def __init__(self, values: NDArray[Any]) -> None:
        super().__init__()
        self.start, self.stop = values.ctypes.data, values.ctypes.data + values.nbytes
        self.rows: list[int] = []

    def __torch_dispatch__(self, call: Any, types: Any, inputs: Any = (), options: Any = None) -> Any:
        result = call(*inputs, **(options or {}))
        for values in inputs:
            if isinstance(values, torch.Tensor) and self.start <= values.data_ptr() < self.stop:
                shared = isinstance(result, torch.Tensor) and self.start <= result.data_ptr() < self.stop
                if not shared and call is not torch.ops.aten.index_select.default:
                    self.rows.append(len(result) if call is torch.ops.aten.index.Tensor else len(values))
        return result


def test_a_mapped_modality_is_read_whole_at_most_three_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To check that it is finite, for its moments, and for the constants of prediction."""
    rng, n = np.random.default_rng(0), 10_000
    np.save(tmp_path / "video.npy", rng.normal(size=(n, 3)))
    video = np.load(tmp_path / "video.npy", mmap_mode="r").view(CountedRows)
    video.rows = []
    y = np.asarray(rng.normal(size=n) > 0)
    to_numpy = torch.Tensor.numpy

    def counted(tensor: torch.Tensor, *given: Any, **options: Any) -> NDArray[Any]:
        array = to_numpy(tensor, *given, **options)
        if video.ctypes.data == tensor.data_ptr():
            array = array.view(CountedRows)
            array.rows = video.rows
        return array

    monkeypatch.setattr(torch.Tensor, "numpy", counted)
    with CountedTensors(video) as tensors:
        FusionClassifier(**QUICK).fit({"video": video, "audio": rng.normal(size=(n, 2))}, y)
    few = TRIED + 1  # rows that encoders are tried on, and one whose size is asked for
    assert sum(video.rows) + sum(tensors.rows) <= 3 * n + few
    assert min(sum(video.rows), sum(tensors.rows)) >= n  # both count
