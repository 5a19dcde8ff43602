"""What annotated pages become when they are learned from as text."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import pytest

from chaffinch.labels import CODES
from training.corpora import Gold
from training.dataset import UNKNOWN, Page
from training.views import (
    LONGEST_BOX,
    LONGEST_LEAK,
    SPLIT_LENGTH,
    View,
    boxes,
    cleaned,
    extracted,
    roughened,
    spliced,
    whole,
)

LETTERS = tuple(CODES)
TRIALS = 200


def page(
    letters: str,
    texts: list[str] | None = None,
    *,
    name: str = "page",
    group: str = "example.org",
    language: str = "en",
) -> Page:
    """Return a page with one block for each letter, numbered; a dot is a block nobody labelled."""
    labels = [UNKNOWN if letter == "." else LETTERS.index(letter) for letter in letters]
    return Page(
        corpus="made-up",
        name=name,
        group=group,
        page_type="article",
        language=language,
        texts=texts or [f"Block {number}, it says." for number in range(len(letters))],
        labels=np.array(labels, dtype=np.int8),
        content=np.full(len(labels), UNKNOWN, dtype=np.int8),
        gold=Gold(),
        features=None,
    )


def views(letters: str, texts: list[str] | None = None) -> list[View]:
    random = np.random.default_rng(1)
    return [roughened(extracted(page(letters, texts), random), random) for _ in range(TRIALS)]


def numbers(view: View) -> list[int]:
    """Return the blocks that a view's texts are made of."""
    return [int(number) for number in re.findall(r"\d+", " ".join(view.texts))]


def letters(view: View) -> str:
    """Return the label of each of those: blocks that were run into one have one label."""
    counts = [len(re.findall(r"\d+", text)) for text in view.texts]
    return "".join(LETTERS[label] for label in np.repeat(view.labels, counts))


def plain(text: str) -> str:
    """Return what is left of a text where capitals, punctuation and spaces are lost."""
    return re.sub(r"\W+", "", text).lower()


def test_the_whole_view_has_every_labelled_block_and_no_other() -> None:
    view = whole(page("N.EE.L"))

    assert letters(view) == "NEEL"
    assert numbers(view) == [0, 2, 3, 5]
    assert view.kind == "whole"


def test_a_view_stays_in_its_page_s_group() -> None:
    assert {view.group for view in [whole(page("EN")), *views("EN")]} == {"example.org"}


def test_extracted_views_keep_order_and_give_every_text_its_own_label() -> None:
    given = "NNMEEAEESSIREELLN"
    for view in views(given):
        places = numbers(view)
        assert places == sorted(places)
        assert letters(view) == "".join(given[place] for place in places)
        assert view.kind == "extracted"


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


LONG = (
    "Boats leave at nine. Is that early? Not for the birds! "
    + "The ferry waits for nobody, " * 5
    + "they say."
)
LINES = ["Boats leave at nine.", "Is that early?", "Not for the birds!", LONG[LONG.index("The ferry") :]]


def test_some_views_have_a_line_for_each_sentence_of_a_long_paragraph() -> None:
    found = views("EA", [LONG, "Sign up."])

    cut = [view for view in found if LINES[0] in view.texts]
    assert 0 < len(cut) < TRIALS / 5
    for view in cut:
        assert view.texts[:4] == LINES
        assert "".join(LETTERS[label] for label in view.labels).rstrip("A") == "EEEE"


def test_sentences_without_spaces_between_them_are_lines_too() -> None:
    sentences = ["小船早上七点离开。" * 10, "没有人等它！" * 20]
    found = views("E", ["".join(sentences)])

    longest = max(found, key=lambda view: len(view.texts))
    assert longest.texts == ["小船早上七点离开。"] * 10 + ["没有人等它！"] * 20


def test_no_view_cuts_a_short_paragraph() -> None:
    short = ("So it is. " * 16)[: SPLIT_LENGTH - 1].rstrip()

    assert {len(view.texts) for view in views("E", [short])} == {1}


def test_some_views_run_paragraphs_of_one_label_together_with_a_space_between() -> None:
    found = [view.texts for view in views("EE")]

    together = [texts for texts in found if len(texts) == 1]
    assert 0 < len(together) < TRIALS / 5
    assert ["Block 0, it says. Block 1, it says."] in together


def test_paragraphs_of_unlike_labels_are_never_run_together() -> None:
    for view in views("EAEAAEMMSE"):
        for text, label in zip(view.texts, view.labels, strict=True):
            blocks = [int(number) for number in re.findall(r"\d+", text)]
            assert {"EAEAAEMMSE"[number] for number in blocks} == {LETTERS[label]}


def test_no_view_is_cut_into_lines_and_run_together() -> None:
    lines = {plain(line) for line in LINES}
    wholes = {plain(LONG) * times for times in (1, 2, 3, 4)}

    for view in views("EEEE", [LONG, LONG, LONG, LONG]):
        assert {plain(text) for text in view.texts} <= lines | wholes


def test_whatever_becomes_of_a_text_its_words_stay_in_their_order() -> None:
    given = "".join(map(plain, [LONG, "Sign up.", LONG]))

    for view in views("AEA", [LONG, "Sign up.", LONG]):
        assert plain("".join(view.texts)) in given


# Documents in two languages and three folds; each text tells its document and its label.
CORPUS = {
    "one": ("en", 0, "NEEEAAEEEL"),
    "two": ("en", 0, "EEEESEEEE"),
    "three": ("en", 1, "EEEIEEEEM"),
    "four": ("de", 0, "EEERREEEE"),
    "five": ("de", 2, "EEEEEEEE"),
}
FOLD_OF = {f"seeds:{name}": fold for name, (_, fold, _) in CORPUS.items()}
TOLD = re.compile(r"([a-z]+) (\d+) ([a-z])\b")


