"""Finds the words of paragraphs inside a graph: from UTF-8 bytes to a number for each word and pair of words.

A word is a run of letters and digits, or a sign by itself. Scripts that are written without spaces (and
Hangul) have no such runs: there, every character begins a word of two characters.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import onnx
from numpy.typing import NDArray

from chaffinch.features import PADDING
from training.evidence import Evidence, add_evidence
from training.graphs import Graph

# Buckets that words are hashed into, and pairs of words (powers of two).
WORD_BUCKETS: Final = 1 << 17
PAIR_BUCKETS: Final = 1 << 17

# Buckets in which a document's words are counted, and up to how many of one; steps of their logarithm.
_COUNTED: Final = 1 << 15
_MOST: Final = 63
_LOG_STEPS: Final = 64
# Up to how many like paragraphs of a document are counted.
_MOST_ALIKE: Final = 16
# Steps of a word's rarity; and what `cohesion` gives of a paragraph.
RARITY_STEPS: Final = 255
COHESION_COLUMNS: Final = 3
# What `repetition` gives of a paragraph.
REPETITION_COLUMNS: Final = 2

# A word's hash is a polynomial in an odd number, modulo 2^32. Its powers are the products of a low and a
# high part: the positions of a byte within a block, and of the block. Past all blocks they begin again.
_BASE: Final = 0x2C1B3C6D
_BLOCK: Final = 1024
_BLOCKS: Final = 4096
# Multiplies the hash of the word before, where one stands less than the padding away.
_BEFORE: Final = 0x297A2D39
# The value of a byte in the polynomial: its number times this, so that low bits are mixed too.
_SPREAD: Final = 0x9E3779B1
# Bytes by which the word of a character reaches into the next.
_REACH: Final = 3

# What a byte is, in bits: part of a word; first of a character that is a word by itself; and how many
# bytes such a character has.
_PART, _ALONE = 1, 2
_SIZES: Final = {1: 4, 2: 8, 3: 16}


class Words:
    """The words of paragraphs, in order: their hashes, and where each paragraph's words lie among them.

    `words` is the bucket of every word, `counts` how many of them each paragraph has.
    """

    def __init__(self, graph: Graph, data: str, starts: str, lengths: str) -> None:
        self._graph = graph
        begins, ends = _edges(graph, data)
        upto = graph.add(
            "CumSum", graph.cast(begins, np.int32), graph.constant(np.array(0, np.int64)), exclusive=1
        )
        last = graph.add("Add", starts, lengths)
        first, after = (graph.look_up(upto, place) for place in (starts, last))
        self._firsts = graph.cast(first, np.int64)
        self.counts = graph.cast(graph.add("Sub", after, first), np.int64)
        self._begin, self._end = (
            graph.add("Squeeze", graph.add("NonZero", flags), graph.ints(0)) for flags in (begins, ends)
        )
        self._hashes = self._hashed(data)
        column = graph.add("Unsqueeze", self.counts, graph.ints(1))
        self._column = graph.add("Max", graph.cast(column, np.float32), graph.float(1))
        self.words = graph.add("BitwiseAnd", self._hashes, _int32(graph, WORD_BUCKETS - 1))

    def pairs(self) -> str:
        """Return the bucket of every word with the one before it."""
        graph = self._graph
        near = graph.add(
            "Less", graph.add("Sub", self._begin, _shifted(graph, self._end, 1)), graph.ints(PADDING)
        )
        before = graph.add("Mul", _shifted(graph, self._hashes, 1), graph.cast(near, np.int32))
        both = graph.add("Add", self._hashes, graph.add("Mul", before, _int32(graph, _BEFORE)))
        return graph.add("BitwiseAnd", both, _int32(graph, PAIR_BUCKETS - 1))

    def evidence(self, evidence: Evidence, buckets: str) -> str:
        """What the buckets of each paragraph's words, or pairs of words, say of it."""
        graph = self._graph
        # Sums may not reach the last row; and a document may hold no word at all.
        buckets = graph.add("Pad", buckets, graph.ints(0, 1))
        return add_evidence(graph, evidence, buckets, self._firsts, self.counts, self._column)

    def cohesion(self, rarity: NDArray[np.uint8]) -> str:
        """Return how far each paragraph is of its document, by rare words that stand in it more than once.

        `rarity` is what a word of each bucket weighs. Columns: the rarity of the paragraph's words over the
        root of their number; the share of it that repeated words have; the mean logarithm of how often its
        words stand in the document.
        """
        graph = self._graph
        weights = graph.cast(graph.look_up(graph.constant(rarity), self.words), np.int32)
        counts = self._repeats()
        logs = np.rint(np.log(np.maximum(np.arange(_MOST + 1), 1)) * _LOG_STEPS).astype(np.int32)
        often = graph.look_up(graph.constant(logs), graph.add("Min", counts, _int32(graph, _MOST)))
        again = graph.cast(graph.add("Less", _int32(graph, 1), counts), np.int32)
        weighed = [weights, *(graph.add("Mul", weights, each) for each in (again, often))]
        columns = [graph.add("Unsqueeze", column, graph.ints(1)) for column in weighed]
        rows = graph.add("Pad", graph.add("Concat", *columns, axis=1), graph.ints(0, 0, 1, 0))
        sums = graph.cast(graph.segment_sums(rows, self._firsts, self.counts), np.float32)
        own = graph.add("Slice", sums, graph.ints(0), graph.ints(1), graph.ints(1))
        rest = graph.add("Slice", sums, graph.ints(1), graph.ints(COHESION_COLUMNS), graph.ints(1))
        rare = graph.add("Div", own, graph.add("Sqrt", self._column))
        rare = graph.add("Div", rare, graph.float(RARITY_STEPS))
        share = graph.add("Div", rest, graph.add("Max", own, graph.float(1)))
        share = graph.add("Div", share, graph.constant(np.array([1, _LOG_STEPS], dtype=np.float32)))
        return graph.add("Concat", rare, share, axis=1)

    def repetition(self) -> str:
        """Return the logarithm of how many paragraphs are like each: of the same words; with the same first.

        What a site repeats within a page is rarely its article. Digits are alike.
        """
        graph = self._graph
        # The paragraphs' last may have no word.
        hashes = graph.add("Pad", graph.add("Unsqueeze", self._hashes, graph.ints(1)), graph.ints(0, 0, 1, 0))
        all_words = graph.segment_sums(hashes, self._firsts, self.counts)
        first = graph.add("Gather", hashes, self._firsts, axis=0)
        wordless = graph.add("Unsqueeze", graph.add("Equal", self.counts, graph.ints(0)), graph.ints(1))
        first = graph.add("Where", wordless, _int32(graph, 0), first)
        return graph.add("Concat", *(_alike(graph, column) for column in (all_words, first)), axis=1)

    def _repeats(self) -> str:
        """Return how often each word stands in the document."""
        graph = self._graph
        places = graph.add("BitwiseAnd", self._hashes, _int32(graph, _COUNTED - 1))
        one = graph.constant(np.array([1], dtype=np.int32))
        ones = graph.add("Expand", one, graph.add("Shape", places))
        none = onnx.numpy_helper.from_array(np.zeros(1, dtype=np.int32))
        zeros = graph.add("ConstantOfShape", graph.ints(_COUNTED), value=none)
        counted = graph.add("ScatterElements", zeros, places, ones, reduction="add")
        return graph.look_up(counted, places)

    def _hashed(self, data: str) -> str:
        graph = self._graph
        running = _running_hash(graph, data)
        alone = graph.look_up(
            graph.constant(_REACHES), graph.cast(graph.look_up(data, self._begin), np.int32)
        )
        end = graph.add("Add", self._end, alone)
        upto, before = (graph.look_up(running, place) for place in (end, self._begin))
        low = graph.add("BitwiseAnd", self._begin, graph.ints(_BLOCK - 1))
        high = graph.add(
            "BitwiseAnd", graph.add("Div", self._begin, graph.ints(_BLOCK)), graph.ints(_BLOCKS - 1)
        )
        undone = graph.add(
            "Mul",
            graph.look_up(graph.constant(_powers(_INVERSE, _BLOCK)), low),
            graph.look_up(graph.constant(_powers(pow(_INVERSE, _BLOCK, 1 << 32), _BLOCKS)), high),
        )
        return graph.add("Mul", graph.add("Sub", upto, before), undone)


