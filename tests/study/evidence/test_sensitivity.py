"""The sensitivity map: one factor changes, on seeds of its own, and what is reached is counted right."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mmfusion.plotting.layout import figure_of
from mmfusion.study.evidence.recipe_settings import FACTORS, MAPPED, RECIPE, TARGETS, changed, value_of_study
from mmfusion.study.evidence.sensitivity import COLUMNS, sensitivity
from mmfusion.study.evidence.sensitivity_figure import sensitivity_figure
from mmfusion.study.evidence.sensitivity_map import sensitivity_map

SETTINGS = {
    "penalty": 0.01,
    "batch_size": 50,
    "learning_rate": 0.01,
    "weight_decay": 0.01,
    "device": "cpu",
    "max_order": None,
    "convention": "mkl",
    "epochs": 2,
    "encoders": {"symbols": {"width": 8, "channels": 6, "dim": 3}},
}
GENERATION = {"length": 20, "sizes": {"train": 200, "validation": 40, "test": 60}}


def betas(values: dict[str, float], factor: str, value: str) -> pd.DataFrame:
    """Rows of two seeds around the given means."""
    rows = []
    for target in TARGETS:
        name = f"{target.cell.dataset} {target.cell.norm} {target.subset}"
        for seed, shift in ((100, -0.01), (101, 0.01)):
            keys = {"dataset": target.cell.dataset, "norm": target.cell.norm, "p": "1", "scale": "1"}
            rows.append({**keys, "seed": seed, "subset": target.subset, "beta": values[name] + shift})
    return pd.DataFrame(rows).assign(factor=factor, value=value, accuracy_test=0.9)


def table_of(values: dict[str, float]) -> pd.DataFrame:
    parts = [betas(values, factor, value) for factor, many in FACTORS.items() for value in many]
    return pd.concat([betas(values, RECIPE, RECIPE), *parts], ignore_index=True)


OURS = {
    "XRel vbn 1+2": 0.68,
    "XRelIrrXOR dbn 1": 0.87,
    "XRelIrrXOR dbn 1+2+3": 0.13,
    "XRel ibn 1": 1.0,
    "XRelIrrXOR ibn 1": 1.0,
}
POSTER = {**OURS, "XRel vbn 1+2": 0.97, "XRelIrrXOR dbn 1": 0.3, "XRelIrrXOR dbn 1+2+3": 0.7}


@pytest.mark.parametrize("factor", FACTORS)
def test_one_factor_changes(factor: str) -> None:
    value = FACTORS[factor][0]
    recipe, data = changed(factor, value, SETTINGS, GENERATION)
    assert value_of_study(factor, recipe, data) == float(value)
    for other in FACTORS:
        if other != factor:
            own = value_of_study(other, SETTINGS, GENERATION)
            assert value_of_study(other, recipe, data) == own
    assert changed(RECIPE, RECIPE, SETTINGS, GENERATION) == (SETTINGS, GENERATION)
    assert SETTINGS["epochs"] == 2


def test_an_unknown_factor_is_refused() -> None:
    with pytest.raises(ValueError, match=r"factor 'epoch': expected one of penalty, epochs, .*, recipe\."):
        changed("epoch", "3", SETTINGS, GENERATION)


def test_every_dataset_has_its_own_recipe() -> None:
    settings = {"XRel": {**SETTINGS, "epochs": 1}, "XRelIrrXOR": {**SETTINGS, "epochs": 3}}
    table = sensitivity(RECIPE, RECIPE, settings, dict.fromkeys(MAPPED, GENERATION), [7])
    same = sensitivity("epochs", "1", dict.fromkeys(MAPPED, SETTINGS), dict.fromkeys(MAPPED, GENERATION), [7])
    equal = table.set_index(["dataset", "norm", "subset"])["beta"].eq(
        same.set_index(["dataset", "norm", "subset"])["beta"]
    )
    assert equal.groupby("dataset").all().to_dict() == {"XRel": True, "XRelIrrXOR": False}


def test_every_cell_seed_and_subset_has_a_row() -> None:
    by_dataset = [dict.fromkeys(MAPPED, given) for given in (SETTINGS, GENERATION)]
    table = sensitivity("epochs", "1", *by_dataset, [7, 9])
    assert table.columns.tolist() == list(COLUMNS)
    assert set(zip(table["factor"], table["value"], strict=True)) == {("epochs", "1")}
    sizes = table.groupby(["dataset", "norm", "seed"]).size()
    assert sizes.to_dict() == {
        (dataset, norm, seed): count
        for dataset, norms, count in (("XRel", ("ibn", "vbn"), 3), ("XRelIrrXOR", ("dbn", "ibn"), 7))
        for norm in norms
        for seed in (7, 9)
    }
    assert table.groupby(["dataset", "norm", "seed"])["beta"].sum().to_numpy() == pytest.approx(np.ones(8))
    assert table["accuracy_test"].between(0, 1).all()


def test_the_map_counts_what_is_reached() -> None:
    ours, poster = sensitivity_map(table_of(OURS)), sensitivity_map(table_of(POSTER))
    assert len(ours) == 1 + sum(len(values) for values in FACTORS.values())
    assert (ours["reached"] == 0).all()
    assert ours["kept"].all()
    assert (poster["reached"] == 3).all()
    lost = sensitivity_map(table_of({**POSTER, "XRel ibn 1": 0.9}))
    assert not lost["kept"].any()
    table = table_of(OURS)
    table.loc[(table["dataset"] == "XRel") & (table["norm"] == "ibn"), "accuracy_test"] = 0.6
    table.loc[(table["dataset"] == "XRel") & (table["norm"] == "vbn"), "accuracy_test"] = 0.1
    assert sensitivity_map(table)["accuracy_ibn"].to_numpy() == pytest.approx(np.full(len(ours), 0.6))
    assert ours["XRel vbn 1+2"].to_numpy() == pytest.approx(np.full(len(ours), 0.68))


def test_nothing_is_counted_where_beta_is_not_defined() -> None:
    table = sensitivity_map(table_of(OURS).assign(beta=np.nan))
    assert table[["reached", "kept"]].isna().all(axis=None)


def test_the_figure_has_the_own_value_in_its_place() -> None:
    own = {factor: value_of_study(factor, SETTINGS, GENERATION) for factor in FACTORS}
    grid = sensitivity_figure(table_of(OURS), own)
    assert grid.shape == (len(TARGETS), len(FACTORS))
    labels = [text.get_text() for text in grid[-1, 0].get_xticklabels()]
    assert labels == ["0.0003", "0.001", "0.003", "0.01", "0.03", "0.1"]
    assert figure_of(grid).legends
