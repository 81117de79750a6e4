"""A page for the browser from texts in Markdown, pictures inside."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import PurePosixPath

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from mmfusion.pages.rendering import render

SCROLLING = '<div class="scroll" role="region" aria-label="Table {}" tabindex="0"><table>'


def markdown_page(title: str, texts: Sequence[str], pictures: Mapping[str, str]) -> str:
    """Write a page; every text is a section, whose first heading stands in the contents.

    Parameters
    ----------
    title : str
    texts : sequence of str
        Markdown; HTML in them is shown as text.
    pictures : mapping of str to str
        Data URIs by the name of the file that a text shows; other pictures are left out.

    Returns
    -------
    str
    """
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    contents, sections = [], []
    for number, text in enumerate(texts):
        tokens = [token for token in parser.parse(text) if not _is_lost(token, pictures)]
        heads = []
        for token, inner in pairwise(tokens):
            if token.type in ("heading_open", "heading_close"):
                token.tag = f"h{int(token.tag[1:]) + 1}"
            if token.type == "heading_open":
                anchor = f"part-{number}-{re.sub(r'[^a-z0-9]+', '-', inner.content.lower()).strip('-')}"
                token.attrSet("id", anchor)
                heads.append((anchor, inner.content))
            for child in token.children or ():
                if child.type == "image":
                    child.attrSet("src", pictures[_name(child)])
        contents += heads[:1]
        sections.append(parser.renderer.render(tokens, parser.options, {}))
    first, *tables = "\n".join(sections).replace("</table>", "</table></div>").split("<table>")
    whole = first + "".join(SCROLLING.format(count) + part for count, part in enumerate(tables, 1))
    return render("text.html", title=title, contents=contents, text=Markup(whole))  # the parser escaped it


def _name(image: Token) -> str:
    return PurePosixPath(str(image.attrGet("src"))).name


def _is_lost(token: Token, pictures: Mapping[str, str]) -> bool:
    """Say whether a token shows a picture that the page does not have."""
    return any(child.type == "image" and _name(child) not in pictures for child in token.children or ())
