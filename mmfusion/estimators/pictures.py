"""What an estimator draws: relevance of the subsets, and contributions to the score of one sample."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.utils.validation import check_is_fitted

from mmfusion.errors import InputError
from mmfusion.plotting.style import figure_style
from mmfusion.plotting.subset_relevance import MOST_BARS, sample_contributions, subset_relevance


class PlottingMixin:
    """Draws `relevance_` and `contributions`."""

    relevance_: pd.DataFrame

    def contributions(self, X: Any) -> pd.DataFrame:
        """Return what every subset adds to the score of every sample."""
        raise NotImplementedError

    def _outputs(self) -> list[Any]:
        raise NotImplementedError

    def plot_relevance(self, measure: str = "beta", ax: Axes | None = None) -> Axes:
        """Draw the relevance of every subset.

        Parameters
        ----------
        measure : str, default "beta"
            A column of `relevance_` that has bounds.
        ax : Axes, optional
            Where to draw. Default: a new figure.

        Returns
        -------
        Axes
        """
        check_is_fitted(self, "ensemble_")
        if f"{measure}_low" not in self.relevance_.columns or self.relevance_[measure].isna().all():
            raise InputError(
                f"measure: {measure!r} was not measured, expected a column of relevance_ with values; "
                "held-out measures need validation_fraction."
            )
        with figure_style():
            return subset_relevance(_axes(ax, len(self.relevance_)), self.relevance_, measure)

    def plot_contributions(self, i: int, X: Any = None, ax: Axes | None = None, output: Any = None) -> Axes:
        """Draw what every subset adds to the score of one sample.

        Parameters
        ----------
        i : int
            Row of X.
        X : as in `fit`
            The samples.
        ax : Axes, optional
            Where to draw. Default: a new figure.
        output : optional
            Which of several outputs: a class, or the position of a label or target. Default: the first.

        Returns
        -------
        Axes
        """
        check_is_fitted(self, "ensemble_")
        if not isinstance(i, Integral):
            raise InputError(
                f"i is a {type(i).__name__}, expected the position of a sample: plot_contributions(i, X)."
            )
        if X is None:
            raise InputError("X: an estimator does not keep the samples of `fit`; pass the samples to draw.")
        table = self.contributions(X)
        if not -len(table) <= i < len(table):
            raise InputError(f"i: {i} is not a row of X, expected 0 to {len(table) - 1}.")
        names = self._outputs()
        chosen = names[0] if output is None else output
        if chosen not in names:
            raise InputError(f"output: {chosen!r} is unknown, expected one of {', '.join(map(repr, names))}.")
        row = (table[chosen] if table.columns.nlevels == 2 else table).iloc[i]
        with figure_style():
            return sample_contributions(_axes(ax, len(row)), row, f"sample {i}, score of {chosen!r}")


def _axes(ax: Axes | None, bars: int) -> Axes:
    if ax is not None:
        return ax
    height = 1.2 + 0.26 * min(bars, MOST_BARS)
    return Figure(figsize=(6.4, height), layout="constrained").add_subplot()
