"""The provenance of a run: versions, processor, configuration, commit and seeds."""

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

CODE_AND_CONFIG = ("Snakefile", "workflow", "config", "mmfusion")
"""Files that a modified checkout differs in; changed documentation does not count."""


def provenance(study: Study, root: str | Path) -> dict[str, Any]:
    """Return the facts that a comparison with another run needs.

    Parameters
    ----------
    study : Study
    root : str or Path
        Folder of the checkout.

    Returns
    -------
    dict
        JSON values: versions, python, platform, processor, cores, config_digest, commit (see `commit_of`),
        seeds, mosi (a sentence on whether CMU-MOSI is part of the study).
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
    """Return the commit of a checkout.

    Parameters
    ----------
    root : str or Path
        Folder of the checkout.

    Returns
    -------
    str or None
        The commit, with ``-modified`` if code, workflow or configuration differ from it; None outside a
        checkout, without a commit and without git.
    """

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(root), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        commit = git("rev-parse", "HEAD")
        changed = git("status", "--porcelain", "--untracked-files=no", "--", *CODE_AND_CONFIG)
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{commit}-modified" if changed else commit
