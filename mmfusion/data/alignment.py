"""Joining what belongs to the same samples by their names.

Words used here. *Names* of samples are the index of a pandas table or Series; the default index that pandas
counts from 0 is none. Values without names go by their position.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmfusion.errors import InputError
from mmfusion.notices import tell
from mmfusion.sentences import joined_names

UNMATCHED = ("error", "drop")
"""What becomes of samples that only some of the values name."""
Rows = NDArray[np.intp]


def names_of(values: Any) -> pd.Index | None:
    """Return the names of samples, None if there are none.

    Examples
    --------
    >>> names_of(pd.Series([1, 2])) is None, list(names_of(pd.Series([1, 2], index=["b", "a"])))
    (True, ['b', 'a'])
    """
    index = values if isinstance(values, pd.Index) else getattr(values, "index", None)
    if not isinstance(index, pd.Index):
        return None
    default = isinstance(index, pd.RangeIndex) and index.start == 0 and index.step == 1
    return None if default else index


def common_names(names: Mapping[str, pd.Index], unmatched: str) -> tuple[pd.Index, int]:
    """Return the names that all values have, in the order of the first, and how many were dropped.

    Parameters
    ----------
    names : mapping of str to Index
        By what the user calls the values; at least one.
    unmatched : {"error", "drop"}
        Whether names that only some values have are an error, or are dropped.

    Raises
    ------
    InputError
        If a name occurs twice where names have to be joined, only some values have a name and `unmatched` is
        ``error``, or nothing is left.
    """
    first, *others = names.values()
    if all(first.equals(other) for other in others):
        return first, 0
    for what, index in names.items():
        if index.to_frame().isna().any(axis=None):
            raise InputError(
                f"{what}: a sample has no name in the index (NaN), expected one for each, as samples are "
                "joined by their names; name it, or use reset_index(drop=True) on everything to go by "
                "position."
            )
        if index.has_duplicates:
            raise InputError(
                f"{what}: the sample {index[index.duplicated()][0]!r} occurs several times in the index, "
                "expected every name once, as samples are joined by their names; give them different names, "
                "or use reset_index(drop=True) on everything to go by position."
            )
    kept = first
    for other in others:
        kept = kept[kept.isin(other)]
    everything = set().union(*names.values())
    if not len(kept):
        examples = " and ".join(f"{what} has {index[0]!r}" for what, index in names.items() if len(index))
        raise InputError(
            f"{' and '.join(names)} have no sample in common by their index ({examples}), expected the same "
            "names; correct the index, or use reset_index(drop=True) to go by position."
        )
    if unmatched == "error" and len(kept) < len(everything):
        raise _unmatched(names, everything)
    return kept, len(everything) - len(kept)


class JoinedRows(NamedTuple):
    """How values are brought to the same samples.

    Parameters
    ----------
    names : Index or None
        Of the samples that are left, in their order; None where nothing has names.
    rows : dict of str to array of int, or None
        Positions in each of the values, None for all in their order.
    reordered : bool
        Whether some values were in another order.
    """

    names: pd.Index | None
    rows: dict[str, Rows | None]
    reordered: bool


def join_rows(
    names: Mapping[str, pd.Index | None], counted: Collection[str], unmatched: str, reordered: bool = False
) -> JoinedRows:
    """Find the rows of the same samples in all values; tell what was dropped, or joined by position on trust.

    Parameters
    ----------
    names : mapping of str to Index or None
        By what the user calls the values; those without names go by position with the first that has some.
    counted : collection of str
        Values with the default index of pandas.
    unmatched : {"error", "drop"}
        See `common_names`.
    reordered : bool, default False
        Whether parts of the values were in another order already.

    Returns
    -------
    JoinedRows

    Raises
    ------
    InputError
        See `common_names`.
    """
    if unmatched not in UNMATCHED:
        raise InputError(f"unmatched: {unmatched!r} is unknown, expected one of {', '.join(UNMATCHED)}.")
    named = _comparable({what: index for what, index in names.items() if index is not None})
    if not named:
        return JoinedRows(None, dict.fromkeys(names), reordered)
    kept, dropped = common_names(named, unmatched)
    if dropped:
        tell(
            f"{dropped} samples that only some of the values name were dropped (unmatched='drop'), "
            f"{len(kept)} are left."
        )
    reordered = reordered or any(not index[index.isin(kept)].equals(kept) for index in named.values())
    first = next(iter(named))
    for what in names:
        if what not in named and (
            reordered or (what in counted and is_numbered(kept)) or names[what] is not None
        ):
            warn_of_position(what, first, what in counted or names[what] is not None)
    return JoinedRows(
        kept, {what: positions(named.get(what, named[first]), kept) for what in names}, reordered
    )


def warn_of_position(what: str, reference: str, counted: bool) -> None:
    """Tell that values without names go by position, although others are in another order.

    Parameters
    ----------
    what, reference : str
        What the user calls the values, and those with names.
    counted : bool
        Whether the values have the default index of pandas, or row numbers beside names.
    """
    why = "has row numbers, which are no names of samples" if counted else "has no names of samples"
    tell(
        f"{what} {why}, so that its rows go by position with those of {reference}, although other values "
        "are in another order; give all of them the same names, such as ids that are text, if that is not "
        "meant."
    )


def _comparable(names: Mapping[str, pd.Index]) -> dict[str, pd.Index]:
    """Leave out row numbers where the first values have other names: parts of a table have row numbers."""
    first = next(iter(names.values()), None)
    if first is None or is_numbered(first) or _is_whole(first):
        return dict(names)
    return {what: index for what, index in names.items() if not _is_whole(index) or index.isin(first).any()}


def _is_whole(names: pd.Index) -> bool:
    return names.dtype.kind in "iu"


def positions(names: pd.Index, wanted: pd.Index) -> Rows | None:
    """Return where the wanted names are; None if they are all names in their order."""
    return None if names.equals(wanted) else np.asarray(names.get_indexer(wanted), dtype=np.intp)


def is_numbered(names: pd.Index) -> bool:
    """Whether names are row numbers other than 0, 1, 2, ...: of a part of a table, or of a shuffled one."""
    return _is_whole(names) and not np.array_equal(names.to_numpy(), np.arange(len(names)))


def _unmatched(names: Mapping[str, pd.Index], everything: set[Any]) -> InputError:
    lacking = {what: [name for name in everything if name not in index] for what, index in names.items()}
    what = next(what for what, missing in lacking.items() if missing)
    missing = sorted(map(repr, lacking[what]))
    others = " and ".join(other for other in names if other != what)
    return InputError(
        f"{what} lacks {len(missing)} of the samples that {others} {'has' if len(names) == 2 else 'have'}: "
        f"{joined_names(missing)}; expected the same names in every index; leave them out, or pass "
        "unmatched='drop' to drop every sample that is not in all of them."
    )
