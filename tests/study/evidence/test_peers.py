"""The comparison of peers: data sets, verdicts, rates, scores, figure, page; with peers made for the test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

pytest.importorskip("shapiq", reason="the extra peers")

from mmfusion.errors import DataError
from mmfusion.fusion.subsets import parse_subset
from mmfusion.plotting.layout import figure_of
from mmfusion.study.cells import information_cell
from mmfusion.study.data.dataset import GROUP, MultimodalDataset, Split
from mmfusion.study.data.planted import generate
from mmfusion.study.data.planted_settings import PlantedSettings
from mmfusion.study.designs.drawn_cases import CASES, NOISE, PEER_CASES
from mmfusion.study.evidence.peer_comparison import COLUMNS, compare_peers
from mmfusion.study.evidence.peer_designs import REAL, drawn_set, encoded_set, mosi_set
from mmfusion.study.evidence.peer_figure import peer_figure
from mmfusion.study.evidence.peer_tables import (
    OURS,
    TRUTH,
    peer_rates,
    peer_scores,
    peer_seconds,
    read_answers,
)
from mmfusion.study.evidence.peer_verdicts import VERDICTS
from mmfusion.study.pages.peer_page import peers_markdown
from mmfusion.study.peers.all_peers import PEERS
from mmfusion.study.peers.contract import (
    MODALITIES,
    NEEDED,
    SUBSETS,
    USED,
    Peer,
    PeerAnswer,
    PeerData,
    PeerScores,
    importances_of,
    one_by_one,
)
from mmfusion.study.peers.predictors import EARLY_FUSION
from mmfusion.study.training.cell_training import prepared_splits, train_cell


def naming(name: str, label: str, names: str, score: float = 0.0) -> Peer:
    """Make a peer that always names the same, and predicts a constant score."""

    def answer(data: PeerData) -> PeerAnswer:
        count = len(next(iter(data.unknown.values())))
        importances = importances_of({label: 1.0, "b" if label != "b" else "a": 0.5})
        return PeerAnswer(PeerScores(None, np.full(count, score)), importances, frozenset(label.split()))

    return Peer(name, "this test", one_by_one(answer), rule="always the same", names=names)


STUBS = (naming(OURS, "a+b", SUBSETS), naming("other", "a", MODALITIES, score=2.0))


def answers(designs: tuple[str, ...] = ("pair", "balanced", "copies"), seeds: int = 3) -> pd.DataFrame:
    sets = ([drawn_set(name, seed, 60, 80) for seed in range(seeds)] for name in designs)
    tables = [compare_peers(of_design, STUBS) for of_design in sets]
    return pd.concat(tables, ignore_index=True)


@pytest.mark.parametrize("design", ["one", "normal", "grouped"])
def test_drawn_sets_are_fresh_on_the_other_side(design: str) -> None:
    data, again, other = drawn_set(design, 0, 100, 50), drawn_set(design, 0, 100, 50), drawn_set(design, 1)
    assert len(data.known) + len(data.unknown) == 150
    assert len(data.known) == 100 or (data.known.groups is not None and 80 < len(data.known) <= 100)
    np.testing.assert_array_equal(data.known.y, again.known.y)
    assert not np.array_equal(data.known.y, other.known.y[: len(data.known)])
    if data.known.groups is not None and data.unknown.groups is not None:
        assert not set(data.known.groups) & set(data.unknown.groups)
    assert data.accepted == ((frozenset(),) if CASES[design][0] == NOISE else (frozenset("a"),))


def test_peers_are_compared_on_cases_with_modalities_of_their_names() -> None:
    for name in PEER_CASES:
        data = drawn_set(name, 0, 40, 10)
        for subsets in data.accepted:
            assert {part for label in subsets for part in parse_subset(label)} <= set(data.known.X)


def test_sequences_are_encoded_by_the_network_of_their_seed() -> None:
    small = PlantedSettings(length=20, sizes={"train": 100, "validation": 20, "test": 70})
    views = {seed: generate("XOR", seed, small) for seed in (3, 4)}
    settings = {"penalty": 0.01, "batch_size": 50, "weight_decay": 0.01, "device": "cpu", "max_order": None}
    settings |= {"convention": "mkl", "epochs": 1, "learning_rate": 0.01}
    settings |= {"encoders": {"symbols": {"width": 5, "channels": 4, "dim": 3}}}
    trained = train_cell(information_cell("XOR"), views, settings, progress=False)[0]
    data = encoded_set(trained, views[4], 4, known=40, unknown=100)
    assert (len(data.known), len(data.unknown), data.accepted) == (20, 50, (frozenset(["1+2"]),))
    test = views[4].splits["test"]
    np.testing.assert_array_equal(np.concatenate([data.known.y, data.unknown.y]), test.target)
    by_hand = prepared_splits(trained, 4, views[4])["test"]
    features = trained.networks[4].encode_all(by_hand.inputs, by_hand.present)
    assert set(data.known.X) == {"1", "2", "3"}
    for name, values in features.items():
        both = np.vstack([data.known.X[name], data.unknown.X[name]])
        np.testing.assert_allclose(both, values.detach().numpy(), rtol=1e-6)


def test_mosi_keeps_videos_as_groups() -> None:
    def part(count: int) -> Split:
        videos = np.repeat([f"v{number}" for number in range(count // 2)], 2)
        features: dict[str, Any] = {"text": np.ones((count, 3), np.float32)}
        return Split(features, np.arange(count) % 2, {GROUP: videos}, None)

    splits = {"train": part(8), "test": part(4)}
    dataset = MultimodalDataset("MOSICleanBinary", "binary", ("text",), splits, ("text",), {})
    data = mosi_set(dataset, 4)
    assert (data.kind, data.seed, data.accepted) == (REAL, 4, ())
    assert data.known.groups is not None
    assert data.known.groups.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]


def test_verdicts() -> None:
    table = answers(seeds=1)
    assert tuple(table.columns) == COLUMNS
    found = table.set_index(["design", "peer"])
    ours, other = found.loc[("pair", OURS)], found.loc[("pair", "other")]
    assert ours[[*VERDICTS]].fillna(-1).tolist() == [1, 0, 1, 0, -1, 1]
    assert other[[*VERDICTS]].fillna(-1).tolist() == [0, 0, -1, -1, 1, -1]
    for peer in (OURS, "other"):
        assert found.loc[("balanced", peer), "modalities_wrong"] == 1
        assert found.loc[("balanced", peer), ["first_subset", "first_modality"]].isna().all()
    # Of two copies either is right, a product of them is not.
    assert found.loc[("copies", OURS), [*VERDICTS[:4]]].tolist() == [1, 0, 0, 1]
    assert found.loc[("copies", "other"), [*VERDICTS[:2]]].tolist() == [1, 0]


def test_data_sets_of_a_design_are_asked_about_at_once() -> None:
    asked = []

    def answers(data: Sequence[PeerData]) -> list[PeerAnswer]:
        asked.append([one.seed for one in data])
        return [PeerAnswer(None, importances_of({}), frozenset("ab"[one.seed])) for one in data]

    sets = [drawn_set("one", seed, 60, 40) for seed in (1, 0)]
    table = compare_peers(sets, [Peer("first", "this test", answers), *STUBS])
    assert asked == [[1, 0]]
    assert table["peer"].tolist() == ["first", OURS, "other"] * 2
    assert table["seed"].tolist() == [1, 1, 1, 0, 0, 0]
    assert table["named"].tolist()[::3] == ["b", "a"]
    assert table.groupby("peer")["seconds"].nunique().tolist() == [1, 1, 1]


def test_equal_importances_are_no_answer() -> None:
    def undecided(data: PeerData) -> PeerAnswer:
        return PeerAnswer(None, importances_of({"a": 0.0, "b": 0.0}), None)

    table = compare_peers(
        [drawn_set("one", 0, 60, 40)], [Peer("undecided", "this test", one_by_one(undecided))]
    )
    assert table["first_modality"].tolist() == [0.0]
    assert table["named"].tolist() == [""]


def test_who_asks_what_is_needed_is_compared_with_that() -> None:
    nothing = replace(naming("nothing", "", MODALITIES), asks=NEEDED)
    table = compare_peers([drawn_set("copies", 0, 60, 40)], [nothing, replace(nothing, asks=USED)])
    assert table["modalities_exact"].tolist() == [1.0, 0.0]
    assert table["first_modality"].isna().tolist() == [True, False]


def test_where_all_modalities_are_planted_the_first_says_nothing() -> None:
    table = compare_peers([drawn_set("triple", 0, 60, 40)], STUBS)
    assert table["first_modality"].isna().all()
    assert table["first_subset"].fillna(-1).tolist() == [0.0, -1]


def test_a_failing_peer_is_named() -> None:
    def fail(_: PeerData) -> PeerAnswer:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no") as error:
        compare_peers([drawn_set("one", 0, 60, 40)], [Peer("broken", "this test", one_by_one(fail))])
    notes = ["This was the data set of seed 0.", "This was broken, asked about one."]
    assert error.value.__notes__ == notes


def test_without_answers_the_sentence_says_what_to_install() -> None:
    with pytest.raises(DataError, match=r"libraries are not installed; install the extra peers"):
        read_answers([])


@pytest.mark.parametrize("design", ["normal", "redundant"])
def test_of_noise_and_hard_designs_only_those_that_name_are_asked(design: str) -> None:
    silent = Peer("silent", "this test", one_by_one(lambda _: PeerAnswer(None, importances_of({}), None)))
    table = compare_peers([drawn_set(design, 0, 60, 40)], [*STUBS, silent, EARLY_FUSION])
    assert table["peer"].tolist() == [OURS, "other", EARLY_FUSION.name]


def test_rates_and_scores() -> None:
    table = answers()
    rates = peer_rates(table).set_index(["peer", "design", "measure"])
    assert rates.loc[(OURS, NOISE, "modalities_wrong"), ["count", "data_sets", "rate"]].tolist() == [3, 3, 1]
    assert rates.loc[(OURS, TRUTH, "subsets_exact"), ["count", "data_sets"]].tolist() == [3, 6]
    assert rates.loc[("other", "pair", "modalities_wrong"), ["low", "high"]].tolist() == pytest.approx(
        [0, 0.5615], abs=1e-4
    )
    assert ("other", "pair", "subsets_exact") not in rates.index
    scores = peer_scores(table).set_index(["design", "measure", "peer"])
    assert scores.loc[("pair", "loss", OURS), "value"] == pytest.approx(np.log(2))
    other = scores.loc[("pair", "loss", "other")]
    assert other["ahead"] == pytest.approx(other["value"] - np.log(2))
    assert other["low"] < other["ahead"] < other["high"]
    assert "balanced" not in scores.index
    seconds = peer_seconds(table).set_index(["design", "peer"])["seconds"]
    assert (seconds >= 0).all()


def test_the_figure_has_a_row_per_peer() -> None:
    grid = peer_figure(peer_rates(answers()))
    assert isinstance(figure_of(grid), Figure)
    assert [label.get_text() for label in grid[0, 0].get_yticklabels()] == [OURS, "other"]
    assert [text.get_text() for text in grid[0, 2].texts] == ["n/a"]


def test_the_page_has_both_winners_in_bold() -> None:
    table = answers()
    facts = {"mosi": "-", "seeds": [0], "config_digest": "abc", "commit": None, "python": "3.11"}
    facts |= {"processor": "any", "cores": 2, "versions": {"torch": "2.13"}}
    page = peers_markdown(facts, peer_rates(table), peer_scores(table), peer_seconds(table), STUBS)
    lines = {line.split(" | ")[0].strip("| "): line for line in page.splitlines() if line.startswith("| ")}
    assert "| a pair: a x b | 3 | **3** \\| **3** | 0 |" in page
    assert "noise: balanced classes" in lines
    assert f"| {OURS} | 1.00 [0.44, 1.00] | 1.00 [0.61, 1.00] |" in page
    assert "| (1.00 [0.61, 1.00]) |" in page
    assert "always the same" in page
    wins = [line for line in page.splitlines() if "log-loss" in line]
    assert len(wins) == 2
    assert all("**0.693** | other |" in line for line in wins)
    assert len(PEERS) > len(STUBS)
