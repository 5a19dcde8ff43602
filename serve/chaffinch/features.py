"""Turns blocks into arrays: the only featuriser, imported by training and serving alike.

Text becomes UTF-8 bytes and offsets, which is all the text graph takes. An HTML page gives, besides,
bags of hashed structure words for every block (tags, class, id and role words of the elements around it,
words of its links' addresses and relations) and a row of measured cues. `context` then lets every block
see what was said of its neighbours, its ancestors and its look-alikes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from chaffinch._bags import TOKEN_BUCKETS, Bags, structure_bags
from chaffinch._cues import CUE_NAMES, page_cues
from chaffinch._links import read_within
from chaffinch._structure import LEVELS, Structure, read_structure
from chaffinch.blocks import Document
from chaffinch.labels import LABELS

__all__ = [
    "CUE_NAMES",
    "MAX_BYTES",
    "PADDING",
    "SECOND_COLUMNS",
    "TOKEN_BUCKETS",
    "VERSION",
    "Bags",
    "PackedText",
    "PageFeatures",
    "Structure",
    "context",
    "first_rows",
    "pack_text",
    "page_features",
    "second_rows",
]

Floats: TypeAlias = NDArray[np.float32]
Ints: TypeAlias = NDArray[np.int64]

# Changes whenever the meaning of any array below changes; a model of another version is refused.
VERSION: Final = 5

# Zero bytes before, between and after paragraphs: an n-gram never reaches from one into the next.
PADDING: Final = 8
# Bytes of a paragraph that are read: what a block is shows early, and a megabyte in one line must not
# cost a megabyte's time.
MAX_BYTES: Final = 2048

# Neighbours on either side whose words and elements a block sees, and whose labels.
EVIDENCE_WINDOW: Final = 1
LABELS_WINDOW: Final = 3

# Columns of the second stage's rows: labels and two content columns, each with its surroundings; masses.
SECOND_COLUMNS: Final = (
    (len(LABELS) + 2) * (2 * LABELS_WINDOW + LEVELS + 2) + 2 * LEVELS + 11 + len(CUE_NAMES)
)


@dataclass(frozen=True, slots=True)
class PackedText:
    """Paragraphs as the text graph takes them.

    `data` is uint8 of shape (bytes,): zeros, paragraph, zeros, paragraph, …, zeros. Paragraph i is
    `data[starts[i]:starts[i] + lengths[i]]`; both are int64 of shape (paragraphs,).
    """

    data: NDArray[np.uint8]
    starts: Ints
    lengths: Ints

    @property
    def feed(self) -> dict[str, NDArray[Any]]:
        """The inputs of the graphs that read text."""
        return {"data": self.data, "starts": self.starts, "lengths": self.lengths}


def pack_text(paragraphs: Sequence[str]) -> PackedText:
    """Encode paragraphs as UTF-8, at most `MAX_BYTES` of each; lone surrogates become `?`."""
    encoded = [text[:MAX_BYTES].encode("utf-8", "replace")[:MAX_BYTES] for text in paragraphs]
    gap = bytes(PADDING)
    data = np.frombuffer(gap.join([b"", *encoded, b""]), dtype=np.uint8)
    lengths = np.fromiter(map(len, encoded), dtype=np.int64, count=len(encoded))
    starts = PADDING + np.concatenate([[0], np.cumsum(lengths + PADDING)])[:-1].astype(np.int64)
    return PackedText(data, starts, lengths)


@dataclass(frozen=True, slots=True)
class PageFeatures:
    """What the page model sees of an HTML page before any stage has spoken.

    `cues` is float32 of shape (blocks, len(CUE_NAMES)); `bags` hold the hashed structure words.
    """

    cues: Floats
    bags: Bags
    structure: Structure


def page_features(document: Document) -> PageFeatures:
    """Measure a page cut by `segment`; every array follows the order of its blocks."""
    within = read_within(document)
    structure = read_structure(document, within)
    bags = structure_bags(document, structure, within)
    return PageFeatures(page_cues(document, structure), bags, structure)


def first_rows(cues: Floats, structure: Structure, of_text: Floats, of_elements: Floats) -> Floats:
    """Return what the page model's first stage sees: the cues, and all evidence in its context.

    `of_text` and `of_elements` are the linear evidence of a block's words and of its elements' words.
    """
    said = np.concatenate([of_text, of_elements], axis=1)
    return _joined([cues, *_context(said, structure, EVIDENCE_WINDOW)])


def second_rows(cues: Floats, structure: Structure, probabilities: Floats, content: Floats) -> Floats:
    """Return what the second stage sees: what the first said, in context and weighed by length; the cues.

    `probabilities` are the first stage's, (blocks, labels), `content` its log-odds of main content,
    (blocks, 1). The first columns are the logarithms of `probabilities`, then `content`.
    """
    likely = 1 / (1 + np.exp(-content))
    said = np.concatenate([np.log(probabilities + _LEAST), content, likely], axis=1)
    lengths = np.expm1(cues[:, CUE_NAMES.index("log_length")].astype(np.float64))
    mass = _mass(likely[:, 0].astype(np.float64), lengths, structure)
    return _joined([*_context(said, structure, LABELS_WINDOW), mass, cues])


def _joined(parts: list[NDArray[Any]]) -> Floats:
    return np.concatenate(parts, axis=1, dtype=np.float32, casting="unsafe")


def _mass(likely: NDArray[np.float64], lengths: NDArray[np.float64], structure: Structure) -> NDArray[Any]:
    """Weigh the content of a page by its characters, as its reader does: (blocks, columns).

    For each distinct ancestor, and for the blocks of the same path: the share of its text that is
    content, and its share of the page's content; how much of the page's content stands before and after
    the block, and how far away its first and last certain blocks are; for the page, its expected content,
    the best F1 that is expected of any choice, the likeliest block, and the mean over characters and blocks.
    """
    held = likely * lengths
    content, counted = (np.concatenate([[0], np.cumsum(each)]) for each in (held, lengths))
    total = max(content[-1], 1e-6)
    first, last = structure.ranges[:, :, 0], structure.ranges[:, :, 1]
    inside = content[last] - content[first]
    groups = structure.paths
    alike = np.bincount(groups, weights=held)[groups]
    alike_lengths = np.bincount(groups, weights=lengths)[groups]
    order = np.arange(len(lengths))
    # Keeping what is likelier than half the best expected F1 gives that F1 (Lewis, 1995).
    best = _best_f1(likely, held, lengths, total)
    certain = np.flatnonzero(likely >= best / 2)
    ends = order[:, None] - certain[[0, -1]]
    page = [np.log1p(total), best, likely.max(), total / counted[-1], likely.mean()]
    return np.concatenate(
        [
            inside / np.maximum(counted[last] - counted[first], 1),
            inside / total,
            np.stack([alike / alike_lengths, alike / total], axis=1),
            np.stack([content[:-1] / total, (total - content[1:]) / total], axis=1),
            np.sign(ends) * np.log1p(np.abs(ends)),
            np.broadcast_to(page, (len(lengths), len(page))),
        ],
        axis=1,
    )


def _best_f1(
    likely: NDArray[np.float64], held: NDArray[np.float64], lengths: NDArray[np.float64], total: float
) -> float:
    """Return the largest F1 in characters that keeping the likeliest blocks is expected to give."""
    order = np.argsort(-likely, kind="stable")
    return float((2 * np.cumsum(held[order]) / (np.cumsum(lengths[order]) + total)).max())


# Added to probabilities before their logarithm.
_LEAST: Final = np.float32(1e-4)


def context(said: Floats, structure: Structure, window: int) -> Floats:
    """Return what was said around every block: its own columns first, then its surroundings.

    `said` is float32 of shape (blocks, columns). The surroundings are, column by column: each of the
    `window` neighbours before and after (zero beyond the ends), the mean over the blocks of each
    distinct ancestor, and over the blocks of the same path.
    """
    return _joined(_context(said, structure, window))


def _context(said: Floats, structure: Structure, window: int) -> list[NDArray[Any]]:
    count, columns = said.shape
    padded = np.zeros((count + 2 * window, columns), dtype=np.float32)
    padded[window : window + count] = said
    neighbours = [padded[step : step + count] for step in range(2 * window + 1) if step != window]
    first, last = structure.ranges[:, :, 0], structure.ranges[:, :, 1]
    sums = _running(said)
    levels = sums.take(last, axis=0)
    levels -= sums.take(first, axis=0)
    levels /= np.maximum(last - first, 1)[:, :, None]
    return [said, *neighbours, levels.reshape(count, -1), _path_means(said, structure.paths)]


def _running(rows: Floats) -> NDArray[np.float64]:
    """Return the sums of the first 0, 1, 2 … rows."""
    sums = np.zeros((len(rows) + 1, rows.shape[1]))
    np.cumsum(rows, axis=0, out=sums[1:], dtype=np.float64)
    return sums


def _path_means(said: Floats, paths: Ints) -> NDArray[np.float64]:
    sizes = np.bincount(paths)
    sums = _running(said[np.argsort(paths, kind="stable")])
    ends = np.cumsum(sizes)
    means: NDArray[np.float64] = ((sums[ends] - sums[ends - sizes]) / sizes[:, None])[paths]
    return means
