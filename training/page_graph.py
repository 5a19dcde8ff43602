"""The page model's two ONNX graphs: from the rows of a page's blocks to the probability of every label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import onnx
from sklearn.ensemble import HistGradientBoostingClassifier

from chaffinch.labels import GROUP_OF, GROUPS, LABELS
from training.blend import IS_PROMOTIONAL, NEVER, Blend
from training.graphs import Graph
from training.network import Floats, softmax
from training.quantised import QuantisedNetwork, add_quantised, quantised_logits
from training.trees import add_trees, raw_scores

# The class each label folds into, as a matrix (labels, classes).
FOLDING: Final = np.array(
    [[GROUP_OF[label] == group for group in GROUPS] for label in LABELS], dtype=np.float32
)
# Added to probabilities before their logarithm; content scores are clipped to this.
_LEAST: Final = 1e-5
_CLIP: Final = 8.0
# How far the trees for the classes move what the network says of the labels: all the way would lose what
# the network knows.
_SHARE: Final = 0.5


@dataclass(frozen=True)
class FirstParts:
    """The first stage: a network for the labels, trees for the classes and for main content."""

    labels: QuantisedNetwork
    classes: HistGradientBoostingClassifier
    content: HistGradientBoostingClassifier

    def said(self, rows: Floats) -> tuple[Floats, Floats]:
        """Return the labels' probabilities (rows, labels) and the content score (rows, 1)."""
        labels = softmax(quantised_logits(self.labels, rows))
        content = np.clip(raw_scores(self.content, rows), -_CLIP, _CLIP)
        scores = _corrected(np.log(labels + _LEAST), raw_scores(self.classes, rows))
        return softmax(scores), content


@dataclass(frozen=True)
class SecondParts:
    """The second stage: trees and a network for main content.

    Of the labels it takes what the first said, with which its own rows begin: another network for them, or
    trees for their classes, fitted on what the first one says of them, adds nothing.
    """

    content: HistGradientBoostingClassifier
    content_network: QuantisedNetwork

    def opinions(self, rows: Floats) -> Floats:
        """Return what both stages say: log-probabilities of the labels, then the content score (rows, 10)."""
        odds = quantised_logits(self.content_network, rows)
        content = (raw_scores(self.content, rows) + odds[:, 1:] - odds[:, :1]) / 2
        return np.concatenate([rows[:, : len(LABELS)], np.clip(content, -_CLIP, _CLIP)], axis=1)


def _corrected(scores: Floats, classes: Floats) -> Floats:
    """Move the log-probabilities of labels a share of the way to what the trees say of their classes."""
    folded = np.log(np.exp(scores) @ FOLDING + _LEAST)
    correction = np.log(softmax(classes) + _LEAST) - folded
    moved: Floats = scores + correction @ FOLDING.T * np.float32(_SHARE)
    return moved


def first_model(parts: FirstParts, columns: int, metadata: dict[str, str]) -> onnx.ModelProto:
    """Return the first stage's graph: rows → `probabilities` of the labels and `content` score."""
    graph = Graph()
    rows = graph.input("rows", np.float32, ["blocks", columns])
    labels = _log(graph, graph.add("Softmax", add_quantised(graph, rows, parts.labels), axis=1))
    labels = _add_correction(graph, labels, add_trees(graph, rows, parts.classes))
    graph.output("probabilities", graph.add("Softmax", labels, axis=1), np.float32, ["blocks", len(LABELS)])
    content = _clipped(graph, add_trees(graph, rows, parts.content))
    graph.output("content", content, np.float32, ["blocks", 1])
    return graph.model("first", metadata)


def second_model(parts: SecondParts, blend: Blend, columns: int, metadata: dict[str, str]) -> onnx.ModelProto:
    """Return the second stage's graph: rows → calibrated `probabilities` of the labels, of `main` content."""
    graph = Graph()
    rows = graph.input("rows", np.float32, ["blocks", columns])
    labels = graph.add("Slice", rows, graph.ints(0), graph.ints(len(LABELS)), graph.ints(1))
    sides = graph.constant(np.array([[-1], [1]], dtype=np.float32))
    odds = graph.add("MatMul", add_quantised(graph, rows, parts.content_network), sides)
    content = graph.add("Add", add_trees(graph, rows, parts.content), odds)
    content = _clipped(graph, graph.add("Mul", content, graph.float(0.5)))
    probabilities = _blended(graph, labels, content, blend)
    graph.output("probabilities", probabilities, np.float32, ["blocks", len(LABELS)])
    odds = graph.add("Mul", content, graph.float(blend.main_sharpness))
    main = graph.add("Sigmoid", graph.add("Add", odds, graph.float(blend.main_offset)))
    graph.output("main", main, np.float32, ["blocks", 1])
    return graph.model("second", metadata)


def _blended(graph: Graph, labels: str, content: str, blend: Blend) -> str:
    """Add `blend.blended`."""
    raw = graph.add("Mul", labels, graph.float(blend.sharpness))
    raw = graph.add("Add", raw, graph.constant(blend.offset))
    said = graph.add("Softmax", raw, axis=1)
    pitch = graph.add("Mul", said, graph.constant(IS_PROMOTIONAL))
    shift = np.zeros((1, len(LABELS)), dtype=np.float32)
    shift[0, LABELS.index("editorial")] = blend.content
    raw = graph.add("Add", raw, graph.add("MatMul", content, graph.constant(shift)))
    raw = graph.add("Sub", raw, graph.constant(NEVER * IS_PROMOTIONAL))
    # The sum of what is not promotional, in every column.
    rest = np.tile((1 - IS_PROMOTIONAL)[:, None], len(LABELS))
    others = graph.add("Softmax", raw, axis=1)
    others = graph.add("Mul", others, graph.add("MatMul", said, graph.constant(rest)))
    return graph.add("Add", pitch, others)


def _add_correction(graph: Graph, scores: str, classes: str) -> str:
    """Add `_corrected`."""
    said = _log(graph, graph.add("Softmax", classes, axis=1))
    folded = _log(graph, graph.add("MatMul", graph.add("Exp", scores), graph.constant(FOLDING)))
    unfolding = graph.constant(np.ascontiguousarray(FOLDING.T) * np.float32(_SHARE))
    return graph.add("Add", scores, graph.add("MatMul", graph.add("Sub", said, folded), unfolding))


def _log(graph: Graph, probabilities: str) -> str:
    return graph.add("Log", graph.add("Add", probabilities, graph.float(_LEAST)))


def _clipped(graph: Graph, content: str) -> str:
    return graph.add("Clip", content, graph.float(-_CLIP), graph.float(_CLIP))
