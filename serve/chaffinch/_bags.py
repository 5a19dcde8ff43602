"""The hashed structure words of an HTML page's blocks: what the elements around and within them say.

All words of a page are cut and hashed at once, as bytes: one by one they would take longer than parsing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from chaffinch._links import EXTERNAL, Within, without_site
from chaffinch._structure import GOLDEN, Structure, scattered
from chaffinch.blocks import Document, Look

Ints: TypeAlias = NDArray[np.int64]
Hashes: TypeAlias = NDArray[np.uint64]

# The block's own element and its parent: their words are told apart from those further out.
NEAR: Final = 2
# Structure words are hashed into this many buckets (a power of two).
TOKEN_BITS: Final = 16
TOKEN_BUCKETS: Final = 1 << TOKEN_BITS

# Characters read of one attribute, and words taken of it: generated class lists run to thousands.
_MAX_CHARACTERS: Final = 400
_MAX_WORDS: Final = 24
_MAX_ADDRESS_WORDS: Final = 8
# Bits of a word's hash: the rest of 64 numbers whose it is.
_HASH_BITS: Final = 40

# What an element says, in order, and its field: class and id, role, itemprop, itemtype, label; the path and
# the query of a link's address, its relation and its target. Words of different fields are different words.
_FIELDS: Final = np.array([0, 0, 1, 2, 3, 4, 5, 6, 7, 8])
_ITEMTYPE: Final = 4
_MOST: Final = np.array([_MAX_WORDS] * 5 + [_MAX_ADDRESS_WORDS] * 2 + [_MAX_WORDS] * 2)

# Kinds of byte: a word is a run of letters, parted where the case says so; "?" and "#" stand alone.
_LOWER, _UPPER, _MARK = 1, 2, 3
_KIND: Final = np.zeros(256, dtype=np.uint8)
_KIND[ord("a") : ord("z") + 1] = _KIND[128:] = _LOWER
_KIND[ord("A") : ord("Z") + 1] = _UPPER
_KIND[[ord("?"), ord("#")]] = _MARK
_VALUE: Final = np.where(_KIND > 0, np.arange(256), 0).astype(np.uint64)
_VALUE[ord("A") : ord("Z") + 1] += np.uint64(ord("a") - ord("A"))

# A word's hash is the sum of its bytes, each times a power for its place, and a summand for the field and
# for where the element stands; its upper bits are the bucket. Bytes take the power of their place among all
# bytes of a page, and a word's sum is divided by that of its start: places within words need no array.
_POWER: Final = 0xD1342543DE82EF95
_INVERSE: Final = pow(_POWER, -1, 1 << 64)
# Powers that are kept: of more bytes than most pages have.
_KEPT_POWERS: Final = 1 << 16
_FIELD: Final = scattered(np.arange(100, 100 + len(_MOST)))
_NEAR_SIDE, _FAR_SIDE, _INLINE_SIDE, _EXTERNAL = scattered(np.arange(200, 204))


@dataclass(frozen=True, slots=True)
class Bags:
    """The structure words of a page's blocks, in two steps: words lie in bags, and blocks name bags.

    Blocks share the elements around them, so what equal elements say is listed once: in one bag as it
    counts near a block, in another as it counts further out. A word counts as often as a block's bags hold
    it. Bag i owns the `sizes[i]` of `tokens` after those of the bags before it, block j the `counts[j]` of
    `bags` after those of the blocks before it. All are int64, flat.
    """

    tokens: Ints
    sizes: Ints
    bags: Ints
    counts: Ints

    @property
    def feed(self) -> dict[str, Ints]:
        """The inputs of the structure graph."""
        return {"tokens": self.tokens, "sizes": self.sizes, "bags": self.bags, "counts": self.counts}


def structure_bags(document: Document, structure: Structure, within: Within) -> Bags:
    """Return the hashed structure words of every block, of the elements around it and within it."""
    looks = list(document.elements.looks)
    around = np.array([*document.elements.kinds, -1], dtype=np.int64)[structure.ancestors]
    close, distant = around[:, :NEAR], around[:, NEAR:]
    inner = within.inline + len(looks)
    leads_away = np.flatnonzero(structure.links[:, EXTERNAL])

    count = len(looks) + len(document.inline)
    sides = [_named(numbers, count) for numbers in (close, distant, inner)]
    said = _said(looks, document.inline, np.flatnonzero(sides[0] | sides[1] | sides[2]).tolist())
    parts = [_Said(np.zeros(1, dtype=np.int64), _EXTERNAL.reshape(1))]
    numbers, made = [], 1
    for side, summand in zip(sides, (_NEAR_SIDE, _FAR_SIDE, _INLINE_SIDE), strict=True):
        parts.append(said.of(side, summand))
        numbers.append(np.where(side, np.cumsum(side) + (made - 1), -1))
        made += int(side.sum())

    outside = np.concatenate([numbers[0][close], numbers[1][distant]], axis=1)
    placed = np.nonzero(outside >= 0)
    owner = np.concatenate([placed[0], within.blocks, leads_away])
    bags = np.concatenate([outside[placed], numbers[2][inner], np.zeros_like(leads_away)])
    return Bags(
        _buckets(np.concatenate([part.hashes for part in parts])),
        np.concatenate([part.sizes for part in parts]),
        bags[np.argsort(owner, kind="stable")],
        np.bincount(owner, minlength=len(document.blocks)),
    )


def _named(numbers: Ints, count: int) -> NDArray[np.bool_]:
    """Flag which of `count` are named; the last flag stands for -1 and is not set."""
    flags = np.zeros(count + 1, dtype=np.bool_)
    flags[numbers] = True
    flags[-1] = False
    return flags


def _buckets(hashes: Hashes) -> Ints:
    return ((hashes * GOLDEN) >> np.uint64(64 - TOKEN_BITS)).astype(np.int64)


class _Said(NamedTuple):
    """Hashed words, each once an owner, and whose they are, in rising order."""

    owners: Ints
    hashes: Hashes

    @property
    def sizes(self) -> Ints:
        """How many words each owner has; none has none."""
        return np.diff(np.flatnonzero(np.diff(self.owners, prepend=-1, append=-1)))

    def of(self, named: NDArray[np.bool_], side: np.uint64) -> _Said:
        """Return the words of those named, as they count on one side of a block."""
        chosen = named[self.owners]
        return _Said(self.owners[chosen], self.hashes[chosen] + side)


def _said(looks: Sequence[Look], inline: Sequence[tuple[str, ...]], named: Sequence[int]) -> _Said:
    """Hash what elements say, inline ones numbered after the others: tags, and the words of every field."""
    tags, texts, places, owners = [], [], [], []
    for number in named:
        tag, said = looks[number] if number < len(looks) else _inline_look(inline[number - len(looks)])
        tags.append(_tag_hash(tag))
        for place, text in enumerate(said):
            if text:
                texts.append(text if place != _ITEMTYPE else text.rpartition("/")[2])
                places.append(place)
                owners.append(number)
    texts = [text[:_MAX_CHARACTERS] for text in texts]
    where, hashes = _words(texts, _FIELDS[np.array(places, dtype=np.int64)])
    owner = np.concatenate([named, np.array(owners, dtype=np.int64)[where]]).astype(np.uint64)
    mixed = np.concatenate([np.array(tags, dtype=np.uint64), hashes]) * GOLDEN >> np.uint64(64 - _HASH_BITS)
    # np.unique, which would do for both lines, takes five times as long.
    keys = np.sort(owner << np.uint64(_HASH_BITS) | mixed)
    distinct = keys[np.diff(keys, prepend=~keys[:1]) != 0]
    owners_of = (distinct >> np.uint64(_HASH_BITS)).astype(np.int64)
    return _Said(owners_of, distinct & np.uint64((1 << _HASH_BITS) - 1))


@lru_cache(maxsize=1 << 10)
def _tag_hash(tag: str) -> int:
    return crc32(tag.encode("utf-8", "replace"))


def _words(texts: list[str], fields: Ints) -> tuple[Ints, Hashes]:
    """Cut texts into words: for each the number of its text, and its hash."""
    data = _joined(texts)
    kind = _KIND[data]
    starts = _starts(kind)
    if not len(starts):
        return starts, starts.astype(np.uint64)
    lengths = np.add.reduceat(kind > 0, starts, dtype=np.int64)
    words = np.flatnonzero((lengths > 1) | (kind[starts] == _MARK))
    where = np.cumsum(data == 0, dtype=np.int32)[starts[words]].astype(np.int64)
    rank = np.arange(len(where)) - np.searchsorted(where, where)
    few = rank < _MOST[fields[where]]
    where = where[few]
    return where, _hashes(data, starts)[words[few]] + _FIELD[fields[where]]


def _joined(texts: list[str]) -> NDArray[np.uint8]:
    """Return the texts as bytes, zeros between them."""
    joined = "\0".join(texts)
    if joined.count("\0") >= max(len(texts), 1):  # BeautifulSoup keeps the zeros of a page
        joined = "\0".join([text.replace("\0", " ") for text in texts])
    return np.frombuffer(joined.encode("utf-8", "replace"), dtype=np.uint8)


def _starts(kind: NDArray[np.uint8]) -> Ints:
    """Return where words begin: "newsletterSignup" and "HTMLBlock" are two each."""
    before, after = np.zeros_like(kind), np.zeros_like(kind)
    before[1:], after[:-1] = kind[:-1], kind[1:]
    in_word = (before == _LOWER) | (before == _UPPER)
    turns = (kind == _UPPER) & ((before == _LOWER) | (after == _LOWER))
    return np.flatnonzero((kind == _MARK) | turns | ((kind > 0) & ~in_word))


def _hashes(data: NDArray[np.uint8], starts: Ints) -> Hashes:
    """Hash what stands from each start to the next, in lower case; signs count for nothing."""
    weighed = _VALUE[data[starts[0] :]]
    count = len(weighed)
    powers = _KEPT if count <= _KEPT_POWERS else (_powers(_POWER, count), _powers(_INVERSE, count))
    weighed *= powers[0][:count]
    places = starts - starts[0]
    hashes: Hashes = np.add.reduceat(weighed, places)
    hashes *= powers[1][places]
    return hashes


def _powers(base: int, count: int) -> Hashes:
    """Return the first powers of an odd number, from its zeroth; products wrap."""
    factors = np.full(count, base, dtype=np.uint64)
    factors[0] = 1
    powers: Hashes = np.cumprod(factors, dtype=np.uint64)
    return powers


_KEPT: Final = _powers(_POWER, _KEPT_POWERS), _powers(_INVERSE, _KEPT_POWERS)


def _inline_look(inline: tuple[str, ...]) -> Look:
    """Return an inline element's tag and what it says, the host of an address left out."""
    tag, *cues, href, rel, target = inline
    if not (href or rel or target):
        return tag, inline[1:7]
    address, sharp, _ = without_site(href).partition("#")
    path, mark, query = address.partition("?")
    return tag, (*cues, path + sharp, mark + query, rel, target)
