"""How the readers' labels find the blocks of our segmenter, however the two were cut."""

from __future__ import annotations

import json
import os
import random
import re
from pathlib import Path

import pytest

from training import corpora
from training.annotations import (
    FOLDER,
    AnnotatedBlock,
    Annotation,
    JoinReport,
    annotations_digest,
    digest,
    join,
    join_counted,
    load,
    squeeze,
)

# Pages of each corpus to try, and the share of blocks of each side that must be joined.
SAMPLE = 20
MIN_JOINED = 0.9

MENU, HEAD, FIRST, SECOND = "Home | News", "On finches", "Finches eat seeds.", "They live in trees."


def _read(*blocks: tuple[str, str]) -> Annotation:
    """Return the annotation of a page whose blocks had these texts and labels."""
    return Annotation("page", "", None, tuple(_block(text, label) for text, label in blocks))


def _block(text: str, label: str) -> AnnotatedBlock:
    squeezed = squeeze(text)
    return AnnotatedBlock(digest(squeezed), len(squeezed), label)


def test_squeezing_removes_white_space_and_what_no_reader_sees() -> None:
    assert squeeze(" On\u00a0\tfin\u00adches\u200b\r\n\ufeff\u2028\u3000now\x00 ") == "Onfinchesnow"


def test_squeezing_keeps_letters_marks_and_symbols() -> None:
    assert squeeze("Flöße 雀 e\u0301 🐦 €5") == "Flöße雀e\u0301🐦€5"


def test_the_digest_is_the_one_of_the_annotations() -> None:
    assert digest("HOME") == "7e18d07b"


def test_the_same_blocks_get_their_labels_whatever_their_white_space() -> None:
    page = _read((MENU, "N"), (HEAD, "E"), (FIRST, "E"), (SECOND, "A"))

    assert join(page, ["Home|News", " On  finches", FIRST, SECOND]) == ["N", "E", "E", "A"]


def test_blocks_that_we_split_share_the_label() -> None:
    page = _read((MENU, "N"), (f"{FIRST} {SECOND}", "E"))

    assert join(page, ["Home |", "News", FIRST, SECOND]) == ["N", "N", "E", "E"]


def test_a_block_that_we_merged_gets_the_label_of_most_of_its_characters() -> None:
    page = _read((MENU, "N"), (HEAD, "E"), (FIRST, "E"), (SECOND, "A"))

    assert join(page, [f"{MENU} {HEAD} {FIRST}", SECOND]) == ["E", "A"]


def test_boundaries_that_cross_are_joined_by_their_characters() -> None:
    page = _read((MENU, "N"), (f"{HEAD} Finches", "E"), ("eat seeds.", "E"), (SECOND, "A"))

    assert join(page, [MENU, HEAD, FIRST, SECOND]) == ["N", "E", "E", "A"]


def test_a_block_that_only_we_have_has_no_label() -> None:
    page = _read((MENU, "N"), (FIRST, "E"))

    assert join(page, [MENU, "Shown by a script", FIRST, "And more"]) == ["N", None, "E", None]


def test_a_block_that_only_the_reader_had_is_counted_and_disturbs_none() -> None:
    page = _read((MENU, "N"), ("A hidden dialogue", "I"), (HEAD, "E"), (FIRST, "E"))

    labels, report = join_counted(page, [MENU, HEAD, FIRST])

    assert labels == ["N", "E", "E"]
    assert report == JoinReport(annotated=4, joined=3, labelled=3, unlabelled=0)


def test_a_missing_block_does_not_run_ahead_to_a_later_one_of_the_same_text() -> None:
    page = _read(("Share", "I"), (HEAD, "E"), (FIRST, "E"), (SECOND, "E"), ("Share", "N"))

    assert join(page, [HEAD, FIRST, SECOND, "Share"]) == ["E", "E", "E", "N"]


def test_text_inside_a_longer_block_of_ours_is_found_and_too_little_of_it_is_no_label() -> None:
    page = _read((FIRST, "E"), (SECOND, "E"))
    before, after = "Some words before. ", " Many, many, many, many, many more words after it."

    assert join(page, [before + FIRST, SECOND + after]) == ["E", None]


