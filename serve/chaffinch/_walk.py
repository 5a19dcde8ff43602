"""Walks a page once, event by event, and cuts its text at the boundaries that a reader sees."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from chaffinch._document import CUE_ATTRIBUTES, NO_CUES, Document, Element, RawBlock
from chaffinch._plaintext import clean_text
from chaffinch._tree import END, TEXT, Event, hidden

# Characters of unlinked text from which a hidden element is a panel that its reader can open (a tab, an
# accordion, a "read more") rather than a menu, a dialog or a status message: those are left out.
HIDDEN_PANEL: Final = 300

# Inline elements around a text that are remembered, the innermost: broken pages leave thousands open.
INLINE_DEPTH: Final = 32

# Elements that stay inside a line of text; everything else ends the block before it and after it.
_INLINE_TAGS = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q rb rp rt "
    "ruby s samp small span strike strong sub sup time tt u var wbr picture source img input br meta "
    "link base".split()
)
_EMPHASIS_TAGS = frozenset("b strong em i mark u".split())
_CONTROL_TAGS = frozenset("select textarea button".split())


class Walk:
    """One pass over a page's events; `document` holds the result."""

    def __init__(self, events: Iterator[Event], read_noscript: bool = False) -> None:
        self.document = Document("html")
        self.met_noscript = False
        self._read_noscript = read_noscript
        self._open = [-1]
        self._open_inline: list[tuple[str, ...]] = []
        self._links = self._emphases = self._preformatted = 0
        self._images = self._controls = self._rules = 0
        self._hidden = -1
        self._parts: list[str] = []
        self._inline: dict[tuple[str, ...], None] = {}
        self._broken = False
        self._start_block()
        self._walk(events)
        self._end_block()
        self.document.blocks = _seen(self.document.blocks)

    def _walk(self, events: Iterator[Event]) -> None:
        for event in events:
            tag = event.tag
            if tag == TEXT:
                self._text(event.text)
            elif tag == END:
                self._close(event.text)
            elif tag in _INLINE_TAGS:
                if hidden(tag, event.attributes):
                    _skip(events)
                else:
                    self._inline_opens(event)
            elif tag == "title":
                self._title(events)
            elif tag == "script":
                self._json_ld(event.text)
            elif tag == "noscript" and not self._read_noscript:
                self.met_noscript = True
                _skip(events)
            else:
                self._element_opens(event)

    def _element_opens(self, event: Event) -> None:
        self._end_block()
        tag = event.tag
        if tag == "html":
            self.document.language = event.attributes.get("lang", "")
        elif tag == "pre":
            self._preformatted += 1
        elif tag == "hr":
            self._rules += 1
        elif tag in _CONTROL_TAGS:
            self._controls += 1
        elements = self.document.elements
        elements.append(Element(tag, self._open[-1], _cues(event.attributes), event.node))
        self._open.append(len(elements) - 1)
        if self._hidden < 0 and hidden(tag, event.attributes):
            self._hidden = len(elements) - 1

    def _inline_opens(self, event: Event) -> None:
        tag, attributes = event.tag, event.attributes
        if tag == "br":
            self._line_break()
        elif tag == "a":
            self._links += 1
        elif tag in _EMPHASIS_TAGS:
            self._emphases += 1
        elif tag == "img":
            self._images += 1
        elif tag == "input":
            self._controls += attributes.get("type") != "hidden"
        elif tag in ("meta", "link"):
            self._describe(event)
        self._open_inline.append((tag, *_cues(attributes), attributes.get("href", "")))

    def _close(self, tag: str) -> None:
        if tag not in _INLINE_TAGS:
            self._end_block()
            if self._open.pop() == self._hidden:
                self._hidden = -1
            self._preformatted -= tag == "pre"
            return
        self._open_inline.pop()
        if tag == "a":
            self._links -= 1
        elif tag in _EMPHASIS_TAGS:
            self._emphases -= 1

    def _line_break(self) -> None:
        """End the block at a second <br>; one alone is a space, or a line end in <pre>."""
        if self._preformatted:
            self._parts.append("\n")
        elif self._broken:
            self._end_block()
        else:
            self._parts.append(" ")
            self._broken = True

    def _text(self, text: str) -> None:
        self._parts.append(text)
        length = len(text.strip())
        if not length:
            return
        self._broken = False
        for inline in self._open_inline[-INLINE_DEPTH:]:
            self._inline.setdefault(inline)
        if self._links:
            self._link_length += length
        if self._emphases:
            self._emphasis_length += length

    def _start_block(self) -> None:
        self._parts = []
        self._inline = {}
        self._link_length = self._emphasis_length = 0
        self._broken = False

    def _end_block(self) -> None:
        """Make a block of the text since the last boundary, if it says anything."""
        if not self._parts:
            return
        joined = "".join(self._parts)
        text = _clean_lines(joined) if self._preformatted else clean_text(joined)
        if text:
            block = RawBlock(text, self._open[-1], inline=tuple(self._inline), hidden=self._hidden)
            block.link_length = min(self._link_length, len(text))
            block.emphasis_length = min(self._emphasis_length, len(text))
            block.images, block.controls, block.rules = self._images, self._controls, self._rules
            self.document.blocks.append(block)
            self._images = self._controls = self._rules = 0
        self._start_block()

    def _title(self, events: Iterator[Event]) -> None:
        """Keep the first title; no reader sees one on the page, wherever its markup stands."""
        title = clean_text("".join(_texts(events)))
        self.document.title = self.document.title or title

    def _describe(self, event: Event) -> None:
        attributes, document = event.attributes, self.document
        if event.tag == "meta":
            name = (attributes.get("name") or attributes.get("property", "")).lower()
            if name in ("description", "og:description") and not document.description:
                document.description = clean_text(attributes.get("content", ""))
            elif name == "og:url" and not document.url:
                document.url = attributes.get("content", "").strip()
        elif event.tag == "link" and attributes.get("rel", "").lower() == "canonical":
            document.url = attributes.get("href", "").strip() or document.url

    def _json_ld(self, script: str) -> None:
        """Keep the longest `articleBody` of a page's JSON-LD."""
        if "articleBody" not in script:
            return
        try:
            bodies = list(_article_bodies(json.loads(script, strict=False)))
        except (ValueError, RecursionError):
            return
        self.document.article_body = max([self.document.article_body, *bodies], key=len)


