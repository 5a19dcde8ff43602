"""Evaluates the text model out-of-fold: every paragraph is judged by a model that never saw its document.

Nor its domain, where it is of a page, nor its language, where that lies in one fold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from chaffinch.classifier import Thresholds, chaff_count, decide, sparing
from chaffinch.labels import CODES, GROUPS, Cleaning
from training import metrics
from training.dataset import UNKNOWN
from training.evaluate import EVEN, Figures, Ways
from training.folds import FOLDS, WHOLE_LANGUAGES
from training.seeds import COVERT, Seed
from training.sequence import sequence_probabilities
from training.text_fit import TextFit

# A flag for each view.
Flags: TypeAlias = NDArray[np.bool_]

# The case the project was born from, judged by a model that never saw it.
SEED_ARTICLE: Final = "en/eu-japan-semiconductors"
# Share of the editorial characters of held-out seed documents that each way of cleaning may lose.
MOST_LOST: Final[dict[Cleaning, float]] = {"careful": 0.003, "balanced": 0.01, "thorough": 0.03}
# … and of those in which there is nothing to clean: .2 %, and less by a margin, for few documents choose.
MOST_LOST_CLEAN: Final[dict[Cleaning, float]] = {"careful": 0.001, "balanced": 0.0018, "thorough": 0.01}
# Thresholds that are tried. Few: the best is flat, and must not be chosen finer than the pages tell.
_TRIED_EDITORIAL: Final = (0.03, 0.05, 0.07, 0.1, 0.13, 0.16, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6)
_TRIED_PROMOTIONAL: Final = (0.3, 0.4, 0.5, 0.6, 0.7)
_TRIED_SPARING: Final = (
    (0.0, 0.03),
    *product((2.0, 3.0, 4.0, 5.0), (0.03, 0.06, 0.08, 0.1, 0.12, 0.14, 0.16)),
)
# The fold by which nothing is chosen: the project's own residue test.
HELD_BACK: Final = FOLDS - 1
# Labels that no extractor leaves in by mistake: a document of these alone has no residue.
_CLEAN: Final = [list(CODES).index(code) for code in "ECM"]
_PROMOTIONAL: Final = list(GROUPS).index("promotional")
_BOILERPLATE: Final = list(GROUPS).index("boilerplate")


class _Views:
    """The paragraphs of all views, with what the held-out models say of them."""

    def __init__(self, fit: TextFit, documents: Sequence[Seed]) -> None:
        headers = {document.name: document.header for document in documents}
        sizes = [len(view.texts) for view in fit.views]
        self._owner = np.repeat(np.arange(len(sizes)), sizes)
        self._views = fit.views
        self._languages = np.array([view.language for view in fit.views])
        self._held_back = np.array(fit.folds) == HELD_BACK
        self._headers = [headers.get(view.name, {}) for view in fit.views]
        self.labels = np.concatenate([view.labels for view in fit.views]).astype(np.int64)
        self.lengths = np.array([len(text) for view in fit.views for text in view.texts])
        self.given = sequence_probabilities(fit.parts.network, fit.raw)
        each = np.split(self.given, np.cumsum(sizes)[:-1])
        self.chaff = np.array([chaff_count(given) for given in each])[self._owner]
        self.weights = np.array([view.weight for view in fit.views])[self._owner]
        self._seeds = self._flags(view.corpus == "seeds" and view.kind == "whole" for view in fit.views)

    def paragraphs(self, flags: Flags) -> NDArray[np.int64]:
        """Return the places of the paragraphs of the views flagged."""
        return np.flatnonzero(flags[self._owner])

    def sets(self) -> dict[str, Flags]:
        """Flag the views of each set of the report."""
        seeds, english = self._seeds, self._languages == "en"
        left_out = np.isin(self._languages, WHOLE_LANGUAGES)
        covert = self._flags(header.get("tone") == COVERT for header in self._headers)
        measured = self._flags(view.measured for view in self._views)
        return {
            "seeds": seeds,
            "seeds_english": seeds & english,
            "seeds_other": seeds & ~english,
            "seeds_language_seen": seeds & ~left_out,
            "seeds_open": seeds & ~left_out & ~covert,
            "seeds_covert": seeds & ~left_out & covert,
            "seeds_language_left_out": seeds & left_out,
            "seeds_held_back": seeds & self._held_back,
            "extracted_views": measured & self._flags(view.kind == "extracted" for view in self._views),
            "whole_pages": measured
            & ~self._seeds
            & self._flags(view.kind == "whole" for view in self._views),
            "seed_article_left_out": seeds & self._flags(view.name == SEED_ARTICLE for view in self._views),
        }

    def languages(self) -> dict[str, Flags]:
        """Flag the seed documents of each language."""
        names = np.unique(self._languages[self._seeds]).tolist()
        return {name: self._seeds & (self._languages == name) for name in names}

    def headed(self, key: str) -> dict[str, Flags]:
        """Flag the seed documents whose header has each value under a key; values are parted by commas."""
        values = [_values(header.get(key, "")) for header in self._headers]
        names = sorted(set().union(*values))
        return {name: self._seeds & self._flags(name in some for some in values) for name in names}

    def without_residue(self) -> Flags:
        """Flag the seed documents in which there is nothing to clean."""
        return self._seeds & self._flags(bool(np.isin(view.labels, _CLEAN).all()) for view in self._views)

    def real(self) -> dict[str, Flags]:
        """Flag what each extractor left of the pages of each corpus."""
        kinds = [
            (view.extractor, view.corpus) if view.kind == "real" and view.measured else None
            for view in self._views
        ]
        names = sorted({kind for kind in kinds if kind is not None})
        return {f"{name[0]}, {name[1]}": self._flags(kind == name for kind in kinds) for name in names}

    def gold(self, flags: Flags) -> NDArray[np.bool_]:
        """Flag the paragraphs of real views that stand in the corpus's gold text."""
        return np.concatenate([view.gold for view, flag in zip(self._views, flags, strict=True) if flag])

    def chosen_by(self) -> NDArray[np.int64]:
        """Return the paragraphs by which thresholds are chosen."""
        return self.paragraphs(self._seeds & ~self._held_back)

    @staticmethod
    def _flags(given: Iterable[bool]) -> Flags:
        return np.fromiter(given, dtype=np.bool_)


