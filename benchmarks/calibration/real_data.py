"""Data sets for prediction beside linear models: those that ship with scikit-learn, and generated ones.

Modalities are groups of columns that belong together. The generated data sets are drawn anew in every
repetition: in two of them a linear model says all there is to say, in the others there is an interaction.
Two more sets of scikit-learn, wine and diabetes, are left out: they took part in the choice of the recipe.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.model_selection import train_test_split

from mmfusion.study.designs.design import CLASSES, NUMBERS, Array, DataSet, noise_modalities
from mmfusion.study.designs.power import NOISE, by_sign, one, pair

GENERATED, DIGITS, FLOWERS = 600, 600, 150
"""Samples of a generated data set; of the digits, of which there are 1797; of what resembles iris."""


@dataclass(frozen=True)
class Source:
    """A data set by name.

    Parameters
    ----------
    title : str
        What its modalities are.
    task : {"classes", "numbers"}
    load : function of a random generator
        Gives the samples.
    interaction : bool
        Whether the target is known to hang on an interaction.
    """

    title: str
    task: str
    load: Callable[[np.random.Generator], DataSet]
    interaction: bool = False


def columns_of(loader: Callable[..., Any], parts: Mapping[str, slice]) -> Callable[[Any], DataSet]:
    """Return the loading of a table that is cut into modalities by its columns."""

    def load(_: np.random.Generator) -> DataSet:
        table, target = loader(return_X_y=True)
        return DataSet({name: table[:, part] for name, part in parts.items()}, target)

    return load


def digits(parts: Mapping[str, tuple[slice, slice]]) -> Callable[[Any], DataSet]:
    """Return the loading of some handwritten digits of 8 x 8 pixels that are cut into rectangles."""

    def load(_: np.random.Generator) -> DataSet:
        images, target = load_digits(return_X_y=True)
        chosen, _ = train_test_split(
            np.arange(len(target)), train_size=DIGITS, stratify=target, random_state=0
        )
        images, target = images[chosen].reshape(-1, 8, 8), target[chosen]
        X = {name: images[:, rows, columns].reshape(DIGITS, -1) for name, (rows, columns) in parts.items()}
        return DataSet(X, target)

    return load


def generated(draw: Callable[[int, int, np.random.Generator], DataSet]) -> Callable[[Any], DataSet]:
    """Return the drawing of three modalities."""
    return lambda rng: draw(GENERATED, 3, rng)


def sum_and_product(X: dict[str, Array]) -> Array:
    """Return a_0 + b_0 + 1.5 a_0 b_0."""
    first, second = X["a"][:, 0], X["b"][:, 0]
    return np.asarray(first + second + 1.5 * first * second)


def both_classes(n: int, modalities: int, rng: np.random.Generator) -> DataSet:
    """Draw y = [a_0 + b_0 + 1.5 a_0 b_0 + 0.5 e > 0]."""
    X = noise_modalities(n, modalities, rng)
    return DataSet(X, by_sign(sum_and_product(X), NOISE, rng))


def both_numbers(n: int, modalities: int, rng: np.random.Generator) -> DataSet:
    """Draw y = a_0 + b_0 + 1.5 a_0 b_0 + e."""
    X = noise_modalities(n, modalities, rng)
    return DataSet(X, sum_and_product(X) + rng.normal(size=n))


def contrasts(rng: np.random.Generator) -> DataSet:
    """Draw three normal classes like those of iris, told apart by differences of correlated columns.

    x = A (m_y + e) with class means m_k of length 2.5 on average, e ~ N(0, I), and A = Q diag(1, ..., 1/17.3)
    with a random rotation Q: the noise's largest variance is 300 times its smallest. A linear model is right.
    """
    means = rng.normal(size=(3, 4))
    means -= means.mean(axis=0)
    means *= 2.5 / np.linalg.norm(means, axis=1).mean()
    mixed = np.linalg.qr(rng.normal(size=(4, 4)))[0] * np.geomspace(1, 300**-0.5, 4)
    y = rng.integers(3, size=FLOWERS)
    table = (means[y] + rng.normal(size=(FLOWERS, 4))) @ mixed.T
    return DataSet({name: table[:, part] for name, part in IRIS.items()}, y)


CANCER = {"mean": slice(0, 10), "error": slice(10, 20), "worst": slice(20, 30)}
IRIS = {"sepal": slice(0, 2), "petal": slice(2, 4)}
ALL = slice(None)
HALVES = {"left": (ALL, slice(0, 4)), "right": (ALL, slice(4, 8))}
ROWS = {f"rows {2 * k + 1}-{2 * k + 2}": (slice(2 * k, 2 * k + 2), ALL) for k in range(4)}

SOURCES = {
    "breast_cancer": Source("mean, error, worst", CLASSES, columns_of(load_breast_cancer, CANCER)),
    "iris": Source("sepal, petal", CLASSES, columns_of(load_iris, IRIS)),
    "digits_halves": Source("left and right half", CLASSES, digits(HALVES)),
    "digits_rows": Source("four pairs of rows", CLASSES, digits(ROWS)),
    "linear": Source("generated: a", CLASSES, generated(one)),
    "contrasts": Source("generated: as iris", CLASSES, contrasts),
    "product": Source("generated: a x b", CLASSES, generated(pair), interaction=True),
    "sum_and_product": Source("generated: a + b + a x b", CLASSES, generated(both_classes), interaction=True),
    "numbers": Source("generated: a + b + a x b", NUMBERS, generated(both_numbers), interaction=True),
}
