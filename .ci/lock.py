"""Write requirements/*.txt: the versions of constraints.txt with the SHA-256 of every file in the index.

It needs uv, and the network. torch and what it brings on Linux are apart from the rest, since the build of
torch for the processor (requirements/torch-cpu.txt, which is written by hand) does without that.
"""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMPILE = [
    *("uv", "pip", "compile", "pyproject.toml", "--constraints", "constraints.txt", "--quiet"),
    *("--universal", "--python-version", "3.11.5", "--generate-hashes", "--no-annotate", "--no-header"),
]
OF_TORCH = re.compile(r"torch|triton|nvidia-|cuda-")
OF_BUILDING = re.compile("setuptools")
HEADS = {
    "build": "What builds mmfusion, and the packages that have no wheels.",
    "run": "What the package and the study need, but torch.",
    "test": "What the extra test needs on top of run.txt.",
    "torch": "torch of the index, with the libraries for graphics processors that it needs on Linux.",
}


def compiled(*arguments: str) -> dict[str, str]:
    """Lines of every locked package, by name."""
    text = subprocess.run([*COMPILE, *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    parts = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)
    return {part.partition("==")[0]: part for part in parts if part}


def main() -> None:
    """Run the command."""
    run, test = compiled(), compiled("--extra", "test")
    apart = {
        "build": {name: part for name, part in run.items() if OF_BUILDING.match(name)},
        "torch": {name: part for name, part in run.items() if OF_TORCH.match(name)},
    }
    parts = {
        **{kind: list(packages.values()) for kind, packages in apart.items()},
        "run": [part for name, part in run.items() if name not in apart["build"] | apart["torch"]],
        "test": [part for name, part in test.items() if name not in run],
    }
    for name, packages in parts.items():
        head = f"# {HEADS[name]}\n# Written by `python .ci/lock.py`; pip compares files with these SHA-256.\n"
        (ROOT / f"requirements/{name}.txt").write_text(head + "".join(packages), encoding="utf-8")


if __name__ == "__main__":
    main()
