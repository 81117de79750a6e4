"""The configuration: every mistake is told, all at once, in sentences that a newcomer understands."""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from mmfusion.errors import ConfigError
from mmfusion.fusion.blocknorm import CONVENTIONS
from mmfusion.fusion.normalisation import NORMALISATIONS
from mmfusion.study.config.manual import settings_table
from mmfusion.study.config.numbers import spelling
from mmfusion.study.config.settings import (
    MOSI_TASKS,
    NormName,
    StudyConfig,
    SyntheticName,
    load_config,
    number,
)
from mmfusion.study.config.yaml_file import load_config_file
from mmfusion.study.data.mosi.mosi_dataset import NAMES
from mmfusion.study.data.planted import SEQUENCE_DATASETS
from mmfusion.study.data.planted_settings import SequenceSettings

CONFIG = Path(__file__).parents[3] / "config"
Config = dict[str, Any]


@pytest.fixture
def config() -> Config:
    """The paper study with one small experiment."""
    content: Config = yaml.safe_load((CONFIG / "config.yaml").read_text(encoding="utf-8"))
    content["experiments"] = {"toy": {"datasets": ["XRel"], "norms": ["ibn"], "p": ["1"], "scales": ["1"]}}
    return content


def problems(config: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_config(config)
    return caught.value.problems


def put(config: Config, path: str, value: Any) -> Config:
    """Set the value at a path such as ``experiments.toy.p`` and return the configuration."""
    *groups, key = path.split(".")
    place = config
    for group in groups:
        place = place[group]
    place[key] = value
    return config


def test_the_committed_study_is_valid(config: Config) -> None:
    study = load_config_file(CONFIG / "config.yaml")
    assert study.seeds == list(range(10))
    assert load_config(config).experiments["toy"].p == ["1"]


def test_names_are_those_of_the_package() -> None:
    assert list(get_args(SyntheticName)) == list(SEQUENCE_DATASETS)
    assert list(get_args(NormName)) == list(NORMALISATIONS)
    assert get_args(StudyConfig.model_fields["convention"].annotation) == CONVENTIONS
    assert {task: name for name, task in MOSI_TASKS.items()} == NAMES


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("seed", [1], "seed: this key is unknown (did you mean 'seeds'?), expected seeds, seeds_per_job, "),
        (
            "mosi.path",
            "x",
            "mosi.path: this key is unknown, expected mode, dir, split, epochs, max_order; remove it",
        ),
        (
            "datasets.XRel",
            {"epochs": 3},
            "datasets.XRel.sizes: this key is missing, expected it here; add it",
        ),
        ("seeds", 3, "seeds: 3 is not valid, expected a list; write it in brackets."),
        ("seeds", [], "seeds: [] is not valid, expected 1 or more entries; add what is missing."),
        (
            "seeds",
            [0, "1"],
            "seeds[1]: '1' is not valid, expected a whole number; write it in digits without quotes.",
        ),
        ("seeds", [0, True], "seeds[1]: true is not valid, expected a whole number"),
        ("seeds", [-1], "seeds[0]: -1 is not valid, expected a number from 0 on; correct the value."),
        ("seeds", [2**32], "seeds[0]: 4294967296 is not valid, expected a number up to 4294967295;"),
        ("seeds", [3, 5, 3], "seeds: 3 and 3 are equal, expected every value once; keep one of them."),
        ("seeds_per_job", 0, "seeds_per_job: 0 is not valid, expected a number from 1 on or 'all';"),
        ("seeds_per_job", "al", "seeds_per_job: 'al' is not valid, expected a whole number or 'all';"),
        (
            "convention",
            "x",
            "convention: 'x' is not valid, expected 'mkl', 'scaled_output' or 'as_printed'; choose",
        ),
        (
            "training",
            None,
            "training: an empty value is not valid, expected a group of keys; write the keys below it",
        ),
        (
            "training.penalty",
            "1e-3",
            "training.penalty: '1e-3' is not valid, expected a number; write it without quotes",
        ),
        ("training.penalty", math.nan, "training.penalty: nan is not valid, expected a finite number;"),
        ("training.learning_rate", 0, "training.learning_rate: 0 is not valid, expected a number above 0;"),
        ("training.batch_size", 1, "training.batch_size: 1 is not valid, expected a number from 2 on;"),
        (
            "encoders.vector.dropout",
            1.0,
            "encoders.vector.dropout: 1.0 is not valid, expected a number below 1;",
        ),
        (
            "datasets.XRel.sizes.test",
            1,
            "datasets.XRel.sizes.test: 1 is not valid, expected a number from 4 on;",
        ),
        (
            "datasets.XRel.max_order",
            0,
            "datasets.XRel.max_order: 0 is not valid, expected a number from 1 on;",
        ),
        (
            "mosi.mode",
            True,
            "mosi.mode: true is not valid, expected 'auto', 'required' or 'off'; choose one of these.",
        ),
        ("mosi.dir", "", "mosi.dir: '' is not valid, expected text that is not empty;"),
        ("mosi.dir", 3, "mosi.dir: 3 is not valid, expected text; write it in quotes."),
        ("sequences.constant", 4, "sequences.constant: 4 is not valid, expected a number up to 3;"),
        (
            "sequences.presence",
            [0.5, 1.2],
            "sequences.presence[1]: 1.2 is not valid, expected a number up to 1;",
        ),
        (
            "sequences.motifs",
            [[0]],
            "sequences.motifs: [[0]] is not valid, expected 2 or more entries; add what is",
        ),
        (
            "sequences.motifs",
            [[0], [1], [2]],
            "sequences.motifs: [[0], [1], [2]] is not valid, expected 2 entries at most;",
        ),
        (
            "sequences.motifs",
            [[0, 4], [1, 2]],
            "sequences.motifs[0][1]: 4 is not valid, expected a number up to 3;",
        ),
        (
            "sequences.motifs",
            [[0, 1], [1]],
            "sequences.motifs: they have 2 and 1 symbols, expected one length; change",
        ),
        (
            "sequences.motifs",
            [[0, 1], [0, 1]],
            "sequences.motifs: both are the same, expected two that tell the",
        ),
        (
            "sequences.motifs",
            [[0] * 101, [1] * 101],
            "sequences.length: 100 is shorter than a motif (101 symbols), expected",
        ),
        (
            "encoders.symbols.width",
            101,
            "encoders.symbols.width: 101 is more than sequences.length (100), expected a window",
        ),
        ("experiments", {}, "experiments: {} is not valid, expected 1 or more entries;"),
        (
            "experiments.toy.datasets",
            ["XOT"],
            "experiments.toy.datasets[0]: 'XOT' is not valid, expected 'Conditio",
        ),
        (
            "experiments.toy.datasets",
            ["XRel"] * 2,
            "experiments.toy.datasets: 'XRel' and 'XRel' are equal, expected",
        ),
        (
            "experiments.toy.norms",
            ["ln"],
            "experiments.toy.norms[0]: 'ln' is not valid, expected 'none', 'bn', 'vbn', 'dbn' or",
        ),
        (
            "experiments.toy.norms",
            ["bn", "bn"],
            "experiments.toy.norms: 'bn' and 'bn' are equal, expected every value",
        ),
        (
            "experiments.toy.p",
            ["1", "1"],
            "experiments.toy.p: '1' and '1' are equal, expected every value once; keep one",
        ),
        (
            "experiments.toy.p",
            ["1/2"],
            "experiments.toy.p[0]: '1/2' is not valid, expected a number from 1 to inf in quotes",
        ),
        ("experiments.toy.p", [1], "('1', '4/3', 'inf'); write it as '1'."),
        ("experiments.toy.p", [1.5], "('1', '4/3', 'inf'); write it as '3/2'."),
        ("experiments.toy.p", [math.inf], "('1', '4/3', 'inf'); write it as 'inf'."),
        ("experiments.toy.p", ["1.0"], "('1', '4/3', 'inf'); write it as '1'."),
        ("experiments.toy.p", ["8/6"], "('1', '4/3', 'inf'); write it as '4/3'."),
        (
            "experiments.toy.scales",
            ["0"],
            "experiments.toy.scales[0]: '0' is not valid, expected a positive number in quotes",
        ),
        (
            "experiments.toy.scales",
            ["inf"],
            "experiments.toy.scales[0]: 'inf' is not valid, expected a positive number",
        ),
    ],
)
def test_one_mistake_is_one_sentence(config: Config, path: str, value: Any, sentence: str) -> None:
    (problem,) = problems(put(config, path, value))
    assert sentence in problem


