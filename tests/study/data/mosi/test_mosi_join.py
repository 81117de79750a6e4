import csv

import numpy as np
import pandas as pd
import pytest

from mmfusion.study.data.mosi.mosi_join import MOSI_MODALITIES, PUBLISHED_PARTS, read_mosi


class TestRead:
    def test_joins_by_utterance_id(self, mosi_folder, mosi_videos):
        tables = read_mosi(mosi_folder.path, registry=mosi_folder.registry)
        assert len(tables.ids) == 18
        assert tables.published == ("train",) * 12 + ("test",) * 6
        transcripts = mosi_folder.rows("transcripts.csv")
        opinions = {
            f"{row[2]}_{row[3]}": float(row[4]) for row in mosi_folder.rows("OpinionLevelSentiment.csv")
        }
        part_of = {video: part for video, _, part in mosi_videos}
        for index, name in enumerate(tables.ids):
            row = transcripts[tables.transcript_row[index]]
            assert row[0] == name == f"{tables.videos[index]}_{name[-1]}"
            assert part_of[tables.videos[index]] == tables.published[index]
            assert tables.sentiment[index] == opinions[name]
            assert tables.label[index] == int(row[3]) == int(opinions[name] >= 0)
        assert len(set(tables.ids)) == 18

    def test_features_are_those_of_the_files(self, mosi_folder):
        tables = read_mosi(mosi_folder.path, registry=mosi_folder.registry)
        assert list(tables.features) == ["text", "audio", "video"]
        for modality, values in tables.features.items():
            rows = mosi_folder.rows(f"{modality}_train0.csv") + mosi_folder.rows(f"{modality}_test0.csv")
            np.testing.assert_array_equal(values, np.array(rows, dtype=float)[:, :-1])
            assert values.dtype == np.float64

    def test_a_sentiment_of_zero_is_positive(self, mosi_folder):
        tables = read_mosi(mosi_folder.path, registry=mosi_folder.registry)
        assert (tables.label[tables.sentiment == 0] == 1).all()
        assert (tables.sentiment == 0).any()

    def test_decimal_text_is_read_to_the_last_bit(self, mosi_folder):
        for number, text in enumerate(("0.12140000000000001", "-0.57178400000000007", "1e-300"), start=1):
            mosi_folder.set("audio_train0.csv", 3, number, text)
        mosi_folder.pin()
        tables = read_mosi(mosi_folder.path, registry=mosi_folder.registry)
        assert tables.features["audio"][2].tolist() == [0.12140000000000001, -0.57178400000000007, 1e-300]

    @pytest.mark.parametrize("name", ["transcripts.csv", "OpinionLevelSentiment.csv"])
    def test_the_order_of_the_annotations_does_not_matter(self, mosi_folder, name):
        before = read_mosi(mosi_folder.path, registry=mosi_folder.registry)
        count = len(mosi_folder.rows(name))
        mosi_folder.change(name, list.reverse)
        if name == "transcripts.csv":  # the row index counts its rows
            for part in ("train", "test"):
                rows = mosi_folder.rows(f"text_{part}.csv")
                reversed_index = [[str(count - 1 - int(row[0])), *row[1:]] for row in rows]
                mosi_folder.write(f"text_{part}.csv", reversed_index)
        mosi_folder.pin()
        after = read_mosi(mosi_folder.path, registry=mosi_folder.registry)
        assert after.ids == before.ids
        np.testing.assert_array_equal(after.sentiment, before.sentiment)
        np.testing.assert_array_equal(after.label, before.label)


class TestPublishedFiles:
    """What holds for the pinned bytes, and is therefore not checked when they are read."""

    def test_sizes_and_joins(self, published):
        assert {part: published.published.count(part) for part in ("train", "test")} == {
            "train": 1447,
            "test": 752,
        }
        assert {name: values.shape for name, values in published.features.items()} == {
            "text": (2199, 100),
            "audio": (2199, 73),
            "video": (2199, 100),
        }
        assert sorted(published.transcript_row.tolist()) == list(range(2199))
        assert len(set(published.ids)) == 2199
        assert len(set(published.videos)) == 93
        assert np.isfinite(published.sentiment).all()
        assert (int((published.sentiment > 0).sum()), int((published.sentiment == 0).sum())) == (1080, 96)
        np.testing.assert_array_equal(published.label, published.sentiment >= 0)

    def test_every_cell_is_a_finite_number(self, published_folder):
        for path in sorted(published_folder.glob("*_t*.csv")):
            with path.open(newline="", encoding="utf-8") as file:
                rows = list(csv.reader(file, strict=True))
            assert len({len(row) for row in rows}) == 1
            values = np.array([[float(cell) for cell in row] for row in rows])
            assert np.isfinite(values).all()

    def test_transcripts_and_sentiments_are_of_the_same_utterances(self, published, published_folder):
        opinions = pd.read_csv(published_folder / "OpinionLevelSentiment.csv", header=None)
        ids = [f"{video}_{number}" for video, number in zip(opinions[2], opinions[3], strict=True)]
        assert len(set(ids)) == len(ids)
        assert set(ids) == set(published.ids)
        assert all(name.rpartition("_")[0] for name in published.ids)
        assert np.abs(published.sentiment).max() == 3.0

    def test_no_video_is_in_both_parts(self, published):
        pairs = set(zip(published.videos, published.published, strict=True))
        assert len(pairs) == len(set(published.videos))

    @pytest.mark.parametrize("modality", MOSI_MODALITIES)
    def test_the_labels_of_the_feature_files_are_those_of_the_transcripts(
        self, published, published_folder, modality
    ):
        parts = [
            pd.read_csv(published_folder / f"{modality}_{part}0.csv", header=None) for part in PUBLISHED_PARTS
        ]
        np.testing.assert_array_equal(pd.concat(parts).iloc[:, -1], published.label)

    def test_the_text_features_beside_the_row_index_are_those_of_the_feature_file(
        self, published, published_folder
    ):
        parts = [pd.read_csv(published_folder / f"text_{part}.csv", header=None) for part in PUBLISHED_PARTS]
        copies = pd.concat(parts).to_numpy()[:, 1:]
        np.testing.assert_allclose(copies, published.features["text"], rtol=1e-5, atol=1e-6)
