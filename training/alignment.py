"""Says of every block whether it belongs to a page's gold text: the main-content alignment."""

from __future__ import annotations

import re
from collections.abc import Sequence
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

_WORD = re.compile(r"\w+")


def words(text: str) -> list[str]:
    """Return the lower-cased words of a text: what word F1 counts."""
    return _WORD.findall(text.lower())


def align(texts: Sequence[str], gold: str) -> NDArray[np.int8]:
    """Return 1 for every block that is part of the gold text, 0 for every other, in order.

    Long blocks are found by their word triples. Short ones say little by themselves ("Home", "3"):
    they must be a whole line of the gold text, or stand in it near where the long blocks around them do.
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
    return labels


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
