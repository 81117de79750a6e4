"""What an estimator draws: relevance of the subsets, and contributions to the score of one sample."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.utils.validation import check_is_fitted

from mmfusion.errors import InputError
from mmfusion.estimators.ensemble import Ensemble
from mmfusion.estimators.summary import Answer
from mmfusion.measures.catalogue import LABELS
from mmfusion.plotting.predictive_information import information_figure
from mmfusion.plotting.style import figure_style
from mmfusion.plotting.subset_relevance import MOST_BARS, sample_contributions, subset_relevance

INFORMATION_CAPTION = (
    "How much better than a constant networks predict samples that they have not seen, given some of the "
    "modalities only. Intervals: 95 %, over {}. Filled: named (Holm-adjusted p below 5 %, and large enough)."
)


class PlottingMixin:
    """Draws `relevance_`, the predictive information, and `contributions`."""

    relevance_: pd.DataFrame
    information_: pd.DataFrame | None
    modality_information_: pd.DataFrame | None
    synergy_: pd.DataFrame | None
    summary_: Answer
    ensemble_: Ensemble

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
            A measure of `relevance_`. Whiskers are its 95 % interval over samples or groups, or else one
            standard deviation over the networks.
        ax : Axes, optional
            Where to draw. Default: a new figure.

        Returns
        -------
        Axes
        """
        check_is_fitted(self, "ensemble_")
        if measure not in LABELS or self.relevance_.get(measure, pd.Series(dtype=float)).isna().all():
            reason = (
                "all blocks are zero, as no network predicted clearly better than the constant"
                if self.summary_.penalty == float("inf")
                else "what is measured on held-out samples needs folds (cv=5)"
            )
            raise InputError(
                f"measure: {measure!r} has no value, expected a measure of relevance_ with values; {reason}."
            )
        with figure_style():
            return subset_relevance(_axes(ax, len(self.relevance_)), self.relevance_, measure)

    def plot_information(self, title: str = "What the modalities say alone, and together") -> Figure:
        """Draw what the modalities say alone and together: alone against needed, synergy, coalitions.

        Parameters
        ----------
        title : str, optional

        Returns
        -------
        Figure
        """
        check_is_fitted(self, "ensemble_")
        if self.information_ is None or self.modality_information_ is None or self.synergy_ is None:
            raise InputError(
                "information_ was not measured; fit with information=True and with folds (cv=5)."
            )
        return information_figure(
            self.information_,
            self.modality_information_,
            self.synergy_,
            "share of the constant's loss" if self.ensemble_.task == "regression" else "nats",
            title,
            INFORMATION_CAPTION.format(self.summary_.units),
        )

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
