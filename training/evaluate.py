"""Evaluates the page model out-of-fold: no block is judged by models that saw its registered domain.

Thresholds are chosen on the same pages; the model card says what other approximations there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from chaffinch.classifier import Thresholds, decide, decide_page
from chaffinch.labels import CLEANING, LABELS, Cleaning
from training import metrics
from training.alignment import align, words
from training.blend import Blend, blended, fit_blend, main_content
from training.corpora import SourcePage
from training.dataset import UNKNOWN, Page
from training.folds import Unseen
from training.page_fit import Blocks, PageFit

# Thresholds that are tried on the development pages.
EDITORIAL_THRESHOLDS: Final = tuple(round(0.25 + 0.05 * step, 3) for step in range(9))
PROMOTIONAL_THRESHOLDS: Final = tuple(round(0.15 + 0.025 * step, 3) for step in range(15))
MAIN_THRESHOLDS: Final = tuple(round(0.1 + 0.025 * step, 3) for step in range(25))
# Probability of `editorial` that a block which is not likely main content needs. In careful cleaning the
# readers' threshold is enough.
ALONE: Final[dict[Cleaning, float]] = {"careful": 0.0, "balanced": 0.95, "thorough": 0.99}
# Where there is nothing to choose by.
EVEN: Final = Thresholds(0.5, 0.5)

Figures = dict[str, Any]


# A page that a corpus says something about.
Judged = Page | SourcePage
Ways = dict[Cleaning, Thresholds]
Probabilities = NDArray[np.float32]


def blend_of(fit: PageFit, blocks: Blocks, unseen: Unseen) -> Blend:
    """Return the blend that the held-out opinions teach, those outside the folds that are not to be seen."""
    free = blocks.without(unseen)
    labels = np.where(blocks.measured, blocks.labels, UNKNOWN)
    return fit_blend(fit.opinions[free], labels[free], blocks.content[free], blocks.weights[free])


def held_out_page_probabilities(fit: PageFit, blocks: Blocks) -> Probabilities:
    """Return every block's probabilities, blended by what the other folds' blocks taught.

    Those of the labels, then that of main content: (blocks, labels + 1).
    """
    result = np.empty((len(blocks.labels), len(LABELS) + 1), dtype=np.float32)
    for fold in range(blocks.fold.max() + 1):
        held = blocks.fold == fold
        blend, opinions = blend_of(fit, blocks, Unseen({fold})), fit.opinions[held]
        result[held] = np.column_stack([blended(blend, opinions), main_content(blend, opinions)])
    return result


def decided(given: Probabilities, thresholds: Thresholds) -> NDArray[np.int64]:
    """Return the labels chosen by rows of `held_out_page_probabilities`."""
    return decide_page(given[:, :-1], given[:, -1], thresholds)


def choose_html_thresholds(pages: Sequence[Page], given: list[Probabilities]) -> Ways:
    """Return the thresholds for HTML, for each way of cleaning.

    In balanced cleaning those of the labels have the best macro-F1 of the classes on annotated pages; with
    them that of main content has the best mean word F1 on the pages of the corpus with gold texts, also
    where it has none. Careful cleaning has half of those that keep, thorough stands halfway to certainty.
    """
    annotated = _annotated(pages)
    if not annotated:
        return dict.fromkeys(CLEANING, replace(EVEN, main=0.5))
    truth, rows = _known(pages, given, annotated)
    pairs = [Thresholds(one, other) for one in EDITORIAL_THRESHOLDS for other in PROMOTIONAL_THRESHOLDS]

    def macro_f1(pair: Thresholds) -> float:
        return float(metrics.label_scores(truth, decide(rows[:, :-1], pair))["class_macro_f1"])

    best = max(pairs, key=macro_f1)
    main = _best_main(pages, given, best)
    keeping: dict[Cleaning, tuple[float, float]] = {
        "careful": (best.editorial / 2, main / 2),
        "balanced": (best.editorial, main),
        "thorough": ((best.editorial + 1) / 2, (main + 1) / 2),
    }
    return {
        way: replace(best, editorial=one, main=other, alone=ALONE[way])
        for way, (one, other) in keeping.items()
    }


def _best_main(pages: Sequence[Page], given: list[Probabilities], pair: Thresholds) -> float:
    """Return the threshold of main content with the best mean word F1, in balanced cleaning."""
    pair = replace(pair, alone=ALONE["balanced"])
    counted = [
        ([metrics.word_counts(text) for text in page.texts], metrics.word_counts(page.gold.text), rows)
        for page, rows in zip(pages, given, strict=True)
        if page.gold.text is not None
    ]

    def word_f1(main: float) -> float:
        scores = []
        for texts, gold, rows in counted:
            found = metrics.word_counts("")
            for place in np.flatnonzero(decided(rows, replace(pair, main=main)) == 0):
                found.update(texts[place])
            scores.append(metrics.word_f1(found, gold))
        return float(np.mean(scores))

    return max(MAIN_THRESHOLDS, key=word_f1) if counted else 0.5


def page_figures(pages: Sequence[Page], given: list[Probabilities], ways: Ways, usual: Cleaning) -> Figures:
    """Return the page model's figures on every corpus there is; most are of the `usual` way of cleaning."""
    thresholds = ways[usual]
    chosen = [decided(rows, thresholds) for rows in given]
    figures: Figures = {"cleaning": {way: _cleaned(pages, given, pair) for way, pair in ways.items()}}
    annotated = _annotated(pages)
    if annotated:
        truth, rows = _known(pages, given, annotated)
        picked = decided(rows, thresholds)
        figures["annotated"] = {
            "pages": len(annotated),
            **metrics.label_scores(truth, picked),
            "calibration_error": metrics.calibration_errors(truth, rows[:, :-1]),
            "confusion": metrics.confusion(truth, picked),
        }
        for corpus in sorted({pages[place].corpus for place in annotated}):
            places = [place for place in annotated if pages[place].corpus == corpus]
            truth, rows = _known(pages, given, places)
            scores = metrics.label_scores(truth, decided(rows, thresholds))
            figures["annotated"][corpus] = {
                name: scores[name] for name in ("label_macro_f1", "class_macro_f1", "class_f1")
            } | {"pages": len(places)}
    texts = [_kept(page, picked) for page, picked in zip(pages, chosen, strict=True)]
    for name, measure in CORPUS_FIGURES.items():
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
        figures |= metrics.text_scores(truth, decided(rows, thresholds), np.array(lengths)[known])
    wcxb = [(page, rows) for page, rows in zip(pages, given, strict=True) if page.corpus == "wcxb"]
    if wcxb:
        texts = [_kept(page, decided(rows, thresholds)) for page, rows in wcxb]
        figures["word_f1"] = wcxb_figures([page for page, _ in wcxb], texts)["word_f1"]["all"]
    return figures


