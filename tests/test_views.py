"""What annotated pages become when they are learned from as text."""

from __future__ import annotations

import numpy as np
import pytest

from chaffinch.labels import CODES
from training.corpora import Gold
from training.dataset import UNKNOWN, Page
from training.views import LONGEST_LEAK, View, extracted, whole

LETTERS = tuple(CODES)
TRIALS = 200


def page(letters: str) -> Page:
    """Return a page with one numbered block for each letter; a dot is a block nobody labelled."""
    labels = [UNKNOWN if letter == "." else LETTERS.index(letter) for letter in letters]
    texts = [f"Block {number}, it says." for number in range(len(letters))]
    return Page(
        corpus="made-up",
        name="page",
        group="example.org",
        page_type="article",
        language="en",
        texts=texts,
        labels=np.array(labels, dtype=np.int8),
        content=np.full(len(labels), UNKNOWN, dtype=np.int8),
        gold=Gold(),
        features=None,
    )


def views(letters: str) -> list[View]:
    random = np.random.default_rng(1)
    return [extracted(page(letters), random) for _ in range(TRIALS)]


def letters(view: View) -> str:
    return "".join(LETTERS[label] for label in view.labels)


def numbers(view: View) -> list[int]:
    return [int(text.split()[1].rstrip(",")) for text in view.texts]


def test_the_whole_view_has_every_labelled_block_and_no_other() -> None:
    view = whole(page("N.EE.L"))

    assert letters(view) == "NEEL"
    assert numbers(view) == [0, 2, 3, 5]
    assert not view.extracted


def test_a_view_stays_in_its_page_s_group() -> None:
    assert {view.group for view in [whole(page("EN")), *views("EN")]} == {"example.org"}


def test_extracted_views_keep_order_and_give_every_text_its_own_label() -> None:
    given = "NNMEEAEESSIREELLN"
    for view in views(given):
        places = numbers(view)
        assert places == sorted(places)
        assert letters(view) == "".join(given[place] for place in places)
        assert view.extracted


def test_extracted_views_keep_the_editorial_blocks_but_for_the_first_at_times() -> None:
    kept = [letters(view).count("E") for view in views("NEEAEEL")]

    assert set(kept) == {3, 4}
    assert kept.count(4) > kept.count(3)


def test_chaff_inside_an_article_leaks_oftener_than_chaff_around_it() -> None:
    found = [letters(view) for view in views("LLEEAAEERR")]
    inside = sum("A" in one for one in found)
    outside = sum("L" in one for one in found)

    assert TRIALS * 0.4 < inside < TRIALS * 0.8
    assert 0 < outside < inside / 2


def test_navigation_leaks_less_than_other_chaff() -> None:
    advert = sum("A" in letters(view) for view in views("EEAAEE"))
    menu = sum("N" in letters(view) for view in views("EENNEE"))

    assert 0 < menu < advert / 2


def test_no_leak_is_longer_than_an_extractor_s() -> None:
    lengths = {letters(view).count("R") for view in views("E" + "R" * 50 + "E")}

    assert max(lengths) == LONGEST_LEAK


def test_a_page_without_editorial_blocks_stays_whole() -> None:
    assert {letters(view) for view in views("NASL")} == {"NASL"}


@pytest.mark.parametrize("letters", ["E", "N", "EE"])
def test_no_view_of_a_labelled_page_is_empty(letters: str) -> None:
    assert all(view.texts and all(view.texts) for view in views(letters))


def test_a_page_without_labels_gives_empty_views() -> None:
    assert whole(page("...")).texts == []
    assert extracted(page("..."), np.random.default_rng(0)).texts == []


def test_some_views_lose_their_capitals_or_punctuation() -> None:
    texts = [view.texts[0] for view in views("EEE")]

    assert any(text == text.lower() for text in texts)
    assert any(not text.endswith(".") for text in texts)
    assert sum(text.startswith("B") and text.endswith(".") for text in texts) > TRIALS / 2


def test_the_same_seed_makes_the_same_views() -> None:
    def made() -> list[list[str]]:
        return [view.texts for view in views("NEASEREL")]

    assert made() == made()
