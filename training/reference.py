"""The graphs' hashing and counting again, in plain numpy: what the exported ones are checked against."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chaffinch.features import MAX_BYTES, Bags
from training.evidence import LIMIT, Evidence
from training.text_graph import BEFORE, BUCKETS, MULTIPLIERS, NGRAM


def text_evidence(evidence: Evidence, paragraphs: list[str]) -> NDArray[np.float64]:
    """Return the evidence of every paragraph by itself, from the definition, byte by byte."""
    rows = []
    for paragraph in paragraphs:
        # Enough characters for MAX_BYTES bytes, then the bytes themselves.
        own = paragraph[:MAX_BYTES].encode("utf-8", "replace")[:MAX_BYTES]
        padded = bytes(BEFORE) + own + bytes(NGRAM)
        buckets = [_bucket(padded[place : place + NGRAM]) for place in range(len(own))]
        total = evidence.weights[buckets].astype(np.int64).sum(axis=0)
        rows.append(_scaled(evidence, total, len(own)))
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


def _bucket(ngram: bytes) -> int:
    folded = [ord("0") if 48 <= byte <= 57 else byte + 32 if 65 <= byte <= 90 else byte for byte in ngram]
    return sum(byte * factor for byte, factor in zip(folded, MULTIPLIERS, strict=True)) & (BUCKETS - 1)