def _edges(graph: Graph, data: str) -> tuple[str, str]:
    """Return where a word begins, and where one has ended, as flags of bytes."""
    kinds = graph.look_up(graph.constant(_KINDS), graph.cast(data, np.int32))
    none = _int32(graph, 0)
    inside = graph.add("Not", graph.add("Equal", graph.add("BitwiseAnd", kinds, _int32(graph, _PART)), none))
    cuts = graph.add("BitwiseAnd", kinds, _int32(graph, _ALONE))
    for size, kind in _SIZES.items():
        over = graph.add("BitwiseAnd", _shifted(graph, kinds, size), _int32(graph, kind))
        cuts = graph.add("BitwiseOr", cuts, over)
    cut = graph.add("Not", graph.add("Equal", cuts, none))
    before = _shifted(graph, inside, 1)
    begins = graph.add("And", inside, graph.add("Or", graph.add("Not", before), cut))
    ends = graph.add("And", before, graph.add("Or", graph.add("Not", inside), cut))
    return begins, ends


def _running_hash(graph: Graph, data: str) -> str:
    """Return the polynomial over all bytes before each byte."""
    size = graph.add("Shape", data)
    blocks = graph.add("Add", graph.add("Div", size, graph.ints(_BLOCK)), graph.ints(1))
    whole = graph.add("Mul", blocks, graph.ints(_BLOCK))
    values = graph.look_up(graph.constant(_VALUES), graph.cast(data, np.int32))
    none = graph.ints(0)
    values = graph.add("Pad", values, graph.add("Concat", none, graph.add("Sub", whole, size), axis=0))
    square = graph.add("Reshape", values, graph.add("Concat", blocks, graph.ints(_BLOCK), axis=0))
    zero, one = (graph.constant(np.array(value, dtype=np.int64)) for value in (0, 1))
    order = graph.add("Range", zero, graph.add("Squeeze", blocks, none), one)
    order = graph.add("BitwiseAnd", order, graph.ints(_BLOCKS - 1))
    high = graph.look_up(graph.constant(_powers(pow(_BASE, _BLOCK, 1 << 32), _BLOCKS)), order)
    high = graph.add("Unsqueeze", high, graph.ints(1))
    square = graph.add("Mul", graph.add("Mul", square, graph.constant(_powers(_BASE, _BLOCK))), high)
    return graph.add("CumSum", graph.add("Reshape", square, graph.ints(-1)), zero, exclusive=1)


