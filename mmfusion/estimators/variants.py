"""Variants of the networks of an estimator, among which the out-of-fold loss chooses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from mmfusion.estimators.modalities import LINEAR, VECTOR
from mmfusion.training.modality import Modality

ADDITIVE, AS_GIVEN = "additive", "as given"
"""Linear encoders without products of modalities; encoders of which none is free."""


class Variant(NamedTuple):
    """One way to build the networks.

    Parameters
    ----------
    modalities : tuple of Modality
        In modality order, with their encoders.
    order : int or None, default None
        Largest size of a subset, where it is smaller than elsewhere.
    """

    modalities: tuple[Modality, ...]
    order: int | None = None


def network_variants(
    modalities: Sequence[Modality], encoders: Any, *, chosen: bool, products: bool
) -> dict[str, Variant]:
    """Return the variants: vectors with a hidden layer, linear features of them, and these without products.

    Without products of modalities, and with linear features, the scores are a linear model: what is linear is
    found in fewer steps, from fewer samples, and with contrasts of columns of different modalities.

    Parameters
    ----------
    modalities : sequence of Modality
        As `mmfusion.estimators.modalities.choose_modalities` gives them.
    encoders : mapping or None
        The parameter of the estimators; modalities that it has keep their encoder.
    chosen : bool
        Whether there is a choice at all.
    products : bool
        Whether there are products of modalities.

    Returns
    -------
    dict of str to Variant
        By the kind of the encoder of vectors, "as given" where no vector has a free encoder. "additive", the
        one without products, only where all modalities are vectors with a free encoder.
    """
    free = [m.name for m in modalities if m.kind == VECTOR and m.name not in (encoders or {})]
    variants = {VECTOR if free else AS_GIVEN: Variant(tuple(modalities))}
    if not (chosen and free):
        return variants
    variants[LINEAR] = linear = Variant(
        tuple(
            replace(m, kind=LINEAR, arguments={key: m.arguments[key] for key in ("dim", "input_dropout")})
            if m.name in free
            else m
            for m in modalities
        )
    )
    if products and len(free) == len(modalities):
        variants[ADDITIVE] = linear._replace(order=1)
    return variants
