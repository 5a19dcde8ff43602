"""Finds a page's headline: the <h1> that says what the page calls itself elsewhere."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final, NamedTuple

from chaffinch._document import Document

# F1 of the words of an <h1> and of the page's own title from which it is that title, as its readers see it:
# an <h1> may be the site's name, and a title holds the site's name too.
ALIKE: Final = 0.3

_WORD = re.compile(r"\w+")


class Headline(NamedTuple):
    """A page's headline, and its blocks from `first` up to, not including, `last`; none if it shows none."""

    text: str = ""
    first: int = 0
    last: int = 0


def headline(document: Document) -> Headline:
    """Return the headline that the page shows, else its title for those who share it, else its title.

    Of several <h1> the one most like that title counts, the first of equals.
    """
    named = document.shared_title or document.title
    shown = _shown(document)
    if named:
        shown = [each for each in shown if _alike(each.text, named) >= ALIKE]
    return max(shown, key=lambda each: _alike(each.text, named), default=Headline(named))


def _shown(document: Document) -> list[Headline]:
    """Return all <h1> that hold text."""
    elements = document.elements
    kinds = {number for (tag, _), number in elements.looks.items() if tag == "h1"}
    found = []
    for kind, first, last in zip(elements.kinds, elements.firsts, elements.lasts, strict=True):
        if kind in kinds and first < last:
            text = " ".join(block.text for block in document.blocks[first:last])
            found.append(Headline(text, first, last))
    return found


def _alike(one: str, other: str) -> float:
    words, others = (Counter(_WORD.findall(text.lower())) for text in (one, other))
    return 2 * (words & others).total() / max(words.total() + others.total(), 1)
