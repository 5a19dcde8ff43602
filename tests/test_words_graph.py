"""The graph that ships finds words by their definition, and the same ones wherever they stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from chaffinch.features import MAX_BYTES, PADDING, pack_text
from training.reference import pair_buckets, word_buckets, word_spans
from training.runtime import session
from training.text_graph import word_model
from training.verify import ODD_PARAGRAPHS

ODD = [
    *ODD_PARAGRAPHS,
    " ",
    "0",
    "\x00",
    "\x7f",
    "ß" * (MAX_BYTES // 2 + 1),
    "a" + "é" * MAX_BYTES,
    "a" + "麦" * MAX_BYTES,
    "ab" + "麦" * MAX_BYTES,
    "🐦" * MAX_BYTES,
    "🐦a🐦 🐦",
    "شكرا! Download now",
    "\u200f\u202e",
    "A" * MAX_BYTES,
    "a" + " " * (PADDING - 1) + "b" + " " * PADDING + "c",
    "\u00a0x\u00a0",
    "¿Qué?\t«¡Olé!»",
    "麦\n麦\n",
    "tail 麦",
]
SCRIPTS = [
    "The keeper's boat left at 7:45 — “at last”, she said.",
    "Die Fähre fährt nur dienstags; Straßenschuhe genügen.",
    "L’été, on n’ouvre qu’à midi… (sauf le dimanche)",
    "Лодка ушла в семь утра, и больше её не видели.",
    "Η βάρκα έφυγε στις 7 το πρωί.",
    "הסירה יצאה בבוקר, ולא חזרה.",
    "غادر القارب في الصباح ولم يعد.",
    "नाव सुबह सात बजे निकली।",
    "เรือออกตอนเช้าเจ็ดโมง",
    "小船早上七点离开，没有回来。",
    "船は朝の七時に出て、戻らなかった。",
    "배는 아침 일곱 시에 떠났다.",
    "Łódź odpłynęła o świcie: 12,50 zł.",
    "Thuyền rời bến lúc bảy giờ sáng.",
    "Նավակը մեկնեց առավոտյան։",
    "ნავი დილით გავიდა.",
    "Buy 2, get 1 free!!! 🎉🎉 → example.org/offer?id=3",
]
# Beside any character at all, the ones that words are cut at.
TEXTS = some.lists(
    some.text() | some.text(some.sampled_from("aZ9 .'\t\x7féß«\u00a0—’麦ก한🐦\ud800")), max_size=6
)


class Found(NamedTuple):
    """The buckets of each paragraph's words, and of its pairs of words."""

    words: list[list[int]]
    pairs: list[list[int]]


Find: TypeAlias = Callable[[Sequence[str]], Found]


def parts(values: Sequence[int], counts: Sequence[int]) -> list[list[int]]:
    ends = np.cumsum(counts, dtype=int)
    return [list(values[end - count : end]) for end, count in zip(ends, counts, strict=True)]


@pytest.fixture(scope="module")
def find() -> Find:
    """Return a function that runs the graph on the paragraphs of a document."""
    finder: onnxruntime.InferenceSession = session(word_model())

    def find(paragraphs: Sequence[str]) -> Found:
        counts, words, pairs = (found.tolist() for found in finder.run(None, pack_text(paragraphs).feed))
        assert len(counts) == len(paragraphs)
        assert sum(counts) == len(words) == len(pairs)
        return Found(parts(words, counts), parts(pairs, counts))

    return find


def by_definition(paragraphs: Sequence[str]) -> Found:
    return Found([word_buckets(text) for text in paragraphs], [pair_buckets(text) for text in paragraphs])


def spelled(text: str) -> list[str]:
    """Return the words of a text as the definition has them."""
    return [text.encode()[start:end].decode("utf-8", "replace") for start, end in word_spans(text)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello, hello", ["Hello", ",", "hello"]),
        ("don't", ["don", "'", "t"]),
        ("«Olé!»", ["«", "Olé", "!", "»"]),
        ("“so”", ["“", "so", "”"]),
        ("a\u00a0b", ["a", "\u00a0", "b"]),
        ("Лодка, лодка", ["Лодка", ",", "лодка"]),
        ("小麦x", ["小", "麦", "x"]),
        ("12.5%", ["12", ".", "5", "%"]),
        (" \t\n", []),
    ],
)
def test_a_word_is_a_run_of_letters_and_digits_or_a_sign_by_itself(text: str, words: list[str]) -> None:
    assert spelled(text) == words


@pytest.mark.parametrize("paragraph", ODD, ids=lambda text: ascii(text[:6]))
def test_the_graph_finds_the_words_of_an_odd_paragraph_by_the_definition(find: Find, paragraph: str) -> None:
    assert find([paragraph]) == by_definition([paragraph])


@pytest.mark.parametrize("paragraphs", [ODD, SCRIPTS, [*SCRIPTS, *ODD, *SCRIPTS]])
def test_the_graph_finds_the_words_of_a_document_by_the_definition(find: Find, paragraphs: list[str]) -> None:
    assert find(paragraphs) == by_definition(paragraphs)


