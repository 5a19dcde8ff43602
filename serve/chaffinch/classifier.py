"""Loads and checks the model, and turns features into probabilities: all that knows onnxruntime."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from chaffinch import features
from chaffinch.blocks import Document
from chaffinch.errors import ModelError
from chaffinch.labels import CLEANING, LABELS, PROMOTIONAL, Cleaning

MANIFEST: Final = "model.json"
# The graphs of a model: paragraphs as text; for a page, the words of its blocks and of its elements, and
# its blocks, judged first by what stands around them, then by what was said around them.
GRAPHS: Final = ("text", "words", "structure", "first", "second")

Floats = NDArray[np.float32]


def model_dir() -> Path:
    """Return the folder of the bundled model: `chaffinch/model` once installed, `model/` in a checkout."""
    installed = Path(__file__).parent / "model"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "model"


def session_options() -> onnxruntime.SessionOptions:
    """Return one thread a session: pages are small, and callers bring their own processes.

    No plan of the memory is kept for each shape of input either: hardly two pages have as many blocks.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    return options


@dataclass(frozen=True)
class Thresholds:
    """Probabilities, above 0, from which a block is `editorial` or promotional.

    An article of which fewer than `few` blocks are probably chaff has next to none: there, `spared` is
    enough to be `editorial`. `main` is the probability from which a block of an HTML page is main content;
    what is not that is `editorial` from `alone` on, where it is the greater of the two.
    """

    editorial: float
    promotional: float
    few: float = 0.0
    spared: float = 0.05
    main: float = 0.0
    alone: float = 0.0


@dataclass(frozen=True)
class Manifest:
    """What `model.json` says that serving needs; a missing key fails at load.

    `thresholds` are those of each kind of document, for each way of cleaning.
    """

    feature_version: int
    labels: tuple[str, ...]
    thresholds: dict[str, dict[str, Thresholds]]
    digests: dict[str, str]

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read a model's manifest; ModelError where it is missing, unreadable or lacks a key."""
        path = folder / MANIFEST
        try:
            given = json.loads(path.read_text(encoding="utf-8"))
            return cls(
                feature_version=int(given["feature_version"]),
                labels=tuple(given["labels"]),
                thresholds={
                    kind: {way: _thresholds(given["thresholds"][kind][way]) for way in CLEANING}
                    for kind in ("html", "text")
                },
                digests={name: given["files"][f"{name}.onnx"]["sha256"] for name in GRAPHS},
            )
        except OSError as error:
            raise ModelError(f"there is no model in {folder}: {error}") from error
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{path} is not a model's manifest ({type(error).__name__}: {error})") from error


def _thresholds(given: dict[str, float]) -> Thresholds:
    return Thresholds(**{field.name: float(given[field.name]) for field in fields(Thresholds)})


