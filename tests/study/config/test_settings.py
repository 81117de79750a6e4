"""The configuration: every mistake at once, each in a sentence that a newcomer understands."""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from mmfusion.encoders import ENCODERS
from mmfusion.errors import ConfigError
from mmfusion.fusion.blocknorm import CONVENTIONS
from mmfusion.fusion.normalisation import NORMALISATIONS
from mmfusion.study.config.numbers import number
from mmfusion.study.config.settings import Encoders, NormName, StudyConfig, load_config
from mmfusion.study.config.yaml_file import load_config_file
from mmfusion.study.data.planted_datasets import PLANTED_DATASETS

CONFIG = Path(__file__).parents[3] / "config"
Config = dict[str, Any]
NORMS = f"{', '.join(map(repr, tuple(NORMALISATIONS)[:-1]))} or {tuple(NORMALISATIONS)[-1]!r}"


def problems(config: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_config(config)
    return caught.value.problems


def put(config: Config, path: str, value: Any) -> Config:
    """Set the value at a path such as ``experiments.toy.p`` and return the configuration."""
    *groups, key = path.split(".")
    inner = config
    for group in groups:
        inner = inner[group]
    inner[key] = value
    return config


def test_the_committed_study_is_valid(config: Config) -> None:
    study = load_config_file(CONFIG / "config.yaml")
    assert study.seeds == list(range(10))
    assert load_config(config).experiments["toy"].p == ["1"]


def test_names_are_those_of_the_package() -> None:
    assert list(get_args(NormName)) == list(NORMALISATIONS)
    of_the_study = [kind for kind in ENCODERS if kind != "linear"]  # its vectors have a hidden layer
    assert list(Encoders.model_fields) == of_the_study
    assert get_args(StudyConfig.model_fields["convention"].annotation) == CONVENTIONS


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
        ("seeds", [-1], "seeds[0]: -1 is not valid, expected a number of at least 0; correct the value."),
        ("seeds", [2**32], "seeds[0]: 4294967296 is not valid, expected a number of at most 4294967295;"),
        ("seeds", [3, 5, 3], "seeds: 3 and 3 are equal, expected every value once; keep one of them."),
        ("seeds_per_job", 0, "seeds_per_job: 0 is not valid, expected a number of at least 1 or 'all';"),
        ("seeds_per_job", "al", "seeds_per_job: 'al' is not valid, expected a whole number or 'all';"),
        (
            "seeds",
            [0] * 90_000,
            "seeds: 0 and 0 and 0 and 0 and 0 and 89995 more are equal, expected every value once; keep one",
        ),
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
        ("training.batch_size", 1, "training.batch_size: 1 is not valid, expected a number of at least 2;"),
        (
            "encoders.vector.dropout",
            1.0,
            "encoders.vector.dropout: 1.0 is not valid, expected a number below 1;",
        ),
        (
            "datasets.XRel.sizes.test",
            1,
            "datasets.XRel.sizes.test: 1 is not valid, expected a number of at least 4;",
        ),
        (
            "datasets.XRel.max_order",
            0,
            "datasets.XRel.max_order: 0 is not valid, expected a number of at least 1;",
        ),
        (
            "mosi.mode",
            True,
            "mosi.mode: true is not valid, expected 'auto', 'required' or 'off'; choose one of these.",
        ),
        ("mosi.dir", "", "mosi.dir: '' is not valid, expected text that is not empty;"),
        ("mosi.dir", 3, "mosi.dir: 3 is not valid, expected text; write it in quotes."),
        ("sequences.constant", 4, "sequences.constant: 4 is not valid, expected a number of at most 3;"),
        (
            "sequences.presence",
            [0.5, 1.2],
            "sequences.presence[1]: 1.2 is not valid, expected a number of at most 1;",
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
            "sequences.motifs[0][1]: 4 is not valid, expected a number of at most 3;",
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
        (
            "information.seeds",
            -1,
            "information.seeds: -1 is not valid, expected a number of at least 0; correct the value.",
        ),
        (
            "information.networks",
            0,
            "information.networks: 0 is not valid, expected a number of at least 1; correct the value.",
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
            f"experiments.toy.norms[0]: 'ln' is not valid, expected {NORMS}; choose one of these.",
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
def test_what_is_not_a_p(config: Config, text: Any) -> None:
    assert [p.split(":")[0] for p in problems(put(config, "experiments.toy.p", [text]))] == [
        "experiments.toy.p[0]"
    ]
    with pytest.raises(ValueError, match=r"expected .* '4/3'"):
        number(text)


def test_numbers_and_their_spelling(config: Config) -> None:
    assert [number(text) for text in ("1", "4/3", "1.5", "inf")] == [1, 4 / 3, 1.5, math.inf]
    for text, spelling in (("16/12", "4/3"), ("1.5", "3/2"), ("0.10", "1/10"), ("007", "7")):
        (problem,) = problems(put(config, "experiments.toy.scales", [text]))
        assert problem.endswith(f"; write it as '{spelling}'.")
        assert number(spelling) == number(text)
    for text in ("1", "4/3", "3/2", "7", "inf"):
        load_config(put(put(config, "experiments.toy.scales", ["1"]), "experiments.toy.p", [text]))


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


def test_sequences_that_cannot_be_drawn_are_refused(config: Config) -> None:
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
        assert problems({**config, "sequences": {**config["sequences"], **change}})


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value in a configuration."""
    yield path
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from paths(value[key], (*path, key))


def changed(config: Config, path: tuple[Any, ...], change: Callable[[Any, Any], None]) -> Config:
    copied = copy.deepcopy(config)
    group: Any = copied
    for key in path[:-1]:
        group = group[key]
    change(group, path[-1])
    return copied


@pytest.mark.parametrize("value", [None, True, -1, 0.5, math.nan, "word", [], [None], {}, {"a": 1}, {1: 2}])
def test_whatever_is_written_is_accepted_or_refused_in_plain_words(config: Config, value: Any) -> None:
    for path in list(paths(config))[1:]:
        try:
            load_config(changed(config, path, lambda group, key: group.__setitem__(key, value)))
        except ConfigError as error:
            for problem in error.problems:
                assert re.fullmatch(r"\S.*: .+, expected .+; .+\.", problem), problem
                assert not re.search(
                    r"(?i)input|should|valid dictionary|instance|pydantic|literal", problem
                ), problem


def test_every_other_key_is_needed(config: Config) -> None:
    optional = {("datasets", name) for name in PLANTED_DATASETS} | {("experiments", "toy")}
    for path in list(paths(config))[1:]:
        if isinstance(path[-1], str) and path[-1] != "max_order" and path not in optional:
            (problem, *_) = problems(changed(config, path, lambda group, key: group.pop(key)))
            assert problem.startswith(f"{'.'.join(path)}: this key is missing, expected it here; add it")


@pytest.mark.parametrize("key", ["mosii", "dataset", "zzz"])
def test_an_unknown_key_is_answered_with_keys_that_can_be_written(config: Config, key: str) -> None:
    (problem,) = problems({**config, key: {}})
    assert f"expected {', '.join(StudyConfig.model_fields)}; remove it or correct its name." in problem
    assert "own" not in re.findall(r"\w+", problem.partition("expected")[2])


def test_permutations_are_no_longer_a_key(config: Config) -> None:
    config["analysis"]["permutations"] = 999
    assert problems(config) == [
        "analysis.permutations: this key is unknown, expected seed, resamples; remove it or correct its name."
    ]
