"""Sphinx configuration of the API reference: everything comes from the docstrings of the package.

Build it with ``python -m sphinx -W --keep-going -b html docs/api OUTPUT``.
"""

from mmfusion import __version__

project = "mmfusion"
author = "The mmfusion developers"
release = version = __version__

extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon"]
default_role = "code"  # `name` in a docstring is a name, as in Markdown
autodoc_typehints = "none"  # the docstrings say types and shapes
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
napoleon_google_docstring = False

html_theme = "alabaster"
html_theme_options = {
    "description": "Relevance of modalities and of their combinations",
    "page_width": "1100px",
}
html_show_copyright = False
html_show_sourcelink = False
