"""The columns of what is tested: estimate, interval, p-values and whether it is named, for several tables."""

from __future__ import annotations

Entry = tuple[str, str, str]
"""Kind, range or unit, and meaning of a column."""

_OVER = "over the test samples, or over their groups where there are any"
_UNIT = "nats or shares of the variance"
_QUANTITIES = {
    "information": "loss of the constant minus that of the coalition; of numbers, divided by the former",
    "alone": "information of the modality by itself",
    "needed": "information of all modalities minus that of all others",
    "shapley": "Shapley value of the modality over all coalitions; NaN where not all were measured",
    "synergy": "information of the pair minus that of both alone; below zero: they say partly the same",
}
OF_MODALITIES = ("alone", "needed", "shapley")
"""Quantities that share a row, so that each has p-values of its own."""


def p_value(meaning: str) -> Entry:
    """Define the column of a p-value."""
    return "number", "[0, 1]", f"test: {meaning}, {_OVER}"


def _columns_of(name: str) -> dict[str, Entry]:
    meaning = _QUANTITIES[name]
    columns: dict[str, Entry] = {
        name: ("number", _UNIT, f"test: {meaning}"),
        f"{name}_low": ("number", _UNIT, f"lower end of the 95 % interval of {name}, {_OVER}"),
        f"{name}_high": ("number", _UNIT, f"upper end of the 95 % interval of {name}, {_OVER}"),
    }
    if name not in OF_MODALITIES:
        return columns
    return {
        **columns,
        f"{name}_p_value": p_value(f"one-sided p-value of a value of {name} that is at most zero"),
        f"{name}_p_adjusted": ("number", "[0, 1]", f"{name}_p_value, adjusted for all modalities of the run"),
        f"{name}_named": ("boolean", "true, false", f"whether {name} is shown: as named, by its own p-value"),
    }


TESTED: dict[str, Entry] = {
    "p_value": p_value("one-sided p-value of a value that is at most zero"),
    "p_adjusted": ("number", "[0, 1]", "p_value, adjusted by Holm's method for all rows of the run"),
    "named": (
        "boolean",
        "true, false",
        "whether it is shown: p_adjusted is below 0.05, the size at least 2 % of the loss that the "
        "prediction explains, and the prediction better than the constant",
    ),
    **{column: entry for name in _QUANTITIES for column, entry in _columns_of(name).items()},
}
"""All these columns by name."""


def tested_columns(*names: str) -> str:
    """List the columns of quantities, apart by spaces.

    Examples
    --------
    >>> tested_columns("synergy")
    'synergy synergy_low synergy_high'
    """
    return " ".join(column for name in names for column in _columns_of(name))
