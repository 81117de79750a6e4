"""Check that the report is one self-contained file with all figures and pages."""

import sys
from pathlib import Path

from mmfusion.study.figures.figure_definitions import FIGURES

text = Path(sys.argv[1]).read_text(encoding="utf-8")
expected = [*FIGURES, "index", "toy_table", "predictions"]
missing = [name for name in expected if name not in text]
if missing:
    sys.exit(f"{sys.argv[1]}: no trace of {', '.join(missing)}, expected it in the report")
print(f"{sys.argv[1]}: {len(text) / 1e6:.1f} MB, holds {', '.join(expected)}")
