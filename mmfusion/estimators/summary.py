"""The answer in words: which modalities, and which combinations of them, carry the prediction.

The sentences say what the tables name and nothing beyond: an effect without evidence is *not shown*, which is
never the same as shown to be absent. They end with how small an effect these data would have shown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from mmfusion.estimators.answer_modalities import NOT_MEASURED, modality_sentences
from mmfusion.estimators.answer_subsets import (
    carrying_sentence,
    doubtful_sentences,
    linear_sentences,
    not_shown_sentences,
    used_sentences,
)
from mmfusion.estimators.answer_words import NATS, OF_CONSTANT, OF_VARIANCE, SMALLEST, amount, count, written
from mmfusion.measures.cross_fitted import ERROR_RATE


@dataclass(frozen=True, eq=False, repr=False)
class Answer:
    """What a fit has shown; `str` tells it in paragraphs.

    Losses are means over the samples that were predicted out of fold: in nats for classes, as a share of the
    target's variance for numbers. What a fit does not know is NaN, or None for a table.

    Parameters
    ----------
    task_sentence : str
        The task and how it was inferred; may be empty.
    classes : bool
        Classification, else regression.
    samples : int
    groups : int or None
        None where there are no groups.
    folds : int
        0: nothing was held out.
    networks : int
        All of the chosen penalty, over all folds.
    loss, loss_constant, loss_linear : float
        Of the networks, of the best constant prediction and of the linear baseline, on the same folds.
    linear_name : str
        What the linear baseline is called, in lower case.
    score, score_linear : float
        Accuracy or R².
    explained_low, explained_p_value : float
        Lower end of the 95 % interval of the explained loss, `loss_constant` - `loss`, and the p-value of the
        one-sided test that it is above 0.
    relevance : DataFrame
        One row per subset.
    information, modality_information, synergy : DataFrame or None
        Predictive information of coalitions, of modalities, and synergy of pairs.
    floor : float
        Share of the explained loss below which nothing is named.
    smallest_rise : float
        The smallest rise of the loss without a subset that would be shown in four of five such data sets.
    penalty : float
        Factor of the penalty; infinite if the constant beat every network.
    """

    task_sentence: str
    classes: bool
    samples: int
    groups: int | None
    folds: int
    networks: int
    loss: float
    loss_constant: float
    loss_linear: float
    linear_name: str
    score: float
    score_linear: float
    explained_low: float
    explained_p_value: float
    relevance: pd.DataFrame
    information: pd.DataFrame | None
    modality_information: pd.DataFrame | None
    synergy: pd.DataFrame | None
    floor: float
    smallest_rise: float
    penalty: float

    @property
    def explained(self) -> float:
        """Loss of the constant minus loss of the networks."""
        return self.loss_constant - self.loss

    @property
    def explains(self) -> bool:
        """Whether it is shown that the networks predict better than the constant."""
        better = self.explained >= SMALLEST and self.explained_p_value < ERROR_RATE
        return bool(self.folds > 0 and math.isfinite(self.explained) and better and self.penalty != math.inf)

    @property
    def unit(self) -> str:
        """Unit of the loss, as written behind a number."""
        return NATS if self.classes else OF_VARIANCE

    @property
    def units(self) -> str:
        """What the tests and intervals are over: "samples" or "groups"."""
        return "samples" if self.groups is None else "groups"

    @property
    def headline(self) -> str:
        """The answer in one short sentence."""
        if self.folds == 0:
            return "Nothing was held out, so it is not known what carries the prediction."
        if not self.explains:
            return "Nothing is shown to carry a prediction."
        return carrying_sentence(self.relevance)

    @property
    def parts(self) -> tuple[tuple[str, ...], ...]:
        """The sentences, paragraph by paragraph: data, losses, subsets, modalities, and what is not shown."""
        task = self.task_sentence.strip()
        start = [task if task.endswith(".") else f"{task}."] if task else []
        if self.folds == 0:
            return ((*start, *_nothing_held_out(self)),)
        start += [_basis(self)]
        if not self.explains:
            return tuple(start), (_quality(self), *_nothing_explained(self)), tuple(_power(self))
        parts = (
            start,
            [_quality(self), _explained(self)],
            [*used_sentences(self.relevance, self.unit), *linear_sentences(self.relevance)],
            _on_modalities(self),
            [*not_shown_sentences(self.relevance, self.floor), *_power(self)],
        )
        return tuple(tuple(part) for part in parts if part)

    @property
    def lines(self) -> tuple[str, ...]:
        """All sentences, in order."""
        return tuple(sentence for part in self.parts for sentence in part)

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The text of every part."""
        return tuple(" ".join(part) for part in self.parts)

    def __str__(self) -> str:
        return "\n\n".join([self.headline, *self.paragraphs])

    def __repr__(self) -> str:
        return str(self)


