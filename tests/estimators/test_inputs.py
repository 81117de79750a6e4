"""From tables and arrays to modalities, and how much memory a layer needs."""

from __future__ import annotations

from itertools import combinations
from math import prod
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmfusion import FusionClassifier
from mmfusion.errors import InputError
from mmfusion.estimators.inputs import modality_data
from mmfusion.training import fusion_memory as memory
from mmfusion.training.fusion_memory import check_fusion_memory, products

TABLE = pd.DataFrame({"t1": [1, 2, 3], "t2": [0.5, None, 1.5], "a1": ["4", "5", "6"]})


def test_a_mapping_cuts_a_table_in_its_own_order() -> None:
    data = modality_data(TABLE, {"audio": ["a1"], "text": ["t2", "t1"]})
    assert data.modalities == ("audio", "text")
    np.testing.assert_array_equal(data.arrays["audio"], [[4.0], [5.0], [6.0]])
    np.testing.assert_array_equal(data.arrays["text"], [[0.5, 1.0], [np.nan, 2.0], [1.5, 3.0]])


def test_a_pattern_or_a_name_stands_for_columns() -> None:
    actual = modality_data(TABLE, {"text": "t*", "audio": "a1"})
    listed = modality_data(TABLE, {"text": ["t1", "t2"], "audio": ["a1"]})
    for name in ("text", "audio"):
        np.testing.assert_array_equal(actual.arrays[name], listed.arrays[name])
    starred = TABLE.rename(columns={"t2": "t*"})  # a name that is there is no pattern
    np.testing.assert_array_equal(modality_data(starred, {"text": "t*"}).arrays["text"], TABLE[["t2"]])


def test_a_small_table_has_one_modality_per_column_and_two_levels_name_them() -> None:
    assert modality_data(TABLE).modalities == ("t1", "t2", "a1")
    wide = pd.DataFrame(np.zeros((2, 3)), columns=pd.MultiIndex.from_tuples([("t", 1), ("a", 1), ("t", 2)]))
    assert {name: x.shape for name, x in modality_data(wide).arrays.items()} == {"t": (2, 2), "a": (2, 1)}


def test_an_array_is_one_modality_or_is_cut_by_positions() -> None:
    values = np.arange(8).reshape(2, 4)
    assert modality_data(values).modalities == ("x",)
    data = modality_data(values, {"left": [0, 1], "right": range(2, 4)})
    np.testing.assert_array_equal(data.arrays["right"], [[2.0, 3.0], [6.0, 7.0]])


@pytest.mark.parametrize(
    ("X", "columns", "message"),
    [
        (TABLE, {"text": ["t11"]}, r"modalities\['text'\]: there is no column 't11'; did you mean 't1'"),
        (
            TABLE,
            {"text": ["t1"], "audio": ["t1"]},
            "column 't1' is in modality 'text' and in modality 'audio'",
        ),
        (TABLE, {"text": "t11"}, "there is no column 't11'; did you mean 't1'"),
        (TABLE, {"text": "v*"}, r"no column fits the pattern 'v\*', expected at least one of t1, t2, a1"),
        (TABLE, {"text": []}, "there are no columns, expected at least one"),
        (TABLE, {"text": 3}, "3 is not a list of columns"),
        (TABLE, {"text": "t*", "all": "*"}, "column 't1' is in modality 'text' and in modality 'all'"),
        (np.zeros((2, 3)), {"text": "t*"}, r"X is an array without names, expected a list of positions such"),
        (np.zeros((2, 3)), {"text": 1}, r"positions such as \[0, 1\], not 1; pass a DataFrame"),
        (np.zeros((2, 3)), {"text": [3]}, "there is no column 3; expected one of 0, 1, 2"),
        (TABLE, {}, "is not a mapping"),
        (
            TABLE.assign(a1=["4", "x", "6"]),
            {"audio": ["a1"]},
            r"row 1 \(counted from 0\), column 'a1': the value is 'x', expected a number",
        ),
        (
            TABLE.assign(a1=["4", "6", "n/a"]),
            {"a": ["a1"]},
            r"row 2 \(counted from 0\), column 'a1': the value is 'n/a'",
        ),
        (TABLE.assign(a1=["x", None, "y"]), None, r"it holds text \(its first value is 'x' in row 0"),
        (
            TABLE.set_index([["p", "q", "r"]]).assign(a1=["4", 5, "n/a"]),
            None,
            r"sample 'r'\), column 'a1': the value is 'n/a'",
        ),
        (TABLE.assign(a1=pd.Timestamp("2020-01-01")), None, "the values are datetime64.*, expected real"),
        (TABLE.assign(a1=1j), None, "the values are complex128"),
        (TABLE.assign(a1=[{1}, {2}, {3}]), None, r"row 0 .*: \{1\} is not a number"),
        (TABLE.set_axis(["t1", "t1", "a1"], axis=1), None, "the column name 't1' occurs several times"),
        (np.array([[1, 2], [3, "n/a"]], dtype=object), None, r"X, row 1 \(counted from 0\), column 1: .*n/a"),
        (pd.DataFrame(np.zeros((2, 9))), None, "table with 9 columns .* nothing says which belong together"),
        ({"a": np.zeros(3)}, {"a": [0]}, "X has named modalities already"),
        (np.zeros(3), None, "Reshape your data"),
        (np.zeros((2, 2), dtype=complex), None, "Complex data not supported"),
    ],
)
def test_what_cannot_be_read(X: Any, columns: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        modality_data(X, columns)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=6), st.integers(1, 7))
def test_products_are_the_sum_over_subsets(widths: list[int], order: int) -> None:
    expected = sum(prod(chosen) for size in range(1, order + 1) for chosen in combinations(widths, size))
    assert products(widths, order) == expected


def test_the_largest_order_that_fits_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Memory:
        available = 2**30

    monkeypatch.setattr(memory.psutil, "virtual_memory", lambda: Memory)
    check_fusion_memory([8] * 5, 3, 1, 64, 1000)
    with pytest.raises(
        InputError, match=r"max_order=8: 255 subsets of 8 modalities .* max_order=4 has 162 subsets"
    ):
        check_fusion_memory([8] * 8, 8, 1, 64, 1000)
    with pytest.raises(InputError, match="use a smaller dim"):
        check_fusion_memory([10**9] * 2, 2, 1, 64, 1000)
    with pytest.raises(InputError, match=r"about 1e120 subsets of 400 modalities need about 1e\d+ GiB"):
        check_fusion_memory([8] * 400, 400, 1, 64, 1000)
    with pytest.raises(InputError, match=r"max_order=5000: more than 12502500 subsets .* need more than"):
        check_fusion_memory([8] * 5000, 10**30, 1, 64, 1000)  # all of them could not even be counted


def test_arrays_without_names_and_unknown_devices_are_reported() -> None:
    rng = np.random.default_rng(0)
    text, audio, y = rng.normal(size=(20, 3)), rng.normal(size=(20, 2)), np.arange(20) % 2
    with pytest.raises(InputError, match="X is a list of arrays without names, expected a mapping"):
        FusionClassifier().fit([text, audio], y)
    with pytest.raises(InputError, match="device: 'gpu', expected auto"):
        FusionClassifier(device="gpu").fit({"text": text}, y)
