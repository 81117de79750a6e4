"""The Bayes rules, against brute force over everything a generator can draw."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from mmfusion.study.baselines.bayes import (
    bayes_latent_rows,
    bayes_log_odds,
    bayes_sequence_rows,
    count_motif,
)
from mmfusion.study.data.dataset import MultimodalDataset
from mmfusion.study.data.planted import generate
from mmfusion.study.data.planted_datasets import PLANTED_DATASETS
from mmfusion.study.data.planted_settings import PlantedSettings
from mmfusion.study.tables.definitions import check_table

NAMES = list(PLANTED_DATASETS)
TINY = PlantedSettings(
    length=4, motifs=((1, 1), (2, 0)), presence=(0.3, 0.0, 0.6), sizes={"train": 40, "test": 40}
)
PLANS = {  # motif index of every drawn view, from y and two more coins; written apart from the package
    "ConditionallyIndependent": lambda y, a, b: (y, y, y),
    "XRel": lambda y, a, b: (y, a),
    "XRelIrrXOR": lambda y, a, b: (y, a),
    "XOR": lambda y, a, b: (a, (a + y) % 2, b),
    "Parity": lambda y, a, b: (a, b, (a + b + y) % 2),
}


def view_table(motif: tuple[int, ...] | None) -> dict[tuple[int, ...], float]:
    """Probability of every sequence of length 4: the motif over every background at every position."""
    table: Counter[tuple[int, ...]] = Counter()
    for background in product(range(4), repeat=4):
        for position in range(3):
            view = list(background)
            if motif is not None:
                view[position : position + 2] = motif
            table[tuple(view)] += 1
    return {view: count / table.total() for view, count in table.items()}


TABLES = [view_table(motif) for motif in TINY.motifs]
BLANK = view_table(None)


def likelihood(view: np.ndarray, motif: int, rho: float) -> float:
    key = tuple(int(symbol) for symbol in view)
    return rho * TABLES[motif].get(key, 0.0) + (1 - rho) * BLANK[key]


def brute_force(name: str, views: list[np.ndarray]) -> float:
    """P(y = 1 | views) of one sample."""
    presence = TINY.presence if name == "ConditionallyIndependent" else (1.0,) * 3
    weight = [0.0, 0.0]
    for y, a, b in product((0, 1), repeat=3):
        motifs = PLANS[name](y, a, b)
        terms = [
            likelihood(view, motif, rho) for view, motif, rho in zip(views, motifs, presence, strict=False)
        ]
        weight[y] += float(np.prod(terms))
    return weight[1] / sum(weight)


def posterior(data: MultimodalDataset, split: str) -> np.ndarray:
    return expit(bayes_log_odds(data, split))


def bayes_rows(data: MultimodalDataset) -> pd.DataFrame:
    seed = data.parameters["seed"]
    return pd.concat([bayes_latent_rows(data, seed), bayes_sequence_rows(data, seed)], ignore_index=True)


def latent_accuracy(data: MultimodalDataset, split: str) -> float:
    return bayes_latent_rows(data, 0).loc[0, f"accuracy_{split}"]


def sequence_accuracy(data: MultimodalDataset, split: str) -> float:
    return bayes_sequence_rows(data, 0).loc[0, f"accuracy_{split}"]


@pytest.mark.parametrize("name", NAMES)
def test_posterior_equals_brute_force(name: str) -> None:
    data = generate(name, 11, TINY)
    drawn = data.modalities[:2] if name == "XRelIrrXOR" else data.modalities
    for split, part in data.splits.items():
        expected = [
            brute_force(name, [part.features[view][row] for view in drawn]) for row in range(len(part))
        ]
        np.testing.assert_allclose(posterior(data, split), expected, atol=1e-12)
        decisions = np.where(np.isclose(expected, 0.5), 0.5, np.round(expected))
        accuracy = np.mean(1 - np.abs(decisions - part.target))
        assert sequence_accuracy(data, split) == pytest.approx(accuracy)
        assert 0.5 < accuracy < 1


@pytest.mark.parametrize("name", ["XRel", "XOR"])
def test_accuracy_is_that_of_all_possible_views(name: str) -> None:
    # Exact Bayes accuracy: sum of max over y of P(y, views), here of the one or two views that matter.
    views = list(BLANK)
    if name == "XRel":
        exact = sum(max(table.get(view, 0.0) for table in TABLES) for view in views) / 2
    else:
        pairs = [
            [sum(TABLES[a].get(one, 0.0) * TABLES[a ^ y].get(two, 0.0) for a in (0, 1)) for y in (0, 1)]
            for one, two in product(views, views)
        ]
        exact = sum(max(pair) for pair in pairs) / 4
    data = generate(name, 5, replace(TINY, sizes={"train": 20000, "test": 2}))
    error = np.sqrt(exact * (1 - exact) / 20000)
    assert sequence_accuracy(data, "train") == pytest.approx(exact, abs=4 * error)


def test_closed_form_of_the_latent_rule() -> None:
    settings = PlantedSettings()
    expected = 1 - np.prod([1 - rho for rho in settings.presence]) / 2
    assert expected == pytest.approx(1 - 0.9 * 0.7 * 0.5 * 0.3 * 0.1 / 2)
    data = generate("ConditionallyIndependent", 0, settings)
    error = np.sqrt((1 - expected) / 2 / 4000)  # a share 2 (1 - expected) of samples adds 1/2 each
    assert latent_accuracy(data, "train") == pytest.approx(expected, abs=4 * error)
    absent = ~np.any([data.splits["train"].latents[f"presence/{view}"] for view in "12345"], axis=0)
    assert latent_accuracy(data, "train") == pytest.approx(1 - absent.mean() / 2)
    assert absent.any()


@pytest.mark.parametrize("name", NAMES[1:])
def test_latent_rule_is_certain_where_motifs_are(name: str) -> None:
    assert latent_accuracy(generate(name, 0, TINY), "test") == 1.0


def test_ties_are_exact_and_count_half() -> None:
    nothing = generate("ConditionallyIndependent", 0, replace(TINY, presence=(0.0, 0.0)))
    assert np.all(bayes_log_odds(nothing, "test") == 0)
    assert np.all(posterior(nothing, "test") == 0.5)
    assert sequence_accuracy(nothing, "test") == 0.5
    rows = bayes_rows(nothing).set_index("model")
    assert rows.loc["bayes_sequence", "loss_test"] == pytest.approx(np.log(2))
    positives = nothing.splits["test"].target.sum()
    f1 = positives / (20 + positives)  # 2 * positives / 2 over 40 / 2 half decisions + positives
    assert rows.loc["bayes_sequence", "f1_test"] == pytest.approx(f1)


def test_parity_ties_where_one_view_is_undecided() -> None:
    data = generate("Parity", 0, replace(TINY, length=20, sizes={"train": 3000, "test": 2}))
    views = [data.splits["train"].features[view] for view in "123"]
    undecided = np.any([count_motif(v, (1, 1)) == count_motif(v, (2, 0)) for v in views], axis=0)
    assert np.array_equal(bayes_log_odds(data, "train") == 0, undecided)
    assert 0 < undecided.sum() < 3000


@pytest.mark.parametrize("name", NAMES)
def test_rows(name: str) -> None:
    data = generate(name, 2, TINY)
    rows = bayes_rows(data)
    check_table("runs", rows)
    assert rows["model"].tolist() == ["bayes_latent", "bayes_sequence"]
    assert rows["seed"].tolist() == [2, 2]
    part = data.splits["train"]
    known = np.any([part.latents[f"presence/{view}"] for view in data.modalities], axis=0)
    assert rows.loc[0, "accuracy_train"] == pytest.approx(1 - np.mean(~known) / 2)
    sure = np.sign(bayes_log_odds(data, "test")) * np.where(data.splits["test"].target == 1, 1, -1)
    assert rows.loc[1, "accuracy_test"] == pytest.approx(np.mean((1 + sure) / 2))
    assert np.isnan(rows.loc[0, "loss_test"])
    assert rows["accuracy_validation"].isna().all()
    positive, target = posterior(data, "test"), data.splits["test"].target
    loss = -np.mean(np.log(np.where(target == 1, positive, 1 - positive)))
    assert rows.loc[1, "loss_test"] == pytest.approx(loss)


def test_rows_survive_a_round_trip(tmp_path) -> None:
    data = generate("Parity", 4, TINY)
    data.save(tmp_path / "data")
    assert bayes_rows(MultimodalDataset.load(tmp_path / "data")).equals(bayes_rows(data))


def test_counts_include_overlaps() -> None:
    rng = np.random.default_rng(0)
    view = rng.integers(0, 2, (50, 12))
    expected = [sum(tuple(row[at : at + 3]) == (1, 0, 1) for at in range(10)) for row in view]
    assert count_motif(view, (1, 0, 1)).tolist() == expected
    assert max(expected) > 1
