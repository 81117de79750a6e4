"""From the settings of a user's dataset to the arguments with which its file is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmfusion.data.part import SYMBOLS
from mmfusion.data.readers.finish import Treatment

ROLES = ("target", "groups", "ids")
ONLY_CSD = ("words", "missing_frames", "labels_without_words")
TASK_KEY, THRESHOLD_KEY = "in the configuration, task:", "in the configuration, threshold:"
"""What the user writes in front of another task, or of a threshold."""


def reading(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of `mmfusion.data.readers.read.read_source` but the path.

    Parameters
    ----------
    settings : mapping
        As `mmfusion.study.config.user_settings.UserDataset` has them.
    """
    columns, symbols = modalities_and_symbols(settings["modalities"])
    return {
        **{role: settings[role] for role in ROLES},
        "modalities": columns,
        "treatment": Treatment(symbols, settings["nonfinite"], settings["padding"], settings["threshold"]),
        "only_csd": {name: settings[name] for name in ONLY_CSD},
    }


def modalities_and_symbols(
    modalities: Mapping[str, Any] | None,
) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    """Return the columns of every modality, and which of them are symbols."""
    if modalities is None:
        return None, ()
    entries = {
        name: entry if isinstance(entry, Mapping) else {"columns": entry, "kind": "numbers"}
        for name, entry in modalities.items()
    }
    return (
        {name: entry["columns"] for name, entry in entries.items()},
        tuple(name for name, entry in entries.items() if entry["kind"] == SYMBOLS),
    )
