"""Fits the text model: what words say of a paragraph by itself, then networks that read documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import onnx
import scipy.sparse as sparse
from joblib import Parallel, delayed
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from chaffinch.features import pack_text
from chaffinch.labels import LABELS
from training.dataset import UNKNOWN, Page
from training.evidence import Evidence
from training.folds import Unseen, each_fold_and_none, outside
from training.linear import TEXT_DECAY, fit_evidence, text_rows, word_rows
from training.meaning import Lessons, fit_meaning
from training.network import calibration
from training.recurrent import Documents, Sequences
from training.runtime import session
from training.sequence import SequenceNetwork, fit_sequences, mean_logits
from training.text_graph import Reading, rows_model, text_model
from training.views import View, boxes, cleaned, extracted, roughened, spliced, whole

# What a seed paragraph weighs beside one of an annotated page where n-grams and words are fitted: there are
# few, and they are what extracted text looks like.
SEED_WEIGHT: Final = 3
# Extracted views made of each annotated page, one of them once more with boxes of seed documents; views of
# each seed document with boxes of others, and the share of those that have none instead: seeds are full of
# residue, and most articles have next to none.
EXTRACTED: Final = 3
SPLICED: Final = 2
CLEANED: Final = 0.3
# What a paragraph of a whole page weighs in a batch of the networks; of other views 1. Most of such pages is
# what extractors never leave.
WHOLE_WEIGHT: Final = 0.3

SIZE: Final = Sequences(hidden=80, memory=56, members=2, epochs=12, dropout=0.2)


@dataclass(frozen=True)
class TextParts:
    """Everything a text graph is made of."""

    reading: Reading
    network: SequenceNetwork

    def model(self, metadata: dict[str, str]) -> onnx.ModelProto:
        """Return the graph."""
        return text_model(self.reading, self.network, metadata)


@dataclass(frozen=True)
class TextFit:
    """The text model; the views, the fold of each, and what models that never saw it said of them."""

    parts: TextParts
    views: list[View]
    folds: list[int]
    raw: NDArray[np.float32]


def fit_text(
    pages: Sequence[Page],
    documents: Sequence[Page],
    real: Sequence[View],
    readings: Sequence[Reading],
    fold_of: dict[str, int],
    *,
    seed: int,
    jobs: int,
) -> TextFit:
    """Fit the networks on annotated pages and seed documents, and once more without each fold.

    `real` are the views that `real_views` gives of the pages, `readings` what `fit_readings` gives.
    """
    unseen = each_fold_and_none(fold_of)
    held_out = unseen[:-1]
    reading = dict(zip(unseen, readings, strict=True))
    views = _views(pages, documents, fold_of, seed) + list(real)
    samples = _Samples(views, fold_of, reading)
    fitted = Parallel(n_jobs=jobs, verbose=1)(delayed(samples.fit)(folds, seed) for folds in unseen)
    networks = dict(zip(unseen, fitted, strict=True))
    raw = np.empty((len(samples.labels), len(LABELS)), dtype=np.float32)
    for folds in held_out:
        held = ~outside(samples.fold, folds)
        raw[held] = mean_logits(networks[folds], samples.documents(held))
    # What was made up of documents has not their shares of chaff.
    told = np.repeat([view.kind in ("whole", "real") for view in views], samples.sizes) & (
        samples.weights > 0
    )
    sharpness, offset = calibration(raw[told], samples.labels[told], samples.weights[told])
    last = replace(networks[Unseen()], sharpness=sharpness, offset=offset)
    parts = TextParts(reading[Unseen()], last)
    return TextFit(parts, views, samples.owner, raw)


def fit_words(
    pages: Sequence[Page], documents: Sequence[Page], fold_of: dict[str, int], *, seed: int, jobs: int
) -> list[Evidence]:
    """Fit the evidence of n-grams, which each model has of its own, without each fold, and last on all."""
    rows = text_rows([page.texts for page in [*pages, *documents]])
    return _evidence(rows, [*pages, *documents], fold_of, seed=seed, jobs=jobs)


def fit_readings(
    pages: Sequence[Page],
    documents: Sequence[Page],
    words: Sequence[Evidence],
    taught: Lessons,
    fold_of: dict[str, int],
    *,
    seed: int,
    jobs: int,
) -> list[Reading]:
    """Fit what a paragraph says by itself without each fold, and last on all; `words` are `fit_words`'."""
    _, rows = word_rows([page.texts for page in [*pages, *documents]])
    pairs = _evidence(rows, [*pages, *documents], fold_of, seed=seed, jobs=jobs)
    meaning = fit_meaning(taught, each_fold_and_none(fold_of), jobs)
    given = zip(words, pairs, meaning, strict=True)
    return [Reading(ngrams, both, *taught_words) for ngrams, both, taught_words in given]


