"""Columns in their roles: by name, list or pattern, each known and each in one place."""

from __future__ import annotations

from typing import Any

import pytest

from mmfusion.data.location import Location
from mmfusion.data.roles import assign_roles
from mmfusion.errors import DataError, InputError

COLUMNS = ["text_1", "audio_1", "y", "text_2", "who", "a*"]
ROLES = {"the target": ["y"], "groups": ["who"], "ids": []}


def test_names_lists_and_patterns() -> None:
    chosen = assign_roles(COLUMNS, {"audio": "audio_1", "text": "text_*", "star": "a*"}, ROLES)
    assert chosen == {
        "audio": ["audio_1"],
        "text": ["text_1", "text_2"],
        "star": ["a*"],
    }  # a name, not a pattern
    assert assign_roles(COLUMNS, {"text": ["text_2", "text_1"]}) == {"text": ["text_2", "text_1"]}
    assert assign_roles(range(4), {"left": [2, 0]}) == {"left": [2, 0]}


def test_groups_and_ids_may_be_one_column() -> None:
    assert assign_roles(COLUMNS, {"text": "text_*"}, ROLES | {"ids": ["who"]})["text"] == ["text_1", "text_2"]


@pytest.mark.parametrize(
    ("modalities", "others", "message"),
    [
        ({"t": "text_*"}, {"groups": ["woh"]}, "data.csv: there is no key 'woh'; did you mean 'who'?"),
        ({"t": ["text_3"]}, {}, "modalities['t']: there is no key 'text_3'; did you mean 'text_2'?"),
        ({"t": [["text_1"]]}, {}, "modalities['t']: there is no key ['text_1']; "),
        ({"t": "video_*"}, {}, "no key fits the pattern 'video_*', expected at least one of text_1, audio_1"),
        ({"t": []}, {}, "modalities['t']: there are no keys, expected at least one; leave the modality out"),
        ({"t": 7}, {}, "modalities['t']: 7 is not a list of keys, expected their names or one pattern"),
        ({"t": "*"}, ROLES, "key 'y' is in the target and in modality 't', expected it in one place, as it"),
        ({"t": ["who"]}, ROLES, "key 'who' is in groups and in modality 't'"),
        (
            {"t": "text_1"},
            {"the target": ["y"], "ids": ["y"]},
            "key 'y' is in the target and in ids, expected",
        ),
        (
            {"t": "text_*", "all": ["text_2"]},
            {},
            "key 'text_2' is in modality 't' and in modality 'all', exp",
        ),
        ({"t": ["text_1", "text_1"]}, {}, "key 'text_1' is twice in modality 't', expected it once"),
    ],
)
def test_what_cannot_be(modalities: Any, others: Any, message: str) -> None:
    with pytest.raises(DataError) as caught:
        assign_roles(COLUMNS, modalities, others, Location("data.csv"), "key")
    assert str(caught.value).startswith("data.csv: ")
    assert message in str(caught.value)


def test_by_default_columns_of_x() -> None:
    with pytest.raises(InputError, match=r"^modalities\['t'\]: there is no column 'y1'"):
        assign_roles(COLUMNS, {"t": "y1"})
