"""What YAML's own nodes show before they become values: keys written twice, and content without an end.

An alias (``*name``) stands for what the anchor (``&name``) is written before. A few lines of aliases of
aliases stand for billions of values, and an alias inside its own anchor for infinitely many.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import yaml

MOST_VALUES = 100_000
"""Values of a configuration, aliases counted as what they stand for."""
MOST_LEVELS = 50
"""Groups and lists inside each other."""


class _Extent(NamedTuple):
    values: int
    levels: int


def excess(node: yaml.Node) -> str:
    """Write the sentence about content that is too much to read; empty if it is not.

    Parameters
    ----------
    node : yaml.Node
        The whole document.

    Returns
    -------
    str
    """
    try:
        _extent(node, {})
    except ValueError as error:
        return str(error)
    return ""


def _extent(node: yaml.Node, known: dict[int, _Extent | None]) -> _Extent:
    """Count values and levels of a node, once for all its aliases; None marks those that are not complete."""
    line = f"line {node.start_mark.line + 1}: "
    if id(node) in known:
        extent = known[id(node)]
        if extent is None:
            raise ValueError(
                f"{line}this contains itself by an alias, expected content with an end; write it out."
            )
        return extent
    known[id(node)] = None
    inside = [_extent(child, known) for child in _children(node)]
    extent = _Extent(
        1 + sum(child.values for child in inside), 1 + max((child.levels for child in inside), default=0)
    )
    if extent.values > MOST_VALUES:
        raise ValueError(
            f"{line}this stands for more than {MOST_VALUES:,} values (aliases are counted as what they stand "
            "for), expected fewer; remove some."
        )
    if extent.levels > MOST_LEVELS:
        raise ValueError(f"{line}{TOO_DEEP}")
    known[id(node)] = extent
    return extent


TOO_DEEP = (
    f"there are more than {MOST_LEVELS} groups and lists inside each other, expected fewer; check the "
    "brackets here."
)


def repeated_keys(node: yaml.Node) -> list[str]:
    """Write a sentence for every key that is written twice in one group; YAML itself keeps the last of them.

    Parameters
    ----------
    node : yaml.Node
        The whole document, of which `excess` has found nothing.

    Returns
    -------
    list of str
        In the order of the file.
    """
    repeats: dict[int, list[str]] = {}
    for group in _groups(node, set()):
        lines: dict[str, int] = {}
        for key, _ in group.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in lines:
                repeats.setdefault(line, []).append(
                    f"line {line}: the key {key.value} was set in line {lines[key.value]} already, expected "
                    "it once; remove one of them."
                )
            lines.setdefault(key.value, line)
    return [sentence for line in sorted(repeats) for sentence in repeats[line]]


def _groups(node: yaml.Node, seen: set[int]) -> Iterator[yaml.MappingNode]:
    """List all groups of keys, those behind several aliases once."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        yield node
    for child in _children(node):
        yield from _groups(child, seen)


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []
