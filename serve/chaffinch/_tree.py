"""Reads a parsed page, whoever parsed it, as one stream of events in document order.

The stream is what the segmenter works on, so that a BeautifulSoup object and the HTML it stands for
are cut by the same code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeAlias

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
# How lexbor's names for comments, doctypes and processing instructions begin.
_NO_ELEMENT = ("-", "!", "#")
_JSON_LD = "application/ld+json"
_HIDDEN_STYLE = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)


# One step through a page: an element opens (its tag), text (`TEXT`) or an element closes (`END`); then the
# text, or the tag that closes; the attributes, None where one has no value; the element itself where it is
# BeautifulSoup's (lexbor's nodes are not kept: a wrapper of each costs more than walking the tree). Plain
# tuples: thousands a page, and anything more takes as long as the parser.
Attributes: TypeAlias = dict[str, "str | None"]
Event: TypeAlias = tuple[str, str, Attributes, Any]

_NO_ATTRIBUTES: Final[Attributes] = {}


def html_events(html: str) -> Iterator[Event]:
    """Parse HTML with lexbor and yield its events."""
    root = LexborHTMLParser(html).root
    return _lexbor_events(root) if root is not None else iter(())


def _lexbor_events(root: LexborNode) -> Iterator[Event]:
    """Walk without recursion: pages nest deeper than Python's stack."""
    node: LexborNode | None = root
    open_nodes: list[tuple[LexborNode, str]] = []
    while node is not None:
        tag = node.tag or ""
        child = None
        if tag == "-text":
            yield TEXT, node.text_content or "", _NO_ATTRIBUTES, None
        elif tag in _UNREAD_TAGS:
            if _is_json_ld(tag, node.attributes):
                yield tag, node.text() or "", _NO_ATTRIBUTES, None
        elif not tag.startswith(_NO_ELEMENT):
            yield tag, "", node.attributes, None
            child = node.child
            if child is None:
                yield END, tag, _NO_ATTRIBUTES, None
        if child is not None:
            open_nodes.append((node, tag))
            node = child
            continue
        following = node.next if open_nodes else None
        while following is None and open_nodes:
            closed, tag = open_nodes.pop()
            yield END, tag, _NO_ATTRIBUTES, None
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
                yield child.name, "", attributes, child
                stack.append((child.name, _children(child)))
            elif _is_json_ld(child.name, attributes):
                yield child.name, child.string or "", attributes, None
        elif isinstance(child, NavigableString) and not isinstance(child, PreformattedString):
            yield TEXT, str(child), _NO_ATTRIBUTES, None


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
    return tag, "", _NO_ATTRIBUTES, None


def _closed(tag: str) -> Event:
    return END, tag, _NO_ATTRIBUTES, None


def _soup_attributes(tag: Tag) -> Attributes:
    return {
        name.lower(): " ".join(value) if isinstance(value, list) else str(value or "")
        for name, value in tag.attrs.items()
    }


def hidden(tag: str, attributes: Attributes) -> bool:
    """Tell whether an element's own markup hides it; `until-found` is there to be read."""
    if "hidden" not in attributes and "style" not in attributes:
        return False
    if tag in ("html", "body"):
        return False
    if "hidden" in attributes and (attributes["hidden"] or "").lower() != "until-found":
        return True
    return _HIDDEN_STYLE.search(attributes.get("style") or "") is not None


def _is_json_ld(tag: str, attributes: Attributes) -> bool:
    return tag == "script" and (attributes.get("type") or "").strip().lower() == _JSON_LD
