"""From trained networks to tables: every number can be computed again from the network itself."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.optimize import brentq
from scipy.stats import ttest_rel
from torch.nn import functional

from mmfusion.measures.reducibility import reducibility
from mmfusion.study.baselines.constant import constant_rows
from mmfusion.study.data.dataset import GROUP, MultimodalDataset
from mmfusion.study.tables.definitions import check_table
from mmfusion.study.tables.evaluate import evaluate_cells
from mmfusion.study.training.cell_training import prepared_splits
from mmfusion.study.training.checkpoint import TrainedCell

Make = Callable[..., MultimodalDataset]
Train = Callable[..., TrainedCell]
Views = dict[int, MultimodalDataset]
Evaluation = dict[str, pd.DataFrame]
LABELS = ["1", "2", "3", "1+2", "1+3", "2+3", "1+2+3"]


@pytest.fixture(scope="session")
def evaluation(block: TrainedCell, views: Views) -> Evaluation:
    return evaluate_cells([block], views, halves_seed=0)


def with_constant_score(block: TrainedCell, bias: float) -> TrainedCell:
    """Copy a block of seed 0 whose network says `bias` to everything."""
    network = copy.deepcopy(block.networks[0])
    with torch.no_grad():
        network.fusion.weight.zero_()
        network.fusion.bias.fill_(bias)
    return replace(block, networks={0: network})


class TestTables:
    def test_fit_their_definitions(self, evaluation: Evaluation) -> None:
        for name, table in evaluation.items():
            check_table(name, table)

    def test_one_run_and_all_subsets_per_seed_in_the_order_of_the_block(
        self, evaluation: Evaluation, block: TrainedCell
    ) -> None:
        seeds = list(block.networks)
        assert seeds == [3, 1]
        assert evaluation["runs"]["seed"].to_list() == evaluation["seconds"]["seed"].to_list() == seeds
        assert evaluation["subsets"]["seed"].to_list() == [seed for seed in seeds for _ in LABELS]
        assert evaluation["subsets"]["subset"].to_list() == 2 * LABELS
        assert evaluation["subsets"]["order"].to_list() == 2 * [1, 1, 1, 2, 2, 2, 3]

    def test_keys(self, train_views: Train, views: Views) -> None:
        result = evaluate_cells([train_views("vbn", "4/3", seeds=[1])], views, halves_seed=0)
        for table in (result["runs"], result["subsets"], result["seconds"]):
            keys = table[["dataset", "norm", "p", "scale", "seed"]].drop_duplicates()
            assert keys.to_numpy().tolist() == [["XRelIrrXOR", "vbn", "4/3", "1", 1]]
        assert result["runs"]["model"].item() == "fusion"
        assert result["runs"]["task"].item() == "binary"

    def test_seconds(self, evaluation: Evaluation) -> None:
        assert set(evaluation["seconds"]["stage"]) == {"evaluate"}
        assert set(evaluation["seconds"]["samples"]) == {150}
        assert (evaluation["seconds"]["seconds"] > 0).all()

    def test_max_order(self, train_views: Train, views: Views) -> None:
        block = train_views(seeds=[1], max_order=2)
        assert evaluate_cells([block], views, 0)["subsets"]["subset"].to_list() == LABELS[:-1]


class TestScores:
    @pytest.mark.parametrize("norm", ["none", "bn", "vbn", "dbn", "ibn"])
    def test_are_those_of_the_network(self, train_views: Train, views: Views, norm: str) -> None:
        block = train_views(norm, seeds=[1])
        network, samples = block.networks[1], prepared_splits(block, 1, views[1])
        run = evaluate_cells([block], views, 0)["runs"].iloc[0]
        for split, part in samples.items():
            with torch.no_grad():
                score = network(part.inputs)[:, 0]
                parts = network.fusion.contributions(network.encode_all(part.inputs))
            together = sum(parts.values()) + network.fusion.bias.detach()
            torch.testing.assert_close(together[:, 0], score, rtol=1e-5, atol=1e-5)
            decision = (score >= 0).long()
            assert run[f"accuracy_{split}"] == float((decision == part.target).double().mean())
            loss = functional.binary_cross_entropy_with_logits(score, part.target)
            assert run[f"loss_{split}"] == pytest.approx(float(loss), rel=1e-4)
            hit = float((decision * part.target).sum())
            assert run[f"f1_{split}"] == pytest.approx(2 * hit / float(decision.sum() + part.target.sum()))

    def test_regression_in_the_unit_of_the_target(self, make_vectors: Make, train_vectors: Train) -> None:
        dataset = make_vectors("regression", sentiment=True)
        block = train_vectors(dataset)
        run = evaluate_cells([block], {0: dataset}, 0)["runs"].iloc[0]
        mean, std = dataset.splits["train"].target.mean(), dataset.splits["train"].target.std()
        assert abs(mean) > 0.1
        for split, samples in prepared_splits(block, 0, dataset).items():
            guess = mean + std * block.networks[0](samples.inputs)[:, 0].detach().double().numpy()
            truth = dataset.splits[split].target
            assert run[f"mae_{split}"] == pytest.approx(np.abs(guess - truth).mean(), rel=1e-5)
            assert run[f"loss_{split}"] == pytest.approx(((guess - truth) ** 2).mean() / std**2, rel=1e-5)
            assert run[f"pearson_r_{split}"] == pytest.approx(np.corrcoef(guess, truth)[0, 1], rel=1e-5)
            assert run[f"r2_{split}"] == pytest.approx(
                1 - ((guess - truth) ** 2).mean() / truth.var(), rel=1e-4
            )
            assert run[f"acc2_zeros_positive_{split}"] == np.mean((guess >= 0) == (truth >= 0))
            assert run[f"acc7_{split}"] == np.mean(guess.clip(-3, 3).round() == truth.round())
        assert run["mae_test"] < 0.7 * np.abs(dataset.splits["test"].target - mean).mean()
        assert run.filter(like="_validation").isna().all()
        assert run[["accuracy_test", "f1_test"]].isna().all()

    def test_regression_without_a_sentiment(self, make_vectors: Make, train_vectors: Train) -> None:
        dataset = make_vectors("regression")
        runs = evaluate_cells([train_vectors(dataset)], {0: dataset}, 0)["runs"]
        check_table("runs", runs)
        run = runs.iloc[0]
        assert run[["r2_train", "r2_test", "mae_train", "mae_test", "pearson_r_test"]].notna().all()
        assert run["r2_test"] > 0.5
        assert run.filter(like="acc").isna().all()

    def test_binary_sentiment(self, make_vectors: Make, train_vectors: Train) -> None:
        dataset = make_vectors("binary", sentiment=True)
        block = train_vectors(dataset)
        run = evaluate_cells([block], {0: dataset}, 0)["runs"].iloc[0]
        assert run["acc2_zeros_positive_test"] == run["accuracy_test"] > 0.75
        assert 0.75 < run["acc2_zeros_omitted_test"] <= 1
        assert run[["mae_test", "r2_test"]].isna().all()

    def test_several_classes(self, make_vectors: Make, train_vectors: Train) -> None:
        dataset = make_vectors("multiclass")
        block = train_vectors(dataset)
        result = evaluate_cells([block], {0: dataset}, 0)
        check_table("subsets", result["subsets"])
        samples = prepared_splits(block, 0, dataset)["test"]
        score = block.networks[0](samples.inputs).detach()
        assert score.shape == (40, 3)
        run = result["runs"].iloc[0]
        assert run["accuracy_test"] == float((score.argmax(1) == samples.target).double().mean())
        assert run["loss_test"] == pytest.approx(
            float(functional.cross_entropy(score, samples.target)), rel=1e-4
        )
        assert result["subsets"]["covariance_share"].sum() == pytest.approx(1, abs=1e-9)


class TestRelevance:
    def test_covariance_shares_sum_to_one(self, evaluation: Evaluation) -> None:
        shares = evaluation["subsets"][["seed", "covariance_share", "covariance_share_train"]]
        sums = shares.groupby("seed").sum()
        assert np.allclose(sums, 1, rtol=0, atol=1e-9)
        assert not np.allclose(shares["covariance_share"], shares["covariance_share_train"], atol=1e-3)

    def test_shares_and_loss_rise_from_the_network(
        self, evaluation: Evaluation, block: TrainedCell, views: Views
    ) -> None:
        network, samples = block.networks[3], prepared_splits(block, 3, views[3])
        rows = evaluation["subsets"][evaluation["subsets"]["seed"] == 3].set_index("subset")
        train, test = (
            {
                subset: torch.from_numpy(x[:, 0])
                for subset, x in network.parts(network.encode_all(samples[split].inputs)).items()
            }
            for split in ("train", "test")
        )
        target = samples["test"].target.double()
        score = sum(test.values()) + float(network.fusion.bias.detach())
        loss = functional.binary_cross_entropy_with_logits(score, target)
        for subset, part in test.items():
            row = rows.loc["+".join(subset)]
            replaced = functional.binary_cross_entropy_with_logits(
                score - part + train[subset].mean(), target
            )
            assert row["loss_rise"] == pytest.approx(float(replaced - loss), abs=1e-9)
            assert row["variance_share"] == pytest.approx(float(part.var() / score.var()), rel=1e-9)
            covariance = float(torch.cov(torch.stack([part, score]))[0, 1] / score.var())
            assert row["covariance_share"] == pytest.approx(covariance, abs=1e-9)
        in_training = sum(train.values())
        for subset, part in train.items():
            covariance = float(torch.cov(torch.stack([part, in_training]))[0, 1] / in_training.var())
            assert rows.loc["+".join(subset), "covariance_share_train"] == pytest.approx(covariance, abs=1e-9)

    def test_weights_are_those_of_the_fusion_layer(self, evaluation: Evaluation, block: TrainedCell) -> None:
        for seed, network in block.networks.items():
            rows = evaluation["subsets"][evaluation["subsets"]["seed"] == seed].reset_index(drop=True)
            expected = network.fusion.relevance()
            pd.testing.assert_frame_equal(rows[expected.columns], expected)

    def test_reducibility_is_that_of_the_test_split(
        self, evaluation: Evaluation, block: TrainedCell, views: Views
    ) -> None:
        network, test = block.networks[3], prepared_splits(block, 3, views[3])["test"]
        parts = network.parts(network.encode_all(test.inputs))
        features = {name: x.double().numpy() for name, x in network.encode_all(test.inputs).items()}
        expected = reducibility(parts, features, seed=0)
        rows = evaluation["subsets"][evaluation["subsets"]["seed"] == 3].reset_index(drop=True)
        pd.testing.assert_frame_equal(rows[expected.columns], expected)
        assert rows["reducibility_single"].notna().to_list() == 3 * [False] + 4 * [True]

    def test_seed_of_the_halves_changes_the_reducibility_only(
        self, evaluation: Evaluation, block: TrainedCell, views: Views
    ) -> None:
        other = evaluate_cells([block], views, halves_seed=1)
        leaks = ["reducibility_single", "reducibility_within"]
        pd.testing.assert_frame_equal(
            other["subsets"].drop(columns=leaks), evaluation["subsets"].drop(columns=leaks), check_exact=True
        )
        pd.testing.assert_frame_equal(other["runs"], evaluation["runs"], check_exact=True)
        before, after = (
            t.loc[t["order"] > 1, leaks].to_numpy() for t in (evaluation["subsets"], other["subsets"])
        )
        assert (before != after).all()

    def test_of_a_silent_network_is_undefined(self, make_vectors: Make, train_vectors: Train) -> None:
        dataset = make_vectors("binary")
        silent = with_constant_score(train_vectors(dataset, epochs=1), 0.3)
        rows = evaluate_cells([silent], {0: dataset}, 0)["subsets"]
        check_table("subsets", rows)
        undefined = ["beta", "weight_share", "variance_share", "covariance_share", "reducibility_single"]
        assert rows[undefined].isna().all().all()
        assert rows["loss_rise"].to_list() == rows["block_norm"].to_list() == [0, 0, 0]
        assert rows["p_value"].to_list() == rows["p_adjusted"].to_list() == [1, 1, 1]
        assert not rows["named"].any()


WITH_VALIDATION = ("train", "validation", "test")


class TestNamed:
    """The tests of the subsets, by the score of one network on the test split."""

    @pytest.fixture
    def vectors(self, make_vectors: Make, train_vectors: Train) -> tuple[MultimodalDataset, TrainedCell]:
        dataset = make_vectors("binary")
        return dataset, train_vectors(dataset)

    def test_p_values_are_those_of_paired_t_tests(self, evaluation: Evaluation, block, views: Views) -> None:
        network, samples = block.networks[3], prepared_splits(block, 3, views[3])
        train, test = (network.parts(network.encode_all(samples[name].inputs)) for name in ("train", "test"))
        target = samples["test"].target.double().numpy()
        score = sum(test.values()) + network.bias

        def losses(scores: np.ndarray) -> np.ndarray:
            return np.logaddexp(0, scores[:, 0]) - target * scores[:, 0]

        without = {subset: score - part + train[subset].mean() for subset, part in test.items()}
        rows = evaluation["subsets"][evaluation["subsets"]["seed"] == 3]
        expected = [
            ttest_rel(losses(other), losses(score), alternative="greater").pvalue
            for other in without.values()
        ]
        assert rows["p_value"].to_list() == pytest.approx(expected, rel=1e-6)
        assert (rows["p_adjusted"] >= rows["p_value"]).all()

    def test_what_the_target_depends_on_is_named(self, vectors) -> None:
        dataset, block = vectors
        rows = evaluate_cells([block], {0: dataset}, 0)["subsets"].set_index("subset")
        assert rows["named"].to_dict() == {"text": True, "audio": False, "text+audio": False}
        assert rows.loc["text", "p_adjusted"] < 0.01
        assert rows.loc["text", "p_adjusted"] == pytest.approx(3 * rows.loc["text", "p_value"])

    def test_nothing_is_named_where_nothing_is_predicted(self, vectors) -> None:
        """The prediction of flipped classes is worse than the constant, whatever its parts do."""
        dataset, block = vectors
        test = dataset.splits["test"]
        flipped = replace(dataset, splits={**dataset.splits, "test": replace(test, target=1 - test.target)})
        rows = evaluate_cells([block], {0: flipped}, 0)["subsets"].set_index("subset")
        assert not rows["named"].any()
        assert rows.loc["text", "p_value"] > 0.5

    def test_samples_of_a_group_count_together(self, vectors) -> None:
        dataset, block = vectors
        test = dataset.splits["test"]
        copies = np.tile(np.arange(len(test)), 9)
        many = test[copies]
        grouped = replace(many, latents={**many.latents, GROUP: copies})
        once, nine, groups = (
            evaluate_cells([block], {0: replace(dataset, splits={**dataset.splits, "test": part})}, 0)[
                "subsets"
            ].set_index("subset")["p_value"]["audio"]
            for part in (test, many, grouped)
        )
        assert groups == pytest.approx(once, rel=1e-9)
        assert abs(nine - 0.5) > abs(once - 0.5) + 0.01

    def test_a_class_without_training_samples(self, make_vectors: Make, train_vectors: Train) -> None:
        dataset = make_vectors("multiclass")
        train = dataset.splits["train"]
        kept = np.flatnonzero(train.target != 1)
        dataset = replace(dataset, splits={**dataset.splits, "train": train[kept]})
        rows = evaluate_cells([train_vectors(dataset, epochs=3)], {0: dataset}, 0)["subsets"]
        assert rows["p_value"].between(0, 1).all()

    @pytest.mark.parametrize("score", [math.nan, math.inf])
    def test_a_diverged_network_names_nothing(
        self, make_vectors: Make, train_vectors: Train, score: float
    ) -> None:
        dataset = make_vectors("binary")
        broken = with_constant_score(train_vectors(dataset, epochs=1), score)
        rows = evaluate_cells([broken], {0: dataset}, 0)["subsets"]
        check_table("subsets", rows)
        assert not rows["named"].any()


class TestConverged:
    def test_constant_score_has_not(self, make_vectors: Make, train_vectors: Train) -> None:
        dataset = make_vectors("binary", splits=WITH_VALIDATION)
        share = dataset.splits["train"].target.mean()
        silent = with_constant_score(train_vectors(dataset, epochs=1), math.log(share / (1 - share)))
        run = evaluate_cells([silent], {0: dataset}, 0)["runs"].iloc[0]
        assert run["loss_test"] == pytest.approx(constant_rows(dataset, 0)["loss_test"].item())
        assert not run["converged"]

    @pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
    def test_is_unknown_without_a_validation_split(
        self, make_vectors: Make, train_vectors: Train, task: str
    ) -> None:
        """A network may fit the training split of features that know its labels."""
        dataset = make_vectors(task)
        runs = evaluate_cells([train_vectors(dataset)], {0: dataset}, 0)["runs"]
        check_table("runs", runs)
        assert runs["loss_train"].item() < 0.8 * constant_rows(dataset, 0)["loss_train"].item()
        assert runs["converged"].isna().all()

    def test_mean_of_the_target_has_not(self, make_vectors: Make, train_vectors: Train) -> None:
        dataset = make_vectors("regression", splits=WITH_VALIDATION)
        silent = with_constant_score(train_vectors(dataset, epochs=1), 0.0)
        run = evaluate_cells([silent], {0: dataset}, 0)["runs"].iloc[0]
        assert run["loss_train"] == pytest.approx(1)
        assert not run["converged"]

    @pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
    def test_trained_network_has(self, make_vectors: Make, train_vectors: Train, task: str) -> None:
        dataset = make_vectors(task, splits=WITH_VALIDATION)
        run = evaluate_cells([train_vectors(dataset)], {0: dataset}, 0)["runs"].iloc[0]
        assert run["loss_validation"] < 0.8 * constant_rows(dataset, 0)["loss_validation"].item()
        assert run["converged"]

    @pytest.mark.parametrize(("share", "expected"), [(-0.01, True), (0.01, False)])
    def test_bound(self, make_vectors: Make, train_vectors: Train, share: float, expected: bool) -> None:
        """On a validation split with 80 % of one class, a constant score can reach any loss from 0.5 on."""
        dataset = make_vectors("binary", splits=WITH_VALIDATION)
        train, validation = dataset.splits["train"], dataset.splits["validation"]
        balanced = replace(train, target=np.arange(len(train)) % 2)
        lopsided = replace(validation, target=(np.arange(len(validation)) % 5 > 0).astype(np.int64))
        dataset = replace(dataset, splits={**dataset.splits, "train": balanced, "validation": lopsided})

        def loss(bias: float) -> float:
            return 0.8 * math.log1p(math.exp(-bias)) + 0.2 * math.log1p(math.exp(bias))

        wanted = (0.95 + share) * math.log(2)
        bias = brentq(lambda b: loss(b) - wanted, 0.0, math.log(4))
        silent = with_constant_score(train_vectors(dataset, epochs=1), bias)
        run = evaluate_cells([silent], {0: dataset}, 0)["runs"].iloc[0]
        assert run["loss_validation"] == pytest.approx(wanted)
        assert run["loss_train"] > 0.95 * math.log(2)
        assert run["converged"] == expected

    def test_is_judged_on_validation(self, make_vectors: Make, train_vectors: Train) -> None:
        dataset = make_vectors("binary", splits=WITH_VALIDATION)
        block = train_vectors(dataset)
        flipped = {
            name: {**dataset.splits, name: replace(part, target=1 - part.target)}
            for name, part in dataset.splits.items()
        }
        outcomes = {
            name: evaluate_cells([block], {0: replace(dataset, splits=splits)}, 0)["runs"]["converged"].item()
            for name, splits in flipped.items()
        }
        assert outcomes == {"train": True, "validation": False, "test": True}

    def test_diverged_network_has_not(self, make_vectors: Make, train_vectors: Train) -> None:
        dataset = make_vectors("binary", splits=WITH_VALIDATION)
        broken = with_constant_score(train_vectors(dataset, epochs=1), math.nan)
        result = evaluate_cells([broken], {0: dataset}, 0)
        check_table("runs", result["runs"])
        assert not result["runs"]["converged"].item()
        assert np.isnan(result["runs"]["accuracy_test"].item())


def test_a_seed_does_not_depend_on_those_that_share_its_block(
    evaluation: Evaluation, block: TrainedCell, views: Views
) -> None:
    for seed in block.networks:
        alone = evaluate_cells(
            [replace(block, networks={seed: block.networks[seed]})], {seed: views[seed]}, 0
        )
        for one, all_of_them in (
            (alone["runs"], evaluation["runs"]),
            (alone["subsets"], evaluation["subsets"]),
        ):
            own = all_of_them[all_of_them["seed"] == seed].reset_index(drop=True)
            pd.testing.assert_frame_equal(one, own, check_exact=True)


def test_several_blocks_one_after_the_other(
    evaluation: Evaluation, block: TrainedCell, train_views: Train, views: Views
) -> None:
    other = train_views("vbn", seeds=[1])
    together = evaluate_cells([other, block], views, 0)
    for name, table in evaluate_cells([other], views, 0).items():
        found = together[name]
        check_table(name, found)
        if name != "seconds":
            expected = pd.concat([table, evaluation[name]], ignore_index=True)
            pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert together["seconds"]["norm"].to_list() == ["vbn", "ibn", "ibn"]


def test_labels_name_the_blocks_that_were_fused(block: TrainedCell, views: Views) -> None:
    network = copy.deepcopy(block.networks[1])
    with torch.no_grad():
        network.fusion.blocks()["1", "3"].zero_()
    rows = evaluate_cells([replace(block, networks={1: network})], views, 0)["subsets"]
    for measure in ("block_norm", "beta", "loss_rise", "variance_share", "covariance_share"):
        assert rows.loc[rows[measure] == 0, "subset"].to_list() == ["1+3"]
