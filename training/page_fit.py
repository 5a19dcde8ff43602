"""Fits the page model: structure evidence, a first stage, and a second over what the first one said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any, Final, TypeVar

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from chaffinch.features import CUE_NAMES, SECOND_COLUMNS, Structure, first_rows, pack_text, second_rows
from chaffinch.labels import LABELS
from training.blend import Blend
from training.dataset import UNKNOWN, Page
from training.evidence import Evidence, structure_model
from training.folds import Unseen, each_fold, each_fold_and_none, outside
from training.linear import STRUCTURE_DECAY, fit_evidence, structure_rows
from training.network import Floats, Networks
from training.page_graph import FOLDING, FirstParts, SecondParts
from training.quantised import fit_quantised
from training.runtime import session
from training.stages import Stages
from training.text_graph import words_model
from training.trees import Trees, fit_trees

Result = TypeVar("Result")

# A block weighs one over the root of the number on its page: of a long page only so many roots of blocks
# are drawn to learn main content from, and in the blend ten blocks of one count as much as two of another.
DRAWN_ROOTS: Final = 8.0

# Rows that are copied at once.
COPIED_ROWS: Final = 1 << 14

# Least and greatest weight of a block by its share of the page's text, where 1 is an even share.
SHARES: Final = (0.2, 5.0)


@dataclass(frozen=True)
class FirstSizes:
    """How large the first stage is."""

    labels: Networks
    classes: Trees
    content: Trees


@dataclass(frozen=True)
class SecondSizes:
    """How large the second stage is."""

    content: Trees
    content_network: Networks


# Few deep trees: a graph takes a tree of 127 leaves in little more time than one of 15. Networks fitted
# long, side by side, tell the labels better than one wide one, or one fitted as long as its loss falls.
FIRST: Final = FirstSizes(
    labels=Networks(96, 4, 12, 3e-3), classes=Trees(30, 63, 0.12), content=Trees(40, 127, 0.19)
)
SECOND: Final = SecondSizes(content=Trees(60, 63, 0.14), content_network=Networks(48, 4, 6, 1e-2))


@dataclass(frozen=True)
class PageFit:
    """The page model, and what both stages fitted without a page's domain said of its blocks.

    `opinions` are those of `SecondParts.opinions`, (blocks, 10).
    """

    words: Evidence
    structure: Evidence
    first: FirstParts
    second: SecondParts
    opinions: Floats
    blend: Blend | None = None


def _shares(texts: Sequence[str]) -> NDArray[np.float64]:
    """Return the root of how many times its even share of the page's text each block has."""
    lengths = np.array([len(text) for text in texts], dtype=np.float64)
    return np.clip(np.sqrt(lengths / max(lengths.mean(), 1.0)), *SHARES) if len(lengths) else lengths


class FitError(ValueError):
    """There is too little to learn from."""


class Blocks:
    """The blocks of all pages, end to end: targets, weights, folds."""

    def __init__(self, pages: Sequence[Page], fold_of: dict[str, int]) -> None:
        sizes = np.array([len(page.texts) for page in pages])
        self.ends: NDArray[np.int64] = np.r_[0, np.cumsum(sizes)]
        self.labels = np.concatenate([page.labels for page in pages])
        self.content = np.concatenate([page.content for page in pages])
        self.fold = np.repeat([fold_of[page.group] for page in pages], sizes)
        self.weights = np.repeat(1 / np.sqrt(np.maximum(sizes, 1)), sizes)
        self.shares = np.concatenate([_shares(page.texts) for page in pages])
        self.measured = np.repeat([page.measured for page in pages], sizes)

    def without(self, unseen: Unseen) -> NDArray[np.bool_]:
        """Flag the blocks that a model may learn from."""
        return outside(self.fold, unseen)


def fit_page(
    stages: Stages,
    pages: Sequence[Page],
    words: Sequence[Evidence],
    fold_of: dict[str, int],
    *,
    seed: int,
    jobs: int,
) -> PageFit:
    """Fit the page model on every page, and once more without each fold; `words` are from `fit_words`.

    The second stage learns from what the first said of pages it had not seen, so that a second stage
    without one fold needs first stages without that fold and each other one.
    """
    blocks = Blocks(pages, fold_of)
    held_out = each_fold(fold_of)
    structure = stages.run("structure evidence", lambda: _fit_structure(pages, blocks, fold_of, seed, jobs))
    rows = stages.run("page rows", lambda: _rows(pages, words, structure, fold_of, jobs))
    first = _in_processes(
        stages,
        "first stage",
        [Unseen(), *held_out, *(one | other for one, other in combinations(held_out, 2))],
        lambda unseen: partial(_fit_first, rows, blocks, unseen, seed),
        jobs,
    )
    structures = [page.features.structure for page in pages if page.features is not None]
    second = _in_processes(
        stages,
        "second stage",
        [Unseen(), *held_out],
        lambda unseen: partial(_fit_second, rows, structures, blocks, first, unseen, seed),
        jobs,
    )
    given = np.empty((len(rows), len(LABELS) + 1), dtype=np.float32)
    for unseen in held_out:
        given[~blocks.without(unseen)] = second[unseen][1]
    return PageFit(words[-1], structure[-1], first[Unseen()], second[Unseen()][0], given)


def _in_processes(
    stages: Stages,
    stage: str,
    held_out: Sequence[Unseen],
    fit: Callable[[Unseen], Callable[[], Result]],
    jobs: int,
) -> dict[Unseen, Result]:
    """Fit a stage without each set of folds, a process each: threads would mostly wait for each other."""
    names = [" ".join([stage, *(f"without fold {fold + 1}" for fold in sorted(fs))]) for fs in held_out]
    runs = (delayed(stages.run)(name, fit(unseen)) for name, unseen in zip(names, held_out, strict=True))
    return dict(zip(held_out, Parallel(n_jobs=jobs)(runs), strict=True))


