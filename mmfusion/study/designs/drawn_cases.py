"""All drawn cases by name, each with its kind."""

from __future__ import annotations

from types import MappingProxyType

from mmfusion.study.designs.hard import HARD
from mmfusion.study.designs.nulls import NULLS
from mmfusion.study.designs.power import POWER

NOISE, PLANTED_KIND, HARD_KIND = "noise", "planted", "hard"
CASES = MappingProxyType(
    {
        case.name: (kind, case)
        for kind, cases in ((NOISE, NULLS), (PLANTED_KIND, POWER), (HARD_KIND, HARD))
        for case in cases
    }
)
PEER_CASES = tuple(name for name in CASES if name not in ("flipped_0", "flipped_10", "flipped_30"))
"""Those that peers are compared on: ``flipped_0`` is the case ``pair``, and of the others two are enough."""
