import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from mmfusion.errors import ConfigError, DataError
from mmfusion.study.data.dataset import MultimodalDataset
from mmfusion.study.data.mosi.download import REGISTRY
from mmfusion.study.data.mosi.mosi_dataset import (
    MOSI_FILES,
    MosiTables,
    find_mosi,
    leakage_notice,
    mosi_dataset,
    mosi_directory,
    mosi_summary,
    read_mosi,
    standard_folds,
)

FEATURE_FILES = [name for name in MOSI_FILES if name.endswith("0.csv")]
LABEL_COLUMN = {"text": 5, "audio": 4, "video": 6}


def failure(folder):
    with pytest.raises(DataError) as caught:
        read_mosi(folder.path)
    message = str(caught.value)
    assert message.startswith(f"{folder.path}: ")
    assert "expected" in message
    assert "snakemake --cores 1 mosi_data" in message  # the remedy
    return message


class TestFind:
    def test_all_files(self, mosi_folder):
        assert find_mosi(mosi_folder.path, "auto") == mosi_folder.path
        assert find_mosi(str(mosi_folder.path), "required") == mosi_folder.path

    def test_off_never_looks(self, mosi_folder):
        assert find_mosi(mosi_folder.path, "off") is None

    def test_auto_without_files(self, mosi_folder, tmp_path):
        assert find_mosi(tmp_path / "nowhere", "auto") is None

    def test_required_without_files_names_all_and_the_remedy(self, mosi_folder, tmp_path):
        with pytest.raises(DataError, match=r"10 of the 10 .* missing") as caught:
            find_mosi(tmp_path / "nowhere", "required")
        for part in (*MOSI_FILES, "-- mosi_data`", "MMFUSION_MOSI_DIR", "mosi.dir", "nowhere"):
            assert part in str(caught.value)

    @pytest.mark.parametrize("mode", ["auto", "required"])
    def test_some_files_are_an_error(self, mosi_folder, mode):
        (mosi_folder.path / "audio_test0.csv").unlink()
        (mosi_folder.path / "transcripts.csv").unlink()
        with pytest.raises(DataError, match=r"2 of the 10 .*\(audio_test0\.csv, transcripts\.csv\)"):
            find_mosi(mosi_folder.path, mode)

    def test_the_variable_overrides_the_folder(self, mosi_folder, tmp_path, monkeypatch):
        monkeypatch.setenv("MMFUSION_MOSI_DIR", str(mosi_folder.path))
        assert find_mosi(tmp_path / "nowhere", "required") == mosi_folder.path
        assert mosi_directory("nowhere") == mosi_folder.path
        monkeypatch.setenv("MMFUSION_MOSI_DIR", str(tmp_path / "nowhere"))
        assert find_mosi(mosi_folder.path, "auto") is None
        monkeypatch.setenv("MMFUSION_MOSI_DIR", "")
        assert find_mosi(mosi_folder.path, "auto") == mosi_folder.path

    def test_unknown_mode(self, mosi_folder):
        with pytest.raises(ConfigError, match="expected auto, required or off"):
            find_mosi(mosi_folder.path, "maybe")


class TestRead:
    def test_joins_by_utterance_id(self, mosi_folder, mosi_videos):
        tables = read_mosi(mosi_folder.path)
        assert len(tables) == 18
        assert tables.published == ("train",) * 12 + ("test",) * 6
        transcripts = mosi_folder.rows("transcripts.csv")
        opinions = {
            f"{row[2]}_{row[3]}": float(row[4]) for row in mosi_folder.rows("OpinionLevelSentiment.csv")
        }
        part_of = {video: part for video, _, part in mosi_videos}
        for place, name in enumerate(tables.ids):
            row = transcripts[tables.transcript_row[place]]
            assert row[0] == name == f"{tables.videos[place]}_{name[-1]}"
            assert part_of[tables.videos[place]] == tables.published[place]
            assert tables.sentiment[place] == opinions[name]
            assert tables.label[place] == int(row[3]) == int(opinions[name] >= 0)
        assert len(set(tables.ids)) == 18

    def test_features_are_those_of_the_files(self, mosi_folder):
        tables = read_mosi(mosi_folder.path)
        assert list(tables.features) == ["text", "audio", "video"]
        for modality, values in tables.features.items():
            rows = mosi_folder.rows(f"{modality}_train0.csv") + mosi_folder.rows(f"{modality}_test0.csv")
            np.testing.assert_array_equal(values, np.array(rows, dtype=float)[:, :-1])
            assert values.dtype == np.float64

    def test_a_sentiment_of_zero_is_positive(self, mosi_folder):
        tables = read_mosi(mosi_folder.path)
        assert (tables.label[tables.sentiment == 0] == 1).all()
        assert (tables.sentiment == 0).any()

    def test_decimal_text_of_six_digits_is_accepted(self, mosi_folder):
        number = float(mosi_folder.rows("text_train0.csv")[2][1])
        mosi_folder.set("text_train.csv", 3, 3, f"{number:.6g}")
        mosi_folder.set("text_train0.csv", 3, 2, f"{number + 1e-7:.17f}")
        read_mosi(mosi_folder.path)