def _evidence(
    rows: sparse.csr_matrix, pages: Sequence[Page], fold_of: dict[str, int], *, seed: int, jobs: int
) -> list[Evidence]:
    labels = np.concatenate([page.labels for page in pages])
    content = np.concatenate([page.content for page in pages])
    sizes = [len(page.texts) for page in pages]
    owner = np.repeat([fold_of[page.group] for page in pages], sizes)
    weight = [page.weight * (SEED_WEIGHT if page.features is None else 1) for page in pages]
    weights = np.repeat(np.array(weight, dtype=np.float64), sizes)

    def fit(unseen: Unseen) -> Evidence:
        free = outside(owner, unseen)
        known = np.where(free, labels, UNKNOWN), np.where(free, content, UNKNOWN)
        return fit_evidence(rows, *known, weights, decay=TEXT_DECAY, seed=seed, jobs=jobs)

    return [fit(unseen) for unseen in each_fold_and_none(fold_of)]


def _views(
    pages: Sequence[Page], documents: Sequence[Page], fold_of: dict[str, int], seed: int
) -> list[View]:
    """Return the documents that the networks learn from."""
    random = np.random.default_rng(seed)
    own = [whole(document) for document in documents]
    # A box that takes its article's voice is out of place in another.
    lent = boxes([view for view in own if view.weight == 1], fold_of)

    def with_boxes(view: View) -> View:
        return roughened(spliced(view, lent, fold_of, random), random)

    made: list[View] = []
    for page in pages:
        views = [extracted(page, random) for _ in range(EXTRACTED)]
        made += [whole(page), *(roughened(view, random) for view in views), with_boxes(views[-1])]
    made += own
    for _ in range(SPLICED):
        made += [
            roughened(cleaned(view), random) if random.random() < CLEANED else with_boxes(view)
            for view in own
        ]
    return [view for view in made if view.texts]


class _Samples:
    """The paragraphs of all views, end to end, each read by the model that never saw its fold."""

    def __init__(
        self, views: Sequence[View], fold_of: dict[str, int], reading: Mapping[Unseen, Reading]
    ) -> None:
        self.owner = owner = [fold_of[view.group] for view in views]
        self.sizes = np.array([len(view.texts) for view in views])
        labels = np.concatenate([view.labels for view in views]).astype(np.int64)
        self.fold = np.repeat(owner, self.sizes)
        weight = np.array([_weight(view) for view in views], dtype=np.float32)
        # Of what nobody labelled nothing is learned: it is context.
        self.weights = np.where(labels == UNKNOWN, np.float32(0), np.repeat(weight, self.sizes))
        self.labels = np.maximum(labels, 0)
        sessions = {fold: session(rows_model(reading[Unseen({fold})])) for fold in sorted(set(owner))}
        packed = (pack_text(view.texts).feed for view in views)
        said = [sessions[fold].run(None, feed)[0] for fold, feed in zip(owner, packed, strict=True)]
        self._rows = np.concatenate(said)

    def documents(self, chosen: NDArray[np.bool_]) -> Documents:
        """Return the documents of the paragraphs chosen, all of a document or none."""
        whole_ones = chosen[np.cumsum(self.sizes) - 1]
        return Documents(self._rows[chosen], self.sizes[whole_ones])

    def fit(self, unseen: Unseen, seed: int) -> SequenceNetwork:
        """Fit the networks outside some folds."""
        free = outside(self.fold, unseen)
        given = self.documents(free), self.labels[free], self.weights[free]
        # Sums differ with the number of threads, and the model with them: one is the same anywhere.
        with threadpool_limits(1, user_api="blas"):
            return fit_sequences(*given, SIZE, labels=len(LABELS), seed=seed)


def _weight(view: View) -> float:
    if view.corpus == "seeds":
        return view.weight
    return WHOLE_WEIGHT if view.kind == "whole" else 1.0
