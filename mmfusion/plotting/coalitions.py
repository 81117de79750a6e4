"""What networks tell that are given some of the modalities: a column per coalition, as in an UpSet plot."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from mmfusion.fusion.subsets import parse_subset
from mmfusion.plotting.layout import legend_mark
from mmfusion.plotting.named_marks import check_modalities, draw_marks, head_panel, hollow_handle, name_rows
from mmfusion.plotting.style import GREEN, GREY, PALE

MOST_COLUMNS = 40
"""Subsets beyond this number are left out, those with the least information first."""
_INK, _ABSENT = "#333333", "#CFCFCF"


def coalition_dots(
    axes: Iterable[Axes], table: pd.DataFrame, modalities: Sequence[str], unit: str = "nats"
) -> tuple[Axes, Axes]:
    """Draw the information of every measured subset, and below it which modalities the subset has.

    Parameters
    ----------
    axes : two Axes
        The upper gets information and intervals, the lower the dots.
    table : DataFrame
        ``information_`` of an estimator: coalition, information, its bounds and named.
    modalities : sequence of str
        All modalities, in their order.
    unit : str, default "nats"
        Unit of the information.

    Returns
    -------
    tuple of Axes
        The upper and the lower.

    Raises
    ------
    ValueError
        If the table speaks of a modality that is not among `modalities`.

    References
    ----------
    Lex et al., UpSet: Visualization of Intersecting Sets, IEEE TVCG 2014.
    """
    upper, lower = axes
    drawn = _largest(table)
    members = _members(drawn["coalition"], modalities)
    _draw_information(upper, drawn, members, unit)
    _draw_members(lower, members, modalities)
    for ax in (upper, lower):
        ax.set_xlim(-0.5, len(drawn) - 0.5)
        ax.set_xticks([])
        for column in np.flatnonzero(np.diff(members.sum(axis=1))):  # between the sizes of subsets
            ax.axvline(column + 0.5, color=_ABSENT, lw=0.8, ls=":", zorder=1)
    left_out = len(table) - len(drawn)
    cut = f"\n({left_out} coalitions with less information are left out)" if left_out else ""
    lower.set_xlabel(
        f"a column is a coalition: dark dots are the modalities that its networks were given{cut}"
    )
    return upper, lower


def _largest(table: pd.DataFrame) -> pd.DataFrame:
    """Leave out the subsets with the least information where there are more than `MOST_COLUMNS`."""
    many = len(table) > MOST_COLUMNS
    return table.nlargest(MOST_COLUMNS, "information").sort_index() if many else table


def _members(coalitions: Iterable[str], modalities: Sequence[str]) -> NDArray[np.bool_]:
    """Return which modalities every subset has, shape (subsets, modalities)."""
    subsets = [set(parse_subset(label)) for label in coalitions]
    check_modalities(set().union(*subsets), modalities)
    return np.array([[name in subset for name in modalities] for subset in subsets])


def _draw_information(ax: Axes, drawn: pd.DataFrame, members: NDArray[np.bool_], unit: str) -> None:
    draw_marks(ax, np.arange(len(drawn)), drawn, "information", "named", _INK, across="y")
    ax.axhline(0.0, color=GREY, lw=0.8)
    handles = [hollow_handle(_INK)]
    complete = np.flatnonzero(members.all(axis=1))
    if complete.size and len(drawn) > 1:
        together = float(drawn["information"].iloc[complete[0]])
        ax.axhline(together, color=GREEN, lw=1.0, ls="--", zorder=1)
        handles.append(legend_mark("all modalities", GREEN, "", linestyle="--"))
    ax.set_ylabel(textwrap.fill(f"information ({unit})", 26) + "\nwith 95 % interval")
    ax.grid(axis="x", visible=False)
    head_panel(ax, "How much do coalitions of modalities tell about the target?", handles, columns=2)


def _draw_members(ax: Axes, members: NDArray[np.bool_], modalities: Sequence[str]) -> None:
    """Draw a dot for every subset and modality, dark where the subset has it, and join the dark ones."""
    for row in range(0, len(modalities), 2):
        ax.axhspan(row - 0.5, row + 0.5, color=PALE, lw=0, zorder=0)
    columns, rows = np.nonzero(np.ones_like(members))
    colors = np.where(members.ravel(), _INK, _ABSENT)
    ax.scatter(columns, rows, s=45.0, c=list(colors), linewidths=0, zorder=3)
    for column, present in enumerate(members):
        within = np.flatnonzero(present)
        ax.plot([column, column], [within[0], within[-1]], color=_INK, lw=1.8, zorder=2)
    name_rows(ax, modalities)
    ax.tick_params(length=0)
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
