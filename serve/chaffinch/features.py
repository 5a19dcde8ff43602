"""Turns blocks into arrays: the only featuriser, imported by training and serving alike.

Text becomes UTF-8 bytes and offsets, which is all the text graph takes. An HTML page gives, besides,
a bag of hashed structure tokens for every block (tags, class, id and role words of the elements around
it, words of its links' addresses) and a row of measured cues. `context` then lets every block see what
a stage said of its neighbours, its ancestors, its look-alikes and the page as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from chaffinch._cues import CUE_NAMES, page_cues
from chaffinch._structure import TOKEN_BUCKETS, Structure, block_tokens, read_structure
from chaffinch.blocks import Document

__all__ = [
    "CUE_NAMES",
    "MAX_BYTES",
    "PADDING",
    "TOKEN_BUCKETS",
    "VERSION",
    "PackedText",
    "PageFeatures",
    "block_rows",
    "context",
    "pack_text",
    "page_features",
]

Floats: TypeAlias = NDArray[np.float32]
Ints: TypeAlias = NDArray[np.int64]

# Changes whenever the meaning of any array below changes; a model of another version is refused.
VERSION: Final = 1

# Zero bytes before, between and after paragraphs: an n-gram never reaches from one into the next.
PADDING: Final = 8
# Bytes of a paragraph that are read: what a block is shows early, and a megabyte in one line must not
# cost a megabyte's time.
MAX_BYTES: Final = 2048

# Neighbours on either side whose labels a block sees.
WINDOW: Final = 3


@dataclass(frozen=True, slots=True)
class PackedText:
    """Paragraphs as the text graph takes them.

    `data` is uint8 of shape (bytes,): zeros, paragraph, zeros, paragraph, …, zeros. Paragraph i is
    `data[starts[i]:starts[i] + lengths[i]]`; both are int64 of shape (paragraphs,).
    """

    data: NDArray[np.uint8]
    starts: Ints
    lengths: Ints


def pack_text(paragraphs: Sequence[str]) -> PackedText:
    """Encode paragraphs as UTF-8, at most `MAX_BYTES` of each; lone surrogates become `?`."""
    encoded = [text[:MAX_BYTES].encode("utf-8", "replace")[:MAX_BYTES] for text in paragraphs]
    gap = bytes(PADDING)
    data = np.frombuffer(gap + b"".join([part + gap for part in encoded]), dtype=np.uint8)
    lengths = np.fromiter(map(len, encoded), dtype=np.int64, count=len(encoded))
    starts = PADDING + np.concatenate([[0], np.cumsum(lengths + PADDING)])[:-1].astype(np.int64)
    return PackedText(data, starts, lengths)


@dataclass(frozen=True, slots=True)
class PageFeatures:
    """What the page model sees of an HTML page before any stage has spoken.

    `cues` is float32 of shape (blocks, len(CUE_NAMES)); `tokens` is int64 of shape (tokens,), block i
    owning the `token_counts[i]` after those of the blocks before it.
    """

    cues: Floats
    tokens: Ints
    token_counts: Ints
    structure: Structure


def page_features(document: Document) -> PageFeatures:
    """Measure a page cut by `segment`; every array follows the order of its blocks."""
    structure = read_structure(document)
    tokens = block_tokens(document)
    counts = np.fromiter(map(len, tokens), dtype=np.int64, count=len(tokens))
    flat = np.array([token for bag in tokens for token in bag], dtype=np.int64)
    return PageFeatures(page_cues(document, structure), flat, counts, structure)


def block_rows(page: PageFeatures, text: Floats, structure: Floats, from_text: Floats) -> Floats:
    """Return what the page model sees: the cues, and all evidence in its context.

    `text` and `structure` are the linear evidence of a block's words and of its elements' words,
    `from_text` the probabilities that the text model gives the page's blocks as mere text.
    """
    said = np.concatenate([text, structure, np.log(from_text + _LEAST)], axis=1)
    return np.concatenate([page.cues, context(said, page.structure)], axis=1)


# Added to probabilities before their logarithm.
_LEAST: Final = np.float32(1e-4)


def context(said: Floats, structure: Structure) -> Floats:
    """Return what a stage said around every block: its own columns first, then its surroundings.

    `said` is float32 of shape (blocks, columns). The surroundings are, column by column: each of the
    `WINDOW` neighbours before and after (zero beyond the ends), the mean over the blocks of each
    distinct ancestor, over the blocks of the same path, and over the whole page.
    """
    count, columns = said.shape
    parts: list[NDArray[Any]] = [said]
    padded = np.zeros((count + 2 * WINDOW, columns), dtype=np.float32)
    padded[WINDOW : WINDOW + count] = said
    parts += [padded[WINDOW + step : WINDOW + step + count] for step in _STEPS]
    sums = np.zeros((count + 1, columns))
    np.cumsum(said, axis=0, out=sums[1:], dtype=np.float64)
    for level in range(structure.ranges.shape[1]):
        first, last = structure.ranges[:, level, 0], structure.ranges[:, level, 1]
        parts.append((sums[last] - sums[first]) / np.maximum(last - first, 1)[:, None])
    parts.append(_path_means(said, structure.paths))
    return np.concatenate(parts, axis=1, dtype=np.float32, casting="unsafe")


_STEPS = [step for step in range(-WINDOW, WINDOW + 1) if step]


def _path_means(said: Floats, paths: Ints) -> NDArray[np.float64]:
    _, groups = np.unique(paths, return_inverse=True)
    sizes = np.bincount(groups)
    sums = np.stack([np.bincount(groups, weights=column) for column in said.T], axis=1)
    means: NDArray[np.float64] = (sums / sizes[:, None])[groups]
    return means
