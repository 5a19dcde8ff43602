"""Turns annotated pages into what extractors and crawls make of them; makes more of seed documents."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Final, Literal, TypeAlias

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
# Share of views that are also lower-cased, stripped of their punctuation, without a headline, with lines
# that were one paragraph, with paragraphs run into one.
PLAIN_SHARE: Final = 0.15
# Chance that a paragraph of such a view is split, or run into the one before; characters that are split.
JOIN_SHARE: Final = 0.3
SPLIT_LENGTH: Final = 160
# Chance that a run of chaff in a seed document is left out or exchanged for another's, each half of this;
# chance that another document's run is put into a run of editorial paragraphs; its longest length.
CHANGE_SHARE: Final = 0.3
INSERT_SHARE: Final = 0.25
LONGEST_BOX: Final = 12

# All blocks of a page; what an extractor would leave of it; what one did leave; a view with other boxes.
Kind: TypeAlias = Literal["whole", "extracted", "real", "spliced"]
# A run of chaff; those of a language and a fold.
Box: TypeAlias = tuple[list[str], Labels]
Boxes: TypeAlias = dict[tuple[str, int], list[Box]]

_EDITORIAL = tuple(CODES).index("E")
_NAVIGATION = tuple(CODES).index("N")
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])")
_PUNCTUATION = str.maketrans("", "", ".,!?:;\"'()“”„«»")


@dataclass(frozen=True)
class View:
    """A document as text: its paragraphs, their labels (numbers), what must not be split from it.

    Where an extractor made it, `gold` flags what stands in the corpus's gold text. `measured` tells whether
    a model is judged by it.
    """

    corpus: str
    name: str
    group: str
    language: str
    texts: list[str]
    labels: Labels
    kind: Kind = "whole"
    weight: float = 1.0
    extractor: str = ""
    gold: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    measured: bool = True


def whole(page: Page) -> View:
    """Return all labelled blocks of a page: the whole-page text of a crawl dump."""
    known = page.labels != UNKNOWN
    texts = [text for text, keep in zip(page.texts, known, strict=True) if keep]
    labels = page.labels[known]
    about = page.corpus, page.name, page.group, page.language
    return View(*about, texts, labels, weight=page.weight, measured=page.measured)


def extracted(page: Page, random: np.random.Generator) -> View:
    """Return the editorial blocks of a page and some of the chaff that stood between and around them."""
    view = whole(page)
    return replace(_kept(view, _leaks(view.labels, random)), kind="extracted")


def boxes(documents: Sequence[View], fold_of: Mapping[str, int]) -> Boxes:
    """Return the boxes of all documents, by language and fold; a box is a run of chaff."""
    found: Boxes = defaultdict(list)
    for view in documents:
        for start, end, editorial in _runs(view.labels):
            if not editorial and end - start <= LONGEST_BOX:
                box = view.texts[start:end], view.labels[start:end]
                found[view.language, fold_of[view.group]].append(box)
    return found


def spliced(view: View, lent: Boxes, fold_of: Mapping[str, int], random: np.random.Generator) -> View:
    """Return a document with boxes left out, exchanged for and joined by others in its language and fold."""
    others = lent.get((view.language, fold_of[view.group]), [])
    texts: list[str] = []
    labels: list[int] = []

    def add(some: Sequence[str], theirs: Labels) -> None:
        texts.extend(some)
        labels.extend(theirs.tolist())

    for start, end, editorial in _runs(view.labels):
        own = view.texts[start:end], view.labels[start:end]
        chance = random.random()
        if editorial and others and end - start > 1 and chance < INSERT_SHARE:
            middle = int(random.integers(1, end - start))
            add(own[0][:middle], own[1][:middle])
            add(*others[int(random.integers(len(others)))])
            add(own[0][middle:], own[1][middle:])
        elif not editorial and others and chance < CHANGE_SHARE / 2:
            add(*others[int(random.integers(len(others)))])
        elif editorial or chance >= CHANGE_SHARE:
            add(*own)
    return replace(view, texts=texts, labels=np.array(labels, dtype=np.int8), kind="spliced")


def cleaned(view: View) -> View:
    """Return a document without its chaff; as it is, where it is nothing else."""
    keep = view.labels == _EDITORIAL
    return replace(_kept(view, keep) if keep.any() else view, kind="spliced")


def roughened(view: View, random: np.random.Generator) -> View:
    """Return what careless tools leave of a text, now and then; whatever else is done comes first."""
    texts, labels = view.texts, view.labels
    if len(texts) > 2 and labels[0] == _EDITORIAL and random.random() < PLAIN_SHARE:
        texts, labels = texts[1:], labels[1:]
    if random.random() < PLAIN_SHARE:
        texts, labels = _split(texts, labels, random)
    elif random.random() < PLAIN_SHARE:
        texts, labels = _joined(texts, labels, random)
    if len(texts) > 1 and random.random() < PLAIN_SHARE:
        texts = [text.lower() for text in texts]
    if len(texts) > 1 and random.random() < PLAIN_SHARE:
        bare = [text.translate(_PUNCTUATION) for text in texts]
        texts = [new if new.strip() else text for new, text in zip(bare, texts, strict=True)]
    return replace(view, texts=texts, labels=labels)


def _split(texts: list[str], labels: Labels, random: np.random.Generator) -> tuple[list[str], Labels]:
    """Make lines of some paragraphs, a sentence each."""
    lines = [
        [line for line in _SENTENCE_END.split(text) if line.strip()]
        if len(text) >= SPLIT_LENGTH and random.random() < JOIN_SHARE
        else [text]
        for text in texts
    ]
    return [line for some in lines for line in some], np.repeat(labels, [len(some) for some in lines])


def _joined(texts: list[str], labels: Labels, random: np.random.Generator) -> tuple[list[str], Labels]:
    """Run some paragraphs into the one before that has the same label."""
    made: list[str] = []
    theirs: list[int] = []
    for text, label in zip(texts, labels.tolist(), strict=True):
        if theirs and theirs[-1] == label and random.random() < JOIN_SHARE:
            made[-1] = f"{made[-1]} {text}"
        else:
            made.append(text)
            theirs.append(label)
    return made, np.array(theirs, dtype=np.int8)


def _kept(view: View, keep: NDArray[np.bool_]) -> View:
    texts = [text for text, kept in zip(view.texts, keep, strict=True) if kept]
    return replace(view, texts=texts, labels=view.labels[keep])


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
