"""What the single figures show, checked against the tables that they read."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from mmfusion.fusion.subsets import subset_label
from mmfusion.fusion.subsets import subsets as subsets_of
from mmfusion.plotting.layout import figure_of
from mmfusion.plotting.style import figure_style
from mmfusion.study.data.planted_datasets import PLANTED_DATASETS
from mmfusion.study.figures.degree_inflation import degree_inflation
from mmfusion.study.figures.eigen_projection import eigen_projection
from mmfusion.study.figures.learning_of_constants import learning_of_constants
from mmfusion.study.figures.mosi_relevance import mosi_relevance
from mmfusion.study.figures.planted_information import planted_information
from mmfusion.study.figures.relevance_against_p import relevance_against_p
from mmfusion.study.figures.rows import MissingRowsError
from mmfusion.study.figures.scale_sensitivity import scale_sensitivity
from mmfusion.study.figures.user_relevance import user_relevance


def marker_heights(ax) -> set[float]:
    """Heights of the single markers, which are the means."""
    return {round(float(line.get_ydata()[0]), 9) for line in ax.lines if len(line.get_xdata()) == 1}


def means(table: pd.DataFrame, by: list[str], value: str) -> set[float]:
    return {round(float(mean), 9) for mean in table.groupby(by)[value].mean()}


def tick_labels(ax) -> list[str]:
    return [label.get_text() for label in ax.get_xticklabels()]


def test_relevance_against_p_shows_means_over_seeds(tables):
    subsets = tables["subsets"]
    grid = relevance_against_p(subsets)
    rows = subsets[(subsets["dataset"] == "ConditionallyIndependent") & (subsets["norm"] == "vbn")]
    assert grid.shape == (2, 3)
    assert tick_labels(grid[1, 1]) == ["1", "4/3", "∞"]
    assert marker_heights(grid[0, 1]) == means(rows, ["p", "subset"], "beta")
    assert marker_heights(grid[1, 1]) == means(rows, ["p", "subset"], "weight_share")
    assert "VBN" in grid[0, 1].get_title()
    assert grid[0, 0].get_ylabel() == "relevance β"
    labels = [text.get_text() for text in grid[0, 0].get_figure().legends[0].get_texts()]
    assert labels == [
        f"view {m} ({rho})" for m, rho in zip("12345", ("0.1", "0.3", "0.5", "0.7", "0.9"), strict=True)
    ]


def test_relevance_against_p_without_beta_says_so(tables):
    rows = tables["subsets"].assign(beta=np.nan)
    grid = relevance_against_p(rows, presence=())
    assert [text.get_text() for text in grid[0, 0].texts] == ["not defined"]
    assert grid[0, 0].get_figure().legends[0].get_texts()[0].get_text() == "view 1"


def test_order_shares_sum_to_one(tables):
    for ax in degree_inflation(tables["history"]).ravel():
        np.testing.assert_allclose(sum(line.get_ydata() for line in ax.lines), 1.0)


def test_order_shares_by_hand():
    keys = {"dataset": "XRel", "norm": "ibn", "p": "1", "scale": "1", "seed": 0, "epoch": 1}
    subsets = [("1", 1, 0.25), ("2", 1, 0.5), ("1+2", 2, np.nan)]
    history = pd.DataFrame([{**keys, "subset": s, "order": o, "weight_share": w} for s, o, w in subsets])
    singles, pair = degree_inflation(history)[0, 0].lines
    assert singles.get_ydata().tolist() == [0.75]
    assert np.isnan(pair.get_ydata()).all()


def test_band_only_with_an_interval(make_tables):
    for seeds, bands, points in ((1, 0, 0), (3, 2, 2), (20, 2, 0)):
        ax = degree_inflation(make_tables(seeds, ("none",))["history"])[0, 0]
        assert (len(ax.lines), len(ax.collections)) == (2, bands + points)
        assert len(marks_of(ax)) == points


def test_degree_inflation_marks_the_planted_order(tables):
    history = tables["history"]
    history = history[~((history["dataset"] == "XOR") & (history["norm"] == "none"))]
    grid = degree_inflation(history)
    assert grid.shape == (4, 3)
    assert [ax.get_title() for ax in grid[0]] == ["none", "VBN", "IBN"]
    planted = {"XRel": 0, "XRelIrrXOR": 0, "XOR": 1, "Parity": 2}
    for row, (dataset, order) in zip(grid, planted.items(), strict=True):
        widths = [line.get_linewidth() for line in row[2].lines]
        assert np.argmax(widths) == order
        assert widths.count(max(widths)) == 1
        assert row[0].get_ylabel().startswith(dataset)
    assert "not in" in grid[2, 0].texts[0].get_text()
    rows = history[(history["dataset"] == "XOR") & (history["norm"] == "ibn") & (history["order"] == 2)]
    expected = rows.groupby(["epoch", "seed"])["weight_share"].sum().groupby("epoch").mean()
    np.testing.assert_allclose(grid[2, 2].lines[1].get_ydata(), expected)


def test_planted_information_has_a_column_per_dataset(tables):
    modalities, pairs = tables["modality_information"], tables["synergy"]
    grid = planted_information(modalities, pairs)
    assert [ax.get_title() for ax in grid[0]] == list(PLANTED_DATASETS)
    xor = modalities[modalities["dataset"] == "XOR"]
    drawn = np.concatenate([marks.get_offsets()[:, 0] for marks in marks_of(grid[0, 3])])
    assert sorted(drawn) == pytest.approx(sorted([*xor["alone"], *xor["needed"]]))
    synergy = pairs.loc[pairs["dataset"] == "XOR", "synergy"]
    drawn = np.concatenate([marks.get_offsets()[:, 0] for marks in marks_of(grid[1, 3])])
    assert sorted(drawn) == pytest.approx(sorted(synergy))
    assert [label.get_text() for label in grid[1, 3].get_yticklabels()] == ["{1,2}", "{1,3}", "{2,3}"]


def test_planted_information_fills_the_marks_of_what_is_named(tables):
    pairs = tables["synergy"]
    own = pairs[(pairs["dataset"] == "XOR") & (pairs["seed"] == 1)]
    ax = planted_information(tables["modality_information"], pairs)[1, 3]
    faces = [tuple(face[:3]) != (1.0, 1.0, 1.0) for face in marks_of(ax)[1].get_facecolors()]
    assert faces == own["named"].to_list()


def test_planted_information_without_pairs_says_so(tables):
    modalities = tables["modality_information"]
    rows = modalities[modalities["dataset"] == "ConditionallyIndependent"]
    for pairs in (tables["synergy"], tables["synergy"].iloc[:0, :0]):
        grid = planted_information(rows, pairs)
        assert grid.shape == (2, 1)
        assert [text.get_text() for text in grid[1, 0].texts] == ["not measured"]
        assert [label.get_text() for label in grid[0, 0].get_yticklabels()] == list("12345")


def marks_of(ax):
    """The collections of markers; the others are lines."""
    return [found for found in ax.collections if isinstance(found, PathCollection)]


def test_learning_of_constants_states_missing_weight(tables):
    subsets = tables["subsets"].copy()
    lost = (subsets["dataset"] == "XOR") & (subsets["subset"] == "1+2") & (subsets["norm"] == "ibn")
    subsets.loc[lost & (subsets["seed"] == 0), "reducibility_single"] = np.nan
    xrel, _, xor, parity = learning_of_constants(subsets).ravel()
    texts = [text.get_text() for text in xor.texts]
    assert texts.count("no weight") == 3  # {2,3}, each of three normalisations
    assert texts.count("2/3") == 1
    assert [text.get_text() for text in xrel.texts] == ["no such block"] * 4
    assert tick_labels(parity)[0] == "{1,2}\nfrom single views"
    assert tick_labels(parity)[-1] == "{1,2,3}\nfrom all smaller subsets"
    rows = subsets[(subsets["dataset"] == "XRel") & (subsets["scale"] == "1") & (subsets["order"] == 2)]
    assert marker_heights(xrel) == means(rows, ["norm"], "reducibility_single")


def test_learning_of_constants_needs_interactions(tables):
    singles = tables["subsets"].query("order == 1")
    with pytest.raises(MissingRowsError, match="no row with an order above one"):
        learning_of_constants(singles)


def test_learning_of_constants_shows_negative_values(tables):
    subsets = tables["subsets"].assign(reducibility_single=-0.7)
    for ax in learning_of_constants(subsets).ravel():
        assert ax.get_ylim()[0] < -0.7


def eigen_tables(tables) -> list[pd.DataFrame]:
    return [tables[name] for name in ("eigen", "eigen_spectrum", "eigen_projections")]


def area(polygon) -> float:
    """Area of a filled curve, by the shoelace formula."""
    x, y = polygon.get_paths()[0].vertices.T
    return abs(float(np.dot(x, np.roll(y, -1)) - np.dot(np.roll(x, -1), y))) / 2


def test_eigen_projection_counts_every_sample(tables):
    spectrum, histogram, auroc = eigen_projection(*eigen_tables(tables), subset="1", role="relevant").ravel()
    known = tables["eigen_projections"].query("subset == '1'")["projection"]
    width = (known.max() - known.min()) / 40
    assert [area(curve) / width for curve in histogram.collections] == pytest.approx([30, 30])
    assert "AUROC 0.75, p = 0.001" in histogram.get_title()
    labels = [text.get_text() for text in histogram.get_legend().get_texts()]
    assert labels == ["class 0 (n = 30)", "class 1 (n = 30)"]
    table = tables["eigen_spectrum"].query("subset == '1'")
    assert marker_heights(spectrum) == means(table, ["component"], "share")
    circles = [line for line in auroc.lines if line.get_marker() == "o"]
    np.testing.assert_allclose([line.get_ydata()[0] for line in circles], [0.75, 0.76, 0.77])
    assert all(line.get_markerfacecolor() == line.get_color() for line in circles)


def test_eigen_projection_is_hollow_where_it_can_be_chance(tables):
    spectrum, _, auroc = eigen_projection(*eigen_tables(tables), subset="2+3", role="irrelevant").ravel()
    circles = [line for line in auroc.lines if line.get_marker() == "o"]
    assert {to_hex(line.get_markerfacecolor()) for line in circles} == {"#ffffff"}
    assert len(spectrum.get_xticks()) == 8


def test_mosi_relevance_keeps_to_one_p(tables):
    all_p = tables["subsets"]
    for subsets, drawn in ((all_p[all_p["p"] != "1"], "4/3"), (all_p, "1")):
        grid = mosi_relevance(subsets)
        rows = subsets[(subsets["dataset"] == "MOSIReal") & (subsets["p"] == drawn)]
        assert marker_heights(grid[0, 1]) == means(rows, ["norm", "subset"], "weight_share")
        assert marker_heights(grid[1, 1]) == means(rows, ["norm", "subset"], "covariance_share")
    assert tick_labels(grid[1, 0])[-1] == "text\n+ audio\n+ video"
    assert "held-out" in grid[1, 0].get_ylabel()


def test_mosi_relevance_with_one_task(tables):
    rows = tables["subsets"].query("dataset == 'MOSIReal'")
    assert mosi_relevance(rows).shape == (2, 1)


def renamed(subsets, name: str) -> pd.DataFrame:
    """Copy the rows of MOSIReal as a user's dataset."""
    rows = subsets.query("dataset == 'MOSIReal'")
    return rows.assign(dataset=name)