def _alike(graph: Graph, column: str) -> str:
    """Return the logarithm of how often each value of a column stands in it."""
    values = graph.add("Squeeze", graph.cast(column, np.int64), graph.ints(1))
    which, counts = graph.add_several("Unique", values, outputs=4)[2:]
    logs = np.log(np.maximum(np.arange(_MOST_ALIKE + 1), 1)).astype(np.float32)
    often = graph.add("Min", graph.look_up(counts, which), graph.ints(_MOST_ALIKE))
    return graph.add("Unsqueeze", graph.look_up(graph.constant(logs), often), graph.ints(1))


def _shifted(graph: Graph, values: str, places: int) -> str:
    """Return what stood so many places before; zeros at the beginning."""
    padded = graph.add("Pad", values, graph.ints(places, 0))
    return graph.add("Slice", padded, graph.ints(0), graph.ints(-places))


def _int32(graph: Graph, value: int) -> str:
    return graph.constant(np.array(value & 0xFFFFFFFF, dtype=np.uint32).astype(np.int32))


def _powers(base: int, count: int) -> NDArray[np.int32]:
    powers = np.full(count, base, dtype=np.uint32)
    powers[0] = 1
    return np.multiply.accumulate(powers, dtype=np.uint32).astype(np.int32)


def _kinds() -> NDArray[np.int32]:
    one, two, three = _SIZES.values()
    kinds = np.full(256, _PART, dtype=np.int32)
    kinds[: ord(" ") + 1] = kinds[0x7F] = 0
    punctuation = [byte for byte in range(ord(" ") + 1, 0x7F) if not chr(byte).isalnum()]
    kinds[punctuation] |= _ALONE | one
    kinds[0xC2] |= _ALONE | two  # Latin-1's signs, quotation marks and no-break space
    kinds[0xE2] |= _ALONE | three  # general punctuation, arrows, boxes
    kinds[0xE3:0xF8] |= _ALONE | three  # East Asian scripts; pictures, whose fourth byte is one more word
    return kinds


def _values() -> NDArray[np.int32]:
    folded = np.arange(256, dtype=np.uint32)
    folded[ord("A") : ord("Z") + 1] += 32
    folded[ord("0") : ord("9") + 1] = ord("0")
    return (folded * np.uint32(_SPREAD)).astype(np.int32)


_KINDS: Final = _kinds()
_VALUES: Final = _values()
_INVERSE: Final = pow(_BASE, -1, 1 << 32)
_REACHES: Final = np.where(np.arange(256) >= 0xE3, _REACH, 0).astype(np.int64)
