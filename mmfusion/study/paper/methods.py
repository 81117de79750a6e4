"""A short text of methods and results in LaTeX, every number of which comes from the study's tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from mmfusion.sentences import joined_names
from mmfusion.study.names import NORM_NAMES, PLANTED, TOY_DATASETS, order_norms, ordered, subset_name
from mmfusion.study.paper.latex import escaped, uncertain

NETWORKS = (
    "Every modality has an encoder; a linear layer reads the features of the modalities and their tensor "
    "products, one block of weights per subset $I$ of modalities. The loss is that of the task plus "
    r"$\lambda\,(\sum_I \|W_I\|^q)^{2/q}$, where $q$ belongs to the exponent $p$ of a weighting $\beta$ of "
    r"the blocks with $\|\beta\|_p \le 1$ \cite{kloft}; $\beta_I$ is the relevance of $I$. "
)
"""LaTeX: how networks are built, whatever the study."""
SHORT = 12
"""Characters of a commit that are printed."""


def methods(
    config: Any, provenance: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], read: Sequence[str] = ()
) -> str:
    """Write the text.

    Parameters
    ----------
    config : StudyConfig
    provenance : mapping
        As `mmfusion.study.provenance.provenance` gives it.
    tables : mapping of str to DataFrame
        ``runs``, ``toy_table`` and ``predictions``.
    read : sequence of str
        What was read from files, with paragraphs apart by empty lines; those with the sizes of splits are
        taken over.

    Returns
    -------
    str
        LaTeX, a few paragraphs.
    """
    paragraphs = [_networks(config, tables["runs"]), *_data(config, tables["runs"], read), _results(tables)]
    versions = ", ".join(f"{name} {number}" for name, number in provenance["versions"].items() if number)
    commit = (provenance["commit"] or "unknown")[:SHORT]
    origin = f"Commit {commit}, configuration {provenance['config_digest']}; {versions}."
    return "\n\n".join([*filter(None, paragraphs), escaped(origin)]) + "\n"


def _networks(config: Any, runs: pd.DataFrame) -> str:
    training = config.training
    networks = runs[runs["model"] == "fusion"]
    norms = joined_names(NORM_NAMES.get(norm, norm) for norm in order_norms(networks["norm"]))
    powers = joined_names(escaped(p.replace("inf", "∞")) for p in dict.fromkeys(networks["p"].astype(str)))
    varied = f"The normalisations of the products are {escaped(norms)}; $p$ is {powers}. "
    facts = (
        f"All networks share one recipe: λ = {training.penalty:g}, AdamW with learning rate "
        f"{training.learning_rate:g} falling to zero as a cosine, weight decay {training.weight_decay:g} on "
        f"encoders, {training.batch_size} samples per step. {len(networks)} networks were trained, over "
        f"{len(config.seeds)} seeds."
    )
    return NETWORKS + varied + escaped(facts)


def _data(config: Any, runs: pd.DataFrame, read: Sequence[str]) -> list[str]:
    """Describe the generated datasets, and the splits of those that were read."""
    used = set(runs["dataset"])
    described = [
        f"{name}: {entry.sizes.train} training, {entry.sizes.validation} validation and {entry.sizes.test} "
        f"test samples, {entry.epochs} epochs"
        for name, entry in config.synthetic.items()
        if name in used
    ]
    texts = [part for text in read for part in text.split("\n\n") if "train" in part.split()]
    if described:
        planted = (
            f"The datasets with planted truth are sequences of {config.sequences.length} symbols per view, "
            f"in which one of two motifs is planted. {'; '.join(described)}."
        )
        texts = [planted, *texts]
    return [escaped(text.strip()) for text in texts]


def _results(tables: Mapping[str, pd.DataFrame]) -> str:
    """Say what IBN found, and how many of the predictions held."""
    toy = tables["toy_table"]
    ibn = toy[toy["norm"] == "ibn"]
    found = []
    for dataset in ordered(ibn["dataset"], TOY_DATASETS):
        row = ibn[(ibn["dataset"] == dataset) & (ibn["subset"] == PLANTED[dataset])].iloc[0]
        number = uncertain(row["mean"], row["low"], row["high"])
        found.append(f"{escaped(subset_name(PLANTED[dataset]))} of {escaped(dataset)}, {number}")
    text = []
    if found:
        text.append(
            "Mean relevance of the planted subset under IBN at $p = 1$, with 95 \\% bootstrap intervals "
            f"over seeds: {'; '.join(found)}."
        )
    holds = tables["predictions"]["holds"].dropna()
    if len(holds):
        text.append(
            f"Of {len(holds)} predictions with a threshold that were written down before the study was run, "
            f"{int(holds.sum())} held."
        )
    return " ".join(text)