def test_user_relevance_shows_three_measures_of_every_dataset(tables):
    subsets = pd.concat([tables["subsets"], renamed(tables["subsets"], "yours")], ignore_index=True)
    grid = user_relevance(subsets)
    assert grid.shape == (2, 3)
    for row, dataset in zip(grid, ("mine", "yours"), strict=True):
        rows = subsets[(subsets["dataset"] == dataset) & (subsets["p"] == "1") & (subsets["scale"] == "1")]
        assert row[0].get_title() == dataset
        for ax, measure in zip(row, ("weight_share", "covariance_share", "loss_rise"), strict=True):
            assert marker_heights(ax) == means(rows, ["norm", "subset"], measure)
            zero = [line for line in ax.lines if list(line.get_ydata()) == [0, 0]]
            assert len(zero) == 1
        assert "loss rise" in row[2].get_ylabel()
        assert tick_labels(row[2])[-1] == "text\n+ audio\n+ video"
    subtitle = figure_of(grid).texts[1].get_text().replace("\n", " ")
    assert subtitle.startswith("Datasets: mine and yours, p = 1. Top: ")
    assert "Bottom: rise of the mean loss on the test split" in subtitle


@pytest.mark.parametrize(("modalities", "turned"), [(4, False), (8, True)])
def test_user_relevance_of_many_modalities_has_no_overlapping_labels(modalities, turned):
    names = ["text", "audio", "video", "physiology", "gait", "eye_tracking", "context", "history"][
        :modalities
    ]
    keys = {"dataset": "ward", "p": "1", "scale": "1", "seed": 0}
    values = {"weight_share": 0.1, "covariance_share": 0.2, "loss_rise": -0.3}
    rows = [
        {**keys, **values, "norm": norm, "subset": subset_label(subset)}
        for norm in ("ibn", "none")
        for subset in subsets_of(names, 2)
    ]
    with figure_style():
        grid = user_relevance(pd.DataFrame(rows))
        figure = figure_of(grid)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        boxes = [label.get_window_extent() for label in grid[0, 2].get_xticklabels()]
    width, _ = canvas.get_width_height()
    assert (grid[0, 2].get_xticklabels()[0].get_rotation() == 90) == turned
    assert all(first.x1 < second.x0 for first, second in pairwise(boxes))
    assert boxes[0].x0 >= 0
    assert boxes[-1].x1 <= width
    assert boxes[0].y1 < grid[0, 2].get_window_extent().y0


