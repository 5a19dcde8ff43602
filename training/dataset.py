"""Makes the data set: every page segmented and featurised once, with all that is known of its blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Final, TypeAlias

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from chaffinch._headline import headline
from chaffinch._plaintext import clean_text
from chaffinch.blocks import Document, segment
from chaffinch.features import PageFeatures, page_features
from chaffinch.labels import CODES
from training import annotations as readers
from training import seeds
from training.alignment import align, words
from training.corpora import Gold, SourcePage, load

Labels: TypeAlias = NDArray[np.int8]

# Characters below which a page whose gold text is empty has indeed no content. Where a longer page has
# none, nobody wrote it down: gold texts are missing even of long articles.
EMPTY_GOLD_LENGTH: Final = 2000
# Words from which a block that stands in gold paragraphs is certainly one of them.
MIN_CERTAIN: Final = 8
# What a seed document counts whose promotion takes the article's own voice: such are a part of the seeds that
# they are not of the world.
COVERT_WEIGHT: Final = 0.5

UNKNOWN: Final = -1
NUMBER: Final = {code: number for number, code in enumerate(CODES)}


@dataclass(frozen=True)
class Page:
    """A page as the fit sees it, in blocks.

    `labels` numbers the label a reader gave each block, `content` is 1 where the corpus's gold text
    holds it and 0 where it does not; both are `UNKNOWN` where nobody says. `features` is None for
    documents that never were HTML. `group` keeps what must not be split: the registered domain.
    `weight` is what the page counts beside others of its kind; `measured` tells whether its labels are for
    judging a model too, not for learning alone.
    """

    corpus: str
    name: str
    group: str
    page_type: str
    language: str
    texts: list[str]
    labels: Labels
    content: Labels
    gold: Gold
    features: PageFeatures | None
    weight: float = 1.0
    measured: bool = True

    @property
    def annotated(self) -> bool:
        """Whether a reader labelled the page."""
        return bool((self.labels != UNKNOWN).any())


def corpus_pages(names: Sequence[str], jobs: int) -> tuple[list[Page], readers.JoinReport]:
    """Return the pages of the corpora, and how well the readers' labels joined them."""
    read = {(name, entry.page): entry for name in names for entry in readers.load(name)}
    sources = [source for name in names for source in load(name)]
    parallel = Parallel(n_jobs=jobs, batch_size=8, verbose=1)
    made = parallel(delayed(_page)(source, read.get((source.corpus, source.page))) for source in sources)
    report = sum((joined for _, joined in made), readers.JoinReport())
    return [page for page, _ in made], report


def seed_pages(documents: Sequence[seeds.Seed]) -> list[Page]:
    """Return the seed documents as pages without structure, each a group of its own."""
    return [
        Page(
            corpus="seeds",
            name=seed.name,
            group=f"seeds:{seed.name}",
            page_type="text",
            language=seed.language,
            texts=[clean_text(paragraph) for paragraph in seed.paragraphs],
            labels=np.array([NUMBER[code] for code in seed.codes], dtype=np.int8),
            content=np.array([code == "E" for code in seed.codes], dtype=np.int8),
            gold=Gold(),
            features=None,
            weight=COVERT_WEIGHT if seed.covert else 1.0,
        )
        for seed in documents
    ]


def seed_html_pages(documents: Sequence[seeds.Seed]) -> list[Page]:
    """Return the seed documents as the barest HTML: the page model must not need class names."""
    made = []
    for text in seed_pages(documents):
        body = "\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in text.texts)
        document = segment(f"<html><body>{body}</body></html>", kind="html")
        if [block.text for block in document.blocks] == text.texts:
            made.append(replace(text, features=page_features(document)))
    return made


def _page(source: SourcePage, annotation: readers.Annotation | None) -> tuple[Page, readers.JoinReport]:
    document = segment(source.read(), kind="html", url=source.url or None)
    texts = [block.text for block in document.blocks]
    labels, report = np.full(len(texts), UNKNOWN, dtype=np.int8), readers.JoinReport()
    if annotation is not None:
        codes, report = readers.join_counted(annotation, texts)
        labels = np.array([NUMBER.get(code or "", UNKNOWN) for code in codes], dtype=np.int8)
    page = Page(
        corpus=source.corpus,
        name=source.page,
        group=source.domain,
        page_type=source.page_type or "article",
        language=document.language.lower()[:2],
        texts=texts,
        labels=labels,
        content=_content(source, texts, document),
        gold=source.gold,
        features=page_features(document),
        measured=annotation is None or not annotation.chosen,
    )
    return page, report


def _content(source: SourcePage, texts: Sequence[str], document: Document) -> Labels:
    if source.gold.text:
        found = align(texts, source.gold.text)
        # Gold texts begin with the headline or not, as it happens: it is content all the same.
        shown = headline(document)
        heading = found[shown.first : shown.last]
        heading[heading == 0] = UNKNOWN
        return found
    if source.gold.text == "" and sum(map(len, texts)) < EMPTY_GOLD_LENGTH:
        return np.zeros(len(texts), dtype=np.int8)
    if source.gold.paragraphs:
        found = align(texts, "\n".join(source.gold.paragraphs))
        # What this gold lacks may still be content (captions, lists), and its short lines prove little.
        certain = np.array([len(words(text)) >= MIN_CERTAIN for text in texts], dtype=bool)
        return np.where((found == 1) & certain, 1, UNKNOWN).astype(np.int8)
    return np.full(len(texts), UNKNOWN, dtype=np.int8)
