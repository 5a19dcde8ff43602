"""How the page model is judged, on pages and probabilities small enough to reckon by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from chaffinch.classifier import Thresholds
from chaffinch.labels import CLEANING, LABELS
from training.corpora import Gold
from training.dataset import NUMBER, UNKNOWN, Page
from training.evaluate import Probabilities, choose_html_thresholds, decided, fundus_figures, page_figures

ARTICLE = "Finches eat seeds all winter long and sing in spring"
COPY = "Wrens eat flies all summer long and sing in winter"


def page(codes: str, texts: list[str], gold: Gold, corpus: str = "wcxb") -> Page:
    """Return an annotated page; "?" is a block that nobody labelled."""
    return Page(
        corpus=corpus,
        name="finches",
        group="birds.example",
        page_type="forum",
        language="en",
        texts=texts,
        labels=np.array([NUMBER.get(code, UNKNOWN) for code in codes], dtype=np.int8),
        content=np.full(len(texts), UNKNOWN, dtype=np.int8),
        gold=gold,
        features=None,
    )


def given(*rows: tuple[str, float, float]) -> Probabilities:
    """Return a row for each label's letter, how probable that is, and how probable main content is."""
    made = np.zeros((len(rows), len(LABELS) + 1), dtype=np.float32)
    for row, (code, probability, main) in zip(made, rows, strict=True):
        row[: len(LABELS)] = (1 - probability) / (len(LABELS) - 1)
        row[NUMBER[code]], row[-1] = probability, main
    return made


@pytest.fixture
def pages() -> list[Page]:
    """A page whose second block is `editorial` to its reader, and not in the gold text."""
    return [page("EEN", [ARTICLE, COPY, "Menu"], Gold(text=ARTICLE))]


ROWS = [given(("E", 0.9, 0.9), ("E", 0.8, 0.2), ("N", 0.9, 0.1))]


def test_the_threshold_of_main_content_leaves_out_what_gold_texts_do_not_hold(pages: list[Page]) -> None:
    ways = choose_html_thresholds(pages, ROWS)

    assert decided(ROWS[0], ways["balanced"])[0] == NUMBER["E"]
    assert 0.2 < ways["balanced"].main <= 0.9
    assert decided(ROWS[0], ways["balanced"])[1] != NUMBER["E"]


def test_careful_cleaning_keeps_what_readers_keep_too(pages: list[Page]) -> None:
    ways = choose_html_thresholds(pages, ROWS)

    assert decided(ROWS[0], ways["careful"])[1] == NUMBER["E"]
    assert ways["careful"].main < ways["balanced"].main < ways["thorough"].main


def test_without_annotated_pages_the_thresholds_are_even() -> None:
    unread = page("???", [ARTICLE, COPY, "Menu"], Gold(text=ARTICLE))

    assert choose_html_thresholds([unread], ROWS) == dict.fromkeys(CLEANING, Thresholds(0.5, 0.5, main=0.5))


def test_pages_that_were_chosen_to_be_read_are_not_measured_on(pages: list[Page]) -> None:
    chosen = replace(pages[0], labels=np.array([NUMBER["N"]] * 3, dtype=np.int8), measured=False)
    ways = dict.fromkeys(CLEANING, Thresholds(0.5, 0.5))

    alone, both = (
        page_figures(some, ROWS * len(some), ways, "balanced") for some in (pages, [*pages, chosen])
    )

    assert alone["annotated"] == both["annotated"]
    assert alone["wcxb"]["pages"] == 1
    assert both["wcxb"]["pages"] == 2


def test_of_publishers_pages_gold_words_are_counted_and_lines_beyond_them() -> None:
    news = page("EE", [ARTICLE, COPY], Gold(paragraphs=(ARTICLE, "Nothing else")), corpus="fundus")

    figures = fundus_figures([news], [f"{ARTICLE}\n\n{COPY}\n\n***"])

    assert figures == {"pages": 1, "gold_words_kept": round(10 / 12, 4), "lines_beyond_gold": 1}