def documents() -> list[View]:
    made = []
    for name, (language, _, codes) in CORPUS.items():
        texts = [f"{name} {number} {code.lower()}" for number, code in enumerate(codes)]
        made.append(whole(page(codes, texts, name=name, group=f"seeds:{name}", language=language)))
    return made


def spliced_views(given: list[View]) -> list[list[View]]:
    """Return what becomes of each document, often."""
    random = np.random.default_rng(1)
    lent = boxes(given, FOLD_OF)
    return [
        [roughened(spliced(view, lent, FOLD_OF, random), random) for _ in range(TRIALS)] for view in given
    ]


def told(texts: Iterable[str]) -> list[tuple[str, int, str]]:
    """Return the document, number and label that the texts of a view tell of themselves."""
    return [(name, int(number), code.upper()) for text in texts for name, number, code in TOLD.findall(text)]


def test_splicing_makes_one_document_of_each_and_leaves_those_as_they_were() -> None:
    given = documents()
    before = [(list(view.texts), view.labels.tolist()) for view in given]

    for view, made in zip(given, spliced_views(given), strict=True):
        assert {(one.name, one.group, one.language, one.kind) for one in made} == {
            (view.name, view.group, view.language, "spliced")
        }
    assert [(view.texts, view.labels.tolist()) for view in given] == before


def test_spliced_texts_keep_their_labels() -> None:
    for made in spliced_views(documents()):
        for view in made:
            assert len(view.texts) == len(view.labels)
            for text, label in zip(view.texts, view.labels, strict=True):
                assert {code for _, _, code in told([text])} == {LETTERS[label]}


def test_boxes_come_from_documents_of_the_same_language_and_fold_and_from_no_others() -> None:
    found = {
        view.name: {name for one in made for name, _, _ in told(one.texts)}
        for view, made in zip(documents(), spliced_views(documents()), strict=True)
    }

    assert found == {
        "one": {"one", "two"},
        "two": {"one", "two"},
        "three": {"three"},
        "four": {"four"},
        "five": {"five"},
    }


def test_what_comes_from_another_document_is_a_whole_run_of_chaff() -> None:
    runs = {("one", (0,)), ("one", (4, 5)), ("one", (9,))}
    seen = set()

    for view in spliced_views(documents())[1]:
        others = [(number, code) for name, number, code in told(view.texts) if name == "one"]
        assert all(code != "E" for _, code in others)
        seen.add(("one", tuple(number for number, _ in others)))

    assert runs <= seen


def test_splicing_loses_no_editorial_paragraph_and_keeps_their_order() -> None:
    for view, made in zip(documents(), spliced_views(documents()), strict=True):
        editorial = [place for place, code in enumerate(CORPUS[view.name][2]) if code == "E"]
        kept = [
            [number for name, number, code in told(one.texts) if name == view.name and code == "E"]
            for one in made
        ]
        # A headline may be lost, as in any text.
        assert all(numbers in (editorial, editorial[1:]) for numbers in kept)
        assert kept.count(editorial) > TRIALS / 2


def test_some_chaff_is_left_out_some_exchanged_and_most_stays() -> None:
    found = [told(view.texts) for view in spliced_views(documents())[1]]

    own = sum(("two", 4, "S") in texts for texts in found)
    without = sum(all(code == "E" for _, _, code in texts) for texts in found)
    exchanged = sum(
        ("two", 4, "S") not in texts and any(name == "one" for name, _, _ in texts) for texts in found
    )
    assert own > TRIALS / 2
    assert 0 < without < TRIALS / 4
    assert 0 < exchanged < TRIALS / 4


def test_boxes_are_put_between_editorial_paragraphs_never_before_or_after_a_document() -> None:
    for view in spliced_views(documents())[1]:
        found = told(view.texts)
        assert found[-1] == ("two", 8, "E")
        # Where the headline is lost, what came after it is first.
        assert found[0] == ("two", 0, "E") or ("two", 0, "E") not in found


def test_a_long_run_of_chaff_is_no_box() -> None:
    def made(length: int) -> list[View]:
        codes = {"one": "E" + "A" * length + "E", "two": "EEEE"}
        given = [
            whole(page(some, [f"{name} {n} {c.lower()}" for n, c in enumerate(some)], group=f"seeds:{name}"))
            for name, some in codes.items()
        ]
        return spliced_views(given)[1]

    def lends(length: int) -> bool:
        return any(name == "one" for view in made(length) for name, _, _ in told(view.texts))

    assert lends(LONGEST_BOX)
    assert not lends(LONGEST_BOX + 1)


def test_cleaning_leaves_the_editorial_paragraphs_in_their_order_and_nothing_else() -> None:
    view = whole(page("NEAESSE"))

    assert cleaned(view).texts == [view.texts[place] for place in (1, 3, 6)]
    assert letters(cleaned(view)) == "EEE"


def test_what_is_nothing_but_chaff_cannot_be_cleaned() -> None:
    view = whole(page("NAS"))

    assert cleaned(view).texts == view.texts


def test_documents_without_chaff_stay_as_they_are_but_for_what_careless_tools_leave() -> None:
    for view in spliced_views(documents())[4]:
        numbers = [number for _, number, _ in told(view.texts)]
        assert numbers in (list(range(8)), list(range(1, 8)))


def test_the_same_seed_splices_alike() -> None:
    one, other = ([view.texts for views in spliced_views(documents()) for view in views] for _ in "12")

    assert one == other
