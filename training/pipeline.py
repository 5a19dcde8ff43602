"""The stages of training, in order: corpora → dataset → fit → calibrate → evaluate → export → verify."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from chaffinch.labels import Cleaning
from training import evaluate, seeds
from training.annotations import annotations_digest
from training.corpora import NAMES, corpus_digest
from training.dataset import Page, corpus_pages, seed_html_pages, seed_pages
from training.evaluate_text import choose_text_thresholds, text_figures
from training.evidence import Evidence
from training.export import export
from training.extractors import real_views
from training.folds import FOLDS, Unseen, assign_apart, assign_languages
from training.meaning import Lessons, lessons
from training.page_fit import Blocks, FitError, PageFit, fit_page
from training.stages import Stages, code_digest, summary
from training.text_fit import TextFit, fit_readings, fit_text, fit_words
from training.text_graph import Reading
from training.verify import verify

SEEDS: Final = "seeds"
SOURCES: Final = (*NAMES, SEEDS)
# The way of cleaning that is the runtime's own, of which most figures are.
USUAL: Final[Cleaning] = "balanced"


@dataclass(frozen=True)
class Settings:
    """What one run of training is made from."""

    sources: tuple[str, ...] = SOURCES
    seed: int = 0
    jobs: int = 2
    seed_folder: Path = seeds.FOLDER


class Pipeline:
    """One run of training; each property is a stage, made when it is first asked for."""

    def __init__(self, settings: Settings, cache: Path | None = None) -> None:
        self.settings = settings
        self.seeds = seeds.load(settings.seed_folder) if SEEDS in settings.sources else []
        self._stages = Stages(self._key(), cache) if cache else Stages(self._key())

    @property
    def digests(self) -> dict[str, str]:
        """A digest of every source."""
        names = [name for name in self.settings.sources if name != SEEDS]
        found = {name: corpus_digest(name) for name in names}
        found |= {f"{name} labels": annotations_digest(name) for name in names}
        return found | ({SEEDS: seeds.digest(self.seeds)} if self.seeds else {})

    @cached_property
    def corpus(self) -> list[Page]:
        """The corpora's pages, those without a single block too."""
        names = [name for name in self.settings.sources if name != SEEDS]
        if not names:
            return []
        pages, report = self._stages.run("dataset", lambda: corpus_pages(names, self.settings.jobs))
        summary(
            pages=len(pages),
            blocks=sum(len(page.texts) for page in pages),
            annotated_blocks_joined=f"{report.joined} of {report.annotated}",
            not_joined=report.annotated - report.joined,
        )
        return pages

    @cached_property
    def documents(self) -> list[Page]:
        """The seed documents as text."""
        pages = seed_pages(self.seeds)
        summary(seed_documents=len(pages), seed_paragraphs=sum(len(page.texts) for page in pages))
        return pages

    @cached_property
    def pages(self) -> list[Page]:
        """Everything the page model learns from: the corpora's pages, and seeds as the barest HTML."""
        bare = self._stages.run("seeds as HTML", lambda: seed_html_pages(self._for_pages))
        return self._with_blocks + bare

    @cached_property
    def fold_of(self) -> dict[str, int]:
        """The fold of every registered domain, and of every seed document not written for text alone."""
        documents = self._pages_of([seed for seed in self.seeds if not seed.text_alone])
        found = assign_apart((page.group for page in self.corpus), (page.group for page in documents))
        if len(found) < FOLDS:
            raise FitError(f"{FOLDS} folds need as many domains or documents, and there are {len(found)}")
        return found

    @cached_property
    def text_fold_of(self) -> dict[str, int]:
        """The same, of all documents, for the text model: it is also tried on languages it never saw."""
        domains = (page.group for page in self.corpus)
        found = assign_languages(domains, ((page.group, page.language) for page in self.documents))
        return self.fold_of | found

    @cached_property
    def words(self) -> list[Evidence]:
        """The evidence of words that the page model asks, without each fold, and last on all."""
        corpus, documents, fold_of = self._with_blocks, self._pages_of(self._for_pages), self.fold_of
        return self._stages.run("words", lambda: fit_words(corpus, documents, fold_of, **self._how))

    @cached_property
    def lessons(self) -> Lessons:
        """What the teacher says of all text there is."""
        given = self._with_blocks, self.documents, self.text_fold_of, self.settings.jobs
        return self._stages.run("lessons", lambda: lessons(*given))

    @cached_property
    def readings(self) -> list[Reading]:
        """What a paragraph says by itself without each fold, and last on all."""
        corpus, documents, fold_of = self._with_blocks, self.documents, self.text_fold_of
        words = self._stages.run("text words", lambda: fit_words(corpus, documents, fold_of, **self._how))
        taught = self.lessons
        return self._stages.run(
            "readings", lambda: fit_readings(corpus, documents, words, taught, fold_of, **self._how)
        )

    @cached_property
    def text(self) -> TextFit:
        """The fitted and calibrated text model."""
        corpus, documents, readings = self._with_blocks, self.documents, self.readings
        annotated, fold_of = [page for page in corpus if page.annotated], self.text_fold_of
        jobs = self.settings.jobs
        real = self._stages.run("real views", lambda: real_views(annotated, jobs)) if annotated else []
        return self._stages.run(
            "text model", lambda: fit_text(annotated, documents, real, readings, fold_of, **self._how)
        )

    @cached_property
    def page_fit(self) -> PageFit:
        """The fitted page model, not yet calibrated."""
        return fit_page(self._stages, self.pages, self.words, self.fold_of, **self._how)

    @cached_property
    def blocks(self) -> Blocks:
        """The blocks of all pages, with their folds."""
        return Blocks(self.pages, self.fold_of)

    @cached_property
    def page(self) -> PageFit:
        """The page model, calibrated on what models that never saw a block's domain said of it."""
        fit = self.page_fit
        return replace(fit, blend=evaluate.blend_of(fit, self.blocks, Unseen()))

    @cached_property
    def figures(self) -> dict[str, Any]:
        """Thresholds and all figures, from models that never saw the domain they are judged on."""
        rows = evaluate.held_out_page_probabilities(self.page, self.blocks)
        given = np.split(rows, self.blocks.ends[1:-1])
        pages, given = self._with_silent(self.pages, given)
        html = evaluate.choose_html_thresholds(pages, given)
        text = choose_text_thresholds(self.text, self.seeds)
        points: dict[str, evaluate.Ways] = {"html": html, "text": text}
        return {
            "thresholds": {
                kind: {way: asdict(pair) for way, pair in ways.items()} for kind, ways in points.items()
            },
            "page": evaluate.page_figures(pages, given, html, USUAL),
            "text": text_figures(self.text, text, self.seeds, USUAL),
        }

    def verify(self, folder: Path) -> dict[str, float]:
        """Compare a written model with what was fitted; VerificationError where they disagree."""
        return verify(folder, self.text, self.page, self.corpus or self.pages, self.documents)

    def export(self, folder: Path) -> dict[str, float]:
        """Write the model; VerificationError, and nothing written, where a graph disagrees."""
        facts = {
            "seed": self.settings.seed,
            "sources": self.digests,
            "thresholds": self.figures["thresholds"],
            "figures": {name: self.figures[name] for name in ("page", "text")},
        }
        pages = self.corpus or self.pages
        return export(folder, self.text, self.page, pages, self.documents, facts)

    @property
    def _with_blocks(self) -> list[Page]:
        """The corpora's pages that have blocks."""
        return [page for page in self.corpus if page.texts]

    @property
    def _for_pages(self) -> list[seeds.Seed]:
        """The seed documents that the page model learns from."""
        return seeds.for_pages(self.seeds)

    def _pages_of(self, chosen: Sequence[seeds.Seed]) -> list[Page]:
        names = {seed.name for seed in chosen}
        return [page for page in self.documents if page.name in names]

    @property
    def _how(self) -> dict[str, int]:
        return {"seed": self.settings.seed, "jobs": self.settings.jobs}

    def _with_silent(self, pages: Sequence[Page], given: Sequence[Any]) -> tuple[list[Page], list[Any]]:
        """Add the pages in which nothing was found: they count in every mean."""
        silent = [page for page in self.corpus if not page.texts]
        nothing = given[0][:0]
        return [*pages, *silent], [*given, *(nothing for _ in silent)]

    def _key(self) -> str:
        facts = (self.digests, self.settings.seed, code_digest())
        return hashlib.sha256(repr(facts).encode()).hexdigest()
