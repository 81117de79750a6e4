"""Settings that the generators of planted sequences share, checked when they are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mmfusion.errors import ConfigError
from mmfusion.study.data.dataset import SPLITS

SYMBOLS = 4
"""Size of the alphabet; a symbol is two bits, so that XOR with a constant relabels the alphabet."""


@dataclass(frozen=True)
class SequenceSettings:
    """What all five generators share.

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

    Raises
    ------
    ConfigError
        If settings contradict the above; all mistakes at once.
    """

    length: int = 100
    motifs: tuple[tuple[int, ...], tuple[int, ...]] = ((0, 2, 1, 3, 3, 1, 2), (3, 0, 0, 2, 1, 2, 1))
    constant: int = 2
    presence: tuple[float, ...] = (0.1, 0.3, 0.5, 0.7, 0.9)
    sizes: Mapping[str, int] = field(
        default_factory=lambda: {"train": 4000, "validation": 2000, "test": 2000}, hash=False
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "motifs", tuple(tuple(motif) for motif in self.motifs))
        object.__setattr__(self, "presence", tuple(self.presence))
        object.__setattr__(self, "sizes", dict(self.sizes))
        problems = [*self._motif_problems(), *self._size_problems()]
        if self.constant not in range(SYMBOLS):
            problems.append(f"constant: {self.constant!r} is no symbol, expected a whole number from 0 to 3.")
        if not self.presence:
            problems.append("presence: no view given, expected at least one probability.")
        for view, rho in enumerate(self.presence, start=1):
            if not 0 <= rho <= 1:
                problems.append(f"presence of view {view}: {rho!r} is no probability, expected 0 to 1.")
        if problems:
            raise ConfigError(problems, source="sequence settings")

    def _motif_problems(self) -> list[str]:
        motifs = self.motifs
        if len(motifs) != 2 or len(motifs[0]) != len(motifs[1]) or not motifs[0]:
            return ["motifs: expected exactly two, of one length and with at least one symbol each."]
        problems = []
        if motifs[0] == motifs[1]:
            problems.append("motifs: both are the same, so that no view can tell the classes; change one.")
        if any(symbol not in range(SYMBOLS) for motif in motifs for symbol in motif):
            problems.append("motifs: a symbol is outside the alphabet, expected whole numbers from 0 to 3.")
        if self.length < len(motifs[0]):
            problems.append(
                f"length: {self.length} is shorter than a motif ({len(motifs[0])} symbols); "
                "lengthen the sequences or shorten the motifs."
            )
        return problems

    def _size_problems(self) -> list[str]:
        problems = [
            f"sizes: {split} is missing, expected a number of samples."
            for split in ("train", "test")
            if split not in self.sizes
        ]
        for split, size in self.sizes.items():
            if split not in SPLITS:
                problems.append(f"sizes: {split!r} is no split, expected one of {', '.join(SPLITS)}.")
            if size < 2:
                problems.append(f"sizes: {split} has {size!r} samples, expected at least 2.")
        return problems

    def as_parameters(self) -> dict[str, Any]:
        """Return the settings as plain JSON values, readable by the constructor."""
        return {
            "length": self.length,
            "motifs": [list(motif) for motif in self.motifs],
            "constant": self.constant,
            "presence": list(self.presence),
            "sizes": dict(self.sizes),
        }
