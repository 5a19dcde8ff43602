"""What the segmenter makes of a page: its blocks, the elements around them, what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

Kind: TypeAlias = Literal["html", "text"]

# Attributes that say what an element is for, in the order of an element's cues.
CUE_ATTRIBUTES: Final = ("class", "id", "role", "itemprop", "itemtype", "aria-label")
NO_CUES: Final = ("",) * len(CUE_ATTRIBUTES)
# Address, relation and target of a link.
NO_LINK: Final = ("", "", "")

# What an element says of itself: its tag and its cues.
Look: TypeAlias = tuple[str, tuple[str, ...]]


@dataclass(slots=True)
class Elements:
    """The block-level elements of a page in document order, in columns: there are thousands.

    `kinds` numbers the different `looks`; `parents` are indices, -1 at the top; the blocks below an element
    are those from its `firsts` up to, not including, its `lasts`; `nodes` are the elements themselves, by
    index, where they are BeautifulSoup's.
    """

    looks: dict[Look, int] = field(default_factory=dict)
    kinds: list[int] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    firsts: list[int] = field(default_factory=list)
    lasts: list[int] = field(default_factory=list)
    nodes: dict[int, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return how many elements there are."""
        return len(self.kinds)

    def open(self, look: Look, parent: int, first: int, node: Any = None) -> int:
        """Add an element that has no block below it yet; return its index."""
        number = len(self.kinds)
        self.kinds.append(self.looks.setdefault(look, len(self.looks)))
        self.parents.append(parent)
        self.firsts.append(first)
        self.lasts.append(first)
        if node is not None:
            self.nodes[number] = node
        return number


@dataclass(slots=True)
class RawBlock:
    """A block before it has a label; lengths count characters of the folded text or just before it.

    `element` indexes `Document.elements` (-1 in plain text); `inline` indexes `Document.inline`: the inline
    elements around its text; `images` and `controls` were met since the block before; `hidden` is the
    element that hides it, or -1.
    """

    text: str
    element: int = -1
    link_length: int = 0
    inline: tuple[int, ...] = ()
    images: int = 0
    controls: int = 0
    hidden: int = -1


@dataclass(slots=True)
class Document:
    """A page cut into blocks, in document order, with what it says about itself.

    `inline` holds the different inline elements: tag, cues, href, rel and target of each. `shared_title` is
    the title that the page gives to those who share it (og:title).
    """

    kind: Kind
    blocks: list[RawBlock] = field(default_factory=list)
    elements: Elements = field(default_factory=Elements)
    inline: list[tuple[str, ...]] = field(default_factory=list)
    title: str = ""
    shared_title: str = ""
    description: str = ""
    language: str = ""
    article_body: str = ""
    url: str = ""
