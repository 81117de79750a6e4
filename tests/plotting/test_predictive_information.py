"""The pictures of predictive information say what the tables say, and nothing in them is cut or covered."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection, QuadMesh
from matplotlib.colors import to_rgb, to_rgba
from matplotlib.figure import Figure
from matplotlib.text import Text

from mmfusion.plotting.coalitions import MOST_COLUMNS, coalition_dots
from mmfusion.plotting.named_marks import NAME_WIDTH, short_name
from mmfusion.plotting.predictive_information import (
    QUANTITIES,
    SMALLEST_LIMIT,
    alone_against_needed,
    information_figure,
    synergy_matrix,
)

LONG = (
    "transcript of the interview, lower case",
    "acceleration_of_the_left_wrist_in_three_axes",
    "heart rate",
    "questionnaire before the visit",
    "skin conductance, right hand",
    "age and sex",
)
SHORT = ("text", "audio", "video", "pose", "gaze", "age")
SHARE = "share of the constant's loss"


def with_bounds(table: pd.DataFrame, quantity: str, seed: int, prefix: str = "") -> pd.DataFrame:
    """Add intervals that don't lie around the middle, and name every second row."""
    low, high = np.random.default_rng(seed).uniform(0.01, 0.05, (2, len(table)))
    bounds = {f"{quantity}_low": table[quantity] - low, f"{quantity}_high": table[quantity] + high}
    return table.assign(**bounds, **{f"{prefix}named": np.arange(len(table)) % 2 == 0})


def information_table(names: tuple[str, ...]) -> pd.DataFrame:
    sizes = range(1, len(names) + 1) if len(names) <= 4 else (1, 2, len(names) - 1, len(names))
    subsets = [subset for size in sizes for subset in combinations(names, size)]
    values = np.random.default_rng(1).normal(0.2, 0.2, len(subsets))
    table = pd.DataFrame({"coalition": ["+".join(subset) for subset in subsets], "information": values})
    return with_bounds(table, "information", 2)


def modality_table(names: tuple[str, ...]) -> pd.DataFrame:
    values = np.random.default_rng(3).normal(0.1, 0.2, (2, len(names)))
    table = pd.DataFrame({"modality": names, "alone": values[0], "needed": values[1], "shapley": np.nan})
    table = with_bounds(with_bounds(table, "alone", 4, "alone_"), "needed", 5, "needed_")
    return table.assign(needed_named=~table["alone_named"])


def synergy_table(names: tuple[str, ...]) -> pd.DataFrame:
    pairs = list(combinations(names, 2))
    first, second = ([pair[side] for pair in pairs] for side in (0, 1))
    values = np.random.default_rng(6).normal(0.0, 0.2, len(pairs))
    return with_bounds(pd.DataFrame({"first": first, "second": second, "synergy": values}), "synergy", 7)


def figure_for(names: tuple[str, ...], unit: str = "nats", pairs: bool = True) -> Figure:
    synergy = synergy_table(names)
    tables = information_table(names), modality_table(names), synergy if pairs else synergy.iloc[:0]
    return information_figure(
        *tables, unit, "my study: what predicts 'pain'?", "Networks of one recipe. " * 9
    )


def empty_axes() -> Axes:
    return Figure().add_subplot()


def marks(ax: Axes) -> list[PathCollection]:
    return [found for found in ax.collections if isinstance(found, PathCollection)]


def intervals(ax: Axes) -> list[np.ndarray]:
    """Return the ends of the intervals of every group of marks, each of shape (rows, 2 ends, 2)."""
    lines = [found for found in ax.collections if isinstance(found, LineCollection)]
    return [np.array(found.get_segments()).reshape(-1, 2, 2) for found in lines]


def legend_of(ax: Axes) -> list[str]:
    legend = ax.get_legend()
    assert legend is not None
    return [text.get_text() for text in legend.get_texts()]


