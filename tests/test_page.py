"""What comes back to the caller: pages, blocks, what is kept, and how labels fold into classes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import pytest

import chaffinch
from chaffinch import Block, ChaffinchError, Page, UnknownLabelError
from chaffinch.labels import CODES, GROUP_OF, GROUPS, LABELS
from chaffinch.page import checked_labels


def block(text: str, label: str) -> Block:
    rest = 0.3 / (len(LABELS) - 1)
    return Block(text, label, tuple(0.7 if name == label else rest for name in LABELS))


def page(*keep: str) -> Page:
    blocks = (
        block("Home", "navigation"),
        block("Seeds", "editorial"),
        block("Buy nuts", "advert"),
        block("Ada wrote this", "metadata"),
        block("Berries", "editorial"),
        block("I like berries", "comment"),
    )
    return Page(blocks, "html", "Finches", frozenset(keep or ("editorial",)))


def test_a_page_keeps_its_editorial_paragraphs_with_a_blank_line_between() -> None:
    assert page().text == "Seeds\n\nBerries"


def test_a_page_keeps_any_label_in_the_order_of_the_document() -> None:
    assert page("comment", "advert", "editorial").text == "Seeds\n\nBuy nuts\n\nBerries\n\nI like berries"


def test_a_page_that_keeps_nothing_it_has_is_empty() -> None:
    assert page("legal").text == ""
    assert Page((), "text").text == ""


def test_a_page_keeps_editorial_blocks_unless_told_otherwise() -> None:
    assert Page((), "text").keep == {"editorial"}


def test_the_title_is_not_part_of_the_text() -> None:
    assert page().title == "Finches"
    assert "Finches" not in page().text


def test_a_block_gives_its_labels_probability_and_class() -> None:
    advert = block("Buy nuts", "advert")
    assert (advert.probability, advert.group) == (0.7, "promotional")
    assert sum(advert.probabilities.values()) == pytest.approx(1)


def test_a_block_is_shown_without_all_of_its_probabilities() -> None:
    assert repr(block("Seeds", "editorial")) == "Block(text='Seeds', label='editorial')"


def test_pages_and_blocks_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        page().title = "Other"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        block("Seeds", "editorial").label = "advert"  # type: ignore[misc]


@pytest.mark.parametrize(
    "keep",
    [["editorial", "comment"], ("comment", "editorial"), chaffinch.EDITORIAL, iter(["editorial", "comment"])],
    ids=["list", "tuple", "class", "iterator"],
)
def test_labels_to_keep_may_come_in_any_collection(keep: Iterable[str]) -> None:
    assert checked_labels(keep) == {"editorial", "comment"}


def test_classes_may_be_joined_and_nothing_may_be_kept() -> None:
    assert checked_labels(chaffinch.EDITORIAL | chaffinch.PROMOTIONAL) >= {"comment", "advert", "subscribe"}
    assert checked_labels(()) == frozenset()


def test_an_unknown_label_is_named_with_the_labels_there_are() -> None:
    with pytest.raises(UnknownLabelError, match="'adverts', 'editorials'") as refusal:
        checked_labels(["editorials", "editorial", "adverts"])
    assert ", ".join(LABELS) in str(refusal.value)


def test_an_unknown_label_is_a_value_error_and_ours() -> None:
    assert issubclass(UnknownLabelError, ValueError)
    assert issubclass(UnknownLabelError, ChaffinchError)


def test_one_string_is_not_taken_for_its_letters() -> None:
    with pytest.raises(TypeError, match=r"\('editorial',\)"):
        checked_labels("editorial")


def test_the_nine_labels_and_their_codes_stand_in_the_order_of_the_model() -> None:
    assert "".join(CODES) == "ECMASRNLI"
    assert (
        tuple(CODES.values())
        == LABELS
        == (
            "editorial",
            "comment",
            "metadata",
            "advert",
            "subscribe",
            "recirculation",
            "navigation",
            "legal",
            "interface",
        )
    )


@pytest.mark.parametrize(
    ("label", "group"),
    [
        ("editorial", "editorial"),
        ("comment", "editorial"),
        ("metadata", "boilerplate"),
        ("advert", "promotional"),
        ("subscribe", "promotional"),
        ("recirculation", "boilerplate"),
        ("navigation", "boilerplate"),
        ("legal", "boilerplate"),
        ("interface", "boilerplate"),
    ],
)
def test_a_label_folds_into_its_class(label: str, group: str) -> None:
    assert GROUP_OF[label] == group
    assert block("Seeds", label).group == group


def test_every_label_folds_into_exactly_one_class() -> None:
    assert sorted(label for labels in GROUPS.values() for label in labels) == sorted(LABELS)
    assert set(GROUP_OF) == set(LABELS)
    assert set(LABELS) == chaffinch.EDITORIAL | chaffinch.PROMOTIONAL | chaffinch.BOILERPLATE
