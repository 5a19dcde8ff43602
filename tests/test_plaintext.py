"""Plain text becomes paragraphs: a line each, unless the whole text was wrapped at one width."""

from __future__ import annotations

import textwrap
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaffinch._plaintext import clean_text, split_text
from training import seeds

PARAGRAPHS = [
    "The hall will be closed for two weeks in October, because the floor is sanded and oiled. "
    "We have asked the school whether we may use its gym on Tuesdays; they will tell us by Friday.",
    "Until then please keep both evenings free, and bring the blue folders back when you come. "
    "Three of them are still missing, and the second piece is only in those.",
    "Whoever wants to come to the concert in the valley by train finds the times below. "
    "The last one back leaves at ten, which is early, but there is a bus an hour later.",
]
ONE_A_LINE = [
    "Harbour town votes for the longer quay",
    "The council of the harbour town decided on Monday to lengthen the quay by ninety metres.",
    "Boats from the islands",
    "“We have waited for this for ten years,” said the harbour master, who had counted the boats.",
    "Read more: what the ferry costs from spring",
    "Work begins in March and should be over before the summer guests arrive.",
]
VERSE = """The kettle sings before the light is up,
and no one hears it but the cat and me;
I pour the morning out into a cup
and drink it slowly, looking at the sea.

The boats go by as they have always gone,
with lamps still burning at the wheelhouse door,
and when the last of them is past and on
I rinse the cup, and set it on the floor."""
PROSE_POEM = """the harbour has no opinion of the boats, it
lets them come and
go, as a table lets the cups, and when the
last is gone it keeps a while
the shape of them
in rings"""
LISTS = """two onions, finely chopped
a tin of tomatoes, or four ripe ones, skinned
salt
half a litre of stock, and the same again of water if it looks too thick for you
bay leaves and the rind of a hard cheese
black pepper"""
JAPANESE = """昨日の夜、町では大雨が降り、多くの道路が水につかりました。今朝もまだ交通は戻って
おらず、駅の前では多くの人がバスを待っていました。けが人はいないということで、学校は
午後から再開される見込みです。川の水位は下がり始めていますが、市は引き続き注意を呼び
かけています。"""
MAIL = """From: Ida Brandt <ida@example.org>
Subject: Autumn plans

Dear all,

the hall will be closed for two weeks in October, because the floor is
being sanded and oiled. Until then please keep both evenings free.

On 3 September Karl wrote:
> I am not sure that the gym is a good idea. It is cold in October, and
> the lights go out at nine.
>> We could pause, but then the concert comes too soon after it, and
>> nobody will know the second piece.

What we still need:

- somebody who fetches the key on Tuesdays before six o'clock, and brings
  it back afterwards
- two music stands

    make install
    make test

Best wishes
Ida
"""


def wrapped(paragraphs: list[str], width: int, between: str = "\n\n", indent: str = "") -> str:
    fill = textwrap.TextWrapper(width, break_on_hyphens=False, initial_indent=indent).fill
    return between.join(fill(paragraph) for paragraph in paragraphs)


@pytest.mark.parametrize("between", ["\n", "\n\n", "\n \t\n", "\r\n", "\r\n\r\n", "\r", "\r\r"])
def test_a_line_is_a_paragraph_blank_lines_or_not(between: str) -> None:
    assert split_text(between.join(ONE_A_LINE)) == ONE_A_LINE


@pytest.mark.parametrize("end", ["\f", "\v", "\x85", "\u2028", "\u2029", "\n\f\n", "\x1e"])
def test_every_kind_of_line_end_ends_a_line(end: str) -> None:
    assert split_text(end.join(ONE_A_LINE)) == ONE_A_LINE


@pytest.mark.parametrize("width", [58, 65, 72, 80, 98])
def test_wrapped_paragraphs_are_joined_at_any_usual_width(width: int) -> None:
    assert split_text(wrapped(PARAGRAPHS, width)) == PARAGRAPHS


def test_wrapped_paragraphs_are_joined_whatever_their_line_ends() -> None:
    assert split_text(wrapped(PARAGRAPHS, 72).replace("\n", "\r\n")) == PARAGRAPHS


def test_an_indented_first_line_begins_a_paragraph_without_a_blank_line() -> None:
    assert split_text(wrapped(PARAGRAPHS, 72, between="\n", indent="   ")) == PARAGRAPHS


def test_a_short_last_line_ends_a_paragraph_without_a_blank_line() -> None:
    assert split_text(wrapped(PARAGRAPHS, 72, between="\n")) == PARAGRAPHS


def test_text_wrapped_by_hand_is_joined_though_its_margin_is_ragged() -> None:
    by_hand = "\n".join(
        [
            "Start the pump before you open the valve, and let it run for at least",
            "a minute. The needle must stand in the green field; if it does not,",
            "somebody has left the drain open, and you should stop at once and",
            "look at the tank behind the shed. When all is well, open the valve slowly",
            "with your left hand on the wheel, and count the turns, because the last",
            "two of them do nothing but wear out the seal, which is hard",
            "to find and dear.",
        ]
    )
    assert split_text(by_hand) == [by_hand.replace("\n", " ")]


