import os
import re
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from mmfusion.plotting.style import (
    NORM_COLORS,
    NORM_MARKERS,
    figure_bytes,
    figure_style,
    graded_colors,
    norm_look,
    order_color,
    save_figure,
)
from mmfusion.study.names import NORM_NAMES


def small_figure() -> Figure:
    with figure_style():
        figure = Figure(figsize=(2, 2), layout="constrained")
        ax = figure.subplots()
        ax.plot([0, 1], [1, 0], label="β")
        ax.legend()
        ax.set_title("title")
    return figure


@pytest.mark.parametrize("suffix", [".png", ".pdf", ".svg"])
def test_two_saves_are_equal_and_undated(tmp_path, suffix):
    paths = [tmp_path / f"{name}{suffix}" for name in "ab"]
    save_figure(small_figure(), paths[0])
    with matplotlib.rc_context({"font.size": 30.0, "savefig.dpi": 30}):  # a user's own settings
        save_figure(small_figure(), paths[1])
    content = paths[0].read_bytes()
    assert content == paths[1].read_bytes()
    assert b"CreationDate" not in content
    assert b"<dc:date>" not in content
    assert sorted(tmp_path.iterdir()) == paths


def test_bytes_do_not_depend_on_the_hash_seed(tmp_path):
    code = (
        "import sys; from matplotlib.figure import Figure\n"
        "from mmfusion.plotting.style import save_figure, figure_style\n"
        "with figure_style():\n    figure = Figure(); figure.text(0.1, 0.5, 'relevance β of {1,2}')\n"
        "for suffix in ('.png', '.pdf'): save_figure(figure, sys.argv[1] + suffix)"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "1"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "other")], check=True, env=environment)
    with figure_style():
        figure = Figure()
        figure.text(0.1, 0.5, "relevance β of {1,2}")
    for suffix in (".png", ".pdf"):
        save_figure(figure, tmp_path / f"own{suffix}")
        assert (tmp_path / f"own{suffix}").read_bytes() == (tmp_path / f"other{suffix}").read_bytes()


def test_png_has_200_dots_per_inch(tmp_path):
    save_figure(small_figure(), tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    assert int.from_bytes(content[16:20], "big") == 400


def test_unknown_suffix_writes_nothing(tmp_path):
    with pytest.raises(ValueError, match=r"unknown figure suffix '.jpg', expected one of .png, .pdf, .svg"):
        save_figure(small_figure(), tmp_path / "a.jpg")
    assert not list(tmp_path.iterdir())


def test_style_leaves_settings_as_they_were():
    before = dict(matplotlib.rcParams)
    with figure_style():
        assert matplotlib.rcParams["legend.frameon"] is False
    assert dict(matplotlib.rcParams) == before


def test_every_norm_looks_different():
    assert list(NORM_COLORS) == list(NORM_MARKERS) == list(NORM_NAMES)
    assert len(set(NORM_COLORS.values())) == len(set(NORM_MARKERS.values())) == len(NORM_NAMES)
    look = norm_look("mine")
    assert look["color"] not in NORM_COLORS.values()
    assert look["marker"] not in NORM_MARKERS.values()


def test_orders_and_grades_look_different():
    assert len({order_color(order) for order in range(1, 7)}) == 6
    assert order_color(7) == order_color(1)
    assert len(set(graded_colors(5))) == 5
    assert len(graded_colors(1)) == 1


def test_the_last_bits_of_a_layout_do_not_change_an_svg() -> None:
    def drawn(left: float) -> bytes:
        figure = Figure(figsize=(3, 2))
        ax = figure.add_axes((left, 0.2, 0.7, 0.7))
        ax.plot([0, 1], [0, 1], marker="o")
        ax.scatter([0.5], [0.2])
        return figure_bytes(figure, ".svg")

    assert drawn(0.1) == drawn(float(np.nextafter(0.1, 1)))
    names = re.findall(rb' id="(\w\d+)"', drawn(0.1))
    assert len(names) == len(set(names)) >= 3
    used = set(re.findall(rb'(?:url\(#|xlink:href="#)(\w\d+)[)"]', drawn(0.1)))
    assert used <= set(names)
    assert len(used) >= 3