def test_unknown_dataset_and_what_it_lacks(config: Config) -> None:
    config["datasets"]["XRell"] = {"epochs": 3}
    first, second = problems(config)
    assert first.startswith(
        "datasets.XRell: this key is unknown (did you mean 'XRel'?), expected Conditional"
    )
    assert second.startswith("datasets.XRell.sizes: this key is missing")


@pytest.mark.parametrize(
    "text", ["nan", "-inf", "-1", "+1", " 1", "1e3", "1/0", "0x1", "1_0", "", "one", True, None, []]
)
def test_what_is_no_p(config: Config, text: Any) -> None:
    assert [p.split(":")[0] for p in problems(put(config, "experiments.toy.p", [text]))] == [
        "experiments.toy.p[0]"
    ]
    with pytest.raises(ValueError, match=r"expected .* '4/3'"):
        number(text)


def test_numbers_and_their_spelling() -> None:
    assert [number(text) for text in ("1", "4/3", "1.5", "inf")] == [1, 4 / 3, 1.5, math.inf]
    for text in ("1", "4/3", "16/12", "1.5", "0.10", "007", "inf"):
        assert number(spelling(text)) == number(text)
        assert spelling(spelling(text)) == spelling(text)


def test_equal_numbers_are_found_beside_their_spelling(config: Config) -> None:
    put(config, "experiments.toy.p", ["4/3", "8/6", 1, "1", "nan"])
    assert [problem.split(",")[0] for problem in problems(config)] == [
        "experiments.toy.p: '4/3' and '8/6' are equal",
        "experiments.toy.p: 1 and '1' are equal",
        "experiments.toy.p[1]: '8/6' is not valid",
        "experiments.toy.p[2]: 1 is not valid",
        "experiments.toy.p[4]: 'nan' is not valid",
    ]


