"""Where an HTML page's blocks stand: ranges of blocks under each ancestor, look-alike paths, surroundings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from chaffinch._links import Within, link_counts
from chaffinch.blocks import Document

Ints: TypeAlias = NDArray[np.int64]

# Ancestors that hold more blocks than the one below them, from the block's own element outwards.
LEVELS: Final = 6
# Ancestor elements whose words a block is given.
TOKEN_ANCESTORS: Final = 8
# Elements that a block is told to stand in, however far out they are.
AROUND: Final = tuple(
    "article main nav header footer aside form table tr ul ol li dl figure dialog section blockquote "
    "details fieldset noscript pre button label select".split()
)
_AROUND_BITS = {tag: 1 << place for place, tag in enumerate(AROUND)}

# Odd multipliers of the hashes of paths (splitmix64's); products wrap.
GOLDEN: Final = np.array([0x9E3779B97F4A7C15], dtype=np.uint64)
_MIX: Final = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


@dataclass(frozen=True, slots=True)
class Structure:
    """Where every block stands.

    `ranges` is int64 (blocks, LEVELS, 2): first block and one past the last block below each
    distinct ancestor, the last ancestor repeated; `ancestors` is int64 (blocks, TOKEN_ANCESTORS): the
    block's own element, its parent and so on, -1 beyond the top; `depths` is int64 (blocks,): how many
    ancestors there are; `around` is int64 (blocks,): bit i is set where one of them is `AROUND[i]`;
    `paths` is int64 (blocks,): equal for blocks whose chains of tags and classes are equal, numbered from
    0 without gaps; `siblings` is int64 (blocks, 3): elements beside the block's own, its parent and its
    grandparent that share their path; `links` is int64 (blocks, flags + 1): how many links the block has
    of each kind that `LINK_FLAGS` names, and of any.
    """

    ranges: Ints
    ancestors: Ints
    depths: Ints
    around: Ints
    paths: Ints
    siblings: Ints
    links: Ints


def read_structure(document: Document, within: Within) -> Structure:
    """Read the structure of a page; plain text has none and must not be given."""
    owners = np.fromiter([block.element for block in document.blocks], dtype=np.int64)
    # Entry -1 of every array per element is the page: the top, and the owner of text outside all elements.
    parents = np.array([*document.elements.parents, -1], dtype=np.int64)
    ancestors = _ancestors(parents, owners)
    chains = _chains(document, parents)
    return Structure(
        _ranges(document, parents, owners),
        ancestors,
        chains.lengths[owners],
        chains.around[owners],
        _numbered(chains.paths[owners]),
        _like_siblings(parents, chains.paths)[ancestors[:, :3]],
        link_counts(document, within),
    )


def _ancestors(parents: Ints, owners: Ints) -> Ints:
    steps = [owners]
    for _ in range(TOKEN_ANCESTORS - 1):
        steps.append(parents[steps[-1]])
    return np.stack(steps, axis=1)


class _Chains(NamedTuple):
    """What each element's chain to the top says: length, `AROUND` bits, a hash of its tags and classes."""

    lengths: Ints
    around: Ints
    paths: NDArray[np.uint64]


def _chains(document: Document, parents: Ints) -> _Chains:
    """Gather along all chains at once: each round doubles how far up every element has looked."""
    looks = document.elements.looks
    kind = np.array([*document.elements.kinds, -1], dtype=np.int64)
    bits = [_AROUND_BITS.get(tag, 0) for tag, _ in looks]
    named: dict[tuple[str, str], int] = {}
    names = [named.setdefault((tag, cues[0]), len(named)) for tag, cues in looks]
    lengths, around = np.ones(len(kind), dtype=np.int64), np.array([*bits, 0], dtype=np.int64)[kind]
    paths, factor = scattered(np.array([*names, -1], dtype=np.int64))[kind], GOLDEN
    lengths[-1] = paths[-1] = 0
    above = parents
    while (above >= 0).any():
        lengths = lengths + lengths[above]
        around = around | around[above]
        paths = paths + paths[above] * factor
        factor = factor * factor
        above = above[above]
    return _Chains(lengths, around, paths)


def scattered(numbers: Ints) -> NDArray[np.uint64]:
    """Scatter small numbers over 64 bits (splitmix64, Steele et al. 2014)."""
    mixed = (numbers + 1).astype(np.uint64) * GOLDEN
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX[0]
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX[1]
    result: NDArray[np.uint64] = mixed ^ (mixed >> np.uint64(31))
    return result


def _like_siblings(parents: Ints, paths: NDArray[np.uint64]) -> Ints:
    """Count, for each element, the children of its parent that share its path."""
    groups = _numbered(paths * GOLDEN + scattered(parents))
    beside: Ints = np.bincount(groups)[groups]
    return beside


def _numbered(keys: NDArray[np.uint64]) -> Ints:
    """Number equal keys alike, from 0; `np.unique`, which would do, takes twice as long."""
    order = np.argsort(keys)
    ranked = keys[order]
    numbers = np.zeros(len(keys), dtype=np.int64)
    numbers[order[1:]] = np.cumsum(ranked[1:] != ranked[:-1])
    return numbers


def _ranges(document: Document, parents: Ints, owners: Ints) -> Ints:
    """Return the block ranges of every block's element and of its ancestors that hold more."""
    first = np.array([*document.elements.firsts, 0], dtype=np.int64)
    last = np.array([*document.elements.lasts, len(document.blocks)], dtype=np.int64)
    # The outermost ancestor that holds the same blocks stands for all of them.
    same = (first == first[parents]) & (last == last[parents])
    outermost = np.where(same, parents, np.arange(len(same)))
    outermost[-1] = -1
    while not np.array_equal(further := outermost[outermost], outermost):
        outermost = further
    above = outermost[parents]
    levels = [outermost[owners]]
    for _ in range(LEVELS - 1):
        levels.append(above[levels[-1]])
    chosen = np.stack(levels, axis=1)
    return np.stack([first[chosen], last[chosen]], axis=2)
