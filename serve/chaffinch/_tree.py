"""Reads a parsed page, whoever parsed it, to one reader in document order.

What it is told is all the segmenter knows, so that a BeautifulSoup object and the HTML it stands for are
cut by the same code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, Protocol, TypeAlias

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString, PreformattedString
from selectolax.lexbor import LexborHTMLParser

# Elements whose text no reader sees as part of the page.
_UNREAD_TAGS = frozenset(
    "title script style template svg iframe frame frameset object embed applet canvas math audio video map "
    "datalist noframes noembed".split()
)
# How lexbor's names for comments, doctypes and processing instructions begin, and what it calls text.
_NO_ELEMENT = frozenset("-!#")
_TEXT = "-text"
_JSON_LD = "application/ld+json"
_HIDDEN_STYLE = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)

# The attributes of an element, None where one has no value.
Attributes: TypeAlias = dict[str, "str | None"]
_NO_ATTRIBUTES: Final[Attributes] = {}


class Reader(Protocol):
    """What a page is read to, call by call: thousands a page, and anything more takes as long as parsing."""

    def opens(self, tag: str, attributes: Attributes, node: Any) -> bool:
        """Take an element, and itself where it is BeautifulSoup's; tell whether to read on within it.

        lexbor's nodes are not handed on: to keep a wrapper of each costs more than to walk the tree.
        """

    def closes(self, tag: str) -> None:
        """Take the end of an element that was read within."""

    def text(self, text: str) -> None:
        """Take a run of text."""

    def title(self, text: str) -> None:
        """Take the text of a <title>, instead of the element."""

    def json_ld(self, script: str) -> None:
        """Take a script of linked data, instead of the element."""


def read_html(html: str, reader: Reader) -> None:
    """Parse HTML with lexbor and read it, without recursion: pages nest deeper than Python's stack."""
    node = LexborHTMLParser(html).root
    opens, closes, read_text = reader.opens, reader.closes, reader.text
    open_nodes: list[tuple[Any, str]] = []
    while node is not None:
        tag = node.tag or ""
        if tag == _TEXT:
            read_text(node.text_content or "")
        elif tag in _UNREAD_TAGS:
            if tag == "title":
                reader.title(node.text() or "")
            elif _is_json_ld(tag, node.attributes):
                reader.json_ld(node.text() or "")
        elif tag[:1] not in _NO_ELEMENT and opens(tag, node.attributes, None):
            child = node.child
            if child is not None:
                open_nodes.append((node, tag))
                node = child
                continue
            closes(tag)
        following = node.next if open_nodes else None
        while following is None and open_nodes:
            closed, tag = open_nodes.pop()
            closes(tag)
            following = closed.next if open_nodes else None
        node = following


def read_soup(soup: BeautifulSoup | Tag, reader: Reader) -> None:
    """Read a BeautifulSoup tree, whichever parser made it.

    What the standard has every parser add, <html>, <body> and <tbody>, is added where it is missing.
    """
    top = [soup] if soup.name != "[document]" else soup.contents
    names = {child.name for child in top if isinstance(child, Tag)}
    implied = [] if "html" in names else ["html"] if names & {"head", "body"} else ["html", "body"]
    for tag in implied:
        reader.opens(tag, _NO_ATTRIBUTES, None)
    _read_soup(top, reader)
    for tag in reversed(implied):
        reader.closes(tag)


def _read_soup(top: Iterable[Any], reader: Reader) -> None:
    stack: list[tuple[str, Iterator[Any]]] = [("", iter(top))]
    while stack:
        name, children = stack[-1]
        child = next(children, None)
        if child is None:
            stack.pop()
            if name:
                reader.closes(name)
        elif isinstance(child, _Rows):
            reader.opens("tbody", _NO_ATTRIBUTES, None)
            stack.append(("tbody", iter(child)))
        elif isinstance(child, Tag):
            attributes = _soup_attributes(child)
            if child.name == "title":
                reader.title("".join(str(part) for part in child.descendants if _is_text(part)))
            elif child.name in _UNREAD_TAGS:
                if _is_json_ld(child.name, attributes):
                    reader.json_ld(child.string or "")
            elif reader.opens(child.name, attributes, child):
                stack.append((child.name, _children(child)))
        elif _is_text(child):
            reader.text(str(child))


def _is_text(child: Any) -> bool:
    return isinstance(child, NavigableString) and not isinstance(child, PreformattedString)


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


def _soup_attributes(tag: Tag) -> Attributes:
    return {
        name.lower(): " ".join(value) if isinstance(value, list) else str(value or "")
        for name, value in tag.attrs.items()
    }


def hidden(tag: str, attributes: Attributes) -> bool:
    """Tell whether an element's own markup hides it; `until-found` is there to be read."""
    if tag in ("html", "body"):
        return False
    if "hidden" in attributes and (attributes["hidden"] or "").lower() != "until-found":
        return True
    return _HIDDEN_STYLE.search(attributes.get("style") or "") is not None


def _is_json_ld(tag: str, attributes: Attributes) -> bool:
    return tag == "script" and (attributes.get("type") or "").strip().lower() == _JSON_LD