class TestDamagedFiles:
    @pytest.mark.parametrize("name", MOSI_FILES)
    def test_missing(self, mosi_folder, name):
        (mosi_folder.path / name).unlink()
        assert f"{name}: no such file" in failure(mosi_folder)

    @pytest.mark.parametrize("name", MOSI_FILES)
    def test_empty(self, mosi_folder, name):
        (mosi_folder.path / name).write_bytes(b"")
        assert f"{name}: the file is empty" in failure(mosi_folder)

    @pytest.mark.parametrize("name", MOSI_FILES)
    def test_cut_within_a_row(self, mosi_folder, name):
        content = (mosi_folder.path / name).read_bytes()
        (mosi_folder.path / name).write_bytes(content[: len(content) - 3])
        last = content.count(b"\n")
        assert f"{name}, row {last}: the file ends within this row" in failure(mosi_folder)

    @pytest.mark.parametrize("name", [*FEATURE_FILES, "text_train.csv", "text_test.csv"])
    def test_cut_between_rows(self, mosi_folder, name):
        count = 12 if "train" in name else 6
        mosi_folder.change(name, list.pop)
        message = failure(mosi_folder)
        assert f"{name}: {count - 1} rows, expected {count} as in" in message

    def test_all_files_of_a_part_cut_alike(self, mosi_folder):
        for name in MOSI_FILES:
            if "test" in name:
                mosi_folder.change(name, list.pop)
        assert "has no feature row, expected its row index" in failure(mosi_folder)

    @pytest.mark.parametrize("name", MOSI_FILES)
    def test_ragged(self, mosi_folder, name):
        width = len(mosi_folder.rows(name)[0])
        mosi_folder.change(name, lambda rows: rows[2].pop())
        assert f"{name}, row 3: {width - 1} columns, expected {width}" in failure(mosi_folder)

    def test_blank_line(self, mosi_folder):
        mosi_folder.change("audio_test0.csv", lambda rows: rows.insert(1, []))
        assert "audio_test0.csv, row 2: 0 columns, expected 4" in failure(mosi_folder)

    @pytest.mark.parametrize("value", ["words", "", "nan", "NaN", "inf", "-inf", "1e999", "1_0", "0,5"])
    @pytest.mark.parametrize("name", ["video_test0.csv", "text_train.csv", "OpinionLevelSentiment.csv"])
    def test_not_a_finite_number(self, mosi_folder, name, value):
        mosi_folder.set(name, 4, 2, value)
        mosi_folder.set(name, 6, 2, value)
        message = failure(mosi_folder)
        assert f"{name}, row 4, column 2: {value!r}, expected a finite number (and 1 more like it)" in message

    @pytest.mark.parametrize(
        ("name", "column"), [("transcripts.csv", 3), ("transcripts.csv", 4), ("OpinionLevelSentiment.csv", 5)]
    )
    def test_text_in_a_number_column_of_the_annotations(self, mosi_folder, name, column):
        mosi_folder.set(name, 1, column, "x")
        assert f"{name}, row 1, column {column}: 'x', expected a finite number" in failure(mosi_folder)

    @pytest.mark.parametrize("name", FEATURE_FILES)
    def test_label_not_0_or_1(self, mosi_folder, name):
        column = LABEL_COLUMN[name.partition("_")[0]]
        mosi_folder.set(name, 2, column, "2")
        assert f"{name}, row 2, column {column}: label 2, expected 0 or 1" in failure(mosi_folder)

    def test_transcript_label_not_0_or_1(self, mosi_folder):
        mosi_folder.set("transcripts.csv", 2, 4, "-1")
        assert "transcripts.csv, row 2, column 4: label -1, expected 0 or 1" in failure(mosi_folder)

    def test_not_utf8(self, mosi_folder):
        path = mosi_folder.path / "transcripts.csv"
        path.write_bytes(path.read_bytes().replace(b"WORDS OF 8D-GEYOEBZC_1", b"WORDS \xff"))
        assert "transcripts.csv, row 4: bytes that are not UTF-8" in failure(mosi_folder)

    def test_broken_quotes(self, mosi_folder):
        path = mosi_folder.path / "audio_train0.csv"
        rows = path.read_bytes().split(b"\r\n")
        rows[2] = rows[2][:-1]
        path.write_bytes(b"\r\n".join(rows))
        assert "audio_train0.csv, row 3: not readable as CSV" in failure(mosi_folder)

    def test_unreadable(self, mosi_folder):
        (mosi_folder.path / "audio_train0.csv").unlink()
        (mosi_folder.path / "audio_train0.csv").mkdir()
        assert "audio_train0.csv: cannot be read" in failure(mosi_folder)

    @pytest.mark.parametrize("name", [*FEATURE_FILES, "text_train.csv", "text_test.csv"])
    def test_a_column_is_gone(self, mosi_folder, name):
        mosi_folder.change(name, lambda rows: [row.pop(1) for row in rows])
        assert "columns, expected" in failure(mosi_folder)

    def test_no_features_at_all(self, mosi_folder):
        for part in ("train", "test"):
            mosi_folder.change(f"audio_{part}0.csv", lambda rows: [row.__delitem__(slice(3)) for row in rows])
        assert "audio_train0.csv: 1 column, expected features beside the label" in failure(mosi_folder)