def faces(group: PathCollection, color: str) -> list[bool]:
    """Return which marks are filled; the others must be white inside."""
    filled = [np.allclose(face, to_rgba(color)) for face in group.get_facecolors()]
    hollow = [np.allclose(face, to_rgba("white")) for face in group.get_facecolors()]
    assert [not shown for shown in filled] == hollow
    return filled


class TestAloneAgainstNeeded:
    def test_marks_and_intervals_are_the_table(self) -> None:
        table = modality_table(SHORT[:3])
        ax = alone_against_needed(empty_axes(), table)
        for group, ends, (name, _, color, _, below) in zip(marks(ax), intervals(ax), QUANTITIES, strict=True):
            rows = np.arange(3) + below
            np.testing.assert_allclose(group.get_offsets(), np.stack([table[name], rows], axis=1))
            np.testing.assert_allclose(ends[..., 0], table[[f"{name}_low", f"{name}_high"]])
            np.testing.assert_allclose(ends[..., 1], np.stack([rows, rows], axis=1))
            assert faces(group, color) == list(table[f"{name}_named"])
            np.testing.assert_allclose(group.get_edgecolors(), [to_rgba(color)])

    def test_rows_are_the_modalities_from_top_to_bottom(self) -> None:
        ax = alone_against_needed(empty_axes(), modality_table(SHORT[:3]), SHARE)
        assert [label.get_text() for label in ax.get_yticklabels()] == ["text", "audio", "video"]
        assert ax.yaxis_inverted()
        assert ax.get_xlabel() == f"information ({SHARE})\nwith 95 % interval"

    def test_both_quantities_and_hollow_marks_are_explained(self) -> None:
        names = legend_of(alone_against_needed(empty_axes(), modality_table(SHORT[:2])))
        assert [name.split(":")[0] for name in names] == ["alone", "needed", "hollow"]

    def test_zero_has_a_line_and_is_in_sight(self) -> None:
        table = modality_table(SHORT[:2]).assign(alone=0.9, alone_low=0.8, alone_high=1.0)
        table = table.assign(needed=0.7, needed_low=0.6, needed_high=0.8)
        ax = alone_against_needed(empty_axes(), table)
        assert [list(line.get_xdata()) for line in ax.lines] == [[0.0, 0.0]]
        assert ax.get_xlim()[0] < 0.0 < 1.0 < ax.get_xlim()[1]

    def test_a_row_without_interval_keeps_its_mark(self) -> None:
        table = modality_table(SHORT[:3])
        table.loc[1, ["alone_low", "alone_high"]] = np.nan
        ax = alone_against_needed(empty_axes(), table)
        assert [len(ends) for ends in intervals(ax)] == [2, 3]
        assert len(marks(ax)[0].get_offsets()) == 3
        table[["alone_low", "alone_high"]] = np.nan
        assert [len(ends) for ends in intervals(alone_against_needed(empty_axes(), table))] == [0, 3]


def cell_texts(ax: Axes) -> dict[tuple[int, int], str]:
    return {(int(text.get_position()[1]), int(text.get_position()[0])): text.get_text() for text in ax.texts}


def cell_colors(ax: Axes) -> np.ndarray:
    (mesh,) = (found for found in ax.collections if isinstance(found, QuadMesh))
    return np.asarray(mesh.get_array())


def three_pairs(*values: float, named: tuple[bool, ...] = (True, True, True)) -> pd.DataFrame:
    return synergy_table(SHORT[:3]).assign(synergy=values, named=named)


