"""The synthetic datasets: the one list of their names, each with the recipe by which it is drawn.

Words used here. A *view* is a modality: a sequence of symbols, over which one of two fixed *motifs* is
written. *Coins* are fair, independent bits; one of them is the target y. The motif of a view is the one whose
index is the XOR of the view's coins.

The idea and the names of the first three datasets are those of Ledent, Mustafa, Mehta, Vandermeulen, Kloft,
"Interpretability in Multimodal Deep Learning", poster, TU Kaiserslautern. The poster does not print its
generators: `ConditionallyIndependent`, `XRel` and `XRelIrrXOR` are our reading of its names and of its table.
`XOR` and `Parity` are positive controls that it lacks: without them a method that always answers "order one"
would pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class PlantedSpec:
    """How one dataset is drawn.

    Parameters
    ----------
    coins : tuple of str
        Latent coins other than the target ``y``.
    views : tuple of tuple of str
        Per drawn view, the coins whose XOR is the index of its motif.
    planted : tuple of str
        Labels of the subsets that carry the target; empty for `sparse`: every single view.
    statement : str
        The generator in one sentence.
    sparse : bool
        Whether the one entry of `views` is repeated for every probability in ``PlantedSettings.presence``
        (default: every drawn view carries its motif with certainty).
    relabelled : bool
        Whether one more view follows, the last drawn one XOR ``PlantedSettings.constant``.
    """

    coins: tuple[str, ...]
    views: tuple[tuple[str, ...], ...]
    planted: tuple[str, ...]
    statement: str
    sparse: bool = False
    relabelled: bool = False

    def drawn(self, presence: Sequence[float]) -> list[tuple[str, tuple[str, ...], float]]:
        """List the drawn views.

        Parameters
        ----------
        presence : sequence of float
            ``PlantedSettings.presence``; only a `sparse` dataset uses it.

        Returns
        -------
        list of tuple
            Name, coins of the motif's index, probability that the view carries its motif.
        """
        views = self.views * len(presence) if self.sparse else self.views
        chances = presence if self.sparse else (1.0,) * len(views)
        return [
            (str(number), coins, rho)
            for number, (coins, rho) in enumerate(zip(views, chances, strict=True), start=1)
        ]


PLANTED_DATASETS: Mapping[str, PlantedSpec] = MappingProxyType(
    {
        "ConditionallyIndependent": PlantedSpec(
            coins=(),
            views=(("y",),),
            planted=(),
            statement="View m carries motif[y] with probability presence[m], independently given y.",
            sparse=True,
        ),
        "XRel": PlantedSpec(
            coins=("t",),
            views=(("y",), ("t",)),
            planted=("1",),
            statement="View 1 carries motif[y], view 2 motif[t].",
        ),
        "XRelIrrXOR": PlantedSpec(
            coins=("t",),
            views=(("y",), ("t",)),
            planted=("1",),
            statement="View 1 carries motif[y], view 2 motif[t]; view 3 is view 2 XOR the constant.",
            relabelled=True,
        ),
        "XOR": PlantedSpec(
            coins=("t1", "t"),
            views=(("t1",), ("t1", "y"), ("t",)),
            planted=("1+2",),
            statement="View 1 carries motif[t1], view 2 motif[t1 xor y], view 3 motif[t].",
        ),
        "Parity": PlantedSpec(
            coins=("t1", "t2"),
            views=(("t1",), ("t2",), ("t1", "t2", "y")),
            planted=("1+2+3",),
            statement="View 1 carries motif[t1], view 2 motif[t2], view 3 motif[t1 xor t2 xor y].",
        ),
    }
)
"""The datasets by name, in the order of panels and tables."""
