"""Small made-up tables with the columns of the study's tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import product

import numpy as np
import pandas as pd
import pytest

from mmfusion.fusion.subsets import subset_label, subsets

VIEWS = {"XRel": "12", "XRelIrrXOR": "123", "XOR": "123", "Parity": "123"}
NORMS = ("none", "vbn", "ibn")
POWERS = ("1", "4/3", "inf")


def _run(rng: np.random.Generator, keys: dict[str, object], labels: Sequence[str]) -> list[dict[str, object]]:
    """One row per subset: shares that sum to one, reducibility undefined for single views and one pair."""
    shares = rng.dirichlet(np.ones(len(labels)))
    rows = []
    for label, share in zip(labels, shares, strict=True):
        order = label.count("+") + 1
        reducibility = rng.uniform(0, 1) if order > 1 and label != "2+3" else np.nan
        rows.append(
            {
                **keys,
                "subset": label,
                "order": order,
                "block_norm": 2 * share,
                "beta": share,
                "weight_share": share,
                "loss_rise": share / 4 - 0.02,
                "covariance_share": share - 0.05,
                "reducibility_single": reducibility,
                "reducibility_within": reducibility,
            }
        )
    return rows


def _cells(seeds: int, norms: Sequence[str]) -> list[tuple[dict[str, object], str]]:
    cells = []
    for (dataset, views), norm, scale in product(VIEWS.items(), norms, ["1/3", "1", "3"]):
        if scale == "1" or norm == "none":
            cells.append(({"dataset": dataset, "norm": norm, "p": "1", "scale": scale}, views))
    for norm, p in product(norms, POWERS):
        cells.append(({"dataset": "ConditionallyIndependent", "norm": norm, "p": p, "scale": "1"}, "12345"))
        for dataset in ("MOSIBinary", "MOSIReal", "mine"):
            cells.append(({"dataset": dataset, "norm": norm, "p": p, "scale": "1"}, "mosi"))
        for dataset in ("MOSICleanBinary", "MOSICleanReal"):
            cells.append(({"dataset": dataset, "norm": norm, "p": p, "scale": "1"}, "clean"))
    return [({**keys, "seed": seed}, views) for keys, views in cells for seed in range(seeds)]


def _labels(views: str) -> list[str]:
    if views == "clean":
        return [subset_label(subset) for subset in subsets(["text", "audio"])]
    if views == "mosi":
        return [subset_label(subset) for subset in subsets(["text", "audio", "video"])]
    return [subset_label(subset) for subset in subsets(views, 1 if len(views) == 5 else None)]


def _eigen(rng: np.random.Generator, seeds: int) -> dict[str, pd.DataFrame]:
    keys = {"dataset": "XRelIrrXOR", "norm": "ibn", "p": "1", "scale": "1"}
    eigen, spectrum, projections = [], [], []
    for subset, components in (("1", 4), ("2+3", 10)):
        for seed in range(seeds):
            run = {**keys, "seed": seed, "subset": subset}
            shares = np.sort(rng.dirichlet(np.ones(components)))[::-1]
            p_value = 0.001 if subset == "1" else 0.4
            eigen.append(
                {**run, "variance_share": shares[0], "auroc": 0.75 + 0.01 * seed, "p_value": p_value}
            )
            spectrum += [{**run, "component": at, "share": x} for at, x in enumerate(shares, 1)]
        for sample in range(60):
            row = {**keys, "seed": 0, "subset": subset, "sample": sample, "label": sample % 2}
            projections.append({**row, "projection": rng.normal() + sample % 2})
    return {
        "eigen": pd.DataFrame(eigen),
        "eigen_spectrum": pd.DataFrame(spectrum),
        "eigen_projections": pd.DataFrame(projections),
    }


def _tested(rng: np.random.Generator, count: int, name: str, prefix: str = "") -> dict[str, object]:
    """A quantity with its interval, named where it is above a half."""
    values = rng.uniform(0, 1, count)
    around = {name: values, f"{name}_low": values - 0.1, f"{name}_high": values + 0.1}
    return {**around, f"{prefix}named": values > 0.5}


def _information(rng: np.random.Generator, seeds: int) -> dict[str, pd.DataFrame]:
    modalities, pairs = [], []
    for (dataset, views), seed in product(
        {**VIEWS, "ConditionallyIndependent": "12345"}.items(), range(seeds)
    ):
        keys = {"dataset": dataset, "norm": "ibn", "p": "1", "scale": "1", "seed": seed}
        count = len(views)
        columns = _tested(rng, count, "alone", "alone_") | _tested(rng, count, "needed", "needed_")
        modalities.append(pd.DataFrame({**keys, "modality": list(views), **columns}))
        if count < 5:
            names = [subset_label(pair) for pair in subsets(views, 2) if len(pair) == 2]
            pairs.append(pd.DataFrame({**keys, "pair": names, **_tested(rng, len(names), "synergy")}))
    return {"modality_information": pd.concat(modalities), "synergy": pd.concat(pairs)}


@pytest.fixture(scope="session")
def make_tables() -> Callable[..., Mapping[str, pd.DataFrame]]:
    """Return a function of the number of seeds and the normalisations that makes all tables."""

    @cache
    def make(seeds: int = 3, norms: tuple[str, ...] = NORMS) -> Mapping[str, pd.DataFrame]:
        rng = np.random.default_rng(0)
        rows: list[dict[str, object]] = []
        history: list[dict[str, object]] = []
        for keys, views in _cells(seeds, norms):
            rows += _run(rng, keys, _labels(views))
            for epoch in (1, 2):
                history += [{**row, "epoch": epoch} for row in _run(rng, keys, _labels(views))]
        return {
            "subsets": pd.DataFrame(rows),
            "history": pd.DataFrame(history),
            **_eigen(rng, seeds),
            **_information(rng, seeds),
        }

    return make


@pytest.fixture(scope="session")
def tables(make_tables: Callable[..., Mapping[str, pd.DataFrame]]) -> Mapping[str, pd.DataFrame]:
    """All tables with three seeds."""
    return make_tables()
