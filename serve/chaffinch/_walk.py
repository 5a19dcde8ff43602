"""Walks a page once, element by element, and cuts its text at the boundaries that a reader sees."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import accumulate, compress
from typing import Any, Final

from chaffinch._document import NO_CUES, NO_LINK, Document, RawBlock
from chaffinch._plaintext import clean_text
from chaffinch._tree import Attributes, Reader, hidden

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
# Of those, the ones that hold nothing: no text stands within them.
_VOID_TAGS = frozenset("br img input meta link wbr source base".split())
# Block-level elements that are more than a boundary: controls, and what is told apart in `_note`.
_NOTED_TAGS = frozenset("html pre select textarea button".split())
_NO_OTHER_CUES = NO_CUES[1:]


class Walk:
    """The `Reader` of one pass over a page, which `read` leads; `document` holds the result."""

    def __init__(self, read: Callable[[Reader], None], read_noscript: bool = False) -> None:
        self.document = Document("html")
        self.met_noscript = False
        self._certain_url = False
        self._read_noscript = read_noscript
        self._open = [-1]
        self._open_inline: list[int] = []
        self._inline_numbers: dict[tuple[str, ...], int] = {}
        self._links = self._preformatted = self._images = self._controls = 0
        self._hidden = -1
        self._parts: list[str] = []
        self._inline: dict[int, None] = {}
        self._broken = False
        self._start_block()
        read(self)
        self._end_block()
        self.document.inline = list(self._inline_numbers)
        _leave_out_hidden(self.document)

    def opens(self, tag: str, attributes: Attributes, node: Any) -> bool:
        """Take an element; hidden inline ones are not read within, <noscript> only where it is to be read."""
        hides = ("style" in attributes or "hidden" in attributes) and hidden(tag, attributes)
        if tag in _INLINE_TAGS:
            if hides:
                return False
            if tag in _VOID_TAGS:  # lxml puts an <img> after a <source> within it
                self._void(tag, attributes)
            else:
                self._inline_opens(tag, attributes)
        elif tag == "noscript" and not self._read_noscript:
            self.met_noscript = True
            return False
        else:
            self._element_opens(tag, attributes, node, hides)
        return True

    def _element_opens(self, tag: str, attributes: Attributes, node: Any, hides: bool) -> None:
        if self._parts:
            self._end_block()
        if tag in _NOTED_TAGS:
            self._note(tag, attributes)
        document = self.document
        look = tag, _cues(attributes)
        number = document.elements.open(look, self._open[-1], len(document.blocks), node)
        self._open.append(number)
        if hides and self._hidden < 0:
            self._hidden = number

    def _note(self, tag: str, attributes: Attributes) -> None:
        if tag == "html":
            self.document.language = attributes.get("lang") or ""
        elif tag == "pre":
            self._preformatted += 1
        else:
            self._controls += 1

    def _inline_opens(self, tag: str, attributes: Attributes) -> None:
        link = NO_LINK
        if tag == "a":
            self._links += 1
            value = attributes.get
            link = (value("href") or "", value("rel") or "", value("target") or "")
        numbers = self._inline_numbers
        self._open_inline.append(numbers.setdefault((tag, *_cues(attributes), *link), len(numbers)))

    def _void(self, tag: str, attributes: Attributes) -> None:
        if tag == "br":
            self._line_break()
        elif tag == "img":
            self._images += 1
        elif tag == "input":
            self._controls += attributes.get("type") != "hidden"
        elif tag in ("meta", "link"):
            self._describe(tag, attributes)

    def closes(self, tag: str) -> None:
        """Take the end of an element."""
        if tag not in _INLINE_TAGS:
            if self._parts:
                self._end_block()
            number = self._open.pop()
            self.document.elements.lasts[number] = len(self.document.blocks)
            if number == self._hidden:
                self._hidden = -1
            if tag == "pre":
                self._preformatted -= 1
        elif tag not in _VOID_TAGS:
            self._open_inline.pop()
            if tag == "a":
                self._links -= 1

    def _line_break(self) -> None:
        """End the block at a second <br>; one alone is a space, or a line end in <pre>."""
        if self._preformatted:
            self._parts.append("\n")
        elif self._broken:
            self._end_block()
        else:
            self._parts.append(" ")
            self._broken = True

    def text(self, text: str) -> None:
        """Take a run of text."""
        # White space at a block's start says nothing, and most of a page's texts are that.
        if not self._parts and not self._preformatted and text.isspace():
            return
        self._parts.append(text)
        length = len(text.strip())
        if not length:
            return
        self._broken = False
        if self._open_inline:
            for inline in self._open_inline[-INLINE_DEPTH:]:
                self._inline.setdefault(inline)
        if self._links:
            self._link_length += length

    def _start_block(self) -> None:
        self._parts = []
        self._inline = {}
        self._link_length = 0
        self._broken = False

    def _end_block(self) -> None:
        """Make a block of the text since the last boundary, if it says anything."""
        joined = "".join(self._parts)
        text = _clean_lines(joined) if self._preformatted else clean_text(joined)
        if text:
            block = RawBlock(
                text,
                self._open[-1],
                min(self._link_length, len(text)),
                tuple(self._inline),
                self._images,
                self._controls,
                self._hidden,
            )
            self.document.blocks.append(block)
            self._images = self._controls = 0
        self._start_block()

    def title(self, text: str) -> None:
        """Keep the first title; no reader sees one on the page, wherever its markup stands."""
        self.document.title = self.document.title or clean_text(text)

    def _describe(self, tag: str, attributes: Attributes) -> None:
        document = self.document
        if tag == "meta":
            name = (attributes.get("name") or attributes.get("property") or "").lower()
            if name in ("description", "og:description") and not document.description:
                document.description = clean_text(attributes.get("content") or "")
            elif name == "og:title" and not document.shared_title:
                document.shared_title = clean_text(attributes.get("content") or "")
            elif name == "og:url":  # a syndicated page names its source as canonical, but not here
                own = (attributes.get("content") or "").strip()
                if own:
                    document.url, self._certain_url = own, True
        elif tag == "link" and (attributes.get("rel") or "").lower() == "canonical" and not self._certain_url:
            document.url = (attributes.get("href") or "").strip() or document.url

    def json_ld(self, script: str) -> None:
        """Keep the longest `articleBody` of a page's JSON-LD."""
        if "articleBody" not in script:
            return
        try:
            bodies = list(_article_bodies(json.loads(script, strict=False)))
        except (ValueError, RecursionError):
            return
        self.document.article_body = max([self.document.article_body, *bodies], key=len)