class Classifier:
    """A loaded model; safe to share between threads.

    Raises ModelError where the folder holds no model, a file is not the one that was exported, or the
    model was made for other features or labels than this version's.
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        self._folder = Path(folder) if folder is not None else model_dir()
        self._manifest = Manifest.read(self._folder)
        if self._manifest.feature_version != features.VERSION:
            raise ModelError(
                f"the model in {self._folder} was made for feature version "
                f"{self._manifest.feature_version}, this is version {features.VERSION}: retrain it"
            )
        if self._manifest.labels != LABELS:
            raise ModelError(f"the model in {self._folder} knows other labels: {self._manifest.labels}")
        self._sessions = {name: self._load(name) for name in GRAPHS}

    def classify(self, document: Document, cleaning: Cleaning) -> tuple[Floats, NDArray[np.int64]]:
        """Return the probability of every label (blocks, labels) and the number of the label chosen."""
        if not document.blocks:
            return np.zeros((0, len(LABELS)), dtype=np.float32), np.zeros(0, dtype=np.int64)
        texts = [block.text for block in document.blocks]
        thresholds = self._manifest.thresholds[document.kind][cleaning]
        if document.kind == "text":
            probabilities = self.text_probabilities(texts)
            return probabilities, decide_document(probabilities, thresholds)
        probabilities, main = self.page_probabilities(features.page_features(document), texts)
        return probabilities, decide_page(probabilities, main, thresholds)

    def text_probabilities(self, paragraphs: list[str]) -> Floats:
        """Return the text model's probabilities for the paragraphs of a document."""
        probabilities: Floats = self._run("text", features.pack_text(paragraphs).feed)[0]
        return probabilities

    def words_evidence(self, paragraphs: list[str]) -> Floats:
        """Return what each paragraph's words say by themselves."""
        evidence: Floats = self._run("words", features.pack_text(paragraphs).feed)[0]
        return evidence

    def structure_evidence(self, page: features.PageFeatures) -> Floats:
        """Return what the words of the elements around each block say."""
        evidence: Floats = self._run("structure", page.bags.feed)[0]
        return evidence

    def page_probabilities(self, page: features.PageFeatures, texts: list[str]) -> tuple[Floats, Floats]:
        """Return the page model's probabilities for the blocks of an HTML page, as `second_opinions` does."""
        cues, structure = page.cues, page.structure
        said = self.words_evidence(texts), self.structure_evidence(page)
        rows = features.first_rows(cues, structure, *said)
        return self.second_opinions(features.second_rows(cues, structure, *self.first_opinions(rows)))

    def first_opinions(self, rows: Floats) -> tuple[Floats, Floats]:
        """Return what the first stage says of its rows: probabilities of the labels, content score."""
        probabilities, content = self._run("first", {"rows": rows})
        return probabilities, content

    def second_opinions(self, rows: Floats) -> tuple[Floats, Floats]:
        """Return the calibrated probabilities that the second stage makes of its rows.

        Those of the labels, (blocks, labels), and that of main content, (blocks,).
        """
        probabilities, main = self._run("second", {"rows": rows})
        return probabilities, main[:, 0]

    def _run(self, name: str, feed: dict[str, Any]) -> list[Any]:
        outputs: list[Any] = self._sessions[name].run(None, feed)
        return outputs

    def _load(self, name: str) -> onnxruntime.InferenceSession:
        path = self._folder / f"{name}.onnx"
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelError(f"{path} is missing: {error}") from error
        if hashlib.sha256(content).hexdigest() != self._manifest.digests[name]:
            raise ModelError(f"{path} is not the file that {MANIFEST} describes: damaged or exchanged")
        try:
            return onnxruntime.InferenceSession(
                content, session_options(), providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's errors share no base of their own
            raise ModelError(f"{path} cannot be loaded: {error}") from error


# Mean probability of `editorial` from which a document is an article: a lone pitch is none.
_ARTICLE: Final = 0.5
# Probability of `editorial` below which a block is probably chaff.
_CHAFF: Final = 0.3


# Probability of `editorial` that likely main content needs to be that.
_BACKED: Final = 0.05


def decide_document(probabilities: Floats, thresholds: Thresholds) -> NDArray[np.int64]:
    """Return the number of the label chosen for each paragraph of a plain text."""
    enough = chaff_count(probabilities) >= thresholds.few
    return decide(probabilities, thresholds if enough else sparing(thresholds))


def decide_page(probabilities: Floats, main: Floats, thresholds: Thresholds) -> NDArray[np.int64]:
    """Return the number of the label chosen for each block of an HTML page.

    `main` is the probability of main content, (blocks,). What is not promotional is `editorial` where it is
    likely to be main content, or surely `editorial` all the same: readers call more that than a page's text
    should hold, such as second copies, quoted posts and other stories' first lines.
    """
    chosen = decide(probabilities, thresholds)
    alone = max(thresholds.editorial, thresholds.alone)
    kept = probabilities[:, _EDITORIAL] >= np.where(main >= thresholds.main, _BACKED, alone)
    others = np.where(chosen == _EDITORIAL, _likeliest_other(probabilities), chosen)
    labels: NDArray[np.int64] = np.where(kept & ~np.isin(chosen, _PROMOTIONAL), _EDITORIAL, others)
    return labels


def chaff_count(probabilities: Floats) -> float:
    """Return how many blocks of an article are probably chaff; infinity of what is no article."""
    editorial = probabilities[:, _EDITORIAL]
    return float((editorial < _CHAFF).sum()) if len(editorial) and editorial.mean() >= _ARTICLE else np.inf


def sparing(thresholds: Thresholds) -> Thresholds:
    """Return the thresholds for an article that has next to no chaff.

    What is `editorial` there can be nothing else, however probable.
    """
    return replace(thresholds, editorial=thresholds.spared, promotional=1 - thresholds.spared)


def decide(probabilities: Floats, thresholds: Thresholds) -> NDArray[np.int64]:
    """Return the number of the label chosen for each row of probabilities, whatever else is in its document.

    A block is promotional, or `editorial`, where the probability reaches the class's threshold (the one
    further beyond its own, where both do): then its likeliest label within; else the likeliest other.
    """
    editorial = probabilities[:, _EDITORIAL] / thresholds.editorial
    promotional = probabilities[:, _PROMOTIONAL].sum(axis=1) / thresholds.promotional
    pitch = np.take(_PROMOTIONAL, probabilities[:, _PROMOTIONAL].argmax(axis=1))
    chosen = np.where(promotional >= 1, pitch, _likeliest_other(probabilities))
    chosen = np.where((editorial >= 1) & (editorial >= promotional), _EDITORIAL, chosen)
    return chosen.astype(np.int64)


def _likeliest_other(probabilities: Floats) -> NDArray[np.int64]:
    """Return the number of the likeliest label that is neither `editorial` nor promotional."""
    others = probabilities.copy()
    others[:, [_EDITORIAL, *_PROMOTIONAL]] = -1
    numbers: NDArray[np.int64] = others.argmax(axis=1)
    return numbers


_EDITORIAL: Final = LABELS.index("editorial")
_PROMOTIONAL: Final = [LABELS.index(label) for label in LABELS if label in PROMOTIONAL]