class TestSynergyMatrix:
    def test_every_pair_has_its_number_twice_and_brackets_if_it_is_not_named(self) -> None:
        table = three_pairs(0.31, -0.254, -0.001, named=(True, True, False))
        texts = cell_texts(synergy_matrix(empty_axes(), table, SHORT[:3]))
        above = {(0, 1): "+0.31", (0, 2): "\N{MINUS SIGN}0.25", (1, 2): "(0.00)"}
        assert texts == above | {(column, row): text for (row, column), text in above.items()}

    def test_small_numbers_have_three_digits(self) -> None:
        texts = cell_texts(synergy_matrix(empty_axes(), three_pairs(0.0312, -0.02, 0.0), SHORT[:3]))
        assert texts[0, 1] == "+0.031"
        assert texts[1, 2] == "0.000"

    def test_colors_are_centred_at_zero(self) -> None:
        colors = cell_colors(synergy_matrix(empty_axes(), three_pairs(0.3, -0.3, 0.0), SHORT[:3]))
        np.testing.assert_allclose(colors, colors.transpose(1, 0, 2))
        red, _, blue = colors[0, 1]
        assert blue > red + 0.1  # purple
        red, _, blue = colors[0, 2]
        assert red > blue + 0.1  # brown
        assert colors[1, 2].min() > 0.95  # zero is white

    def test_equal_amounts_are_equally_strong(self) -> None:
        weak = cell_colors(synergy_matrix(empty_axes(), three_pairs(0.1, -0.4, 0.2), SHORT[:3]))
        assert weak[0, 1].mean() > weak[1, 2].mean() > weak[0, 2].mean()

    def test_what_is_not_named_is_pale(self) -> None:
        table = three_pairs(0.3, 0.3, -0.3, named=(True, False, False))
        colors = cell_colors(synergy_matrix(empty_axes(), table, SHORT[:3]))
        assert colors[0, 2].min() > 0.7 > colors[0, 1].min()
        assert colors[1, 2].min() > 0.7

    def test_rounding_errors_have_no_strong_color(self) -> None:
        colors = cell_colors(synergy_matrix(empty_axes(), three_pairs(1e-17, -1e-17, 0.0), SHORT[:3]))
        assert colors[0, 1].min() > 0.95
        assert SMALLEST_LIMIT < 0.01

    def test_pairs_that_were_not_measured_are_grey_and_empty(self) -> None:
        ax = synergy_matrix(empty_axes(), synergy_table(SHORT[:3]).iloc[:1], SHORT[:3])
        assert set(cell_texts(ax)) == {(0, 1), (1, 0)}
        np.testing.assert_allclose(cell_colors(ax)[1, 2], cell_colors(ax)[0, 0])

    def test_names_unit_and_the_meaning_of_both_signs_are_told(self) -> None:
        ax = synergy_matrix(empty_axes(), synergy_table(SHORT[:3]), SHORT[:3], SHARE)
        for labels in (ax.get_xticklabels(), ax.get_yticklabels()):
            assert [label.get_text() for label in labels] == ["text", "audio", "video"]
        assert ax.yaxis_inverted()
        assert ax.get_xlabel() == f"synergy of a pair ({SHARE})"
        assert [name.split(":")[0] for name in legend_of(ax)] == ["positive", "negative", "pale, in brackets"]
        legend = ax.get_legend()
        assert legend is not None
        purple, brown, pale = (np.array(to_rgb(patch.get_facecolor())) for patch in legend.get_patches())
        assert purple[2] > purple[0]
        assert brown[0] > brown[2]
        assert pale.min() > purple.min()

    def test_without_pairs_it_says_so(self) -> None:
        ax = synergy_matrix(empty_axes(), synergy_table(("text",)), ("text",))
        assert [text.get_text() for text in ax.texts] == ["The synergy of pairs was not measured."]
        assert not ax.collections

    def test_a_modality_without_a_row_is_refused(self) -> None:
        with pytest.raises(ValueError, match="it has the modality 'video', expected only text, audio; pass"):
            synergy_matrix(empty_axes(), synergy_table(SHORT[:3]), SHORT[:2])


def two_axes() -> list[Axes]:
    return list(Figure().subplots(2, 1))


