"""Fits the linear evidence: what hashed n-grams, pairs of words or structure words say of a block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import scipy.sparse as sparse
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.linear_model import SGDClassifier

from chaffinch.features import TOKEN_BUCKETS, Bags, pack_text
from chaffinch.labels import LABELS
from training.evidence import Evidence
from training.runtime import session
from training.text_graph import BEFORE, BUCKETS, bucket_model, word_model
from training.words_graph import PAIR_BUCKETS, WORD_BUCKETS

# One column a label, and one for "the corpus's gold text holds it".
COLUMNS: Final = len(LABELS) + 1

# Ridge penalty of the text's and the structure words' weights, and passes over the data.
TEXT_DECAY: Final = 1e-6
STRUCTURE_DECAY: Final = 3e-6
EPOCHS: Final = 6

# Paragraphs that are read at once.
LIST: Final = 4096


def text_rows(documents: Sequence[Sequence[str]]) -> sparse.csr_matrix:
    """Return the hashed n-grams of every paragraph, hashed by the graph that ships."""
    hasher = session(bucket_model())
    ids, counts = [], []
    for paragraphs in documents:
        packed = pack_text(paragraphs)
        (buckets,) = hasher.run(None, {"data": packed.data})
        first = packed.starts - BEFORE - np.r_[0, np.cumsum(packed.lengths)[:-1]]
        ids.append(buckets[np.repeat(first, packed.lengths) + np.arange(packed.lengths.sum())])
        counts.append(packed.lengths)
    return _scaled(_counted(np.concatenate(ids), np.concatenate(counts), BUCKETS))


def word_rows(documents: Sequence[Sequence[str]]) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Return the words of every paragraph, and its pairs of words, found by the graph that ships."""
    finder = session(word_model())
    counts, words, pairs = zip(
        *(finder.run(None, pack_text(part).feed) for paragraphs in documents for part in _parts(paragraphs)),
        strict=True,
    )
    sizes = np.concatenate(counts)
    return (
        _scaled(_counted(np.concatenate(words), sizes, WORD_BUCKETS)),
        _scaled(_counted(np.concatenate(pairs), sizes, PAIR_BUCKETS)),
    )


def _parts(paragraphs: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut what is no document but a long list into pieces that take little memory."""
    for begin in range(0, len(paragraphs), LIST):
        yield paragraphs[begin : begin + LIST]


def structure_rows(pages: Sequence[Bags]) -> sparse.csr_matrix:
    """Return the structure words of every block of all pages, as the structure graph counts them."""
    sizes = np.concatenate([page.sizes for page in pages])
    in_bags = _counted(np.concatenate([page.tokens for page in pages]), sizes, TOKEN_BUCKETS)
    before = np.cumsum([0, *(len(page.sizes) for page in pages)])
    bags = np.concatenate([page.bags + first for page, first in zip(pages, before[:-1], strict=True)])
    return _scaled(_counted(bags, np.concatenate([page.counts for page in pages]), len(sizes)) @ in_bags)


def _counted(ids: NDArray[Any], counts: NDArray[Any], width: int) -> sparse.csr_matrix:
    """Return how often each id stands in each row; row i owns the `counts[i]` ids after the rows before."""
    ends = np.r_[0, np.cumsum(counts)]
    rows = sparse.csr_matrix((np.ones(len(ids), dtype=np.float32), ids, ends), shape=(len(counts), width))
    rows.sum_duplicates()
    return rows


def _scaled(rows: sparse.csr_matrix) -> sparse.csr_matrix:
    """Divide every row by the root of its sum, as the graphs do."""
    total = np.asarray(rows.sum(axis=1)).ravel()
    return sparse.diags(1 / np.sqrt(np.maximum(total, 1)), dtype=np.float32) @ rows


def fit_evidence(
    rows: sparse.csr_matrix,
    labels: NDArray[Any],
    content: NDArray[Any],
    weights: NDArray[Any],
    *,
    decay: float,
    seed: int,
    jobs: int,
) -> Evidence:
    """Fit one logistic column for each label and one for main content; -1 in a target is unknown."""
    targets = [np.where(labels >= 0, labels == number, -1) for number in range(len(LABELS))]
    fitted = Parallel(n_jobs=jobs, max_nbytes=None, prefer="threads")(
        delayed(_fit_column)(rows, target, weights, decay, seed) for target in [*targets, content]
    )
    coefficients, bias = zip(*fitted, strict=True)
    return Evidence(np.stack(coefficients, axis=1), np.array(bias))


def _fit_column(
    rows: sparse.csr_matrix,
    target: NDArray[Any],
    weights: NDArray[Any],
    decay: float,
    seed: int,
) -> tuple[NDArray[np.float64], float]:
    known = np.flatnonzero(target >= 0)
    model = SGDClassifier(loss="log_loss", alpha=decay, max_iter=EPOCHS, tol=None, random_state=seed)
    if len(np.unique(target[known])) < 2:  # a small run may lack a label: it says so of every block
        return np.zeros(rows.shape[1]), -5.0
    model.fit(rows[known], target[known].astype(np.int8), sample_weight=weights[known])
    return model.coef_[0], float(model.intercept_[0])
