"""Relevance of the subsets as a figure with a heading: beta, and what held-out samples say."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from mmfusion.plotting.layout import add_heading
from mmfusion.plotting.style import figure_style
from mmfusion.plotting.subset_relevance import MOST_BARS, subset_relevance

WIDTH, HEIGHT_OF_HEADING, HEIGHT_OF_BAR = 8.6, 2.0, 0.26  # inches


def relevance_figure(relevance: pd.DataFrame, title: str, subtitle: str) -> Figure:
    """Draw beta beside the rise of the held-out loss, or beta alone where nothing was held out.

    Parameters
    ----------
    relevance : DataFrame
        ``relevance_`` of an estimator.
    title : str
        What the figure shows.
    subtitle : str
        What was trained, and what the bars are.

    Returns
    -------
    Figure
    """
    measures = ["beta", "loss_rise"] if relevance["loss_rise"].notna().any() else ["beta"]
    drawn = relevance
    if len(relevance) > MOST_BARS:
        drawn = relevance.nlargest(MOST_BARS, measures[-1]).sort_index()
        subtitle += f" Shown are the {MOST_BARS} of {len(relevance)} subsets with the largest {measures[-1]}."
    with figure_style():
        height = HEIGHT_OF_HEADING + HEIGHT_OF_BAR * len(drawn)
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        panels = figure.subplots(1, len(measures), squeeze=False)[0]
        for panel, measure in zip(panels, measures, strict=True):
            subset_relevance(panel, drawn, measure)
        if len(panels) > 1:
            panels[1].set_yticklabels([])
            panels[1].get_legend().remove()
        add_heading(figure, title, subtitle)
    return figure
