"""What the model in `model/` must do, and what it must say of itself."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable
from html import escape
from typing import Any, Final

import pytest
from bs4 import BeautifulSoup

from chaffinch import LABELS, Block, Cleaner
from chaffinch.classifier import GRAPHS, model_dir
from training import seeds

MODEL: Final = model_dir()
pytestmark = pytest.mark.skipif(
    not (MODEL / "model.json").exists(), reason="there is no model/model.json yet: make train"
)

# Bytes of everything in model/ together, compressed: the wheel, which holds little else, stays below this.
SIZE_LIMIT: Final = 15_000_000
# Bytes of the text model, which other runtimes load by itself.
TEXT_LIMIT: Final = 12_000_000
# Between machines, float32 sums differ in their last digits.
SAME_PROBABILITY: Final = 1e-4

RAW: Final = (seeds.FOLDER / "eu-japan-semiconductors.txt").read_text(encoding="utf-8")
ARTICLE: Final = seeds.read(seeds.FOLDER / "en" / "eu-japan-semiconductors.txt")
PAIRS: Final = list(zip(ARTICLE.codes, ARTICLE.paragraphs, strict=True))
EDITORIAL: Final = [text for code, text in PAIRS if code == "E"]
BOX: Final = [text for code, text in PAIRS if code != "E"]

EXTRACTED = """Harbour town votes for the longer quay
By Ida Brandt, 3 September
The council decided on Monday to lengthen the quay by ninety metres, against the votes of the fishers.
Every Thursday we write down what the week brought to the coast. Leave us your address.
Your e-mail address
Thank you, we have sent you a message.
Boats from the islands have had to wait outside for years, and on windy days they turn back.
Read more: what the ferry costs from spring
Work begins in March and should be over before the summer guests arrive."""
GERMAN = """Rat beschließt längeren Kai
Der Rat hat am Montag beschlossen, den Kai um neunzig Meter zu verlängern.
Jetzt den kostenlosen Newsletter abonnieren und keine Nachricht von der Küste verpassen!
Die Arbeiten beginnen im März und sollen vor dem Sommer enden, sagte die Hafenmeisterin.
© Küstenblatt. Alle Rechte vorbehalten."""


@pytest.fixture(scope="module")
def cleaner() -> Cleaner:
    return Cleaner()


def bare_html() -> str:
    paragraphs = "\n".join(f"<p>{escape(text)}</p>" for _, text in PAIRS)
    return f"<html><body>{paragraphs}</body></html>"


SOURCES: Final[dict[str, Any]] = {
    "as it is": RAW,
    "bytes": RAW.encode(),
    "bytes with a byte order mark": b"\xef\xbb\xbf" + RAW.encode(),
    "Windows line ends": RAW.replace("\n", "\r\n"),
    "Windows line ends in bytes": RAW.replace("\n", "\r\n").encode(),
    "a line each": "\n".join(ARTICLE.paragraphs),
    "blank lines between": "\n\n".join(ARTICLE.paragraphs),
    "bare HTML": bare_html(),
    "bare HTML in bytes": bare_html().encode(),
    "bare soup": BeautifulSoup(bare_html(), "html.parser"),
}


def test_the_article_has_ten_editorial_paragraphs_and_nine_lines_of_box() -> None:
    assert (len(EDITORIAL), len(BOX)) == (10, 9)


@pytest.mark.parametrize("form", SOURCES)
def test_the_seed_article_comes_out_without_its_box(cleaner: Cleaner, form: str) -> None:
    cleaned = cleaner.clean(SOURCES[form]).split("\n\n")

    assert cleaned == EDITORIAL
    assert not set(cleaned) & set(BOX)


def test_the_seed_article_is_scored_paragraph_by_paragraph(cleaner: Cleaner) -> None:
    blocks = cleaner.score(ARTICLE.paragraphs)

    assert [block.text for block in blocks if block.label == "editorial"] == EDITORIAL


def test_the_manifest_has_thresholds_figures_and_the_digests_of_all_it_was_made_from() -> None:
    manifest = json.loads((MODEL / "model.json").read_text(encoding="utf-8"))

    assert tuple(manifest["labels"]) == LABELS
    assert set(manifest["thresholds"]) == {"html", "text"}
    assert {"wcxb", "trafilatura", "fundus", "seeds"} <= set(manifest["sources"])
    assert {"annotated", "wcxb", "trafilatura", "fundus"} <= set(manifest["figures"]["page"])
    assert {"seeds", "extracted_views"} <= set(manifest["figures"]["text"])
    for name in GRAPHS:
        content = (MODEL / f"{name}.onnx").read_bytes()
        assert manifest["files"][f"{name}.onnx"]["sha256"] == hashlib.sha256(content).hexdigest()


def test_a_model_that_never_saw_the_seed_article_keeps_its_text_and_drops_its_box() -> None:
    figures = json.loads((MODEL / "model.json").read_text(encoding="utf-8"))["figures"]["text"]

    assert figures["seed_article_left_out"]["editorial_lost"] == 0
    assert figures["seed_article_left_out"]["residue_left"] == 0


def test_the_figures_do_not_fall_below_those_of_the_first_model() -> None:
    figures = json.loads((MODEL / "model.json").read_text(encoding="utf-8"))["figures"]

    assert figures["page"]["wcxb"]["word_f1"]["all"] >= 0.874
    assert figures["page"]["annotated"]["class_macro_f1"] >= 0.84
    assert figures["page"]["annotated"]["class_f1"]["promotional"] >= 0.645
    assert figures["text"]["seeds_language_seen"]["class_macro_f1"] >= 0.85
    assert figures["text"]["seeds_language_left_out"]["class_macro_f1"] >= 0.7
    assert figures["text"]["seeds_held_back"]["class_macro_f1"] >= 0.85
    assert figures["text"]["seeds_language_seen"]["class_f1"]["promotional"] >= 0.8
    assert figures["text"]["seeds_open"]["residue_left"] <= 0.165
    left_by_trafilatura = figures["text"]["extractors"]["trafilatura, fundus"]
    assert left_by_trafilatura["chaff_taken_out"] >= 0.37
    assert left_by_trafilatura["gold_lost"] <= 0.0035
    cleaning = figures["text"]["cleaning"]
    assert cleaning["balanced"]["without_residue_lost"] <= 0.002
    assert cleaning["balanced"]["seeds"]["editorial_lost"] <= 0.0105
    assert cleaning["careful"]["seeds"]["editorial_lost"] <= 0.004


def test_the_folder_holds_the_model_and_its_card_and_nothing_else() -> None:
    files = {path.name for path in MODEL.iterdir()}

    assert files == {"model.json", "README.md", *(f"{name}.onnx" for name in GRAPHS)}
    assert sum(len(zlib.compress(path.read_bytes())) for path in MODEL.iterdir()) < SIZE_LIMIT
    assert (MODEL / "text.onnx").stat().st_size < TEXT_LIMIT


def _predictions(blocks: tuple[Block, ...] | list[Block]) -> list[list[Any]]:
    return [
        [block.text, block.label, {label: round(given, 6) for label, given in block.probabilities.items()}]
        for block in blocks
    ]


def test_the_model_says_what_it_said_when_it_was_released(
    cleaner: Cleaner, golden_page: str, golden: Callable[[str, Any], Any]
) -> None:
    now = {
        "page": _predictions(cleaner.label(golden_page, kind="html").blocks),
        "extracted text": _predictions(cleaner.label(EXTRACTED, kind="text").blocks),
        "German text": _predictions(cleaner.label(GERMAN, kind="text").blocks),
        "odd paragraphs": _predictions(cleaner.score(["", "a", "🐦🌾", "القمح والقشر", "\x00"])),
    }

    then = golden("predictions.json", now)

    assert then.keys() == now.keys()
    for name, blocks in now.items():
        assert [block[:2] for block in blocks] == [block[:2] for block in then[name]]
        for (text, _, found), (_, _, expected) in zip(blocks, then[name], strict=True):
            assert found == pytest.approx(expected, abs=SAME_PROBABILITY), text
