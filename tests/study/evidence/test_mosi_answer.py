"""The answer about CMU-MOSI on data of its form: what is chosen, on which rows, and what is written."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

from mmfusion.estimators.linear_baseline import ALPHAS
from mmfusion.study.data.dataset import MultimodalDataset, Split
from mmfusion.study.evidence.mosi_answer import P_VALUES, MosiAnswer, mosi_answer
from mmfusion.study.names import MOSI_TASKS

pytestmark = pytest.mark.usefixtures("no_linear_baseline")
QUICK = {"epochs": 40, "n_seeds": 1, "cv": 3, "penalty": [0.01, 0.1]}


def sentiment_data(name: str) -> MultimodalDataset:
    """Text that tells the sentiment, and audio that tells nothing; videos of six utterances."""
    splits = {}
    for split, videos, seed in (("train", range(25), 0), ("test", range(25, 40), 1)):
        random = np.random.default_rng(seed)
        count = 6 * len(videos)
        text = random.normal(size=(count, 4)).astype(np.float32)
        sentiment = np.round(np.clip(text[:, 0] + 0.3 * random.normal(size=count), -3, 3), 1)
        latents = {"sentiment": sentiment, "group": np.repeat(np.array(videos), 6)}
        target = (sentiment >= 0).astype(np.int64) if MOSI_TASKS[name] == "binary" else sentiment
        features = {"text": text, "audio": random.normal(size=(count, 3)).astype(np.float32)}
        splits[split] = Split(features, target, latents)
    return MultimodalDataset(name, MOSI_TASKS[name], ("text", "audio"), splits)


@pytest.fixture(scope="module")
def clean() -> MosiAnswer:
    return mosi_answer(sentiment_data("MOSICleanReal"), QUICK, 200, 0)


def test_the_candidates_are_written_with_the_chosen_one(clean: MosiAnswer) -> None:
    grid = clean.tables["grid"]
    assert grid["p"].unique().tolist() == list(P_VALUES)
    assert grid.groupby("p")["chosen_of_p"].sum().eq(1).all()
    lowest = grid.loc[grid["loss_of_p"].idxmin(), "p"]
    assert grid.loc[grid["chosen_p"], "p"].unique().tolist() == [lowest]
    assert f"with p = {lowest} chosen" in clean.text


def test_text_is_named_and_audio_is_not(clean: MosiAnswer) -> None:
    modalities = clean.tables["modality_information"].set_index("modality")
    assert modalities["needed_named"].to_dict() == {"text": True, "audio": False}
    relevance = clean.tables["relevance"]
    assert relevance.loc[relevance["named"], "subset"].tolist() == ["text"]
    assert "150 samples in 25 groups" in clean.text  # the training videos, no others


def test_every_model_is_judged_on_the_test_part(clean: MosiAnswer) -> None:
    scores = clean.tables["test_scores"].set_index(["model", "metric"])
    models = ["networks", "networks, text alone", "linear", "linear, text alone", "always positive"]
    assert scores.index.get_level_values("model").unique().tolist() == models
    assert scores.loc[("networks", "pearson_r"), "value"] > 0.9
    data = sentiment_data("MOSICleanReal")
    train, test = data.splits["train"], data.splits["test"]
    design = [np.hstack([*part.features.values()]) for part in (train, test)]
    scaler = StandardScaler().fit(design[0])
    inner = list(GroupKFold(5).split(design[0], groups=train.latents["group"]))
    ridge = RidgeCV(ALPHAS, cv=inner, scoring="neg_mean_squared_error")
    ridge.fit(scaler.transform(design[0]), train.target)
    mae = np.abs(ridge.predict(scaler.transform(design[1])) - test.target).mean()
    assert scores.loc[("linear", "mae"), "value"] == pytest.approx(mae, abs=0.01)
    positive = scores.loc[("always positive", "acc2_zeros_positive"), "value"]
    assert positive == pytest.approx(np.mean(test.target >= 0))
    assert ("always positive", "mae") not in scores.index


def test_test_targets_change_nothing_but_their_scores(clean: MosiAnswer) -> None:
    data = sentiment_data("MOSICleanReal")
    test = data.splits["test"]
    turned = replace(test, target=-test.target, latents={**test.latents, "sentiment": -test.target})
    other = mosi_answer(replace(data, splits={**data.splits, "test": turned}), QUICK, 200, 0)
    for name in ("grid", "relevance", "modality_information"):
        assert other.tables[name].equals(clean.tables[name])
    assert not other.tables["test_scores"].equals(clean.tables["test_scores"])


def test_nothing_is_chosen_where_features_know_labels() -> None:
    answer = mosi_answer(sentiment_data("MOSIBinary"), QUICK, 200, 0)
    assert answer.tables["grid"]["p"].unique().tolist() == ["1"]
    assert "with p = 1: Acc-2" in answer.text
    assert answer.tables["test_scores"]["metric"].unique().tolist() == ["acc2_zeros_positive", "loss"]


def test_what_is_marked_is_what_was_chosen_although_the_lowest_loss_may_be_chance() -> None:
    data = sentiment_data("MOSICleanBinary")
    random = np.random.default_rng(3)
    splits = {
        split: replace(part, target=random.permutation(part.target)) for split, part in data.splits.items()
    }
    grid = mosi_answer(replace(data, splits=splits), {**QUICK, "penalty": "auto"}, 50, 0).tables["grid"]
    for _, rows in grid.groupby("p"):
        [chosen] = rows[rows["chosen_of_p"]].to_dict("records")
        assert chosen["loss"] == pytest.approx(chosen["loss_of_p"])
