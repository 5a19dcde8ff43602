"""What other extractors leave of annotated pages: text that the model learns from and is judged by.

Every line takes the label that readers gave to the block it comes from.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from chaffinch.blocks import segment
from training.alignment import align, words
from training.corpora import load
from training.dataset import UNKNOWN, Page
from training.systems import TEACHERS
from training.views import View, whole

# Share of a line's words that a block must hold for the line to come from it.
SHARED: Final = 0.7
# Pages between two lines of progress.
_TOGETHER: Final = 50


def real_views(pages: Sequence[Page], jobs: int) -> list[View]:
    """Return what each extractor leaves of each page; the pages are of corpora, and read again."""
    sources = {(name, each.page): each for name in {page.corpus for page in pages} for each in load(name)}
    found = Parallel(n_jobs=jobs, batch_size=_TOGETHER, verbose=1)(
        delayed(views_of)(replace(page, features=None), sources[page.corpus, page.name].read())
        for page in pages
    )
    return [view for views in found for view in views]


def views_of(page: Page, source: bytes) -> list[View]:
    """Return what each extractor leaves of a page, where it leaves anything.

    A line whose block nobody labelled, or that stands in none, is `UNKNOWN`.
    """
    html = source.decode("utf-8", "replace")
    gold = "\n".join(page.gold.paragraphs) or page.gold.text or ""
    view, views = replace(whole(page), kind="real"), []
    for system in TEACHERS:
        lines = [block.text for block in segment(system.extract(html), kind="text").blocks]
        if lines:
            own = {"texts": lines, "labels": origins(page, lines), "gold": align(lines, gold) == 1}
            views.append(replace(view, extractor=system.name, **own))
    return views


def origins(page: Page, lines: Sequence[str]) -> NDArray[np.int8]:
    """Return the label of the block that each line comes from, `UNKNOWN` where no labelled block is."""
    counts = [Counter(words(text)) for text in page.texts]
    holders = defaultdict(list)
    for place, count in enumerate(counts):
        for word in count:
            holders[word].append(place)
    found = []
    for line in lines:
        own = Counter(words(line))
        rarest = min(own, key=lambda word: len(holders[word]), default="")
        # Of blocks that hold the line's words, the one that holds little else.
        scores = [
            ((own & counts[place]).total() / own.total(), -counts[place].total(), place)
            for place in holders[rarest]
        ]
        share, _, best = max(scores, default=(0.0, 0, 0))
        found.append(int(page.labels[best]) if share >= SHARED else UNKNOWN)
    return np.array(found, dtype=np.int8)
