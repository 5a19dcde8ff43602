"""Evaluates the text model out-of-fold: every paragraph is judged by a model that never saw its document.

Nor its domain, where it is of a page, nor its language, where that lies in one fold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from chaffinch.classifier import Thresholds, decide, surest_chaff, untouched
from chaffinch.labels import CODES, Cleaning
from training import metrics
from training.evaluate import EVEN, Figures, Ways
from training.folds import FOLDS, WHOLE_LANGUAGES
from training.seeds import Seed
from training.sequence import sequence_probabilities
from training.text_fit import TextFit

# The case the project was born from, judged by a model that never saw it.
SEED_ARTICLE: Final = "en/eu-japan-semiconductors"
# Share of the editorial characters of held-out seed documents that each way of cleaning may lose.
MOST_LOST: Final[dict[Cleaning, float]] = {"careful": 0.003, "balanced": 0.01, "thorough": 0.03}
# … and of those in which there is nothing to clean.
MOST_LOST_CLEAN: Final[dict[Cleaning, float]] = {"careful": 0.001, "balanced": 0.002, "thorough": 0.01}
# Thresholds that are tried. Few: the best is flat, and must not be chosen finer than the pages tell.
_TRIED_EDITORIAL: Final = (0.03, 0.05, 0.07, 0.1, 0.13, 0.16, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6)
_TRIED_PROMOTIONAL: Final = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
_TRIED_SURE: Final = (0.0, 0.7, 0.8, 0.9, 0.95)
# The fold by which nothing is chosen: the project's own residue test.
HELD_BACK: Final = FOLDS - 1
# Labels that no extractor leaves in by mistake: a document of these alone has no residue.
_CLEAN: Final = [list(CODES).index(code) for code in "ECM"]


class _Views:
    """The paragraphs of views that somebody wrote, with what the held-out models say of them."""

    def __init__(self, fit: TextFit, documents: Sequence[Seed]) -> None:
        headers = {document.name: document.header for document in documents}
        sizes = [len(view.texts) for view in fit.views]
        self._owner = np.repeat(np.arange(len(sizes)), sizes)
        self._views = fit.views
        self._fold = fit.folds
        self._headers = [headers.get(view.name, {}) for view in fit.views]
        self.labels = np.concatenate([view.labels for view in fit.views]).astype(np.int64)
        self.lengths = np.array([len(text) for view in fit.views for text in view.texts])
        self.given = sequence_probabilities(fit.parts.network, fit.raw)
        each = np.split(self.given, np.cumsum(sizes)[:-1])
        self._surest = np.array([surest_chaff(given) for given in each])[self._owner]
        self._seeds = [view.corpus == "seeds" and view.kind == "whole" for view in fit.views]

    def paragraphs(self, flags: Sequence[bool]) -> NDArray[np.int64]:
        """Return the places of the paragraphs of the views flagged."""
        return np.flatnonzero(np.array(flags, dtype=bool)[self._owner])

    def sets(self) -> dict[str, Sequence[bool]]:
        """Flag the views of each set of the report."""
        views, seeds = self._views, self._seeds
        left_out = [view.language in WHOLE_LANGUAGES for view in views]
        held_back = [fold == HELD_BACK for fold in self._fold]
        return {
            "seeds": seeds,
            "seeds_english": self._both(seeds, [view.language == "en" for view in views]),
            "seeds_other": self._both(seeds, [view.language != "en" for view in views]),
            "seeds_language_seen": self._both(seeds, [not left for left in left_out]),
            "seeds_language_left_out": self._both(seeds, left_out),
            "seeds_held_back": self._both(seeds, held_back),
            "extracted_views": [view.kind == "extracted" for view in views],
            "whole_pages": [view.kind == "whole" and view.corpus != "seeds" for view in views],
            "seed_article_left_out": self._both(seeds, [view.name == SEED_ARTICLE for view in views]),
        }

    def languages(self) -> dict[str, Sequence[bool]]:
        """Flag the seed documents of each language."""
        names = sorted({view.language for view, mine in zip(self._views, self._seeds, strict=True) if mine})
        return {
            name: self._both(self._seeds, [view.language == name for view in self._views]) for name in names
        }

    def headed(self, key: str) -> dict[str, Sequence[bool]]:
        """Flag the seed documents whose header has each value under a key; values are parted by commas."""
        values = [_values(header.get(key, "")) for header in self._headers]
        names = sorted(set().union(*values))
        return {name: self._both(self._seeds, [name in some for some in values]) for name in names}

    def without_residue(self) -> Sequence[bool]:
        """Flag the seed documents in which there is nothing to clean."""
        clean = [bool(np.isin(view.labels, _CLEAN).all()) for view in self._views]
        return self._both(self._seeds, clean)

    def chosen_by(self) -> NDArray[np.int64]:
        """Return the paragraphs by which thresholds are chosen."""
        return self.paragraphs(self._both(self._seeds, [fold != HELD_BACK for fold in self._fold]))

    def decided(self, thresholds: Thresholds, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the labels chosen for paragraphs, each document by itself."""
        given = self.given[places]
        touched = self._surest[places] >= thresholds.sure
        return np.where(touched, decide(given, thresholds), decide(given, untouched(thresholds)))

    @staticmethod
    def _both(one: Sequence[bool], other: Sequence[bool]) -> Sequence[bool]:
        return [first and second for first, second in zip(one, other, strict=True)]


