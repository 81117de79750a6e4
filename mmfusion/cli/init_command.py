"""The commented configuration that a study of one's own data begins with."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from mmfusion.errors import InputError
from mmfusion.files import write_text

COMMITTED = "config/mine.yaml"
"""Name of the template in a checkout, which its comments mention."""


def write_template(path: Path) -> None:
    """Write the configuration.

    Parameters
    ----------
    path : Path

    Raises
    ------
    InputError
        If there is a file of that name.
    """
    if path.exists():
        raise InputError(f"{path}: there is such a file already, expected a new name; nothing was written.")
    template = files("mmfusion.cli").joinpath("mine.yaml").read_text(encoding="utf-8")
    write_text(path, template.replace(COMMITTED, str(path)))