class TestContradictions:
    @pytest.mark.parametrize("value", ["18", "-1", "2.5", "1e300"])
    def test_index_names_no_transcript(self, mosi_folder, value):
        mosi_folder.set("text_test.csv", 3, 1, value)
        message = failure(mosi_folder)
        assert f"text_test.csv, row 3, column 1: row index {float(value):g} names no row" in message
        assert "expected a whole number from 0 to 17" in message

    def test_index_used_twice_in_a_part(self, mosi_folder):
        index = mosi_folder.rows("text_train.csv")[1][0]
        mosi_folder.set("text_train.csv", 5, 1, index)
        message = failure(mosi_folder)
        assert (
            f"text_train.csv, row 5, column 1: row index {index} was used in text_train.csv, row 2, "
            "expected every transcript once"
        ) in message

    def test_index_used_in_both_parts(self, mosi_folder):
        index = mosi_folder.rows("text_train.csv")[1][0]
        mosi_folder.set("text_test.csv", 5, 1, index)
        assert (
            f"text_test.csv, row 5, column 1: row index {index} was used in text_train.csv, row 2"
            in failure(mosi_folder)
        )

    @pytest.mark.parametrize("part", ["train", "test"])
    def test_text_features_disagree(self, mosi_folder, part):
        mosi_folder.set(f"text_{part}.csv", 3, 4, "9.5")
        message = failure(mosi_folder)
        assert f"text_{part}.csv, row 3, column 4: text feature 9.5, expected" in message
        assert f"as in text_{part}0.csv, row 3, column 3" in message

    def test_text_features_in_another_order(self, mosi_folder):
        mosi_folder.change("text_train.csv", list.reverse)
        assert "text_train.csv, row 1, column 2: text feature" in failure(mosi_folder)

    def test_transcript_id_twice(self, mosi_folder):
        name = mosi_folder.rows("transcripts.csv")[0][0]
        mosi_folder.set("transcripts.csv", 4, 1, name)
        assert f"transcripts.csv, row 4: utterance id {name!r} was used in row 1" in failure(mosi_folder)

    def test_sentiment_id_twice(self, mosi_folder):
        mosi_folder.set("OpinionLevelSentiment.csv", 2, 4, "1")
        assert "OpinionLevelSentiment.csv, row 2: utterance id '2iD-tVS8NPw_1' was used in row 1" in failure(
            mosi_folder
        )

    def test_transcript_without_a_sentiment(self, mosi_folder):
        name = mosi_folder.rows("transcripts.csv")[6][0]
        mosi_folder.change(
            "OpinionLevelSentiment.csv",
            lambda rows: rows.remove(next(row for row in rows if f"{row[2]}_{row[3]}" == name)),
        )
        message = failure(mosi_folder)
        assert (
            f"transcripts.csv, row 7: utterance {name!r} has no row in OpinionLevelSentiment.csv" in message
        )

    def test_sentiment_without_a_transcript(self, mosi_folder):
        mosi_folder.change(
            "OpinionLevelSentiment.csv", lambda rows: rows.append(["0", "1", "8d-gEyoeBzc", "77", "1"])
        )
        message = failure(mosi_folder)
        assert (
            "OpinionLevelSentiment.csv, row 19: utterance '8d-gEyoeBzc_77' has no row in transcripts.csv"
            in message
        )

    def test_utterance_number_that_is_not_whole(self, mosi_folder):
        mosi_folder.set("OpinionLevelSentiment.csv", 1, 4, "1.5")
        assert "OpinionLevelSentiment.csv, row 1: utterance '2iD-tVS8NPw_1.5' has no row" in failure(
            mosi_folder
        )

    def test_transcript_without_a_feature_row(self, mosi_folder):
        mosi_folder.change(
            "OpinionLevelSentiment.csv", lambda rows: rows.append(["0", "1", "8d-gEyoeBzc", "77", "1"])
        )
        mosi_folder.change("transcripts.csv", lambda rows: rows.append(["8d-gEyoeBzc_77", "MORE", "93", "1"]))
        message = failure(mosi_folder)
        assert "transcripts.csv, row 19: utterance '8d-gEyoeBzc_77' has no feature row" in message
        assert "expected its row index 18 in text_train.csv or text_test.csv" in message

    @pytest.mark.parametrize("value", ["3.2", "-3.01"])
    def test_sentiment_out_of_range(self, mosi_folder, value):
        row = next(
            number
            for number, cells in enumerate(mosi_folder.rows("OpinionLevelSentiment.csv"), start=1)
            if (float(cells[4]) >= 0) == (float(value) >= 0)
        )
        mosi_folder.set("OpinionLevelSentiment.csv", row, 5, value)
        message = failure(mosi_folder)
        assert f"OpinionLevelSentiment.csv, row {row}, column 5: sentiment {value}, expected" in message

    def test_transcript_label_contradicts_the_sentiment(self, mosi_folder):
        label = mosi_folder.rows("transcripts.csv")[3][3]
        mosi_folder.set("transcripts.csv", 4, 4, str(1 - int(label)))
        assert (
            f"transcripts.csv, row 4, column 4: label {1 - int(label)} contradicts the sentiment"
            in failure(mosi_folder)
        )

    def test_feature_labels_contradict_the_sentiment(self, mosi_folder):
        label = int(mosi_folder.rows("text_test0.csv")[1][-1])
        for modality, column in LABEL_COLUMN.items():
            mosi_folder.set(f"{modality}_test0.csv", 2, column, str(1 - label))
        message = failure(mosi_folder)
        assert f"text_test0.csv, row 2, column 5: label {1 - label} contradicts the sentiment" in message
        assert f"expected {label} since" in message

    def test_a_changed_sentiment_contradicts_the_labels(self, mosi_folder):
        value = float(mosi_folder.rows("OpinionLevelSentiment.csv")[0][4])
        mosi_folder.set("OpinionLevelSentiment.csv", 1, 5, str(-value))
        message = failure(mosi_folder)
        assert "2 mistakes" in message
        assert "transcripts.csv, row" in message
        assert "text_train0.csv, row" in message

    @pytest.mark.parametrize("modality", LABEL_COLUMN)
    def test_labels_of_the_modalities_disagree(self, mosi_folder, modality):
        name = f"{modality}_train0.csv"
        label = 1 - int(mosi_folder.rows(name)[7][-1])
        mosi_folder.set(name, 8, LABEL_COLUMN[modality], str(label))
        message = failure(mosi_folder)
        assert "row 8: the label is" in message
        assert f"{label} in {name}" in message

    def test_video_in_both_parts(self, mosi_folder):
        rows = {part: mosi_folder.rows(f"text_{part}.csv") for part in ("train", "test")}
        transcripts = mosi_folder.rows("transcripts.csv")
        first, second = next(
            (one, two)
            for one, here in enumerate(rows["train"], start=1)
            for two, there in enumerate(rows["test"], start=1)
            if transcripts[int(here[0])][3] == transcripts[int(there[0])][3]
        )
        mosi_folder.set("text_train.csv", first, 1, rows["test"][second - 1][0])
        mosi_folder.set("text_test.csv", second, 1, rows["train"][first - 1][0])
        message = failure(mosi_folder)
        assert "expected every video in one part" in message
        assert "mistakes" not in message  # labels agree: nothing else could have found it

    def test_utterance_id_without_a_video(self, mosi_folder):
        mosi_folder.set("transcripts.csv", 1, 1, "nonsense")
        assert "transcripts.csv, row 1, column 1: utterance id 'nonsense'" in failure(mosi_folder)