@pytest.mark.parametrize("name", ["my study", "", "a/b", "p.1", "größe"])
def test_experiment_names_can_stand_in_paths(config: Config, name: str) -> None:
    config["experiments"] = {name: config["experiments"]["toy"]}
    (problem,) = problems(config)
    assert problem.endswith(f"{name!r} is not valid, expected a name of letters, digits, _ and -; rename it.")


@pytest.mark.parametrize("name", ["none", "int", "constrained-int", "toy_2"])
def test_experiment_names_keep_their_place_in_sentences(config: Config, name: str) -> None:
    config["experiments"] = {name: {**config["experiments"]["toy"], "p": ["0"]}}
    assert problems(config)[0].startswith(f"experiments.{name}.p[0]: ")


def test_dataset_without_settings(config: Config) -> None:
    del config["datasets"]["XRel"]
    config["experiments"]["more"] = {**config["experiments"]["toy"], "datasets": ["XOR", "XRel"]}
    assert problems(config) == [
        "datasets: XRel is missing, expected its settings for toy and more of the experiments; "
        "add it with sizes and epochs."
    ]


@pytest.mark.parametrize("off", ["off", False])
def test_nothing_to_train(config: Config, off: Any) -> None:
    config["mosi"]["mode"] = off
    config["experiments"]["toy"]["datasets"] = ["MOSIReal"]
    (problem,) = problems(config)
    assert problem.startswith("experiments: all datasets are CMU-MOSI, but mosi.mode is off")


def test_the_word_off_needs_no_quotes(config: Config) -> None:
    config["mosi"] = yaml.safe_load("{mode: off, dir: x, split: published, epochs: 2}")
    assert load_config(config).mosi.mode == "off"


def test_larger_batch_and_order_than_there_is_are_allowed(config: Config) -> None:
    config["training"]["batch_size"] = 10**6
    config["datasets"]["XRel"]["max_order"] = 9
    load_config(config)


