"""Cases that are hard for a reason: redundant or correlated modalities, a weak effect, wrong labels, many.

Words and notation are those of `mmfusion.study.designs.power`.
"""

from __future__ import annotations

import numpy as np

from mmfusion.study.designs.design import CLASSES, Case, DataSet, Draw, noise_modalities
from mmfusion.study.designs.power import NOISE, by_sign, pair, truth, with_twin

PRODUCT_NOISE = 0.3
"""Standard deviation of the noise where the score has a product of two numbers."""
WEAK = 0.4
"""Factor of the weak term; that of the strong one is 1."""
FLIPPED = (0, 10, 20, 30, 40)
"""Percentages of wrong labels; at 50 there would be nothing to find."""
MANY = {"four": 4, "five": 5, "six": 6}
"""Numbers of modalities, by the name of the case."""


def redundant(n: int, modalities: int, rng: np.random.Generator) -> DataSet:
    """Draw b_0 = a_0 + e, y = [a_0 + 0.5 e' > 0]; b is not needed beside a; best accuracy 0.85."""
    X = noise_modalities(n, modalities, rng)
    X["b"][:, 0] = X["a"][:, 0] + rng.normal(size=n)
    return DataSet(X, by_sign(X["a"][:, 0], NOISE, rng))


def correlated_classes(n: int, modalities: int, rng: np.random.Generator) -> DataSet:
    """Draw y = [a_0 + b_0 + 0.5 e > 0] with a_0 and b_0 correlated by 0.9; best accuracy 0.92."""
    X = with_twin(n, modalities, rng)
    return DataSet(X, by_sign(X["a"][:, 0] + X["b"][:, 0], NOISE, rng))


def weak_beside_strong(n: int, modalities: int, rng: np.random.Generator) -> DataSet:
    """Draw y = [a_0 b_0 + 0.4 c_0 + 0.3 e > 0]; best accuracy 0.88.

    How much c_0 counts hangs on the size of a_0, and likewise of b_0. These two synergies, each 5 % of the
    information of all modalities, are not part of the stated truth.
    """
    X = noise_modalities(n, modalities, rng)
    score = X["a"][:, 0] * X["b"][:, 0] + WEAK * X["c"][:, 0]
    return DataSet(X, by_sign(score, PRODUCT_NOISE, rng))


def flipped(percent: int) -> Draw:
    """Return the draw of y = [a_0 b_0 + 0.3 e > 0] where so many percent of the labels, at random, are wrong.

    With 0, 10, 20, 30, 40 percent: best accuracy 0.83, 0.76, 0.70, 0.63, 0.57. Equal random generators give
    the same features and the same right labels, whatever the percentage.
    """

    def draw(n: int, modalities: int, rng: np.random.Generator) -> DataSet:
        right = pair(n, modalities, rng)
        wrong = rng.random(n) < percent / 100
        return DataSet(right.X, np.where(wrong, 1 - right.y, right.y))

    return draw


def one_and_pair(n: int, modalities: int, rng: np.random.Generator) -> DataSet:
    """Draw y = [a_0 + b_0 c_0 + 0.3 e > 0], all other modalities being noise; best accuracy 0.93.

    How much a_0 counts hangs on the size of b_0, and likewise of c_0. These two synergies, each 7 % of the
    information of all modalities, are not part of the stated truth.
    """
    X = noise_modalities(n, modalities, rng)
    return DataSet(X, by_sign(X["a"][:, 0] + X["b"][:, 0] * X["c"][:, 0], PRODUCT_NOISE, rng))


CORRELATED = truth("a b", "a b", "a b", "a+b:-")
PAIR = truth("a+b", "", "a b", "a+b:+")
ONE_AND_PAIR = truth("a b+c", "a", "a b c", "b+c:+")
HARD = (
    Case("redundant", "a, and b = a + noise", CLASSES, redundant, truth("a", "a b", "a", "a+b:-")),
    Case("correlated_classes", "a + b, correlated by .9, classes", CLASSES, correlated_classes, CORRELATED),
    Case(
        "weak_beside_strong",
        "a x b + 0.4 c",
        CLASSES,
        weak_beside_strong,
        truth("c a+b", "c", "a b c", "a+b:+"),
    ),
    *(
        Case(f"flipped_{percent}", f"a x b, {percent} % of labels wrong", CLASSES, flipped(percent), PAIR)
        for percent in FLIPPED
    ),
    *(
        Case(name, f"a + b x c of {count} modalities", CLASSES, one_and_pair, ONE_AND_PAIR, modalities=count)
        for name, count in MANY.items()
    ),
)
