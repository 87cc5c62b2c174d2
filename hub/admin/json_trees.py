"""JSON as a tree whose values can be picked: each with the path that leads to it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from hub.contracts import JSONValue
from hub.markdown import shorten
from hub.secrets import mask_secrets

MAX_NODES: Final = 500
MAX_DEPTH: Final = 12  # steps of a path
MAX_VALUE_CHARS: Final = 120


@dataclass(slots=True)
class Node:
    """A value and how it is reached; `children` of an object or a list. `uses`: what it is for."""

    name: str
    path: str
    value: str = ""
    is_text: bool = False
    children: list["Node"] = field(default_factory=list)
    uses: Sequence[str] = ()


def grow_tree(content: JSONValue, uses: Mapping[str, Sequence[str]]) -> list[Node]:
    """The values of an object or a list. `uses` are the names for which each path is used."""
    left = iter(range(MAX_NODES))
    return list(_children(content, "", uses, left, 1))


def paths_of(nodes: Sequence[Node]) -> Iterator[str]:
    for node in nodes:
        yield node.path
        yield from paths_of(node.children)


def _children(
    content: JSONValue,
    path: str,
    uses: Mapping[str, Sequence[str]],
    left: Iterator[int],
    depth: int,
) -> Iterator[Node]:
    """Names that are empty cannot be written as a step of a path."""
    for name, value in _members(content):
        if not name or depth > MAX_DEPTH or next(left, None) is None:
            continue
        step = name.replace(".", "\\.")
        own = f"{path}.{step}" if path else step
        node = Node(name, own, uses=uses.get(own, ()))
        if isinstance(value, Mapping | list):
            node.children = list(_children(value, own, uses, left, depth + 1))
        else:
            node.value, node.is_text = _shown(value), isinstance(value, str)
        yield node


def _members(content: JSONValue) -> Iterator[tuple[str, JSONValue]]:
    if isinstance(content, dict):
        yield from content.items()
    elif isinstance(content, list):
        yield from ((str(place), value) for place, value in enumerate(content))


def _shown(value: JSONValue) -> str:
    words = {True: "true", False: "false", None: "null"}
    text = words[value] if value is None or isinstance(value, bool) else str(value)
    return shorten(mask_secrets(text), MAX_VALUE_CHARS)
