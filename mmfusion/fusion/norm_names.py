"""The normalisations by name: the one list, which every other module derives from.

It is apart from their statistics (`mmfusion.fusion.prediction_statistics`), so that a configuration, a figure
or the help of a command knows the names without importing torch.
"""

from __future__ import annotations

NORM_NAMES = {"none": "none", "bn": "BN", "vbn": "VBN", "dbn": "DBN", "ibn": "IBN"}
"""Display name of every normalisation, in the order of tables, legends, colours and markers."""
