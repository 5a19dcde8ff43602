"""Reads a parsed page, whoever parsed it, as one stream of events in document order.

The stream is what the segmenter works on, so that a BeautifulSoup object and the HTML it stands for
are cut by the same code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString, PreformattedString
from selectolax.lexbor import LexborHTMLParser, LexborNode

TEXT: Final = "#text"
END: Final = "#end"

# Elements whose text no reader sees as part of the page.
_UNREAD_TAGS = frozenset(
    "script style template svg iframe frame frameset object embed applet canvas math audio video map "
    "datalist noframes noembed".split()
)
_JSON_LD = "application/ld+json"
_HIDDEN_STYLE = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)


class Event(NamedTuple):
    """One step through a page: an element opens (`tag`), text (`TEXT`) or an element closes (`END`)."""

    tag: str
    text: str
    attributes: dict[str, str]
    node: Any


_NO_ATTRIBUTES: dict[str, str] = {}


def html_events(html: str) -> Iterator[Event]:
    """Parse HTML with lexbor and yield its events."""
    root = LexborHTMLParser(html).root
    return _lexbor_events(root) if root is not None else iter(())


def _lexbor_events(root: LexborNode) -> Iterator[Event]:
    """Walk without recursion: pages nest deeper than Python's stack."""
    node: LexborNode | None = root
    open_nodes: list[LexborNode] = []
    while node is not None:
        tag = node.tag or ""
        child = None
        if tag == "-text":
            yield Event(TEXT, node.text_content or "", _NO_ATTRIBUTES, None)
        elif not tag.startswith(("-", "!", "#")):
            attributes = _strings(node.attributes)
            if tag not in _UNREAD_TAGS:
                yield Event(tag, "", attributes, node)
                child = node.child
                if child is None:
                    yield _closed(tag)
            elif _is_json_ld(tag, attributes):
                yield Event(tag, node.text() or "", attributes, None)
        if child is not None:
            open_nodes.append(node)
            node = child
            continue
        following = node.next if open_nodes else None
        while following is None and open_nodes:
            closed = open_nodes.pop()
            yield _closed(closed.tag or "")
            following = closed.next if open_nodes else None
        node = following


def soup_events(soup: BeautifulSoup | Tag) -> Iterator[Event]:
    """Yield the events of a BeautifulSoup tree, whichever parser made it.

    What the standard has every parser add, <html>, <body> and <tbody>, is added where it is missing.
    """
    top = [soup] if soup.name != "[document]" else soup.contents
    names = {child.name for child in top if isinstance(child, Tag)}
    implied = [] if "html" in names else ["html"] if names & {"head", "body"} else ["html", "body"]
    yield from (_opened(tag) for tag in implied)
    yield from _soup_events(top)
    yield from (_closed(tag) for tag in reversed(implied))


def _soup_events(top: Iterable[Any]) -> Iterator[Event]:
    stack: list[tuple[str, Iterator[Any]]] = [("", iter(top))]
    while stack:
        name, children = stack[-1]
        child = next(children, None)
        if child is None:
            stack.pop()
            if name:
                yield _closed(name)
        elif isinstance(child, _Rows):
            yield _opened("tbody")
            stack.append(("tbody", iter(child)))
        elif isinstance(child, Tag):
            attributes = _soup_attributes(child)
            if child.name not in _UNREAD_TAGS:
                yield Event(child.name, "", attributes, child)
                stack.append((child.name, _children(child)))
            elif _is_json_ld(child.name, attributes):
                yield Event(child.name, child.string or "", attributes, None)
        elif isinstance(child, NavigableString) and not isinstance(child, PreformattedString):
            yield Event(TEXT, str(child), _NO_ATTRIBUTES, None)


class _Rows(list[Any]):
    """Rows that stand in their table without a <tbody> around them."""


def _children(tag: Tag) -> Iterator[Any]:
    if tag.name != "table":
        yield from tag.contents
        return
    rows = _Rows()
    for child in tag.contents:
        if (isinstance(child, Tag) and child.name == "tr") or (rows and not isinstance(child, Tag)):
            rows.append(child)
            continue
        if rows:
            yield rows
            rows = _Rows()
        yield child
    if rows:
        yield rows


def _opened(tag: str) -> Event:
    return Event(tag, "", _NO_ATTRIBUTES, None)


def _closed(tag: str) -> Event:
    return Event(END, tag, _NO_ATTRIBUTES, None)


def _strings(attributes: dict[str, str | None]) -> dict[str, str]:
    return {name: value or "" for name, value in attributes.items()} if attributes else _NO_ATTRIBUTES


def _soup_attributes(tag: Tag) -> dict[str, str]:
    return {
        name.lower(): " ".join(value) if isinstance(value, list) else str(value or "")
        for name, value in tag.attrs.items()
    }


def hidden(tag: str, attributes: dict[str, str]) -> bool:
    """Tell whether an element's own markup hides it; `until-found` is there to be read."""
    if not attributes or tag in ("html", "body"):
        return False
    if attributes.get("hidden", "until-found").lower() != "until-found":
        return True
    style = attributes.get("style")
    return style is not None and _HIDDEN_STYLE.search(style) is not None


def _is_json_ld(tag: str, attributes: dict[str, str]) -> bool:
    return tag == "script" and attributes.get("type", "").strip().lower() == _JSON_LD
