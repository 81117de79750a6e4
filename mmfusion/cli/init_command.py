"""Writing the commented configuration with which a study of your own data begins."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from mmfusion.errors import InputError
from mmfusion.files import file_to_replace, write_text

COMMITTED = "config/mine.yaml"
"""Path of the template in a checkout, a link to the file of this package; its comments mention it."""

SCHEMA_LINE = "# yaml-language-server: $schema=schema.json\n"
"""First line of the template: it points an editor to the schema, which is in a checkout only."""


def write_template(path: Path) -> None:
    """Write the configuration; commands in its comments name it by its full path, since they run elsewhere.

    Parameters
    ----------
    path : Path

    Raises
    ------
    InputError
        If the file exists already or cannot be written.
    """
    template = files("mmfusion.cli").joinpath("mine.yaml").read_text(encoding="utf-8")
    try:
        if path.exists():
            raise InputError(f"{path} exists already, expected a new name; nothing was written.")
        write_text(
            path, template.removeprefix(SCHEMA_LINE).replace(COMMITTED, str(file_to_replace(path).resolve()))
        )
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error}), expected a folder that takes it.") from None
