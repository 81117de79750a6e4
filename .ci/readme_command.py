"""Print the n-th command of the README: the code blocks right after the markers <!-- command n -->."""

import re
import sys
from pathlib import Path

text = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
found = re.search(rf"<!-- command {sys.argv[1]} -->\s*```[a-z]*\n(.*?)```", text, re.DOTALL)
if found is None:
    sys.exit(f"README.md has no code block after the marker <!-- command {sys.argv[1]} -->")
print(found.group(1).strip())