class TestCoalitionDots:
    def test_marks_and_intervals_are_the_table(self) -> None:
        table = information_table(SHORT[:3])
        upper, lower = coalition_dots(two_axes(), table, SHORT[:3])
        columns = np.arange(7)
        (group,), (ends,) = marks(upper), intervals(upper)
        np.testing.assert_allclose(group.get_offsets(), np.stack([columns, table["information"]], axis=1))
        np.testing.assert_allclose(ends[..., 1], table[["information_low", "information_high"]])
        np.testing.assert_allclose(ends[..., 0], np.stack([columns, columns], axis=1))
        assert faces(group, "#333333") == list(table["named"])
        assert upper.get_xlim() == lower.get_xlim()

    def test_dark_dots_are_the_modalities_of_the_subset(self) -> None:
        table = information_table(SHORT[:4])
        _, lower = coalition_dots(two_axes(), table, SHORT[:4])
        (dots,) = marks(lower)
        assert len(dots.get_offsets()) == 15 * 4
        dark = [np.allclose(color, to_rgba("#333333")) for color in dots.get_facecolors()]
        places = [tuple(place) for place, is_dark in zip(dots.get_offsets(), dark, strict=True) if is_dark]
        subsets = [
            "+".join(SHORT[int(row)] for column, row in sorted(places) if column == wanted)
            for wanted in range(15)
        ]
        assert subsets == list(table["coalition"])
        assert [label.get_text() for label in lower.get_yticklabels()] == list(SHORT[:4])
        assert lower.yaxis_inverted()

    def test_zero_and_all_modalities_have_lines(self) -> None:
        table = information_table(SHORT[:2]).assign(information=[-0.1, 0.2, 0.5])
        upper, _ = coalition_dots(two_axes(), table, SHORT[:2], SHARE)
        levels = [line.get_ydata()[0] for line in upper.lines if len(set(line.get_ydata())) == 1]
        assert levels == [0.0, 0.5]
        assert legend_of(upper)[1] == "all modalities"
        assert " ".join(upper.get_ylabel().split()) == f"information ({SHARE}) with 95 % interval"

    def test_one_modality_is_one_column(self) -> None:
        upper, lower = coalition_dots(two_axes(), information_table(("text",)), ("text",))
        assert len(marks(upper)[0].get_offsets()) == len(marks(lower)[0].get_offsets()) == 1
        assert len(legend_of(upper)) == 1

    def test_many_subsets_are_cut_and_that_is_said(self) -> None:
        names = tuple(f"m{number}" for number in range(9))
        table = information_table(names)
        upper, lower = coalition_dots(two_axes(), table, names)
        kept = table.nlargest(MOST_COLUMNS, "information").sort_index()
        np.testing.assert_allclose(marks(upper)[0].get_offsets()[:, 1], kept["information"])
        assert lower.get_xlabel().endswith(
            f"({len(table) - MOST_COLUMNS} coalitions with less information are left out)"
        )

    def test_a_modality_without_a_row_is_refused(self) -> None:
        with pytest.raises(ValueError, match="it has the modality 'video', expected only text, audio; pass"):
            coalition_dots(two_axes(), information_table(SHORT[:3]), SHORT[:2])


def drawn_texts(figure: Figure) -> Iterator[tuple[Text, Axes | None]]:
    """Yield all texts in sight with their panel; ticks beyond the limits of an axis are not drawn."""
    figure.draw_without_rendering()
    yield from ((text, None) for text in figure.texts)
    for ax in figure.axes:
        hidden = set()
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                if not low <= tick.get_loc() <= high:
                    hidden |= {tick.label1, tick.label2}
        for text in ax.findobj(Text):
            if text.get_text() and text.get_visible() and text not in hidden:
                yield text, ax


def upright(text: Text) -> bool:
    return text.get_rotation() in (0.0, 90.0)


FIGURES = [
    (names[:count], unit, pairs)
    for names in (LONG, SHORT)
    for count, unit, pairs in [
        (1, "nats", False),
        (2, "nats", True),
        (3, SHARE, True),
        (4, SHARE, True),
        (5, "nats", False),
        (6, SHARE, True),
    ]
]


