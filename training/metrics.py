"""The measures of the evaluation; each says where its definition comes from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from chaffinch.labels import GROUP_OF, GROUPS, LABELS

# Bins of equal width in the expected calibration error.
BINS: Final = 15

CLASS_OF: Final = np.array([list(GROUPS).index(GROUP_OF[label]) for label in LABELS])
_WORD = re.compile(r"\w+")


def word_counts(text: str) -> Counter[str]:
    """Count the lower-cased words of a text, as WCXB's evaluation does."""
    return Counter(_WORD.findall(text.lower()))


def word_f1(found: Counter[str], gold: Counter[str]) -> float:
    """F1 of two bags of words (WCXB): an empty gold text wants an empty answer."""
    if not gold or not found:
        return float(not gold and not found)
    shared = sum((found & gold).values())
    return 2 * shared / (sum(found.values()) + sum(gold.values()))


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """Count the runs of four words of a text, as the Scrapinghub article benchmark does."""
    words = _WORD.findall(text)
    starts = range(max(1, len(words) - 3)) if words else range(0)
    return Counter(tuple(words[start : start + 4]) for start in starts)


def shingle_scores(found: Sequence[str], gold: Sequence[str]) -> dict[str, float]:
    """Mean precision, mean recall and their F1 over runs of four words (Scrapinghub article benchmark).

    A page without a found text counts in the recall alone, one without a gold text in the precision alone.
    """
    pairs = [(shingles(text), shingles(wanted)) for text, wanted in zip(found, gold, strict=True)]
    precise = [(text & wanted).total() / text.total() for text, wanted in pairs if text]
    complete = [(text & wanted).total() / wanted.total() for text, wanted in pairs if wanted]
    precision, recall = (float(np.mean(shares)) if shares else 0.0 for shares in (precise, complete))
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    return {"precision": _rounded(precision), "recall": _rounded(recall), "f1": _rounded(f1)}


def label_scores(truth: NDArray[Any], chosen: NDArray[Any]) -> dict[str, Any]:
    """Macro-F1 over labels and over classes, F1 of each, from label numbers."""
    numbers = range(len(LABELS))
    each = f1_score(truth, chosen, labels=numbers, average=None, zero_division=0)
    classes = f1_score(
        CLASS_OF[truth], CLASS_OF[chosen], labels=range(len(GROUPS)), average=None, zero_division=0
    )
    return {
        "blocks": len(truth),
        "label_macro_f1": _rounded(each.mean()),
        "class_macro_f1": _rounded(classes.mean()),
        "label_f1": dict(zip(LABELS, map(_rounded, each), strict=True)),
        "class_f1": dict(zip(GROUPS, map(_rounded, classes), strict=True)),
    }


def calibration_errors(truth: NDArray[Any], probabilities: NDArray[Any]) -> dict[str, float]:
    """Expected calibration error of each class: |mean probability - share| over equal-width bins."""
    errors: dict[str, float] = {}
    for number, group in enumerate(GROUPS):
        given = probabilities[:, number == CLASS_OF].sum(axis=1)
        held = np.equal(CLASS_OF[truth], number)
        bins = np.minimum((given * BINS).astype(int), BINS - 1)
        size = np.bincount(bins, minlength=BINS)
        gap = np.abs(np.bincount(bins, given, BINS) - np.bincount(bins, held, BINS))
        errors[group] = _rounded(gap.sum() / size.sum())
    return errors


def confusion(truth: NDArray[Any], chosen: NDArray[Any]) -> list[list[int]]:
    """Blocks by label given (rows) and label chosen (columns)."""
    count = len(LABELS)
    flat = np.bincount(truth.astype(int) * count + chosen, minlength=count * count)
    table: list[list[int]] = flat.reshape(count, count).tolist()
    return table


def text_scores(truth: NDArray[Any], chosen: NDArray[Any], lengths: NDArray[Any]) -> dict[str, float]:
    """Share of editorial characters lost, and of all other characters left, when `editorial` is kept."""
    editorial, kept = truth == 0, chosen == 0
    return {
        "editorial_lost": share(~kept[editorial], lengths[editorial]),
        "residue_left": share(kept[~editorial], lengths[~editorial]),
    }


def share(flags: NDArray[Any], weights: NDArray[Any] | None = None) -> float:
    """Return the share of what is flagged, 0 of nothing."""
    weights = np.ones(len(flags)) if weights is None else weights
    return _rounded(weights[flags].sum() / max(weights.sum(), 1))


def snippet_scores(texts: Sequence[str], wanted: Sequence[Any], unwanted: Sequence[Any]) -> dict[str, float]:
    """Precision, recall and F1 over snippets that a page's text must and must not hold (trafilatura)."""
    right = sum(snippet in text for text, page in zip(texts, wanted, strict=True) for snippet in page)
    wrong = sum(snippet in text for text, page in zip(texts, unwanted, strict=True) for snippet in page)
    missed = sum(map(len, wanted)) - right
    return {
        "precision": _rounded(right / max(right + wrong, 1)),
        "recall": _rounded(right / max(right + missed, 1)),
        "f1": _rounded(2 * right / max(2 * right + wrong + missed, 1)),
    }


def _rounded(value: Any) -> float:
    return round(float(value), 4)
