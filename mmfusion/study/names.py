"""Names of datasets, normalisations and subsets: how tables and figures write them, and in which order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from mmfusion.fusion.norm_names import NORM_NAMES as NORM_NAMES
from mmfusion.fusion.subsets import parse_subset
from mmfusion.study.config.numbers import number
from mmfusion.study.data.planted_datasets import PLANTED_DATASETS

MOSI_TASKS: dict[str, Literal["binary", "regression"]] = {
    "MOSIBinary": "binary",
    "MOSIReal": "regression",
    "MOSICleanBinary": "binary",
    "MOSICleanReal": "regression",
}
"""Task of each dataset of CMU-MOSI."""

MOSI_DATASETS = ("MOSIBinary", "MOSIReal")
"""Those with the published features, of which text and video know the training labels."""

MOSI_CLEAN = ("MOSICleanBinary", "MOSICleanReal")
"""Those without any feature that knows labels: embedded transcripts, and the published audio."""

DATASET_NAMES = {
    **{name: name for name in PLANTED_DATASETS},
    "MOSIBinary": "binary sentiment",
    "MOSIReal": "real-valued sentiment",
    "MOSICleanBinary": "binary sentiment, clean text",
    "MOSICleanReal": "real-valued sentiment, clean text",
}
"""Display name of every dataset, in the order of panels."""

PLANTED = {name: spec.planted[0] for name, spec in PLANTED_DATASETS.items() if len(spec.planted) == 1}
"""Label of the subset that carries the target by construction, where it is a single one."""

TOY_DATASETS = tuple(PLANTED)
"""Datasets with one planted subset, from order one to order three."""

EXPONENTS = {
    "mkl": "q = 2p / (p + 1)",
    "scaled_output": "q = 2p / (p + 2)",
    "as_printed": "q = (p + 1) / 2p",
}
"""How q follows from p, by convention."""


def ordered(names: Iterable[str], known: Iterable[str]) -> list[str]:
    """List names without repetition: known ones in their order, then the others by alphabet.

    Parameters
    ----------
    names : iterable of str
        As they occur in a table.
    known : iterable of str
        Names in display order; those that do not occur are left out.

    Returns
    -------
    list of str

    Examples
    --------
    >>> ordered(["ibn", "mine", "none", "ibn"], NORM_NAMES)
    ['none', 'ibn', 'mine']
    """
    present, order = set(names), list(known)
    return [name for name in order if name in present] + sorted(present - set(order))


def order_norms(norms: Iterable[str]) -> list[str]:
    """List normalisations in display order; see `ordered`."""
    return ordered(norms, NORM_NAMES)


def order_subsets(subsets: Iterable[str]) -> list[str]:
    """List subset labels by size, then by modality order.

    Parameters
    ----------
    subsets : iterable of str
        Labels; the order in which single modalities first occur is the modality order.

    Returns
    -------
    list of str

    Examples
    --------
    >>> order_subsets(["text", "audio", "text+audio", "text"])
    ['text', 'audio', 'text+audio']
    >>> order_subsets(["2+3", "1", "2", "3", "1+2"])
    ['1', '2', '3', '1+2', '2+3']
    """
    labels = sorted(dict.fromkeys(subsets), key=order_of)
    members = dict.fromkeys(member for label in labels for member in parse_subset(label))
    rank = {member: position for position, member in enumerate(members)}
    return sorted(labels, key=lambda label: (order_of(label), [rank[m] for m in parse_subset(label)]))


def order_numbers(numbers: Iterable[str]) -> list[str]:
    """List values of p or of scale by their size.

    Examples
    --------
    >>> order_numbers(["inf", "2", "4/3", "1", "2"])
    ['1', '4/3', '2', 'inf']
    """
    return sorted(set(numbers), key=number)


def number_name(text: str) -> str:
    """Write a value of p or of scale for a label.

    Examples
    --------
    >>> number_name("inf"), number_name("4/3")
    ('∞', '4/3')
    """
    return "∞" if text == "inf" else text


def subset_name(label: str) -> str:
    r"""Write a subset for a label: digits as a set, longer names on a line each.

    Examples
    --------
    >>> subset_name("1+2")
    '{1,2}'
    >>> subset_name("text+audio")
    'text\n+ audio'
    """
    members = parse_subset(label)
    if all(len(member) == 1 for member in members):
        return "{" + ",".join(members) + "}"
    return "\n+ ".join(members)


def order_of(label: str) -> int:
    """Count the modalities of a subset.

    Examples
    --------
    >>> order_of("1+2+3")
    3
    """
    return len(parse_subset(label))


def joined(words: Iterable[str]) -> str:
    """Join words as in a sentence.

    Examples
    --------
    >>> joined(["XRel", "XOR", "Parity"])
    'XRel, XOR and Parity'
    """
    items = list(words)
    return items[0] if len(items) == 1 else " and ".join([", ".join(items[:-1]), items[-1]])
