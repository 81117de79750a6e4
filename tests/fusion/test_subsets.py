"""The one order of subsets, and their labels."""

from itertools import combinations
from math import comb

import pytest

from mmfusion import subsets
from mmfusion.errors import FusionError
from mmfusion.fusion.subsets import parse_subset, proper_subsets, subset_label, without


def test_by_size_then_by_modality_order_and_never_alphabetical() -> None:
    assert subsets(["b", "c", "a"]) == [
        ("b",), ("c",), ("a",), ("b", "c"), ("b", "a"), ("c", "a"), ("b", "c", "a"),
    ]  # fmt: skip


@pytest.mark.parametrize("count", range(1, 7))
@pytest.mark.parametrize("max_order", [None, 1, 2, 3, 9])
def test_number_of_subsets(count: int, max_order: int | None) -> None:
    names = [str(10 - k) for k in range(count)]
    actual = subsets(names, max_order)
    largest = min(max_order or count, count)
    assert len(actual) == len(set(actual)) == sum(comb(count, k) for k in range(1, largest + 1))
    assert actual == sorted(actual, key=lambda s: (len(s), [names.index(m) for m in s]))


def test_any_iterable_of_names_will_do() -> None:
    assert subsets({"b": 1, "a": 2}) == subsets(iter(("b", "a"))) == subsets(("b", "a"))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "none given"),
        (["a", "b+c"], "'b\\+c' is not a valid name"),
        (["a", ""], "'' is not a valid name"),
        (["a", 1], "1 is not a valid name"),
        (["a", "b", "a"], "has a name twice"),
    ],
)
def test_bad_names_raise(names: list[str], message: str) -> None:
    with pytest.raises(FusionError, match=message):
        subsets(names)


@pytest.mark.parametrize("max_order", [0, -1, 1.5, "2", True])
def test_bad_max_order_raises(max_order: int) -> None:
    with pytest.raises(FusionError, match=r"max_order: .* whole number of at least 1 or None"):
        subsets(["a", "b"], max_order)


def test_labels_and_back() -> None:
    actual = subsets(["text", "audio", "2"])
    assert [subset_label(s) for s in actual][3:] == ["text+audio", "text+2", "audio+2", "text+audio+2"]
    assert [parse_subset(subset_label(s)) for s in actual] == actual


def test_proper_subsets_and_complements() -> None:
    whole = ("c", "a", "b")
    inner = proper_subsets(whole)
    assert inner == [s for size in (1, 2) for s in combinations(whole, size)]
    assert proper_subsets(("c",)) == []
    assert all(sorted(s + without(whole, s)) == ["a", "b", "c"] for s in inner)
    assert without(whole, ("a",)) == ("c", "b")
    assert without(whole, whole) == ()
