"""Fits the page model: structure evidence, then networks and trees for labels and main content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from chaffinch.features import TOKEN_BUCKETS, block_rows, pack_text
from chaffinch.labels import LABELS
from training.dataset import UNKNOWN, Page
from training.evidence import Evidence, structure_model
from training.linear import STRUCTURE_DECAY, bags, fit_evidence
from training.network import fit_network
from training.page_graph import FOLDING, Blend, PageParts, fit_blend
from training.runtime import session
from training.stages import Stages
from training.text_fit import TextFit, TextParts
from training.trees import fit_trees

# A page counts the same however long it is: its blocks weigh one over the root of their number, and of
# long pages only so many roots of blocks are drawn where all corpora's blocks are learned from.
DRAWN_ROOTS: Final = 8.0

MEMBERS: Final = 4
HIDDEN: Final = 128
EPOCHS: Final = 8
DECAY: Final = 3e-3
TREES: Final = {"classes": (120, 15), "content": (150, 31)}
TREE_COLUMNS: Final = 0.2


@dataclass(frozen=True)
class PageFit:
    """The page model, and what models that never saw a page's domain said of its blocks."""

    structure: Evidence
    parts: PageParts
    opinions: NDArray[np.float32]


class Blocks:
    """The blocks of all pages, end to end: targets, weights, folds."""

    def __init__(self, pages: Sequence[Page], fold_of: dict[str, int]) -> None:
        sizes = np.array([len(page.texts) for page in pages])
        self.ends = np.r_[0, np.cumsum(sizes)]
        self.labels = np.concatenate([page.labels for page in pages])
        self.content = np.concatenate([page.content for page in pages])
        self.fold = np.repeat([fold_of[page.group] for page in pages], sizes)
        self.weights = np.repeat(1 / np.sqrt(np.maximum(sizes, 1)), sizes)


def fit_page(
    stages: Stages,
    pages: Sequence[Page],
    text: TextFit,
    fold_of: dict[str, int],
    *,
    seed: int,
    jobs: int,
) -> PageFit:
    """Fit the page model on every page, and once more without each fold, a stage for each fold."""
    blocks = Blocks(pages, fold_of)
    count = max(fold_of.values()) + 1
    evidence = stages.run(
        "structure evidence", lambda: _fit_structure(pages, blocks, range(count), seed, jobs)
    )
    rows = stages.run("page rows", lambda: _rows(pages, text.by_fold, evidence, fold_of, jobs))
    # A process for each fold, one thread each: threads that share two cores mostly wait for each other.
    folds = [*range(count), None]
    fitted = Parallel(n_jobs=jobs)(
        delayed(stages.run)(_stage_name(fold), partial(_fit_parts, rows, blocks, fold, seed))
        for fold in folds
    )
    opinions = np.empty((len(rows), len(LABELS) + FOLDING.shape[1] + 1), dtype=np.float32)
    for fold, parts in zip(folds[:-1], fitted, strict=False):
        held = blocks.fold == fold
        if held.any():
            opinions[held] = parts.opinions(rows[held])
    return PageFit(evidence[-1], fitted[-1], opinions)


def _stage_name(fold: int | None) -> str:
    return "page model" if fold is None else f"page model without fold {fold + 1}"


def blend_of(fit: PageFit, blocks: Blocks, without: int | None = None) -> Blend:
    """Return the blend that the held-out opinions teach, all of them or those outside one fold."""
    free = blocks.fold != without if without is not None else np.ones(len(blocks.fold), dtype=bool)
    weights = blocks.weights[free]
    return fit_blend(fit.opinions[free], blocks.labels[free], weights, blocks.content[free], weights)


def _fit_structure(
    pages: Sequence[Page], blocks: Blocks, folds: range, seed: int, jobs: int
) -> list[Evidence]:
    """Fit the evidence of structure words without each fold, and last on all."""
    features = [page.features for page in pages if page.features is not None]
    tokens = np.concatenate([page.tokens for page in features])
    rows = bags(tokens, np.concatenate([page.token_counts for page in features]), TOKEN_BUCKETS)

    def fit(fold: int | None) -> Evidence:
        seen = blocks.fold == fold if fold is not None else np.zeros(len(blocks.fold), dtype=bool)
        hidden = (
            np.where(seen, UNKNOWN, blocks.labels),
            np.where(seen, UNKNOWN, blocks.content),
        )
        ones = np.ones(len(blocks.labels))
        return fit_evidence(rows, *hidden, ones, decay=STRUCTURE_DECAY, seed=seed, jobs=jobs)

    return [fit(fold) for fold in [*folds, None]]


def _rows(
    pages: Sequence[Page],
    texts: Sequence[TextParts],
    structures: Sequence[Evidence],
    fold_of: dict[str, int],
    jobs: int,
) -> NDArray[np.float32]:
    """Return the rows of all blocks, each page's evidence from models that never saw its domain."""
    sessions = [
        (session(text.model()), session(structure_model(structure, {})))
        for text, structure in zip(texts, structures[:-1], strict=True)
    ]
    made = Parallel(n_jobs=jobs, prefer="threads")(
        delayed(_page_rows)(page, *sessions[fold_of[page.group]]) for page in pages
    )
    return np.concatenate(made)


def _page_rows(page: Page, text: Any, structure: Any) -> NDArray[np.float32]:
    assert page.features is not None
    packed = pack_text(page.texts)
    feed = {"data": packed.data, "starts": packed.starts, "lengths": packed.lengths}
    evidence, probabilities = text.run(None, feed)
    feed = {"tokens": page.features.tokens, "counts": page.features.token_counts}
    return block_rows(page.features, evidence, structure.run(None, feed)[0], probabilities)


def _fit_parts(rows: NDArray[np.float32], blocks: Blocks, fold: int | None, seed: int) -> PageParts:
    """Fit all four models without the blocks of one fold."""
    free = blocks.fold != fold if fold is not None else np.ones(len(blocks.fold), dtype=bool)
    labelled = np.flatnonzero(free & (blocks.labels != UNKNOWN))
    chance = np.random.default_rng(seed).random(len(free))
    drawn = chance < DRAWN_ROOTS * blocks.weights
    aligned = np.flatnonzero(free & drawn & (blocks.content != UNKNOWN))
    labels, content = blocks.labels[labelled], blocks.content[aligned]
    network: dict[str, Any] = {
        "hidden": HIDDEN,
        "members": MEMBERS,
        "epochs": EPOCHS,
        "decay": DECAY,
        "seed": seed,
    }
    trees: dict[str, Any] = {"columns": TREE_COLUMNS, "seed": seed}
    class_trees, content_trees = TREES["classes"], TREES["content"]
    return PageParts(
        labels=fit_network(rows[labelled], labels, labels=len(LABELS), **network),
        classes=fit_trees(
            rows[labelled],
            FOLDING.argmax(axis=1)[labels],
            trees=class_trees[0],
            leaves=class_trees[1],
            **trees,
        ),
        content=fit_network(rows[aligned], content, labels=2, **network),
        content_trees=fit_trees(
            rows[aligned],
            content,
            trees=content_trees[0],
            leaves=content_trees[1],
            **trees,
        ),
    )
