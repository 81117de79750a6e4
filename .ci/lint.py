"""Run `snakemake --lint` and compare its findings with those that may remain, each with its reason.

A finding that is not listed fails, and so does a listed one that is no longer found.
"""

import subprocess
import sys

MAY_REMAIN = {
    "Specify a conda environment or container for each rule.": (
        "Every rule runs the installed package, whose versions constraints.txt locks: one environment. "
        "An image or a conda file of the same list would be a second truth that nothing here tests."
    ),
}

report = subprocess.run(["snakemake", "--lint"], capture_output=True, text=True, check=False).stderr
found = set()
place = ""
for line in report.splitlines():
    if line.startswith("Lints for "):
        place = line.removeprefix("Lints for ").rstrip(":")
    elif line.startswith("    * "):
        found.add((line.removeprefix("    * ").removesuffix(":"), place))
if not found and "Congratulations" not in report:
    sys.exit(f"snakemake --lint gave no report that can be read:\n{report}")
new = sorted((title, place) for title, place in found if title not in MAY_REMAIN)
gone = sorted(set(MAY_REMAIN) - {title for title, _ in found})
for title, place in new:
    print(f"snakemake --lint, {place}: {title}")
for title in gone:
    print(f"snakemake --lint: no longer found, remove it from .ci/lint.py: {title}")
print(f"snakemake --lint: {len(found)} findings, {len(new)} of them not allowed")
sys.exit(bool(new or gone))
