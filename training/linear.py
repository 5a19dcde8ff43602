"""Fits the linear evidence: what hashed n-grams or structure words say of a block by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import scipy.sparse as sparse
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.linear_model import SGDClassifier

from chaffinch.features import pack_text
from chaffinch.labels import LABELS
from training.evidence import Evidence
from training.runtime import session
from training.text_graph import BEFORE, BUCKETS, bucket_model

# One column a label, and one for "the corpus's gold text holds it".
COLUMNS: Final = len(LABELS) + 1

# Ridge penalty of the text's and the structure words' weights, and passes over the data.
TEXT_DECAY: Final = 1e-6
STRUCTURE_DECAY: Final = 3e-6
EPOCHS: Final = 6


def bags(ids: NDArray[Any], counts: NDArray[Any], buckets: int) -> sparse.csr_matrix:
    """Return hashed features as rows, scaled by the root of their count as the graphs do."""
    scale = np.repeat(1 / np.sqrt(np.maximum(counts, 1)), counts).astype(np.float32)
    ends = np.r_[0, np.cumsum(counts)]
    rows = sparse.csr_matrix((scale, ids, ends), shape=(len(counts), buckets))
    rows.sum_duplicates()
    return rows


def text_bags(documents: Sequence[Sequence[str]]) -> sparse.csr_matrix:
    """Return the hashed n-grams of every paragraph, hashed by the graph that ships."""
    hasher = session(bucket_model())
    ids, counts = [], []
    for paragraphs in documents:
        packed = pack_text(paragraphs)
        (buckets,) = hasher.run(None, {"data": packed.data})
        first = packed.starts - BEFORE - np.r_[0, np.cumsum(packed.lengths)[:-1]]
        ids.append(buckets[np.repeat(first, packed.lengths) + np.arange(packed.lengths.sum())])
        counts.append(packed.lengths)
    return bags(np.concatenate(ids), np.concatenate(counts), BUCKETS)


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
