"""The main path: source → blocks → probabilities → labels → page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from chaffinch._headline import headline
from chaffinch.blocks import Document, Kind, Source, paragraphs_document, segment
from chaffinch.labels import CLEANING, LABELS, Cleaning
from chaffinch.page import Block, Page, checked_labels

if TYPE_CHECKING:
    from chaffinch.classifier import Classifier

_loading = Lock()


class Cleaner:
    """Cuts pages into blocks, labels them, and gives back what is to be kept.

    `model` is the folder of a model made by `make train`; without one, the bundled model is used. It is
    loaded at the first call. A Cleaner may be shared between threads.

    `cleaning` says how readily a block is taken for chaff: "careful" keeps what may be editorial,
    "thorough" drops what may be chaff, "balanced" lies between. What each loses and leaves is in the model
    card; the probabilities are the same. Raises ValueError for any other.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        keep: Iterable[str] = ("editorial",),
        cleaning: Cleaning = "balanced",
    ) -> None:
        if cleaning not in CLEANING:
            raise ValueError(f"cleaning is one of {', '.join(CLEANING)}, not {cleaning!r}")
        self._model = model
        self._keep = checked_labels(keep)
        self._cleaning = cleaning

    def clean(
        self,
        source: Source,
        *,
        keep: Iterable[str] | None = None,
        kind: Kind | None = None,
        url: str | None = None,
    ) -> str:
        """Return the text of a page, or of text extracted from one, without its chaff.

        `keep` names the labels whose blocks stay, in place of the Cleaner's own. Errors as for `label`.
        """
        return self._label(source, keep, kind, url).text

    def label(self, source: Source, *, kind: Kind | None = None, url: str | None = None) -> Page:
        """Return the page with every block labelled.

        `source` is HTML or plain text (`str` or `bytes`), told apart unless `kind` says which, or a
        BeautifulSoup object. `url` is the page's address where the caller knows it.

        Raises TypeError for any other source, ValueError for any other kind, ModelError where the
        model cannot be loaded.
        """
        return self._label(source, None, kind, url)

    def score(self, paragraphs: Sequence[str]) -> list[Block]:
        """Label the paragraphs of one document, given in order: exactly one block for each.

        Neighbours decide what a short line is, so paragraphs of several documents want several calls.
        """
        if isinstance(paragraphs, (str, bytes)):
            raise TypeError("score takes a sequence of paragraphs; clean and label take one text")
        return self._blocks(paragraphs_document(paragraphs), paragraphs)

    def _label(self, source: Source, keep: Iterable[str] | None, kind: Kind | None, url: str | None) -> Page:
        kept = self._keep if keep is None else checked_labels(keep)
        document = segment(source, kind=kind, url=url)
        texts = [block.text for block in document.blocks]
        return Page(tuple(self._blocks(document, texts)), document.kind, headline(document).text, kept)

    def _blocks(self, document: Document, texts: Sequence[str]) -> list[Block]:
        """Label a document's blocks, under the texts that they are to be given back with."""
        probabilities, labels = self._classifier.classify(document, self._cleaning)
        rows = zip(texts, labels.tolist(), probabilities.tolist(), strict=True)
        return [Block(text, LABELS[label], tuple(row)) for text, label, row in rows]

    @cached_property
    def _classifier(self) -> Classifier:
        with _loading:
            return _load(self._model)

    def __getstate__(self) -> dict[str, object]:
        """Leave the loaded model behind: a copy in another process loads its own."""
        return {"_model": self._model, "_keep": self._keep, "_cleaning": self._cleaning}


_loaded: dict[str | Path | None, Classifier] = {}


def _load(model: str | Path | None) -> Classifier:
    """Load a model once for the process: sessions are safe to share, and megabytes large."""
    if model not in _loaded:
        # onnxruntime takes most of the time that `import chaffinch` would take.
        from chaffinch.classifier import Classifier

        _loaded[model] = Classifier(model)
    return _loaded[model]


_default = Cleaner()
clean = _default.clean
label = _default.label
score = _default.score
