"""What is known of a page's blocks, once its corpus has been aligned with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from training import dataset
from training.corpora import Gold, SourcePage
from training.dataset import EMPTY_GOLD_LENGTH, UNKNOWN, corpus_pages

Content = Callable[[str, Gold], list[int]]


@pytest.fixture
def content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Content:
    """Return a function from HTML and its gold to what is content: 1, 0 or `UNKNOWN`."""

    def content(html: str, gold: Gold) -> list[int]:
        path = tmp_path / "page.html"
        path.write_text(html, encoding="utf-8")
        source = SourcePage("wcxb", "0001", "", "birds.example", "article", gold, path)
        monkeypatch.setattr(dataset, "load", lambda name: [source])
        pages, _ = corpus_pages(["wcxb"], jobs=1)
        given: list[int] = pages[0].content.tolist()
        return given

    return content


def test_blocks_in_the_gold_text_are_content(content: Content) -> None:
    assert content("<p>Finches eat seeds.</p><p>Menu</p>", Gold(text="Finches eat seeds.")) == [1, 0]


def test_a_headline_that_the_gold_text_lacks_is_not_known_to_be_no_content(content: Content) -> None:
    page = "<title>On finches</title><h1>On finches</h1><p>Finches eat seeds.</p><p>On finches</p>"

    assert content(page, Gold(text="Finches eat seeds.")) == [UNKNOWN, 1, 0]
    assert content(page, Gold(text="On finches\nFinches eat seeds.")) == [1, 1, 0]


def test_a_page_that_says_little_and_has_an_empty_gold_text_has_no_content(content: Content) -> None:
    assert content("<p>Enable scripts</p><p>Menu</p>", Gold(text="")) == [0, 0]


def test_an_empty_gold_text_of_a_long_page_says_nothing(content: Content) -> None:
    assert content(f"<p>{'seeds ' * EMPTY_GOLD_LENGTH}</p>", Gold(text="")) == [UNKNOWN]


def test_gold_paragraphs_prove_their_long_blocks_and_nothing_else(content: Content) -> None:
    line = "Finches of every kind eat the seeds of the field"
    assert content(f"<p>{line}</p><p>Menu</p>", Gold(paragraphs=(line, "Menu"))) == [1, UNKNOWN]


def test_without_a_gold_nothing_is_known(content: Content) -> None:
    known = np.array(content("<p>Finches eat seeds.</p>", Gold()))
    assert (known == UNKNOWN).all()
