"""Pages for the browser from the templates of this package; whatever is put in is escaped."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).parent / "templates"


def templates_digest() -> str:
    """Digest the templates: the rules whose pages are made from them have it as a parameter.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    content = hashlib.sha256()
    for path in sorted(TEMPLATES.iterdir()):
        content.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return content.hexdigest()[:16]


def render(template: str, **contents: Any) -> str:
    """Fill a template of the folder ``templates``.

    Parameters
    ----------
    template : str
        Name of its file.
    **contents
        What it shows; HTML in text is escaped unless it is wrapped in `markupsafe.Markup`.

    Returns
    -------
    str

    Raises
    ------
    jinja2.UndefinedError
        If the template shows something that is missing in `contents`.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**contents)
