"""What an HTML page's elements say: ranges of blocks under each ancestor, look-alike paths, hashed words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from chaffinch.blocks import Document, Element

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
    distinct ancestor, the last ancestor repeated; `paths` is int64 (blocks,): equal for blocks whose
    chains of tags and classes are equal; `siblings` is int64 (blocks, 3): elements beside the block's
    own, its parent and its grandparent that share their path.
    """

    ranges: NDArray[np.int64]
    paths: NDArray[np.int64]
    siblings: NDArray[np.int64]


def read_structure(document: Document) -> Structure:
    """Read the structure of a page; plain text has none and must not be given."""
    elements, blocks = document.elements, document.blocks
    owners = [block.element for block in blocks]
    paths, beside = _paths(elements)
    levels = _levels(elements, owners)
    parents = [element.parent for element in elements]
    siblings = []
    for owner in owners:
        counts = []
        for _ in range(3):
            counts.append(beside[owner] if owner >= 0 else 1)
            owner = parents[owner] if owner >= 0 else -1
        siblings.append(counts)
    return Structure(
        np.array([levels[owner] for owner in owners], dtype=np.int64).reshape(-1, LEVELS, 2),
        np.array([paths[owner] for owner in owners], dtype=np.int64),
        np.array(siblings, dtype=np.int64).reshape(-1, 3),
    )


def _paths(elements: list[Element]) -> tuple[list[int], list[int]]:
    """Number the distinct chains of tag and class; count, for each element, its like-pathed siblings."""
    numbers: dict[tuple[int, str, str], int] = {}
    groups: dict[tuple[int, int], int] = {}
    paths: list[int] = []
    for element in elements:
        above = paths[element.parent] if element.parent >= 0 else -1
        path = numbers.setdefault((above, element.tag, element.cues[0]), len(numbers))
        paths.append(path)
        group = (element.parent, path)
        groups[group] = groups.get(group, 0) + 1
    beside = [groups[element.parent, path] for element, path in zip(elements, paths, strict=True)]
    return [*paths, -1], [
        *beside,
        1,
    ]  # the last entry serves element -1, text outside every element


def _levels(elements: list[Element], owners: list[int]) -> list[tuple[tuple[int, int], ...]]:
    """Return, for every element, the block ranges of itself and its ancestors that hold more."""
    first = [len(owners)] * len(elements)
    last = [0] * len(elements)
    for index, owner in enumerate(owners):
        if owner >= 0:
            first[owner] = min(first[owner], index)
            last[owner] = index + 1
    for index in range(len(elements) - 1, -1, -1):
        parent = elements[index].parent
        if parent >= 0:
            first[parent] = min(first[parent], first[index])
            last[parent] = max(last[parent], last[index])
    chains: list[tuple[tuple[int, int], ...]] = []
    page = ((0, len(owners)),)
    for index, element in enumerate(elements):
        above = chains[element.parent] if element.parent >= 0 else page
        own = (first[index], last[index])
        chains.append(above if own == above[0] or own[0] >= own[1] else (own, *above)[:LEVELS])
    filled = [(*chain, *chain[-1:] * (LEVELS - len(chain))) for chain in chains]
    return [*filled, page * LEVELS]


def block_tokens(document: Document) -> list[list[int]]:
    """Return the hashed structure words of every block, each once, in a stable order."""
    elements = document.elements
    chains: dict[int, list[int]] = {}
    bags = []
    for block in document.blocks:
        chain = chains.get(block.element)
        if chain is None:
            chain = chains[block.element] = list(_chain(elements, block.element))
        bag = chain
        if block.inline:
            bag = chain + [token for inline in block.inline for token in _inline_tokens(inline)]
        bags.append(list(dict.fromkeys(bag)))
    return bags


def _chain(elements: list[Element], index: int) -> Iterator[int]:
    for distance in range(TOKEN_ANCESTORS):
        if index < 0:
            return
        element = elements[index]
        near, far = _element_tokens(element.tag, element.cues)
        yield from near if distance < NEAR else far
        index = element.parent


@lru_cache(maxsize=1 << 15)
def _element_tokens(tag: str, cues: tuple[str, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Hash what an element says of itself, once as near and once as far from the block."""
    tokens = [f"t:{tag}", *_cue_words(cues)]
    return tuple(_hash("n" + token) for token in tokens), tuple(_hash("f" + token) for token in tokens)


@lru_cache(maxsize=1 << 15)
def _inline_tokens(inline: tuple[str, ...]) -> tuple[int, ...]:
    tag, *cues, href = inline
    return tuple(_hash("i" + token) for token in (f"t:{tag}", *_cue_words(tuple(cues)), *_href_words(href)))


def _cue_words(cues: tuple[str, ...]) -> list[str]:
    """Split class and id into words, keep role, itemprop and itemtype whole and labels by word."""
    class_, id_, role, itemprop, itemtype, label = cues
    tokens = [f"w:{word}" for word in _words(f"{class_} {id_}")]
    tokens += [f"{kind}:{value[:64]}" for kind, value in (("r", role), ("p", itemprop)) if value]
    if itemtype:
        tokens.append(f"s:{itemtype.rsplit('/', 1)[-1][:64]}")
    return tokens + [f"l:{word}" for word in _words(label)]


def _words(text: str) -> list[str]:
    if not text:
        return []
    words = [word.lower() for word in _WORD.findall(text[:400])]
    return list(dict.fromkeys(word for word in words if len(word) > 1))[:_MAX_WORDS]


def _href_words(href: str) -> list[str]:
    if not href:
        return []
    try:
        parts = urlsplit(href[:400])
    except ValueError:
        return ["h:?"]
    tokens = [f"h:{word}" for word in _words(parts.path)[:8]]
    if parts.scheme not in ("", "http", "https"):
        tokens.append(f"h:{parts.scheme}:")
    if parts.query:
        tokens += ["h:?", *(f"q:{word}" for word in _words(parts.query)[:8])]
    if parts.fragment or href == "#":
        tokens.append("h:#")
    return tokens


@lru_cache(maxsize=1 << 16)
def _hash(token: str) -> int:
    return crc32(token.encode("utf-8", "replace")) & (TOKEN_BUCKETS - 1)
