"""The answer in words: every branch on handmade tables, and laws of the words over random tables."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmfusion.estimators.answer_words import NATS, OF_VARIANCE, count, listed, quoted, written
from mmfusion.estimators.summary import Answer

TASK = "Task: classification (2 different numbers in 800 samples; --task regression changes it)."
NAMES = ("text", "audio", "video")
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]\d+)?")
Sizes = Mapping[str, float]


def all_subsets(names: Iterable[str], order: int) -> list[str]:
    chosen = list(names)
    return ["+".join(subset) for size in range(1, order + 1) for subset in combinations(chosen, size)]


def relevance_table(
    rises: Sizes, names: Iterable[str] = NAMES, *, reducibility: Sizes | None = None, order: int = 3
) -> pd.DataFrame:
    """Name the subsets that are given a rise; the others have none."""
    table = pd.DataFrame({"subset": all_subsets(names, order)})
    table["order"] = table["subset"].str.count(r"\+") + 1
    table["loss_rise"] = table["subset"].map(rises).fillna(0.0)
    table["loss_rise_low"], table["loss_rise_high"] = table["loss_rise"] - 0.03, table["loss_rise"] + 0.04
    table["named"] = table["subset"].isin(list(rises))
    table["p_adjusted"] = np.where(table["named"], 0.001, 1.0)
    table["reducibility_within"] = table["subset"].map(reducibility or {}).astype(float)
    table["reducibility_single"] = np.nan
    table["block_norm"] = 0.1
    return table


def modality_table(alone: Sizes, needed: Sizes, names: Iterable[str] = NAMES) -> pd.DataFrame:
    """Name the modalities that are given a value."""
    table = pd.DataFrame({"modality": list(names)})
    for quantity, values in (("alone", alone), ("needed", needed)):
        table[quantity] = table["modality"].map(values).fillna(0.0)
        table[f"{quantity}_low"], table[f"{quantity}_high"] = table[quantity] - 0.02, table[quantity] + 0.02
        table[f"{quantity}_named"] = table["modality"].isin(list(values))
        table[f"{quantity}_p_adjusted"] = np.where(table[f"{quantity}_named"], 0.001, 1.0)
    return table


def synergy_table(values: Sizes, names: Iterable[str] = NAMES) -> pd.DataFrame:
    """Name the pairs that are given a value."""
    pairs = list(combinations(names, 2))
    table = pd.DataFrame(pairs, columns=["first", "second"])
    table.insert(0, "pair", ["+".join(pair) for pair in pairs])
    table["synergy"] = table["pair"].map(values).fillna(0.0)
    table["synergy_low"], table["synergy_high"] = table["synergy"] - 0.01, table["synergy"] + 0.01
    table["named"] = table["pair"].isin(list(values))
    return table


def answer(relevance: pd.DataFrame, **changes: Any) -> Answer:
    """Return an answer on 800 samples that explains 0.281 nats; `changes` replace its other fields."""
    fields: dict[str, Any] = {
        "task_sentence": TASK,
        "classes": True,
        "samples": 800,
        "groups": None,
        "folds": 5,
        "networks": 25,
        "loss": 0.412,
        "loss_constant": 0.693,
        "loss_linear": 0.455,
        "linear_name": "logistic regression",
        "score": 0.812,
        "score_linear": 0.79,
        "explained_low": 0.25,
        "explained_p_value": 1e-9,
        "information": None,
        "modality_information": None,
        "synergy": None,
        "floor": 0.02,
        "smallest_rise": 0.012,
        "penalty": 0.001,
    }
    return Answer(relevance=relevance, **fields | changes)


def informed(
    alone: Sizes, needed: Sizes, synergy: Sizes | None, names: Iterable[str] = NAMES, **changes: Any
) -> str:
    """Return the paragraph of an answer with modality tables; `synergy` None: pairs were not measured."""
    chosen = list(names)
    pairs = synergy_table(synergy or {}, chosen)
    tables = {
        "information": pd.DataFrame(),
        "modality_information": modality_table(alone, needed, chosen),
        "synergy": pairs.iloc[:0] if synergy is None else pairs,
    }
    return str(answer(relevance_table({chosen[0]: 0.19}, chosen, order=2), **tables | changes))


def sentence(text: str, start: str) -> str:
    """Return the one sentence of a paragraph that starts like this."""
    found = [part for part in re.split(r"(?<=\.)\s+", text) if part.startswith(start)]
    assert len(found) == 1, text
    return found[0]


def test_one_modality_and_an_interaction_from_first_sentence_to_last() -> None:
    relevance = relevance_table({"text+audio": 0.11, "text": 0.19}, reducibility={"text+audio": 0.02})
    tables = {
        "information": pd.DataFrame(),
        "modality_information": modality_table({"text": 0.2}, {"text": 0.27, "audio": 0.08}),
        "synergy": synergy_table({"text+audio": 0.08}),
    }
    result = answer(relevance, groups=40, **tables)
    assert result.lines == (
        TASK,
        "What follows is measured on 800 samples in 40 groups, each predicted by networks that had not seen "
        "any sample of its group (25 networks in 5 folds).",
        "The networks' log-loss is 0.412 nats (natural-log units; lower is better), against 0.693 for a "
        "constant prediction and 0.455 for logistic regression; their accuracy is 0.812 (that of logistic "
        "regression: 0.790).",
        "So the networks lower the loss of the constant by 0.281 nats (at least 0.250, the lower end of the "
        "95 % interval): that much is explained, more than by logistic regression.",
        "The networks use text (without it the loss rises by 0.190 nats, 95 % interval 0.160 to 0.230) and "
        "text+audio (0.110, 0.080 to 0.150); a plus sign marks a combination (a product of features).",
        "Nothing else here can fully replace text (networks trained without it lose 0.270 nats, 95 % "
        "interval 0.250 to 0.290) or audio (0.080, 0.060 to 0.100).",
        "The modality audio is shown to work only together with text: it is not shown to predict by itself, "
        "and the two explain 0.080 nats more than the sum of what each explains alone (95 % interval 0.070 "
        "to 0.090).",
        "For video, neither is shown: that it predicts by itself, or that it is needed beside the others.",
        "The subsets audio, video, text+video, audio+video and text+audio+video are not shown to add "
        "anything of their own; that does not rule out that they do.",
        "In four out of five data sets like this one, a subset that the networks have learned perfectly "
        "would be shown if the loss rose by 0.012 nats without it; smaller effects are easily missed.",
    )
    assert str(result) == repr(result) == "\n\n".join([result.headline, *result.paragraphs])
    assert " ".join(result.paragraphs) == " ".join(result.lines)
    assert [part[0][:12] for part in result.parts] == [
        "Task: classi",
        "The networks",
        "The networks",
        "Nothing else",
        "The subsets ",
    ]
    assert result.headline == "text and text+audio carry the prediction of these networks."


def test_the_answer_in_one_sentence() -> None:
    several = relevance_table({"text+audio": 0.11, "text": 0.19}, reducibility={"text+audio": 0.9})
    assert answer(several).headline == (
        "text and text+audio (text+audio: mostly by what smaller subsets say) carry the prediction of these "
        "networks."
    )
    assert answer(relevance_table({"text": 0.2})).headline == "text carries the prediction of these networks."
    nothing = answer(relevance_table({"text": 0.2}), explained_p_value=0.3)
    assert nothing.headline == "Nothing is shown to carry a prediction."
    spread = "The networks predict, but no single subset of the modalities is shown to carry that."
    assert answer(relevance_table({})).headline == spread
    assert answer(relevance_table({}), folds=0).headline.startswith("Nothing was held out")


def test_one_modality_has_no_others() -> None:
    relevance = relevance_table({"text": 0.28}, ["text"], order=1)
    text = str(answer(relevance, task_sentence=""))
    assert text.split("\n\n")[1].startswith(
        "What follows is measured on 800 samples, each predicted by networks that had not seen it"
    )
    assert "information=True" not in text
    assert "The subset" not in text
    tables = {
        "modality_information": modality_table({"text": 0.28}, {"text": 0.28}, ["text"]),
        "synergy": None,
    }
    assert str(answer(relevance, task_sentence="", **tables)) == text


def test_pair_that_works_together() -> None:
    names = ("left", "right", "third")
    text = informed({}, {"left": 0.66, "right": 0.65}, {"left+right": 0.64}, names)
    assert "Nothing else here can fully replace left (" in text
    assert "or right (0.650, 0.630 to 0.670)." in text
    assert (
        "The modalities left and right are shown to work together: neither is shown to predict by itself, "
        "and the two explain 0.640 nats more than the sum of what each explains alone (95 % interval 0.630 "
        "to 0.650)." in text
    )
    assert sentence(text, "For third, neither is shown")
    assert "can be replaced" not in text


def test_only_is_not_said_of_a_modality_that_is_used_beside_others() -> None:
    tables = {
        "modality_information": modality_table({"text": 0.2}, {"text": 0.27, "audio": 0.08}),
        "synergy": synergy_table({"text+audio": 0.08}),
    }
    used = {"text": 0.19, "text+audio": 0.11, "audio": 0.03}
    text = str(answer(relevance_table(used), **tables))
    assert "The modality audio is shown to work together with text: it is not shown to predict by its" in text
    assert "only together" not in text


def test_two_copies_can_replace_each_other() -> None:
    text = informed({"text": 0.5, "audio": 0.498}, {}, {"text+audio": -0.49})
    assert (
        "The modalities text and audio can replace each other: each predicts by itself (0.500 and 0.498 "
        "nats), but neither is shown to be needed beside the others." in text
    )
    assert "Nothing else here" not in text
    assert "together" not in text


def test_a_modality_that_adds_something_is_not_replaceable() -> None:
    """Both overlap, but a weak one cannot stand in for a strong one."""
    alone = {"clean": 0.486, "copy": 0.486, "blurred": 0.147}
    synergy = {"clean+copy": -0.486, "clean+blurred": -0.147, "copy+blurred": -0.147}
    text = informed(alone, {}, synergy, ("clean", "copy", "blurred"))
    assert "The modalities clean and copy can replace each other" in text
    assert "The modality blurred can be replaced by clean or copy" in text
    overlap = informed({"text": 0.5, "audio": 0.3}, {}, {"text+audio": -0.2})
    assert "replaced" not in overlap
    assert "which of these could replace them is not shown." in overlap


def test_three_copies_can_replace_each_other() -> None:
    copies = dict.fromkeys(all_subsets(NAMES, 2)[3:], -0.4)
    text = informed(dict.fromkeys(NAMES, 0.4), {}, copies)
    assert "The modalities text, audio and video can replace each other" in text
    assert "none is shown to be needed" in text


def test_modality_that_a_stronger_one_can_replace() -> None:
    text = informed({"text": 0.5, "audio": 0.2}, {"text": 0.3}, {"text+audio": -0.2})
    assert (
        "The modality audio can be replaced by text: it predicts by itself (0.200 nats), but is not shown "
        "to be needed beside the others." in text
    )


def test_two_modalities_that_a_stronger_one_can_replace() -> None:
    alone, synergy = {"text": 0.5, "audio": 0.2, "video": 0.1}, {"text+audio": -0.2, "text+video": -0.1}
    text = informed(alone, {"text": 0.3}, synergy)
    assert "which can replace them: audio (0.200 nats by itself) by text; video (0.100) by text." in text


@pytest.mark.parametrize(("synergy", "why"), [({}, "is not shown."), (None, "is not measured.")])
def test_unknown_partners_are_said_to_be_unknown(synergy: Sizes | None, why: str) -> None:
    text = informed({"text": 0.5}, {"audio": 0.3}, synergy)
    assert (
        "(0.500 nats), but is not shown to be needed beside the others; which of these could replace it "
        f"{why}" in text
    )
    assert (
        "The modality audio is needed, although it is not shown to predict by itself; with which of the "
        f"others it works {why}" in text
    )


def test_two_modalities_are_each_the_other() -> None:
    text = informed({"text": 0.5}, {"audio": 0.3}, {}, ("text", "audio"))
    assert (
        "The modality text predicts by itself (0.500 nats), but is not shown to be needed beside the other."
        in text
    )
    assert "The modality audio is needed, although it is not shown to predict by itself." in text


def test_several_pairs_that_work_together() -> None:
    synergy = {"text+audio": 0.1, "audio+video": 0.2, "text+video": -0.1}
    text = informed({"text": 0.5}, {"audio": 0.3, "video": 0.2}, synergy)
    assert (
        "The modalities audio and video are not shown to predict by themselves; they work together with "
        "others, as a pair explains more than the sum of its two alone: audio with video (0.200 nats more, "
        "95 % interval 0.190 to 0.210) and audio with text (0.100, 0.090 to 0.110)." in text
    )


def test_additive_modalities_are_all_needed() -> None:
    each = {"text": 0.2, "audio": 0.1}
    text = informed(each, each, {}, ("text", "audio"))
    needed = sentence(
        text, "Nothing else here can fully replace text (networks trained without it lose 0.200 nats"
    )
    assert needed.endswith("or audio (0.100, 0.080 to 0.120).")
    for absent in ("together", "can be replaced", "neither is shown"):
        assert absent not in text


def test_noise_shows_nothing() -> None:
    noise = {"loss": 0.690, "explained_low": -0.01, "explained_p_value": 0.23, "loss_linear": 0.7}
    relevance = relevance_table({"text": 0.19})
    tables = {"modality_information": modality_table({"text": 0.2}, {}), "synergy": synergy_table({})}
    for more in ({}, tables):
        lines = answer(relevance, **noise | more).lines
        assert lines[3:] == (
            "It is not shown that the networks predict better than the constant (p = 0.230), so nothing is "
            "shown about any subset or modality.",
            "In four out of five data sets like this one, a subset that the networks have learned "
            "perfectly would be shown if the loss rose by 0.012 nats without it; smaller effects are easily "
            "missed.",
        )


def test_constant_that_beat_every_network() -> None:
    changes = {"loss": 0.693, "penalty": math.inf, "smallest_rise": 0.0, "loss_linear": 0.6}
    text = str(answer(relevance_table({"text": 0.19}), **changes))
    assert (
        "No network predicted clearly better than the constant, so nothing is shown about any "
        "subset or modality. Logistic regression has the lowest loss here; whether by more "
        "than chance was not tested." in text
    )
    assert text.endswith("How small an effect these data would show is not known.")
    assert "text" not in text
    assert not answer(relevance_table({"text": 0.19}), penalty=math.inf).explains


def test_linear_baseline_between_the_networks_and_the_constant() -> None:
    text = str(answer(relevance_table({}), loss=0.9, loss_linear=0.7, explained_p_value=1.0))
    assert "Logistic regression has a lower loss than the networks, but not than the constant." in text
    assert "(p =" not in text


@pytest.mark.parametrize(
    ("loss_linear", "words"),
    [
        (0.36, ", but logistic regression explains more; prefer it for predictions"),
        (0.41, ", about as much as by logistic regression."),
        (0.45, ", more than by logistic regression."),
    ],
)
def test_linear_baseline_is_compared(loss_linear: float, words: str) -> None:
    text = str(answer(relevance_table({"text": 0.2}), loss_linear=loss_linear))
    assert words in text
    assert f"{written(loss_linear)} for logistic regression" in text


def test_linear_baseline_that_is_unknown() -> None:
    text = str(answer(relevance_table({"text": 0.2}), loss_linear=math.nan, score_linear=math.nan))
    assert (
        "against 0.693 for a constant prediction; their accuracy is 0.812; no linear baseline was fitted."
        in text
    )
    assert "logistic" not in text


def test_reducible_product_is_said_to_be_one() -> None:
    relevance = relevance_table({"text": 0.19, "text+audio": 0.11}, reducibility={"text+audio": 0.81})
    said = "text+audio is mostly what smaller subsets say (they predict 0.810 of its variance), so it is no"
    assert f"Of these, {said} evidence of an interaction." in str(answer(relevance))
    relevance["reducibility_single"] = relevance["reducibility_within"]
    relevance["reducibility_within"] = np.nan
    assert said in str(answer(relevance))
    two = {"text+audio": 0.81, "text+video": 0.6}
    text = str(answer(relevance_table(dict.fromkeys(two, 0.1), reducibility=two)))
    assert (
        "But text+audio and text+video are mostly what smaller subsets say (they predict 0.810 and 0.600 of "
        "their variance), so they are no evidence of interactions." in text
    )


def test_product_with_a_modality_that_is_not_needed_is_doubted() -> None:
    relevance = relevance_table({"text+audio": 0.3})
    both, one = {"text": 0.2, "audio": 0.1}, {"text": 0.2}
    doubt = "But text+audio may stand for something else: networks trained without"
    end = "are not shown to predict clearly worse."
    assert f"{doubt} audio {end}" in str(
        answer(relevance, modality_information=modality_table(both, one), information=pd.DataFrame())
    )
    neither = str(answer(relevance, modality_information=modality_table({}, {})))
    assert "something else: for each of text and audio, networks trained without it are not shown" in neither
    assert "stand for" not in str(answer(relevance, modality_information=modality_table({}, both)))
    assert "stand for" not in str(answer(relevance))
    reducible = relevance_table({"text+audio": 0.3}, reducibility={"text+audio": 0.81})
    assert "stand for" not in str(answer(reducible, modality_information=modality_table(both, one)))


def test_reducibility_that_is_not_known_is_said_to_be_so() -> None:
    text = str(answer(relevance_table({"text+audio": 0.3})))
    assert "Whether text+audio says more than smaller subsets is not known: a fold holds too few" in text


def test_a_large_floor_hides_subsets_and_says_so() -> None:
    hidden = relevance_table({"text": 0.11, "audio": 0.12}).assign(named=False)
    text = str(answer(hidden, floor=0.9))
    assert "Every subset of the modalities adds less than what is named here (the setting floor)." in text
    assert "too few samples" not in text


def test_an_interval_that_reaches_zero_gives_no_least_gain() -> None:
    text = str(answer(relevance_table({"text": 0.2}), explained_low=-0.01, explained_p_value=0.03))
    assert "at least" not in sentence(text, "So the networks lower")


def test_no_subset_named_though_something_is_explained() -> None:
    text = str(answer(relevance_table({})))
    assert "No subset of the modalities is shown to add anything of its own" in text
    assert "The subset" not in text
    assert "The networks use" not in text


def test_information_below_the_floor_is_told_as_small() -> None:
    table = modality_table({"text": 0.2}, {"text": 0.2})
    table.loc[1, ["alone", "alone_p_adjusted"]] = 0.003, 0.001
    text = str(answer(relevance_table({"text": 0.2}), modality_information=table))
    small = "Shown to be above 0, but below the floor of 2 % of what is explained, "
    assert f"{small}is audio alone (0.003 nats)." in text
    assert "For video, neither is shown" in text
    table.loc[1, ["needed", "needed_p_adjusted"]] = 0.004, 0.001
    text = str(answer(relevance_table({"text": 0.2}), modality_information=table))
    assert "are audio alone (0.003 nats) and what is lost without audio (0.004 nats)." in text
    assert small not in str(answer(relevance_table({}), modality_information=modality_table({}, {})))


def test_effects_below_the_floor_are_not_called_unseen() -> None:
    relevance = relevance_table({"text": 0.2})
    relevance.loc[1, ["loss_rise", "p_adjusted"]] = 0.003, 0.001
    text = str(answer(relevance, smallest_rise=0.001))
    assert (
        "are not shown to add anything of their own, or only less than 2 % of what is explained; that" in text
    )
    assert (
        "A subset is named only if the loss rises by at least 0.0056 nats without it (2 % of what is expla"
        in text
    )
    assert "0.003" not in text


def test_nothing_held_out() -> None:
    unknown = dict.fromkeys(("loss", "loss_constant", "loss_linear", "score", "score_linear"), math.nan)
    unknown |= dict.fromkeys(("explained_low", "explained_p_value", "smallest_rise"), math.nan)
    relevance = relevance_table({}).assign(loss_rise=np.nan, p_adjusted=np.nan)
    lines = answer(relevance, folds=0, networks=3, **unknown).lines
    assert lines == (
        TASK,
        "All 3 networks have seen all 800 samples: nothing was held out.",
        "So it is not known how well new samples are predicted, which subsets help with that, and whether a "
        "linear model would do as well; five folds measure it by cross-validation.",
        "The weights in the relevance table say what the networks rely on, not whether it helps.",
    )
    assert "The network has seen all 1 " not in str(answer(relevance, folds=0, networks=3, **unknown))
    assert "The network has seen" in str(answer(relevance, folds=0, networks=1, **unknown))


def test_units_of_a_regression() -> None:
    changes = {"classes": False, "linear_name": "ridge regression", "loss": 0.548, "loss_constant": 1.002}
    text = informed(
        {"text": 0.4}, {"text": 0.3}, {}, loss_linear=0.6, score=0.452, score_linear=0.4, **changes
    )
    assert (
        "The networks' mean squared error is 0.548 of the target's variance (lower is better), against "
        "1.002 for" in text
    )
    assert "their R² is 0.452 (that of ridge regression: 0.400)." in text
    assert (
        "lower the loss of the constant by 0.454 of the target's variance (at least 0.250, the lower end of "
        "the 95 % interval): " in text
    )
    assert "lose 0.300 of the constant's loss, 95 % interval" in text
    assert "nats" not in text
    assert "accuracy" not in text


def test_many_modalities_are_counted() -> None:
    names = [f"m{index}" for index in range(12)]
    relevance = relevance_table(dict.fromkeys(names, 0.1), names, order=2)
    text = str(answer(relevance))
    assert "and 7 others." in sentence(text, "The networks use m0 (")
    assert "m0+m1, m0+m2, m0+m3, m0+m4, m0+m5 and 61 others" in sentence(text, "The subsets ")
    each = dict.fromkeys(names, 0.1)
    assert "or 7 others." in sentence(
        informed(each, each, None, names), "Nothing else here can fully replace m0 ("
    )
    assert "m0, m1, m2, m3, m4 and 7 others predict by themselves" in informed(each, {}, None, names)
    assert "m0, m1, m2, m3, m4 and 7 others are needed" in informed({}, each, None, names)
    assert "For none of the modalities is it shown" in informed({}, {}, None, names)
    assert "For m1, m2, m3, m4, m5 and 6 others, neither is shown: that they" in informed(
        {"m0": 0.2}, {}, None, names
    )
    weak = dict.fromkeys([f"m0+{name}" for name in names[1:]], -0.1)
    assert "; m5 (0.100) by m0; and so can 6 others." in informed(each, {"m0": 0.1}, weak, names)


def test_modalities_are_not_measured_without_information() -> None:
    text = str(answer(relevance_table({"text": 0.2})))
    assert (
        "Whether one modality could replace another was not measured; information=True does it "
        "(--information in the shell)." in text
    )


def test_numbers_are_written_with_enough_digits() -> None:
    values = (0.28149, 0.0004, 0.00042, 0.0123, -0.0002, 0.00999, -0.0, 1e-9, -1e-12, 512.3, 2e7, math.inf)
    digits = "0.281 0.0004 0.00042 0.012 -0.0002 0.010 0 0 0 512 2e+07 infinity"
    assert " ".join(written(value) for value in values) == digits
    text = str(answer(relevance_table({"text": 0.0004}), smallest_rise=0.0001))
    assert "the loss rises by 0.0004 nats, 95 % interval -0.030 to 0.040" in text


def test_names_that_are_not_words_are_quoted() -> None:
    assert [quoted(name) for name in ("1", "a b", "1+2", "view_2", "x.", "n" * 200)][:5] == [
        "'1'", "'a b'", "'1+2'", "view_2", "'x.'",
    ]  # fmt: skip
    assert len(quoted("n" * 200)) <= 100
    text = informed({}, {"1": 0.4, "2": 0.4}, {"1+2": 0.3}, ("1", "2"))
    assert "The modalities '1' and '2' are shown to work together" in text


LINEAR = (
    "The networks are linear models without combinations of modalities: networks that have them were tried"
)


def test_networks_without_combinations_are_told() -> None:
    table = relevance_table({"text": 0.2})
    assert LINEAR not in str(answer(table))
    assert LINEAR in str(answer(table.assign(block_norm=table["order"] == 1)))
    assert LINEAR not in str(answer(relevance_table({"text": 0.2}, order=1)))


def test_one_of_everything() -> None:
    text = str(answer(relevance_table({"text": 0.2}), samples=1, groups=1, folds=1, networks=1))
    assert "measured on 1 sample in 1 group, each predicted by a network that" in text
    assert "(1 network in 1 fold)" in text


WORDS = ("text", "audio", "video", "pulse", "gaze", "sonar", "radar")
ODD = (0.0, -0.0, math.nan, 1e-9, -1e-5)
SCALAR = st.one_of(st.floats(0, 2), st.sampled_from([0.0, math.nan, 1e-9, 1e7, math.inf]))


def sizes(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers between -1 and 1 of all magnitudes that are written, some of them odd ones."""
    values = rng.uniform(-1, 1, shape) * 10.0 ** rng.integers(-5, 1, shape)
    return np.where(rng.random(shape) < 0.2, rng.choice(ODD, shape), values)


