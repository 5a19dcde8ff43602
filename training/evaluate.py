"""Evaluates the page model out-of-fold: no block is judged by models that saw its registered domain.

Thresholds are chosen on the same pages; the model card says what other approximations there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from chaffinch.classifier import Thresholds, decide
from chaffinch.labels import CLEANING, LABELS, Cleaning
from training import metrics
from training.blend import Blend, blended, fit_blend
from training.dataset import UNKNOWN, Page
from training.folds import Unseen
from training.page_fit import Blocks, PageFit

# Thresholds that are tried on the development pages.
EDITORIAL_THRESHOLDS: Final = tuple(round(0.2 + 0.025 * step, 3) for step in range(21))
PROMOTIONAL_THRESHOLDS: Final = tuple(round(0.15 + 0.025 * step, 3) for step in range(15))
# Where there is nothing to choose by.
EVEN: Final = Thresholds(0.5, 0.5)

Figures = dict[str, Any]
Ways = dict[Cleaning, Thresholds]
Probabilities = NDArray[np.float32]


def blend_of(fit: PageFit, blocks: Blocks, unseen: Unseen) -> Blend:
    """Return the blend that the held-out opinions teach, those outside the folds that are not to be seen."""
    free = blocks.without(unseen)
    return fit_blend(fit.opinions[free], blocks.labels[free], blocks.weights[free])


def held_out_page_probabilities(fit: PageFit, blocks: Blocks) -> Probabilities:
    """Return every block's probabilities, blended by what the other folds' blocks taught."""
    result = np.empty((len(blocks.labels), len(LABELS)), dtype=np.float32)
    for fold in range(blocks.fold.max() + 1):
        held = blocks.fold == fold
        result[held] = blended(blend_of(fit, blocks, Unseen({fold})), fit.opinions[held])
    return result


def choose_html_thresholds(pages: Sequence[Page], given: list[Probabilities]) -> Ways:
    """Return the thresholds for HTML, for each way of cleaning.

    The editorial one of balanced cleaning has the best mean word F1 on the pages of the corpus that has gold
    texts, where it has none too; careful cleaning has half of it, thorough stands halfway to certainty. With
    each, the promotional one has the best macro-F1 of the classes on the annotated pages.
    """
    counted = [
        ([metrics.word_counts(text) for text in page.texts], metrics.word_counts(page.gold.text), rows)
        for page, rows in zip(pages, given, strict=True)
        if page.gold.text is not None
    ]
    annotated = _annotated(pages)

    def mean(threshold: float) -> float:
        scores = []
        for texts, gold, rows in counted:
            found = metrics.word_counts("")
            for place in np.flatnonzero(rows[:, 0] >= threshold):
                found.update(texts[place])
            scores.append(metrics.word_f1(found, gold))
        return float(np.mean(scores))

    if not annotated:
        return dict.fromkeys(CLEANING, EVEN)
    best = max(EDITORIAL_THRESHOLDS, key=mean)
    truth, rows = _known(pages, given, annotated)
    editorial: dict[Cleaning, float] = {"careful": best / 2, "balanced": best, "thorough": (best + 1) / 2}
    return {way: _best(truth, rows, threshold) for way, threshold in editorial.items()}


def _best(truth: NDArray[Any], given: Probabilities, editorial: float) -> Thresholds:
    tried = [Thresholds(editorial, other) for other in PROMOTIONAL_THRESHOLDS]
    return max(tried, key=lambda pair: metrics.label_scores(truth, decide(given, pair))["class_macro_f1"])


def page_figures(pages: Sequence[Page], given: list[Probabilities], ways: Ways, usual: Cleaning) -> Figures:
    """Return the page model's figures on every corpus there is; most are of the `usual` way of cleaning."""
    thresholds = ways[usual]
    chosen = [decide(rows, thresholds) for rows in given]
    figures: Figures = {"cleaning": {way: _cleaned(pages, given, pair) for way, pair in ways.items()}}
    annotated = _annotated(pages)
    if annotated:
        truth, rows = _known(pages, given, annotated)
        picked = decide(rows, thresholds)
        figures["annotated"] = {
            "pages": len(annotated),
            **metrics.label_scores(truth, picked),
            "calibration_error": metrics.calibration_errors(truth, rows),
            "confusion": metrics.confusion(truth, picked),
        }
        for corpus in sorted({pages[place].corpus for place in annotated}):
            places = [place for place in annotated if pages[place].corpus == corpus]
            truth, rows = _known(pages, given, places)
            scores = metrics.label_scores(truth, decide(rows, thresholds))
            figures["annotated"][corpus] = {
                name: scores[name] for name in ("label_macro_f1", "class_macro_f1", "class_f1")
            } | {"pages": len(places)}
    texts = [_kept(page, picked) for page, picked in zip(pages, chosen, strict=True)]
    for name, measure in (("wcxb", _wcxb), ("trafilatura", _trafilatura), ("fundus", _fundus)):
        places = [place for place, page in enumerate(pages) if page.corpus == name]
        if places:
            figures[name] = measure([pages[place] for place in places], [texts[place] for place in places])
    return figures