def choose_text_thresholds(fit: TextFit, documents: Sequence[Seed]) -> Ways:
    """Return the thresholds of each way of cleaning.

    Of those that lose at most its shares of editorial characters, it has the ones that leave little residue
    and tell the classes apart: the best macro-F1 less the share of residue left.
    """
    views = _Views(fit, documents)
    places = views.chosen_by()
    if not len(places):
        return dict.fromkeys(MOST_LOST, EVEN)
    truth, lengths = views.labels[places], views.lengths[places]
    clean = np.isin(places, views.paragraphs(views.without_residue()))
    tried = [Thresholds(*each) for each in product(_TRIED_EDITORIAL, _TRIED_PROMOTIONAL, _TRIED_SURE)]
    scores = []
    for each in tried:
        chosen = views.decided(each, places)
        alone = metrics.text_scores(truth[clean], chosen[clean], lengths[clean])["editorial_lost"]
        whole = metrics.text_scores(truth, chosen, lengths)
        classes = metrics.label_scores(truth, chosen)["class_macro_f1"]
        scores.append((whole["editorial_lost"], alone, whole["residue_left"] - classes))

    def excess(way: Cleaning, place: int) -> tuple[float, float]:
        lost, alone, rest = scores[place]
        return max(lost / MOST_LOST[way], alone / MOST_LOST_CLEAN[way], 1.0), rest

    return {way: tried[min(range(len(tried)), key=partial(excess, way))] for way in MOST_LOST}


def text_figures(
    fit: TextFit, points: Mapping[Cleaning, Thresholds], documents: Sequence[Seed], usual: Cleaning
) -> Figures:
    """Return the text model's figures; `usual` names the way of cleaning that most of them are of."""
    views = _Views(fit, documents)
    everything = np.arange(len(views.labels))
    chosen = {way: views.decided(thresholds, everything) for way, thresholds in points.items()}

    def measured(flags: Sequence[bool], way: Cleaning = usual) -> Figures:
        places = views.paragraphs(flags)
        truth, picked = views.labels[places], chosen[way][places]
        return {
            **metrics.label_scores(truth, picked),
            "calibration_error": metrics.calibration_errors(truth, views.given[places]),
            **metrics.text_scores(truth, picked, views.lengths[places]),
        }

    sets = {name: flags for name, flags in views.sets().items() if any(flags)}
    figures: Figures = {name: measured(flags) for name, flags in sets.items()}
    clean = views.without_residue()
    if any(sets.get("seeds", ())):
        figures["cleaning"] = {
            way: {
                name: _brief(measured(sets[name], way))
                for name in ("seeds", "seeds_held_back", "seeds_language_left_out")
                if name in sets
            }
            | ({"without_residue_lost": measured(clean, way)["editorial_lost"]} if any(clean) else {})
            for way in points
        }
        for name, groups in (
            ("languages", views.languages()),
            ("residue", views.headed("residue")),
            ("tone", views.headed("tone")),
        ):
            figures[name] = {value: _brief(measured(flags)) for value, flags in groups.items() if any(flags)}
    return figures


def _brief(scores: Figures) -> Figures:
    return {
        "blocks": scores["blocks"],
        "class_macro_f1": scores["class_macro_f1"],
        "promotional_f1": scores["class_f1"]["promotional"],
        "editorial_lost": scores["editorial_lost"],
        "residue_left": scores["residue_left"],
    }


def _values(text: str) -> set[str]:
    return {value.strip() for value in text.split(",") if value.strip()}
