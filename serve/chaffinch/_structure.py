"""What an HTML page's elements say: ranges of blocks under each ancestor, look-alike paths, hashed words."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from chaffinch._links import EXTERNAL, link_flags
from chaffinch.blocks import NO_CUES, Document, Element

# Ancestors that hold more blocks than the one below them, from the block's own element outwards.
LEVELS: Final = 6
# Ancestor elements whose words a block is given.
TOKEN_ANCESTORS: Final = 8
# The block's own element and its parent: their words are told apart from those further out.
NEAR: Final = 2
# Structure tokens are hashed into this many buckets (a power of two).
TOKEN_BUCKETS: Final = 1 << 16
# Words taken from one attribute or address: generated class lists run to hundreds.
_MAX_WORDS: Final = 24

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_A-Za-z]+")


@dataclass(frozen=True, slots=True)
class Structure:
    """Where every block stands.

    `ranges` is int64 (blocks, LEVELS, 2): first block and one past the last block below each
    distinct ancestor, the last ancestor repeated; `ancestors` is int64 (blocks, TOKEN_ANCESTORS): the
    block's own element, its parent and so on, -1 beyond the top; `paths` is int64 (blocks,): equal for
    blocks whose chains of tags and classes are equal, numbered from 0 without gaps; `siblings` is int64
    (blocks, 3): elements beside the block's own, its parent and its grandparent that share their path;
    `links` is bool (blocks, flags), as `LINK_FLAGS` names them.
    """

    ranges: NDArray[np.int64]
    ancestors: NDArray[np.int64]
    paths: NDArray[np.int64]
    siblings: NDArray[np.int64]
    links: NDArray[np.bool_]


def read_structure(document: Document) -> Structure:
    """Read the structure of a page; plain text has none and must not be given."""
    elements, blocks = document.elements, document.blocks
    # Entry -1 of every list per element serves element -1: text outside every element.
    parents = [*(element.parent for element in elements), -1]
    owners = [block.element for block in blocks]
    paths, beside = _paths(elements)
    levels = _levels(parents, owners)
    ranges = chain.from_iterable(levels[owner] for owner in owners)
    ancestors = _ancestors(parents, owners)
    return Structure(
        np.fromiter(ranges, dtype=np.int64).reshape(-1, LEVELS, 2),
        ancestors,
        np.unique(np.array(paths, dtype=np.int64)[ancestors[:, 0]], return_inverse=True)[1],
        np.array(beside, dtype=np.int64)[ancestors[:, :3]],
        link_flags(document),
    )


def _ancestors(parents: list[int], owners: list[int]) -> NDArray[np.int64]:
    above = np.array(parents, dtype=np.int64)
    steps = [np.array(owners, dtype=np.int64)]
    for _ in range(TOKEN_ANCESTORS - 1):
        steps.append(above[steps[-1]])
    return np.stack(steps, axis=1)


def _paths(elements: list[Element]) -> tuple[list[int], list[int]]:
    """Number the distinct chains of tag and class; count, for each element, its like-pathed siblings."""
    numbers: dict[tuple[int, str, str], int] = {}
    paths = [-1] * (len(elements) + 1)
    members = []
    for index, element in enumerate(elements):
        parent = element.parent
        key = (paths[parent], element.tag, element.cues[0])
        paths[index] = path = numbers.setdefault(key, len(numbers))
        members.append((parent, path))
    groups = Counter(members)
    return paths, [*map(groups.__getitem__, members), 1]


def _levels(parents: list[int], owners: list[int]) -> list[tuple[int, ...]]:
    """Return, for every element, the block ranges of itself and its ancestors that hold more, flat."""
    count = len(parents) - 1
    first = [len(owners)] * (count + 1)
    last = [0] * (count + 1)
    for index, owner in enumerate(owners):
        if not last[owner]:
            first[owner] = index
        last[owner] = index + 1
    for index in range(count - 1, -1, -1):
        parent = parents[index]
        if last[index]:
            if first[index] < first[parent]:
                first[parent] = first[index]
            if last[index] > last[parent]:
                last[parent] = last[index]
    page: tuple[int, ...] = (0, len(owners))
    chains = [page] * (count + 1)
    filled = [page * LEVELS] * (count + 1)
    for index in range(count):
        above = chains[parents[index]]
        own = (first[index], last[index])
        if own == above[:2] or not last[index]:
            chains[index], filled[index] = above, filled[parents[index]]
            continue
        chains[index] = held = (own + above)[: 2 * LEVELS]
        filled[index] = held + held[-2:] * (LEVELS - len(held) // 2)
    return filled


@dataclass(frozen=True, slots=True)
class Bags:
    """The structure words of a page's blocks, in two steps: words lie in bags, and blocks name bags.

    Blocks share the elements around them, so what equal elements say is listed once: in one bag as it
    counts near a block, in another as it counts further out. A word counts as often as a block's bags hold
    it. Bag i owns the `sizes[i]` of `tokens` after those of the bags before it, block j the `counts[j]` of
    `bags` after those of the blocks before it. All are int64, flat.
    """

    tokens: NDArray[np.int64]
    sizes: NDArray[np.int64]
    bags: NDArray[np.int64]
    counts: NDArray[np.int64]

    @property
    def feed(self) -> dict[str, NDArray[np.int64]]:
        """The inputs of the structure graph."""
        return {"tokens": self.tokens, "sizes": self.sizes, "bags": self.bags, "counts": self.counts}


def structure_bags(document: Document, structure: Structure) -> Bags:
    """Return the hashed structure words of every block, of the elements around it and within it."""
    kept: dict[tuple[int, ...], int] = {}  # the words of every bag, in the order of their numbers
    known: dict[tuple[str, tuple[str, ...]], tuple[int, int]] = {}
    near, far = [], []
    for element in document.elements:
        looks = (element.tag, element.cues)
        if looks not in known:
            close, distant = _element_tokens(*looks)
            known[looks] = (kept.setdefault(close, len(kept)), kept.setdefault(distant, len(kept)))
        numbers = known[looks]
        near.append(numbers[0])
        far.append(numbers[1])
    inline = [
        (index, kept.setdefault(_inline_tokens(inline), len(kept)))
        for index, block in enumerate(document.blocks)
        for inline in block.inline
    ]
    external = kept.setdefault(_EXTERNAL, len(kept))
    inline += [(index, external) for index in np.flatnonzero(structure.links[:, EXTERNAL]).tolist()]
    around = structure.ancestors
    bags, counts = _named(around, near, far, np.array(inline, dtype=np.int64).reshape(-1, 2))
    tokens = np.fromiter(chain.from_iterable(kept), dtype=np.int64)
    return Bags(tokens, np.fromiter(map(len, kept), dtype=np.int64, count=len(kept)), bags, counts)


def _named(
    around: NDArray[np.int64], near: list[int], far: list[int], inline: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the bags that each block names, block after block, and how many each names."""
    close, distant = (np.array([*numbers, -1], dtype=np.int64) for numbers in (near, far))
    named = np.concatenate([close[around[:, :NEAR]], distant[around[:, NEAR:]]], axis=1)
    blocks, places = np.nonzero(named >= 0)
    owner = np.concatenate([blocks, inline[:, 0]])
    order = np.argsort(owner, kind="stable")
    bags = np.concatenate([named[blocks, places], inline[:, 1]])[order]
    return bags, np.bincount(owner, minlength=len(around))