def _fit_structure(
    pages: Sequence[Page], blocks: Blocks, fold_of: dict[str, int], seed: int, jobs: int
) -> list[Evidence]:
    """Fit the evidence of structure words without each fold, and last on all."""
    rows = structure_rows([page.features.bags for page in pages if page.features is not None])

    def fit(unseen: Unseen) -> Evidence:
        free = blocks.without(unseen)
        labels, content = np.where(free, blocks.labels, UNKNOWN), np.where(free, blocks.content, UNKNOWN)
        ones = np.ones(len(labels))
        return fit_evidence(rows, labels, content, ones, decay=STRUCTURE_DECAY, seed=seed, jobs=jobs)

    return [fit(unseen) for unseen in each_fold_and_none(fold_of)]


def _rows(
    pages: Sequence[Page],
    words: Sequence[Evidence],
    structures: Sequence[Evidence],
    fold_of: dict[str, int],
    jobs: int,
) -> Floats:
    """Return the first stage's rows, each page's evidence from models that never saw its domain."""
    sessions = [
        (session(words_model(word, {})), session(structure_model(structure, {})))
        for word, structure in zip(words[:-1], structures[:-1], strict=True)
    ]
    made = Parallel(n_jobs=jobs, prefer="threads")(
        delayed(_page_rows)(page, *sessions[fold_of[page.group]]) for page in pages
    )
    return np.concatenate(made)


def _page_rows(page: Page, words: Any, structure: Any) -> Floats:
    features = page.features
    assert features is not None
    of_text = words.run(None, pack_text(page.texts).feed)[0]
    of_elements = structure.run(None, features.bags.feed)[0]
    return first_rows(features.cues, features.structure, of_text, of_elements)


def _labelled(blocks: Blocks, unseen: Unseen) -> tuple[NDArray[np.int64], NDArray[Any], NDArray[np.int64]]:
    """Return the blocks whose label may be learned from, their labels and their classes."""
    places = np.flatnonzero(blocks.without(unseen) & (blocks.labels != UNKNOWN))
    labels = blocks.labels[places]
    classes = FOLDING.argmax(axis=1)[labels]
    if len(np.unique(classes)) < FOLDING.shape[1]:
        raise FitError(f"without folds {sorted(unseen)} not every class is there: more documents are needed")
    return places, labels, classes


def _aligned(blocks: Blocks, unseen: Unseen, seed: int) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return the blocks that main content may be learned from, and whether they are that."""
    drawn = np.random.default_rng(seed).random(len(blocks.weights)) < DRAWN_ROOTS * blocks.weights
    places = np.flatnonzero(blocks.without(unseen) & drawn & (blocks.content != UNKNOWN))
    content = blocks.content[places]
    if len(np.unique(content)) < 2:
        raise FitError(f"without folds {sorted(unseen)} all is content or none is: more pages are needed")
    return places, content


def _fit_first(rows: Floats, blocks: Blocks, unseen: Unseen, seed: int) -> FirstParts:
    """Fit the first stage on the blocks that may be learned from."""
    places, labels, classes = _labelled(blocks, unseen)
    aligned, content = _aligned(blocks, unseen, seed)
    return FirstParts(
        labels=fit_quantised(rows[places], labels, FIRST.labels, labels=len(LABELS), seed=seed),
        classes=fit_trees(_doubles(rows, places), classes, FIRST.classes, seed=seed),
        content=fit_trees(_doubles(rows, aligned), content, FIRST.content, seed=seed),
    )


def _doubles(rows: Floats, places: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return some rows as the trees want them: scikit-learn would hold a float32 array and its copy."""
    chosen = np.empty((len(places), rows.shape[1]))
    for begin in range(0, len(places), COPIED_ROWS):
        some = slice(begin, begin + COPIED_ROWS)
        chosen[some] = rows[places[some]]
    return chosen


def _fit_second(
    rows: Floats,
    structures: Sequence[Structure],
    blocks: Blocks,
    first: Mapping[Unseen, FirstParts],
    unseen: Unseen,
    seed: int,
) -> tuple[SecondParts, Floats]:
    """Fit the second stage without some folds; return it, and the opinions of those folds' blocks."""
    columns = len(CUE_NAMES)
    seen = np.empty((len(rows), SECOND_COLUMNS), dtype=np.float32)
    for fold in np.unique(blocks.fold).tolist():
        places = np.flatnonzero(blocks.fold == fold)
        probabilities, content = first[unseen | {fold}].said(rows[places])
        ends = np.searchsorted(places, blocks.ends).tolist()
        for structure, begin, end in zip(structures, ends[:-1], ends[1:], strict=True):
            if begin < end:
                page = places[begin:end]
                said = probabilities[begin:end], content[begin:end]
                seen[page] = second_rows(rows[page, :columns], structure, *said)
    aligned, content = _aligned(blocks, unseen, seed)
    shares = blocks.shares[aligned]
    parts = SecondParts(
        content=fit_trees(_doubles(seen, aligned), content, SECOND.content, seed=seed, weights=shares),
        content_network=fit_quantised(seen[aligned], content, SECOND.content_network, labels=2, seed=seed),
    )
    held = seen[~blocks.without(unseen)]
    return parts, parts.opinions(held) if len(held) else np.empty((0, len(LABELS) + 1), dtype=np.float32)
