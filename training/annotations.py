"""Joins the readers' labels, which are kept without their text, to the blocks of our own segmenter.

`annotations/*.jsonl` holds a digest and a length for every block that was read. Our segmenter may
cut elsewhere, skip what another reads, or read what another skips: the blocks are matched by text
and order, first whole blocks, then whatever lies between two matches, by the characters.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent / "annotations"
_CHOSEN: Final = "-chosen"

# Hexadecimal digits of a block's digest.
DIGEST_DIGITS: Final = 8
# Block starts between two matches at which an unmatched block is looked for.
LOOK_AHEAD: Final = 400
# Characters between two matches up to which every position is tried, not block starts alone.
WINDOW: Final = 4000
# Characters from which a block is looked for in the middle of others: shorter ones occur by chance.
MIN_INSIDE: Final = 8
# Of a block's characters, the share that must have been read for it to get a label.
MIN_COVERED: Final = 0.5

# White space, and characters that no reader sees: one parser keeps them, the other does not.
_SQUEEZED = frozenset(("Cc", "Cf", "Cs", "Zs", "Zl", "Zp"))
_GRAPHEME_JOINER = 0x34F


@dataclass(frozen=True)
class AnnotatedBlock:
    """A block that was read: its squeezed text's digest and length, and its label's letter."""

    digest: str
    length: int
    label: str
    doubted: bool = False


@dataclass(frozen=True)
class Annotation:
    """The blocks of one page in document order; `page` is the page's name in its corpus.

    `chosen` tells that the page was read because a model doubted it: it is learned from, not measured on.
    """

    page: str
    url: str
    page_type: str | None
    blocks: tuple[AnnotatedBlock, ...]
    chosen: bool = False


@dataclass(frozen=True)
class JoinReport:
    """How much of the annotation found its block, and how many of our blocks got a label."""

    annotated: int = 0
    joined: int = 0
    labelled: int = 0
    unlabelled: int = 0

    def __add__(self, other: JoinReport) -> JoinReport:
        return JoinReport(
            self.annotated + other.annotated,
            self.joined + other.joined,
            self.labelled + other.labelled,
            self.unlabelled + other.unlabelled,
        )


def load(corpus: str) -> list[Annotation]:
    """Return the annotated pages of a corpus, in the order of its files."""
    return [
        _annotation(json.loads(line), chosen=path.stem.endswith(_CHOSEN))
        for path in _files(corpus)
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


def annotations_digest(corpus: str) -> str:
    """Return the digest of a corpus's labels."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in _files(corpus))).hexdigest()


def _files(corpus: str) -> list[Path]:
    """Return a corpus's file, and that of the pages which were chosen to be read, where there are some."""
    chosen = FOLDER / f"{corpus}{_CHOSEN}.jsonl"
    return [FOLDER / f"{corpus}.jsonl", *([chosen] if chosen.exists() else [])]


def squeeze(text: str) -> str:
    """Return text without white space, control and format characters."""
    return text.translate(_squeezer)


def digest(squeezed: str) -> str:
    """Return the digest of a squeezed text, as the annotations hold it."""
    data = squeezed.encode("utf-8", "replace")
    return hashlib.blake2b(data).hexdigest()[:DIGEST_DIGITS]


def join(annotation: Annotation, texts: Sequence[str]) -> list[str | None]:
    """Return the label's letter, or None, for each of our blocks of the page, in document order."""
    return join_counted(annotation, texts)[0]


def join_counted(annotation: Annotation, texts: Sequence[str]) -> tuple[list[str | None], JoinReport]:
    """Return what `join` returns, and how well it went; blocks without text do not count."""
    blocks = [block for block in annotation.blocks if block.length]
    stream = _Stream([squeeze(text) for text in texts])
    places = _place(blocks, stream)
    labels = list(_labels(places, stream))
    labelled = sum(label is not None for label in labels)
    return labels, JoinReport(len(blocks), len(places), labelled, len(labels) - labelled)


