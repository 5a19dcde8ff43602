"""What the segmenter makes of a page: its blocks, the elements around them, what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

Kind: TypeAlias = Literal["html", "text"]

# Attributes that say what an element is for, in the order of `Element.cues`.
CUE_ATTRIBUTES: Final = ("class", "id", "role", "itemprop", "itemtype", "aria-label")
NO_CUES: Final = ("",) * len(CUE_ATTRIBUTES)
# Address, relation and target of a link.
NO_LINK: Final = ("", "", "")


@dataclass(slots=True)
class Element:
    """A block-level element on the way to a block; `parent` is its index, -1 at the top.

    `node` is the element itself where it is BeautifulSoup's.
    """

    tag: str
    parent: int
    cues: tuple[str, ...]
    node: Any = None


@dataclass(slots=True)
class RawBlock:
    """A block before it has a label; lengths count characters of the folded text or just before it.

    `element` indexes `Document.elements` (-1 in plain text); `inline` holds tag, cues, href, rel and
    target of the inline elements around its text; `images`, `controls` and `rules` were met since the
    block before; `hidden` is the element that hides it, or -1.
    """

    text: str
    element: int = -1
    link_length: int = 0
    emphasis_length: int = 0
    inline: tuple[tuple[str, ...], ...] = ()
    images: int = 0
    controls: int = 0
    rules: int = 0
    hidden: int = -1


@dataclass(slots=True)
class Document:
    """A page cut into blocks, in document order, with what it says about itself."""

    kind: Kind
    blocks: list[RawBlock] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)
    title: str = ""
    description: str = ""
    language: str = ""
    article_body: str = ""
    url: str = ""
