"""Cases with a planted truth: what must be named, and nothing else.

Latent numbers are standard normal, e is fresh standard normal noise, a_0 is the first column of modality a.
Columns that are not mentioned are noise, and modalities have three to six columns unless stated.
"""

from __future__ import annotations

import numpy as np

from mmfusion.study.designs.design import CLASSES, NUMBERS, Accepted, Array, Case, DataSet, noise_modalities

WIDE, INFORMATIVE = 500, 3
"""Columns of a wide modality, and how many columns of the wide cases carry the signal."""
CORRELATION = 0.9
NOISE = 0.5
"""Standard deviation of the noise in a sum; products, which are often small, get less."""
COPY_NOISE = 0.1
"""Of a copy: what the second copy adds is below one percent of what both say, and so below the floor."""


def by_sign(score: Array, noise: float, rng: np.random.Generator) -> Array:
    """Return the classes y = [score + noise * e > 0]."""
    return (score + noise * rng.normal(size=len(score)) > 0).astype(int)


def one(n: int, modalities: int, rng: np.random.Generator) -> DataSet:
    """Draw y = [a_0 + 0.5 e > 0]; the best possible accuracy is 0.85."""
    X = noise_modalities(n, modalities, rng)
    return DataSet(X, by_sign(X["a"][:, 0], NOISE, rng))


def pair(n: int, modalities: int, rng: np.random.Generator) -> DataSet:
    """Draw y = [a_0 b_0 + 0.3 e > 0], neither modality says anything by itself; best accuracy 0.83."""
    X = noise_modalities(n, modalities, rng)
    return DataSet(X, by_sign(X["a"][:, 0] * X["b"][:, 0], 0.3, rng))


def triple(n: int, modalities: int, rng: np.random.Generator) -> DataSet:
    """Draw y = [a_0 b_0 c_0 + 0.2 e > 0], no pair says anything; best accuracy 0.80."""
    X = noise_modalities(n, modalities, rng)
    return DataSet(X, by_sign(X["a"][:, 0] * X["b"][:, 0] * X["c"][:, 0], 0.2, rng))


def copies(n: int, modalities: int, rng: np.random.Generator) -> DataSet:
    """Draw a_0 = s + 0.1 e, b_0 = s + 0.1 e', y = [s + 0.5 e'' > 0]; best accuracy 0.85."""
    X = noise_modalities(n, modalities, rng)
    signal = rng.normal(size=n)
    for name in "ab":
        X[name][:, 0] = signal + COPY_NOISE * rng.normal(size=n)
    return DataSet(X, by_sign(signal, NOISE, rng))


def with_twin(n: int, modalities: int, rng: np.random.Generator) -> dict[str, Array]:
    """Draw modalities of which a_0 and b_0 are correlated by 0.9."""
    X = noise_modalities(n, modalities, rng)
    X["b"][:, 0] = CORRELATION * X["a"][:, 0] + np.sqrt(1 - CORRELATION**2) * X["b"][:, 0]
    return X


def correlated(n: int, modalities: int, rng: np.random.Generator) -> DataSet:
    """Draw y = a_0 + b_0 + e with a_0 and b_0 correlated by 0.9; best R^2 0.79."""
    X = with_twin(n, modalities, rng)
    return DataSet(X, X["a"][:, 0] + X["b"][:, 0] + rng.normal(size=n))


def curved(n: int, modalities: int, rng: np.random.Generator) -> DataSet:
    """Draw y = a_0^2 + 0.5 e; b_0 is correlated by 0.9 with a_0, so a_0 b_0 is tempting; best R^2 0.89."""
    X = with_twin(n, modalities, rng)
    return DataSet(X, X["a"][:, 0] ** 2 + NOISE * rng.normal(size=n))


def beside_noise(n: int, _: int, rng: np.random.Generator) -> DataSet:
    """Draw three informative columns a beside 500 columns of noise b; best accuracy 0.85."""
    X = {"a": rng.normal(size=(n, INFORMATIVE)), "b": rng.normal(size=(n, WIDE))}
    return DataSet(X, by_sign(X["a"].sum(axis=1) / np.sqrt(INFORMATIVE), NOISE, rng))


def inside_noise(n: int, modalities: int, rng: np.random.Generator) -> DataSet:
    """Draw 500 columns a, of which three at random places are informative; best accuracy 0.85."""
    X = noise_modalities(n, modalities, rng)
    X["a"] = rng.normal(size=(n, WIDE))
    places = rng.choice(WIDE, size=INFORMATIVE, replace=False)
    return DataSet(X, by_sign(X["a"][:, places].sum(axis=1) / np.sqrt(INFORMATIVE), NOISE, rng))


def truth(subsets: str, alone: str, needed: str, synergy: str = "") -> dict[str, Accepted]:
    """Write the accepted answers: names apart by spaces, several accepted answers apart by "|".

    Examples
    --------
    >>> truth("a | b", "a b", "")["subsets"]
    (frozenset({'a'}), frozenset({'b'}))
    """
    texts = {"subsets": subsets, "alone": alone, "needed": needed, "synergy": synergy}
    return {name: tuple(frozenset(part.split()) for part in text.split("|")) for name, text in texts.items()}


ONLY_A = truth("a", "a", "a")
POWER = (
    Case("one", "one modality", CLASSES, one, ONLY_A),
    Case("pair", "a pair: a x b", CLASSES, pair, truth("a+b", "", "a b", "a+b:+")),
    Case("triple", "a triple: a x b x c", CLASSES, triple, truth("a+b+c", "", "a b c")),
    Case("copies", "two copies a, b", CLASSES, copies, truth("a | b | a b", "a b", "", "a+b:-")),
    Case("correlated", "a + b, correlated by .9", NUMBERS, correlated, truth("a b", "a b", "a b", "a+b:-")),
    Case("curved", "a squared, with a twin b", NUMBERS, curved, truth("a", "a b", "a", "a+b:-")),
    Case("beside_noise", "3 columns a, 500 of noise b", CLASSES, beside_noise, ONLY_A, modalities=2),
    Case("inside_noise", "3 of 500 columns of a", CLASSES, inside_noise, ONLY_A),
)