def _leave_out_hidden(document: Document) -> None:
    """Leave out the blocks of hidden elements, but for panels that hold something to read."""
    unlinked: Counter[int] = Counter()
    for block in document.blocks:
        if block.hidden >= 0:
            unlinked[block.hidden] += len(block.text) - block.link_length
    left_out = {element for element, length in unlinked.items() if length < HIDDEN_PANEL}
    if not left_out:
        return
    seen = [block.hidden not in left_out for block in document.blocks]
    before = [0, *accumulate(map(int, seen))]
    elements = document.elements
    elements.firsts = [before[first] for first in elements.firsts]
    elements.lasts = [before[last] for last in elements.lasts]
    document.blocks = list(compress(document.blocks, seen))


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


def _cues(attributes: Attributes) -> tuple[str, ...]:
    """Return the values of `CUE_ATTRIBUTES`; written out, for it runs at every element."""
    if not attributes:
        return NO_CUES
    value = attributes.get
    classes = " ".join((value("class") or "").split())  # BeautifulSoup keeps them as a list
    if classes and len(attributes) == 1:
        return (classes, *_NO_OTHER_CUES)
    return (
        classes,
        value("id") or "",
        value("role") or "",
        value("itemprop") or "",
        value("itemtype") or "",
        value("aria-label") or "",
    )


def _clean_lines(text: str) -> str:
    """Fold nothing but line ends: preformatted text keeps its lines and indents."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = [line.rstrip() if line.isascii() and line.isprintable() else _clean_line(line) for line in lines]
    return "\n".join(kept).strip("\n")


def _clean_line(line: str) -> str:
    indent = len(line) - len(line.lstrip())
    return (" " * indent + clean_text(line)).rstrip()
