"""`python -m training.extractors`: what other extractors leave in their text, and what the model makes of it.

They run over the annotated pages. Every line of what they give takes the label that readers gave to the
block it comes from, and is judged by the text model that never saw the page's domain. The extra `bench` has
the extractors.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from chaffinch.blocks import segment
from chaffinch.classifier import Thresholds, decide_document
from chaffinch.features import pack_text
from chaffinch.labels import LABELS
from training.alignment import align, words
from training.corpora import load
from training.dataset import UNKNOWN, Page
from training.evaluate_text import choose_text_thresholds
from training.metrics import CLASS_OF
from training.pipeline import USUAL, Pipeline, Settings
from training.runtime import session

# Share of a line's words that a block must hold for the line to come from it.
SHARED: Final = 0.7
NEEDS_BENCH: Final = "other extractors are missing: pip install 'chaffinch[bench]'"

_EDITORIAL: Final = LABELS.index("editorial")
_COMMENT: Final = LABELS.index("comment")
_PROMOTIONAL: Final = 1


@dataclass(frozen=True)
class Lines:
    """The lines of an extractor's text: label, whether gold, characters, whether the model keeps it."""

    labels: NDArray[np.int64]
    gold: NDArray[np.int8]
    lengths: NDArray[np.int64]
    kept: NDArray[np.bool_]


def main() -> int:
    """Print the table; return the exit status."""
    try:
        systems = _extractors()
    except ModuleNotFoundError:
        print(NEEDS_BENCH, file=sys.stderr)
        return 1
    pipeline = Pipeline(Settings())
    fit, fold_of = pipeline.text, pipeline.text_fold_of
    thresholds = choose_text_thresholds(fit, pipeline.seeds)[USUAL]
    models = [session(parts.model({})) for parts in fit.held_out]
    pages = [page for page in pipeline.corpus if page.annotated]
    sources = {(name, each.page): each for name in {page.corpus for page in pages} for each in load(name)}
    rows = []
    for title, extract in systems.items():
        made = defaultdict(list)
        for page in pages:
            html = sources[page.corpus, page.name].read().decode("utf-8", "replace")
            model = models[fold_of[page.group]]
            made[page.corpus].append(_judged(page, extract(html), model, thresholds))
        rows += [(title, corpus, *_figures(each)) for corpus, each in sorted(made.items())]
    print("| " + " | ".join(_COLUMNS) + " |\n|---|---" + "|--:" * (len(_COLUMNS) - 2) + "|")
    for row in rows:
        print(
            "| " + " | ".join(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row) + " |"
        )
    return 0


_COLUMNS: Final = (
    "text of", "corpus", "lines", "of chaff", "of it taken out", "promotional", "of it taken out",
    "editorial characters lost", "gold characters lost",
)  # fmt: skip


def _extractors() -> dict[str, Callable[[str], str]]:
    import trafilatura
    from resiliparse.extract.html2text import extract_plain_text

    return {
        f"trafilatura {trafilatura.__version__}": lambda html: (
            trafilatura.extract(html, include_comments=False) or ""
        ),
        "Resiliparse": lambda html: extract_plain_text(html, main_content=True),
    }


def _judged(page: Page, text: str, model: Any, thresholds: Thresholds) -> Lines:
    lines = [block.text for block in segment(text, kind="text").blocks]
    if not lines:
        nothing = np.zeros(0, dtype=np.int64)
        return Lines(nothing, nothing.astype(np.int8), nothing, nothing.astype(bool))
    (given,) = model.run(None, pack_text(lines).feed)
    gold = "\n".join(page.gold.paragraphs) or page.gold.text or ""
    return Lines(
        labels=origins(page, lines),
        gold=align(lines, gold),
        lengths=np.array([len(line) for line in lines]),
        kept=decide_document(given, thresholds) == _EDITORIAL,
    )


def origins(page: Page, lines: Sequence[str]) -> NDArray[np.int64]:
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
    return np.array(found, dtype=np.int64)


def _figures(pages: Sequence[Lines]) -> tuple[Any, ...]:
    labels = np.concatenate([page.labels for page in pages])
    gold = np.concatenate([page.gold for page in pages]) == 1
    lengths = np.concatenate([page.lengths for page in pages])
    kept = np.concatenate([page.kept for page in pages])
    known = labels != UNKNOWN
    chaff = known & (labels != _EDITORIAL) & (labels != _COMMENT)
    promotional = known & (CLASS_OF[labels] == _PROMOTIONAL)
    editorial = labels == _EDITORIAL
    return (
        len(labels),
        int(chaff.sum()),
        _share(~kept[chaff]),
        int(promotional.sum()),
        _share(~kept[promotional]),
        float((lengths * (editorial & ~kept)).sum() / max(lengths[editorial].sum(), 1)),
        float((lengths * (gold & ~kept)).sum() / max(lengths[gold].sum(), 1)),
    )


def _share(flags: NDArray[np.bool_]) -> float:
    return float(flags.mean()) if len(flags) else 0.0


if __name__ == "__main__":
    sys.exit(main())
