"""What a page's headline is, and how a page calls itself where it shows none."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaffinch import Cleaner
from chaffinch._headline import Headline, headline
from chaffinch.blocks import segment

TITLE = "<title>Quay to be lengthened | Harbour Post</title>"


def found(html: str) -> Headline:
    return headline(segment(html, kind="html"))


def test_the_headline_is_the_h1_that_agrees_with_the_title() -> None:
    page = f"{TITLE}<h1>Harbour Post</h1><p>Menu</p><h1>Quay to be lengthened</h1><p>News.</p>"

    assert found(page) == Headline("Quay to be lengthened", 2, 3)


def test_an_h1_of_several_blocks_is_one_headline() -> None:
    page = f"{TITLE}<h1><div>Quay</div><div>to be lengthened</div></h1><p>News.</p>"

    assert found(page) == Headline("Quay to be lengthened", 0, 2)


def test_the_title_for_those_who_share_a_page_is_believed_before_its_own() -> None:
    page = f"{TITLE}<meta property=og:title content='Ninety metres more'><h1>Ninety metres more</h1>"

    assert found(page).text == "Ninety metres more"


@pytest.mark.parametrize(
    ("page", "text"),
    [
        (
            f"{TITLE}<h1>Harbour Post, your paper by the sea since long ago</h1>",
            "Quay to be lengthened | Harbour Post",
        ),
        (f"{TITLE}<meta property=og:title content='Longer quay'><h1>Welcome</h1>", "Longer quay"),
        (f"{TITLE}<h1></h1><p>News.</p>", "Quay to be lengthened | Harbour Post"),
        ("<h1>Only heading</h1><p>News.</p>", "Only heading"),
        ("<p>News.</p>", ""),
        ("", ""),
    ],
)
def test_without_such_an_h1_the_page_is_called_what_it_calls_itself(page: str, text: str) -> None:
    assert found(page).text == text


def test_plain_text_has_no_headline() -> None:
    assert headline(segment("Quay to be lengthened\n\nNews.", kind="text")) == Headline()


def test_a_page_s_title_is_its_headline(tiny_model: Path) -> None:
    page = Cleaner(tiny_model).label(
        f"{TITLE}<h1>Quay to be lengthened</h1><p>News of the harbour.</p>", kind="html"
    )

    assert page.title == page.blocks[0].text == "Quay to be lengthened"
