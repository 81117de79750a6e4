"""Motifs of a planted dataset: networks that have learned them hold them, and the figure says so."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from mmfusion.plotting.style import save_figure
from mmfusion.study.cells import information_cell
from mmfusion.study.data.dataset import MultimodalDataset
from mmfusion.study.data.planted import generate
from mmfusion.study.data.planted_settings import PlantedSettings
from mmfusion.study.evidence.motif_logos import motif_logos
from mmfusion.study.evidence.planted_motifs import LOGO, RECOVERED, planted_motifs
from mmfusion.study.training.cell_training import train_cell

SETTINGS = {
    "penalty": 0.01,
    "batch_size": 50,
    "weight_decay": 0.01,
    "device": "cpu",
    "max_order": None,
    "convention": "mkl",
    "encoders": {"symbols": {"width": 9, "channels": 8, "dim": 3}},
}
SMALL = PlantedSettings(length=24, sizes={"train": 1500, "validation": 50, "test": 200})


def tables(epochs: int, rate: float = 0.02) -> tuple[pd.DataFrame, pd.DataFrame]:
    views: dict[int, MultimodalDataset] = {seed: generate("XRel", seed, SMALL) for seed in (0, 1)}
    settings = {**SETTINGS, "epochs": epochs, "learning_rate": rate}
    trained = train_cell(information_cell("XRel"), views, settings, progress=False)[0]
    return planted_motifs(trained, views)


@pytest.fixture(scope="module")
def learned() -> tuple[pd.DataFrame, pd.DataFrame]:
    return tables(8)


def test_the_relevant_view_of_every_seed_and_motif(learned: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    recovered, logos = learned
    assert recovered.columns.tolist() == list(RECOVERED)
    assert recovered[["seed", "modality", "motif"]].to_numpy().tolist() == [
        [seed, "1", motif] for seed in (0, 1) for motif in (0, 1)
    ]
    assert logos.columns.tolist() == [*LOGO, *(f"symbol_{symbol}" for symbol in range(4))]
    assert set(logos["seed"]) == {0}
    assert len(logos) == 2 * 9
    assert logos.filter(like="symbol_").sum(axis=1).to_numpy() == pytest.approx(np.ones(18))


def test_what_was_learned_is_above_chance(learned: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    recovered, logos = learned
    assert recovered["recovered"].mean() > 0.8
    assert (recovered["recovered"] > recovered["chance"]).all()
    for number, motif in enumerate(SMALL.motifs):
        rows = logos[(logos["motif"] == number) & logos["position"].between(0, 6) & (logos["bits"] >= 0.5)]
        read = rows.filter(like="symbol_").to_numpy().argmax(axis=1)
        agree = np.mean(read == np.array(motif)[rows["position"]])
        assert agree >= 0.8


def test_networks_that_have_learned_nothing_recover_less(
    learned: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    assert tables(1, 1e-9)[0]["recovered"].mean() < learned[0]["recovered"].mean()


def test_figure_has_the_numbers_of_the_table(learned: tuple[pd.DataFrame, pd.DataFrame], tmp_path) -> None:
    recovered, logos = learned
    figures = [motif_logos(recovered, logos, np.array(SMALL.motifs)) for _ in range(2)]
    titles = [ax.get_title(loc="left") for ax in figures[0].axes]
    assert titles[:2] == ["planted motif 1", "planted motif 2"]
    for number, title in enumerate(titles[2:]):
        rows = recovered[recovered["motif"] == number]
        shown = [float(text) for text in re.findall(r"\d\.\d\d", title)]
        assert shown == [round(rows["recovered"].mean(), 2), round(rows["chance"].mean(), 2)]
    for number, figure in enumerate(figures):
        save_figure(figure, tmp_path / f"{number}.png")
    assert (tmp_path / "0.png").read_bytes() == (tmp_path / "1.png").read_bytes()


def test_logos_of_several_batches_are_those_of_the_first_seed(
    learned: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    recovered, logos = learned
    both = pd.concat([logos.assign(seed=5), logos], ignore_index=True)
    figures = [motif_logos(recovered, table, np.array(SMALL.motifs)) for table in (logos, both)]
    assert len({len(figure.axes) for figure in figures}) == 1


def test_nothing_that_drives_is_said(learned: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    recovered, logos = learned
    figure = motif_logos(recovered, logos.iloc[:0], np.array(SMALL.motifs))
    assert "No filter drives a planted block." in [text.get_text() for text in figure.axes[0].texts]
