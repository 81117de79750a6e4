"""Splitting samples: what is kept together, and the sentences where it cannot be done."""

from __future__ import annotations

import numpy as np
import pytest

from mmfusion.data.splits import split_rows
from mmfusion.errors import InputError


def test_groups_stay_together_and_classes_keep_their_shares() -> None:
    rows, classes = np.arange(100), np.arange(100) % 4
    groups = np.arange(100) // 10
    train, held_out = split_rows(rows, 0.2, classes, groups, 0)
    assert set(groups[train]).isdisjoint(groups[held_out])
    train, held_out = split_rows(rows, 0.2, classes, None, 0)
    np.testing.assert_array_equal(np.bincount(classes[held_out]), [5, 5, 5, 5])
    np.testing.assert_array_equal(np.sort(np.concatenate([train, held_out])), rows)


@pytest.mark.parametrize(
    ("classes", "groups", "sentence"),
    [
        (None, ["a"] * 6, "all 6 samples are in the group 'a', expected at least two groups"),
        ([0, 0, 0, 1, 1, 2], None, "1 of 3 classes have only one sample"),
        ([0, 1, 2, 3, 4, 5], list("aabbcc"), "2 of 6 classes are in held-out groups only"),
    ],
)
def test_what_cannot_be_split_is_told(classes: object, groups: object, sentence: str) -> None:
    given = [None if values is None else np.array(values) for values in (classes, groups)]
    with pytest.raises(InputError, match=sentence):
        split_rows(np.arange(6), 0.3, *given, seed=0)


def test_too_few_samples() -> None:
    with pytest.raises(InputError, match="1 samples cannot be split with a held-out share"):
        split_rows(np.arange(1), 0.5, None, None, 0)