def test_all_mistakes_at_once_in_the_order_of_the_file(config: Config) -> None:
    config["seeds"] = [1, 1, "two"]
    config["sequences"] |= {"motifs": [[0, 1], [0, 1]], "constant": 7}
    del config["datasets"]["XOR"]
    config["mosi"] = {"mode": "maybe", "epochs": 1.5}
    config["encoders"]["symbols"]["width"] = 1000
    config["experiments"]["toy"] = {
        "datasets": ["XOR", "Xor"],
        "norms": "ibn",
        "p": ["1", "1.0", "1/2"],
        "q": 1,
    }
    config["analysis"] = []
    assert [problem.split(":")[0] for problem in problems(config)] == [
        "seeds",
        "seeds[2]",
        "sequences.motifs",
        "sequences.constant",
        "datasets",
        "mosi.mode",
        "mosi.epochs",
        "mosi.dir",
        "mosi.split",
        "encoders.symbols.width",
        "experiments.toy.datasets[1]",
        "experiments.toy.norms",
        "experiments.toy.p",
        "experiments.toy.p[1]",
        "experiments.toy.p[2]",
        "experiments.toy.q",
        "experiments.toy.scales",
        "analysis",
    ]


@pytest.mark.parametrize("config", [None, {}, [], "seeds", 3])
def test_no_settings(config: Any) -> None:
    assert problems(config) == [
        "there are no settings, expected keys such as seeds and experiments; see config/README.md."
    ]


def test_message_counts_and_names_the_source() -> None:
    with pytest.raises(ConfigError, match=r"\Amy\.yaml: 1 mistake\n  - there are no settings"):
        load_config({}, "my.yaml")


