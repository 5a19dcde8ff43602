"""The page model's two ONNX graphs: from the rows of a page's blocks to the probability of every label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import onnx
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from chaffinch.labels import GROUP_OF, GROUPS, LABELS
from training.blend import IS_PROMOTIONAL, NEVER, Blend
from training.graphs import Graph
from training.network import Network, add_network, logits, softmax
from training.trees import add_trees, raw_scores

Floats = NDArray[np.float32]

# The class each label folds into, as a matrix (labels, classes).
FOLDING: Final = np.array(
    [[GROUP_OF[label] == group for group in GROUPS] for label in LABELS], dtype=np.float32
)
# Added to probabilities before their logarithm; content scores are clipped to this.
_LEAST: Final = 1e-5
_CLIP: Final = 8.0


@dataclass(frozen=True)
class PageParts:
    """What a stage is made of: a network for the labels, trees for the classes and for main content.

    The second stage has a network for main content too, whose score counts as much as the trees'.
    """

    labels: Network
    classes: HistGradientBoostingClassifier
    content: HistGradientBoostingClassifier
    content_network: Network | None = None

    def said(self, rows: Floats) -> tuple[Floats, Floats]:
        """Return the labels' probabilities (rows, labels) and the content score (rows, 1)."""
        labels, classes = softmax(logits(self.labels, rows)), softmax(raw_scores(self.classes, rows))
        correction = (np.log(classes + _LEAST) - np.log(labels @ FOLDING + _LEAST)) / 2
        scores = np.log(labels + _LEAST) + correction @ FOLDING.T
        return softmax(scores), np.clip(self._content(rows), -_CLIP, _CLIP)

    def _content(self, rows: Floats) -> Floats:
        score = raw_scores(self.content, rows)
        if self.content_network is None:
            return score
        odds = logits(self.content_network, rows)
        mean: Floats = (score + odds[:, 1:] - odds[:, :1]) / np.float32(2)
        return mean


def opinions(second: PageParts, rows: Floats) -> Floats:
    """Return what both stages say: log-probabilities of the labels, then the content score (rows, 10).

    The labels are those of both stages, the second one's rows begin with the first's; content is the
    second one's.
    """
    probabilities, content = second.said(rows)
    mean = (np.log(probabilities + _LEAST) + rows[:, : len(LABELS)]) / 2
    return np.concatenate([mean, content], axis=1)


def first_model(parts: PageParts, columns: int, metadata: dict[str, str]) -> onnx.ModelProto:
    """Return the first stage's graph: rows → `probabilities` of the labels and `content` score."""
    graph = Graph()
    rows = graph.input("rows", np.float32, ["blocks", columns])
    labels, content = _said(graph, rows, parts)
    graph.output("probabilities", labels, np.float32, ["blocks", len(LABELS)])
    graph.output("content", content, np.float32, ["blocks", 1])
    return graph.model("first", metadata)


def second_model(parts: PageParts, blend: Blend, columns: int, metadata: dict[str, str]) -> onnx.ModelProto:
    """Return the second stage's graph: rows → calibrated `probabilities`."""
    graph = Graph()
    rows = graph.input("rows", np.float32, ["blocks", columns])
    labels, content = _said(graph, rows, parts)
    count = len(LABELS)
    said = graph.add("Slice", rows, graph.ints(0), graph.ints(count), graph.ints(1))
    raw = graph.add("Log", graph.add("Add", labels, graph.float(_LEAST)))
    raw = graph.add("Mul", graph.add("Add", raw, said), graph.float(blend.sharpness / 2))
    raw = graph.add("Add", raw, graph.constant(blend.offset))
    promotional = graph.constant(IS_PROMOTIONAL)
    pitch = graph.add("Mul", graph.add("Softmax", raw, axis=1), promotional)
    shift = np.zeros((1, count), dtype=np.float32)
    shift[0, LABELS.index("editorial")] = blend.content
    raw = graph.add("Add", raw, graph.add("MatMul", content, graph.constant(shift)))
    raw = graph.add("Sub", raw, graph.constant(NEVER * IS_PROMOTIONAL))
    rest = graph.add("Sub", graph.float(1), graph.add("ReduceSum", pitch, graph.ints(1), keepdims=1))
    others = graph.add("Mul", graph.add("Softmax", raw, axis=1), rest)
    graph.output("probabilities", graph.add("Add", pitch, others), np.float32, ["blocks", count])
    return graph.model("second", metadata)


def _said(graph: Graph, rows: str, parts: PageParts) -> tuple[str, str]:
    """Add what a stage says of rows."""
    least = graph.float(_LEAST)
    labels = add_network(graph, rows, parts.labels)
    classes = graph.add("Softmax", add_trees(graph, rows, parts.classes), axis=1)
    folded = graph.add("MatMul", labels, graph.constant(FOLDING))
    logs = [graph.add("Log", graph.add("Add", value, least)) for value in (labels, classes, folded)]
    correction = graph.add("Mul", graph.add("Sub", logs[1], logs[2]), graph.float(0.5))
    correction = graph.add("MatMul", correction, graph.constant(np.ascontiguousarray(FOLDING.T)))
    labels = graph.add("Softmax", graph.add("Add", logs[0], correction), axis=1)
    content = add_trees(graph, rows, parts.content)
    if parts.content_network is not None:
        odds = graph.add("Add", add_network(graph, rows, parts.content_network), graph.float(1e-30))
        sides = graph.constant(np.array([[-1], [1]], dtype=np.float32))
        content = graph.add("Add", content, graph.add("MatMul", graph.add("Log", odds), sides))
        content = graph.add("Mul", content, graph.float(0.5))
    return labels, graph.add("Clip", content, graph.float(-_CLIP), graph.float(_CLIP))
