"""Constants of the synthetic datasets, checked when they are made; what two motifs must keep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mmfusion.errors import ConfigError
from mmfusion.study.data.dataset import SPLITS

SYMBOLS = 4
"""Size of the alphabet; a symbol is two bits, so that XOR with a constant relabels the alphabet."""


@dataclass(frozen=True)
class PlantedSettings:
    """Constants that all synthetic datasets share.

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
            problems.append(
                f"constant: {self.constant!r} is not a symbol, expected a whole number, 0 to 3; change it."
            )
        if not self.presence:
            problems.append("presence: the list is empty, expected at least one probability; add one.")
        for view, rho in enumerate(self.presence, start=1):
            if not 0 <= rho <= 1:
                problems.append(
                    f"presence of view {view}: {rho!r} is not a probability, expected 0 to 1; change it."
                )
        if problems:
            raise ConfigError(problems, source="sequences")

    def _motif_problems(self) -> list[str]:
        if len(self.motifs) != 2 or not all(self.motifs):
            return ["motifs: expected exactly two with at least one symbol each; add or remove some."]
        problems = [f"{key}: {text}" for key, text in motif_problems(self.motifs, self.length)]
        if any(symbol not in range(SYMBOLS) for motif in self.motifs for symbol in motif):
            problems.append(
                "motifs: a symbol is outside the alphabet, expected whole numbers from 0 to 3; correct it."
            )
        return problems

    def _size_problems(self) -> list[str]:
        problems = [
            f"sizes: {split} is missing, expected a number of samples; add it."
            for split in ("train", "test")
            if split not in self.sizes
        ]
        for split, size in self.sizes.items():
            if split not in SPLITS:
                problems.append(
                    f"sizes: {split!r} is not a split, expected one of {', '.join(SPLITS)}; rename it."
                )
            if size < 2:
                problems.append(f"sizes: {split} has {size!r} samples, expected at least 2; raise it.")
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


def motif_problems(motifs: Sequence[Sequence[int]], length: int | None = None) -> Iterator[tuple[str, str]]:
    """Compare two motifs with each other, and with the length of the sequences that carry them.

    Parameters
    ----------
    motifs : pair of sequences of int
        With at least one symbol each.
    length : int, optional
        Symbols per view. Default: not compared.

    Yields
    ------
    tuple of str
        The key that is wrong, ``motifs`` or ``length``, and what is wrong, what is expected and what to do.
    """
    widths = [len(motif) for motif in motifs]
    if widths[0] != widths[1]:
        yield (
            "motifs",
            f"they have {widths[0]} and {widths[1]} symbols, expected one length; change one of them.",
        )
    if list(motifs[0]) == list(motifs[1]):
        yield "motifs", "both are the same, expected two that tell the classes apart; change one of them."
    if length is not None and length < max(widths):
        yield (
            "length",
            f"{length} is shorter than a motif ({max(widths)} symbols), expected room for it; raise it.",
        )
