"""Linear weights of hashed features, held as small integers so that their sums are exact anywhere."""

from __future__ import annotations

from typing import Final

import numpy as np
import onnx
from numpy.typing import NDArray

from training.graphs import Graph

# Evidence is clipped here, in logits: a short odd text must not outweigh everything around it.
LIMIT: Final = 12.0
# Weights beyond this quantile may be clipped, so that a few large ones do not cost the others their
# grain; none is cut below a quarter.
WEIGHT_QUANTILE: Final = 0.9999


class Evidence:
    """What hashed features say of a block, in one column for each question.

    `weights` is int8 (buckets, columns). A column's value is the sum of its weights times `scale`,
    over the root of the number of features, plus `bias`, but within `LIMIT`; both are float32 (columns,).
    """

    def __init__(self, coefficients: NDArray[np.float64], bias: NDArray[np.float64]) -> None:
        sizes = np.abs(coefficients)
        largest = np.maximum(np.quantile(sizes, WEIGHT_QUANTILE, axis=0), sizes.max(axis=0) / 4)
        self.scale = (np.maximum(largest, 1e-9) / 127).astype(np.float32)
        self.weights = np.clip(np.rint(coefficients / self.scale), -127, 127).astype(np.int8)
        self.bias = bias.astype(np.float32)
        self.columns = len(bias)


def add_evidence(
    graph: Graph, evidence: Evidence, buckets: str, starts: str, lengths: str, column: str
) -> str:
    """Add the sums over each block's features; `column` is the float count of them, at least 1."""
    sums = graph.segment_sums(_weights(graph, evidence, buckets), starts, lengths)
    return _scaled(graph, evidence, sums, column)


def _weights(graph: Graph, evidence: Evidence, buckets: str) -> str:
    return graph.cast(graph.add("Gather", graph.constant(evidence.weights), buckets), np.int32)


def _scaled(graph: Graph, evidence: Evidence, sums: str, column: str) -> str:
    scaled = graph.add("Mul", graph.cast(sums, np.float32), graph.constant(evidence.scale))
    scaled = graph.add("Div", scaled, graph.add("Sqrt", column))
    scaled = graph.add("Add", scaled, graph.constant(evidence.bias))
    return graph.add("Clip", scaled, graph.float(-LIMIT), graph.float(LIMIT))


def structure_model(evidence: Evidence, metadata: dict[str, str]) -> onnx.ModelProto:
    """Return the structure graph: `features.Bags` → evidence of each block."""
    graph = Graph()
    tokens = graph.input("tokens", np.int64, ["tokens"])
    sizes = graph.input("sizes", np.int64, ["page_bags"])
    bags = graph.input("bags", np.int64, ["block_bags"])
    counts = graph.input("counts", np.int64, ["blocks"])
    first = graph.constant(np.array(0, dtype=np.int64))
    one_more = graph.ints(0, 0, 1, 0)
    weights = graph.add("Pad", _weights(graph, evidence, tokens), one_more)
    in_bags = graph.segment_sums(weights, graph.add("CumSum", sizes, first, exclusive=1), sizes)
    size = graph.add("Unsqueeze", graph.cast(sizes, np.int32), graph.ints(1))
    both = graph.add("Gather", graph.add("Concat", in_bags, size, axis=1), bags, axis=0)
    both = graph.add("Pad", both, one_more)
    sums = graph.segment_sums(both, graph.add("CumSum", counts, first, exclusive=1), counts)
    own, total = (
        graph.add("Slice", sums, graph.ints(begin), graph.ints(end), graph.ints(1))
        for begin, end in ((0, evidence.columns), (evidence.columns, evidence.columns + 1))
    )
    total = graph.add("Max", graph.cast(total, np.float32), graph.float(1))
    own = _scaled(graph, evidence, own, total)
    graph.output("evidence", own, np.float32, ["blocks", evidence.columns])
    return graph.model("structure", metadata)
