"""Turns annotated pages into what extractors and crawls make of them: text without structure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray

from chaffinch.labels import CODES
from training.dataset import UNKNOWN, Labels, Page

# Chance that a run of chaff between two editorial blocks is left in an extractor's text, by class.
LEAK_INSIDE: Final = 0.6
# Chance that a run before the first or after the last editorial block is.
LEAK_OUTSIDE: Final = 0.15
# Blocks of a leaked run that are left at most: extractors drop long lists of links.
LONGEST_LEAK: Final = 8
# Share of extracted views that are also lower-cased or stripped of their punctuation.
PLAIN_SHARE: Final = 0.15

_EDITORIAL = tuple(CODES).index("E")
_NAVIGATION = tuple(CODES).index("N")
_PUNCTUATION = str.maketrans("", "", ".,!?:;\"'()“”„«»")


@dataclass(frozen=True)
class View:
    """A document as text: its paragraphs, their labels (numbers), what must not be split from it."""

    corpus: str
    name: str
    group: str
    language: str
    texts: list[str]
    labels: Labels
    extracted: bool = False


def whole(page: Page) -> View:
    """Return all labelled blocks of a page: the whole-page text of a crawl dump."""
    known = page.labels != UNKNOWN
    texts = [text for text, keep in zip(page.texts, known, strict=True) if keep]
    return View(page.corpus, page.name, page.group, page.language, texts, page.labels[known])


def extracted(page: Page, random: np.random.Generator) -> View:
    """Return the editorial blocks of a page and some of the chaff that stood between and around them."""
    view = whole(page)
    keep = _leaks(view.labels, random)
    texts = [text for text, kept in zip(view.texts, keep, strict=True) if kept]
    labels = view.labels[keep]
    if len(texts) > 1 and random.random() < PLAIN_SHARE:
        texts = [text.lower() for text in texts]
    if len(texts) > 1 and random.random() < PLAIN_SHARE:
        texts = [text.translate(_PUNCTUATION) or text for text in texts]
    if len(texts) > 2 and labels[0] == _EDITORIAL and random.random() < PLAIN_SHARE:
        texts, labels = texts[1:], labels[1:]
    return View(page.corpus, page.name, page.group, page.language, texts, labels, True)


def _leaks(labels: Labels, random: np.random.Generator) -> NDArray[np.bool_]:
    keep: NDArray[np.bool_] = labels == _EDITORIAL
    if not keep.any():
        return np.ones(len(labels), dtype=bool)
    first, last = np.flatnonzero(keep)[[0, -1]]
    for start, end, editorial in _runs(labels):
        if editorial:
            continue
        chance = LEAK_INSIDE if first < start < last else LEAK_OUTSIDE
        if (labels[start:end] == _NAVIGATION).mean() > 0.5:
            chance /= 3
        if random.random() < chance:
            size = min(end - start, int(random.integers(1, LONGEST_LEAK + 1)))
            begin = start + int(random.integers(0, end - start - size + 1))
            keep[begin : begin + size] = True
    return keep


def _runs(labels: Sequence[int] | Labels) -> Iterator[tuple[int, int, bool]]:
    place = 0
    for editorial, run in groupby(labels, key=lambda label: label == _EDITORIAL):
        size = sum(1 for _ in run)
        yield place, place + size, bool(editorial)
        place += size
