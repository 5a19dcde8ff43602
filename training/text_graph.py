"""The graphs that read text: from UTF-8 bytes and offsets to the evidence of n-grams, or to every label.

Training runs the first half of this very graph to get its inputs, so that hashing and counting exist
once. It can be built up to the buckets of n-grams or words, up to the rows a network sees, and whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import onnx
from numpy.typing import NDArray

from chaffinch.features import PADDING
from training.evidence import Evidence, add_evidence
from training.graphs import Graph
from training.sequence import SequenceNetwork, add_sequence
from training.words_graph import COHESION_COLUMNS, REPETITION_COLUMNS, Words

# Bytes in an n-gram, and how many of them lie before the byte it is counted at.
NGRAM: Final = 5
BEFORE: Final = 2
# Buckets that n-grams are hashed into (a power of two).
BUCKETS: Final = 1 << 18
# Odd multipliers, one a byte of the n-gram; int32 products and sums wrap.
MULTIPLIERS: Final = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F, 0x165667B1)

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
SHAPE_COLUMNS: Final = len(_KINDS) + 1 + len(_FIRST) + len(_LAST)

assert PADDING >= NGRAM + BEFORE


@dataclass(frozen=True)
class Reading:
    """What a paragraph's n-grams, its pairs of words and its words say of it by themselves.

    The first two answer a question a column; `meaning` is where words stand in a space that knows no
    language; `rarity`, uint8 (word buckets,), is what a word weighs where a document's are counted.
    """

    ngrams: Evidence
    pairs: Evidence
    meaning: Evidence
    rarity: NDArray[np.uint8]

    @property
    def columns(self) -> int:
        """How many columns the network sees."""
        spoken = self.ngrams.columns + self.pairs.columns + self.meaning.columns
        return spoken + COHESION_COLUMNS + REPETITION_COLUMNS + SHAPE_COLUMNS


def bucket_model() -> onnx.ModelProto:
    """Return bytes → the bucket of the n-gram around every byte."""
    graph = Graph()
    data = graph.input("data", np.uint8, ["bytes"])
    graph.output("buckets", _buckets(graph, data), np.int32, ["ngrams"])
    return graph.model("buckets", {})


def word_model() -> onnx.ModelProto:
    """Return bytes and offsets → how many words each paragraph has; the buckets of all words, and pairs."""
    graph = Graph()
    words = _Bytes(graph).words()
    graph.output("counts", words.counts, np.int64, ["paragraphs"])
    graph.output("words", words.words, np.int32, ["words"])
    graph.output("pairs", words.pairs(), np.int32, ["words"])
    return graph.model("words", {})


def rows_model(reading: Reading) -> onnx.ModelProto:
    """Return bytes and offsets → the rows that the network sees."""
    graph = Graph()
    graph.output("rows", _rows(graph, reading), np.float32, ["paragraphs", reading.columns])
    return graph.model("rows", {})


def words_model(evidence: Evidence, metadata: dict[str, str]) -> onnx.ModelProto:
    """Return bytes and offsets → `evidence` of each paragraph, all that the page model asks of text."""
    graph = Graph()
    own = _Bytes(graph).ngrams(evidence)
    graph.output("evidence", own, np.float32, ["paragraphs", evidence.columns])
    return graph.model("words", metadata)


def text_model(reading: Reading, network: SequenceNetwork, metadata: dict[str, str]) -> onnx.ModelProto:
    """Return the text model: bytes and offsets → `probabilities` of each paragraph."""
    graph = Graph()
    probabilities = add_sequence(graph, _rows(graph, reading), network)
    graph.output("probabilities", probabilities, np.float32, ["paragraphs", network.labels])
    return graph.model("text", metadata)


def _rows(graph: Graph, reading: Reading) -> str:
    given = _Bytes(graph)
    words = given.words()
    return graph.add(
        "Concat",
        given.ngrams(reading.ngrams),
        words.evidence(reading.pairs, words.pairs()),
        words.evidence(reading.meaning, words.words),
        words.cohesion(reading.rarity),
        words.repetition(),
        given.shape(),
        axis=1,
    )


class _Bytes:
    """The paragraphs of a document as they come in."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._data = graph.input("data", np.uint8, ["bytes"])
        self._starts = graph.input("starts", np.int64, ["paragraphs"])
        self._lengths = graph.input("lengths", np.int64, ["paragraphs"])
        column = graph.add("Unsqueeze", graph.cast(self._lengths, np.float32), graph.ints(1))
        self._column = graph.add("Max", column, graph.float(1))

    def ngrams(self, evidence: Evidence) -> str:
        """What each paragraph's n-grams say by themselves."""
        first = self._graph.add("Sub", self._starts, self._graph.ints(BEFORE))
        buckets = _buckets(self._graph, self._data)
        return add_evidence(self._graph, evidence, buckets, first, self._lengths, self._column)

    def words(self) -> Words:
        """The words of all paragraphs."""
        return Words(self._graph, self._data, self._starts, self._lengths)

    def shape(self) -> str:
        """What kinds of byte each paragraph is made of."""
        return _shape(self._graph, self._data, self._starts, self._lengths, self._column)


def _buckets(graph: Graph, data: str) -> str:
    fold = np.arange(256, dtype=np.int32)
    fold[ord("A") : ord("Z") + 1] += 32
    fold[ord("0") : ord("9") + 1] = ord("0")
    folded = graph.look_up(graph.constant(fold), graph.cast(data, np.int32))
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
