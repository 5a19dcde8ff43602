"""The measured cues of an HTML page's blocks: the shape of their text, their place, their ancestors.

All are shares, capped counts or logarithms: no page, however odd, may be far beyond what was learned from.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from chaffinch._links import BLANK, EXTERNAL, LINK_FLAGS
from chaffinch._structure import AROUND, LEVELS, Structure
from chaffinch.blocks import Document

_Array: TypeAlias = NDArray[np.float64]

_HEADINGS = {f"h{rank}": rank for rank in range(1, 7)}

# Kinds of character that are counted; all others are of kind 0.
_UPPER, _DIGIT, _SPACE = range(1, 4)
_KINDS = 4
_SENTENCE_ENDS = (".", "!", "?", "。", "！", "？", "…", ".”", '."', "।", "؟", "۔")

# Characters from which an unlinked block counts as prose.
_PROSE_LENGTH: Final = 80
# Words of a block that are compared with the title's, and characters that they are looked for in: longer
# texts share its words by chance.
_TITLE_WORDS: Final = 40
_TITLE_CHARACTERS: Final = 400

_SHAPE_NAMES = (
    "log_length log_words upper digit space log_mean_word first_upper ends_sentence title_words"
).split()
_PLACE_NAMES = (
    "link_density links controls_before images_after log_depth position character_position from_end "
    "copies_before copies_after in_title title_in in_description from_h1 heading_distance heading_rank "
    "log_blocks log_page_length page_link_density"
).split()
_LEVEL_NAMES = (
    "log_length log_blocks link_density log_mean_length prose_share page_share place log_controls external "
    "blank"
).split()
_ALIKE_NAMES = "log_blocks log_mean_length link_density page_share siblings_0 siblings_1 siblings_2".split()

CUE_NAMES: Final[tuple[str, ...]] = (
    *_SHAPE_NAMES,
    *_PLACE_NAMES,
    *(f"link {name}" for name in LINK_FLAGS),
    *(f"in {tag}" for tag in AROUND),
    *(f"level {level} {name}" for level in range(LEVELS) for name in _LEVEL_NAMES),
    *(f"alike {name}" for name in _ALIKE_NAMES),
)


def page_cues(document: Document, structure: Structure) -> NDArray[np.float32]:
    """Return one row of `CUE_NAMES` for every block of an HTML page, float32."""
    blocks = document.blocks
    if not blocks:
        return np.zeros((0, len(CUE_NAMES)), dtype=np.float32)
    texts = [block.text for block in blocks]
    lengths = _numbers(map(len, texts))
    links = _numbers([block.link_length for block in blocks])
    controls = _numbers([block.controls for block in blocks])
    names, kinds = [*(tag for tag, _ in document.elements.looks), ""], [*document.elements.kinds, -1]
    tags = [names[kinds[block.element]] for block in blocks]
    flags = structure.links[:, : len(LINK_FLAGS)].T > 0
    measured = np.stack([lengths, links, _prose(lengths, links), controls, flags[EXTERNAL], flags[BLANK]])
    parts = [
        _shape(texts, lengths),
        _place(document, structure, texts, lengths, links, controls, tags),
        flags,
        _surroundings(structure),
        _levels(structure, measured),
        _alike(structure, lengths, links),
    ]
    rows = np.concatenate(parts, dtype=np.float32, casting="unsafe")
    return np.ascontiguousarray(rows.T)


def _numbers(values: Iterable[float]) -> _Array:
    return np.fromiter(values, dtype=np.float64)


def _shape(texts: list[str], lengths: _Array) -> _Array:
    kinds, first, titled = _characters(texts, lengths)
    words = kinds[_SPACE] + 1
    columns = [
        np.log1p(lengths),
        np.log1p(words),
        *(kinds[[_UPPER, _DIGIT, _SPACE]] / lengths),
        np.log1p(lengths / words),
        first == _UPPER,
        [text.endswith(_SENTENCE_ENDS) for text in texts],
        titled / words,
    ]
    return np.stack(columns, dtype=np.float64, casting="unsafe")


@cache
def _kind_table() -> NDArray[np.uint8]:
    """Map code points of the basic plane to kinds; beyond Cyrillic only digits, to stay cheap."""
    table = np.zeros(1 << 16, dtype=np.uint8)
    names = {"Lu": _UPPER, "Lt": _UPPER, "Nd": _DIGIT, "Zs": _SPACE}
    for point in range(0x600):
        table[point] = names.get(unicodedata.category(chr(point)), 0)
    table[0xFF10:0xFF1A] = table[0x660:0x66A] = table[0x966:0x970] = _DIGIT
    table[ord("\n")] = table[0x3000] = _SPACE
    return table


def _characters(texts: list[str], lengths: _Array) -> tuple[_Array, NDArray[np.uint8], _Array]:
    """Read all texts at once: counts of each kind (kinds, blocks), the first kind, capitalised words."""
    points = np.frombuffer("".join(texts).encode("utf-32-le", "replace"), dtype=np.uint32)
    kinds = _kind_table()[np.minimum(points, 0xFFFF)]
    sizes = lengths.astype(np.int64)
    owned = np.repeat(np.arange(len(texts)) * _KINDS, sizes)
    owned += kinds
    counts = np.bincount(owned, minlength=len(texts) * _KINDS)
    starts = np.cumsum(sizes) - sizes
    initial = np.empty(len(kinds), dtype=np.bool_)
    np.equal(kinds[:-1], _SPACE, out=initial[1:])
    initial[starts] = True
    titled = np.bincount(owned[initial & (kinds == _UPPER)] // _KINDS, minlength=len(texts))
    return counts.reshape(-1, _KINDS).T.astype(np.float64), kinds[starts], titled.astype(np.float64)


def _place(
    document: Document,
    structure: Structure,
    texts: list[str],
    lengths: _Array,
    links: _Array,
    controls: _Array,
    tags: list[str],
) -> _Array:
    count = len(texts)
    order = np.arange(count, dtype=np.float64)
    images = np.minimum(_numbers([block.images for block in document.blocks]), 10)
    ends = np.cumsum(lengths)
    columns = [
        links / lengths,
        np.minimum(structure.links[:, -1], 10),
        np.minimum(controls, 10),
        np.append(images[1:], 0),
        np.log1p(structure.depths),
        order / count,
        (ends - lengths) / ends[-1],
        np.log1p(count - order),
        *_copies(texts),
        *_title_overlap(document, texts),
        *_headings(tags, order),
        np.full(count, np.log1p(count)),
        np.full(count, np.log1p(ends[-1])),
        np.full(count, links.sum() / ends[-1]),
    ]
    return np.stack(columns, dtype=np.float64, casting="unsafe")


def _copies(texts: list[str]) -> _Array:
    """Count the blocks before and after that say the same: what a page says twice is read once."""
    seen: Counter[str] = Counter()
    before = []
    for text in texts:
        before.append(seen[text])
        seen[text] += 1
    counts = _numbers(before)
    return np.log1p([counts, _numbers([seen[text] for text in texts]) - 1 - counts])


def _title_overlap(document: Document, texts: list[str]) -> _Array:
    """Share of a block's words in the title, of the title's in the block, of its own in the description."""
    title = set(document.title.lower().split())
    description = set(document.description.lower().split())
    either = title | description
    shares = np.zeros((3, len(texts)))
    for place, text in enumerate(texts):
        words = text[:_TITLE_CHARACTERS].lower().split()[:_TITLE_WORDS]
        if not either.isdisjoint(words):  # few share a word with them, and the others need no set
            own = set(words)
            titled, described = len(own & title), len(own & description)
            shares[:, place] = titled / len(own), titled / (len(title) or 1), described / len(own)
    return shares


def _headings(tags: list[str], order: _Array) -> list[_Array]:
    """Distance from the first <h1> (signed, damped), blocks since the last heading, and its rank."""
    first = tags.index("h1") if "h1" in tags else 0
    since, ranks, last, rank = [], [], -1, 0
    for index, tag in enumerate(tags):
        if tag in _HEADINGS:
            last, rank = index, _HEADINGS[tag]
        since.append(index - last)
        ranks.append(rank)
    away = order - first
    return [
        np.sign(away) * np.log1p(np.abs(away)),
        np.log1p(since),
        np.array(ranks, dtype=np.float64),
    ]


def _surroundings(structure: Structure) -> NDArray[np.int64]:
    """Unpack the bits of the ancestors' tags, a row each."""
    return structure.around >> np.arange(len(AROUND))[:, None] & 1


