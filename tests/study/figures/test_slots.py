import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from mmfusion.study.figures.marks import label_slots, offsets, shade_slot


@given(st.integers(1, 9), st.floats(0.01, 1))
def test_offsets_are_even_and_centred(count, step):
    positions = offsets(count, step)
    assert positions.sum() == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(np.diff(positions), step)


def test_labels_and_shades():
    ax = Figure().subplots()
    label_slots(ax, ["{1}", "{2}"])
    shade_slot(ax, 0)
    shade_slot(ax, 1, "no such subset")
    assert [label.get_text() for label in ax.get_xticklabels()] == ["{1}", "{2}"]
    assert ax.get_xlim() == (-0.5, 1.5)
    assert [patch.get_x() for patch in ax.patches] == [-0.5, 0.5]
    assert [text.get_text() for text in ax.texts] == ["no such subset"]
