"""Folds: every row is held out once, classes keep their shares, groups stay whole, errors have a remedy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import GroupKFold, KFold, LeaveOneGroupOut, PredefinedSplit, ShuffleSplit

from mmfusion.data.folds import check_number_of_folds, make_folds
from mmfusion.errors import InputError
from mmfusion.notices import ChoiceWarning, told

N = 60
ROWS = np.arange(N)
CLASSES = np.arange(N) % 3
GROUPS = np.arange(N) // 4


@given(st.integers(2, 8), st.booleans(), st.booleans(), st.integers(0, 2**31 - 1))
def test_folds_cut_all_rows_once(count: int, classes: bool, groups: bool, seed: int) -> None:
    rows = ROWS[ROWS % 7 != 0]
    given_groups = GROUPS if groups else None
    folds = make_folds(count, rows, N, CLASSES if classes else None, given_groups, seed)
    assert np.array_equal(np.sort(np.concatenate([fold.held_out for fold in folds])), rows)
    for fold in folds:
        assert np.array_equal(np.union1d(*fold), rows)
        assert not np.intersect1d(*fold).size
        assert (np.diff(fold.train) > 0).all()
        if groups:
            assert not np.intersect1d(GROUPS[fold.train], GROUPS[fold.held_out]).size
        elif classes:
            counts = np.bincount(CLASSES[fold.held_out], minlength=3)
            assert np.ptp(counts) <= 2


@given(st.integers(2, 8), st.integers(2, 12), st.integers(1, 4), st.booleans(), st.booleans())
def test_the_quick_check_ends_as_the_folds_do(
    count: int, samples: int, kinds: int, classes: bool, groups: bool
) -> None:
    labels = np.arange(samples) ** 2 % kinds if classes else None
    members = np.arange(samples) // 3 if groups else None

    def end(function: Callable[[], object]) -> tuple[str, list[str]]:
        error = ""
        with told() as notes:
            try:
                function()
            except InputError as found:
                error = str(found)
        return error, notes

    slow = end(lambda: make_folds(count, np.arange(samples), samples, labels, members))
    assert end(lambda: check_number_of_folds(count, samples, labels, members)) == slow


def test_the_seed_decides() -> None:
    first, again, other = (make_folds(5, ROWS, N, seed=seed) for seed in (0, 0, 1))
    assert all(np.array_equal(a.train, b.train) for a, b in zip(first, again, strict=True))
    assert any(not np.array_equal(a.train, b.train) for a, b in zip(first, other, strict=True))


def test_nothing_is_held_out_without_folds() -> None:
    (fold,) = make_folds(None, ROWS[5:], N)
    assert np.array_equal(fold.train, ROWS[5:])
    assert not len(fold.held_out)


@pytest.mark.parametrize(
    "cv",
    [
        KFold(4),
        GroupKFold(4),
        LeaveOneGroupOut(),
        ShuffleSplit(2, test_size=0.25, random_state=0),
        PredefinedSplit(np.where(ROWS < 40, -1, ROWS % 2)),
    ],
    ids=lambda cv: type(cv).__name__,
)
def test_splitters_are_taken_as_they_are(cv: KFold) -> None:
    groups = GROUPS if "Group" in type(cv).__name__ else None
    folds = make_folds(cv, ROWS, N, None, groups)
    expected = list(cv.split(np.zeros(N), None, groups))
    for fold, (train, held_out) in zip(folds, expected, strict=True):
        assert np.array_equal(fold.train, np.sort(train))
        assert np.array_equal(fold.held_out, np.sort(held_out))


def test_pairs_of_rows_may_be_masks_and_skip_rows_without_weight() -> None:
    (fold,) = make_folds([(ROWS < 30, [36, 37, 39, 40, 41, 3 * 15])], ROWS[1:-19], N)
    assert np.array_equal(fold.train, np.arange(1, 30))
    assert fold.held_out.tolist() == [36, 37, 39, 40]


def test_an_iterator_holds_folds_for_one_fit_only() -> None:
    pairs = KFold(2).split(np.zeros(20))
    assert len(make_folds(pairs, np.arange(20), 20, None, None, 0)) == 2
    with pytest.raises(InputError, match="cv: this iterator has no folds left, expected a list of them"):
        make_folds(pairs, np.arange(20), 20, None, None, 0)


def test_a_rare_class_or_few_groups_allow_fewer_folds_and_this_is_said() -> None:
    rare = np.where(ROWS < 3, 1, 0)
    with pytest.warns(
        ChoiceWarning, match=r"5 folds: there are only 3 samples of the rarest class, so that 3"
    ):
        assert len(make_folds(5, ROWS, N, rare)) == 3
    with pytest.warns(ChoiceWarning, match="only 2 groups"):
        assert len(make_folds(5, ROWS, N, None, ROWS // 30)) == 2


@pytest.mark.parametrize(
    ("cv", "classes", "groups", "message"),
    [
        (5, np.where(ROWS < 1, 1, 0), None, "samples of the rarest class is 1, expected at least 2"),
        (5, None, np.zeros(N), "number of groups is 1"),
        ("five", None, None, "expected a number of folds"),
        ([1, 2], None, None, "expected a number of folds"),
        ([], None, None, "expected a number of folds"),
        ([([0, 1], [1, 2])], None, None, "row 1, are both trained on and held out"),
        ([([0, 1], [99])], None, None, "there is no row 99, expected positions from 0 to 59"),
        ([([0], [1])], None, None, "expected at least 2 and 1"),
        ([(ROWS[:30], ROWS[30:])], np.where(ROWS < 30, 0, 1), None, "1 of 2 classes is in its held-out"),
        ([(ROWS[:30], ROWS[30:])], None, GROUPS, "the group 7 is both trained on and held out"),
        ([([0, 1, 1], ROWS[30:])], None, None, "fold 0: the row 1 is there 2 times, expected every row once"),
        ([(ROWS[:40] < 30, ROWS[30:])], None, None, "a mask has 40 entries, expected one per sample, 60"),
        ([([[0, 1], [2]], ROWS[30:])], None, None, "expected a number of folds"),
        ([(ROWS[:50], [50, 51, 52])], None, None, "3 samples are held out in all, expected at least 4"),
        (LeaveOneGroupOut(), None, None, "cannot split these samples"),
    ],
)
def test_errors_say_what_to_do(cv: object, classes: object, groups: object, message: str) -> None:
    with pytest.raises(InputError, match=message) as raised:
        make_folds(cv, ROWS, N, classes, groups)
    assert str(raised.value).endswith(".")
