"""The networks that label the paragraphs of a document in their order: side by side, calibrated, as nodes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from training.graphs import Graph
from training.network import Floats, softmax, standard
from training.recurrent import Documents, Sequences, Weights, fit_sequence, sequence_logits


@dataclass(frozen=True)
class SequenceNetwork:
    """Recurrent networks side by side; their mean logit, calibrated, gives the probabilities.

    Calibration multiplies the mean logits by `sharpness` and adds `offset`.
    """

    members: list[Weights]
    sharpness: float = 1.0
    offset: Floats = field(default_factory=lambda: np.zeros(1, dtype=np.float32))

    @property
    def labels(self) -> int:
        """How many probabilities come out."""
        return int(self.members[0]["out_bias"].shape[0])


def fit_sequences(
    documents: Documents, targets: Any, weights: Floats, size: Sequences, *, labels: int, seed: int
) -> SequenceNetwork:
    """Fit networks that differ by their seed; they take their rows as they are."""
    center, spread = standard(documents.rows)
    scaled = Documents((documents.rows - center) / spread, documents.sizes)
    members = []
    for own in range(seed, seed + size.members):
        fitted = fit_sequence(scaled, targets, weights, size, labels=labels, seed=own)
        # Standardisation goes into the weights: it costs nothing then.
        inner = (fitted["in"] / spread[:, None]).astype(np.float32)
        members.append(fitted | {"in": inner, "in_bias": fitted["in_bias"] - center @ inner})
    return SequenceNetwork(members)


def mean_logits(network: SequenceNetwork, documents: Documents) -> Floats:
    """Return the members' mean logits, before calibration: (paragraphs, labels)."""
    total = sum(sequence_logits(member, documents) for member in network.members)
    return np.asarray(total / len(network.members), dtype=np.float32)


def sequence_probabilities(network: SequenceNetwork, raw: Floats) -> Floats:
    """Return calibrated probabilities for mean logits."""
    return softmax(raw * network.sharpness + network.offset)


def add_sequence(graph: Graph, rows: str, network: SequenceNetwork) -> str:
    """Add the networks to a graph; the output are calibrated probabilities."""
    joined = [_member(graph, rows, member) for member in network.members]
    out = np.concatenate([member["out"] for member in network.members]) / len(network.members)
    bias = np.mean([member["out_bias"] for member in network.members], axis=0)
    out = (out * network.sharpness).astype(np.float32)
    bias = (bias * network.sharpness + network.offset).astype(np.float32)
    both = graph.add("Concat", *joined, axis=1) if len(joined) > 1 else joined[0]
    raw = graph.add("Gemm", both, graph.constant(out), graph.constant(bias))
    return graph.add("Softmax", raw, axis=1)


_DIRECTIONS: Final = 2


def _member(graph: Graph, rows: str, weights: Weights) -> str:
    """Return what the logits are made of: the paragraph, both directions' memory, the gated paragraph."""
    hidden = graph.add("Gemm", rows, graph.constant(weights["in"]), graph.constant(weights["in_bias"]))
    hidden = graph.add("Relu", hidden)
    mean = graph.add("ReduceMean", hidden, graph.ints(0), keepdims=1)
    gate = graph.add("Tanh", graph.add("MatMul", mean, graph.constant(weights["gate"])))
    again = graph.add("Expand", mean, graph.add("Shape", hidden))
    both = graph.add("Unsqueeze", graph.add("Concat", hidden, again, axis=1), graph.ints(1))
    memory = weights["kept"].shape[1]
    bias = np.concatenate([weights["seen_bias"], weights["kept_bias"]], axis=2)[:, 0]
    given = (weights["seen"].transpose(0, 2, 1), weights["kept"].transpose(0, 2, 1), bias)
    states = graph.add(
        "GRU",
        both,
        *map(graph.constant, given),
        direction="bidirectional",
        hidden_size=memory,
        linear_before_reset=1,
    )
    states = graph.add("Reshape", states, graph.ints(-1, _DIRECTIONS * memory))
    return graph.add("Concat", hidden, states, graph.add("Mul", hidden, gate), axis=1)
