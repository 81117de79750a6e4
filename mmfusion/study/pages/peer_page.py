"""The page of the peers: what each names and predicts beside this package, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from mmfusion.study.designs.drawn_cases import CASES, NOISE
from mmfusion.study.evidence.peer_designs import KNOWN, UNKNOWN
from mmfusion.study.evidence.peer_tables import LOWER_IS_BETTER, OURS, TRUTH
from mmfusion.study.markdown import markdown_table
from mmfusion.study.names import DATASET_NAMES
from mmfusion.study.pages.overview import origin_lines, with_interval
from mmfusion.study.peers.contract import NOTHING, Peer
from mmfusion.study.peers.fusion_estimators import LATE_FUSION

INTRODUCTION = (
    f"Each peer is given the same samples of a data set (about {KNOWN} where they are drawn), in the same "
    f"five folds, and is judged by its own rule; its predictions are judged on up to {UNKNOWN} fresh "
    "samples. What a peer tunes, it tunes by the loss of held-out samples, as the table at the end says. "
    "The scores of all are then rescaled alike, by the slope of calibration of the held-out ones, since "
    "this package does so. `snakemake full` computes all of it, with the extra `peers`."
)
CAVEATS = (
    "Sequences of the planted datasets are encoded by the study's networks with IBN at p = 1, which have "
    "not seen them. These features were trained for this package's layer, which favours it: they stand "
    "apart from the drawn designs. For CMU-MOSI, the known samples are the training videos, whole videos "
    "held out, and the fresh ones the published test part; its repetitions (one per seed) with other folds "
    "and starts share these samples, so that their interval says nothing about other videos."
)
RATES_TEXT = (
    "Shares of drawn data sets with Wilson's 95 % intervals. Noise: how often anything is named where "
    "nothing predicts. Modalities: just those of the truth are named (of two copies, either or both; LOCO "
    "and CFI ask what no other modality can replace, and are compared with that). Others: a modality is "
    "named that is not in the truth. Subsets: just the planted subsets are named. First: the largest "
    "importance is that of a planted subset, or, where products have no importance, of a planted modality "
    "(in designs where another one is not planted; in brackets, since that is easier). Methods without a "
    "rule are not tried on hard designs, so that their share is of fewer data sets. A dash: no rule, or "
    "none for this. Seconds: the median per data set, with the fit of what is explained; methods are "
    "asked about all data sets of a design at once, and their time is divided equally among them."
)
DESIGNS_TEXT = (
    "Data sets in which just the right modalities are named (of noise: nothing), and, after the bar, just "
    "the planted subsets, by those that can name them. The largest numbers of a row are bold, whoever has "
    "them."
)
SCORES_TEXT = (
    "This package beside the best of the others (by its mean over the seeds; late fusion is this package, "
    "too, and left out). Ahead: by how much this package is better, with the 95 % interval over the "
    "seeds. Where the interval is on one side of 0, the better one is bold. On noise and hard designs, only "
    "methods that name are tried."
)
MEASURES = {"loss": "log-loss", "accuracy": "accuracy", "r2": "R²", "mae": "MAE"}


def peers_markdown(
    provenance: Mapping[str, Any],
    rates: pd.DataFrame,
    scores: pd.DataFrame,
    seconds: pd.DataFrame,
    peers: Sequence[Peer],
) -> str:
    """Write the page.

    Parameters
    ----------
    provenance : mapping
        See `mmfusion.study.pages.index_page.index_html`.
    rates, scores, seconds : DataFrame
        As `mmfusion.study.evidence.peer_tables` gives them.
    peers : sequence of Peer

    Returns
    -------
    str
    """
    facts = "\n".join(f"- {line}" for line in origin_lines(provenance))
    parts = [
        f"# Peers: the same question, put to other methods\n\nCopied by `snakemake peers_docs`.\n\n{facts}\n",
        f"{INTRODUCTION}\n\n{CAVEATS}\n",
        "![Peers](figures/evidence_peers.png)\n",
        f"## How often each is right\n\n{RATES_TEXT}\n\n{markdown_table(_rate_cells(rates, seconds, peers))}",
        f"## By design\n\n{DESIGNS_TEXT}\n\n{markdown_table(_design_cells(rates, peers))}",
        f"## Predictions\n\n{SCORES_TEXT}\n\n{markdown_table(_score_cells(scores))}",
        f"## The peers\n\n{markdown_table(_peer_cells(peers))}",
    ]
    return "\n".join(parts)


def _rate_cells(rates: pd.DataFrame, seconds: pd.DataFrame, peers: Sequence[Peer]) -> pd.DataFrame:
    """Write one row per peer."""
    took = seconds[seconds["design"] == TRUTH].set_index("peer")["seconds"]
    keys = zip(rates["peer"], rates["design"], rates["measure"], strict=True)
    values = dict(zip(keys, rates[["rate", "low", "high"]].to_numpy(float).tolist(), strict=True))
    cells = {
        "noise": (NOISE, "modalities_wrong"),
        "modalities": (TRUTH, "modalities_exact"),
        "others": (TRUTH, "modalities_wrong"),
        "subsets": (TRUTH, "subsets_exact"),
    }
    rows = []
    for peer in peers:
        row = {"peer": peer.name}
        for name, key in cells.items():
            at = (peer.name, *key)
            row[name] = _share(*values[at]) if at in values else "-"
        subset, modality = (
            values.get((peer.name, TRUTH, f"first_{what}")) for what in ("subset", "modality")
        )
        row["first"] = _share(*subset) if subset else f"({_share(*modality)})" if modality else "-"
        rows.append(row | {"seconds": f"{took[peer.name]:.1f}" if peer.name in took else "-"})
    return pd.DataFrame(rows)


def _share(rate: float, low: float, high: float) -> str:
    return f"{rate:.2f} [{low:.2f}, {high:.2f}]"


def _design_cells(rates: pd.DataFrame, peers: Sequence[Peer]) -> pd.DataFrame:
    """Write one row per design whose truth is known, and a column per peer that names."""
    naming = [peer.name for peer in peers if peer.names != NOTHING]
    values = rates.set_index(["design", "measure", "peer"])["count"]
    sets = rates.set_index(["design", "measure", "peer"])["data_sets"]
    rows = []
    for design in rates["design"].unique():
        if design in (TRUTH, NOISE) or (design, "modalities_exact", OURS) not in values.index:
            continue
        of_modalities = values[design]["modalities_exact"].reindex(naming)
        of_subsets = values[design].get("subsets_exact", pd.Series(dtype=float)).reindex(naming)
        cells = {}
        for peer in naming:
            first = _bold(of_modalities[peer], of_modalities.max())
            second = f" | {_bold(of_subsets[peer], of_subsets.max())}" if pd.notna(of_subsets[peer]) else ""
            cells[peer] = f"{first}{second}"
        count = int(sets[design]["modalities_exact"].max())
        rows.append({"design": _title(design), "data sets": count, **cells})
    return pd.DataFrame(rows)


def _bold(value: float, largest: float) -> str:
    text = "-" if pd.isna(value) else f"{value:.0f}"
    return f"**{text}**" if value == largest > 0 else text


def _score_cells(scores: pd.DataFrame) -> pd.DataFrame:
    """Write this package beside the best of the others, per design and measure."""
    rows = []
    defined = scores[scores["value"].notna()]
    for (design, measure), some in defined.groupby(["design", "measure"], sort=False):
        ours = some[some["peer"] == OURS].iloc[0]
        others = some[~some["peer"].isin([OURS, LATE_FUSION.name])]
        lower = LOWER_IS_BETTER[str(measure)]
        best = others.sort_values("value", ascending=lower, kind="stable").iloc[0]
        mine, theirs = f"{ours['value']:.3f}", f"{best['value']:.3f}"
        rows.append(
            {
                "design": _title(str(design)),
                "measure": MEASURES[str(measure)],
                OURS: f"**{mine}**" if best["low"] > 0 else mine,
                "best other": best["peer"],
                "its value": f"**{theirs}**" if best["high"] < 0 else theirs,
                "ahead": with_interval(best["ahead"], best["low"], best["high"]),
            }
        )
    return pd.DataFrame(rows)


def _title(design: str) -> str:
    """Return a design in words."""
    if design not in CASES:
        return DATASET_NAMES[design]
    kind, case = CASES[design]
    return f"noise: {case.title}" if kind == NOISE else case.title


def _peer_cells(peers: Sequence[Peer]) -> pd.DataFrame:
    """Write where peers come from, and how they name."""
    rows = [(peer.name, peer.source, peer.names, peer.rule or "no rule", peer.tuned) for peer in peers]
    return pd.DataFrame(rows, columns=["peer", "source", "can name", "rule", "tuned"])