class TestManyMistakes:
    def test_all_files_are_reported_together(self, mosi_folder):
        (mosi_folder.path / "audio_test0.csv").unlink()
        mosi_folder.set("video_train0.csv", 3, 2, "words")
        mosi_folder.change("transcripts.csv", lambda rows: rows[5].pop())
        lines = failure(mosi_folder).splitlines()
        assert "3 mistakes" in lines[0]
        assert len(lines) == 4

    def test_at_most_ten_are_shown(self, mosi_folder):
        for name in MOSI_FILES:
            (mosi_folder.path / name).write_bytes(b"")
        for modality, column in LABEL_COLUMN.items():
            mosi_folder.write(f"{modality}_train0.csv", [["x"] * (column - 1) + ["2"]] * 30)
        lines = failure(mosi_folder).splitlines()
        assert "13 mistakes" in lines[0]
        assert lines[-1] == "  - and 3 more"
        assert len(lines) == 12


@pytest.fixture
def tables(mosi_folder) -> MosiTables:
    return read_mosi(mosi_folder.path)


class TestDataset:
    @pytest.mark.parametrize(
        ("task", "name", "dtype"),
        [("binary", "MOSIBinary", np.int64), ("regression", "MOSIReal", np.float64)],
    )
    def test_target_and_latents(self, tables, task, name, dtype):
        dataset = mosi_dataset(tables, task, "published")
        assert (dataset.name, dataset.task, dataset.modalities) == (name, task, ("text", "audio", "video"))
        assert list(dataset.splits) == ["train", "test"]
        for split in dataset.splits.values():
            assert split.target.dtype == dtype
            latent = split.latents["label" if task == "binary" else "sentiment"]
            np.testing.assert_array_equal(split.target, latent)
            np.testing.assert_array_equal(split.latents["label"], split.latents["sentiment"] >= 0)
            assert [tables.ids.index(name) for name in split.ids] == [
                tables.transcript_row.tolist().index(row) for row in split.latents["transcript_row"]
            ]

    @pytest.mark.parametrize("convention", ["published", "standard"])
    def test_standardised_with_training_statistics_only(self, tables, convention):
        dataset = mosi_dataset(tables, "binary", convention)
        place = {name: row for row, name in enumerate(tables.ids)}
        rows = {name: [place[key] for key in split.ids] for name, split in dataset.splits.items()}
        for modality, raw in tables.features.items():
            train = raw[rows["train"]]
            mean, sd = train.mean(axis=0), train.std(axis=0)
            varies = np.ptp(train, axis=0) > 0
            for name, split in dataset.splits.items():
                found = split.features[modality]
                assert found.dtype == np.float32
                assert found.shape == (len(split), raw.shape[1])
                expected = ((raw[rows[name]] - mean) / np.where(varies, sd, 1))[:, varies]
                np.testing.assert_allclose(found[:, varies], expected, rtol=1e-5, atol=1e-6)
                assert not found[:, ~varies].any()

    def test_constant_training_columns_become_0_everywhere(self, tables):
        dataset = mosi_dataset(tables, "binary", "published")
        assert dataset.parameters["constant_columns"] == {"text": [], "audio": [], "video": [2]}
        raw = tables.features["video"]
        assert np.ptp(raw[12:, 2]) > 0  # it varies in the test part
        assert not dataset.splits["test"].features["video"][:, 2].any()

    def test_test_rows_do_not_move_the_training_rows(self, mosi_folder, tables):
        before = mosi_dataset(tables, "binary", "published").splits["train"]
        mosi_folder.set("audio_test0.csv", 1, 1, "1e6")
        after = mosi_dataset(read_mosi(mosi_folder.path), "binary", "published").splits["train"]
        np.testing.assert_array_equal(before.features["audio"], after.features["audio"])

    def test_published_split_is_clean(self, tables):
        dataset = mosi_dataset(tables, "binary")
        assert dataset.parameters["split"] == "published"
        assert dataset.parameters["videos"] == {"train": 4, "test": 2}
        assert dataset.parameters["leaked_test_videos"] == 0
        assert leakage_notice(dataset) is None

    def test_standard_split_follows_the_folds_and_counts_the_leak(self, tables, mosi_videos):
        dataset = mosi_dataset(tables, "regression", "standard")
        home = {video: fold for video, fold, _ in mosi_videos}
        for name, split in dataset.splits.items():
            assert {home[key.rpartition("_")[0]] for key in split.ids} == {name}
        assert {name: len(split) for name, split in dataset.splits.items()} == {
            "train": 6,
            "validation": 3,
            "test": 9,
        }
        assert dataset.parameters["videos"] == {"train": 2, "validation": 1, "test": 3}
        assert dataset.parameters["leaked_test_videos"] == 2
        notice = leakage_notice(dataset)
        assert notice is not None
        assert "1 of 1 validation videos and 2 of 3 test videos" in notice

    def test_video_outside_the_folds(self, mosi_folder):
        for name, column in (("transcripts.csv", 0), ("OpinionLevelSentiment.csv", 2)):
            rows = mosi_folder.rows(name)
            for row in rows:
                row[column] = row[column].replace("lXPQBPVc5Cw", "stranger")
            mosi_folder.write(name, rows)
        tables = read_mosi(mosi_folder.path)
        assert len(mosi_dataset(tables, "binary", "published").splits["test"]) == 6
        with pytest.raises(DataError, match=r"1 video ids \(stranger\) are in none of the standard folds"):
            mosi_dataset(tables, "binary", "standard")

    def test_empty_split(self, tables):
        keep = [row for row, video in enumerate(tables.videos) if video != "WKA5OygbEKI"]
        fewer = MosiTables(
            ids=tuple(tables.ids[row] for row in keep),
            videos=tuple(tables.videos[row] for row in keep),
            published=tuple(tables.published[row] for row in keep),
            features={name: values[keep] for name, values in tables.features.items()},
            label=tables.label[keep],
            sentiment=tables.sentiment[keep],
            transcript_row=tables.transcript_row[keep],
        )
        with pytest.raises(DataError, match="no utterance is in the validation part"):
            mosi_dataset(fewer, "binary", "standard")

    def test_unknown_task_and_split(self, tables):
        with pytest.raises(ConfigError, match="expected binary or regression"):
            mosi_dataset(tables, "multiclass", "published")
        with pytest.raises(ConfigError, match="expected published or standard"):
            mosi_dataset(tables, "binary", "random")

    @pytest.mark.parametrize("convention", ["published", "standard"])
    def test_saved_and_loaded(self, tables, tmp_path, convention):
        dataset = mosi_dataset(tables, "regression", convention)
        paths = [tmp_path / "first.safetensors", tmp_path / "second.safetensors"]
        for path in paths:
            dataset.save(path)
        assert paths[0].read_bytes() == paths[1].read_bytes()
        loaded = MultimodalDataset.load(paths[0])
        assert loaded.parameters == dataset.parameters
        for name, split in dataset.splits.items():
            assert loaded.splits[name].ids == split.ids
            np.testing.assert_array_equal(loaded.splits[name].target, split.target)
        assert mosi_summary(loaded) == mosi_summary(dataset)
        assert leakage_notice(loaded) == leakage_notice(dataset)

    def test_summary(self, tables):
        summary = mosi_summary(mosi_dataset(tables, "binary", "published"))
        assert "\n" not in summary
        for fact in (
            "MOSIBinary (published split)",
            "train 12 utterances of 4 videos, test 6 utterances of 2 videos",
            "set to 0: video 1",
            "repeated feature rows: train video 1",
        ):
            assert fact in summary


