"""Says of every block whether it belongs to a page's gold text: the main-content alignment."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final

import numpy as np
from numpy.typing import NDArray

# Words from which a block is known by its own word triples; shorter ones need a place near others.
LONG: Final = 4
# Share of a long block's words that stand in the gold text for it to be main content.
COVERED: Final = 0.6
# Words of gold text, and blocks of the page, within which a short block must follow or precede a long one.
NEAR_WORDS: Final = 40
NEAR_BLOCKS: Final = 12
# Share of a block's words that must be found in gold text that no other block has taken, and how often blocks
# are sought in what is left: each time those that stand in the same order.
OWN: Final = 0.5
ROUNDS: Final = 4

_WORD = re.compile(r"\w+")


def words(text: str) -> list[str]:
    """Return the lower-cased words of a text: what word F1 counts."""
    return _WORD.findall(text.lower())


def align(texts: Sequence[str], gold: str) -> NDArray[np.int8]:
    """Return 1 for every block that is part of the gold text, 0 for every other, in order.

    Long blocks are found by their word triples. Short ones say little by themselves ("Home", "3"):
    they must be a whole line of the gold text, or stand in it near where the long blocks around them do.
    Where a page says something more often than its gold text does (for narrow screens, in quotations, in a
    list beside the article), only the blocks that stand in the gold text's order are part of it.
    """
    gold_words = words(gold)
    triples = _positions(gold_words, 3)
    lines = {tuple(words(line)) for line in gold.splitlines()}
    cut = [words(text) for text in texts]
    labels = np.zeros(len(cut), dtype=np.int8)
    anchors: list[tuple[int, int]] = []
    for index, block in enumerate(cut):
        if len(block) >= LONG:
            covered, place = _coverage(block, triples)
            if covered >= COVERED:
                labels[index] = 1
                anchors.append((index, place))
    index_of = [_positions(gold_words, size) for size in range(1, LONG)]
    for index, block in enumerate(cut):
        if 0 < len(block) < LONG:
            places = index_of[len(block) - 1].get(tuple(block), [])
            labels[index] = bool(places) and (tuple(block) in lines or _near(index, places, anchors))
    return _shared_out(cut, gold_words, labels)


def _shared_out(cut: list[list[str]], gold: list[str], found: NDArray[np.int8]) -> NDArray[np.int8]:
    """Leave of the blocks found those among which the gold text can be shared out, each word once."""
    labels = np.zeros_like(found)
    left = np.flatnonzero(found).tolist()
    for _ in range(ROUNDS):
        taken = _taken([cut[index] for index in left], gold)
        own = [len(places) >= OWN * len(cut[index]) for index, places in zip(left, taken, strict=True)]
        if not any(own):
            break
        gone = {place for places, is_own in zip(taken, own, strict=True) if is_own for place in places}
        labels[[index for index, is_own in zip(left, own, strict=True) if is_own]] = 1
        left = [index for index, is_own in zip(left, own, strict=True) if not is_own]
        gold = [word for place, word in enumerate(gold) if place not in gone]
    return labels


def _taken(blocks: list[list[str]], gold: list[str]) -> list[list[int]]:
    """Return, for each block, where its words stand in the gold text if both are read in one order."""
    owners = [number for number, block in enumerate(blocks) for _ in block]
    read = [word for block in blocks for word in block]
    taken: list[list[int]] = [[] for _ in blocks]
    for start, place, size in SequenceMatcher(None, read, gold, autojunk=False).get_matching_blocks():
        for step in range(size):
            taken[owners[start + step]].append(place + step)
    return taken


def _positions(sequence: list[str], size: int) -> dict[tuple[str, ...], list[int]]:
    found: dict[tuple[str, ...], list[int]] = {}
    for start in range(len(sequence) - size + 1):
        found.setdefault(tuple(sequence[start : start + size]), []).append(start)
    return found


def _coverage(block: list[str], triples: dict[tuple[str, ...], list[int]]) -> tuple[float, int]:
    """Return the share of words inside a triple of the gold text, and where the first such stands."""
    covered = [False] * len(block)
    place = -1
    for start in range(len(block) - 2):
        places = triples.get(tuple(block[start : start + 3]))
        if places:
            covered[start : start + 3] = True, True, True
            if place < 0:
                place = places[0]
    return sum(covered) / len(block), place


def _near(index: int, places: list[int], anchors: list[tuple[int, int]]) -> bool:
    beside = [place for block, place in anchors if abs(block - index) <= NEAR_BLOCKS]
    return any(abs(place - anchor) <= NEAR_WORDS for place in places for anchor in beside)
