"""The graphs that read text: from UTF-8 bytes and offsets to the evidence of the words, or to every label.

Training runs the first half of this very graph to get its inputs, so that hashing and counting exist
once. It can be built up to the n-gram buckets, up to the rows a network sees, and whole.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import onnx

from chaffinch.features import PADDING
from training.evidence import Evidence, add_evidence
from training.graphs import Graph
from training.network import Network, add_network

# Bytes in an n-gram, and how many of them lie before the byte it is counted at.
NGRAM: Final = 5
BEFORE: Final = 2
# Buckets that n-grams are hashed into (a power of two).
BUCKETS: Final = 1 << 18
# Odd multipliers, one a byte of the n-gram; int32 products and sums wrap.
MULTIPLIERS: Final = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F, 0x165667B1)

# Paragraphs on either side that the network sees.
WINDOW: Final = 4

# Kinds of byte that are counted in a paragraph. Two counts share an int32: 12 bits hold MAX_BYTES.
_KINDS: Final = (
    bytes(range(ord("A"), ord("Z") + 1)),
    bytes(range(ord("a"), ord("z") + 1)),
    b"0123456789",
    b" ",
    bytes(range(0xC0, 0x100)),  # lead bytes: characters that are not ASCII
    bytes(range(0xE0, 0x100)),  # lead bytes of three or four: East Asian and Indic scripts
    b".",
    b",",
    b"!",
    b"?",
    b":;",
    b"\"'",
    b"()[]",
    b"/|>",
    b"@#&+*=%_",
    b"-",
)
_COUNT_BITS: Final = 12
# What the first and the last byte of a paragraph may be.
_FIRST: Final = (_KINDS[0], _KINDS[1], _KINDS[2], _KINDS[4])
_LAST: Final = (b".", b"!", b"?", b":", _KINDS[2], bytes(range(0x80, 0xC0)))

# Shares of the kinds, a length, the kinds of both ends.
_SHAPE_COLUMNS: Final = len(_KINDS) + 1 + len(_FIRST) + len(_LAST)

assert PADDING >= NGRAM + BEFORE


def bucket_model() -> onnx.ModelProto:
    """Return bytes → the bucket of the n-gram around every byte."""
    graph = Graph()
    data = graph.input("data", np.uint8, ["bytes"])
    graph.output("buckets", _buckets(graph, data), np.int32, ["ngrams"])
    return graph.model("buckets", {})


def rows_model(evidence: Evidence, first: Network | None = None) -> onnx.ModelProto:
    """Return bytes and offsets → the rows that the first network sees, or, given it, the second."""
    graph = Graph()
    rows = _Rows(graph, evidence)
    seen = rows.first() if first is None else rows.second(first)
    graph.output("rows", seen, np.float32, ["paragraphs", "columns"])
    return graph.model("rows", {})


def words_model(evidence: Evidence, metadata: dict[str, str]) -> onnx.ModelProto:
    """Return bytes and offsets → `evidence` of each paragraph, all that the page model asks of text."""
    graph = Graph()
    own = _Bytes(graph).evidence(evidence)
    graph.output("evidence", own, np.float32, ["paragraphs", evidence.columns])
    return graph.model("words", metadata)


def text_model(
    evidence: Evidence, first: Network, second: Network, metadata: dict[str, str]
) -> onnx.ModelProto:
    """Return the text model: bytes and offsets → `probabilities` of each paragraph.

    The first network sees a paragraph among its neighbours, the second what the first said of all of
    them: promotional boxes come as runs.
    """
    graph = Graph()
    rows = _Rows(graph, evidence)
    probabilities = add_network(graph, rows.second(first), second)
    graph.output("probabilities", probabilities, np.float32, ["paragraphs", second.labels])
    return graph.model("text", metadata)


class _Bytes:
    """The paragraphs of a document as they come in."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._data = graph.input("data", np.uint8, ["bytes"])
        self.starts = graph.input("starts", np.int64, ["paragraphs"])
        self._lengths = graph.input("lengths", np.int64, ["paragraphs"])
        column = graph.add("Unsqueeze", graph.cast(self._lengths, np.float32), graph.ints(1))
        self._column = graph.add("Max", column, graph.float(1))

    def evidence(self, evidence: Evidence) -> str:
        """What each paragraph's words say by themselves."""
        first = self._graph.add("Sub", self.starts, self._graph.ints(BEFORE))
        buckets = _buckets(self._graph, self._data)
        return add_evidence(self._graph, evidence, buckets, first, self._lengths, self._column)

    def shape(self) -> str:
        """What kinds of byte each paragraph is made of."""
        return _shape(self._graph, self._data, self.starts, self._lengths, self._column)


class _Rows:
    """The paragraphs of a document as rows."""

    def __init__(self, graph: Graph, evidence: Evidence) -> None:
        self._graph = graph
        given = _Bytes(graph)
        own = given.evidence(evidence)
        self._both = graph.add("Concat", own, given.shape(), axis=1)
        self._columns = evidence.columns + _SHAPE_COLUMNS
        self._neighbours = _neighbours(graph, given.starts)
        self._document = _document(graph, own)

    def first(self) -> str:
        """Every paragraph's evidence and shape, its neighbours', and the document's."""
        around = _window(self._graph, self._both, self._columns, self._neighbours)
        return self._graph.add("Concat", around, *self._document, axis=1)

    def second(self, network: Network) -> str:
        """What the first network said of a paragraph and its neighbours, beside its own row."""
        said = add_network(self._graph, self.first(), network)
        around = _window(self._graph, said, network.labels, self._neighbours)
        return self._graph.add("Concat", around, self._both, *self._document, axis=1)


