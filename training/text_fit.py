"""Fits the evidence of words, and the text model: a network among neighbours, then one over its answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import onnx
from joblib import Parallel, delayed
from numpy.typing import NDArray

from chaffinch.features import pack_text
from chaffinch.labels import LABELS
from training.dataset import UNKNOWN, Page
from training.evidence import Evidence
from training.folds import Unseen, each_fold, outside
from training.linear import TEXT_DECAY, fit_evidence, text_rows
from training.network import Network, Networks, calibrated, fit_network, logits
from training.runtime import session
from training.text_graph import rows_model, text_model
from training.views import View, extracted, whole

# A seed paragraph weighs this many paragraphs of annotated pages: there are few, and they are what
# extracted text looks like.
SEED_WEIGHT: Final = 4
# Extracted views made of each annotated page, and the share of whole-page blocks that is learned from.
VIEWS: Final = 3
WHOLE_SHARE: Final = 0.3

FIRST: Final = Networks(96, 2, 8, 3e-3)
SECOND: Final = Networks(48, 2, 8, 3e-3)


@dataclass(frozen=True)
class TextParts:
    """Everything a text graph is made of."""

    evidence: Evidence
    first: Network
    second: Network

    def model(self, metadata: dict[str, str]) -> onnx.ModelProto:
        """Return the graph."""
        return text_model(self.evidence, self.first, self.second, metadata)


@dataclass(frozen=True)
class TextFit:
    """The text model, and what those that never saw a fold said of its views."""

    parts: TextParts
    views: list[View]
    raw: NDArray[np.float32]


def fit_text(
    pages: Sequence[Page],
    documents: Sequence[Page],
    words: Sequence[Evidence],
    fold_of: dict[str, int],
    *,
    seed: int,
    jobs: int,
) -> TextFit:
    """Fit the text model on annotated pages and seed documents, and once more without each fold.

    `words` are those that `fit_words` gives.
    """
    held_out = each_fold(fold_of)
    unseen = [*held_out, Unseen()]
    evidence = dict(zip(unseen, words, strict=True))
    views, share = _views([page for page in pages if page.annotated], documents, seed)
    owner = np.array([fold_of[view.group] for view in views])
    samples = _Samples(views, owner, share, seed)

    def stage(size: Networks, rows: NDArray[np.float32], folds: Unseen) -> Network:
        use = samples.without(folds)
        return fit_network(rows[use], samples.labels[use], size, labels=len(LABELS), seed=seed)

    parallel = Parallel(n_jobs=jobs, prefer="threads")
    rows = samples.rows(lambda folds: rows_model(evidence[folds]))
    fitted = parallel(delayed(stage)(FIRST, rows, folds) for folds in unseen)
    first = dict(zip(unseen, fitted, strict=True))
    rows = samples.rows(lambda folds: rows_model(evidence[folds], first[folds]))
    fitted = parallel(delayed(stage)(SECOND, rows, folds) for folds in unseen)
    second = dict(zip(unseen, fitted, strict=True))

    raw = np.empty((len(samples.labels), second[Unseen()].labels), dtype=np.float32)
    for folds in held_out:
        held = ~outside(samples.fold, folds)
        raw[held] = logits(second[folds], rows[held])
    last = calibrated(second[Unseen()], raw, samples.labels, samples.weights)
    return TextFit(TextParts(evidence[Unseen()], first[Unseen()], last), views, raw)


def fit_words(
    pages: Sequence[Page],
    documents: Sequence[Page],
    fold_of: dict[str, int],
    *,
    seed: int,
    jobs: int,
) -> list[Evidence]:
    """Fit the evidence of words, which both models take, without each fold, and last on all."""
    used = [*pages, *documents]
    rows = text_rows([page.texts for page in used])
    labels = np.concatenate([page.labels for page in used])
    content = np.concatenate([page.content for page in used])
    sizes = [len(page.texts) for page in used]
    owner = np.repeat([fold_of[page.group] for page in used], sizes)
    weight = [SEED_WEIGHT if page.features is None else 1 for page in used]
    weights = np.repeat(np.array(weight, dtype=np.float64), sizes)

    def fit(unseen: Unseen) -> Evidence:
        free = outside(owner, unseen)
        known = np.where(free, labels, UNKNOWN), np.where(free, content, UNKNOWN)
        return fit_evidence(rows, *known, weights, decay=TEXT_DECAY, seed=seed, jobs=jobs)

    return [fit(unseen) for unseen in [*each_fold(fold_of), Unseen()]]


def _views(pages: Sequence[Page], documents: Sequence[Page], seed: int) -> tuple[list[View], list[float]]:
    """Return the documents that the networks learn from, and the share of each one's paragraphs used."""
    random = np.random.default_rng(seed)
    made: list[tuple[View, float]] = []
    for page in pages:
        made.append((whole(page), WHOLE_SHARE))
        made += [(extracted(page, random), 1.0) for _ in range(VIEWS)]
    made += [(whole(document), float(SEED_WEIGHT)) for document in documents]
    kept = [(view, share) for view, share in made if view.texts]
    return [view for view, _ in kept], [share for _, share in kept]


class _Samples:
    """The paragraphs of all views, end to end."""

    def __init__(self, views: list[View], owner: NDArray[np.int64], share: list[float], seed: int) -> None:
        sizes = [len(view.texts) for view in views]
        self._packed = [pack_text(view.texts) for view in views]
        self._owner = owner
        self.labels = np.concatenate([view.labels for view in views])
        self.fold = np.repeat(owner, sizes)
        self.weights = np.repeat(np.array(share), sizes)
        self._draw = np.random.default_rng(seed).random(len(self.labels))

    def without(self, unseen: Unseen) -> NDArray[np.int64]:
        """Return the paragraphs to fit on: a share below 1 is drawn, one above repeats."""
        times = np.where(self.weights < 1, self._draw < self.weights, self.weights).astype(np.int64)
        return np.repeat(np.arange(len(times)), times * outside(self.fold, unseen))

    def rows(self, model: Callable[[Unseen], onnx.ModelProto]) -> NDArray[np.float32]:
        """Run each view through the model that never saw its fold."""
        sessions = {fold: session(model(Unseen({fold}))) for fold in np.unique(self._owner).tolist()}
        made = []
        for packed, fold in zip(self._packed, self._owner.tolist(), strict=True):
            made.append(sessions[fold].run(None, packed.feed)[0])
        return np.concatenate(made)
