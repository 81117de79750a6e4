"""Sentences of the answer on subsets: which the networks use, and for which that is not shown."""

from __future__ import annotations

import pandas as pd

from mmfusion.estimators.answer_words import (
    MOST_TOLD,
    Effect,
    listed,
    quoted,
    sized,
    told_effects,
    written,
)
from mmfusion.fusion.subsets import parse_subset
from mmfusion.measures.cross_fitted import ERROR_RATE

REDUCIBLE = 0.5
"""Reducibility above which a product is called mostly what smaller subsets say."""


def carrying_sentence(relevance: pd.DataFrame) -> str:
    """Say in a few words which subsets carry the prediction, the largest first.

    Parameters
    ----------
    relevance : DataFrame
        The relevance table.

    Returns
    -------
    str
    """
    used = _used(relevance)
    if not used:
        return "The networks predict, but no single subset of the modalities is shown to carry that."
    names = listed([quoted(effect.name) for effect in used])
    told = relevance.set_index("subset").loc[[effect.name for effect in used[:MOST_TOLD]]]
    reducible = [quoted(str(name)) for name in _reducible(told).index]
    but = f" ({listed(reducible)}: mostly by what smaller subsets say)" if reducible else ""
    return f"{names}{but} {'carries' if len(used) == 1 else 'carry'} the prediction of these networks."


def used_sentences(relevance: pd.DataFrame, unit: str) -> list[str]:
    """Say which subsets the networks use, the largest first.

    Parameters
    ----------
    relevance : DataFrame
        The relevance table.
    unit : str
        Unit of the loss.

    Returns
    -------
    list of str
    """
    used = _used(relevance)
    if not used and ((relevance["p_adjusted"] < ERROR_RATE) & (relevance["loss_rise"] > 0)).any():
        return ["Every subset of the modalities adds less than what is named here (the setting floor)."]
    if not used:
        return [
            "No subset of the modalities is shown to add anything of its own: what is explained is spread "
            "over several of them, or there are too few samples to tell which."
        ]
    names = [effect.name for effect in used[:MOST_TOLD]]
    plus = "; a plus sign marks a combination (a product of features)" if "+" in "".join(names) else ""
    shown = [quoted(effect.name) for effect in used]
    parts = listed(sized(shown, used, "without it the loss rises by ", unit))
    told = relevance.set_index("subset").loc[names]
    reducible = _reducible_sentence(told)
    return [f"The networks use {parts}{plus}.", *reducible, *_unknown_sentence(told)]


def _used(relevance: pd.DataFrame) -> list[Effect]:
    """Return the named subsets, the largest first."""
    ordered = relevance.sort_values("loss_rise", ascending=False, kind="stable")
    return told_effects(ordered, "subset", "loss_rise", "named")


def _reducible(used: pd.DataFrame) -> pd.Series:
    """Return the shares of the combinations that are mostly what smaller subsets say, by subset."""
    share = used["reducibility_within"].fillna(used["reducibility_single"])
    return share[(used["order"] > 1) & (share > REDUCIBLE)]


def _reducible_sentence(used: pd.DataFrame) -> list[str]:
    """Say which of the combinations are mostly what smaller subsets say; `used` is indexed by subset."""
    share = _reducible(used)
    if share.empty:
        return []
    start = "But" if len(share) == len(used) else "Of these,"
    names = listed([quoted(name) for name in share.index])
    sizes = listed([written(value) for value in share])
    if len(share) == 1:
        verb, whose, close = "is", "its", "so it is no evidence of an interaction"
    else:
        verb, whose, close = "are", "their", "so they are no evidence of interactions"
    return [
        f"{start} {names} {verb} mostly what smaller subsets say (they predict {sizes} of {whose} variance), "
        f"{close}."
    ]


def _unknown_sentence(used: pd.DataFrame) -> list[str]:
    """Say of which combinations it is not known whether smaller subsets say the same."""
    share = used["reducibility_within"].fillna(used["reducibility_single"])
    names = used.index[(used["order"] > 1) & share.isna()]
    if names.empty:
        return []
    return [
        f"Whether {listed([quoted(str(name)) for name in names], 'or')} says more than smaller subsets is "
        "not known: a fold holds too few samples to tell."
    ]


def doubtful_sentences(relevance: pd.DataFrame, information: pd.DataFrame) -> list[str]:
    """Say which of the combinations hold a modality that is not shown to be needed.

    A product of two modalities that resemble each other can stand for a curve in one of them: networks that
    are given only this one then predict as well.

    Parameters
    ----------
    relevance : DataFrame
        The relevance table.
    information : DataFrame
        One row per modality, with ``needed_named``.

    Returns
    -------
    list of str
        At most one; combinations that are mostly what smaller subsets say are left to `used_sentences`.
    """
    ordered = relevance.sort_values("loss_rise", ascending=False, kind="stable")
    used = [effect.name for effect in told_effects(ordered, "subset", "loss_rise", "named")][:MOST_TOLD]
    within = relevance.set_index("subset")[["reducibility_within", "reducibility_single"]]
    needed = {effect.name for effect in told_effects(information, "modality", "needed", "needed_named")}
    spare = {
        name: [one for one in parse_subset(name) if one not in needed]
        for name in used
        if "+" in name and not within.loc[name].bfill().iloc[0] > REDUCIBLE
    }
    doubtful = [name for name, members in spare.items() if members]
    if not doubtful:
        return []
    without = [quoted(one) for one in dict.fromkeys(one for name in doubtful for one in spare[name])]
    if len(without) == 1:
        networks = f"networks trained without {without[0]}"
    else:
        networks = f"for each of {listed(without)}, networks trained without it"
    return [
        f"But {listed([quoted(name) for name in doubtful])} may stand for something else: {networks} are not "
        "shown to predict clearly worse."
    ]


def linear_sentences(relevance: pd.DataFrame) -> list[str]:
    """Say that the networks have no combinations of modalities, if the best ones are of that kind.

    Parameters
    ----------
    relevance : DataFrame
        The relevance table.

    Returns
    -------
    list of str
        At most one.
    """
    combined = relevance["order"] > 1
    if not combined.any() or (relevance["block_norm"].eq(0) != combined).any():
        return []
    return [
        "The networks are linear models without combinations of modalities: networks that have them were "
        "tried, too, and predict no better."
    ]


def not_shown_sentences(relevance: pd.DataFrame, floor: float) -> list[str]:
    """Say of which subsets it is not shown that they add anything, unless that is all of them or none.

    Parameters
    ----------
    relevance : DataFrame
        The relevance table.
    floor : float
        Share of the explained loss below which a subset is not named.

    Returns
    -------
    list of str
        At most one.
    """
    used = {effect.name for effect in told_effects(relevance, "subset", "loss_rise", "named")}
    rest = relevance[~relevance["subset"].isin(used)]
    if not used or rest.empty:
        return []
    small = (rest["p_adjusted"] < ERROR_RATE) & (rest["loss_rise"] > 0)
    or_small = (
        f", or only less than {100 * floor:g} % of what is explained" if small.any() and floor > 0 else ""
    )
    names = listed([quoted(name) for name in rest["subset"]])
    if len(rest) == 1:
        start, own, do = f"The subset {names} is", "its own", "it does"
    else:
        start, own, do = f"The subsets {names} are", "their own", "they do"
    return [f"{start} not shown to add anything of {own}{or_small}; that does not rule out that {do}."]
