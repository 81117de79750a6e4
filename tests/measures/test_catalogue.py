"""The catalogue of measures agrees with what the measures compute, and needs no torch."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import torch

from mmfusion import TensorFusion
from mmfusion.measures.catalogue import LABELS, MEASURES, OF_HELD_OUT, OF_WEIGHTS
from mmfusion.measures.subset_measures import subset_measures


def test_entries_are_complete_and_unique() -> None:
    names = [measure.name for measure in MEASURES]
    assert len(set(names)) == len(set(LABELS.values())) == len(MEASURES)
    assert all(all(measure) and "|" not in "".join(measure) for measure in MEASURES)


def test_measures_of_weights_are_those_of_the_fusion_layer() -> None:
    assert tuple(TensorFusion({"a": 2, "b": 2}).relevance().columns[1:]) == OF_WEIGHTS


def test_measures_of_held_out_samples_are_those_that_are_computed() -> None:
    parts = {("1",): np.arange(8.0)[:, None], ("1", "2"): np.ones((8, 1))}
    means = {subset: np.zeros(1) for subset in parts}
    features = {"1": torch.arange(8.0).unsqueeze(1), "2": torch.ones(8, 1)}
    fusion = TensorFusion({"1": 1, "2": 1})
    table = subset_measures(fusion, parts, means, features, torch.arange(8) % 2, "binary", 0)
    assert tuple(table.columns) == ("subset", "order", *OF_WEIGHTS, *OF_HELD_OUT)


def test_the_catalogue_does_not_import_torch() -> None:
    code = "import sys, mmfusion.measures.catalogue; print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
