"""How often peers are right, and how well they predict: tables over all designs and seeds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from mmfusion.errors import DataError
from mmfusion.measures.paired_differences import mean_and_test
from mmfusion.measures.proportions import wilson_interval
from mmfusion.study.designs.drawn_cases import HARD_KIND, NOISE, PLANTED_KIND
from mmfusion.study.evidence.peer_libraries import INSTALL_PEERS
from mmfusion.study.evidence.peer_verdicts import VERDICTS
from mmfusion.study.intermediates import load_table

OURS = "mmfusion"
TRUTH = "all drawn with a truth"
"""All drawn designs together but those of noise, which are `NOISE`."""
LOWER_IS_BETTER = {"loss": True, "accuracy": False, "r2": False, "mae": True}
RATE_COLUMNS = ("peer", "design", "measure", "count", "data_sets", "rate", "low", "high")
SCORE_COLUMNS = ("design", "kind", "measure", "peer", "value", "ahead", "low", "high", "seeds")


def read_answers(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Read the tables of all jobs.

    Parameters
    ----------
    paths : iterable of str or Path

    Returns
    -------
    DataFrame

    Raises
    ------
    DataError
        If there are none, since the libraries of the peers are not installed, or a table is damaged.
    """
    tables = [load_table(path) for path in paths]
    if not tables:
        raise DataError(f"There are no answers of peers: their libraries are not installed; {INSTALL_PEERS}.")
    return pd.concat(tables, ignore_index=True)


def peer_rates(rows: pd.DataFrame) -> pd.DataFrame:
    """Count right and wrong answers.

    Parameters
    ----------
    rows : DataFrame
        As `mmfusion.study.evidence.peer_comparison.compare_peers` gives them, of all designs and seeds.

    Returns
    -------
    DataFrame
        One row per peer, design (and `NOISE` and `TRUTH`, which hold several) and measure of
        `VERDICTS` that is defined, with the columns `RATE_COLUMNS`: how many data sets of how many, the rate,
        and Wilson's 95 % interval.
    """
    found = []
    for design, some in _parts(rows):
        for peer, answers in some.groupby("peer", sort=False):
            for measure in VERDICTS:
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
        One row per design for which all peers predict (neither noise nor hard), measure and peer that
        predicts, with the columns `SCORE_COLUMNS`: by how much this package is ahead of the peer (positive:
        better, also where lower values are), with the 95 % interval of Student's t over the differences of
        the seeds. For CMU-MOSI these share their samples, so that the interval is about folds and starts
        only.
    """
    found = []
    predicted = rows[~rows["kind"].isin([NOISE, HARD_KIND])]
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
    """Yield all noise, all that was drawn with a truth, and then each design."""
    yield NOISE, rows[rows["kind"] == NOISE]
    yield TRUTH, rows[rows["kind"].isin([PLANTED_KIND, HARD_KIND])]
    for design, some in rows.groupby("design", sort=False):
        yield str(design), some
