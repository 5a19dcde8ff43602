"""The three calls of the public API, on a real model: what comes back, and what is refused."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from bs4 import BeautifulSoup

import chaffinch
from chaffinch import LABELS, Block, ChaffinchError, Cleaner, ModelError, UnknownLabelError
from chaffinch.classifier import Thresholds
from chaffinch.features import VERSION
from chaffinch.labels import CLEANING, GROUP_OF

THREADS = 16

PARAGRAPHS = [
    "Harbour town votes for the longer quay",
    "The council decided on Monday to lengthen the quay by ninety metres.",
    "",
    "Sign up for our weekly letter. We never share your address.",
    "   ",
    "Thank you!",
    "港町の市議会は月曜日に桟橋の延長を決めた。",
    "\x00",
    "Work begins in March.",
]
HTML = """<!doctype html><html lang="en"><head><title>Quay</title></head><body>
<nav><ul><li><a href="/">Home</a></li><li><a href="/news">News</a></li></ul></nav>
<article><h1>Harbour town votes for the longer quay</h1>
<p>The council decided on Monday to lengthen the quay by ninety metres, “at last”.</p>
<p>Boats from the islands have had to wait outside for years, and on windy days turn back.</p></article>
<aside class="newsletter"><p>Sign up for our weekly letter.</p><button>Subscribe</button></aside>
<footer><p>© Coast Paper. All rights reserved.</p></footer></body></html>"""


@pytest.fixture
def cleaner(tiny_model: Path) -> Cleaner:
    return Cleaner(tiny_model)


@pytest.fixture
def copied(tiny_model: Path, tmp_path: Path) -> Path:
    """A copy of the model that a test may damage."""
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    return folder


def _facts(block: Block) -> tuple[str, str, dict[str, float]]:
    return block.text, block.label, block.probabilities


def _change(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "model.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    change(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")


def test_score_gives_exactly_one_block_for_each_paragraph_with_its_text(cleaner: Cleaner) -> None:
    assert [block.text for block in cleaner.score(PARAGRAPHS)] == PARAGRAPHS


@pytest.mark.parametrize("paragraphs", [[], [""], ["", "", ""], ["a"], ["\ud800"], ["x" * 1_000_000]])
def test_score_takes_any_number_of_any_strings(cleaner: Cleaner, paragraphs: list[str]) -> None:
    blocks = cleaner.score(paragraphs)

    assert [block.text for block in blocks] == paragraphs
    assert all(block.label in LABELS for block in blocks)


def test_every_block_has_all_probabilities_and_they_sum_to_one(cleaner: Cleaner) -> None:
    blocks = [*cleaner.score(PARAGRAPHS), *cleaner.label(HTML).blocks]

    for block in blocks:
        assert tuple(block.probabilities) == LABELS
        assert sum(block.probabilities.values()) == pytest.approx(1, abs=1e-5)
        assert all(0 <= probability <= 1 for probability in block.probabilities.values())
        assert block.probability == block.probabilities[block.label]
        assert block.group == GROUP_OF[block.label]


def test_score_and_label_say_the_same_of_the_same_paragraphs(cleaner: Cleaner) -> None:
    paragraphs = [text for text in PARAGRAPHS if text.strip("\x00 ")]

    page = cleaner.label("\n".join(paragraphs), kind="text")

    assert [*map(_facts, page.blocks)] == [*map(_facts, cleaner.score(paragraphs))]


def test_a_page_has_its_kind_title_and_blocks_in_order(cleaner: Cleaner) -> None:
    page = cleaner.label(HTML)

    texts = [block.text for block in page.blocks]
    assert (page.kind, page.title) == ("html", "Quay")
    assert texts == sorted(texts, key=HTML.index)
    assert "Harbour town votes for the longer quay" in texts


def test_clean_gives_the_editorial_blocks_with_blank_lines_between(cleaner: Cleaner) -> None:
    page = cleaner.label(HTML)

    kept = [block.text for block in page.blocks if block.label == "editorial"]
    assert kept
    assert cleaner.clean(HTML) == page.text == "\n\n".join(kept)


def test_keep_says_which_labels_stay(cleaner: Cleaner, tiny_model: Path) -> None:
    everything = "\n\n".join(block.text for block in cleaner.label(HTML).blocks)

    assert cleaner.clean(HTML, keep=LABELS) == everything
    assert cleaner.clean(HTML, keep=iter(LABELS)) == everything
    assert Cleaner(tiny_model, keep=LABELS).clean(HTML) == everything
    assert Cleaner(tiny_model, keep=LABELS).label(HTML).text == everything
    assert cleaner.clean(HTML, keep=()) == ""


def test_a_call_s_keep_replaces_the_cleaner_s_own_for_that_call(tiny_model: Path) -> None:
    cleaner = Cleaner(tiny_model, keep=())

    assert cleaner.clean(HTML, keep=LABELS)
    assert cleaner.clean(HTML) == ""


def test_bytes_strings_and_soup_give_the_same(cleaner: Cleaner) -> None:
    blocks = [*map(_facts, cleaner.label(HTML).blocks)]

    for source in (HTML.encode(), HTML.encode("utf-16"), BeautifulSoup(HTML, "html5lib")):
        assert [*map(_facts, cleaner.label(source).blocks)] == blocks


@pytest.mark.parametrize("source", ["", b"", "  \n ", "<html></html>", "<script>1</script>"])
def test_a_page_without_text_is_empty(cleaner: Cleaner, source: str | bytes) -> None:
    assert cleaner.label(source).blocks == ()
    assert cleaner.clean(source) == ""


@pytest.mark.parametrize("paragraphs", ["one text", b"one text"])
def test_score_refuses_one_text_where_it_takes_paragraphs(cleaner: Cleaner, paragraphs: Any) -> None:
    with pytest.raises(TypeError, match="paragraphs"):
        cleaner.score(paragraphs)


@pytest.mark.parametrize("source", [None, 7, ["a", "b"], Path("page.html")])
def test_other_sources_are_refused(cleaner: Cleaner, source: Any) -> None:
    with pytest.raises(TypeError, match=type(source).__name__):
        cleaner.clean(source)


@pytest.mark.parametrize("kind", ["pdf", "HTML", ""])
def test_other_kinds_are_refused(cleaner: Cleaner, kind: Any) -> None:
    with pytest.raises(ValueError, match="kind must be"):
        cleaner.label(HTML, kind=kind)


def test_an_unknown_label_is_refused_with_the_labels_there_are(cleaner: Cleaner, tiny_model: Path) -> None:
    for refused in (
        lambda: cleaner.clean(HTML, keep=("editorial", "wheat")),
        lambda: Cleaner(tiny_model, keep=["wheat"]),
    ):
        with pytest.raises(UnknownLabelError, match=r"'wheat'.*boilerplate|'wheat'.*editorial"):
            refused()
    assert issubclass(UnknownLabelError, ValueError)
    assert issubclass(UnknownLabelError, ChaffinchError)


def test_one_string_is_no_list_of_labels(cleaner: Cleaner) -> None:
    with pytest.raises(TypeError, match="several labels"):
        cleaner.clean(HTML, keep="editorial")


def test_sixteen_threads_get_what_one_gets(copied: Path) -> None:
    documents = [PARAGRAPHS[start:] + PARAGRAPHS[:start] for start in range(len(PARAGRAPHS))]
    cleaner, start = Cleaner(copied), Barrier(THREADS)

    def work(number: int) -> list[list[Any]]:
        start.wait()  # so that all meet the model before it is loaded
        pages = [[*map(_facts, cleaner.score(texts))] for texts in documents]
        return [*pages, [*map(_facts, cleaner.label(HTML).blocks)]]

    with ThreadPoolExecutor(THREADS) as pool:
        results = [*pool.map(work, range(THREADS))]

    serial = [[*map(_facts, Cleaner(copied).score(texts))] for texts in documents]
    serial.append([*map(_facts, Cleaner(copied).label(HTML).blocks)])
    assert all(result == serial for result in results)


def test_a_cleaner_travels_to_other_processes_without_its_model(tiny_model: Path) -> None:
    cleaner = Cleaner(tiny_model, keep=("editorial", "legal"))
    expected = cleaner.clean(HTML)

    sent = pickle.dumps(cleaner)

    assert len(sent) < 1000
    assert pickle.loads(sent).clean(HTML) == expected


def test_pages_and_blocks_travel_too(cleaner: Cleaner) -> None:
    page = cleaner.label(HTML)

    assert pickle.loads(pickle.dumps(page)) == page


def test_the_model_is_loaded_when_it_is_first_needed(tmp_path: Path) -> None:
    cleaner = Cleaner(tmp_path / "nowhere")

    with pytest.raises(ModelError, match="nowhere"):
        cleaner.clean(HTML)


def test_a_model_that_was_missing_is_found_once_it_is_there(tiny_model: Path, tmp_path: Path) -> None:
    cleaner = Cleaner(tmp_path / "model")
    with pytest.raises(ModelError):
        cleaner.score(PARAGRAPHS)

    shutil.copytree(tiny_model, tmp_path / "model")

    assert len(cleaner.score(PARAGRAPHS)) == len(PARAGRAPHS)


def test_neither_importing_nor_cleaning_needs_what_training_needs(tiny_model: Path) -> None:
    code = (
        "import sys, chaffinch\n"
        "assert 'onnxruntime' not in sys.modules\n"
        f"chaffinch.Cleaner({str(tiny_model)!r}).label({HTML!r})\n"
        "print(*sorted({'sklearn', 'scipy', 'joblib', 'onnx', 'training'} & set(sys.modules)))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(chaffinch.__file__).parents[1])}

    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)

    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")


def test_a_missing_graph_is_a_model_error(copied: Path) -> None:
    (copied / "structure.onnx").unlink()

    with pytest.raises(ModelError, match=r"structure\.onnx is missing"):
        Cleaner(copied).clean(HTML)


@pytest.mark.parametrize("name", ["text", "structure", "first", "second"])
def test_one_tampered_byte_is_a_model_error(copied: Path, name: str) -> None:
    path = copied / f"{name}.onnx"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)

    with pytest.raises(ModelError, match=rf"{name}\.onnx is not the file"):
        Cleaner(copied).clean(HTML)


def test_a_file_that_is_no_graph_is_a_model_error_even_with_its_own_digest(copied: Path) -> None:
    content = b"not a graph"
    (copied / "second.onnx").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    _change(copied, lambda manifest: manifest["files"]["second.onnx"].update(sha256=digest))

    with pytest.raises(ModelError, match=r"second\.onnx"):
        Cleaner(copied).clean(HTML)


@pytest.mark.parametrize("key", ["feature_version", "labels", "thresholds", "files"])
def test_a_manifest_without_a_key_is_a_model_error_that_names_it(copied: Path, key: str) -> None:
    _change(copied, lambda manifest: manifest.pop(key))

    with pytest.raises(ModelError, match=rf"model\.json is not a model's manifest.*{key}"):
        Cleaner(copied).clean(HTML)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"feature_version": "one"}'])
def test_a_manifest_that_says_nothing_is_a_model_error(copied: Path, content: str) -> None:
    (copied / "model.json").write_text(content)

    with pytest.raises(ModelError, match="manifest"):
        Cleaner(copied).clean(HTML)


def test_a_model_of_another_feature_version_is_refused(copied: Path) -> None:
    _change(copied, lambda manifest: manifest.update(feature_version=VERSION + 1))

    with pytest.raises(ModelError, match=rf"feature version {VERSION + 1}.*retrain"):
        Cleaner(copied).clean(HTML)


def test_a_model_of_other_labels_is_refused(copied: Path) -> None:
    _change(copied, lambda manifest: manifest["labels"].reverse())

    with pytest.raises(ModelError, match="other labels"):
        Cleaner(copied).clean(HTML)


def test_thresholds_are_the_model_s(copied: Path) -> None:
    thresholds = {
        "html": dict.fromkeys(CLEANING, asdict(Thresholds(editorial=2.0, promotional=2.0, main=2.0))),
        "text": dict.fromkeys(CLEANING, asdict(Thresholds(editorial=1e-9, promotional=2.0))),
    }
    _change(copied, lambda manifest: manifest.update(thresholds=thresholds))
    cleaner = Cleaner(copied)

    assert {block.label for block in cleaner.score(PARAGRAPHS)} == {"editorial"}
    assert {block.group for block in cleaner.label(HTML).blocks} <= {"editorial", "boilerplate"}
    assert "editorial" not in {block.label for block in cleaner.label(HTML).blocks}


def test_each_way_of_cleaning_has_its_own_thresholds(copied: Path) -> None:
    ways = {"careful": 1e-9, "balanced": 0.5, "thorough": 2.0}
    thresholds = {way: asdict(Thresholds(editorial=value, promotional=2.0)) for way, value in ways.items()}
    _change(copied, lambda manifest: manifest.update(thresholds={"html": thresholds, "text": thresholds}))

    careful, balanced, thorough = (
        {
            block.text
            for block in Cleaner(copied, cleaning=way).score(PARAGRAPHS)
            if block.label == "editorial"
        }
        for way in CLEANING
    )

    assert thorough == set()
    assert thorough < careful == set(PARAGRAPHS)
    assert thorough <= balanced <= careful
    default = {block.text for block in Cleaner(copied).score(PARAGRAPHS) if block.label == "editorial"}
    assert default == balanced


def test_the_way_of_cleaning_changes_no_probability() -> None:
    careful, thorough = (Cleaner(cleaning=way).score(PARAGRAPHS) for way in ("careful", "thorough"))

    assert [block.probabilities for block in careful] == [block.probabilities for block in thorough]


def test_another_way_of_cleaning_is_a_value_error_that_names_the_ways_there_are() -> None:
    with pytest.raises(ValueError, match="careful, balanced, thorough, not 'gentle'"):
        Cleaner(cleaning="gentle")  # type: ignore[arg-type]


def test_a_copy_in_another_process_cleans_in_the_same_way(copied: Path) -> None:
    thresholds = {
        way: asdict(Thresholds(2.0 if way == "balanced" else 1e-9, promotional=2.0)) for way in CLEANING
    }
    _change(copied, lambda manifest: manifest.update(thresholds={"html": thresholds, "text": thresholds}))

    again = pickle.loads(pickle.dumps(Cleaner(copied, cleaning="careful")))

    assert {block.label for block in again.score(PARAGRAPHS)} == {"editorial"}
