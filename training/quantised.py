"""Networks that work on bytes: their hidden layer multiplies 8-bit integers, exactly and in half the time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from training.graphs import Graph
from training.network import Floats, Networks, fit_members

# Inputs are standardised, clipped to this many spreads from their mean, and rounded to so many steps a side:
# what is rare moves a network less, and it chooses better for it.
REACH: Final = 8.0
STEPS: Final = 127
# Weights are rounded to so many steps a side: with more, two products overflow the 16 bits in which
# processors without instructions for dot products of bytes add them up.
WEIGHT_STEPS: Final = 63
# Inputs are unsigned bytes, 0 in their middle.
ZERO: Final = 128


@dataclass(frozen=True)
class QuantisedNetwork:
    """Networks of one hidden layer, side by side, whose mean logits are given.

    An input is multiplied by its `factor`, its `shift` added and rounded to a byte. `weights` is int8
    (columns, hidden); sums of products plus `bias` go into the hidden units; `second` is float32 (hidden,
    labels), and undoes the scales of steps and weights.
    """

    factor: Floats
    shift: Floats
    weights: NDArray[np.int8]
    bias: Floats
    second: Floats
    out_bias: Floats

    @property
    def columns(self) -> int:
        """How many columns go in."""
        return len(self.factor)


def fit_quantised(
    rows: Floats, targets: NDArray[Any], size: Networks, *, labels: int, seed: int
) -> QuantisedNetwork:
    """Fit networks, then round their inputs and hidden weights."""
    center, spread, layers = fit_members(rows, targets, size, labels=labels, seed=seed)
    first = np.concatenate([layer[0] for layer in layers], axis=1)
    step = np.maximum(np.abs(first).max(axis=0), 1e-9) / WEIGHT_STEPS
    scale = step * REACH / STEPS
    factor = STEPS / REACH / spread.astype(np.float64)
    return QuantisedNetwork(
        factor=factor.astype(np.float32),
        shift=(-center * factor).astype(np.float32),
        weights=np.rint(first / step).astype(np.int8),
        bias=(np.concatenate([layer[1] for layer in layers]) / scale).astype(np.float32),
        second=np.concatenate([layer[2] for layer in layers]) * (scale / size.members)[:, None],
        out_bias=np.mean([layer[3] for layer in layers], axis=0),
    )


def quantised_logits(network: QuantisedNetwork, rows: Floats) -> Floats:
    """Return the mean logits, (rows, labels)."""
    steps = np.clip(np.rint(rows * network.factor + network.shift), -ZERO, ZERO - 1)
    # Sums of a few hundred products of small integers are exact in float32 too.
    sums = steps @ network.weights.astype(np.float32)
    hidden = np.maximum(sums + network.bias, 0)
    result: Floats = hidden @ network.second + network.out_bias
    return result


def add_quantised(graph: Graph, rows: str, network: QuantisedNetwork) -> str:
    """Add a network to a graph; the output are its logits."""
    # Multiplies and adds: one node that normalises takes half the time of two.
    scaling = network.factor, network.shift, np.zeros_like(network.shift), np.ones_like(network.shift)
    steps = graph.add("BatchNormalization", rows, *map(graph.constant, scaling), epsilon=0.0)
    zero = graph.constant(np.array(ZERO, dtype=np.uint8))
    steps = graph.add("QuantizeLinear", steps, graph.float(1), zero)
    sums = graph.cast(graph.add("MatMulInteger", steps, graph.constant(network.weights), zero), np.float32)
    hidden = graph.add("Relu", graph.add("Add", sums, graph.constant(network.bias)))
    return graph.add("Gemm", hidden, graph.constant(network.second), graph.constant(network.out_bias))