def _prose(lengths: _Array, links: _Array) -> _Array:
    return ((lengths - links) >= _PROSE_LENGTH) * lengths


def _levels(structure: Structure, measured: _Array) -> _Array:
    """Describe the blocks below each ancestor: how much, how linked, how much of it is prose.

    `measured` is (6, blocks): length, linked length, prose, controls, external links, new windows.
    """
    count = measured.shape[1]
    sums = np.zeros((len(measured), count + 1))
    np.cumsum(measured, axis=1, out=sums[:, 1:])
    first, last = structure.ranges.transpose(2, 1, 0)
    length, linked, prosy, controlled, external, blank = sums[:, last] - sums[:, first]
    blocks = np.maximum(last - first, 1)
    length = np.maximum(length, 1)
    columns = [
        np.log1p(length),
        np.log1p(blocks),
        linked / length,
        np.log1p(length / blocks),
        prosy / length,
        length / sums[0, -1],
        (np.arange(count) - first) / blocks,
        np.log1p(controlled / blocks),
        external / blocks,
        blank / blocks,
    ]
    return np.stack(columns, axis=1).reshape(-1, count)


def _alike(structure: Structure, lengths: _Array, links: _Array) -> _Array:
    """Describe all blocks of the same path, and how many siblings share it."""
    groups = structure.paths
    sizes = np.bincount(groups).astype(np.float64)
    total = np.bincount(groups, weights=lengths)
    linked = np.bincount(groups, weights=links)
    by_group = np.stack([np.log1p(sizes), np.log1p(total / sizes), linked / total, total / lengths.sum()])
    return np.concatenate([by_group[:, groups], np.log1p(structure.siblings).T])