def test_sequences_are_as_strict_as_their_generator(config: Config) -> None:
    for change in (
        {"motifs": [[0, 1], [1]]},
        {"motifs": [[1], [1]]},
        {"motifs": [[], []]},
        {"motifs": [[0, 9], [1, 1]]},
        {"motifs": [[0] * 13, [1] * 13], "length": 12},
        {"constant": -1},
        {"presence": []},
        {"presence": [2.0]},
    ):
        with pytest.raises(ConfigError):
            SequenceSettings(**{"length": 100, **change})  # type: ignore[arg-type]  # wrong on purpose
        assert problems({**config, "sequences": {**config["sequences"], **change}})


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path to everything in a configuration."""
    yield path
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[key], (*path, key))


def changed(config: Config, path: tuple[Any, ...], change: Callable[[Any, Any], None]) -> Config:
    copied = copy.deepcopy(config)
    place: Any = copied
    for key in path[:-1]:
        place = place[key]
    change(place, path[-1])
    return copied


@pytest.mark.parametrize("value", [None, True, -1, 0.5, math.nan, "word", [], [None], {}, {"a": 1}, {1: 2}])
def test_whatever_stands_anywhere_is_accepted_or_told_in_plain_words(config: Config, value: Any) -> None:
    for path in list(places(config))[1:]:
        try:
            load_config(changed(config, path, lambda place, key: place.__setitem__(key, value)))
        except ConfigError as error:
            for problem in error.problems:
                assert re.fullmatch(r"\S.*: .+, expected .+; .+\.", problem), problem
                assert not re.search(
                    r"(?i)input|should|valid dictionary|instance|pydantic|literal", problem
                ), problem


def test_every_other_key_is_needed(config: Config) -> None:
    optional = {("datasets", name) for name in SEQUENCE_DATASETS} | {("experiments", "toy")}
    for path in list(places(config))[1:]:
        if isinstance(path[-1], str) and path[-1] != "max_order" and path not in optional:
            (problem, *_) = problems(changed(config, path, lambda place, key: place.pop(key)))
            assert problem.startswith(f"{'.'.join(path)}: this key is missing, expected it here; add it")


class TestFile:
    def test_missing(self, tmp_path: Path) -> None:
        with pytest.raises(
            ConfigError, match=r"nowhere\.yaml: 1 mistake\n.*no such file, expected .*; correct the path"
        ):
            load_config_file(tmp_path / "nowhere.yaml")

    def test_folder_and_other_bytes(self, tmp_path: Path) -> None:
        (tmp_path / "binary.yaml").write_bytes(b"seeds: \xff\xfe")
        for path in (tmp_path, tmp_path / "binary.yaml"):
            with pytest.raises(ConfigError, match=r"the file is not readable .*, expected text in UTF-8;"):
                load_config_file(path)

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("seeds: [1\nmosi:\n", 2),
            ("a: 1\n  b: 2\n", 2),
            ("a:\n\t- b\n", 2),
            ("a: &x 1\nb: *y\n", 2),
            ("a: 1\n---\nb: 2", 2),
        ],
    )
    def test_syntax(self, tmp_path: Path, text: str, line: int) -> None:
        (tmp_path / "c.yaml").write_text(text)
        with pytest.raises(
            ConfigError, match=rf"c\.yaml: 1 mistake\n  - line {line}: this is no YAML \(.*expected"
        ):
            load_config_file(tmp_path / "c.yaml")

    def test_control_characters(self, tmp_path: Path) -> None:
        (tmp_path / "c.yaml").write_text("a: \x00")
        with pytest.raises(ConfigError, match="this is no YAML, expected"):
            load_config_file(tmp_path / "c.yaml")

    def test_keys_written_twice_are_told_with_the_other_mistakes(self, tmp_path: Path) -> None:
        text = (CONFIG / "config.yaml").read_text(encoding="utf-8")
        lines = text.count("\n")
        first = {line.partition(":")[0]: number for number, line in enumerate(text.splitlines(), start=1)}
        (tmp_path / "c.yaml").write_text(text + "seeds: [1, 1]\nmosi:\n  mode: off\n  mode: auto\n")
        with pytest.raises(ConfigError) as caught:
            load_config_file(tmp_path / "c.yaml")
        assert [problem.partition(",")[0] for problem in caught.value.problems] == [
            f"line {lines + 1}: the key seeds was set in line {first['seeds']} already",
            f"line {lines + 2}: the key mosi was set in line {first['mosi']} already",
            f"line {lines + 4}: the key mode was set in line {lines + 3} already",
            "seeds: 1 and 1 are equal",
            "mosi.dir: this key is missing",
            "mosi.split: this key is missing",
            "mosi.epochs: this key is missing",
        ]

    def test_only_a_key_written_twice(self, tmp_path: Path) -> None:
        text = (CONFIG / "config.yaml").read_text(encoding="utf-8")
        (tmp_path / "c.yaml").write_text(text + "convention: mkl\n")
        with pytest.raises(ConfigError, match=r"1 mistake\n.*the key convention was set in line \d already"):
            load_config_file(tmp_path / "c.yaml")

    def test_no_code_is_run(self, tmp_path: Path) -> None:
        (tmp_path / "c.yaml").write_text("seeds: !!python/object/apply:os.getcwd []\n")
        with pytest.raises(ConfigError, match="line 1: this is no YAML"):
            load_config_file(tmp_path / "c.yaml")


class TestDocumentation:
    @staticmethod
    def documented() -> list[str]:
        return re.findall(r"^\| `([^`]+)` \|", settings_table(), re.MULTILINE)

    @staticmethod
    def written(config: Config) -> set[str]:
        """Paths of all keys of a configuration, as the table writes them."""
        keys = {
            tuple(path) for path in places(config) if path and all(isinstance(part, str) for part in path)
        }
        named = {tuple("NAME" if i == 1 and key[0] in ("datasets", "experiments") else part
                       for i, part in enumerate(key)) for key in keys}  # fmt: skip
        return {".".join(key) for key in named} - {"datasets.NAME", "experiments.NAME"}

    def test_the_manual_has_the_table_of_the_settings(self) -> None:
        text = (CONFIG / "README.md").read_text(encoding="utf-8")
        table = re.search(r"<!-- settings -->\n(.*?)<!-- /settings -->", text, re.DOTALL)
        assert table is not None
        assert table[1] == settings_table(), (
            "paste the output of mmfusion.study.config.manual.settings_table()"
        )

    def test_the_committed_study_shows_every_key(self) -> None:
        content = yaml.safe_load((CONFIG / "config.yaml").read_text(encoding="utf-8"))
        documented = self.documented()
        assert len(set(documented)) == len(documented)
        not_there = set(documented) - self.written(content) - {"mosi.max_order"}
        assert all(key.startswith("datasets.OWN") for key in not_there)
        assert self.written(content) <= set(documented)

    def test_every_group_of_the_committed_study_has_comments(self) -> None:
        lines = (CONFIG / "config.yaml").read_text(encoding="utf-8").splitlines()
        groups: dict[str, list[str]] = {}
        for line in lines:
            key = re.match(r"(\w+):", line)
            if key:
                groups[key[1]] = []
            if groups:
                groups[list(groups)[-1]].append(line)
        assert list(groups) == [name for name in StudyConfig.model_fields if name != "own"]
        for key, group in groups.items():
            assert any(" # " in line for line in group), key


class TestOwnDatasets:
    def test_they_stand_among_the_datasets_and_are_told_apart_by_their_path(self, config: Config) -> None:
        config["datasets"]["mine"] = {"path": "a.csv", "target": "y", "task": "binary"}
        config["experiments"]["toy"]["datasets"] = ["mine"]
        study = load_config(config)
        assert list(study.own) == ["mine"]
        assert "mine" not in study.datasets
        assert study.own["mine"].held_out.test == 0.25

    def test_mistakes_name_the_place_where_they_are_written(self, config: Config) -> None:
        config["datasets"]["mine"] = {"path": "a.csv", "target": 3, "task": "ranking", "colums": 1}
        config["experiments"]["toy"]["datasets"] = ["mine", "yours"]
        with pytest.raises(ConfigError) as caught:
            load_config(config)
        told = "\n".join(caught.value.problems)
        assert "datasets.mine.target: 3 is not valid, expected text" in told
        assert (
            "datasets.mine.task: 'ranking' is not valid, expected 'binary', 'multiclass' or 'regression'"
            in told
        )
        assert "datasets.mine.colums: this key is unknown" in told
        assert "experiments.toy.datasets[1]: 'yours' is not valid" in told
        assert "'mine'" in told

    @pytest.mark.parametrize("typo", ["pth", "Path", "file"])
    def test_a_missing_path_is_told_beside_what_stands_for_it(self, config: Config, typo: str) -> None:
        for other in ({"target": "y", "task": "binary"}, {}):
            config["datasets"]["mine"] = {typo: "a.csv", **other}
            told = problems(config)
            assert any(text.startswith("datasets.mine.path: this key is missing") for text in told)
            guess = "" if typo == "file" else " (did you mean 'path'?)"
            assert any(
                text.startswith(f"datasets.mine.{typo}: this key is unknown{guess}, ") for text in told
            )
            assert not any("sizes" in text for text in told)

    @pytest.mark.parametrize("entry", ["a.csv", None, 3, ["a.csv"]])
    def test_an_entry_without_keys_is_told_as_such(self, config: Config, entry: Any) -> None:
        config["datasets"]["mine"] = entry
        (problem,) = problems(config)
        assert problem.startswith("datasets.mine: ")
        assert problem.endswith("is not valid, expected a group of keys; write the keys below it, indented.")

    @pytest.mark.parametrize("name", ["XOR", "MOSIReal"])
    def test_names_of_the_study_are_taken(self, config: Config, name: str) -> None:
        config["datasets"][name] = {"path": "a.csv", "target": "y", "task": "binary"}
        assert f"datasets.{name}: this name is taken by a dataset of the study" in "\n".join(problems(config))

    @pytest.mark.parametrize("shares", [{"validation": 0.5, "test": 0.6}, {"test": 0.85}])
    def test_something_is_left_to_train_on(self, config: Config, shares: dict[str, float]) -> None:
        mine = {"path": "a.csv", "target": "y", "task": "binary"}
        config["datasets"]["mine"] = {**mine, "held_out": shares}
        (problem,) = problems(config)
        assert problem.startswith("datasets.mine.held_out: {")
        assert "expected shares with a sum below 1 (it is 1" in problem
        config["datasets"]["mine"] = {**mine, "held_out": {"validation": 0.3, "test": 0.6}}
        assert load_config(config).own["mine"].held_out.test == 0.6

    def test_which_subsets_are_scored(self, config: Config) -> None:
        mine = {"path": "a.csv", "target": "y", "task": "binary"}
        for order in ("auto", "all", 1):
            config["datasets"]["mine"] = {**mine, "max_order": order}
            assert load_config(config).own["mine"].max_order == order
        config["datasets"]["mine"] = mine
        assert load_config(config).own["mine"].max_order == "auto"
        config["datasets"]["mine"] = {**mine, "max_order": "most"}
        (problem,) = problems(config)
        assert "'most' is not valid, expected a whole number or 'auto' or 'all'" in problem

    def test_an_empty_experiment_is_left_out(self, config: Config) -> None:
        config["experiments"]["nothing"] = None
        assert "nothing" not in load_config(config).experiments

    def test_the_settings_own_name_is_no_key(self, config: Config) -> None:
        config["own"] = {}
        with pytest.raises(ConfigError, match=r"own.*: this key is unknown"):
            load_config(config)
