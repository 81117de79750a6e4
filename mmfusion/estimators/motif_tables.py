"""Which motifs of symbol sequences drive a subset, network by network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from mmfusion.data.modality_data import ModalityData
from mmfusion.data.padding import real_steps
from mmfusion.data.part import SYMBOLS
from mmfusion.errors import InputError
from mmfusion.estimators.driving_motifs import FoundMotif, driving_motifs
from mmfusion.fusion.subsets import Subset, subset_label, subsets
from mmfusion.measures.spectrum import spectrum
from mmfusion.training.modality import Modality
from mmfusion.training.network import MultimodalNetwork
from mmfusion.training.samples import Samples

FEWEST_SAMPLES, MOST_SAMPLES = 4, 5000
"""Samples that motifs are counted in: of more, evenly spaced ones."""
MOST_FILTERS = 3
"""Filters per network and modality that are listed."""
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
"""How symbols without letters are written."""
COLUMNS = ("subset", "modality", "network", "rank", "filter", "drive", "position", "bits", "consensus")


def chosen_subsets(wanted: str | None, relevance: pd.DataFrame, layout: Sequence[Modality]) -> list[Subset]:
    """List the subsets whose motifs are looked for.

    Parameters
    ----------
    wanted : str or None
        Label of a subset. None: those that are named and hold a sequence of symbols.
    relevance : DataFrame
        Of the estimator.
    layout : sequence of Modality

    Returns
    -------
    list of subset

    Raises
    ------
    InputError
        If no sequence of symbols is in the wanted subset, or there is no such subset.
    """
    symbols = {modality.name for modality in layout if modality.kind == SYMBOLS}
    known = set(relevance["subset"])
    all_subsets = subsets([modality.name for modality in layout])
    members = {subset_label(subset): subset for subset in all_subsets if subset_label(subset) in known}
    if wanted is None:
        named = relevance.loc[relevance["named"].eq(True), "subset"]
        return [members[name] for name in named if symbols.intersection(members[name])]
    given = frozenset(wanted.split("+")) if isinstance(wanted, str) else None
    wanted = next((name for name, subset in members.items() if given == frozenset(subset)), wanted)
    if not isinstance(wanted, str) or wanted not in members:
        raise InputError(f"subset: {wanted!r} is none, expected one of {', '.join(members)}.")
    if not symbols.intersection(members[wanted]):
        raise InputError(
            f"subset: {wanted!r} holds no sequence of symbols, expected one with "
            f"{' or '.join(sorted(symbols)) or 'symbols, of which there are none'}."
        )
    return [members[wanted]]


def motif_table(
    networks: Sequence[MultimodalNetwork],
    samples: Samples,
    data: ModalityData,
    chosen: Sequence[Subset],
    layout: Sequence[Modality],
) -> pd.DataFrame:
    """List what the filters look for that drive the subsets.

    Parameters
    ----------
    networks : sequence of MultimodalNetwork
    samples : Samples
        Prepared from the data.
    data : ModalityData
        With the symbols of training; samples that lack a modality of a subset are left out.
    chosen : sequence of subset
    layout : sequence of Modality

    Returns
    -------
    DataFrame
        See `mmfusion.FusionClassifier.motifs`.
    """
    letters = {modality.name: modality.alphabet for modality in layout}
    tables = []
    for subset in chosen:
        known = np.logical_and.reduce(
            [samples.present[name].numpy() for name in subset if name in samples.present]
            or [np.ones(len(samples), dtype=bool)]
        )
        rows = np.flatnonzero(known)
        if len(rows) < FEWEST_SAMPLES:
            raise InputError(
                f"X: {len(rows)} samples have all modalities of {subset_label(subset)}, expected at least "
                f"{FEWEST_SAMPLES} to count motifs in."
            )
        if len(rows) > MOST_SAMPLES:
            rows = rows[np.linspace(0, len(rows) - 1, MOST_SAMPLES).astype(int)]
        part, those = samples.rows(torch.from_numpy(rows)), data[rows]
        real = _real(those, subset)
        for number, network in enumerate(networks):
            found = _found(network, part, those.arrays, subset, real)
            for modality in subset:
                mine = [one for one in found if one.modality == modality][:MOST_FILTERS]
                for rank, one in enumerate(mine, start=1):
                    keys: dict[str, Any] = {"subset": subset_label(subset), "network": number, "rank": rank}
                    tables.append(_rows(one, letters[modality]).assign(**keys))
    if not tables:
        return pd.DataFrame(columns=[*COLUMNS])
    table = pd.concat(tables, ignore_index=True)
    return table[[*COLUMNS, *(name for name in table.columns if str(name).startswith("share_"))]]


def _real(data: ModalityData, subset: Subset) -> dict[str, NDArray[np.bool_]]:
    """Return which steps are real, of the modalities that are padded."""
    return {
        name: real_steps(data.arrays[name], data.lengths[name]) for name in subset if name in data.lengths
    }


@torch.no_grad()
def _found(
    network: MultimodalNetwork,
    samples: Samples,
    arrays: Mapping[str, NDArray[Any]],
    subset: Subset,
    real: Mapping[str, NDArray[np.bool_]],
) -> list[FoundMotif]:
    """Find the motifs of a network; none where its block is constant."""
    features = network.encode_all(samples.inputs, samples.present)
    eigenvalues, direction = spectrum(network.fusion.block_features(features)[subset].double().numpy())
    if not eigenvalues[0] > 0:
        return []
    return driving_motifs(network, samples, arrays, subset, direction, real)


def _rows(found: FoundMotif, alphabet: str) -> pd.DataFrame:
    """Write a motif as one row per position."""
    count = found.counts.shape[1]
    letters = list(alphabet or DIGITS[:count])
    if len(letters) < count:
        letters = [str(symbol) for symbol in range(count)]
    share = found.counts / found.counts.sum(axis=1, keepdims=True)
    table = pd.DataFrame(share, columns=[f"share_{letter}" for letter in letters])
    return table.assign(
        modality=found.modality,
        filter=found.filter,
        drive=found.drive,
        position=np.arange(len(share)),
        bits=found.information,
        consensus=["." if symbol < 0 else letters[symbol] for symbol in found.consensus],
    )
