"""The data sets on which peers are compared: drawn designs, planted sequences as features, and CMU-MOSI."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from mmfusion.fusion.subsets import parse_subset
from mmfusion.study.data.dataset import GROUP, MultimodalDataset, Split
from mmfusion.study.designs.design import CLASSES, Accepted, Case, DataSet
from mmfusion.study.designs.drawn_cases import CASES
from mmfusion.study.names import PLANTED
from mmfusion.study.peers.contract import BINARY, REGRESSION
from mmfusion.study.streams import stream
from mmfusion.study.training.cell_training import prepared_splits, use_one_thread
from mmfusion.study.training.checkpoint import TrainedCell

KNOWN, UNKNOWN = 400, 1000
"""Samples that peers are given, and fresh ones on which their predictions are judged."""
SEQUENCES, REAL = "sequences", "real"
"""Kinds of designs, beside those of `mmfusion.study.designs.drawn_cases`."""


class PeerSet(NamedTuple):
    """A data set of a design.

    Parameters
    ----------
    design, kind : str
    seed : int
    task : {"binary", "regression"}
    known, unknown : DataSet
        What peers are given, and what they predict.
    accepted : tuple of frozenset of str
        The sets of subsets that are right to name; empty where nobody knows.
    needed : tuple of frozenset of str
        The sets of modalities that no other can replace.
    """

    design: str
    kind: str
    seed: int
    task: str
    known: DataSet
    unknown: DataSet
    accepted: Accepted
    needed: Accepted


def drawn_set(design: str, seed: int, samples: int = KNOWN, fresh: int = UNKNOWN) -> PeerSet:
    """Draw a data set of a design from `CASES`; of noise, nothing is right to name.

    Parameters
    ----------
    design : str
    seed : int
    samples, fresh : int
        Numbers of known and of unknown samples; the group in between is unknown as a whole.

    Returns
    -------
    PeerSet

    Examples
    --------
    >>> drawn_set("pair", 0).accepted
    (frozenset({'a+b'}),)
    """
    kind, case = CASES[design]
    data = case.draw(samples + fresh, case.modalities, stream(seed, design, "peers"))
    end = samples
    if data.groups is not None:  # whole groups on either side
        order = np.argsort(data.groups, kind="stable")
        groups = data.groups[order]
        data, end = data.rows(order), int(np.searchsorted(groups, groups[samples]))
    known, unknown = data.rows(slice(end)), data.rows(slice(end, None))
    truth = case.truth or dict.fromkeys(("subsets", "needed"), (frozenset[str](),))
    return PeerSet(design, kind, seed, _task(case), known, unknown, truth["subsets"], truth["needed"])


@torch.no_grad()
def encoded_set(
    trained: TrainedCell, dataset: MultimodalDataset, seed: int, known: int = KNOWN, unknown: int = UNKNOWN
) -> PeerSet:
    """Encode sequences of the test split by a network of the study, which has not seen them.

    Parameters
    ----------
    trained : TrainedCell
        For one of `mmfusion.study.names.TOY_DATASETS`.
    dataset : MultimodalDataset
        That of the seed.
    seed : int
    known, unknown : int
        Numbers of samples, the first ones and the next ones of the split; fewer, in this ratio, if it has
        fewer.

    Returns
    -------
    PeerSet
    """
    use_one_thread()
    test = prepared_splits(trained, seed, dataset)["test"]
    features = trained.networks[seed].encode_all(test.inputs, test.present)
    X = {name: values.double().numpy() for name, values in features.items()}
    data = DataSet(X, dataset.splits["test"].target.astype(np.int64))
    count = min(known, len(data) * known // (known + unknown))
    return PeerSet(
        dataset.name,
        SEQUENCES,
        seed,
        BINARY,
        data.rows(slice(count)),
        data.rows(slice(count, known + unknown)),
        (frozenset([PLANTED[dataset.name]]),),
        (frozenset(parse_subset(PLANTED[dataset.name])),),
    )


def mosi_set(dataset: MultimodalDataset, seed: int) -> PeerSet:
    """Take the training videos of CMU-MOSI as known, and the published test part as unknown samples."""

    def data_of(part: Split) -> DataSet:
        X = {name: values.astype(np.float64) for name, values in part.features.items()}
        return DataSet(X, part.target, np.unique(part.latents[GROUP], return_inverse=True)[1])

    known, unknown = (data_of(dataset.splits[name]) for name in ("train", "test"))
    return PeerSet(dataset.name, REAL, seed, dataset.task, known, unknown, (), ())


def _task(case: Case) -> str:
    return BINARY if case.task == CLASSES else REGRESSION
