"""Constants of the synthetic datasets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

SYMBOLS = 4
"""Size of the alphabet; a symbol is two bits, so that XOR with a constant relabels the alphabet."""


@dataclass(frozen=True)
class PlantedSettings:
    """Constants that all synthetic datasets share; `mmfusion.study.config` checks those of a study.

    Parameters
    ----------
    length : int
        Symbols per view.
    motifs : pair of sequences of int
        The two motifs, of equal length, symbols 0 to 3; ``motifs[k]`` is planted where a view's coin is k.
    constant : int
        The symbol, 0 to 3, with which `XRelIrrXOR` relabels view 2 into view 3 (2 is binary 10).
    presence : sequence of float
        Probability, per view of `ConditionallyIndependent`, that the view carries its motif.
    sizes : mapping of str to int
        Samples per split, at least two each; ``validation`` may be absent.
    """

    length: int = 100
    motifs: Sequence[Sequence[int]] = field(
        default_factory=lambda: [[0, 2, 1, 3, 3, 1, 2], [3, 0, 0, 2, 1, 2, 1]]
    )
    constant: int = 2
    presence: Sequence[float] = field(default_factory=lambda: [0.1, 0.3, 0.5, 0.7, 0.9])
    sizes: Mapping[str, int] = field(
        default_factory=lambda: {"train": 4000, "validation": 2000, "test": 2000}
    )
