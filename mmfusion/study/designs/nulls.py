"""Six families of nulls: the features say nothing about the target, and every name is a false alarm.

The features are normal; the families differ in their targets. In the last one, samples come in groups, and
features and target have offsets of their groups that are independent of each other: whoever overlooks the
groups can learn by heart which offset of the target belongs to which offsets of the features.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mmfusion.study.designs.design import CLASSES, NUMBERS, Array, Case, DataSet, Draw, noise_modalities

GROUP_SIZE = 10
"""Samples per group, on average."""
FEATURE_OFFSET, TARGET_OFFSET = 3.0, 2.0
"""Standard deviations of the groups' offsets, so large that ignored groups show; 1 within a group."""


def independent(target: Callable[[int, np.random.Generator], Array]) -> Draw:
    """Return the draw of features beside a target that is drawn without them."""

    def draw(n: int, modalities: int, rng: np.random.Generator) -> DataSet:
        return DataSet(noise_modalities(n, modalities, rng), target(n, rng))

    return draw


def balanced(n: int, rng: np.random.Generator) -> Array:
    """Draw two classes, half of the samples each."""
    return rng.permutation(np.arange(n) % 2)


def skewed(n: int, rng: np.random.Generator) -> Array:
    """Draw two classes, a tenth of the samples in one of them."""
    return rng.permutation((np.arange(n) < n // 10).astype(int))


def normal(n: int, rng: np.random.Generator) -> Array:
    """Draw normal numbers."""
    return rng.normal(size=n)


def cauchy(n: int, rng: np.random.Generator) -> Array:
    """Draw numbers whose distribution has no mean."""
    return rng.standard_cauchy(size=n)


def lognormal(n: int, rng: np.random.Generator) -> Array:
    """Draw positive numbers with a long tail: exp of standard normal ones."""
    return rng.lognormal(size=n)


def draw_grouped(n: int, modalities: int, rng: np.random.Generator) -> DataSet:
    """Draw samples in groups of unequal sizes.

    x = u_g + e with u_g ~ N(0, 3^2) for every group g and column, y = v_g + e' with v_g ~ N(0, 2^2);
    u, v, e and e' are independent, e and e' standard normal.
    """
    count = max(n // GROUP_SIZE, 2)
    groups = rng.integers(count, size=n)
    X = noise_modalities(n, modalities, rng)
    for name, values in X.items():
        X[name] = values + rng.normal(scale=FEATURE_OFFSET, size=(count, values.shape[1]))[groups]
    y = rng.normal(size=n) + rng.normal(scale=TARGET_OFFSET, size=count)[groups]
    return DataSet(X, y, groups)


NULLS = (
    Case("balanced", "balanced classes", CLASSES, independent(balanced)),
    Case("skewed", "classes 90 : 10", CLASSES, independent(skewed)),
    Case("normal", "normal numbers", NUMBERS, independent(normal)),
    Case("cauchy", "Cauchy numbers", NUMBERS, independent(cauchy)),
    Case("lognormal", "lognormal numbers", NUMBERS, independent(lognormal)),
    Case("grouped", "grouped samples", NUMBERS, draw_grouped),
)