class _Decisions:
    """The labels that thresholds choose for paragraphs, each document by itself; each pair decides once."""

    def __init__(self, given: NDArray[np.float32], chaff: NDArray[np.float64]) -> None:
        self._given, self._chaff = given, chaff
        self._known: dict[tuple[float, float], NDArray[np.int64]] = {}

    def of(self, thresholds: Thresholds) -> NDArray[np.int64]:
        """Return the number of the label chosen for each paragraph."""
        touched = self._chaff >= thresholds.few
        return np.where(touched, self._plain(thresholds), self._plain(sparing(thresholds)))

    def _plain(self, thresholds: Thresholds) -> NDArray[np.int64]:
        pair = thresholds.editorial, thresholds.promotional
        if pair not in self._known:
            self._known[pair] = decide(self._given, thresholds)
        return self._known[pair]


def choose_text_thresholds(fit: TextFit, documents: Sequence[Seed]) -> Ways:
    """Return the thresholds of each way of cleaning.

    Of those that lose at most its shares of editorial characters, it has the ones that leave little residue
    and tell the classes apart: the best macro-F1 less the share of residue left.
    """
    views = _Views(fit, documents)
    places = views.chosen_by()
    if not len(places):
        return dict.fromkeys(MOST_LOST, EVEN)
    choice = _Choice(views, places)
    return {way: choice.best(way) for way in MOST_LOST}