def _cleaned(pages: Sequence[Page], given: list[Probabilities], thresholds: Thresholds) -> Figures:
    """Return what one way of cleaning loses and leaves on the annotated pages, and its word F1 on `wcxb`."""
    figures: Figures = {}
    annotated = _annotated(pages)
    if annotated:
        truth, rows = _known(pages, given, annotated)
        lengths = [len(text) for place in annotated for text in pages[place].texts]
        known = np.concatenate([pages[place].labels for place in annotated]) != UNKNOWN
        figures |= metrics.text_scores(truth, decide(rows, thresholds), np.array(lengths)[known])
    wcxb = [(page, rows) for page, rows in zip(pages, given, strict=True) if page.corpus == "wcxb"]
    if wcxb:
        texts = [_kept(page, decide(rows, thresholds)) for page, rows in wcxb]
        figures["word_f1"] = _wcxb([page for page, _ in wcxb], texts)["word_f1"]["all"]
    return figures


def _annotated(pages: Sequence[Page]) -> list[int]:
    return [place for place, page in enumerate(pages) if page.annotated and page.corpus != "seeds"]


def _known(
    pages: Sequence[Page],
    given: list[Probabilities],
    places: list[int],
) -> tuple[NDArray[Any], Probabilities]:
    labels = np.concatenate([pages[place].labels for place in places])
    known = labels != UNKNOWN
    rows = np.concatenate([given[place] for place in places])
    return labels[known], rows[known]


def _kept(page: Page, chosen: NDArray[np.int64]) -> str:
    return "\n\n".join(text for text, label in zip(page.texts, chosen, strict=True) if label == 0)


def _wcxb(pages: Sequence[Page], texts: Sequence[str]) -> Figures:
    scores = defaultdict(list)
    for page, text in zip(pages, texts, strict=True):
        gold = page.gold.text or ""
        score = metrics.word_f1(metrics.word_counts(text), metrics.word_counts(gold))
        scores["all"].append(score)
        scores[page.page_type].append(score)
        if gold:
            scores["with_gold_text"].append(score)
    return {
        "pages": len(pages),
        "word_f1": {name: round(float(np.mean(values)), 4) for name, values in sorted(scores.items())},
    }


def _trafilatura(pages: Sequence[Page], texts: Sequence[str]) -> Figures:
    wanted, unwanted = [page.gold.wanted for page in pages], [page.gold.unwanted for page in pages]
    return {"pages": len(pages), **metrics.snippet_scores(texts, wanted, unwanted)}


def _fundus(pages: Sequence[Page], texts: Sequence[str]) -> Figures:
    """Measure the gold words that are kept, page by page; what is kept beyond them may be content too."""
    shares = []
    for page, text in zip(pages, texts, strict=True):
        gold = metrics.word_counts("\n".join(page.gold.paragraphs))
        kept = gold & metrics.word_counts(text)
        if gold:
            shares.append(sum(kept.values()) / sum(gold.values()))
    return {"pages": len(pages), "gold_words_kept": round(float(np.mean(shares)), 4)}
