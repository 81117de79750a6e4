"""What tables call things, how figures call them, and in which order they stand."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from mmfusion.fusion.subsets import parse_subset

NORM_NAMES = {"none": "none", "bn": "BN", "vbn": "VBN", "dbn": "DBN", "ibn": "IBN"}
"""Display name of every normalisation, in the order of tables and legends."""

DATASET_NAMES = {
    "ConditionallyIndependent": "ConditionallyIndependent",
    "XRel": "XRel",
    "XRelIrrXOR": "XRelIrrXOR",
    "XOR": "XOR",
    "Parity": "Parity",
    "MOSIBinary": "binary sentiment",
    "MOSIReal": "real-valued sentiment",
}
"""Display name of every dataset, in the order of panels."""

PLANTED = {"XRel": "1", "XRelIrrXOR": "1", "XOR": "1+2", "Parity": "1+2+3"}
"""Label of the subset that carries the target by construction."""

TOY_DATASETS = tuple(PLANTED)
"""Datasets with one planted subset, from order one to order three."""

MOSI_DATASETS = ("MOSIBinary", "MOSIReal")
"""The two tasks on CMU-MOSI."""


def ordered(found: Iterable[str], known: Iterable[str]) -> list[str]:
    """List names without repetition: known ones in their order, then the others by alphabet.

    Parameters
    ----------
    found : iterable of str
        Names as they occur in a table.
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
    present, order = set(found), list(known)
    return [name for name in order if name in present] + sorted(present - set(order))


def order_norms(found: Iterable[str]) -> list[str]:
    """List normalisations in display order, see `ordered`."""
    return ordered(found, NORM_NAMES)


def order_datasets(found: Iterable[str]) -> list[str]:
    """List datasets in display order, see `ordered`."""
    return ordered(found, DATASET_NAMES)


def order_subsets(found: Iterable[str]) -> list[str]:
    """List subset labels by size, then by modality order.

    Parameters
    ----------
    found : iterable of str
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
    labels = list(dict.fromkeys(found))
    names = sorted(labels, key=lambda label: len(parse_subset(label)))
    rank = {name: place for place, name in reversed(list(enumerate(sum(map(parse_subset, names), ()))))}
    return sorted(
        labels, key=lambda label: (len(parse_subset(label)), [rank[m] for m in parse_subset(label)])
    )


def order_numbers(found: Iterable[str]) -> list[str]:
    """List values of p or of scale by their size.

    Examples
    --------
    >>> order_numbers(["inf", "2", "4/3", "1", "2"])
    ['1', '4/3', '2', 'inf']
    """
    return sorted(set(found), key=lambda text: float("inf") if text == "inf" else float(Fraction(text)))


def number_name(text: str) -> str:
    """Write a value of p or of scale for a label.

    Examples
    --------
    >>> number_name("inf"), number_name("4/3")
    ('∞', '4/3')
    """
    return "∞" if text == "inf" else text


def subset_name(label: str) -> str:
    r"""Write a subset for a label: digits as a set, longer names one below the other.

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