class _Squeezer(dict[int, "int | None"]):
    """A table for `str.translate` that fills itself: classifying each character once is enough."""

    def __missing__(self, code: int) -> int | None:
        unseen = unicodedata.category(chr(code)) in _SQUEEZED or code == _GRAPHEME_JOINER
        self[code] = None if unseen else code
        return self[code]


_squeezer = _Squeezer()


class _Stream:
    """Our blocks' squeezed texts end to end; `starts` has one more entry, the end."""

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts
        self.text = "".join(texts)
        self.starts = [0, *accumulate(map(len, texts))]

    def holds(self, block: AnnotatedBlock, position: int) -> bool:
        return digest(self.text[position : position + block.length]) == block.digest

    def find(self, block: AnnotatedBlock, left: int, right: int) -> int | None:
        """Return where the block's text lies within `left` and `right`, likely places first."""
        last = right - block.length
        if last < left:
            return None
        places = self._candidates(block, left, last)
        return next((place for place in places if self.holds(block, place)), None)

    def _candidates(self, block: AnnotatedBlock, left: int, last: int) -> Iterator[int]:
        yield left
        first = bisect_left(self.starts, left)
        for start in self.starts[first : first + LOOK_AHEAD]:
            if start > last:
                break
            yield start
        yield last
        if block.length >= MIN_INSIDE and last + block.length - left <= WINDOW:
            yield from range(left + 1, last)


@dataclass(frozen=True, order=True)
class _Place:
    """An annotated block, by its index, found in the stream."""

    index: int
    start: int
    end: int
    label: str


def _place(blocks: Sequence[AnnotatedBlock], stream: _Stream) -> list[_Place]:
    """Find the annotated blocks in the stream, in order.

    Whole blocks that both sides have come first. The rest follow between their placed neighbours,
    longest first: a long text has one place, a short one could be taken for another.
    """
    places = list(_same_blocks(blocks, stream))
    placed = {place.index for place in places}
    rest = [index for index in range(len(blocks)) if index not in placed]
    for index in sorted(rest, key=lambda index: -blocks[index].length):
        block = blocks[index]
        after = bisect_left(places, _Place(index, 0, 0, ""))
        left = places[after - 1].end if after else 0
        right = places[after].start if after < len(places) else len(stream.text)
        start = stream.find(block, left, right)
        if start is not None:
            places.insert(after, _Place(index, start, start + block.length, block.label))
    return places


def _same_blocks(blocks: Sequence[AnnotatedBlock], stream: _Stream) -> Iterator[_Place]:
    numbers = [number for number, text in enumerate(stream.texts) if text]
    ours = [(digest(stream.texts[number]), len(stream.texts[number])) for number in numbers]
    theirs = [(block.digest, block.length) for block in blocks]
    matcher = SequenceMatcher(None, theirs, ours, autojunk=False)
    for match in matcher.get_matching_blocks():
        for offset in range(match.size):
            index, number = match.a + offset, numbers[match.b + offset]
            start, end = stream.starts[number], stream.starts[number + 1]
            yield _Place(index, start, end, blocks[index].label)


def _labels(places: Sequence[_Place], stream: _Stream) -> Iterator[str | None]:
    """Yield for each of our blocks the label of most of its characters, if enough have one."""
    first = 0
    for start, end in pairwise(stream.starts):
        while first < len(places) and places[first].end <= start:
            first += 1
        covered: Counter[str] = Counter()
        following = first
        while following < len(places) and places[following].start < end:
            place = places[following]
            covered[place.label] += min(place.end, end) - max(place.start, start)
            following += 1
        enough = covered and covered.total() >= MIN_COVERED * (end - start)
        yield covered.most_common(1)[0][0] if enough else None


def _annotation(entry: dict[str, Any], chosen: bool) -> Annotation:
    blocks = tuple(AnnotatedBlock(*block) for block in entry["blocks"])
    return Annotation(entry["page"], entry["url"], entry.get("type"), blocks, chosen)
