"""Fits the recurrent network that labels paragraphs in their order, by numpy.

A paragraph's columns go through a hidden layer. The document is the mean of those; paragraph and document
together go through a gated recurrent unit (Cho et al., 2014) forwards and backwards. What both directions
remember, the paragraph, and the paragraph gated by its document give the logits.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np

from training.network import Floats, Ints, softmax

Weights: TypeAlias = dict[str, Floats]

# Documents of a step, and paragraphs of a document that are read together: longer ones are cut.
BATCH: Final = 24
LONGEST: Final = 128
# Adam (Kingma and Ba, 2015): step size, falling to nothing in a line; decay of both means; the least divisor.
RATE: Final = 3e-3
DECAYS: Final = (0.9, 0.999)
LEAST: Final = 1e-8


class Sequences(NamedTuple):
    """Hidden units of a paragraph and of each direction; how many networks; epochs; what is dropped out."""

    hidden: int
    memory: int
    members: int
    epochs: int
    dropout: float


class Documents(NamedTuple):
    """Rows of documents end to end: `rows` (paragraphs, columns), `sizes` (documents,)."""

    rows: Floats
    sizes: Ints


def fit_sequence(
    documents: Documents,
    targets: Ints,
    weights: Floats,
    size: Sequences,
    *,
    labels: int,
    seed: int,
) -> Weights:
    """Fit one network to standardised rows; a paragraph of weight 0 is only context."""
    random = np.random.default_rng(seed)
    found = _initial(documents.rows.shape[1], size, labels, random)
    descent = _Adam(found)
    starts = np.r_[0, np.cumsum(documents.sizes)]
    for epoch in range(size.epochs):
        batches = list(_batches(starts, random))
        for number, places in enumerate(batches):
            batch = _Batch(places)
            take = np.concatenate(places)
            drop = _Dropout(random, size.dropout)
            slope = _slope(found, documents.rows[take], targets[take], weights[take], batch, drop)
            done = (epoch + number / len(batches)) / size.epochs
            descent.step(slope, RATE * (1 - done))
    return found


def sequence_logits(network: Weights, documents: Documents) -> Floats:
    """Return the logits of every paragraph, (paragraphs, labels)."""
    starts = np.r_[0, np.cumsum(documents.sizes)]
    result = np.empty((len(documents.rows), network["out_bias"].shape[0]), dtype=np.float32)
    order = np.argsort(documents.sizes, kind="stable")
    for group in np.split(order, np.arange(BATCH, len(order), BATCH)) if len(order) else []:
        places = [np.arange(starts[each], starts[each + 1]) for each in group]
        take = np.concatenate(places)
        result[take] = _forward(network, documents.rows[take], _Batch(places), None)["logits"]
    return result


class _Batch:
    """Where the paragraphs of a batch stand in steps of time, (steps, documents); in both directions."""

    def __init__(self, places: Sequence[Ints]) -> None:
        sizes = np.array([len(place) for place in places])
        self.count = int(sizes.sum())
        self.document = np.repeat(np.arange(len(sizes)), sizes)
        self.sizes: Floats = sizes.astype(np.float32)[:, None]
        self.firsts = np.r_[0, np.cumsum(sizes)[:-1]]
        step = np.arange(sizes.max())[:, None]
        ahead = np.where(step < sizes, self.firsts + step, self.count)
        back = np.where(step < sizes, self.firsts + sizes - 1 - step, self.count)
        # One row more than there are paragraphs takes what lies beyond the ends.
        self.steps = np.stack([ahead, back], axis=1)

    def mean(self, rows: Floats) -> Floats:
        """Return the mean row of each document."""
        return np.asarray(np.add.reduceat(rows, self.firsts, axis=0) / self.sizes)


class _Dropout:
    def __init__(self, random: np.random.Generator, share: float) -> None:
        self._random, self._share = random, share

    def mask(self, shape: tuple[int, ...]) -> Floats:
        kept = self._random.random(shape, dtype=np.float32) >= self._share
        return kept * np.float32(1 / (1 - self._share))


class _Adam:
    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._means = {name: np.zeros_like(value) for name, value in weights.items()}
        self._squares = {name: np.zeros_like(value) for name, value in weights.items()}
        self._steps = 0

    def step(self, slope: Weights, rate: float) -> None:
        self._steps += 1
        first, second = DECAYS
        scale = rate * np.sqrt(1 - second**self._steps) / (1 - first**self._steps)
        for name, value in slope.items():
            mean, square = self._means[name], self._squares[name]
            mean += (1 - first) * (value - mean)
            square += (1 - second) * (value * value - square)
            self._weights[name] -= np.float32(scale) * mean / (np.sqrt(square) + np.float32(LEAST))


def _initial(columns: int, size: Sequences, labels: int, random: np.random.Generator) -> Weights:
    hidden, memory = size.hidden, size.memory

    def drawn(*shape: int, fan: int) -> Floats:
        return random.uniform(-(fan**-0.5), fan**-0.5, shape).astype(np.float32)

    joined = 2 * hidden + 2 * memory
    return {
        "in": drawn(columns, hidden, fan=columns),
        "in_bias": drawn(hidden, fan=columns),
        "seen": drawn(2, 2 * hidden, 3 * memory, fan=memory),
        "seen_bias": drawn(2, 1, 3 * memory, fan=memory),
        "kept": drawn(2, memory, 3 * memory, fan=memory),
        "kept_bias": drawn(2, 1, 3 * memory, fan=memory),
        "gate": drawn(hidden, hidden, fan=hidden),
        "out": drawn(joined, labels, fan=joined),
        "out_bias": drawn(labels, fan=joined),
    }


def _batches(starts: Ints, random: np.random.Generator) -> Iterator[list[Ints]]:
    """Return the paragraphs of documents of about the same length together, in any order."""
    pieces = [
        np.arange(begin, min(begin + LONGEST, end))
        for start, end in itertools.pairwise(starts)
        for begin in range(start, end, LONGEST)
    ]
    like = np.array([len(piece) for piece in pieces]) * random.uniform(0.7, 1.4, len(pieces))
    order = np.argsort(like)
    groups = np.split(order, np.arange(BATCH, len(order), BATCH))
    for number in random.permutation(len(groups)):
        yield [pieces[each] for each in groups[number]]


def _sigmoid(values: Floats) -> Floats:
    result: Floats = np.tanh(values * np.float32(0.5)) * np.float32(0.5) + np.float32(0.5)
    return result


def _forward(network: Weights, rows: Floats, batch: _Batch, drop: _Dropout | None) -> dict[str, Any]:
    """Return the logits, and what the way back needs."""
    seen = rows if drop is None else rows * drop.mask(rows.shape)
    hidden = np.maximum(seen @ network["in"] + network["in_bias"], 0)
    mean = batch.mean(hidden)
    gate = np.tanh(mean @ network["gate"])
    both = np.concatenate([hidden, mean[batch.document]], axis=1)
    states = _remember(network, both, batch)
    memory = states["memory"]
    joined = np.concatenate([hidden, memory[0], memory[1], hidden * gate[batch.document]], axis=1)
    mask = None if drop is None else drop.mask(joined.shape)
    kept = joined if mask is None else joined * mask
    logits = kept @ network["out"] + network["out_bias"]
    return {
        "seen": seen, "hidden": hidden, "mean": mean, "gate": gate, "both": both,
        "states": states, "kept": kept, "mask": mask, "logits": logits,
    }  # fmt: skip


def _remember(network: Weights, both: Floats, batch: _Batch) -> dict[str, Any]:
    """Run the recurrent unit in both directions at once: (direction, documents, …) a step."""
    size = network["kept"].shape[1]
    seen = np.zeros((2, batch.count + 1, 3 * size), dtype=np.float32)
    seen[:, :-1] = both @ network["seen"] + network["seen_bias"]
    state = np.zeros((2, batch.steps.shape[2], size), dtype=np.float32)
    memory = np.empty((2, batch.count + 1, size), dtype=np.float32)
    one = np.arange(2)[:, None]
    trace = []
    for places in batch.steps:
        given = seen[one, places]
        own = state @ network["kept"] + network["kept_bias"]
        gates = _sigmoid(given[..., : 2 * size] + own[..., : 2 * size])
        update, reset = gates[..., :size], gates[..., size:]
        new = np.tanh(given[..., 2 * size :] + reset * own[..., 2 * size :])
        trace.append((state, update, reset, new, own[..., 2 * size :]))
        state = new + update * (state - new)
        memory[one, places] = state
    return {"memory": memory[:, :-1], "trace": trace}


def _slope(
    network: Weights, rows: Floats, targets: Ints, weights: Floats, batch: _Batch, drop: _Dropout | None
) -> Weights:
    """Return the gradient of the mean weighted cross-entropy."""
    said = _forward(network, rows, batch, drop)
    slope = softmax(said["logits"])
    slope[np.arange(len(targets)), targets] -= 1
    slope *= (weights / max(weights.sum(), LEAST))[:, None]
    found = {"out": said["kept"].T @ slope, "out_bias": slope.sum(axis=0)}
    joined = slope @ network["out"].T
    if said["mask"] is not None:
        joined *= said["mask"]
    hidden, gate = said["hidden"], said["gate"]
    width, size = hidden.shape[1], network["kept"].shape[1]
    own, memory, gated = np.split(joined, [width, width + 2 * size], axis=1)
    both = _back(network, said, memory.reshape(-1, 2, size).transpose(1, 0, 2), batch, found)
    own = own + gated * gate[batch.document] + both[:, :width]
    of_gate = np.add.reduceat(gated * hidden, batch.firsts, axis=0) * (1 - gate * gate)
    found["gate"] = said["mean"].T @ of_gate
    of_mean = np.add.reduceat(both[:, width:], batch.firsts, axis=0) + of_gate @ network["gate"].T
    own += (of_mean / batch.sizes)[batch.document]
    own *= hidden > 0
    found["in"], found["in_bias"] = said["seen"].T @ own, own.sum(axis=0)
    return found


def _back(network: Weights, said: dict[str, Any], memory: Floats, batch: _Batch, found: Weights) -> Floats:
    """Go back through time; adds the recurrent unit's gradients to `found`, returns that of its input."""
    size = network["kept"].shape[1]
    of_memory = np.zeros((2, batch.count + 1, size), dtype=np.float32)
    of_memory[:, :-1] = memory
    of_seen = np.zeros((2, batch.count + 1, 3 * size), dtype=np.float32)
    one = np.arange(2)[:, None]
    turned = network["kept"].transpose(0, 2, 1)
    carried = np.zeros((2, batch.steps.shape[2], size), dtype=np.float32)
    kept, kept_bias = np.zeros_like(network["kept"]), np.zeros_like(network["kept_bias"])
    for places, (before, update, reset, new, own) in zip(
        batch.steps[::-1], said["states"]["trace"][::-1], strict=True
    ):
        of_state = of_memory[one, places] + carried
        of_new = of_state * (1 - update) * (1 - new * new)
        of_update = of_state * (before - new) * update * (1 - update)
        of_reset = of_new * own * reset * (1 - reset)
        of_given = np.concatenate([of_update, of_reset, of_new], axis=2)
        of_own = of_given.copy()
        of_own[..., 2 * size :] *= reset
        kept += before.transpose(0, 2, 1) @ of_own
        kept_bias += of_own.sum(axis=1, keepdims=True)
        # Beyond a document's end this is zero, for nothing there is asked for.
        carried = of_state * update + of_own @ turned
        of_seen[one, places] = of_given
    given = of_seen[:, :-1]
    found["kept"], found["kept_bias"] = kept, kept_bias
    found["seen"] = said["both"].T @ given
    found["seen_bias"] = given.sum(axis=1, keepdims=True)
    result: Floats = (given @ network["seen"].transpose(0, 2, 1)).sum(axis=0)
    return result
