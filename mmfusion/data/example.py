"""A small example of user data: a table of speech acts, drawn at random, whose truth is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

EXAMPLE = "resources/example/speech.csv"
"""Path at which the workflow writes the table."""
WIDTHS = {"text": 6, "audio": 4, "video": 5}
SPEAKERS = 40


def example_table(samples: int = 800, seed: int = 0) -> pd.DataFrame:
    """Draw a table with three modalities, a group and a binary target.

    The target is 1 where 1.5 text_0 + 2 audio_0 text_1 + noise is positive: text matters alone, text and
    audio matter together, and video does not matter.

    Parameters
    ----------
    samples : int, default 800
    seed : int, default 0

    Returns
    -------
    DataFrame
        Columns id, speaker, ``text_0`` and so on, and agrees (0 or 1).
    """
    import pandas as pd  # here, as planning a study needs the path above only

    rng = np.random.default_rng(seed)
    parts = {name: rng.normal(size=(samples, width)) for name, width in WIDTHS.items()}
    score = 1.5 * parts["text"][:, 0] + 2.0 * parts["audio"][:, 0] * parts["text"][:, 1]
    columns: dict[str, object] = {
        "id": [f"act-{number}" for number in range(samples)],
        "speaker": [f"speaker-{number}" for number in rng.integers(0, SPEAKERS, samples)],
    }
    for name, values in parts.items():
        columns |= {f"{name}_{index}": values[:, index].round(4) for index in range(values.shape[1])}
    columns["agrees"] = (score + 0.5 * rng.normal(size=samples) > 0).astype(int)
    return pd.DataFrame(columns)
