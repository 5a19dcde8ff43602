"""The graphs' hashing and counting again, in plain numpy: what the exported ones are checked against."""

from __future__ import annotations

from collections import Counter
from math import log

import numpy as np
from numpy.typing import NDArray

from chaffinch.features import MAX_BYTES, PADDING, Bags
from training.evidence import LIMIT, Evidence
from training.text_graph import BEFORE, BUCKETS, MULTIPLIERS, NGRAM
from training.words_graph import (
    _BASE,
    _BEFORE,
    _COUNTED,
    _LOG_STEPS,
    _MOST,
    _MOST_ALIKE,
    _REACH,
    _SPREAD,
    PAIR_BUCKETS,
    RARITY_STEPS,
    WORD_BUCKETS,
)


def text_evidence(evidence: Evidence, paragraphs: list[str]) -> NDArray[np.float64]:
    """Return the evidence of every paragraph by itself, from the definition, byte by byte."""
    rows = []
    for paragraph in paragraphs:
        own = _bytes(paragraph)
        padded = bytes(BEFORE) + own + bytes(NGRAM)
        buckets = [_bucket(padded[place : place + NGRAM]) for place in range(len(own))]
        total = evidence.weights[buckets].astype(np.int64).sum(axis=0)
        rows.append(_scaled(evidence, total, len(own)))
    return np.array(rows)


def word_spans(paragraph: str) -> list[tuple[int, int]]:
    """Return where each word of a paragraph begins and ends, in bytes."""
    own = _bytes(paragraph)
    spans = []
    place = 0
    while place < len(own):
        if not _is_part(own[place]):
            place += 1
            continue
        start, size = place, _size_alone(own[place])
        place += 1
        # A character that is a word by itself has so many bytes; any other word goes on up to the next such.
        while place < len(own) and _is_part(own[place]) and not _size_alone(own[place]):
            if size and place - start >= size:
                break
            place += 1
        spans.append((start, place))
    return spans


def word_buckets(paragraph: str) -> list[int]:
    """Return the bucket of each word of a paragraph."""
    return [number % WORD_BUCKETS for number in _word_hashes(paragraph)]


def pair_buckets(paragraph: str) -> list[int]:
    """Return the bucket of each word of a paragraph with the one before it."""
    spans, hashes = word_spans(paragraph), _word_hashes(paragraph)
    buckets = []
    for place, (start, _) in enumerate(spans):
        near = place > 0 and start - spans[place - 1][1] < PADDING
        before = hashes[place - 1] if near else 0
        buckets.append((hashes[place] + _BEFORE * before) % PAIR_BUCKETS)
    return buckets


def cohesion(rarity: NDArray[np.uint8], paragraphs: list[str]) -> NDArray[np.float64]:
    """Return how far every paragraph is of its document, by rare words that stand in it more than once."""
    words = [word_buckets(text) for text in paragraphs]
    counts = Counter(word % _COUNTED for own in words for word in own)
    rows = []
    for own in words:
        weights = [int(rarity[word]) for word in own]
        often = [min(counts[word % _COUNTED], _MOST) for word in own]
        again = sum(weight for weight, count in zip(weights, often, strict=True) if count > 1)
        logs = sum(
            weight * round(log(count) * _LOG_STEPS) for weight, count in zip(weights, often, strict=True)
        )
        total = sum(weights)
        rare = total / max(len(own), 1) ** 0.5 / RARITY_STEPS
        rows.append([rare, again / max(total, 1), logs / max(total, 1) / _LOG_STEPS])
    return np.array(rows)


def repetition(paragraphs: list[str]) -> NDArray[np.float64]:
    """Return the logarithm of how many paragraphs have the same words as each, and the same first word."""
    words = [_word_hashes(text) for text in paragraphs]
    columns = [sum(own) % (1 << 32) for own in words], [own[0] if own else 0 for own in words]
    counts = [Counter(column) for column in columns]
    rows = [
        [log(min(count[value], _MOST_ALIKE)) for count, value in zip(counts, row, strict=True)]
        for row in zip(*columns, strict=True)
    ]
    return np.array(rows)


def structure_evidence(evidence: Evidence, page: Bags) -> NDArray[np.float64]:
    """Return the evidence of every block's structure words, from the definition, word by word."""
    words = np.split(page.tokens, np.cumsum(page.sizes)[:-1])
    rows = []
    for named in np.split(page.bags, np.cumsum(page.counts)[:-1]):
        own = [word for bag in named for word in words[bag]]
        total = evidence.weights[own].astype(np.int64).sum(axis=0)
        rows.append(_scaled(evidence, total, len(own)))
    return np.array(rows)


def _scaled(evidence: Evidence, total: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    exact = total * evidence.scale.astype(np.float64) / max(count, 1) ** 0.5 + evidence.bias
    clipped: NDArray[np.float64] = np.clip(exact, -LIMIT, LIMIT)
    return clipped


def _bytes(paragraph: str) -> bytes:
    """Return what is read of a paragraph: enough characters for MAX_BYTES bytes, then the bytes."""
    return paragraph[:MAX_BYTES].encode("utf-8", "replace")[:MAX_BYTES]


def _folded(text: bytes) -> list[int]:
    return [ord("0") if 48 <= byte <= 57 else byte + 32 if 65 <= byte <= 90 else byte for byte in text]


def _bucket(ngram: bytes) -> int:
    pairs = zip(_folded(ngram), MULTIPLIERS, strict=True)
    return sum(byte * factor for byte, factor in pairs) & (BUCKETS - 1)


def _is_part(byte: int) -> bool:
    return byte > 0x20 and byte != 0x7F


def _size_alone(byte: int) -> int:
    """Return how many bytes the character has that this one begins, if it is a word by itself, or 0."""
    if byte < 0x80:
        return 0 if chr(byte).isalnum() or not _is_part(byte) else 1
    if byte == 0xC2:
        return 2
    return 3 if 0xE2 <= byte <= 0xF7 else 0


def _word_hashes(paragraph: str) -> list[int]:
    own = _bytes(paragraph)
    hashes = []
    for start, end in word_spans(paragraph):
        # Nothing but zeros follows a paragraph.
        further = _REACH if own[start] >= 0xE3 else 0
        read = enumerate(_folded(own[start : end + further]))
        hashes.append(sum(byte * _SPREAD * pow(_BASE, power, 1 << 32) for power, byte in read) % (1 << 32))
    return hashes
