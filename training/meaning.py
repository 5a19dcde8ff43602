"""Teaches words their meaning: a small vector each; sums of them come near a teacher's vector of a text.

What a network learns of such vectors in one language holds in others, and for words that no labelled
document has.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.sparse as sparse
from joblib import Parallel, delayed
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from training import teacher
from training.dataset import Page
from training.evidence import Evidence
from training.folds import Unseen
from training.linear import word_rows
from training.network import Floats
from training.words_graph import RARITY_STEPS

# Numbers of a meaning: the directions in which the teacher's vectors of seed paragraphs differ most.
WIDTH: Final = 54
# Ridge penalty of the words' vectors, and steps of conjugate gradients that find them: more change nothing.
PENALTY: Final = 3.0
STEPS: Final = 20
# Words of the teacher's that are learned by themselves, the most frequent first: all.
WORDS: Final = 100_000
# What a word by itself weighs beside a paragraph: it stands for words that no paragraph has.
WORD_WEIGHT: Final = 0.5


@dataclass(frozen=True)
class Lessons:
    """Different texts and words, and what the teacher says of each, (texts, `WIDTH`), in units of its spread.

    Bit `1 << fold` of a text's `folds` says that it stands in that fold; words are of no fold.
    """

    texts: list[str]
    folds: NDArray[np.int64]
    targets: Floats


def lessons(pages: Sequence[Page], documents: Sequence[Page], fold_of: dict[str, int], jobs: int) -> Lessons:
    """Ask the teacher of every different paragraph, and of all the words it knows."""
    folds = dict.fromkeys(teacher.vocabulary()[:WORDS], 0)
    for page in [*documents, *pages]:
        for text in map(_heard, page.texts):
            folds[text] = folds.get(text, 0) | 1 << fold_of[page.group]
    texts = list(folds)
    found = teacher.vectors(texts, jobs)
    typical = {_heard(text) for page in documents or pages for text in page.texts}
    center, axes = _directions(found[[text in typical for text in texts]])
    chunks = np.array_split(found, max(1, len(found) // 4096))
    targets = np.concatenate([(chunk.astype(np.float32) - center) @ axes for chunk in chunks])
    return Lessons(texts, np.array(list(folds.values())), targets)


def fit_meaning(
    taught: Lessons, unseen: Iterable[Unseen], jobs: int
) -> list[tuple[Evidence, NDArray[np.uint8]]]:
    """Fit the words' vectors, and count how rare they are.

    Both on the texts that stand in none of the folds of each item of `unseen`.
    """
    rows, _ = word_rows([taught.texts])
    weights = np.where(taught.folds == 0, np.float32(WORD_WEIGHT), np.float32(1))

    def fit(hidden: Unseen) -> tuple[Evidence, NDArray[np.uint8]]:
        free = (taught.folds & sum(1 << fold for fold in hidden)) == 0
        weighed = (sparse.diags(weights[free]) @ rows[free]).tocsr()
        found = _ridge(weighed, taught.targets[free] * weights[free, None])
        return Evidence(found.astype(np.float64), np.zeros(found.shape[1])), _rarity(rows[free])

    return list(Parallel(n_jobs=jobs, prefer="threads")(delayed(fit)(hidden) for hidden in unseen))


def _rarity(rows: sparse.csr_matrix) -> NDArray[np.uint8]:
    """Return the cubed logarithm of how few of the texts hold each word, in steps of the largest."""
    held = np.bincount(rows.indices, minlength=rows.shape[1])
    share = np.log(rows.shape[0] / (held + 1)).clip(0) / np.log(max(rows.shape[0], 2))
    steps: NDArray[np.uint8] = np.rint(share**3 * RARITY_STEPS).astype(np.uint8)
    return steps


def _heard(text: str) -> str:
    return text[: teacher.LONGEST]


def _directions(found: NDArray[np.float16]) -> tuple[Floats, Floats]:
    """Return the mean, and the main directions divided by the spread along them."""
    vectors = found.astype(np.float32)
    center = vectors.mean(axis=0)
    vectors -= center
    with threadpool_limits(1, user_api="blas"):
        values, axes = np.linalg.eigh(vectors.T @ vectors / len(vectors))
    order = np.argsort(-values)[:WIDTH]
    # The sign of an axis is open: its largest number is positive.
    largest = np.abs(axes[:, order]).argmax(axis=0)
    axes = axes[:, order] * np.sign(axes[largest, order])
    return center, (axes / np.sqrt(np.maximum(values[order], 1e-9))).astype(np.float32)


def _ridge(rows: sparse.csr_matrix, targets: Floats) -> Floats:
    """Solve for all targets at once by conjugate gradients, preconditioned by the diagonal.

    scikit-learn's solver for sparse rows goes target by target without preconditioning: it takes three
    times as long, and frequent words keep it from coming near.
    """
    turned = rows.T.tocsr()
    scale = np.asarray(rows.multiply(rows).sum(axis=0)).reshape(-1, 1) + np.float32(PENALTY)
    found = np.zeros((rows.shape[1], targets.shape[1]), dtype=np.float32)
    rest = turned @ targets
    ahead = step = rest / scale
    size = (rest * ahead).sum(axis=0)
    for _ in range(STEPS):
        moved = turned @ (rows @ step) + np.float32(PENALTY) * step
        length = size / np.maximum((step * moved).sum(axis=0), 1e-9)
        found += length * step
        rest -= length * moved
        ahead = rest / scale
        size, before = (rest * ahead).sum(axis=0), size
        step = ahead + size / np.maximum(before, 1e-9) * step
    return found
