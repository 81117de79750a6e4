"""What a study was run with: versions, processor, configuration, commit and seeds."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from mmfusion.study.plan import Study

PACKAGES = (
    "mmfusion",
    "torch",
    "numpy",
    "pandas",
    "scipy",
    "scikit-learn",
    "matplotlib",
    "seaborn",
    "snakemake",
)

WHAT_COUNTS = ("Snakefile", "workflow", "config", "mmfusion")
"""Files whose changes make a checkout differ from its commit; documentation does not."""


def provenance(study: Study, root: str | Path) -> dict[str, Any]:
    """Return the facts that another run needs to be compared with this one.

    Parameters
    ----------
    study : Study
    root : str or Path
        Folder of the checkout whose commit is named.

    Returns
    -------
    dict
        JSON values: versions, python, platform, processor, cores, config_digest, commit (with ``-modified``
        if files differ from it; None outside a checkout), seeds, mosi.
    """
    return {
        "versions": {name: _version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "config_digest": study.config_digest,
        "commit": commit_of(root),
        "seeds": list(study.config.seeds),
        "mosi": study.mosi_status,
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def commit_of(root: str | Path) -> str | None:
    """Return the commit of a checkout, with ``-modified`` if files differ from it; None outside a checkout.

    Parameters
    ----------
    root : str or Path

    Returns
    -------
    str or None
    """

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(root), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        commit = git("rev-parse", "HEAD")
        changed = git("status", "--porcelain", "--untracked-files=no", "--", *WHAT_COUNTS)
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{commit}-modified" if changed else commit
