"""Prediction by the folded weights, against plain tensor fusion."""

from __future__ import annotations

import torch
from layers import NORMS, dims_of
from measure import Work, in_turn, spread
from results import Row, row
from torch import Tensor

from mmfusion import TensorFusion

PART = "prediction"
DIM, BATCH = 8, 512


def measure(quick: bool) -> list[Row]:
    """Measure M = 3, 4, 5 at d = 8 under every normalisation except ``none``, which has nothing to fold."""
    rows: list[Row] = []
    for modalities in (3,) if quick else (3, 4, 5):
        dims = dims_of(modalities, DIM)
        plain = TensorFusion(dims, norm="none").eval()
        work = {
            "float32": predict(plain),
            "float64": predict(TensorFusion(dims, norm="none").eval().double()),
        }
        for norm in NORMS[1:]:
            layer = fitted(dims, norm)
            work |= {norm: predict(layer), f"{norm} folded": predict(layer.fold())}
        seconds = in_turn(work, 3.0 if quick else 15.0, most=50)
        for norm in NORMS[1:]:
            keys = {"norm": norm, "modalities": modalities, "dim": DIM, "batch": BATCH}
            for title, base in (
                ("folded (float64)", "float64"),
                ("folded (float64)", "float32"),
                ("not folded (float32)", "float32"),
            ):
                time = seconds[norm if title.startswith("not") else f"{norm} folded"]
                rows.append(row(PART, title, spread(time / seconds[base]), f"x none in {base}", **keys))
    return rows


def fitted(dims: dict[str, int], norm: str) -> TensorFusion:
    """Make a layer with statistics for prediction."""
    layer = TensorFusion(dims, norm=norm)
    layer.fit_statistics(random_features(dims, torch.float32))
    return layer.eval()


def random_features(dims: dict[str, int], dtype: torch.dtype) -> dict[str, Tensor]:
    """Draw features in a dtype."""
    generator = torch.Generator().manual_seed(0)
    return {m: torch.rand(BATCH, d, generator=generator).to(dtype) for m, d in dims.items()}


def predict(layer: TensorFusion) -> Work:
    """Return the scoring of a batch, without gradients, in the layer's dtype."""
    features = random_features(layer.dims, layer.weight.dtype)

    def work() -> None:
        with torch.no_grad():
            layer(features)

    return work