def random_table(
    rng: np.random.Generator, label: str, rows: list[str], flags: Mapping[str, str]
) -> pd.DataFrame:
    """A table with a size, bounds and a flag per quantity, all drawn apart."""
    table = pd.DataFrame({label: rows})
    for quantity, flag in flags.items():
        table[[quantity, f"{quantity}_low", f"{quantity}_high"]] = sizes(rng, (len(rows), 3))
        table[flag] = rng.random(len(rows)) < 0.5
        if flag != "named":
            table[f"{quantity}_p_adjusted"] = sizes(rng, (len(rows),))
    return table


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    """An answer of up to seven modalities, all of whose numbers are drawn apart."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    names = WORDS[: draw(st.integers(1, len(WORDS)))]
    rows = all_subsets(names, 2 if len(names) > 3 else len(names))
    relevance = random_table(rng, "subset", rows, {"loss_rise": "named"})
    relevance["order"] = relevance["subset"].str.count(r"\+") + 1
    columns = ["p_adjusted", "reducibility_within", "reducibility_single"]
    relevance[columns] = sizes(rng, (len(rows), 3))
    relevance["block_norm"] = np.where(rng.random() < 0.3, relevance["order"] == 1, 0.5)
    measured, pairs = draw(st.booleans()), list(combinations(names, 2))
    synergy = random_table(rng, "pair", ["+".join(pair) for pair in pairs], {"synergy": "named"})
    synergy["first"], synergy["second"] = [a for a, _ in pairs], [b for _, b in pairs]
    flags = {quantity: f"{quantity}_named" for quantity in ("alone", "needed")}
    scalars = ("loss_linear", "score", "score_linear", "smallest_rise")
    return answer(
        relevance,
        **{name: draw(SCALAR) for name in scalars},
        loss=draw(st.floats(0, 0.7) | SCALAR),
        loss_constant=draw(st.floats(0.5, 1.5) | SCALAR),
        classes=draw(st.booleans()),
        groups=draw(st.none() | st.integers(1, 50)),
        folds=draw(st.sampled_from([5, 5, 5, 1, 0])),
        explained_low=float(sizes(rng, (1,))[0]),
        explained_p_value=draw(st.sampled_from([1e-9, 1e-9, 0.049, 0.05, 0.7, math.nan])),
        information=pd.DataFrame() if measured else None,
        modality_information=random_table(rng, "modality", list(names), flags) if measured else None,
        synergy=(synergy if draw(st.booleans()) else synergy.iloc[:0]) if measured else None,
        floor=draw(st.sampled_from([0.0, 0.02, 0.1])),
        penalty=draw(st.sampled_from([0.001, 0.001, math.nan, math.inf])),
    )


def told_numbers(result: Answer) -> set[str]:
    """Every number that the tables and fields hold, as written, and the few that follow from these."""
    frames = [result.relevance, result.modality_information, result.synergy]
    cells = [frame.select_dtypes("number").to_numpy(float).ravel() for frame in frames if frame is not None]
    values = np.concatenate(cells)
    fields = [value for value in vars(result).values() if isinstance(value, int | float)]
    derived = [result.explained, result.floor * result.explained]
    names = range(len(result.relevance))  # how many others a list leaves out
    whole = {
        str(value) for value in (*names, 95, 2, result.samples, result.groups, result.folds, result.networks)
    }
    return whole | {written(value) for value in (*values, *fields, *derived)} | {f"{100 * result.floor:g}"}


@given(answers())
def test_laws_of_the_words(result: Answer) -> None:
    text, lines = str(result), result.lines
    assert all(line.endswith(".") and "  " not in line and ".." not in line for line in lines)
    assert not re.search(r"\bnan\b|\b0\.0+(?!\d)|-0(?![.\d])|irrelevant|\(\)|None", text)
    assert not re.search(r"\b1 others", text)
    few = (result.relevance["order"] == 1).sum() <= 4
    assert len(lines) <= (15 if few else 18)
    spoken = " ".join(lines[1:]).replace("cv=5", "").replace("R²", "")
    assert set(NUMBER.findall(spoken)) <= told_numbers(result)


@given(answers())
def test_only_what_is_named_is_named(result: Answer) -> None:
    relevance = result.relevance.set_index("subset")
    for line in (*result.lines[1:], result.headline):
        if line.startswith("The subset"):
            continue
        for subset in re.findall(r"[a-z]+(?:\+[a-z]+)+", line):
            assert relevance.loc[subset, "named"]
    uses = [line for line in result.lines if line.startswith("The networks use")]
    assert not uses or result.explains
    for line in uses:
        names = re.findall(r"([a-z+]+) \(", line.partition(";")[0])
        assert len(names) <= 5
        rises = relevance.loc[names, "loss_rise"]
        assert relevance.loc[names, "named"].all()
        assert (rises >= 1e-6).all()
        assert rises.is_monotonic_decreasing
        within = relevance["reducibility_within"].fillna(relevance["reducibility_single"])
        for name in names:
            if "+" in name and within[name] > 0.5:
                assert re.search(
                    rf"{re.escape(name)}\b.*mostly what smaller subsets say", " ".join(result.lines)
                )
    if not result.explains:
        told = " ".join(result.lines[1:])
        assert not any(name in re.findall(r"\w+", told) for name in WORDS)


@given(answers())
def test_modalities_are_told_as_they_are_named(result: Answer) -> None:
    table = result.modality_information
    if table is None or len(table) < 2 or not result.explains:
        return
    rows = table.set_index("modality")
    shown = {name: rows[f"{name}_named"] & (rows[name] >= 1e-6) for name in ("alone", "needed")}
    for line in result.lines[1:]:
        names = [name for name in re.findall(r"\w+", line) if name in rows.index]
        if line.startswith("Nothing else here"):
            assert shown["needed"][names].all()
        if "can replace each other" in line:
            assert (shown["alone"] & ~shown["needed"])[names].all()
        if line.startswith("For ") and "neither is shown" in line:
            assert not (shown["alone"] | shown["needed"])[names].any()
        if "work only together" in line:
            assert (shown["needed"] & ~shown["alone"])[names].all()
        if line.startswith("Shown to be above 0"):
            assert not (shown["alone"] & shown["needed"])[names].any()


def test_lists_and_units() -> None:
    assert listed(["a"]) == "a"
    assert listed(list("abcdef"), "or") == "a, b, c, d, e or f"
    assert count(0, "fold") == "0 folds"
    assert answer(relevance_table({})).unit == NATS
    assert answer(relevance_table({}), classes=False).unit == OF_VARIANCE