@lru_cache(maxsize=1 << 15)
def _element_tokens(tag: str, cues: tuple[str, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Hash what an element says of itself, once as near and once as far from the block."""
    tokens = [f"t:{tag}", *_cue_words(cues)]
    return tuple([_hash("n" + token) for token in tokens]), tuple([_hash("f" + token) for token in tokens])


@lru_cache(maxsize=1 << 15)
def _inline_tokens(inline: tuple[str, ...]) -> tuple[int, ...]:
    tag, *cues, href, rel, target = inline
    tokens = [f"t:{tag}", *_cue_words(tuple(cues)), *_href_words(href)]
    tokens += [f"rel:{word}" for word in rel.lower().split()[:_MAX_WORDS]]
    if target:
        tokens.append(f"target:{target[:64].lower()}")
    return tuple([_hash("i" + token) for token in tokens])


def _cue_words(cues: tuple[str, ...]) -> list[str]:
    """Split class and id into words, keep role, itemprop and itemtype whole and labels by word."""
    if cues == NO_CUES:
        return []
    class_, id_, role, itemprop, itemtype, label = cues
    tokens = [f"w:{word}" for word in _words(f"{class_} {id_}" if id_ else class_)]
    if role:
        tokens.append(f"r:{role[:64]}")
    if itemprop:
        tokens.append(f"p:{itemprop[:64]}")
    if itemtype:
        tokens.append(f"s:{itemtype.rsplit('/', 1)[-1][:64]}")
    if label:
        tokens += [f"l:{word}" for word in _words(label)]
    return tokens


def _words(text: str) -> list[str]:
    if not text:
        return []
    words = [word.lower() for word in _WORD.findall(text[:400])]
    return list(dict.fromkeys([word for word in words if len(word) > 1]))[:_MAX_WORDS]


def _href_words(href: str) -> list[str]:
    """Split an address, leniently: pages link to what no parser of addresses accepts."""
    if not href:
        return []
    address, sharp, _ = href[:400].partition("#")
    address, _, query = address.partition("?")
    scheme, colon, rest = address.partition(":")
    tokens = []
    if colon and scheme.isalpha():
        address = rest
        if scheme.lower() not in ("http", "https"):
            tokens.append(f"h:{scheme.lower()}:")
    if address.startswith("//"):
        address = address[2:].partition("/")[2]
    tokens += [f"h:{word}" for word in _words(address)[:8]]
    if query:
        tokens += ["h:?", *[f"q:{word}" for word in _words(query)[:8]]]
    if sharp:
        tokens.append("h:#")
    return tokens


@lru_cache(maxsize=1 << 16)
def _hash(token: str) -> int:
    return crc32(token.encode("utf-8", "replace")) & (TOKEN_BUCKETS - 1)


_EXTERNAL: Final = (_hash("iexternal"),)
