"""Sphinx configuration of the site: the pages of this folder, the tutorial, and the API from the docstrings.

Build it with ``python -m sphinx -W --keep-going -b html docs OUTPUT``. It works without a network, and
runs the tutorial, which takes about a minute; ``-D nb_execution_mode=off`` leaves its outputs out.
"""

import re
from typing import Any

from mmfusion import __version__

project = "mmfusion"
author = "The mmfusion developers"
release = version = __version__

extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "myst_nb"]
exclude_patterns = ["calibration/*-*.md"]
default_role = "code"  # `name` in a docstring is a name, as in Markdown
autodoc_typehints = "none"  # the docstrings say types and shapes
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
napoleon_google_docstring = False
myst_heading_anchors = 4
nb_execution_mode = "auto"  # runs what is committed without outputs, as the tutorial is
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 600

html_theme = "furo"
html_title = "mmfusion"
html_show_copyright = False
html_show_sourcelink = False

OUTSIDE = re.compile(r"\[([^\]]*)\]\(\.\./(?:\.\./)*([^)]+)\)")


def name_files_outside(app: Any, document: str, source: list[str]) -> None:
    """Write links to files of the checkout that are not part of the site as their names."""
    source[0] = OUTSIDE.sub(lambda link: f"{link[1]} (`{link[2]}` of the checkout)", source[0])


def setup(app: Any) -> None:
    """Connect the function above."""
    app.connect("source-read", name_files_outside)
