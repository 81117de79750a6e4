"""All peers, in the order of their rows."""

from __future__ import annotations

from mmfusion.study.peers.additive_projection import EMAP
from mmfusion.study.peers.boosting import BOOSTING
from mmfusion.study.peers.contract import Peer
from mmfusion.study.peers.fusion_estimators import LATE_FUSION, OURS
from mmfusion.study.peers.kernels import KERNELS
from mmfusion.study.peers.network_peers import LOW_RANK, RESIDUAL, TENSOR_FUSION
from mmfusion.study.peers.permutation import GROUPED_PERMUTATION
from mmfusion.study.peers.predictors import BEST_SINGLE, EARLY_FUSION
from mmfusion.study.peers.shapley import INTER_SHAP, SHAPE
from mmfusion.study.peers.tested import CFI, LOCO

PEERS: tuple[Peer, ...] = (
    OURS,
    BEST_SINGLE,
    EARLY_FUSION,
    LATE_FUSION,
    TENSOR_FUSION,
    LOW_RANK,
    RESIDUAL,
    KERNELS,
    BOOSTING,
    EMAP,
    INTER_SHAP,
    SHAPE,
    GROUPED_PERMUTATION,
    LOCO,
    CFI,
)
"""Early fusion comes before the peers that explain it. To add one, write a function from `PeerData` to
`PeerAnswer`, lift it by `one_by_one` and list its `Peer` here; the tests of the contract then try it."""
