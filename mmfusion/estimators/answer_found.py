"""What the tables on modalities name: alone, needed, synergy, and which modality could stand in for which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import pandas as pd

from mmfusion.estimators.answer_words import SMALLEST, Effect, amount, quoted, told_effects
from mmfusion.measures.cross_fitted import ERROR_RATE

Pair = tuple[str, str]


class Found(NamedTuple):
    """What the tables name.

    Parameters
    ----------
    names : list of str
        All modalities, in their order.
    alone, needed : dict of str to Effect
        Those that are named, by modality.
    synergy : dict of (str, str) to Effect
        Those that are named, by pair.
    pairs_measured : bool
    unit : str
        Unit of the information.
    used : set of str
        Subsets that are named in the relevance table.
    floor : float
        Share of what is explained below which nothing is named, and of what a pair explains below which a
        modality adds nothing to the other one.
    small : mapping of str to list of str
        By modality, what is shown to be above 0, but is below the floor, in words.
    """

    names: list[str]
    alone: dict[str, Effect]
    needed: dict[str, Effect]
    synergy: dict[Pair, Effect]
    pairs_measured: bool
    unit: str
    used: frozenset[str] = frozenset()
    floor: float = 0.0
    small: Mapping[str, Sequence[str]] = MappingProxyType({})

    @property
    def others(self) -> str:
        """What all modalities but one are called."""
        return "the other" if len(self.names) == 2 else "the others"

    def partners(self, name: str, sign: int) -> list[str]:
        """List the modalities whose synergy with this one is named and has this sign, in modality order."""
        pairs = [pair for pair, effect in self.synergy.items() if name in pair and sign * effect.value > 0]
        return [other for other in self.names if other != name and any(other in pair for pair in pairs)]

    def substitutes(self, name: str) -> list[str]:
        """List the modalities beside which this one adds next to nothing, in modality order.

        Of a pair, I({a, b}) - I({b}) = I({a}) + synergy(a, b). A negative synergy alone says only that both
        tell partly the same.
        """
        found = []
        for other in self.partners(name, -1):
            pair = next(pair for pair in self.synergy if set(pair) == {name, other})
            if other in self.alone and name in self.alone:
                added = self.alone[name].value + self.synergy[pair].value
                if added <= self.floor * (added + self.alone[other].value):
                    found.append(other)
        return found


def found_in(information: pd.DataFrame, synergy: pd.DataFrame | None, unit: str) -> Found:
    """Read the tables of modalities and of pairs, see `mmfusion.estimators.answer_modalities`."""
    alone, needed = (
        {told.name: told for told in told_effects(information, "modality", quantity, f"{quantity}_named")}
        for quantity in ("alone", "needed")
    )
    names = [str(name) for name in information["modality"]]
    small = _below_the_floor(information, unit)
    if synergy is None or synergy.empty:
        return Found(names, alone, needed, {}, False, unit, small=small)
    both = zip(synergy["first"], synergy["second"], strict=True)
    ends = {
        str(pair): (str(first), str(second))
        for pair, (first, second) in zip(synergy["pair"], both, strict=True)
    }
    pairs = {ends[told.name]: told for told in told_effects(synergy, "pair", "synergy", "named", signed=True)}
    return Found(names, alone, needed, pairs, True, unit, small=small)


def _below_the_floor(information: pd.DataFrame, unit: str) -> dict[str, list[str]]:
    """Write the quantities that are above 0 by their test and yet too small to be named."""
    found: dict[str, list[str]] = {}
    for label, row in information.set_index("modality").iterrows():
        name = str(label)
        for quantity, words in (("alone", "{} alone"), ("needed", "what is lost without {}")):
            shown = row[f"{quantity}_p_adjusted"] < ERROR_RATE and row[quantity] >= SMALLEST
            if shown and not row[f"{quantity}_named"]:
                size = amount(row[quantity], unit)
                found.setdefault(name, []).append(f"{words.format(quoted(name))} ({size})")
    return found
