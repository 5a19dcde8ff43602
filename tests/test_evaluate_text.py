"""How the text model's thresholds are chosen and figures counted; where an extractor's lines come from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from chaffinch.classifier import Thresholds
from chaffinch.labels import CLEANING, CODES
from training.corpora import Gold
from training.dataset import UNKNOWN, Page
from training.evaluate_text import MOST_LOST, MOST_LOST_CLEAN, choose_text_thresholds, text_figures
from training.extractors import origins, views_of
from training.folds import FOLDS, WHOLE_LANGUAGES, assign_languages
from training.seeds import Seed
from training.sequence import SequenceNetwork
from training.text_fit import TextFit, TextParts
from training.views import Kind, View

LETTERS = tuple(CODES)
# What the model says of a paragraph: a label, and how much likelier than all others together.
Said = tuple[str, float]


def document(number: int, letters: str, language: str = "en", kind: Kind = "whole") -> View:
    labels = np.array([LETTERS.index(letter) for letter in letters], dtype=np.int8)
    texts = [f"Paragraph {place:04d}" for place in range(len(letters))]
    name = f"{language}/{number}"
    return View("seeds", name, f"seeds:{name}", language, texts, labels, kind)


def seed(view: View, residue: str = "newsletter", tone: str = "overt") -> Seed:
    header = {"language": view.language, "residue": residue, "tone": tone}
    return Seed(view.name, header, tuple(view.texts), tuple(LETTERS[label] for label in view.labels))


def fitted(views: list[View], said: list[list[Said]], folds: list[int] | None = None) -> TextFit:
    """Return a fit whose held-out models say of every paragraph what is given."""
    raw = np.zeros((sum(len(view.texts) for view in views), len(LETTERS)), dtype=np.float32)
    for row, (letter, odds) in zip(raw, (each for some in said for each in some), strict=True):
        row[LETTERS.index(letter)] = np.log(odds * (len(LETTERS) - 1))
    network = SequenceNetwork([{"out_bias": np.zeros(len(LETTERS), dtype=np.float32)}])
    reading: Any = None
    return TextFit(TextParts(reading, network), views, folds or [0] * len(views), raw)


def test_a_whole_language_lies_in_one_fold_and_english_in_all() -> None:
    documents = [
        (f"seeds:{name}/{number}", name) for name in ("en", *WHOLE_LANGUAGES) for number in range(50)
    ]

    fold_of = assign_languages([f"site{number}.org" for number in range(20)], documents)

    folds = {name: {fold_of[group] for group, own in documents if own == name} for _, name in documents}
    assert folds["en"] == set(range(FOLDS))
    assert all(len(folds[name]) == 1 for name in WHOLE_LANGUAGES)
    assert set.union(*(folds[name] for name in WHOLE_LANGUAGES)) == set(range(FOLDS))


def test_the_more_careful_a_cleaning_is_the_less_it_loses_and_never_more_than_its_share() -> None:
    # Editorial paragraphs of which the model is ever less sure, and adverts of which it is.
    odds = 50 * np.linspace(0.03, 1, 300) ** 2
    views = [document(0, "E" * 300 + "A" * 100)]
    said = [
        [("E", value) for value in odds]
        + [("A", 20.0)] * 60
        + [("E", value) for value in np.linspace(0.04, 0.2, 40)]
    ]
    fit = fitted(views, [list(said[0])])

    points = choose_text_thresholds(fit, [seed(views[0])])
    figures = text_figures(fit, points, [seed(views[0])], "balanced")

    lost = [figures["cleaning"][way]["seeds"]["editorial_lost"] for way in CLEANING]
    left = [figures["cleaning"][way]["seeds"]["residue_left"] for way in CLEANING]
    assert lost == sorted(lost)
    assert lost[0] < lost[-1]
    assert left == sorted(left, reverse=True)
    assert all(share <= MOST_LOST[way] for share, way in zip(lost, CLEANING, strict=True))


def test_documents_without_residue_are_spared_though_others_are_cleaned() -> None:
    doubtful: list[Said] = [("A", 1.2), ("E", 20.0)]
    views = [document(number, "EE") for number in range(20)]
    views += [document(number, "EAAE") for number in range(20, 60)]
    said = [doubtful] * 20 + [[("E", 20.0), ("A", 30.0), ("A", 1.2), ("E", 20.0)]] * 40
    fit = fitted(views, said)
    seeds = [seed(view) for view in views]

    points = choose_text_thresholds(fit, seeds)
    figures = text_figures(fit, points, seeds, "balanced")["cleaning"]["balanced"]

    assert points["balanced"].few > 0
    assert figures["without_residue_lost"] <= MOST_LOST_CLEAN["balanced"]
    assert figures["seeds"]["residue_left"] == 0


def test_thresholds_are_not_chosen_by_the_fifth_that_is_held_back() -> None:
    views = [document(0, "EEAA"), document(1, "EEAA")]
    said: list[list[Said]] = [[("E", 9.0), ("E", 9.0), ("A", 9.0), ("A", 9.0)]] * 2
    other: list[list[Said]] = [said[0], [("A", 9.0), ("A", 9.0), ("E", 9.0), ("E", 9.0)]]
    seeds = [seed(view) for view in views]

    chosen = [choose_text_thresholds(fitted(views, each, [0, FOLDS - 1]), seeds) for each in (said, other)]

    assert chosen[0] == chosen[1]


def test_figures_are_of_the_documents_that_their_row_names_and_of_no_spliced_one() -> None:
    views = [
        document(0, "EA"),
        document(1, "EAM", "fi"),
        document(2, "EAAAA", kind="spliced"),
        document(3, "EAAE"),
    ]
    said: list[list[Said]] = [[(LETTERS[label], 9.0) for label in view.labels] for view in views]
    seeds = [
        seed(views[0], "webinar, event", "subtle"),
        seed(views[1], "event"),
        seed(views[3], "event", "covert"),
    ]

    figures = text_figures(
        fitted(views, said), dict.fromkeys(CLEANING, Thresholds(0.5, 0.5)), seeds, "balanced"
    )

    assert figures["seeds"]["blocks"] == 9
    assert (figures["seeds_open"]["blocks"], figures["seeds_covert"]["blocks"]) == (2, 4)
    assert figures["seeds_language_left_out"]["blocks"] == figures["languages"]["fi"]["blocks"] == 3
    assert {name: one["blocks"] for name, one in figures["residue"].items()} == {"event": 9, "webinar": 2}
    tones = {name: one["blocks"] for name, one in figures["tone"].items()}
    assert tones == {"covert": 4, "overt": 3, "subtle": 2}


def test_of_an_extractors_text_it_counts_what_chaff_is_taken_out_and_what_else_goes_with_it() -> None:
    letters = "EECASRM"
    gold = np.array([True, False, False, False, False, False, True])
    view = replace(document(0, letters, kind="real"), corpus="fundus", extractor="trafilatura", gold=gold)
    unknown = replace(view, texts=["Unknown"], labels=np.array([UNKNOWN]), gold=np.array([False]))
    said: list[list[Said]] = [[(letter, 9.0) for letter in "EACAERM"], [("A", 9.0)]]

    fit = fitted([view, unknown], said)
    figures = text_figures(fit, dict.fromkeys(CLEANING, Thresholds(0.5, 0.5)), [], "balanced")

    assert figures["extractors"] == {
        "trafilatura, fundus": {
            "lines": 8,
            "chaff": 4,
            "chaff_taken_out": 0.75,
            "leaks": 3,
            "leaks_taken_out": 0.6667,
            "promotional": 2,
            "promotional_taken_out": 0.5,
            "editorial_lost": 0.5,
            "gold_lost": 0.5,
        }
    }


def test_where_a_corpus_does_not_say_what_is_gold_no_share_of_it_is_lost() -> None:
    gold = np.array([False, False])
    view = replace(document(0, "EA", kind="real"), corpus="made-up", extractor="trafilatura", gold=gold)

    fit = fitted([view], [[("A", 9.0), ("A", 9.0)]])
    figures = text_figures(fit, dict.fromkeys(CLEANING, Thresholds(0.5, 0.5)), [], "balanced")

    assert figures["extractors"]["trafilatura, made-up"]["gold_lost"] == ""
    assert figures["extractors"]["trafilatura, made-up"]["leaks_taken_out"] == ""


def test_without_seed_documents_the_thresholds_are_even() -> None:
    page = replace(document(0, "EA"), corpus="wcxb")

    points = choose_text_thresholds(fitted([page], [[("E", 9.0), ("A", 9.0)]]), [])

    assert set(points.values()) == {Thresholds(0.5, 0.5)}


@pytest.fixture
def page() -> Page:
    texts = ["The ferry was late again on Monday", "Subscribe to our letter", "More on the ferry", "Menu"]
    return Page(
        corpus="made-up",
        name="page",
        group="example.org",
        page_type="article",
        language="en",
        texts=texts,
        labels=np.array([0, LETTERS.index("S"), LETTERS.index("R"), UNKNOWN], dtype=np.int8),
        content=np.full(len(texts), UNKNOWN, dtype=np.int8),
        gold=Gold(),
        features=None,
    )


@pytest.mark.parametrize(
    ("line", "letter"),
    [
        ("The ferry was late again on Monday", "E"),
        ("- Subscribe to our letter!", "S"),
        ("more on the FERRY", "R"),
        ("The ferry was late", "E"),
        ("Nothing of the kind", None),
        ("Menu", None),
        ("!", None),
    ],
)
def test_a_line_takes_the_label_of_the_block_it_comes_from(page: Page, line: str, letter: str | None) -> None:
    expected = UNKNOWN if letter is None else LETTERS.index(letter)

    assert origins(page, [line]).tolist() == [expected]


def test_extractors_give_lines_with_the_labels_of_their_blocks_and_tell_which_are_gold() -> None:
    texts = [
        "The ferry was late again on Monday, and nobody on the quay knew when it would leave again.",
        "Subscribe to our letter, and read on Friday what the week has brought to the islands.",
        "On Tuesday it left at noon, with twice as many people as it has seats, and came back after dark.",
    ]
    made = replace(document(0, "ESE"), corpus="made-up", name="page", group="example.org", texts=texts)
    page = Page(
        corpus=made.corpus,
        name=made.name,
        group=made.group,
        page_type="article",
        language="en",
        texts=texts,
        labels=made.labels,
        content=np.full(len(texts), UNKNOWN, dtype=np.int8),
        gold=Gold(text="\n".join([texts[0], texts[2]])),
        features=None,
    )
    paragraphs = "".join(f"<p>{text}</p>" for text in texts)
    html = f"<html><head><title>Ferry</title></head><body><article>{paragraphs}</article></body></html>"

    views = views_of(page, html.encode())

    assert {view.extractor for view in views} == {"trafilatura", "Resiliparse"}
    for view in views:
        found = dict(zip(view.texts, zip(view.labels.tolist(), view.gold.tolist(), strict=True), strict=True))
        editorial, subscribe = LETTERS.index("E"), LETTERS.index("S")
        assert {text: found.get(text) for text in texts} == {
            texts[0]: (editorial, True),
            texts[1]: (subscribe, False),
            texts[2]: (editorial, True),
        }
        assert (view.kind, view.group, view.language) == ("real", "example.org", "en")


def test_an_extractor_that_leaves_nothing_gives_no_view(page: Page) -> None:
    assert views_of(page, b"") == []
