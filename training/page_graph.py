"""The page model's ONNX graph: from the rows of a page's blocks to the probability of every label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.ensemble import HistGradientBoostingClassifier

from chaffinch.labels import GROUP_OF, GROUPS, LABELS
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

# How much the gold texts' likelihood counts in the blend beside that of the readers' labels.
GOLD_WEIGHT: Final = 0.3
# What the content score weighs beside the labels' log-probabilities. Likelihood alone would choose less
# (it has the labels' networks to go by), and word F1 on wcxb falls by .007; from 3 on calibration suffers.
CONTENT_RATIO: Final = 2.0
# Blocks of each truth that the blend is fitted on: a dozen numbers need no more.
BLEND_BLOCKS: Final = 40_000

_EDITORIAL = LABELS.index("editorial")


@dataclass(frozen=True)
class Blend:
    """How four opinions become one: calibrated logits of the labels.

    The labels' log-probabilities, corrected by what the trees say of the classes, are multiplied by
    `sharpness` and shifted by `offset`; `editorial` gains `content` times the content score.
    """

    sharpness: float
    content: float
    offset: Floats


@dataclass(frozen=True)
class PageParts:
    """What the page graph is made of: networks and trees for the labels and for main content."""

    labels: Network
    classes: HistGradientBoostingClassifier
    content: Network
    content_trees: HistGradientBoostingClassifier
    blend: Blend | None = None

    def opinions(self, rows: Floats) -> Floats:
        """Return the four opinions side by side: labels' and classes' logits, content score (rows, 13)."""
        network = logits(self.content, rows)
        score = network[:, 1] - network[:, 0] + raw_scores(self.content_trees, rows)[:, 0]
        classes = raw_scores(self.classes, rows)
        return np.concatenate([logits(self.labels, rows), classes, score[:, None] / 2], axis=1)


def combined(opinions: Floats) -> tuple[Floats, Floats]:
    """Return the labels' corrected log-probabilities (rows, labels) and the clipped content score."""
    count = len(LABELS)
    labels = softmax(opinions[:, :count])
    classes = softmax(opinions[:, count : count + len(GROUPS)])
    folded = labels @ FOLDING
    correction = (np.log(classes + _LEAST) - np.log(folded + _LEAST)) / 2
    scores: Floats = np.log(labels + _LEAST) + correction @ FOLDING.T
    return scores, np.clip(opinions[:, -1], -_CLIP, _CLIP)


def blended(blend: Blend, opinions: Floats) -> Floats:
    """Return calibrated probabilities of the labels."""
    return _likely(blend, *combined(opinions))


def _likely(blend: Blend, scores: Floats, content: Floats) -> Floats:
    raw = scores * blend.sharpness + blend.offset
    raw[:, _EDITORIAL] += blend.content * content
    return softmax(raw)


def fit_blend(
    opinions: Floats,
    labels: NDArray[Any],
    label_weights: NDArray[Any],
    content: NDArray[Any],
    content_weights: NDArray[Any],
) -> Blend:
    """Choose the blend that makes both held-out truths likely: readers' labels and gold text.

    `labels` and `content` are -1 where unknown. Opinions must be out-of-fold.
    """
    chance = np.random.default_rng(0).permutation(len(labels))
    known = chance[labels[chance] >= 0][:BLEND_BLOCKS]
    aligned = chance[content[chance] >= 0][:BLEND_BLOCKS]
    scores, said = combined(opinions)
    shares = (
        label_weights[known] / label_weights[known].sum(),
        content_weights[aligned] / content_weights[aligned].sum(),
    )

    def loss(parameters: NDArray[np.float64]) -> float:
        blend = _blend(parameters)
        likely = np.maximum(_likely(blend, scores[known], said[known]), 1e-9)
        editorial = _likely(blend, scores[aligned], said[aligned])[:, _EDITORIAL]
        held = np.maximum(np.where(content[aligned] == 1, editorial, 1 - editorial), 1e-9)
        value = -(shares[0] * np.log(likely[np.arange(len(known)), labels[known]])).sum()
        value -= GOLD_WEIGHT * (shares[1] * np.log(held)).sum()
        return float(value + 1e-3 * (parameters[1:] ** 2).sum())

    start = np.r_[1.0, np.zeros(len(LABELS))]
    return _blend(minimize(loss, start, method="L-BFGS-B", options={"maxiter": 40, "eps": 1e-3}).x)


def _blend(parameters: NDArray[np.float64]) -> Blend:
    sharpness = float(parameters[0])
    return Blend(sharpness, sharpness * CONTENT_RATIO, parameters[1:].astype(np.float32))


def page_model(parts: PageParts, columns: int, metadata: dict[str, str]) -> onnx.ModelProto:
    """Return the page graph: rows → `probabilities`."""
    graph = Graph()
    rows = graph.input("rows", np.float32, ["blocks", columns])
    least = graph.float(_LEAST)
    labels = add_network(graph, rows, parts.labels)
    classes = graph.add("Softmax", add_trees(graph, rows, parts.classes), axis=1)
    folded = graph.add("MatMul", labels, graph.constant(FOLDING))
    logs = [graph.add("Log", graph.add("Add", value, least)) for value in (labels, classes, folded)]
    correction = graph.add("Mul", graph.add("Sub", logs[1], logs[2]), graph.float(0.5))
    correction = graph.add("MatMul", correction, graph.constant(np.ascontiguousarray(FOLDING.T)))
    raw = graph.add("Add", logs[0], correction)
    assert parts.blend is not None
    raw = graph.add("Mul", raw, graph.float(parts.blend.sharpness))
    raw = graph.add("Add", raw, graph.constant(parts.blend.offset))
    raw = graph.add("Add", raw, _content(graph, rows, parts))
    graph.output("probabilities", graph.add("Softmax", raw, axis=1), np.float32, ["blocks", len(LABELS)])
    return graph.model("page", metadata)


def _content(graph: Graph, rows: str, parts: PageParts) -> str:
    """Add the content score, as a shift of `editorial` alone: (blocks, labels)."""
    log = graph.add("Log", graph.add("Add", add_network(graph, rows, parts.content), graph.float(1e-30)))
    odds = graph.add("MatMul", log, graph.constant(np.array([[-1], [1]], dtype=np.float32)))
    score = graph.add("Add", odds, add_trees(graph, rows, parts.content_trees))
    score = graph.add("Mul", score, graph.float(0.5))
    score = graph.add("Clip", score, graph.float(-_CLIP), graph.float(_CLIP))
    assert parts.blend is not None
    shift = np.zeros((1, len(LABELS)), dtype=np.float32)
    shift[0, _EDITORIAL] = parts.blend.content
    return graph.add("MatMul", score, graph.constant(shift))
