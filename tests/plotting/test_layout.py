import numpy as np
import pytest
from matplotlib.figure import Figure

from mmfusion.plotting.layout import add_heading, figure_of, finish, legend_mark, panels


def test_panels_makes_or_takes_axes():
    grid = panels(2, 3, (4.0, 3.0))
    assert grid.shape == (2, 3)
    given = Figure().subplots(2, 3)
    taken = panels(2, 3, (4.0, 3.0), given)
    assert np.array_equal(taken, given)
    assert figure_of(taken) is given[0, 0].get_figure()
    single = panels(1, 1, (4.0, 3.0), given[0, 0])
    assert single[0, 0] is given[0, 0]


def test_panels_refuses_another_number_of_axes():
    with pytest.raises(ValueError, match="axes: 2 given, expected 2 x 3; pass None to get a new figure"):
        panels(2, 3, (4.0, 3.0), Figure().subplots(1, 2))


def test_heading_wraps_to_the_width():
    texts = {}
    for width in (4.0, 12.0):
        figure = Figure(figsize=(width, 4.0), layout="constrained")
        add_heading(figure, "title", "word " * 40)
        texts[width] = figure.texts[1].get_text()
    assert texts[4.0].count("\n") > texts[12.0].count("\n") >= 1
    assert texts[4.0].split() == texts[12.0].split() == ["word"] * 40


def test_legend_goes_below_or_into_the_axes():
    handles = [legend_mark("one", "black"), legend_mark("two", "red")]
    grid = panels(1, 1, (4.0, 3.0))
    finish(grid, True, "title", "subtitle", handles)
    assert [text.get_text() for text in figure_of(grid).legends[0].get_texts()] == ["one", "two"]
    assert [text.get_text() for text in figure_of(grid).texts] == ["title", "subtitle"]
    given = panels(1, 1, (4.0, 3.0), Figure().subplots())
    finish(given, False, "title", "subtitle", handles)
    assert given[0, 0].get_legend() is not None
    assert not figure_of(given).texts
