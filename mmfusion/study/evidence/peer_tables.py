"""How often peers are right, and how well they predict: tables over all designs and seeds."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from mmfusion.measures.paired_differences import mean_and_test
from mmfusion.measures.proportions import wilson_interval
from mmfusion.study.designs.drawn_cases import NOISE

OURS = "mmfusion"
TRUTH = "all with a truth"
"""All designs together but those of noise, which are `NOISE`, where the truth is known."""
RATES = ("modalities_exact", "subsets_exact", "wrong", "first")
LOWER_IS_BETTER = {"loss": True, "accuracy": False, "r2": False, "mae": True}
RATE_COLUMNS = ("peer", "design", "measure", "count", "data_sets", "rate", "low", "high")
SCORE_COLUMNS = ("design", "kind", "measure", "peer", "value", "ahead", "low", "high", "seeds")


def peer_rates(rows: pd.DataFrame) -> pd.DataFrame:
    """Count right and wrong answers.

    Parameters
    ----------
    rows : DataFrame
        As `mmfusion.study.evidence.peer_comparison.compare_peers` gives them, of all designs and seeds.

    Returns
    -------
    DataFrame
        One row per peer, design (and `NOISE` and `TRUTH`, which hold several) and measure of `RATES` that is
        defined, with the columns `RATE_COLUMNS`: how many data sets of how many, the rate, and Wilson's 95 %
        interval.
    """
    found = []
    for design, some in _parts(rows):
        for peer, answers in some.groupby("peer", sort=False):
            for measure in RATES:
                flags = answers[measure].dropna()
                if len(flags):
                    count = int(flags.sum())
                    rate = wilson_interval(count, len(flags))
                    found.append((peer, design, measure, count, len(flags), *rate))
    return pd.DataFrame(found, columns=[*RATE_COLUMNS])


def peer_scores(rows: pd.DataFrame) -> pd.DataFrame:
    """Average the scores on unknown samples over the seeds, each beside that of this package.

    Parameters
    ----------
    rows : DataFrame
        See `peer_rates`.

    Returns
    -------
    DataFrame
        One row per design other than noise, measure and peer that predicts, with the columns
        `SCORE_COLUMNS`: by how much this package is ahead of the peer (positive: better, also where lower
        values are), with the 95 % interval of Student's t over the differences of the seeds.
    """
    found = []
    predicted = rows[rows["kind"] != NOISE]
    for (design, kind), some in predicted.groupby(["design", "kind"], sort=False):
        for measure, lower in LOWER_IS_BETTER.items():
            values = some.pivot_table(measure, "seed", "peer", sort=False)
            for peer in values.columns:
                sign = 1.0 if lower else -1.0
                ahead = mean_and_test(sign * (values[peer] - values[OURS]))
                found.append(
                    (
                        design,
                        kind,
                        measure,
                        peer,
                        values[peer].mean(),
                        ahead.mean,
                        ahead.low,
                        ahead.high,
                        len(values),
                    )
                )
    return pd.DataFrame(found, columns=[*SCORE_COLUMNS])


def peer_seconds(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the median seconds per data set of every peer and design, and of all designs with a truth.

    Parameters
    ----------
    rows : DataFrame
        See `peer_rates`.

    Returns
    -------
    DataFrame
        With the columns design, peer, seconds; they differ from run to run.
    """
    tables = [
        some.groupby("peer", sort=False)["seconds"].median().reset_index().assign(design=design)
        for design, some in _parts(rows)
    ]
    return pd.concat(tables, ignore_index=True)[["design", "peer", "seconds"]]


def _parts(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield all noise, all with a truth, and then every design."""
    noise = rows["kind"] == NOISE
    yield NOISE, rows[noise]
    yield TRUTH, rows[~noise]
    for design, some in rows.groupby("design", sort=False):
        yield str(design), some