class TestFigure:
    @pytest.mark.parametrize(("names", "unit", "pairs"), FIGURES)
    def test_texts_are_inside_and_cover_nothing(self, names: tuple[str, ...], unit: str, pairs: bool) -> None:
        figure = figure_for(names, unit, pairs)
        texts = [text for text, _ in drawn_texts(figure)]
        boxes = [text.get_window_extent() for text in texts]
        assert len(texts) > 10
        for text, box in zip(texts, boxes, strict=True):
            inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1
            assert inside, f"{text.get_text()!r} is cut"
        for (text, box), (other, covered) in combinations(zip(texts, boxes, strict=True), 2):
            if upright(text) or upright(other):
                assert not box.overlaps(covered), f"{text.get_text()!r} covers {other.get_text()!r}"

    @pytest.mark.parametrize("count", [2, 4, 6])
    def test_names_at_an_angle_do_not_touch(self, count: int) -> None:
        figure = figure_for(LONG[:count])
        figure.draw_without_rendering()
        labels = figure.axes[1].get_xticklabels()
        assert {label.get_rotation() for label in labels} == {40.0}
        starts = [label.get_transform().transform(label.get_position())[0] for label in labels]
        apart = np.diff(starts).min() * math.sin(math.radians(40.0))
        for label in labels:
            label.set_rotation(0)
        assert apart > max(label.get_window_extent().height for label in labels)

    @pytest.mark.parametrize("names", [LONG, SHORT])
    def test_numbers_stay_in_their_cells(self, names: tuple[str, ...]) -> None:
        figure = figure_for(names)
        figure.draw_without_rendering()
        matrix = figure.axes[1]
        width = matrix.get_window_extent().width / len(names)
        assert len(matrix.texts) == 30
        assert max(text.get_window_extent().width for text in matrix.texts) < width

    def test_panels_and_heading(self) -> None:
        figure = figure_for(SHORT[:3])
        titles = [ax.get_title(loc="left") for ax in figure.axes]
        assert titles == [
            "What does each modality tell?",
            "What do two tell together?",
            "How much do coalitions of modalities tell about the target?",
            "",
        ]
        assert [text.get_gid() for text in figure.texts] == ["title", "subtitle"]

    def test_synergy_that_was_not_measured_is_left_out(self) -> None:
        wide, narrow = figure_for(SHORT[:5], pairs=False), figure_for(SHORT[:5])
        assert len(wide.axes) == 3
        assert len(narrow.axes) == 4
        for figure in (wide, narrow):
            figure.draw_without_rendering()
        assert wide.axes[0].get_window_extent().width > 1.8 * narrow.axes[0].get_window_extent().width

    def test_one_modality_has_one_panel(self) -> None:
        figure = figure_for(("text",), SHARE)
        assert [ax.get_title(loc="left") for ax in figure.axes] == ["What does each modality tell?"]

    def test_all_zero(self) -> None:
        tables = [information_table(SHORT[:3]), modality_table(SHORT[:3]), synergy_table(SHORT[:3])]
        zero = [
            table.assign(**{name: 0.0 if table[name].dtype == float else False for name in numbers})
            for table in tables
            for numbers in [table.select_dtypes([float, bool]).columns]
        ]
        information_figure(*zero, "nats", "title", "caption").draw_without_rendering()

    def test_dollars_are_letters(self) -> None:
        names = ("price in $", r"$\frac{$", "a$b$c")
        figure = figure_for(names)
        figure.draw_without_rendering()
        assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == list(names)


@given(st.text(st.characters(categories=["L", "N", "P", "Zs", "Cc"]), min_size=1, max_size=90))
def test_short_names_keep_both_ends_and_have_two_lines(name: str) -> None:
    words = "".join(name.split())
    lines = short_name(name).split("\n")
    assert len(lines) <= 2
    assert max(map(len, lines)) <= NAME_WIDTH
    shown = "".join("".join(lines).split())
    if "…" not in name:
        start, _, end = shown.partition("…")
        assert words.startswith(start)
        assert words.endswith(end)
        assert "…" in shown or shown == words