@pytest.mark.parametrize("text", [VERSE, PROSE_POEM, LISTS, JAPANESE, "\n".join(ONE_A_LINE)])
def test_lines_that_their_author_ended_are_never_joined(text: str) -> None:
    assert split_text(text) == [line for line in text.splitlines() if line]


def test_the_raw_seed_article_has_the_paragraphs_of_its_labelled_version() -> None:
    name = "eu-japan-semiconductors"
    labelled = seeds.read(seeds.FOLDER / "en" / f"{name}.txt")
    raw = (seeds.FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    assert tuple(split_text(raw)) == labelled.paragraphs


def test_two_lines_are_no_evidence() -> None:
    text = wrapped(PARAGRAPHS[:1], 98)
    assert len(text.splitlines()) == 2
    assert split_text(text) == text.splitlines()


def test_a_mail_keeps_its_quotes_lists_and_short_lines_apart() -> None:
    assert split_text(MAIL) == [
        "From: Ida Brandt <ida@example.org>",
        "Subject: Autumn plans",
        "Dear all,",
        "the hall will be closed for two weeks in October, because the floor is being sanded and "
        "oiled. Until then please keep both evenings free.",
        "On 3 September Karl wrote:",
        "> I am not sure that the gym is a good idea. It is cold in October, and the lights go out at nine.",
        ">> We could pause, but then the concert comes too soon after it, and nobody will know the "
        "second piece.",
        "What we still need:",
        "- somebody who fetches the key on Tuesdays before six o'clock, and brings it back afterwards",
        "- two music stands",
        "make install",
        "make test",
        "Best wishes",
        "Ida",
    ]


def test_code_and_tables_in_a_wrapped_text_keep_their_lines() -> None:
    fenced = [
        "```",
        "the first line of some code that is as long as any line of the text",
        "end",
        "```",
    ]
    table = ["Name          Born      Died      Lived in the town that the list is about"] * 2
    text = "\n\n".join([wrapped(PARAGRAPHS, 72), "\n".join(fenced), "\n".join(table)])
    assert split_text(text) == PARAGRAPHS + fenced + [" ".join(line.split()) for line in table]


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("", ""),
        (" \t\n ", ""),
        ("  a\u00a0\u3000b\t\nc ", "a b c"),
        ("\ufeffBegin\0ning\x07", "Beginning"),
        ("ad\u200bvice sam\u00adple wo\u2060rd", "advice sample word"),
        ("\u202eevil\u202c \u200fשלום\u200e", "evil שלום"),
        ("\u034f \u200c \u034f \u200c ", ""),
        ("a \u200b b", "a b"),
        ("half\ud83d", "half\ufffd"),
        ("whole\ud83d\ude00", "whole😀"),
    ],
)
def test_what_no_reader_sees_is_left_out(text: str, cleaned: str) -> None:
    assert clean_text(text) == cleaned


@pytest.mark.parametrize("text", ["می\u200cخواهم", "क्\u200dष", "👩\u200d👩\u200d👧", "☁\ufe0f", "e\u0301"])
def test_joiners_and_marks_that_spell_a_word_are_kept(text: str) -> None:
    assert clean_text(f" {text}\u200c ") == text


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    cleaned = clean_text(text)
    assert clean_text(cleaned) == cleaned
    assert cleaned.encode().decode() == cleaned


words = st.text(st.sampled_from("abcdeäß中ну-.>*"), min_size=1, max_size=14)
line_ends = st.sampled_from([" ", " ", " ", "\n", "\n\n", "\r\n", "\n  ", "\n- "])


@given(st.lists(st.tuples(words, line_ends), max_size=200))
def test_nothing_is_lost_or_reordered(parts: list[tuple[str, str]]) -> None:
    text = "".join(map("".join, parts))
    joined = "".join(split_text(text))
    assert _content(joined) == _content(text)


@given(st.lists(words, min_size=30, max_size=200), st.integers(58, 98))
def test_nothing_is_lost_from_wrapped_text(body: list[str], width: int) -> None:
    text = wrapped([*PARAGRAPHS, " ".join(body)], width)
    assert _content("".join(split_text(text))) == _content(text)


def _content(text: str) -> str:
    """Return what must survive: quote marks of lines that were joined need not."""
    return "".join(text.replace(">", "").split())


@pytest.mark.parametrize("unit", ["a", "a ", "\n", "a\n", "\u200c", "\0", "> ", "- \n", "é\u00ad", ".", "中"])
def test_time_is_linear_in_the_text(unit: str) -> None:
    started = time.perf_counter()
    split_text(unit * 300_000)
    assert time.perf_counter() - started < 5
