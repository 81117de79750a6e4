"""Subsets of modalities, in the one order that features, weights, penalty and scores share."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from numbers import Integral

from mmfusion.errors import FusionError

Subset = tuple[str, ...]
"""A non-empty tuple of modality names, in modality order."""
FEW = 4
"""Largest number of modalities for which all subsets are the default; above it, pairs are."""


def subsets(modalities: Iterable[str], max_order: int | None = None) -> list[Subset]:
    """List all non-empty subsets of the modalities, by size, then by modality order.

    Parameters
    ----------
    modalities : iterable of str
        Modality names; their order is kept and never sorted.
    max_order : int, optional
        Largest size of a subset. Default: the number of modalities.

    Returns
    -------
    list of tuple of str

    Raises
    ------
    FusionError
        If there is no modality, a name is empty, contains ``+`` or occurs twice, or `max_order` is not a
        whole number of at least 1.

    Examples
    --------
    >>> subsets(["text", "audio"])
    [('text',), ('audio',), ('text', 'audio')]
    """
    names = tuple(modalities)
    if not names:
        raise FusionError("modalities: none given, expected at least one modality name.")
    for name in names:
        if not isinstance(name, str) or not name or "+" in name:
            raise FusionError(
                f"modalities: {name!r} is not a valid name, expected non-empty text without '+' "
                "(which joins names of a subset); rename the modality."
            )
    if len(set(names)) < len(names):
        raise FusionError(
            f"modalities: {list(names)} has a name twice; give every modality a name of its own."
        )
    whole = isinstance(max_order, Integral) and not isinstance(max_order, bool)
    if max_order is not None and (not whole or max_order < 1):
        raise FusionError(
            f"max_order: {max_order!r} is not an order, expected a whole number of at least 1 or None."
        )
    largest = len(names) if max_order is None else min(max_order, len(names))
    return [subset for size in range(1, largest + 1) for subset in combinations(names, size)]


def chosen_order(choice: int | str | None, modalities: int) -> int | None:
    """Return the largest size of a subset for a user's ``max_order``.

    Parameters
    ----------
    choice : int, "auto", "all" or None
        A number; all subsets of up to four modalities, else pairs; all subsets.
    modalities : int

    Returns
    -------
    int or None
        None for all subsets.

    Examples
    --------
    >>> chosen_order("auto", 4), chosen_order("auto", 5), chosen_order("all", 5), chosen_order(3, 5)
    (4, 2, None, 3)
    """
    if isinstance(choice, str):
        auto = modalities if modalities <= FEW else 2
        return auto if choice == "auto" else None
    return choice


def subset_label(subset: Subset) -> str:
    """Write a subset as in tables.

    Examples
    --------
    >>> subset_label(("1", "2"))
    '1+2'
    """
    return "+".join(subset)


def parse_subset(label: str) -> Subset:
    """Read a subset from its label, the inverse of `subset_label`.

    Examples
    --------
    >>> parse_subset("1+2")
    ('1', '2')
    """
    return tuple(label.split("+"))


def proper_subsets(subset: Subset) -> list[Subset]:
    """List the non-empty subsets strictly within a subset, by size, then by modality order.

    Examples
    --------
    >>> proper_subsets(("1", "2"))
    [('1',), ('2',)]
    """
    return [] if len(subset) == 1 else subsets(subset, len(subset) - 1)


def without(subset: Subset, removed: Subset) -> Subset:
    """Return the modalities of `subset` that are not in `removed`, order kept (may be empty)."""
    return tuple(name for name in subset if name not in removed)
