"""What people have in hand becomes an array where its meaning is plain, else one sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.sparse
import torch

from mmfusion import ModalityData
from mmfusion.data.conversion import as_part, plain_array
from mmfusion.data.location import Location
from mmfusion.errors import InputError

VALUES = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
FRAME = pd.DataFrame(VALUES, columns=["a", "b"])


def array_of(values: Any, symbols: bool = False) -> Any:
    return as_part("m", values, Location(), symbols).array


@pytest.mark.parametrize(
    "values",
    [
        VALUES,
        VALUES.astype(np.float16),
        VALUES.astype(">f8"),
        VALUES.astype(int),
        VALUES.tolist(),
        list(VALUES),
        tuple(map(tuple, VALUES)),
        VALUES.astype(object),
        VALUES.astype(str),
        [["1", "2"], ["3", "4"], ["5", "6"]],
        torch.tensor(VALUES),
        torch.tensor(VALUES, dtype=torch.bfloat16),
        torch.tensor(VALUES, requires_grad=True),
        [torch.tensor(row) for row in VALUES],
        torch.tensor(VALUES).to_sparse(),
        torch.tensor(VALUES).to_sparse(2),
        scipy.sparse.csr_matrix(VALUES),
        scipy.sparse.coo_array(VALUES),
        np.ma.masked_invalid(VALUES),
        FRAME,
        FRAME.convert_dtypes(),
        FRAME.astype("Int64"),
        FRAME.astype("int64[pyarrow]"),
        FRAME.astype("double[pyarrow]"),
        FRAME.astype({"a": "Float32", "b": int}),
        FRAME.astype(str),
        FRAME.astype("category"),
        FRAME.astype(pd.SparseDtype(float, 0.0)),
        pa.table({"a": VALUES[:, 0], "b": VALUES[:, 1]}),
    ],
    ids=lambda values: type(values).__name__,
)
def test_plain_numbers_in_every_dress(values: Any) -> None:
    found = array_of(values)
    np.testing.assert_array_equal(np.asarray(found, dtype=float), VALUES)
    assert found.dtype.kind in "iuf"
    ModalityData({"m": values})


@pytest.mark.parametrize(
    "values",
    [
        [[1.0, None], [3.0, 4.0]],
        np.array([[1.0, None], [3.0, 4.0]], dtype=object),
        np.ma.masked_array([[1, 2], [3, 4]], [[0, 1], [0, 0]]),
        pd.DataFrame({"a": [1, 3], "b": pd.array([None, 4], dtype="Int64")}),
        pd.DataFrame({"a": [1.0, 3.0], "b": pd.array([None, 4], dtype="int64[pyarrow]")}),
    ],
    ids=lambda values: type(values).__name__,
)
def test_what_is_missing_is_nan(values: Any) -> None:
    np.testing.assert_array_equal(array_of(values), [[1.0, np.nan], [3.0, 4.0]])


def test_truth_values_are_numbers() -> None:
    for values in (
        np.array([[True, False]] * 2),
        pd.DataFrame({"a": [True, True], "b": [False, False]}),
        pd.DataFrame({"a": pd.array([True, True], dtype="boolean"), "b": [0, 0]}),
        torch.tensor([[True, False]] * 2),
    ):
        np.testing.assert_array_equal(array_of(values), [[1.0, 0.0]] * 2)


def test_one_column() -> None:
    for values in (np.arange(3), [0, 1, 2], pd.Series([0, 1, 2]), torch.arange(3)):
        np.testing.assert_array_equal(array_of(values), [[0], [1], [2]])
    part = as_part("m", pd.Series([0.0, 1.0], index=["x", "y"], name="age"), Location())
    assert part.columns == ("age",)
    assert part.ids is not None


def test_sequences_of_unequal_length_are_padded() -> None:
    samples = [np.ones((2, 3)), np.full((4, 3), 2.0), np.full((1, 3), 3.0)]
    for values in (
        samples,
        pd.Series(samples),
        [sample.tolist() for sample in samples],
        [torch.tensor(x) for x in samples],
    ):
        part = as_part("m", values, Location())
        assert part.lengths is not None
        assert part.lengths.tolist() == [2, 4, 1]
        assert part.array.shape == (3, 4, 3)
        assert part.array[0, 2:].sum() == part.array[2, 1:].sum() == 0
    assert as_part("m", [np.ones((2, 3))] * 2, Location()).lengths is None


def test_letters() -> None:
    dna = ["ACGTACGTAC", "GGTACC", "TTACGATTACA"]
    for values in (
        dna,
        np.array(dna),
        np.array(dna, dtype=object),
        pd.Series(dna),
        pd.DataFrame({"x": dna}),
        pa.table({"x": dna}),
    ):
        part = as_part("m", values, Location())
        assert part.letters
        assert part.lengths is not None
        assert part.lengths.tolist() == [10, 6, 11]


def test_strings_that_are_called_symbols() -> None:
    part = as_part("m", ["0110", "10", None], Location(), symbols=True)
    assert part.letters
    assert part.present is not None
    assert part.present.tolist() == [True, True, False]
    np.testing.assert_array_equal(
        array_of(np.array([[1.0, 2.0], [np.nan, np.nan]]), symbols=True), [[1, 2], [-1, -1]]
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            [[1, 2], [3]],
            r"X\['m'\], row 1 .* has the shape \(1,\), but row 0 .* has \(2,\), expected one shape",
        ),
        ([np.ones((2, 3)), np.ones((2, 4))], r"row 1 .* has the shape \(2, 4\)"),
        ([np.ones((2, 3)), np.ones((0, 3))], r"row 1 .*: the sequence has no steps"),
        ([[1, "x"], [2, 3]], r"X\['m'\], row 0 .*: \[1, 'x'\] is not a number or an array of numbers"),
        (np.array([[1, "x"], [2, 3]], dtype=object), r"X\['m'\], row 0 .*, column 1: 'x' is not a number"),
        ([{"a": 1}, {"a": 2}], r"row 0 .*: \{'a': 1\} is not a number"),
        (["yes", "no", "yes"], r"X\['m'\]: it holds text \(its first value is 'yes' in row 0"),
        (
            pd.Series(["yes", "no"], name="answer"),
            r"X\['m'\], column 'answer': it holds text .* symbols \(encoders=\{'NAME': 'symbols'\} in P",
        ),
        (FRAME.assign(b="x"), r"X\['m'\], column 'b': it holds text"),
        (
            FRAME.assign(b=["x", "1", "2"]),
            r"X\['m'\], row 0 .*, column 'b': the value is 'x', expected a number",
        ),
        (FRAME.assign(b=pd.Timestamp("2020-01-01")), r"column 'b': the values are datetime64"),
        (FRAME.assign(b=1j), r"column 'b': the values are complex128"),
        (FRAME.set_axis(["a", "a"], axis=1), r"the column name 'a' occurs several times"),
        (FRAME[[]], r"X\['m'\]: there are no columns"),
        (VALUES + 1j, r"X\['m'\] is an array \(3, 2\) of complex128"),
        (np.array(["2020-01-01"], dtype="datetime64[D]"), r"of datetime64\[D\], expected numbers"),
        (3, r"X\['m'\] is a int \(3\), expected numbers"),
        ("abc", r"X\['m'\] is a str \('abc'\)"),
        (None, r"X\['m'\] is a NoneType \(None\)"),
        (np.zeros((3, 0)), r"X\['m'\] is an array \(3, 0\)"),
    ],
)
def test_what_has_no_plain_meaning(values: Any, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        array_of(values)
    assert "\n" not in str(caught.value)


def test_fractions_are_no_symbols() -> None:
    with pytest.raises(InputError, match=r"row 1 .*, step 0: 0.5 is not a symbol, expected whole numbers"):
        array_of(np.array([[1.0, 2.0], [0.5, 1.0]]), symbols=True)


def test_arrays_are_not_copied() -> None:
    for values in (VALUES, torch.tensor(VALUES)):
        assert np.shares_memory(array_of(values), plain_array(values))
    assert np.shares_memory(array_of(FRAME), FRAME.to_numpy())
