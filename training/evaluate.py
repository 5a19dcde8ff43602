"""Evaluates out-of-fold: every block is judged by models fitted without its page's registered domain.

Thresholds are chosen on the same pages; the model card says what other approximations there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from chaffinch.classifier import Thresholds, decide
from chaffinch.labels import LABELS
from training import metrics
from training.blend import Blend, blended, fit_blend
from training.dataset import UNKNOWN, Page
from training.folds import Unseen
from training.network import probabilities
from training.page_fit import Blocks, PageFit
from training.text_fit import TextFit
from training.views import View

# The case the project was born from, judged by a model that never saw it.
SEED_ARTICLE: Final = "en/eu-japan-semiconductors"
# Thresholds that are tried on the development pages.
EDITORIAL_THRESHOLDS: Final = tuple(round(0.2 + 0.025 * step, 3) for step in range(21))
PROMOTIONAL_THRESHOLDS: Final = tuple(round(0.15 + 0.025 * step, 3) for step in range(15))
# Where there is nothing to choose by.
EVEN: Final = Thresholds(0.5, 0.5)

Figures = dict[str, Any]
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


def choose_html_thresholds(pages: Sequence[Page], given: list[Probabilities]) -> Thresholds:
    """Return the thresholds for HTML.

    The editorial one has the best mean word F1 on the pages of the corpus that has gold texts, where it has
    none too; with it, the promotional one has the best macro-F1 of the classes on the annotated pages.
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
        return EVEN
    editorial = max(EDITORIAL_THRESHOLDS, key=mean)
    truth, rows = _known(pages, given, annotated)
    return _best(truth, rows, [editorial])


def choose_text_thresholds(fit: TextFit) -> Thresholds:
    """Return the thresholds with the best macro-F1 of the classes on held-out seed documents."""
    _, truth, given = _view_blocks(fit, lambda kind: kind == "seeds")
    return _best(truth, given, EDITORIAL_THRESHOLDS) if len(truth) else EVEN


def _best(truth: NDArray[Any], given: Probabilities, editorial: Sequence[float]) -> Thresholds:
    tried = [Thresholds(one, other) for one in editorial for other in PROMOTIONAL_THRESHOLDS]
    return max(tried, key=lambda pair: metrics.label_scores(truth, decide(given, pair))["class_macro_f1"])


def page_figures(pages: Sequence[Page], given: list[Probabilities], thresholds: Thresholds) -> Figures:
    """Return the page model's figures on every corpus there is."""
    chosen = [decide(rows, thresholds) for rows in given]
    figures: Figures = {}
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


def text_figures(fit: TextFit, thresholds: Thresholds) -> Figures:
    """Return the text model's figures on whole pages, on extracted views and on seed documents."""
    figures: Figures = {}
    kinds: dict[str, Callable[[str], bool]] = {
        "seeds": lambda kind: kind == "seeds",
        "seeds_english": lambda kind: kind == "seeds en",
        "seeds_other": lambda kind: len(kind) == len("seeds xx") and kind != "seeds en",
        "extracted_views": lambda kind: kind == "extracted",
        "whole_pages": lambda kind: kind == "whole",
        "seed_article_left_out": lambda kind: kind == f"seeds {SEED_ARTICLE}",
    }
    for name in kinds:
        texts, truth, given = _view_blocks(fit, kinds[name])
        if len(truth):
            chosen = decide(given, thresholds)
            figures[name] = {
                **metrics.label_scores(truth, chosen),
                "calibration_error": metrics.calibration_errors(truth, given),
                **metrics.text_scores(truth, chosen, texts),
            }
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


def _view_blocks(
    fit: TextFit, wanted: Callable[[str], bool]
) -> tuple[list[str], NDArray[Any], Probabilities]:
    """Return the blocks of the views of one kind, with held-out probabilities."""
    ends = np.cumsum([len(view.texts) for view in fit.views])
    picked = [place for place, view in enumerate(fit.views) if any(map(wanted, _kinds(view)))]
    if not picked:
        return [], np.zeros(0, dtype=int), np.zeros((0, len(LABELS)), dtype=np.float32)
    rows = np.concatenate(
        [np.arange(ends[place] - len(fit.views[place].texts), ends[place]) for place in picked]
    )
    texts = [text for place in picked for text in fit.views[place].texts]
    labels = np.concatenate([fit.views[place].labels for place in picked])
    return texts, labels, probabilities(fit.parts.second, fit.raw[rows])


def _kinds(view: View) -> tuple[str, ...]:
    if view.corpus == "seeds":
        return "seeds", f"seeds {view.language}", f"seeds {view.name}"
    return ("extracted",) if view.extracted else ("whole",)
