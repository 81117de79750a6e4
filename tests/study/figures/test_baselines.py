"""A few figures look as they did: compared with the pictures in ``baseline``.

They are drawn anew by pytest with this file and the options ``-n0 -W default`` and
``--mpl-generate-path=tests/study/figures/baseline``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd
import pytest
from matplotlib.figure import Figure

from mmfusion.plotting.print_size import print_size
from mmfusion.plotting.subset_relevance import relevance_figure
from mmfusion.study.figures.drawing import draw_figure

Tables = Callable[..., Mapping[str, pd.DataFrame]]
# Lines of letters differ a little from one version of FreeType to another.
LOOK = {"savefig_kwargs": {"dpi": 60}, "tolerance": 6, "style": "default"}


@pytest.mark.mpl_image_compare(**LOOK)
def test_planted_weight(make_tables: Tables) -> Figure:
    return draw_figure("planted_weight", make_tables(3))


@pytest.mark.mpl_image_compare(**LOOK)
def test_planted_weight_in_print(make_tables: Tables) -> Figure:
    return print_size(draw_figure("planted_weight", make_tables(3)))


@pytest.mark.mpl_image_compare(**LOOK)
def test_relevance_of_an_answer() -> Figure:
    table = pd.DataFrame(
        {
            "subset": ["text", "audio", "text+audio"],
            "order": [1, 1, 2],
            "beta": [0.6, 0.1, 0.3],
            "beta_spread": [0.05, 0.02, 0.04],
            "loss_rise": [0.4, 0.01, 0.2],
            "loss_rise_low": [0.3, -0.02, 0.1],
            "loss_rise_high": [0.5, 0.04, 0.3],
            "named": [True, False, True],
        }
    )
    return relevance_figure(table, "speech.csv: what predicts 'agrees'?", "Five networks, made-up numbers.")
