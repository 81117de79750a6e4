"""Names of the verdicts on a peer's answer: what a comparison writes and rates are counted from.

They have a module of their own, so that another way of counting does not ask the peers again.
"""

VERDICTS = (
    *("modalities_exact", "modalities_wrong", "subsets_exact", "subsets_wrong"),
    *("first_modality", "first_subset"),
)
"""See `mmfusion.study.evidence.peer_comparison.compare_peers`."""