class _Choice:
    """The thresholds that are tried, and what they lose of some paragraphs; covert documents count half."""

    def __init__(self, views: _Views, places: NDArray[np.int64]) -> None:
        self._decisions = _Decisions(views.given[places], views.chaff[places])
        self._truth = views.labels[places]
        self._lengths = views.lengths[places] * views.weights[places]
        wanted = self._truth == 0
        self._sets = wanted, wanted & np.isin(places, views.paragraphs(views.without_residue()))
        self._tried = [
            Thresholds(editorial, promotional, *rest)
            for editorial, promotional, rest in product(_TRIED_EDITORIAL, _TRIED_PROMOTIONAL, _TRIED_SPARING)
            if rest[1] <= editorial
        ]
        self._lost = [self._losses(each) for each in self._tried]
        self._known: dict[Thresholds, float] = {}

    def best(self, way: Cleaning) -> Thresholds:
        """Return the best of those that lose the least beyond what a way of cleaning may lose."""
        excess = [
            max(everywhere / MOST_LOST[way], clean / MOST_LOST_CLEAN[way], 1.0)
            for everywhere, clean in self._lost
        ]
        least = min(excess)
        allowed = (each for each, over in zip(self._tried, excess, strict=True) if over == least)
        return max(allowed, key=self._goodness)

    def _losses(self, each: Thresholds) -> tuple[float, float]:
        """Return the share of editorial characters lost everywhere, and in documents without residue."""
        lost = self._decisions.of(each) != 0
        everywhere, clean = (metrics.share(lost[flags], self._lengths[flags]) for flags in self._sets)
        return everywhere, clean

    def _goodness(self, each: Thresholds) -> float:
        if each not in self._known:
            chosen = self._decisions.of(each)
            left = metrics.text_scores(self._truth, chosen, self._lengths)["residue_left"]
            self._known[each] = float(metrics.label_scores(self._truth, chosen)["class_macro_f1"]) - left
        return self._known[each]


def text_figures(
    fit: TextFit, points: Mapping[Cleaning, Thresholds], documents: Sequence[Seed], usual: Cleaning
) -> Figures:
    """Return the text model's figures; `usual` names the way of cleaning that most of them are of."""
    views = _Views(fit, documents)
    decisions = _Decisions(views.given, views.chaff)
    chosen = {way: decisions.of(thresholds) for way, thresholds in points.items()}

    def measured(flags: Flags, way: Cleaning = usual) -> Figures:
        places = views.paragraphs(flags)
        truth, picked = views.labels[places], chosen[way][places]
        return {
            **metrics.label_scores(truth, picked),
            "calibration_error": metrics.calibration_errors(truth, views.given[places]),
            **metrics.text_scores(truth, picked, views.lengths[places]),
        }

    sets = {name: flags for name, flags in views.sets().items() if flags.any()}
    figures: Figures = {name: measured(flags) for name, flags in sets.items()}
    clean = views.without_residue()
    if "seeds" in sets:
        figures["cleaning"] = {
            way: {
                name: _brief(measured(sets[name], way))
                for name in ("seeds", "seeds_held_back", "seeds_language_left_out")
                if name in sets
            }
            | ({"without_residue_lost": measured(clean, way)["editorial_lost"]} if clean.any() else {})
            for way in points
        }
        for name, groups in (
            ("languages", views.languages()),
            ("residue", views.headed("residue")),
            ("tone", views.headed("tone")),
        ):
            figures[name] = {value: _brief(measured(flags)) for value, flags in groups.items() if flags.any()}
    if real := views.real():
        kept = chosen[usual] == 0
        figures["extractors"] = {name: _taken_out(views, flags, kept) for name, flags in real.items()}
    return figures


def _taken_out(views: _Views, flags: Flags, kept: NDArray[np.bool_]) -> Figures:
    """Count what is taken out of extractors' text.

    Leaks, chaff that is not gold, and `gold_lost` only where the corpus says what is gold: publishers' own
    texts hold notes on authors and sources, too.
    """
    places = views.paragraphs(flags)
    truth, lengths, out = views.labels[places], views.lengths[places], ~kept[places]
    classes = np.where(truth == UNKNOWN, UNKNOWN, metrics.CLASS_OF[truth])
    promotional = classes == _PROMOTIONAL
    chaff = promotional | (classes == _BOILERPLATE)
    editorial, gold = truth == 0, views.gold(flags)
    told, leaks = gold.any(), chaff & ~gold
    return {
        "lines": len(places),
        "chaff": int(chaff.sum()),
        "chaff_taken_out": metrics.share(out[chaff]),
        "leaks": int(leaks.sum()) if told else "",
        "leaks_taken_out": metrics.share(out[leaks]) if told else "",
        "promotional": int(promotional.sum()),
        "promotional_taken_out": metrics.share(out[promotional]),
        "editorial_lost": metrics.share(out[editorial], lengths[editorial]),
        "gold_lost": metrics.share(out[gold], lengths[gold]) if told else "",
    }


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
