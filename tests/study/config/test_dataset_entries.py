"""The entries of `datasets`: synthetic ones and the user's, and the sentences about mistakes in them."""

from __future__ import annotations

from typing import Any

import pytest

from mmfusion.errors import ConfigError
from mmfusion.study.config.dataset_settings import SyntheticDataset, UserDataset
from mmfusion.study.config.settings import load_config
from mmfusion.study.data.planted_datasets import PLANTED_DATASETS

Config = dict[str, Any]


def problems(config: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_config(config)
    return caught.value.problems


class TestUserDatasets:
    def test_they_are_entries_of_datasets_known_by_their_path(self, config: Config) -> None:
        config["datasets"]["mine"] = {"path": "a.csv", "target": "y", "task": "classification"}
        config["experiments"]["toy"]["datasets"] = ["mine"]
        study = load_config(config)
        assert list(study.user) == ["mine"]
        assert "mine" not in study.synthetic
        assert study.user["mine"].held_out.test == 0.25

    def test_mistakes_name_the_path_as_written(self, config: Config) -> None:
        config["datasets"]["mine"] = {"path": "a.csv", "target": 3, "task": "ranking", "colums": 1}
        config["experiments"]["toy"]["datasets"] = ["mine", "yours"]
        with pytest.raises(ConfigError) as caught:
            load_config(config)
        messages = "\n".join(caught.value.problems)
        assert "datasets.mine.target: 3 is not valid, expected text" in messages
        assert (
            "datasets.mine.task: 'ranking' is not valid, expected 'auto', 'classification' or 'regression'"
            in messages
        )
        assert "datasets.mine.colums: this key is unknown" in messages
        assert "experiments.toy.datasets[1]: 'yours' is not valid" in messages
        assert "'mine'" in messages

    @pytest.mark.parametrize("typo", ["pth", "Path", "file"])
    def test_a_missing_path_is_reported_beside_the_key_written_for_it(
        self, config: Config, typo: str
    ) -> None:
        for other in ({"target": "y", "task": "classification"}, {}):
            config["datasets"]["mine"] = {typo: "a.csv", **other}
            messages = problems(config)
            assert any(text.startswith("datasets.mine.path: this key is missing") for text in messages)
            guess = "" if typo == "file" else " (did you mean 'path'?)"
            assert any(
                text.startswith(f"datasets.mine.{typo}: this key is unknown{guess}, ") for text in messages
            )
            assert not any("sizes" in text for text in messages)

    @pytest.mark.parametrize("entry", ["a.csv", None, 3, ["a.csv"]])
    def test_an_entry_needs_keys(self, config: Config, entry: Any) -> None:
        config["datasets"]["mine"] = entry
        (problem,) = problems(config)
        assert problem.startswith("datasets.mine: ")
        assert problem.endswith("is not valid, expected a group of keys; write the keys below it, indented.")

    @pytest.mark.parametrize("name", ["XOR", "MOSIReal"])
    def test_names_of_the_study_are_taken(self, config: Config, name: str) -> None:
        config["datasets"][name] = {"path": "a.csv", "target": "y", "task": "classification"}
        assert f"datasets.{name}: this name is taken by a dataset of the study" in "\n".join(problems(config))

    @pytest.mark.parametrize(
        ("names", "owner"),
        [
            (["xor"], "a dataset of the study (XOR)"),
            (["MosiReal"], "a dataset of the study (MOSIReal)"),
            (["mosi_text"], "a file of the study"),
            (["speech", "Speech"], "the dataset speech (file systems may not tell upper from lower case)"),
        ],
    )
    def test_names_of_other_files_are_taken(self, config: Config, names: list[str], owner: str) -> None:
        for name in names:
            config["datasets"][name] = {"path": "a.csv", "target": "y", "task": "classification"}
        (problem,) = problems(config)
        expected = f"this name is taken by {owner}, expected one of your choice; rename it."
        assert problem == f"datasets.{names[-1]}: {expected}"

    @pytest.mark.parametrize("shares", [{"validation": 0.5, "test": 0.6}, {"test": 0.85}])
    def test_something_is_left_to_train_on(self, config: Config, shares: dict[str, float]) -> None:
        mine = {"path": "a.csv", "target": "y", "task": "classification"}
        config["datasets"]["mine"] = {**mine, "held_out": shares}
        (problem,) = problems(config)
        assert problem.startswith("datasets.mine.held_out: {")
        assert "expected shares with a sum below 1 (it is 1" in problem
        config["datasets"]["mine"] = {**mine, "held_out": {"validation": 0.3, "test": 0.6}}
        assert load_config(config).user["mine"].held_out.test == 0.6

    def test_which_subsets_are_scored(self, config: Config) -> None:
        mine = {"path": "a.csv", "target": "y", "task": "classification"}
        for order in ("auto", "all", 1):
            config["datasets"]["mine"] = {**mine, "max_order": order}
            assert load_config(config).user["mine"].max_order == order
        config["datasets"]["mine"] = mine
        assert load_config(config).user["mine"].max_order == "auto"
        config["datasets"]["mine"] = {**mine, "max_order": "most"}
        (problem,) = problems(config)
        assert "'most' is not valid, expected a whole number or 'auto' or 'all'" in problem

    def test_an_empty_experiment_is_left_out(self, config: Config) -> None:
        config["experiments"]["nothing"] = None
        assert "nothing" not in load_config(config).experiments

    def test_own_is_not_a_key(self, config: Config) -> None:
        config["own"] = {}
        with pytest.raises(ConfigError, match=r"own.*: this key is unknown"):
            load_config(config)

    def test_a_misspelt_key_is_compared_with_keys_of_its_kind(self, config: Config) -> None:
        config["datasets"]["XOR"] = {"size": {}, "epochs": 2}
        config["datasets"]["mine"] = {"pfad": "a.csv", "target": "y", "task": "classification"}
        messages = problems(config)
        assert (
            "datasets.XOR.size: this key is unknown (did you mean 'sizes'?), expected sizes, epochs, "
            "max_order; remove it or correct its name." in messages
        )
        (unknown,) = [text for text in messages if text.startswith("datasets.mine.pfad: ")]
        assert f"expected {', '.join(UserDataset.model_fields)};" in unknown
        assert not any("sizes" in text for text in messages if text.startswith("datasets.mine"))


def test_the_two_kinds_share_one_group(config: Config) -> None:
    config["datasets"]["mine"] = {"path": "a.csv", "target": "y", "task": "classification"}
    study = load_config(config)
    assert list(study.synthetic) == [name for name in study.datasets if name != "mine"]
    assert set(study.synthetic) == set(PLANTED_DATASETS)
    assert {type(entry) for entry in study.synthetic.values()} == {SyntheticDataset}
    assert {type(entry) for entry in study.user.values()} == {UserDataset}
    assert load_config(study.model_dump()) == study


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("-speech", "a name that begins with a letter, a digit or _; rename it."),
        ("-", "a name that begins with a letter, a digit or _; rename it."),
        ("a" * 101, "a name of at most 100 letters, not 101; shorten it."),
        ("nul", "a name that is not reserved by an operating system; rename it."),
        ("COM1", "a name that is not reserved by an operating system; rename it."),
    ],
)
def test_names_that_file_systems_and_commands_take_amiss(config: Config, name: str, expected: str) -> None:
    config["datasets"][name] = {"path": "a.csv", "target": "y", "task": "classification"}
    (problem,) = problems(config)
    assert problem.endswith(f" is not valid, expected {expected}")


@pytest.mark.parametrize(
    "name",
    [
        "my data",
        "",
        "a/b",
        "größe",
        "{a}",
        "a{",
        "..",
        ".hidden",
        "a.b",
        "a|b",
        "a*",
        "~",
        "a\n",
        "$HOME",
        "a\\b",
    ],
)
def test_names_of_datasets_can_stand_in_paths(config: Config, name: str) -> None:
    config["datasets"][name] = {"path": "a.csv", "target": "y", "task": "classification"}
    (problem,) = problems(config)
    assert problem.endswith(f"{name!r} is not valid, expected a name of letters, digits, _ and -; rename it.")
