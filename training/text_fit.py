"""Fits the text model: evidence of n-grams, then a network among neighbours, then one over its answers."""

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
from training.linear import TEXT_DECAY, fit_evidence, text_rows
from training.network import Network, calibrated, fit_network, logits
from training.runtime import session
from training.text_graph import rows_model, text_model
from training.views import View, extracted, whole

# A seed paragraph weighs this many paragraphs of annotated pages: there are few, and they are what
# extracted text looks like.
SEED_WEIGHT: Final = 4
# Extracted views made of each annotated page, and the share of whole-page blocks that is learned from.
VIEWS: Final = 3
WHOLE_SHARE: Final = 0.3

MEMBERS: Final = 2
EPOCHS: Final = 8
DECAY: Final = 3e-3
HIDDEN: Final = (96, 48)


@dataclass(frozen=True)
class TextParts:
    """Everything a text graph is made of."""

    evidence: Evidence
    first: Network
    second: Network

    def model(self, metadata: dict[str, str] | None = None) -> onnx.ModelProto:
        """Return the graph."""
        return text_model(self.evidence, self.first, self.second, metadata or {})


@dataclass(frozen=True)
class TextFit:
    """The text model, one for each fold that never saw it, and what those said of the fold's views."""

    parts: TextParts
    by_fold: list[TextParts]
    views: list[View]
    raw: NDArray[np.float32]


def fit_text(
    pages: Sequence[Page],
    documents: Sequence[Page],
    fold_of: dict[str, int],
    *,
    seed: int,
    jobs: int,
) -> TextFit:
    """Fit the text model on annotated pages and seed documents, and once more without each fold."""
    folds = [*range(max(fold_of.values()) + 1), None]
    evidence = dict(zip(folds, _fit_evidence(pages, documents, fold_of, folds, seed, jobs), strict=True))
    views, share = _views([page for page in pages if page.annotated], documents, seed)
    owner = np.array([fold_of[view.group] for view in views])
    samples = _Samples(views, owner, share, seed)

    def stage(hidden: int, rows: NDArray[np.float32], which: int | None) -> Network:
        use = samples.without(which)
        return fit_network(
            rows[use],
            samples.labels[use],
            labels=len(LABELS),
            hidden=hidden,
            members=MEMBERS,
            epochs=EPOCHS,
            decay=DECAY,
            seed=seed,
        )

    parallel = Parallel(n_jobs=jobs, prefer="threads")
    rows = samples.rows(lambda fold: rows_model(evidence[fold]))
    first = dict(zip(folds, parallel(delayed(stage)(HIDDEN[0], rows, fold) for fold in folds), strict=True))
    rows = samples.rows(lambda fold: rows_model(evidence[fold], first[fold]))
    second = dict(zip(folds, parallel(delayed(stage)(HIDDEN[1], rows, fold) for fold in folds), strict=True))

    raw = np.empty((len(samples.labels), second[None].labels), dtype=np.float32)
    for fold in folds[:-1]:
        held = samples.fold == fold
        raw[held] = logits(second[fold], rows[held])
    # What the text model says of a fold goes into the page model's rows: calibrated without that fold too.
    for fold, network in second.items():
        free = samples.fold != fold if fold is not None else np.ones(len(raw), dtype=bool)
        second[fold] = calibrated(network, raw[free], samples.labels[free], samples.weights[free])
    parts = {fold: TextParts(evidence[fold], first[fold], second[fold]) for fold in folds}
    return TextFit(parts[None], [parts[fold] for fold in folds[:-1]], views, raw)


def _fit_evidence(
    pages: Sequence[Page],
    documents: Sequence[Page],
    fold_of: dict[str, int],
    folds: Sequence[int | None],
    seed: int,
    jobs: int,
) -> list[Evidence]:
    used = [*pages, *documents]
    rows = text_rows([page.texts for page in used])
    labels = np.concatenate([page.labels for page in used])
    content = np.concatenate([page.content for page in used])
    sizes = [len(page.texts) for page in used]
    owner = np.repeat([fold_of[page.group] for page in used], sizes)
    weight = [SEED_WEIGHT if page.features is None else 1 for page in used]
    weights = np.repeat(np.array(weight, dtype=np.float64), sizes)

    def fit(fold: int | None) -> Evidence:
        seen = owner == fold if fold is not None else np.zeros(len(owner), dtype=bool)
        hidden = np.where(seen, UNKNOWN, labels), np.where(seen, UNKNOWN, content)
        return fit_evidence(rows, *hidden, weights, decay=TEXT_DECAY, seed=seed, jobs=jobs)

    return [fit(fold) for fold in folds]


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

    def without(self, fold: int | None) -> NDArray[np.int64]:
        """Return the paragraphs to fit on: a share below 1 is drawn, one above repeats."""
        whole_times = np.where(self.weights < 1, self._draw < self.weights, self.weights).astype(np.int64)
        if fold is not None:
            whole_times[self.fold == fold] = 0
        return np.repeat(np.arange(len(whole_times)), whole_times)

    def rows(self, model: Callable[[int | None], onnx.ModelProto]) -> NDArray[np.float32]:
        """Run each view through the model that never saw its fold."""
        sessions = {fold: session(model(int(fold))) for fold in np.unique(self._owner)}
        made = []
        for packed, fold in zip(self._packed, self._owner, strict=True):
            feed = {"data": packed.data, "starts": packed.starts, "lengths": packed.lengths}
            made.append(sessions[fold].run(None, feed)[0])
        return np.concatenate(made)
