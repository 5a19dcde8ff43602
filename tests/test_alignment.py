"""Which blocks of a page its gold text holds."""

from __future__ import annotations

from training.alignment import NEAR_BLOCKS, align, words

QUAY = "The council decided on Monday to lengthen the quay by ninety metres."
BOATS = "Boats from the islands have had to wait outside the harbour for years."
GOLD = f"Harbour news\n{QUAY}\nWork begins in March, says Ida.\n{BOATS}"


def test_paragraphs_of_the_gold_text_are_content_and_others_are_not() -> None:
    blocks = [QUAY, "Sign up for our weekly letter and never miss a boat again.", BOATS]

    assert align(blocks, GOLD).tolist() == [1, 0, 1]


def test_case_white_space_and_punctuation_do_not_matter() -> None:
    assert align([QUAY.upper().replace(" ", "  ").rstrip(".")], GOLD).tolist() == [1]


def test_a_block_counts_from_three_fifths_of_its_words_on() -> None:
    mostly = "council decided on Monday to lengthen yesterday evening tired happy"
    hardly = "council decided on Monday to then they all went home yesterday"

    assert align([mostly, hardly], GOLD).tolist() == [1, 0]


def test_the_same_words_in_another_order_are_another_text() -> None:
    shuffled = " ".join(sorted(words(QUAY)))

    assert align([shuffled], GOLD).tolist() == [0]


def test_a_short_block_counts_as_a_whole_line_of_the_gold_text() -> None:
    assert align(["Harbour news", "Harbour"], GOLD).tolist() == [1, 0]


def test_a_short_block_inside_the_gold_text_counts_beside_long_blocks_only() -> None:
    near, alone = [QUAY, "in March", BOATS], ["in March"]

    assert align(near, GOLD).tolist() == [1, 1, 1]
    assert align(alone, GOLD).tolist() == [0]


def test_a_short_block_far_from_any_long_one_does_not_count() -> None:
    blocks = [QUAY, *["Menu"] * NEAR_BLOCKS, "in March"]

    assert align(blocks, GOLD)[-1] == 0


def test_a_block_without_words_is_not_content() -> None:
    assert align(["", "***", QUAY], GOLD).tolist() == [0, 0, 1]


def test_an_empty_gold_text_holds_nothing() -> None:
    assert align([QUAY, "Home", ""], "").tolist() == [0, 0, 0]


def test_a_page_without_blocks_has_no_labels() -> None:
    assert align([], GOLD).tolist() == []


def test_what_a_page_says_twice_is_content_once() -> None:
    for_narrow_screens = [QUAY, "Work begins in March, says Ida.", BOATS]

    assert align([*for_narrow_screens, "Menu", *for_narrow_screens], GOLD).tolist() == [1, 1, 1, 0, 0, 0, 0]


def test_of_two_copies_the_one_beside_the_rest_of_the_gold_text_is_content() -> None:
    teaser = "Boats from the islands have had to wait outside the harbour for years."

    assert align([teaser, "Harbour news", QUAY, BOATS], GOLD).tolist() == [0, 1, 1, 1]


def test_what_the_gold_text_says_twice_is_content_twice() -> None:
    assert align([QUAY, BOATS, QUAY], f"{GOLD}\n{QUAY}").tolist() == [1, 1, 1]


def test_blocks_in_another_order_than_the_gold_text_are_content_all_the_same() -> None:
    assert align([BOATS, QUAY], GOLD).tolist() == [1, 1]
