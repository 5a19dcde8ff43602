"""The measures of the evaluation, on examples small enough to reckon by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from chaffinch.classifier import Thresholds, decide, decide_document, decide_page
from chaffinch.labels import LABELS
from training.metrics import (
    calibration_errors,
    confusion,
    label_scores,
    snippet_scores,
    text_scores,
    word_counts,
    word_f1,
)

EDITORIAL, COMMENT, METADATA, ADVERT, SUBSCRIBE = range(5)


def test_words_are_counted_without_case_and_punctuation() -> None:
    assert word_counts("The quay, the QUAY!") == {"the": 2, "quay": 2}


@pytest.mark.parametrize(
    ("found", "gold", "expected"),
    [
        ("one two", "one two", 1.0),
        ("one two", "one two three four", 2 * 2 / (2 + 4)),
        ("one one one", "one", 2 * 1 / (3 + 1)),
        ("one", "two", 0.0),
        ("", "", 1.0),
        ("", "one", 0.0),
        ("one", "", 0.0),
    ],
)
def test_word_f1_shares_words_as_often_as_both_have_them(found: str, gold: str, expected: float) -> None:
    assert word_f1(word_counts(found), word_counts(gold)) == pytest.approx(expected)


def test_label_f1_is_that_of_each_label_and_macro_their_mean() -> None:
    truth = np.array([EDITORIAL, EDITORIAL, ADVERT, ADVERT])
    chosen = np.array([EDITORIAL, ADVERT, ADVERT, ADVERT])

    scores = label_scores(truth, chosen)

    assert scores["blocks"] == 4
    assert scores["label_f1"]["editorial"] == pytest.approx(2 / 3, abs=1e-4)
    assert scores["label_f1"]["advert"] == pytest.approx(4 / 5)
    assert scores["label_f1"]["navigation"] == 0
    assert scores["label_macro_f1"] == pytest.approx((2 / 3 + 4 / 5) / len(LABELS), abs=1e-4)


def test_a_label_confused_within_its_class_costs_the_class_nothing() -> None:
    truth = np.array([EDITORIAL, COMMENT, ADVERT, SUBSCRIBE, METADATA])
    chosen = np.array([COMMENT, EDITORIAL, SUBSCRIBE, ADVERT, METADATA])

    scores = label_scores(truth, chosen)

    assert scores["class_f1"] == {"editorial": 1.0, "promotional": 1.0, "boilerplate": 1.0}
    assert scores["class_macro_f1"] == 1.0
    assert scores["label_f1"]["editorial"] == 0


def test_calibration_error_is_how_far_the_given_probability_is_from_the_share() -> None:
    rows = np.zeros((10, len(LABELS)))
    rows[:, EDITORIAL], rows[:, METADATA] = 0.8, 0.2
    truth = np.array([EDITORIAL] * 5 + [METADATA] * 5)

    errors = calibration_errors(truth, rows)

    assert errors == pytest.approx({"editorial": 0.3, "promotional": 0.0, "boilerplate": 0.3})


def test_calibration_error_vanishes_where_probabilities_hold() -> None:
    rows = np.zeros((10, len(LABELS)))
    rows[:, ADVERT], rows[:, METADATA] = 0.3, 0.7
    truth = np.array([ADVERT] * 3 + [METADATA] * 7)

    assert max(calibration_errors(truth, rows).values()) == pytest.approx(0)


def test_certainty_falls_into_the_last_bin() -> None:
    rows = np.zeros((2, len(LABELS)))
    rows[:, EDITORIAL] = 1.0

    assert calibration_errors(np.array([EDITORIAL, ADVERT]), rows)["editorial"] == 0.5


def test_confusion_counts_given_labels_in_rows_and_chosen_in_columns() -> None:
    table = confusion(np.array([EDITORIAL, EDITORIAL, ADVERT]), np.array([EDITORIAL, ADVERT, ADVERT]))

    assert table[EDITORIAL][EDITORIAL] == table[EDITORIAL][ADVERT] == table[ADVERT][ADVERT] == 1
    assert sum(map(sum, table)) == 3
    assert len(table) == len(LABELS)


def test_text_scores_weigh_blocks_by_their_characters() -> None:
    truth = np.array([EDITORIAL, EDITORIAL, ADVERT, COMMENT])
    chosen = np.array([EDITORIAL, ADVERT, EDITORIAL, METADATA])

    scores = text_scores(truth, chosen, np.array([30, 10, 5, 15]))

    assert scores == {"editorial_lost": 10 / 40, "residue_left": 5 / 20}


def test_snippet_scores_count_what_is_there_and_what_should_not_be() -> None:
    texts = ["quay and boats", "menu"]

    scores = snippet_scores(texts, [("quay", "ferry"), ("boats",)], [("menu",), ("menu",)])

    # One of three wanted snippets is found, and one unwanted.
    assert scores == {"precision": 0.5, "recall": pytest.approx(1 / 3, abs=1e-4), "f1": 0.4}


def test_no_snippets_score_nothing_and_do_not_fail() -> None:
    assert snippet_scores([], [], []) == {"precision": 0.0, "recall": 0.0, "f1": 0.0}


def _rows(*given: dict[int, float]) -> NDArray[np.float32]:
    rows = np.zeros((len(given), len(LABELS)), dtype=np.float32)
    for row, probabilities in zip(rows, given, strict=True):
        for label, probability in probabilities.items():
            row[label] = probability
    return rows


def test_a_block_is_editorial_from_the_threshold_on_even_where_another_label_is_likelier() -> None:
    rows = _rows(*({EDITORIAL: p, METADATA: 0.55, ADVERT: 0.1} for p in (0.2, 0.25, 0.3)))

    assert decide(rows, Thresholds(0.25, 0.5)).tolist() == [METADATA, EDITORIAL, EDITORIAL]


def test_a_block_is_promotional_where_both_such_labels_together_reach_the_threshold() -> None:
    rows = _rows({ADVERT: 0.2, SUBSCRIBE: 0.25, METADATA: 0.5}, {ADVERT: 0.2, METADATA: 0.5})

    assert decide(rows, Thresholds(0.5, 0.4)).tolist() == [SUBSCRIBE, METADATA]


def test_where_both_thresholds_are_reached_the_one_further_beyond_its_own_decides() -> None:
    rows = _rows({EDITORIAL: 0.5, ADVERT: 0.4}, {EDITORIAL: 0.4, ADVERT: 0.5})

    assert decide(rows, Thresholds(0.4, 0.4)).tolist() == [EDITORIAL, ADVERT]
    assert decide(rows, Thresholds(0.4, 0.2)).tolist() == [ADVERT, ADVERT]


def test_below_both_thresholds_the_likeliest_other_label_is_chosen() -> None:
    rows = _rows({EDITORIAL: 0.6, SUBSCRIBE: 0.3, METADATA: 0.07, COMMENT: 0.03})

    assert decide(rows, Thresholds(0.65, 0.35)).tolist() == [METADATA]


ARTICLE = [{EDITORIAL: 0.99}] * 5


def test_an_article_of_which_few_blocks_are_probably_chaff_is_hardly_touched() -> None:
    rows = _rows({EDITORIAL: 0.4, ADVERT: 0.6}, {METADATA: 0.97, EDITORIAL: 0.03}, *ARTICLE)

    assert decide_document(rows, Thresholds(0.5, 0.5)).tolist()[:2] == [ADVERT, METADATA]
    assert decide_document(rows, Thresholds(0.5, 0.5, few=2)).tolist()[:2] == [EDITORIAL, METADATA]


def test_what_such_an_article_loses_is_what_is_hardly_editorial_at_all() -> None:
    rows = _rows({EDITORIAL: 0.1, ADVERT: 0.75, METADATA: 0.15}, *ARTICLE)
    mild, bold = (Thresholds(0.5, 0.5, few=2, spared=spared) for spared in (0.09, 0.11))

    assert decide_document(rows, mild)[0] == EDITORIAL
    assert decide_document(rows, bold)[0] != EDITORIAL


def test_a_run_of_chaff_lets_the_rest_be_judged_as_ever() -> None:
    run = [{SUBSCRIBE: 0.9, EDITORIAL: 0.1}] * 2
    rows = _rows({EDITORIAL: 0.4, ADVERT: 0.6}, *run, *ARTICLE)

    assert decide_document(rows, Thresholds(0.5, 0.5, few=2)).tolist()[:2] == [ADVERT, SUBSCRIBE]


def test_doubts_about_many_blocks_do_not_add_up_to_chaff() -> None:
    rows = _rows(*[{EDITORIAL: 0.6, ADVERT: 0.4}] * 9, {EDITORIAL: 0.4, ADVERT: 0.6})

    assert decide_document(rows, Thresholds(0.5, 0.5, few=2))[-1] == EDITORIAL


def test_a_pitch_that_stands_alone_is_no_article_to_be_spared() -> None:
    rows = _rows({EDITORIAL: 0.3, ADVERT: 0.7})

    assert decide_document(rows, Thresholds(0.5, 0.5, few=2)).tolist() == [ADVERT]


def test_no_blocks_are_decided_without_complaint() -> None:
    assert decide_document(_rows().reshape(0, len(LABELS)), Thresholds(0.5, 0.5, few=2)).tolist() == []


def _decided(*given: dict[int, float], main: float, alone: float = 0.9) -> list[int]:
    thresholds = Thresholds(0.5, 0.4, main=0.6, alone=alone)
    return [*map(int, decide_page(_rows(*given), np.full(len(given), main, dtype=np.float32), thresholds))]


def test_what_is_likely_main_content_is_editorial_with_little() -> None:
    given = {EDITORIAL: 0.06, METADATA: 0.94}, {EDITORIAL: 0.04, METADATA: 0.96}

    assert _decided(*given, main=0.6) == [EDITORIAL, METADATA]


def test_what_is_not_must_be_surely_editorial() -> None:
    given = {EDITORIAL: 0.92, METADATA: 0.08}, {EDITORIAL: 0.88, METADATA: 0.05, COMMENT: 0.07}

    assert _decided(*given, main=0.5) == [EDITORIAL, COMMENT]
    assert _decided(*given, main=0.5, alone=0.0) == [EDITORIAL, EDITORIAL]


def test_what_is_promotional_is_so_wherever_it_stands() -> None:
    given = ({EDITORIAL: 0.45, ADVERT: 0.55},)

    assert _decided(*given, main=0.99) == _decided(*given, main=0.01) == [ADVERT]
