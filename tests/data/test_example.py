"""The example table holds the truth that its docstring states."""

from __future__ import annotations

import numpy as np

from mmfusion.data.example import WIDTHS, example_table


def test_columns_and_truth() -> None:
    table = example_table(4000)
    assert [f"{name}_{index}" for name, width in WIDTHS.items() for index in range(width)] == list(
        table.columns[2:-1]
    )
    sign = 2 * table["agrees"] - 1
    assert np.corrcoef(sign, table["text_0"])[0, 1] > 0.4
    assert np.corrcoef(sign, table["audio_0"] * table["text_1"])[0, 1] > 0.4
    for name in ("audio_0", "text_1", "video_0", "video_4"):
        assert abs(np.corrcoef(sign, table[name])[0, 1]) < 0.06


def test_the_seed_draws_it() -> None:
    assert example_table(20).equals(example_table(20))
    assert not example_table(20).equals(example_table(20, seed=1))