def _nothing_held_out(answer: Answer) -> list[str]:
    """Say what is not known without held-out samples."""
    one = answer.networks == 1
    return [
        f"{'The network has' if one else f'All {answer.networks} networks have'} seen all "
        f"{count(answer.samples, 'sample')}: nothing was held out.",
        "So it is not known how well new samples are predicted, which subsets help with that, and whether a "
        "linear model would do as well; five folds measure it by cross-validation.",
        "The weights in the relevance table say what the networks rely on, not whether it helps.",
    ]


def _basis(answer: Answer) -> str:
    """Say on how many samples the answer rests, and who predicted them."""
    what = f"{count(answer.networks, 'network')} in {count(answer.folds, 'fold')}"
    if answer.groups is None:
        seen, grouped = "it", ""
    else:
        seen, grouped = "any sample of its group", f" in {count(answer.groups, 'group')}"
    who = "a network" if answer.networks == 1 else "networks"
    return (
        f"What follows is measured on {count(answer.samples, 'sample')}{grouped}, each predicted by {who} "
        f"that had not seen {seen} ({what})."
    )


def _quality(answer: Answer) -> str:
    """Give loss and score beside those of the constant and of the linear baseline."""
    if math.isnan(answer.loss):
        return "The loss of the networks could not be measured."
    what = "log-loss" if answer.classes else "mean squared error"
    losses = [(answer.loss_constant, "a constant prediction"), (answer.loss_linear, answer.linear_name)]
    against = " and ".join(f"{written(loss)} for {name}" for loss, name in losses if not math.isnan(loss))
    text = f"The networks' {what} is {amount(answer.loss, answer.unit)}"
    text += f" ({'natural-log units; ' if answer.classes else ''}lower is better)"
    text += f", against {against}" if against else ""
    if not math.isnan(answer.score):
        linear = answer.score_linear
        beside = "" if math.isnan(linear) else f" (that of {answer.linear_name}: {written(linear)})"
        text += f"; their {'accuracy' if answer.classes else 'R²'} is {written(answer.score)}{beside}"
    return f"{text}." if not math.isnan(answer.loss_linear) else f"{text}; no linear baseline was fitted."


def _explained(answer: Answer) -> str:
    """Say how much is explained, and whether the linear baseline explains more."""
    gain, low = amount(answer.explained, answer.unit), answer.explained_low
    least = f" (at least {written(low)}, the lower end of the 95 % interval)" if low > 0 else ""
    start = f"So the networks lower the loss of the constant by {gain}{least}: that much is explained"
    ahead, margin = answer.loss_linear - answer.loss, answer.floor * answer.explained
    if math.isnan(ahead):
        return f"{start}."
    if ahead < -margin:
        return (
            f"{start}, but {answer.linear_name} explains more; prefer it for predictions, and take what "
            "follows as what these networks found, not as all there is."
        )
    more = "more than by" if ahead > margin else "about as much as by"
    return f"{start}, {more} {answer.linear_name}."


def _nothing_explained(answer: Answer) -> list[str]:
    """Say that nothing is shown, and whether the linear baseline does better."""
    nothing = "so nothing is shown about any subset or modality"
    if answer.penalty == math.inf:
        text = f"No network predicted clearly better than the constant, {nothing}."
    else:
        p_value = answer.explained_p_value
        known = answer.explained > 0 and p_value >= ERROR_RATE
        p = f" (p = {written(p_value)})" if known else ""
        text = f"It is not shown that the networks predict better than the constant{p}, {nothing}."
    linear, name = answer.loss_linear, answer.linear_name
    if not linear < answer.loss - SMALLEST:
        return [text]
    name = name[:1].upper() + name[1:]
    if linear < answer.loss_constant:
        return [text, f"{name} has the lowest loss here; whether by more than chance was not tested."]
    return [text, f"{name} has a lower loss than the networks, but not than the constant."]


def _on_modalities(answer: Answer) -> list[str]:
    """Say what networks trained on some of the modalities show, or how to get it."""
    if answer.modality_information is not None:
        doubts = doubtful_sentences(answer.relevance, answer.modality_information)
        used = {str(name) for name in answer.relevance.loc[answer.relevance["named"].eq(True), "subset"]}
        unit = NATS if answer.classes else OF_CONSTANT
        told = (answer.modality_information, answer.synergy, unit, used, answer.floor)
        return doubts + modality_sentences(*told)
    several = (answer.relevance["order"] == 1).sum() > 1
    return [NOT_MEASURED] if several else []


def _power(answer: Answer) -> list[str]:
    """Say how small an effect these data would show, or below which size the floor hides it."""
    least = answer.floor * answer.explained if answer.explains else 0.0
    smallest = answer.smallest_rise
    if least >= SMALLEST and not least < smallest:
        return [
            f"A subset is named only if the loss rises by at least {amount(least, answer.unit)} without it "
            f"({100 * answer.floor:g} % of what is explained)."
        ]
    if not (math.isfinite(smallest) and smallest >= SMALLEST):
        return ["How small an effect these data would show is not known."]
    return [
        "In four out of five data sets like this one, a subset that the networks have learned perfectly "
        f"would be shown if the loss rose by {amount(smallest, answer.unit)} without it; smaller effects are "
        "easily missed."
    ]
