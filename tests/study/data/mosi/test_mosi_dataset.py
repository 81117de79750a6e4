import numpy as np
import pandas as pd
import pytest

from mmfusion.study.data.dataset import GROUP, MultimodalDataset
from mmfusion.study.data.mosi.mosi_dataset import (
    leakage_notice,
    mosi_dataset,
    mosi_summary,
    standard_folds,
)
from mmfusion.study.data.mosi.mosi_join import MosiTables, read_mosi, with_clean_text


def read(folder) -> MosiTables:
    return read_mosi(folder.path, registry=folder.registry)


@pytest.fixture
def tables(mosi_folder) -> MosiTables:
    return read(mosi_folder)


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
            videos = [name.rpartition("_")[0] for name in split.ids]
            groups = split.latents[GROUP].tolist()
            assert len(set(zip(groups, videos, strict=True))) == len(set(groups)) == len(set(videos))
            assert [tables.ids.index(name) for name in split.ids] == [
                tables.transcript_row.tolist().index(row) for row in split.latents["transcript_row"]
            ]

    @pytest.mark.parametrize("convention", ["published", "standard"])
    def test_standardised_with_training_statistics_only(self, tables, convention):
        dataset = mosi_dataset(tables, "binary", convention)
        row_of = {name: row for row, name in enumerate(tables.ids)}
        rows = {name: [row_of[key] for key in split.ids] for name, split in dataset.splits.items()}
        for modality, raw in tables.features.items():
            train = raw[rows["train"]]
            mean, sd = train.mean(axis=0), train.std(axis=0)
            varies = np.ptp(train, axis=0) > 0
            for name, split in dataset.splits.items():
                values = split.features[modality]
                assert values.dtype == np.float32
                assert values.shape == (len(split), raw.shape[1])
                expected = ((raw[rows[name]] - mean) / np.where(varies, sd, 1))[:, varies]
                np.testing.assert_allclose(values[:, varies], expected, rtol=1e-5, atol=1e-6)
                assert not values[:, ~varies].any()

    def test_constant_training_columns_become_0_everywhere(self, tables):
        dataset = mosi_dataset(tables, "binary", "published")
        assert dataset.parameters["constant_columns"] == {"text": [], "audio": [], "video": [2]}
        raw = tables.features["video"]
        assert np.ptp(raw[12:, 2]) > 0  # it varies in the test part
        assert not dataset.splits["test"].features["video"][:, 2].any()

    def test_test_rows_do_not_move_the_training_rows(self, mosi_folder, tables):
        before = mosi_dataset(tables, "binary", "published").splits["train"]
        mosi_folder.set("audio_test0.csv", 1, 1, "1e6")
        mosi_folder.pin()
        after = mosi_dataset(read(mosi_folder), "binary", "published").splits["train"]
        np.testing.assert_array_equal(before.features["audio"], after.features["audio"])

    def test_published_split_is_clean(self, tables):
        dataset = mosi_dataset(tables, "binary")
        assert dataset.parameters["split"] == "published"
        assert dataset.parameters["videos"] == {"train": 4, "test": 2}
        assert dataset.parameters["leaked_test_videos"] == 0
        assert leakage_notice(dataset) is None

    def test_standard_split_follows_the_folds_and_counts_leaked_videos(self, tables, mosi_videos):
        dataset = mosi_dataset(tables, "regression", "standard")
        fold_of = {video: fold for video, fold, _ in mosi_videos}
        for name, split in dataset.splits.items():
            assert {fold_of[key.rpartition("_")[0]] for key in split.ids} == {name}
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


class TestPublishedFiles:
    def test_published_split(self, published):
        dataset = mosi_dataset(published, "binary", "published")
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

    def test_standard_split(self, published):
        dataset = mosi_dataset(published, "regression", "standard")
        assert {name: len(split) for name, split in dataset.splits.items()} == {
            "train": 1284,
            "validation": 229,
            "test": 686,
        }
        assert dataset.parameters["videos"] == {"train": 52, "validation": 10, "test": 31}
        assert dataset.parameters["leaked_test_videos"] == 24
        assert "24 of 31 test videos" in (leakage_notice(dataset) or "")
        clean = {
            video for video, part in zip(published.videos, published.published, strict=True) if part == "test"
        }
        assert len(clean & set(standard_folds()["train"])) == 23


class TestCleanText:
    @pytest.fixture
    def clean(self, tables) -> MosiTables:
        """Embeddings that tell which utterance they belong to, in another order."""
        text = pd.DataFrame({"id": tables.ids, "text_0": np.arange(len(tables.ids)), "text_1": 1.0})
        return with_clean_text(tables, text.sample(frac=1, random_state=0))

    def test_transcripts_are_joined_by_utterance(self, tables, clean):
        assert list(clean.features) == ["text", "audio"]
        assert clean.features["text"][:, 0].tolist() == list(range(len(tables.ids)))
        np.testing.assert_array_equal(clean.features["audio"], tables.features["audio"])

    @pytest.mark.parametrize(
        ("task", "name"), [("binary", "MOSICleanBinary"), ("regression", "MOSICleanReal")]
    )
    def test_no_held_out_video_is_leaked(self, tables, clean, task, name):
        dataset, published = mosi_dataset(clean, task, "standard"), mosi_dataset(tables, task, "standard")
        assert (dataset.name, dataset.modalities) == (name, ("text", "audio"))
        assert published.parameters["leaked_test_videos"] > 0
        assert dataset.parameters["leaked_test_videos"] == dataset.parameters["leaked_validation_videos"] == 0
        assert leakage_notice(dataset) is None
        assert "MiniLM" in dataset.parameters["source"]["text"]
        assert "text" not in published.parameters["source"]
        for split, part in dataset.splits.items():
            np.testing.assert_array_equal(part.target, published.splits[split].target)
            assert not part.features["text"][:, 1].any()  # constant
