"""Sentences of the answer on modalities: what can't be replaced, what can and by which, what works together.

All of it is read off networks that were trained anew on some of the modalities only. *Alone* is what they
predict from one modality, *needed* what is lost without it, *synergy* what two modalities predict together
beyond the sum of what each predicts alone. What the answer says of a modality follows what the tables name:

| alone | needed | synergy with another | told as |
|---|---|---|---|
| any | named | any | nothing else can fully replace it |
| named | not named | named, negative; adds less than the floor to that one | can be replaced by it |
| not named | named | named, positive | is shown to work only together with that one |
| not named | not named | any | neither is shown |
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pandas as pd

from mmfusion.estimators.answer_found import Found, found_in
from mmfusion.estimators.answer_words import (
    MOST_TOLD,
    Effect,
    amount,
    count,
    interval,
    listed,
    quoted,
    sized,
    written,
)

NOT_MEASURED = (
    "Whether one modality could replace another was not measured; information=True does it (--information in "
    "the shell)."
)


def modality_sentences(
    information: pd.DataFrame,
    synergy: pd.DataFrame | None,
    unit: str,
    used: Collection[str] = (),
    floor: float = 0.02,
) -> list[str]:
    """Say which modalities can't be replaced, which can, which work only together, and which are not shown.

    Parameters
    ----------
    information : DataFrame
        One row per modality: alone and needed, with intervals and whether they are named.
    synergy : DataFrame, optional
        One row per measured pair.
    unit : str
        Unit of the information.
    used : collection of str
        Subsets that are named in the relevance table.
    floor : float, default 0.02
        Share of what is explained below which nothing is named.

    Returns
    -------
    list of str
        Empty if there is only one modality, which has nothing to be compared with.
    """
    if len(information) < 2:
        return []
    found = found_in(information, synergy, unit)._replace(used=frozenset(used), floor=floor)
    return [*_needed(found), *_replaceable(found), *_together(found), *_neither(found), *_small(found)]


def _needed(found: Found) -> list[str]:
    """Tell the modalities without which the other ones predict less, the largest loss first."""
    needed = sorted(found.needed.values(), key=lambda effect: -effect.value)
    if not needed:
        return []
    names = [quoted(effect.name) for effect in needed]
    parts = listed(sized(names, needed, "networks trained without it lose ", found.unit), "or")
    return [f"Nothing else here can fully replace {parts}."]


def _replaceable(found: Found) -> list[str]:
    """Tell the modalities that predict alone and are not needed: by what they can be replaced, if shown."""
    spare = [name for name in found.names if name in found.alone and name not in found.needed]
    by = {name: found.substitutes(name) for name in spare}
    circles = _circles(by)
    inside = {name for circle in circles for name in circle}
    single = {name: others for name, others in by.items() if others and name not in inside}
    unknown = [name for name, others in by.items() if not others]
    each_other = [_each_other(found, circle) for circle in circles]
    return [*each_other, *_by_others(found, single), *_by_unknown(found, unknown)]


def _circles(by: dict[str, list[str]]) -> list[list[str]]:
    """List the sets of modalities of which each can be replaced by exactly the others."""
    circles = {name: frozenset([name, *others]) for name, others in by.items() if others}
    closed = [circle for circle in circles.values() if all(circles.get(name) == circle for name in circle)]
    return [[name for name in by if name in circle] for circle in dict.fromkeys(closed)]


def _each_other(found: Found, circle: list[str]) -> str:
    """Tell modalities that can replace each other."""
    sizes = listed([written(found.alone[name].value) for name in circle])
    none = "neither" if len(circle) == 2 else "none"
    return (
        f"The modalities {_names(circle)} can replace each other: each predicts by itself ({sizes}"
        f"{found.unit}), but {none} is shown to be needed beside {found.others}."
    )


def _by_others(found: Found, by: dict[str, list[str]]) -> list[str]:
    """Tell modalities that others can replace, but not the other way round."""
    if not by:
        return []
    if len(by) == 1:
        [(name, others)] = by.items()
        size = amount(found.alone[name].value, found.unit)
        return [
            f"The modality {quoted(name)} can be replaced by {_names(others, 'or')}: it predicts by itself "
            f"({size}), but is not shown to be needed beside {found.others}."
        ]
    units = [f"{found.unit} by itself", *[""] * (len(by) - 1)]
    replaced = [
        f"{quoted(name)} ({amount(found.alone[name].value, unit)}) by {_names(others, 'or')}"
        for (name, others), unit in zip(by.items(), units, strict=True)
    ]
    more = len(replaced) - MOST_TOLD
    rest = f"; and so can {count(more, 'other')}" if more > 0 else ""
    return [
        f"Some modalities predict by themselves, but are not shown to be needed beside {found.others}, which "
        f"can replace them: {'; '.join(replaced[:MOST_TOLD])}{rest}."
    ]


def _by_unknown(found: Found, names: list[str]) -> list[str]:
    """Tell modalities that predict alone and are not needed, with nothing shown to overlap with them."""
    if not names:
        return []
    sizes = listed([written(found.alone[name].value) for name in names]) + found.unit
    if len(names) == 1:
        start, them = f"The modality {_names(names)} predicts by itself ({sizes}), but is", "it"
    else:
        start, them = f"The modalities {_names(names)} predict by themselves ({sizes}), but are", "them"
    end = f"; which of these could replace {them} is {_reason(found)}" if len(found.names) > 2 else ""
    return [f"{start} not shown to be needed beside {found.others}{end}."]


def _reason(found: Found) -> str:
    """Say why the answer has nothing about pairs."""
    return "not shown" if found.pairs_measured else "not measured"


def _together(found: Found) -> list[str]:
    """Tell the modalities that are needed and not shown to predict alone, and with which they work."""
    silent = [name for name in found.names if name in found.needed and name not in found.alone]
    paired = [name for name in silent if found.partners(name, 1)]
    return [*_in_pairs(found, paired), *_with_unknown(found, [name for name in silent if name not in paired])]


def _in_pairs(found: Found, silent: list[str]) -> list[str]:
    """Tell the pairs of modalities that predict together what at least one of them does not alone."""
    pairs = {
        pair if pair[0] in silent else pair[::-1]: effect
        for pair, effect in found.synergy.items()
        if effect.value > 0 and not set(pair).isdisjoint(silent)
    }
    if not pairs:
        return []
    if len(pairs) == 1:
        [((first, second), effect)] = pairs.items()
        return [_one_pair(found, first, second, effect, both=second in silent)]
    ordered = sorted(pairs.items(), key=lambda item: -item[1].value)
    names = [f"{quoted(first)} with {quoted(second)}" for (first, second), _ in ordered]
    parts = listed(sized(names, [effect for _, effect in ordered], "", f"{found.unit} more"))
    if len(silent) == 1:
        start = f"The modality {_names(silent)} is not shown to predict by itself; it works"
    else:
        start = f"The modalities {_names(silent)} are not shown to predict by themselves; they work"
    return [f"{start} together with others, as a pair explains more than the sum of its two alone: {parts}."]


def _one_pair(found: Found, first: str, second: str, effect: Effect, *, both: bool) -> str:
    """Tell a pair; `both`: neither of the two is shown to predict alone, else only the first is not.

    Where the networks use one of these as a subset of its own, beside the others, "only" would be too much.
    """
    silent = [first, second] if both else [first]
    only = "" if found.used.intersection(silent) else " only"
    if both:
        start, none = f"The modalities {_names(silent)} are shown to work{only} together", "neither is"
    else:
        start = f"The modality {quoted(first)} is shown to work{only} together with {quoted(second)}"
        none = "it is not"
    start += f": {none} shown to predict by itself"
    more = f"{amount(effect.value, found.unit)} more than the sum of what each explains alone"
    bounds = interval(effect, "95 % interval ").removeprefix(", ")
    return f"{start}, and the two explain {more}{f' ({bounds})' if bounds else ''}."


def _with_unknown(found: Found, names: list[str]) -> list[str]:
    """Tell modalities that are needed and not shown to predict alone, with no partner shown."""
    if not names:
        return []
    if len(names) == 1:
        start, end = f"The modality {_names(names)} is", "it is not shown to predict by itself"
        which = "with which of the others it works"
    else:
        start, end = f"The modalities {_names(names)} are", "they are not shown to predict by themselves"
        which = "with which of the others they work"
    known = f"; {which} is {_reason(found)}" if len(found.names) > 2 else ""
    return [f"{start} needed, although {end}{known}."]


def _neither(found: Found) -> list[str]:
    """Tell the modalities that are neither shown to predict alone nor to be needed, not even a little."""
    silent = [name for name in found.names if name not in found.alone and name not in found.needed]
    small = found.small if found.floor > 0 else {}
    names = [name for name in silent if name not in small]
    if not names:
        return []
    if len(names) == len(found.names):
        what = f"predicts by itself, or that it is needed beside {found.others}"
        return [f"For none of the modalities is it shown that it {what}."]
    if len(names) == 1:
        what = f"that it predicts by itself, or that it is needed beside {found.others}"
    else:
        what = f"that they predict by themselves, or that they are needed beside {found.others}"
    return [f"For {_names(names)}, neither is shown: {what}."]


def _small(found: Found) -> list[str]:
    """Tell what is shown to be above 0 and is called not shown only because it is small."""
    small = [words for name in found.names for words in found.small.get(name, ())]
    if not (small and found.floor > 0):
        return []
    verb = "is" if len(small) == 1 else "are"
    return [
        f"Shown to be above 0, but below the floor of {100 * found.floor:g} % of what is explained, {verb} "
        f"{listed(small)}."
    ]


def _names(names: Sequence[str], conjunction: str = "and") -> str:
    return listed([quoted(name) for name in names], conjunction)