@settings(deadline=None, max_examples=300)
@given(TEXTS)
def test_the_graph_finds_the_words_of_any_text_by_the_definition(find: Find, paragraphs: list[str]) -> None:
    assert find(paragraphs) == by_definition(paragraphs)


@pytest.mark.parametrize("before", [1, 10, 1015, 1016, 1017, 1023, 1024, 5000, 70_000])
def test_a_word_is_the_same_however_many_bytes_stand_before_it(find: Find, before: int) -> None:
    pieces = ["x" * min(MAX_BYTES, before - begin) for begin in range(0, before, MAX_BYTES)]

    found = find([*pieces, *SCRIPTS])

    here = len(pieces)
    assert (found.words[here:], found.pairs[here:]) == by_definition(SCRIPTS)


@pytest.mark.parametrize("megabytes", [1, 2, 3, 5])
def test_words_are_the_same_megabytes_into_a_document(find: Find, megabytes: int) -> None:
    many = ["boat " * 400] * (megabytes * 540)
    assert sum(map(len, many)) > megabytes << 20

    found = find([*many, *SCRIPTS])

    here = len(many)
    assert (found.words[here:], found.pairs[here:]) == by_definition(SCRIPTS)


@pytest.mark.parametrize("paragraphs", [[], [""], ["", ""], [" ", "\x00\x01"]])
def test_a_document_without_a_word_has_none(find: Find, paragraphs: list[str]) -> None:
    nothing: list[list[int]] = [[] for _ in paragraphs]

    assert find(paragraphs) == (nothing, nothing)


def test_a_paragraph_without_a_word_takes_none_from_its_neighbours(find: Find) -> None:
    found = find(["Sign up", "", "now", " ", "!"])

    assert [len(words) for words in found.words] == [2, 0, 1, 0, 1]


def test_a_word_is_the_same_whatever_its_case(find: Find) -> None:
    ((hello, comma, again),) = find(["Hello, hELLO"]).words

    assert hello == again
    assert hello != comma


def test_digits_count_alike(find: Find) -> None:
    ((one, _, other, _, longer),) = find(["1984 / 2025 / 20250"]).words

    assert one == other
    assert one != longer


@pytest.mark.parametrize("marks", ['""', "''", "«»", "“”", "„”", "()", "¡!", "—…", "「」"])
def test_signs_around_a_word_are_words_of_their_own_and_do_not_stick_to_it(find: Find, marks: str) -> None:
    alone, within = find(["quay", f"{marks[0]}quay{marks[1]}"]).words

    assert len(within) == 3
    assert within[1] == alone[0]
    assert alone[0] not in {within[0], within[2]}


def test_letters_of_other_alphabets_stay_in_their_word(find: Find) -> None:
    words = find(["naïveté", "лодка", "βάρκα", "הסירה", "القارب", "Ցորեն"]).words

    assert [len(own) for own in words] == [1] * 6
    assert len({own[0] for own in words}) == 6


def test_a_character_of_a_script_without_spaces_is_a_word_with_the_one_after_it(find: Find) -> None:
    one, within, other = find(["小麦", "吃小麦粉", "小米"]).words

    assert [len(one), len(within), len(other)] == [2, 4, 2]
    assert within[1] == one[0]
    assert other[0] != one[0]


def test_order_matters_to_pairs_but_not_to_words(find: Find) -> None:
    words, pairs = find(["sign up", "up sign"])

    assert sorted(words[0]) == sorted(words[1])
    assert sorted(pairs[0]) != sorted(pairs[1])


def test_a_pair_is_the_same_whatever_spaces_lie_between_but_not_too_many(find: Find) -> None:
    near, nearly, far = find(
        ["sign up", "sign" + " " * (PADDING - 1) + "up", "sign" + " " * PADDING + "up"]
    ).pairs

    assert near == nearly
    assert near[1] != far[1]
    assert far[1] == find(["up"]).pairs[0][0]


def test_the_first_word_of_a_paragraph_has_no_word_before_it(find: Find) -> None:
    words, pairs = find(["Sign up", "now", "for free"])

    firsts = [(own[0], both[0]) for own, both in zip(words, pairs, strict=True)]
    assert all(own == both for own, both in firsts)
    assert words[0][1] != pairs[0][1]


@pytest.mark.parametrize("paragraph", ["Sign up now!", "up", "麦", "小麦を", "12", "🐦", "é", "!"])
def test_words_never_reach_from_one_paragraph_into_the_next(find: Find, paragraph: str) -> None:
    alone = find([paragraph])

    for beside in ("a", "Z9", "麦", "é", ".", "🐦", "", "x" * MAX_BYTES):
        found = find([beside, paragraph, beside])
        assert (found.words[1], found.pairs[1]) == (alone.words[0], alone.pairs[0])