def _seen(blocks: list[RawBlock]) -> list[RawBlock]:
    """Leave out the blocks of hidden elements, but for panels that hold something to read."""
    unlinked: Counter[int] = Counter()
    for block in blocks:
        unlinked[block.hidden] += len(block.text) - block.link_length
    return [block for block in blocks if block.hidden < 0 or unlinked[block.hidden] >= HIDDEN_PANEL]


def _article_bodies(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        body = value.get("articleBody")
        if isinstance(body, str):
            yield body
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            if isinstance(item, (dict, list)):
                yield from _article_bodies(item)


def _texts(events: Iterator[Event]) -> Iterator[str]:
    """Consume the rest of the element that just opened, yielding its text."""
    depth = 1
    for event in events:
        if event.tag == TEXT:
            yield event.text
        elif event.tag == END:
            depth -= 1
            if not depth:
                return
        elif event.tag != "script":
            depth += 1


def _skip(events: Iterator[Event]) -> None:
    """Consume the rest of the element that just opened."""
    for _ in _texts(events):
        pass


def _cues(attributes: dict[str, str]) -> tuple[str, ...]:
    if not attributes:
        return NO_CUES
    cues = [attributes.get(name, "") for name in CUE_ATTRIBUTES]
    cues[0] = " ".join(cues[0].split())  # BeautifulSoup keeps classes as a list
    return tuple(cues)


def _clean_lines(text: str) -> str:
    """Fold nothing but line ends: preformatted text keeps its lines and indents."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = [line.rstrip() if line.isascii() and line.isprintable() else _clean_line(line) for line in lines]
    return "\n".join(kept).strip("\n")


def _clean_line(line: str) -> str:
    indent = len(line) - len(line.lstrip())
    return (" " * indent + clean_text(line)).rstrip()