def test_folds_are_disjoint_and_complete():
    folds = standard_folds()
    assert {name: len(videos) for name, videos in folds.items()} == {
        "train": 52,
        "validation": 10,
        "test": 31,
    }
    assert len({video for videos in folds.values() for video in videos}) == 93


@pytest.fixture(scope="module")
def real_folder() -> Path:
    directory = os.environ.get("MMFUSION_MOSI_DIR")
    if not directory:
        pytest.skip("MMFUSION_MOSI_DIR is not set: the real CMU-MOSI files are needed")
    if not Path(directory).is_dir():
        pytest.skip(
            f"MMFUSION_MOSI_DIR is {directory}, which is no folder: the real CMU-MOSI files are needed"
        )
    return Path(directory)


@pytest.fixture(scope="module")
def real(real_folder) -> MosiTables:
    return read_mosi(real_folder)


class TestRealFiles:
    def test_they_are_the_pinned_ones(self, real_folder):
        for file in REGISTRY:
            assert hashlib.sha256((real_folder / file.name).read_bytes()).hexdigest() == file.sha256

    def test_sizes_and_joins(self, real):
        assert {part: real.published.count(part) for part in ("train", "test")} == {
            "train": 1447,
            "test": 752,
        }
        assert {name: values.shape for name, values in real.features.items()} == {
            "text": (2199, 100),
            "audio": (2199, 73),
            "video": (2199, 100),
        }
        assert sorted(real.transcript_row.tolist()) == list(range(2199))
        assert len(set(real.ids)) == 2199
        assert len(set(real.videos)) == 93
        assert np.isfinite(real.sentiment).all()
        assert (int((real.sentiment > 0).sum()), int((real.sentiment == 0).sum())) == (1080, 96)
        np.testing.assert_array_equal(real.label, real.sentiment >= 0)

    def test_published_split(self, real):
        dataset = mosi_dataset(real, "binary", "published")
        assert dataset.parameters["videos"] == {"train": 62, "test": 31}
        constant = dataset.parameters["constant_columns"]
        assert {name: len(columns) for name, columns in constant.items()} == {
            "text": 0,
            "audio": 0,
            "video": 32,
        }
        assert dataset.parameters["repeated_rows"] == {
            "train": {"text": 2, "audio": 0, "video": 3},
            "test": {"text": 0, "audio": 0, "video": 0},
        }
        positive = dataset.splits["test"].target.mean()
        assert round(100 * max(positive, 1 - positive), 1) == 62.1
        assert leakage_notice(dataset) is None
        assert all(np.isfinite(values).all() for values in dataset.splits["test"].features.values())

    def test_standard_split(self, real):
        dataset = mosi_dataset(real, "regression", "standard")
        assert {name: len(split) for name, split in dataset.splits.items()} == {
            "train": 1284,
            "validation": 229,
            "test": 686,
        }
        assert dataset.parameters["videos"] == {"train": 52, "validation": 10, "test": 31}
        assert dataset.parameters["leaked_test_videos"] == 24
        assert "24 of 31 test videos" in (leakage_notice(dataset) or "")
        clean = {video for video, part in zip(real.videos, real.published, strict=True) if part == "test"}
        assert len(clean & set(standard_folds()["train"])) == 23