def test_empty_blocks_on_either_side_are_passed_over() -> None:
    page = _read((MENU, "N"), ("\u200b", "I"), (FIRST, "E"))

    labels, report = join_counted(page, ["", MENU, " ", FIRST, ""])

    assert labels == [None, "N", None, "E", None]
    assert (report.annotated, report.joined) == (2, 2)


@pytest.mark.parametrize("texts", [[], [""], ["Quite another page."]])
def test_a_page_that_shares_nothing_gets_no_label(texts: list[str]) -> None:
    labels, report = join_counted(_read((MENU, "N"), (FIRST, "E")), texts)

    assert labels == [None] * len(texts)
    assert report.joined == 0


@pytest.mark.parametrize("seed", range(20))
def test_wherever_we_cut_every_block_inside_an_annotated_one_gets_its_label(seed: int) -> None:
    chance = random.Random(seed)
    blocks = [(_sentence(chance, number), chance.choice("ENRA")) for number in range(30)]
    truth = "".join(label * len(squeeze(text)) for text, label in blocks)
    stream = "".join(squeeze(text) for text, _ in blocks)
    cuts = sorted(chance.sample(range(1, len(stream)), 60))
    spans = list(zip([0, *cuts], [*cuts, len(stream)], strict=True))

    labels = join(_read(*blocks), [stream[start:end] for start, end in spans])

    assert None not in labels
    for label, (start, end) in zip(labels, spans, strict=True):
        assert str(label) in truth[start:end]


def _sentence(chance: random.Random, number: int) -> str:
    words = chance.choices(["finch", "seed", "tree", "nest", "egg", "song", "wing"], k=6)
    return f"{number} {' '.join(words)}."


def test_reports_add_up() -> None:
    total = JoinReport(4, 3, 3, 1) + JoinReport(10, 10, 9, 2)

    assert total == JoinReport(annotated=14, joined=13, labelled=12, unlabelled=3)


@pytest.mark.parametrize(
    "path", sorted(FOLDER.rglob("*.jsonl")), ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_the_annotations_hold_digests_and_labels_and_no_text(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        assert set(entry) <= {"page", "url", "type", "blocks"}
        for value, length, label, *doubted in entry["blocks"]:
            assert re.fullmatch("[0-9a-f]{8}" if length else "", value)
            assert label in set("ECMASRNLI")
            assert doubted in ([], [True])


@pytest.mark.parametrize("corpus", corpora.NAMES)
def test_every_annotated_page_is_a_pinned_page_of_its_corpus(corpus: str) -> None:
    pins = json.loads((corpora.PINS / f"{corpus}.json").read_text(encoding="utf-8"))
    pages = [annotation.page for annotation in load(corpus)]

    assert pages
    assert set(pages) <= set(pins)
    assert len(set(pages)) == len(pages)


def test_pages_that_were_chosen_to_be_read_come_after_the_others_and_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.annotations.FOLDER", tmp_path)
    _write(tmp_path / "birds.jsonl", "finch")
    alone = annotations_digest("birds")
    _write(tmp_path / "birds-chosen.jsonl", "wren")

    assert [(one.page, one.chosen) for one in load("birds")] == [("finch", False), ("wren", True)]
    assert annotations_digest("birds") != alone


def _write(path: Path, page: str) -> None:
    path.write_text(json.dumps({"page": page, "url": "", "blocks": [["7e18d07b", 4, "N"]]}), encoding="utf-8")


@pytest.mark.parametrize("corpus", corpora.NAMES)
def test_nearly_all_labels_find_the_blocks_of_our_segmenter(corpus: str) -> None:
    if not os.environ.get("CHAFFINCH_CORPORA"):
        pytest.skip("CHAFFINCH_CORPORA names no folder with the real corpora")
    blocks = pytest.importorskip("chaffinch.blocks")
    pages = {page.page: page for page in corpora.load(corpus)}
    report = JoinReport()

    annotations = load(corpus)
    for annotation in annotations[:: max(1, len(annotations) // SAMPLE)]:
        texts = [block.text for block in blocks.segment(pages[annotation.page].read()).blocks]
        report += join_counted(annotation, texts)[1]

    assert report.joined >= MIN_JOINED * report.annotated
    assert report.labelled >= MIN_JOINED * (report.labelled + report.unlabelled)
