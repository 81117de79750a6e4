"""The command from outside: tables, pictures, sentences, exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from mmfusion import __version__
from mmfusion.cli import app as command
from mmfusion.cli.app import app, main
from mmfusion.data.example import example_table
from mmfusion.errors import InputError
from mmfusion.study.config.yaml_file import load_config_file

pytestmark = pytest.mark.usefixtures("quick_baseline")
ROOT = Path(__file__).resolve().parents[2]
MODALITIES = ["-m", "text=text_*", "-m", "audio=audio_0,audio_1,audio_2,audio_3", "-m", "video=video_*"]
QUICK = ["--seeds", "2", "--epochs", "3", "--folds", "2", "--penalty", "0.01"]
SUBSETS_ONLY = [*QUICK, "--no-information"]
INFORMATION = ("information", "modality_information", "synergy")
FILES = [
    *("relevance.csv", *(f"{name}.csv" for name in INFORMATION)),
    *("relevance.png", "information.png", "answer.txt", "index.html", "settings.json"),
]


@pytest.fixture
def table(tmp_path: Path) -> str:
    path = tmp_path / "speech.csv"
    example_table(200).to_csv(path, index=False)
    return str(path)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_relevance_prints_tables_and_an_answer_and_writes_them_with_pictures(
    table: str, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    arguments = [table, "-t", "agrees", *MODALITIES, "--groups", "speaker", "--ids", "id", *QUICK]
    text = run("relevance", *arguments, "--output", str(output))
    for word in ("text+audio+video", "covariance_share", "loss_rise", "alone (nats)", "synergy (nats)"):
        assert word in text
    written = pd.read_csv(output / "relevance.csv")
    assert written["subset"].tolist()[-1] == "text+audio+video"
    assert written["covariance_share"].sum() == pytest.approx(1.0)
    assert written["named"].dtype == bool
    lengths = {name: len(pd.read_csv(output / f"{name}.csv")) for name in INFORMATION}
    assert lengths == {"information": 7, "modality_information": 3, "synergy": 3}
    for name in ("relevance.png", "information.png"):
        assert (output / name).read_bytes().startswith(b"\x89PNG")
    answer = (output / "answer.txt").read_text()
    assert answer in text
    assert "measured on 200 samples in 38 groups" in " ".join(answer.split())
    assert "(4 networks in 2 folds)" in " ".join(answer.split())
    assert text.rstrip().endswith(f"written to {output}: {', '.join(FILES)}")
    assert sorted(path.name for path in output.iterdir()) == sorted(FILES)
    again = tmp_path / "again"
    run("relevance", *arguments, "--output", str(again))
    for name in FILES[:4]:
        assert (again / name).read_bytes() == (output / name).read_bytes()


def test_a_target_of_numbers_is_a_regression(tmp_path: Path) -> None:
    folder = tmp_path / "arrays"
    folder.mkdir()
    rng = np.random.default_rng(0)
    speech, face = rng.normal(size=(80, 3)), rng.normal(size=(80, 2))
    for name, values in (("speech", speech), ("face", face), ("mood", speech[:, 0])):
        np.save(folder / f"{name}.npy", values)
    text = run("check", str(folder), "-t", "mood")
    assert text.startswith(
        "Task: regression (numbers with fractions; --threshold NUMBER makes two classes of it)."
    )
    assert "speech: numbers (80, 3)" in text
    output = str(tmp_path / "out")
    assert "written" in run(
        "relevance", str(folder), "-t", "mood", *QUICK, "--folds", "0", "--output", output
    )
    assert pd.read_csv(tmp_path / "out/relevance.csv")["loss_rise"].isna().all()
    assert "nothing was held out" in " ".join((tmp_path / "out/answer.txt").read_text().split())
    text = run("relevance", str(folder), "-t", "mood", *QUICK, "--output", output)
    assert "alone (share of the constant's loss)" in text


def test_noise_is_not_explained(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name, values in (("a", rng.normal(size=(300, 4))), ("b", rng.normal(size=(300, 4)))):
        np.save(tmp_path / f"{name}.npy", values)
    np.save(tmp_path / "y.npy", rng.integers(0, 2, 300))
    options = ["--folds", "2", "--epochs", "10", "--no-information", "--output", str(tmp_path / "out")]
    text = run("relevance", str(tmp_path), "-t", "y", *options)
    assert "so nothing is shown about any subset or modality" in " ".join(text.split())
    assert not pd.read_csv(tmp_path / "out/relevance.csv")["named"].any()
    facts = json.loads((tmp_path / "out/settings.json").read_text())
    assert facts["loss_constant"] == pytest.approx(np.log(2), abs=0.01)
    assert facts["loss"] > facts["loss_constant"] - 0.01


def test_dollar_signs_in_names_are_no_formula(table: str, tmp_path: Path) -> None:
    odd = str(tmp_path / "odd.csv")
    pd.read_csv(table).rename(columns={"agrees": "cost$x^$"}).to_csv(odd, index=False)
    names = ["-m", "a $_$=audio_*", "-m", "text=text_*"]
    run("relevance", odd, "-t", "cost$x^$", *names, *QUICK, "--output", str(tmp_path / "out"))
    assert (tmp_path / "out/relevance.png").exists()


def test_an_output_that_cannot_be_written_is_refused_first(table: str, tmp_path: Path) -> None:
    (tmp_path / "out/answer.txt").mkdir(parents=True)
    cases = {
        str(tmp_path / "out"): "answer.txt is a folder",
        str(tmp_path / ("n" * 300)): "name another folder",
    }
    for output, message in cases.items():
        with pytest.raises(InputError, match=message):
            run("relevance", table, "-t", "agrees", *MODALITIES, *QUICK, "--output", output)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["answer.txt"]


def test_files_that_no_run_has_written_are_never_replaced(table: str, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "information.csv").write_text("precious")
    arguments = ["-t", "agrees", *MODALITIES, *QUICK, "--output", str(mine)]
    with pytest.raises(InputError, match=r"mine has information\.csv, which would be replaced, but no setti"):
        run("relevance", table, *arguments)
    (mine / "information.csv").rename(mine / "kept.csv")
    data = mine / "relevance.csv"
    data.write_bytes(Path(table).read_bytes())
    with pytest.raises(InputError, match=r"relevance\.csv, which is read, would be replaced there"):
        run("relevance", str(data), *arguments)
    assert data.read_bytes() == Path(table).read_bytes()
    data.unlink()
    run("relevance", table, *arguments)
    assert (mine / "kept.csv").read_text() == "precious"


def test_a_full_disk_leaves_nothing_behind(
    table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mmfusion.cli.relevance_command.write_json", full)
    output = tmp_path / "new" / "out"
    with pytest.raises(InputError, match=r"out cannot be filled .*No space left on device"):
        run("relevance", table, "-t", "agrees", *MODALITIES, *QUICK, "--output", str(output))
    assert not output.parent.exists()


def test_an_answer_says_what_it_was_made_of_and_what_it_replaces(table: str, tmp_path: Path) -> None:
    output = tmp_path / "out"
    arguments = [table, "-t", "agrees", *MODALITIES, *QUICK, "--output", str(output)]
    assert "an earlier run" not in run("relevance", *arguments)
    assert (output / "information.png").exists()
    facts = json.loads((output / "settings.json").read_text())
    assert (facts["data"], facts["target"], facts["samples"]) == (table, "agrees", 200)
    assert facts["parameters"]["n_seeds"] == 2
    assert facts["parameters"]["p"] == 1.0
    assert facts["parameters"]["cv"] == 2
    assert facts["parameters"]["information"] is True
    assert facts["penalty"] == facts["parameters"]["penalty"] == 0.01
    assert min(facts["loss"], facts["loss_constant"], facts["loss_linear"]) > 0
    assert 0 <= facts["score"] <= 1
    text = run("relevance", *arguments, "--no-information")
    assert "(those of an earlier run were replaced)" in text
    assert sorted(path.name for path in output.iterdir()) == [
        "answer.txt",
        "index.html",
        "relevance.csv",
        "relevance.png",
        "settings.json",
    ]


def test_several_penalties_are_chosen_among(table: str, tmp_path: Path) -> None:
    arguments = [table, "-t", "agrees", *MODALITIES, *SUBSETS_ONLY, "--penalty", "100"]
    run("relevance", *arguments, "--output", str(tmp_path))
    facts = json.loads((tmp_path / "settings.json").read_text())
    assert facts["parameters"]["penalty"] == [0.01, 100.0]
    assert facts["penalty"] in (0.01, 100.0)


def test_from_five_modalities_on_pairs_are_scored_and_that_is_said(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in "abcde":
        np.save(tmp_path / f"{name}.npy", rng.normal(size=(40, 2)))
    np.save(tmp_path / "y.npy", rng.integers(0, 2, 40))
    out = ["--output", str(tmp_path / "out")]
    asked = [str(tmp_path), "-t", "y"]
    for text in (run("check", *asked), run("relevance", *asked, *SUBSETS_ONLY, *out)):
        assert "only single modalities and pairs are scored: --max-order 5 takes all 31 subsets" in text
    assert len(pd.read_csv(tmp_path / "out/relevance.csv")) == 15
    text = run("relevance", *asked, *SUBSETS_ONLY, "--max-order", "1", *out)
    assert "only single" not in text


def test_check_without_a_target_lists_the_contents(table: str, tmp_path: Path) -> None:
    text = run("check", table)
    assert "a table of 200 rows and 18 columns" in text
    assert "text_*: 6 columns of numbers" in text
    assert "agrees: whole numbers" in text
    assert '-m "video=video_*"' in text
    pd.read_csv(table).to_parquet(tmp_path / "speech.parquet")
    assert run("check", str(tmp_path / "speech.parquet")).replace(".parquet", ".csv") == text
    np.savez(tmp_path / "walks.npz", gait=np.ones((5, 7, 2)), gait_lengths=np.ones(5, int), y=np.arange(5))
    text = run("check", str(tmp_path / "walks.npz"))
    assert "gait: (5, 7, 2) of float64" in text
    assert "gait_lengths: (5,) of int64, the lengths of gait" in text


def test_check_tells_lengths_and_symbols(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    np.save(tmp_path / "gait.npy", rng.normal(size=(20, 9, 2)))
    np.save(tmp_path / "gait_lengths.npy", rng.integers(3, 9, 20))
    np.save(tmp_path / "words.npy", rng.integers(0, 5, (20, 6)))
    np.save(tmp_path / "y.npy", rng.normal(size=20))
    text = run("check", str(tmp_path), "-t", "y")
    assert "gait: numbers (20, 9, 2), read as a sequence of vectors per sample" in text
    assert "of 3 to 8 real steps, as its lengths say" in text
    assert "words: whole numbers (20, 6), read as one vector per sample" in text
    assert "if they are a sequence of symbols instead: --symbols words" in text
    named = run("check", str(tmp_path), "-t", "y", "--symbols", "words")
    assert "words: whole numbers (20, 6), read as a sequence of symbols per sample, as it is called" in named


def test_a_signal_is_named(table: str, tmp_path: Path) -> None:
    options = ["--folds", "3", "--penalty", "0.01", "--no-information", "--output", str(tmp_path / "out")]
    text = " ".join(run("relevance", table, "-t", "agrees", *MODALITIES, *options).split())
    assert float(re.search(r"their accuracy is (0\.\d+) ", text)[1]) > 0.7
    assert re.search(r"The networks use text \(without it the loss rises by 0\.\d+ nats", text)
    relevance = pd.read_csv(tmp_path / "out/relevance.csv").set_index("subset")
    assert relevance["loss_rise"].idxmax() == "text"
    assert relevance.loc["text", "named"]
    assert re.search(r"text +0\.\d+ \[0\.\d+, 0\.\d+\] +<?0\.\d+ +yes", text)


def test_check_explains(table: str) -> None:
    text = run("check", table, "-t", "agrees", *MODALITIES, "--groups", "speaker", "--ids", "id")
    assert "200 samples, 3 modalities" in text
    assert "audio: numbers (200, 4), read as one vector per sample" in text
    assert text.startswith("Task: classification (2 different numbers in 200 samples; --task regression")
    assert "2 classes: 0 " in text
    assert "7 subsets would get a relevance: text, audio, video, text+audio" in text


def test_help_teaches() -> None:
    for arguments, words in (
        (["--help"], ["relevance", "check", "init"]),
        (["relevance", "--help"], ["--modality", "NAME=COLUMNS", "--folds", "--information", "lambda"]),
    ):
        text = run(*arguments)
        assert all(word in text for word in words)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-t", "agree", *MODALITIES], "there is no column 'agree'; did you mean 'agrees'?"),
        (["-t", "agree"], "there is no column 'agree'; did you mean 'agrees'?"),
        (["-t", "agrees", "--groups", "speakers"], "there is no column 'speakers'; did you mean 'speaker'?"),
        (["-t", "agrees", "-m", "text=text_*,video_0"], "'text_*' is a pattern in a list, expected names"),
        (["-t", "agrees", "-m", "text"], "--modality 'text': expected NAME=COLUMNS"),
        (["-t", "agrees", *MODALITIES, "-m", "text=id"], "'text' was given already"),
        (["-t", "agrees", *MODALITIES, "--task", "ranking"], "--task: 'ranking' is unknown"),
        (["-t", "agrees", "-m", "text=text_*", "-m", "who=speaker"], "speaker"),
        (["-t", "agrees"], "expected --modality NAME=COLUMNS for each"),
        (["-m", "text=text_*"], "--modality, --groups and the other options need --target"),
        (["-t", "id", *MODALITIES], "the number of samples of the rarest class is 1, expected at least 2"),
        (
            ["-t", "speaker", *MODALITIES, "--task", "regression"],
            "is text, expected numbers for a regression",
        ),
        (
            ["-t", "video_0", "-m", "text=text_*", "--task", "classification"],
            "choose regression, or give a threshold",
        ),
    ],
)
def test_mistakes_end_in_a_sentence(
    table: str,
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["mmfusion", "check", table, *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    told = capsys.readouterr().err
    assert told.startswith("mmfusion: ")
    assert message in told
    assert "Traceback" not in told
    if "class" in message or "speaker" in message:
        assert table in told  # an error about values names the file


def test_what_cannot_be_is_said_before_anything_is_trained(table: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    places = {"--output": tmp_path / "file" / "out", "--random-state": -1, "--max-order": 0, "--folds": 1}
    for option, value in places.items():
        arguments = [table, "-t", "agrees", *MODALITIES, *QUICK, option, str(value)]
        result = CliRunner().invoke(app, ["relevance", *arguments])
        assert result.exit_code != 0
        named = {"--max-order": "max_order", "--folds": "--folds: 1, expected at least 2"}.get(option, option)
        assert named in result.output + str(result.exception)
    deep = tmp_path / "new" / "deep" / "out"
    rare = [table, "-t", "id", *MODALITIES, *QUICK, "--output", str(deep)]
    assert "2 folds: the number of samples" in str(CliRunner().invoke(app, ["relevance", *rare]).exception)
    assert not (tmp_path / "new").exists()
    grouped = [table, "-t", "agrees", *MODALITIES, "--groups", "speaker", "--folds", "0"]
    result = CliRunner().invoke(app, ["relevance", *grouped, "--output", str(tmp_path / "out")])
    assert "--groups: nothing is held out (--folds 0)" in str(result.exception)
    assert not (tmp_path / "out").exists()
    result = CliRunner().invoke(app, ["init", str(tmp_path / "file" / "study.yaml")])
    assert "study.yaml cannot be written" in str(result.exception)


def test_init_writes_the_committed_example_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "study.yaml"
    assert f"snakemake --cores all --directory mine --configfile {path}" in run("init", "study.yaml")
    committed = (ROOT / "config/mine.yaml").read_text()
    assert "config/mine.yaml" in committed
    first, rest = committed.split("\n", 1)
    assert first == "# yaml-language-server: $schema=schema.json"  # which lies in config/ alone
    assert path.read_text() == rest.replace("config/mine.yaml", str(path))
    monkeypatch.setattr("sys.argv", ["mmfusion", "init", str(path)])
    with pytest.raises(SystemExit):
        command.main()
    assert "study.yaml exists already, expected a new name; nothing was written" in capsys.readouterr().err


def test_the_example_over_the_study_is_a_valid_configuration(tmp_path: Path) -> None:
    import yaml

    base, mine = (yaml.safe_load((ROOT / f"config/{name}.yaml").read_text()) for name in ("config", "mine"))
    for key, value in mine.items():
        base[key] = {**base[key], **value} if isinstance(value, dict) else value
    (tmp_path / "both.yaml").write_text(yaml.safe_dump(base))
    study = load_config_file(tmp_path / "both.yaml")
    assert list(study.experiments) == ["mine"]
    assert list(study.user) == ["speech"]
    assert study.user["speech"].modalities == {"text": "text_*", "audio": "audio_*", "video": "video_*"}


def test_check_tells_constant_columns(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(20, 3))
    values[:, 1] = 2.5
    np.savez(tmp_path / "data.npz", a=values, b=rng.normal(size=(20, 2)), y=np.arange(20) % 2)
    text = run("check", str(tmp_path / "data.npz"), "-t", "y")
    assert text.count("constant and") == 1
    assert "1 of its 3 columns is constant and tells nothing" in text


def promoters(folder: Path) -> Path:
    """A table of two columns of DNA; the target is whether their two motifs differ."""
    rng = np.random.default_rng(0)
    motifs = {"promoter": ("TATAAAGGCG", "CCGATTGACC"), "enhancer": ("GGGACTTTCC", "ATGCAAATTT")}
    coins = {name: rng.integers(0, 2, 700) for name in motifs}
    columns: dict[str, list[str]] = {name: [] for name in motifs}
    for name, pair in motifs.items():
        for coin in coins[name]:
            letters = rng.choice(list("ACGT"), rng.integers(30, 50))
            place = rng.integers(0, len(letters) - 10)
            letters[place : place + 10] = list(pair[coin])
            columns[name].append("".join(letters))
    pd.DataFrame({**columns, "on": coins["promoter"] ^ coins["enhancer"]}).to_csv(
        folder / "dna.csv", index=False
    )
    return folder / "dna.csv"


def test_a_pair_of_motifs_in_two_columns_is_found(tmp_path: Path) -> None:
    table = str(promoters(tmp_path))
    columns = ["-t", "on", "-m", "promoter=promoter", "-m", "enhancer=enhancer"]
    text = run("check", table, *columns)
    assert "promoter: 700 strings over the letters ACGT, read as a sequence of symbols per sample" in text
    assert "of 30 to 49 letters, shorter ones are padded" in text
    text = run(
        *("relevance", table, *columns, "--folds", "3", "--penalty", "0.01", "--epochs", "40"),
        *("--no-information", "--output", str(tmp_path / "out")),
    )
    relevance = pd.read_csv(tmp_path / "out/relevance.csv").set_index("subset")
    assert relevance["beta"].idxmax() == "promoter+enhancer"
    assert relevance.loc["promoter+enhancer", "beta"] > 0.9
    assert relevance.loc["promoter+enhancer", "loss_rise"] > 0.3
    assert relevance["loss_rise"].drop("promoter+enhancer").max() < 0.05


def test_check_says_what_is_remarkable(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    gait, face = rng.normal(size=(30, 6, 2)), rng.normal(size=(30, 3))
    gait[:12, 4:] = 0.0
    gait[3, 0] = 0.0
    face[:, 1] = 7.0
    face[::10] = np.nan
    names = np.array([f"p{row // 2}" for row in range(30)])
    np.savez(
        tmp_path / "data.npz",
        gait=gait,
        face=face,
        y=rng.integers(18, 90, 30),
        name=names,
        who=np.arange(30) // 5,
    )
    text = run("check", str(tmp_path / "data.npz"), "-t", "y", "--ids", "name", "--groups", "who")
    for said in (
        "Task: regression (",
        "1 sequences begin and 12 end with steps that are zero in all columns; there are no lengths",
        "1 of its 3 columns is constant and tells nothing",
        "missing for 3 of 30 samples, which get its mean feature",
        "names of the samples: 15; 15 occur several times: p0, p1",
        "groups: 6, kept together when samples are held out\n",
    ):
        assert said in text
    np.savez(tmp_path / "alone.npz", y=rng.integers(18, 90, 30), face=np.ones((30, 2)), row=np.arange(30))
    text = run("check", str(tmp_path / "alone.npz"), "-t", "y", "--groups", "row")
    assert "groups: 30, kept together when samples are held out (each is one sample" in text


def test_options_that_have_no_effect_are_refused(table: str) -> None:
    for options, message in (
        (["--words", "text"], "words is 'text', but has an effect on folders of .csd files only"),
        (["--padding", "front"], "padding is 'front', but no modality has lengths"),
        (["--symbols", "vidio"], "symbols: there is no modality 'vidio'; did you mean 'video'?"),
        (["--nonfinite", "mean"], "nonfinite is 'mean', expected one of error, zero, missing"),
        (["--threshold", "7"], "all samples have a target 'agrees' below the threshold 7"),
    ):
        result = CliRunner().invoke(app, ["check", table, "-t", "agrees", *MODALITIES, *options])
        assert message in str(result.exception)
        assert table in str(result.exception) or "padding" in message


def test_a_threshold_is_said_first(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {"a_0": rng.normal(size=60), "a_1": rng.normal(size=60), "months": rng.integers(1, 40, 60)}
    )
    table.to_csv(tmp_path / "data.csv", index=False)
    text = run("check", str(tmp_path / "data.csv"), "-t", "months", "-m", "a=a_*", "--threshold", "12")
    assert text.startswith("Task: classification (class 1 is a target of at least 12, class 0 one below).")


def test_a_table_separated_by_tabs(tmp_path: Path) -> None:
    example_table(20).to_csv(tmp_path / "data.csv", index=False, sep="\t")
    result = CliRunner().invoke(app, ["check", str(tmp_path / "data.csv")])
    assert "the columns are separated by '\\t', expected ','" in str(result.exception)


def test_motifs_of_letters_are_printed_and_written(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    classes = np.arange(240) % 2
    strings = ["".join(random.choice(list("ACGT"), 24)) for _ in classes]
    pairs = zip(strings, classes, strict=True)
    strings = [text[:6] + "GATTACAG" + text[14:] if one else text for text, one in pairs]
    path, output = tmp_path / "genes.csv", tmp_path / "out"
    columns = {"promoter": strings, "gc": random.normal(size=240), "on": classes}
    pd.DataFrame(columns).to_csv(path, index=False)
    arguments = ["-m", "promoter=promoter", "-m", "gc=gc", "--no-information", "--penalty", "0.01"]
    text = run("relevance", str(path), "-t", "on", *arguments, "--folds", "2", "--output", str(output))
    [line] = [line for line in text.splitlines() if line.startswith("motifs of promoter that drive promoter")]
    assert "ATTACA" in line
    table = pd.read_csv(output / "motifs.csv", dtype={"consensus": str})
    assert table["network"].unique().tolist() == [0, 1]
    assert (output / "motifs.png").read_bytes().startswith(b"\x89PNG")


def test_letters_without_a_logo_keep_the_answer(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    classes = np.arange(240) % 2
    strings = ["".join(random.choice(list("ACGT "), 24)) for _ in classes]
    pairs = zip(strings, classes, strict=True)
    strings = [text[:6] + "GATTACAG" + text[14:] if one else text for text, one in pairs]
    path, output = tmp_path / "kmers.csv", tmp_path / "out"
    pd.DataFrame({"dna": strings, "on": classes}).to_csv(path, index=False)
    arguments = ["-m", "dna=dna", "--symbols", "dna", "--no-information", "--penalty", "0.01"]
    text = run("relevance", str(path), "-t", "on", *arguments, "--folds", "2", "--output", str(output))
    assert "motifs.png is not drawn: a logo needs one printable character per symbol." in text
    assert (output / "motifs.csv").exists()
    assert (output / "answer.txt").exists()
    assert not (output / "motifs.png").exists()


def test_only_files_that_a_run_has_written_are_replaced(table: str, tmp_path: Path) -> None:
    output = tmp_path / "out"
    arguments = [table, "-t", "agrees", *MODALITIES, *SUBSETS_ONLY, "--output", str(output)]
    run("relevance", *arguments)
    (output / "motifs.csv").write_text("mine")
    with pytest.raises(InputError, match=r"has motifs.csv, which would be replaced, but no settings.json of"):
        CliRunner().invoke(app, ["relevance", *arguments], catch_exceptions=False)
    assert (output / "motifs.csv").read_text() == "mine"


def test_settings_of_a_run_name_no_other_paths(table: str, tmp_path: Path) -> None:
    output, other = tmp_path / "out", tmp_path / "precious.csv"
    other.write_text("mine")
    output.mkdir()
    (output / "settings.json").write_text(json.dumps({"mmfusion": "1", "files": ["../precious.csv"]}))
    run("relevance", table, "-t", "agrees", *MODALITIES, *SUBSETS_ONLY, "--output", str(output))
    assert other.read_text() == "mine"


def test_the_version() -> None:
    assert run("--version") == f"mmfusion {__version__}\n"
