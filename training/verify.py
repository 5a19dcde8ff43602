"""Compares the exported graphs, run by the classifier that ships, with what scikit-learn fitted."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from chaffinch.classifier import Classifier
from chaffinch.features import first_rows, pack_text, second_rows
from training.blend import blended, main_content
from training.dataset import Page
from training.page_fit import PageFit
from training.recurrent import Documents
from training.reference import structure_evidence, text_evidence
from training.runtime import session
from training.sequence import mean_logits, sequence_probabilities
from training.text_fit import TextFit
from training.text_graph import rows_model

# Largest difference allowed: of a probability, and of a logit's worth of evidence.
TOLERANCE: Final = 1e-4
# Pages and seed documents that are compared: thousands of blocks.
PAGES: Final = 40
DOCUMENTS: Final = 200

# What breaks byte counting, if anything does: nothing, one character, a megabyte, many scripts.
ODD_PARAGRAPHS: Final = (
    "",
    "a",
    "é",
    "\ud800",
    "🐦🌾 👩‍🌾",
    "小麦とふすまを分ける。",
    "밀과 겨를 가른다",
    "הקש מן המוץ",
    "القمح والقشر",
    "x" * 1_000_000,
    "麦" * 10_000,
    "\x00\x01\x7f",
    "0123456789 $%&/()=?",
)


class VerificationError(Exception):
    """An exported graph does not say what the fitted model says."""


def verify(
    folder: Path,
    text: TextFit,
    page: PageFit,
    pages: Sequence[Page],
    documents: Sequence[Page],
) -> dict[str, float]:
    """Return the largest differences over real and odd blocks: of evidence, of text, of the page's graphs.

    Raises VerificationError where one exceeds `TOLERANCE`.
    """
    classifier = Classifier(folder)
    paragraphs = [
        list(ODD_PARAGRAPHS),
        *(document.texts for document in islice(documents, DOCUMENTS)),
    ]
    html = [page for page in pages if page.features is not None and page.texts]
    html = html[:: max(1, len(html) // PAGES)][:PAGES]
    paragraphs += [page.texts for page in html]
    differences = {
        "evidence": _largest(_evidence_difference(classifier, page, texts) for texts in paragraphs),
        "text": _largest(_text_difference(classifier, text, texts) for texts in paragraphs),
        "page": _largest(_page_difference(classifier, page, one) for one in html),
    }
    differences = {name: round(value, 9) for name, value in differences.items()}
    beyond = {name: value for name, value in differences.items() if not value <= TOLERANCE}
    if beyond:
        raise VerificationError(f"the exported graphs differ by more than {TOLERANCE}: {beyond}")
    return differences | {"blocks": sum(map(len, paragraphs)) + sum(len(one.texts) for one in html)}


def _largest(differences: Any) -> float:
    return float(max(differences, default=0.0))


def _evidence_difference(classifier: Classifier, fit: PageFit, texts: list[str]) -> float:
    """Compare with plain numpy, from the definition: scikit-learn never sees bytes."""
    expected = text_evidence(fit.words, texts)
    return float(np.abs(classifier.words_evidence(texts) - expected).max())


def _text_difference(classifier: Classifier, fit: TextFit, texts: list[str]) -> float:
    parts = fit.parts
    (rows,) = session(rows_model(parts.reading)).run(None, pack_text(texts).feed)
    document = Documents(rows, np.array([len(rows)]))
    expected = sequence_probabilities(parts.network, mean_logits(parts.network, document))
    return float(np.abs(classifier.text_probabilities(texts) - expected).max())


def _page_difference(classifier: Classifier, fit: PageFit, page: Page) -> float:
    """Compare graph by graph, on the same input: at a threshold of a tree the smallest difference counts."""
    features = page.features
    assert features is not None
    assert fit.blend is not None
    around = features.cues, features.structure
    of_elements = classifier.structure_evidence(features)
    rows = first_rows(*around, classifier.words_evidence(page.texts), of_elements)
    found = classifier.first_opinions(rows)
    again = second_rows(*around, *found)
    given, main = classifier.second_opinions(again)
    opinions = fit.second.opinions(again)
    whole = classifier.page_probabilities(features, page.texts)
    pairs: list[tuple[NDArray[Any], NDArray[Any]]] = [
        (of_elements, structure_evidence(fit.structure, features.bags)),
        *zip(found, fit.first.said(rows), strict=True),
        (given, blended(fit.blend, opinions)),
        (main, main_content(fit.blend, opinions)),
        *zip((given, main), whole, strict=True),
    ]
    return _largest(np.abs(one - other).max() for one, other in pairs)
