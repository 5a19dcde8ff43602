"""Cuts a page into blocks: the only segmenter, imported by training and serving alike.

A block is the run of text directly inside one block-level element of a page, or one line or paragraph
of already extracted text. Beside its text, a block of an HTML page carries what the features need to
know about its place: the elements around it, how much of it is linked, what stood between it and the
block before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final, TypeAlias

from bs4 import BeautifulSoup, Tag

from chaffinch._decoding import decode
from chaffinch._document import CUE_ATTRIBUTES, NO_CUES, Document, Elements, Kind, Look, RawBlock
from chaffinch._kind import tell_kind
from chaffinch._plaintext import clean_text, split_text
from chaffinch._tree import Reader, read_html, read_soup
from chaffinch._walk import Walk

__all__ = [
    "CUE_ATTRIBUTES",
    "NO_CUES",
    "Document",
    "Elements",
    "Kind",
    "Look",
    "RawBlock",
    "Source",
    "paragraphs_document",
    "segment",
]

Source: TypeAlias = str | bytes | BeautifulSoup | Tag

# Characters below which a page's body "says next to nothing", so that what stands in <noscript> or
# JSON-LD is read in its place. Pages that need scripts to show anything have a menu and a notice.
NEXT_TO_NOTHING: Final = 1000
# How many times the body <noscript> or JSON-LD must say to be read instead.
SAYS_MORE: Final = 2


def segment(source: Source, *, kind: Kind | None = None, url: str | None = None) -> Document:
    """Cut a page, or text that was extracted from one, into blocks.

    Bytes are decoded by byte order mark, declared charset, then detection. Without a `kind`, strings
    and bytes are told apart by what they hold; a BeautifulSoup object is always HTML.

    Raises TypeError for any other source and ValueError for any other kind.
    """
    if kind not in (None, "html", "text"):
        raise ValueError(f"kind must be 'html', 'text' or None, not {kind!r}")
    if isinstance(source, (BeautifulSoup, Tag)):
        document = _read_page(partial(read_soup, source))
    else:
        if not isinstance(source, (str, bytes, bytearray)):
            raise TypeError(f"source must be str, bytes or BeautifulSoup, not {type(source).__name__}")
        text = source if isinstance(source, str) else decode(bytes(source))
        if (kind or tell_kind(text)) == "html":
            document = _read_page(partial(read_html, text))
        else:
            document = paragraphs_document(split_text(text))
    document.url = url or document.url
    return document


def paragraphs_document(paragraphs: Iterable[str]) -> Document:
    """Return the paragraphs of one document as a plain-text document, one block each, even if empty."""
    return Document("text", [RawBlock(clean_text(paragraph)) for paragraph in paragraphs])


def _read_page(read: Callable[[Reader], None]) -> Document:
    """Read the body; where it says next to nothing, read <noscript> too, or what JSON-LD carries."""
    walk = Walk(read)
    document = walk.document
    length = _length(document)
    if length >= NEXT_TO_NOTHING:
        return document
    if walk.met_noscript:
        fuller = Walk(read, read_noscript=True).document
        if _length(fuller) > SAYS_MORE * length:
            document, length = fuller, _length(fuller)
    if len(document.article_body) > SAYS_MORE * length:
        _append_article_body(document)
    return document


def _length(document: Document) -> int:
    return sum(len(block.text) for block in document.blocks)


def _append_article_body(document: Document) -> None:
    """Add the JSON-LD article as blocks of an element of its own, after what the body says."""
    elements, blocks = document.elements, document.blocks
    number = elements.open(("script", ("articleBody", *NO_CUES[1:])), -1, len(blocks))
    known = {block.text for block in blocks}
    paragraphs = split_text(document.article_body)
    blocks += [RawBlock(text, number) for text in paragraphs if text not in known]
    elements.lasts[number] = len(blocks)