def _buckets(graph: Graph, data: str) -> str:
    fold = np.arange(256, dtype=np.int32)
    fold[ord("A") : ord("Z") + 1] += 32
    fold[ord("0") : ord("9") + 1] = ord("0")
    folded = graph.add("Gather", graph.constant(fold), graph.cast(data, np.int32))
    size = graph.add("Shape", data)
    total = ""
    for place, multiplier in enumerate(MULTIPLIERS):
        end = graph.add("Sub", size, graph.ints(NGRAM - 1 - place))
        part = graph.add("Slice", folded, graph.ints(place), end)
        factor = graph.constant(np.array(multiplier, dtype=np.uint32).astype(np.int32))
        part = graph.add("Mul", part, factor)
        total = graph.add("Add", total, part) if total else part
    return graph.add("BitwiseAnd", total, graph.constant(np.array(BUCKETS - 1, dtype=np.int32)))


def _shape(graph: Graph, data: str, starts: str, lengths: str, column: str) -> str:
    """Measure a paragraph's bytes: shares of each kind, its length, its first and last byte."""
    lanes = np.zeros((256, len(_KINDS) // 2), dtype=np.int32)
    for number, kind in enumerate(_KINDS):
        lanes[list(kind), number // 2] += 1 << (_COUNT_BITS * (number % 2))
    counted = graph.add("Gather", graph.constant(lanes), graph.cast(data, np.int32), axis=0)
    packed = graph.segment_sums(counted, starts, lengths)
    low_bits = graph.constant(np.array((1 << _COUNT_BITS) - 1, dtype=np.int32))
    low = graph.add("BitwiseAnd", packed, low_bits)
    shift = graph.constant(np.array(1 << _COUNT_BITS, dtype=np.int32))
    high = graph.add("Div", graph.add("Sub", packed, low), shift)
    counts = graph.cast(graph.add("Concat", low, high, axis=1), np.float32)
    shares = graph.add("Div", counts, column)
    length = graph.add("Log", column)
    last = graph.add("Sub", graph.add("Add", starts, lengths), graph.ints(1))
    ends = [_byte_kind(graph, data, place, kinds) for place, kinds in ((starts, _FIRST), (last, _LAST))]
    return graph.add("Concat", shares, length, *ends, axis=1)


def _byte_kind(graph: Graph, data: str, places: str, kinds: tuple[bytes, ...]) -> str:
    table = np.zeros((256, len(kinds)), dtype=np.float32)
    for number, kind in enumerate(kinds):
        table[list(kind), number] = 1
    found = graph.cast(graph.add("Gather", data, places), np.int32)
    return graph.add("Gather", graph.constant(table), found, axis=0)


def _neighbours(graph: Graph, starts: str) -> str:
    """Return where each paragraph's window lies in rows with `WINDOW` more at either end."""
    zero, one = (graph.constant(np.array(value, dtype=np.int64)) for value in (0, 1))
    count = graph.add("Squeeze", graph.add("Shape", starts), graph.ints(0))
    order = graph.add("Unsqueeze", graph.add("Range", zero, count, one), graph.ints(1))
    return graph.add("Add", order, graph.ints(*range(2 * WINDOW + 1)))


def _window(graph: Graph, rows: str, columns: int, neighbours: str) -> str:
    """Put the rows of the neighbours beside every row; beyond the ends stand zeros."""
    padded = graph.add("Pad", rows, graph.ints(WINDOW, 0, WINDOW, 0))
    # One node that gathers takes a third of the time of a slice for each neighbour.
    side_by_side = graph.add("Gather", padded, neighbours, axis=0)
    return graph.add("Reshape", side_by_side, graph.ints(-1, (2 * WINDOW + 1) * columns))


def _document(graph: Graph, own: str) -> tuple[str, str]:
    """Describe the document to each paragraph: its mean evidence; the paragraph's place in it."""
    count = graph.add("Slice", graph.add("Shape", own), graph.ints(0), graph.ints(1))
    mean = graph.add("ReduceMean", own, graph.ints(0), keepdims=1)
    width = graph.add("Slice", graph.add("Shape", own), graph.ints(1), graph.ints(2))
    mean = graph.add("Expand", mean, graph.add("Concat", count, width, axis=0))
    total = graph.cast(count, np.float32)
    scalar = graph.add("Squeeze", count, graph.ints(0))
    zero, one = (graph.constant(np.array(value, dtype=np.int64)) for value in (0, 1))
    order = graph.cast(graph.add("Range", zero, scalar, one), np.float32)
    left = graph.add("Sub", total, order)
    places = [
        graph.add("Div", order, total),
        graph.add("Log", graph.add("Add", order, graph.float(1))),
        graph.add("Log", left),
        graph.add("Add", graph.add("Mul", order, graph.float(0)), graph.add("Log", total)),
    ]
    columns = [graph.add("Unsqueeze", place, graph.ints(1)) for place in places]
    return mean, graph.add("Concat", *columns, axis=1)