def test_scale_sensitivity_shows_every_scale(tables):
    subsets = tables["subsets"]
    grid = scale_sensitivity(subsets)
    rows = subsets[(subsets["dataset"] == "Parity") & (subsets["norm"] == "none")]
    assert marker_heights(grid[3, 0]) == means(rows, ["scale", "subset"], "beta")
    assert "no such\nsubset" in [text.get_text() for text in grid[0, 0].texts]
    labels = [text.get_text() for text in grid[0, 0].get_figure().legends[0].get_texts()]
    assert labels == ["1/3", "1", "3"]


def test_scale_sensitivity_needs_two_scales(tables):
    with pytest.raises(MissingRowsError, match="norm none and a scale other than 1"):
        scale_sensitivity(tables["subsets"].query("scale == '1'"))


def test_figures_draw_on_given_axes(make_tables):
    tables = make_tables(1, ("none", "ibn"))
    cases = [
        (lambda axes: relevance_against_p(tables["subsets"], axes), (2, 2)),
        (lambda axes: degree_inflation(tables["history"], axes), (4, 2)),
        (lambda axes: learning_of_constants(tables["subsets"], axes), (4, 1)),
        (lambda axes: eigen_projection(*eigen_tables(tables), "1", "relevant", axes), (1, 3)),
        (lambda axes: mosi_relevance(tables["subsets"], axes), (2, 2)),
        (lambda axes: scale_sensitivity(tables["subsets"], axes), (4, 1)),
        (lambda axes: user_relevance(tables["subsets"], axes), (1, 3)),
    ]
    for plot, shape in cases:
        figure = Figure()
        axes = figure.subplots(*shape, squeeze=False)
        assert np.array_equal(plot(axes), axes)
        assert not figure.texts
        assert not figure.legends
        assert all(ax.has_data() or ax.texts for ax in axes.ravel())
        with pytest.raises(ValueError, match="axes: 1 given"):
            plot(axes[0, 0])