def _annotated(pages: Sequence[Page]) -> list[int]:
    return [
        place
        for place, page in enumerate(pages)
        if page.annotated and page.measured and page.corpus != "seeds"
    ]


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


def wcxb_figures(pages: Sequence[Judged], texts: Sequence[str]) -> Figures:
    """Return the mean word F1 of texts kept of pages, over all pages and by type."""
    scores = defaultdict(list)
    for page, text in zip(pages, texts, strict=True):
        gold = page.gold.text or ""
        score = metrics.word_f1(metrics.word_counts(text), metrics.word_counts(gold))
        scores["all"].append(score)
        scores[page.page_type or "article"].append(score)
        if gold:
            scores["with_gold_text"].append(score)
    return {
        "pages": len(pages),
        "word_f1": {name: round(float(np.mean(values)), 4) for name, values in sorted(scores.items())},
    }


def trafilatura_figures(pages: Sequence[Judged], texts: Sequence[str]) -> Figures:
    """Return how many of the snippets that texts must and must not hold they do."""
    wanted, unwanted = [page.gold.wanted for page in pages], [page.gold.unwanted for page in pages]
    return {"pages": len(pages), **metrics.snippet_scores(texts, wanted, unwanted)}


def fundus_figures(pages: Sequence[Judged], texts: Sequence[str]) -> Figures:
    """Return the share of gold words kept, mean over pages, and the lines kept beyond the gold.

    What is beyond the gold may be content too: captions and lists are not in it.
    """
    shares, beyond = [], 0
    for page, text in zip(pages, texts, strict=True):
        whole = "\n".join(page.gold.paragraphs)
        gold = metrics.word_counts(whole)
        if gold:
            shares.append((gold & metrics.word_counts(text)).total() / gold.total())
            lines = [line for line in text.splitlines() if words(line)]
            beyond += int((align(lines, whole) == 0).sum())
    return {
        "pages": len(pages),
        "gold_words_kept": round(float(np.mean(shares)), 4),
        "lines_beyond_gold": beyond,
    }


# What is measured of the texts that are kept of each corpus's pages.
CORPUS_FIGURES: Final = {
    "wcxb": wcxb_figures,
    "trafilatura": trafilatura_figures,
    "fundus": fundus_figures,
}
