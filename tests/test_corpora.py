"""What `training.corpora` reads, leaves out and refuses, on tiny corpora of our own wording."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import tarfile
import urllib.error
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest

from training import corpora, fetch
from training.corpora import CorpusError, Gold, load

PAGE = b"<html><body><p>Finches eat seeds.</p></body></html>"
FINCHES = Gold(text="Finches eat seeds.", wanted=("eat seeds",), unwanted=("Menu",), title="Finches")
GROUND_TRUTH = {
    "title": "Finches",
    "main_content": "Finches eat seeds.",
    "with": ["eat seeds"],
    "without": ["Menu"],
}
TEST_DATA = "tests/resources/parser/test_data"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of corpora, empty lists of pinned pages, and no network."""
    pins = tmp_path / "pins"
    pins.mkdir()
    for name in corpora.NAMES:
        (pins / f"{name}.json").write_text("{}")
    monkeypatch.setattr(corpora, "PINS", pins)
    monkeypatch.setattr(corpora, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(fetch, "open_url", _no_network)
    monkeypatch.setenv("CHAFFINCH_CORPORA", str(tmp_path / "corpora"))
    return tmp_path / "corpora"


def _no_network(url: str) -> IO[bytes]:
    raise urllib.error.URLError("no route to host")


def _write(path: Path, content: bytes | dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = json.dumps(content).encode() if isinstance(content, dict) else content
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def _pin(name: str, pins: dict[str, str]) -> None:
    (corpora.PINS / f"{name}.json").write_text(json.dumps(pins))


def _wcxb(folder: Path, splits: dict[str, str], **changes: Any) -> None:
    """Write a wcxb whose pages, all in dev/, belong to the given splits."""
    root = folder / "wcxb"
    files = {page: {"split": split, "page_type": "article"} for page, split in splits.items()}
    _write(root / "metadata.json", {"files": files})
    truth = {key: value for key, value in (GROUND_TRUTH | changes).items() if value is not None}
    for page in splits:
        url = f"https://news.birds{page}.co.uk/a"
        _write(root / f"dev/html/{page}.html.gz", PAGE)
        _write(root / f"dev/ground-truth/{page}.json", {"url": url, "ground_truth": truth})


def _archive(root: Path) -> bytes:
    """Return a folder as GitHub packs a repository: under one folder named after the commit."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.add(root, arcname="owner-name-0123456")
    return buffer.getvalue()


def test_a_wcxb_page_has_its_type_registered_domain_gold_and_html(folder: Path) -> None:
    _wcxb(folder, {"0001": "dev"})
    _pin("wcxb", {"0001": corpora.page_digest(PAGE, FINCHES)})

    (page,) = load("wcxb")

    assert (page.corpus, page.page, page.page_type) == ("wcxb", "0001", "article")
    assert (page.url, page.domain) == ("https://news.birds0001.co.uk/a", "birds0001.co.uk")
    assert page.gold == FINCHES
    assert page.read() == PAGE


def test_pages_come_sorted(folder: Path) -> None:
    _wcxb(folder, {"0003": "dev", "0001": "dev", "0002": "dev"})
    _pin("wcxb", dict.fromkeys(["0002", "0003", "0001"], corpora.page_digest(PAGE, FINCHES)))

    assert [page.page for page in load("wcxb")] == ["0001", "0002", "0003"]


def test_a_page_that_is_not_pinned_is_left_out(folder: Path) -> None:
    _wcxb(folder, {"0001": "dev", "0002": "dev"})
    _pin("wcxb", {"0002": corpora.page_digest(PAGE, FINCHES)})

    assert [page.page for page in load("wcxb")] == ["0002"]


def test_the_metadata_and_not_the_folder_says_what_belongs_to_the_test_split(folder: Path) -> None:
    _wcxb(folder, {"0001": "dev", "0002": "test"})
    _pin("wcxb", dict.fromkeys(["0001", "0002"], corpora.page_digest(PAGE, FINCHES)))

    with pytest.raises(CorpusError, match="1 pages are missing, 0002"):
        load("wcxb")


def test_a_ground_truth_without_main_content_is_an_empty_text(folder: Path) -> None:
    _wcxb(folder, {"0001": "dev"}, main_content=None)
    gold = Gold(text="", wanted=("eat seeds",), unwanted=("Menu",), title="Finches")
    _pin("wcxb", {"0001": corpora.page_digest(PAGE, gold)})

    assert load("wcxb")[0].gold.text == ""


def test_another_html_is_refused_by_name_with_both_digests(folder: Path) -> None:
    _wcxb(folder, {"0001": "dev"})
    expected = corpora.page_digest(b"<p>Another page.</p>", FINCHES)
    _pin("wcxb", {"0001": expected})

    with pytest.raises(CorpusError) as refusal:
        load("wcxb")

    assert str(folder / "wcxb/dev/html/0001.html.gz") in str(refusal.value)
    assert f"{expected} expected" in str(refusal.value)
    assert f"{corpora.page_digest(PAGE, FINCHES)} found" in str(refusal.value)


def test_another_gold_is_refused(folder: Path) -> None:
    _wcxb(folder, {"0001": "dev"}, main_content="Finches eat worms.")
    _pin("wcxb", {"0001": corpora.page_digest(PAGE, FINCHES)})

    with pytest.raises(CorpusError, match="not the page that was pinned"):
        load("wcxb")


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"no gzip")])
def test_a_missing_or_damaged_file_is_named(folder: Path, damage: Callable[[Path], object]) -> None:
    _wcxb(folder, {"0001": "dev"})
    _pin("wcxb", {"0001": corpora.page_digest(PAGE, FINCHES)})
    damage(folder / "wcxb/dev/html/0001.html.gz")

    with pytest.raises(CorpusError, match=r"'wcxb' in .* is incomplete or damaged"):
        load("wcxb")


def test_a_trafilatura_page_is_found_in_either_folder(folder: Path) -> None:
    entry = {"with": ["eat seeds"], "without": ["Menu"], "title": "Finches"}
    entries = {
        "https://a.example.org/1": entry | {"file": "one.html"},
        "https://www.example.com/2": entry | {"file": "zwei-vögel.html"},
    }
    _write(folder / "trafilatura/tests/evaldata.json", entries)
    _write(folder / "trafilatura/tests/eval/one.html", PAGE)
    _write(folder / "trafilatura/tests/cache/zwei-vögel.html", PAGE)
    gold = Gold(wanted=("eat seeds",), unwanted=("Menu",), title="Finches")
    digest = corpora.page_digest(PAGE, gold)
    _pin("trafilatura", {"one.html": digest, "zwei-vögel.html": digest})

    pages = load("trafilatura")

    assert [page.domain for page in pages] == ["example.org", "example.com"]
    assert [page.gold for page in pages] == [gold, gold]
    assert [page.read() for page in pages] == [PAGE, PAGE]


def _fundus(folder: Path, pages: dict[str, bytes]) -> None:
    """Write pages of one publisher of the folder xx, with entries V1, V1_1, … in that order."""
    root = folder / "fundus" / TEST_DATA / "xx"
    entries, pins = {}, {}
    for number, (date, html) in enumerate(pages.items()):
        version = f"V1_{number}" if number else "V1"
        section = {"headline": ["On seeds"], "paragraphs": [f"Paragraph {number}.", "The end."]}
        body = {"summary": ["In short."], "sections": [section]}
        entries[version] = {"title": "Finches", "body": body}
        paragraphs = ("In short.", "On seeds", f"Paragraph {number}.", "The end.")
        digest = corpora.page_digest(html, Gold(paragraphs=paragraphs, title="Finches"))
        pins[f"xx/Birds_{date}.html.gz"] = f"{digest} {version}"
        _write(root / f"Birds_{date}.html.gz", html)
    _write(root / "Birds.json", entries)
    _pin("fundus", pins)


def test_a_fundus_page_has_the_paragraphs_of_its_own_entry(folder: Path) -> None:
    _fundus(folder, {"2024_01_01": PAGE, "2025_01_01": PAGE})

    first, second = load("fundus")

    assert first.gold.paragraphs == ("In short.", "On seeds", "Paragraph 0.", "The end.")
    assert second.gold.paragraphs == ("In short.", "On seeds", "Paragraph 1.", "The end.")
    assert first.gold.title == "Finches"


@pytest.mark.parametrize(
    ("head", "domain"),
    [
        (b"", "fundus:xx/Birds"),
        (b'<link rel="canonical" href="/seeds">', "fundus:xx/Birds"),
        (b'<link rel="canonical" href="https://www.birds.co.uk/seeds">', "birds.co.uk"),
        (b"<link rel=canonical href=https://birds.example.org/seeds>", "example.org"),
        (
            b'<link rel="canonical" href="https://sister.com/a">'
            + b'<meta property="og:url" content="https://birds.com/a?b=1&amp;c=2">',
            "birds.com",
        ),
    ],
)
def test_a_fundus_page_tells_its_domain_itself(folder: Path, head: bytes, domain: str) -> None:
    _fundus(folder, {"2024_01_01": head + PAGE})

    assert load("fundus")[0].domain == domain


def test_a_publisher_keeps_the_domain_of_its_first_page(folder: Path) -> None:
    moved = b'<link rel="canonical" href="https://new.com/a">' + PAGE
    _fundus(folder, {"2024_01_01": moved.replace(b"new", b"old"), "2025_01_01": moved})

    assert [page.domain for page in load("fundus")] == ["old.com", "old.com"]


def test_a_missing_folder_is_explained_and_not_downloaded(folder: Path) -> None:
    with pytest.raises(CorpusError) as refusal:
        load("wcxb")

    assert f"CHAFFINCH_CORPORA is set, but there is no folder {folder / 'wcxb'}" in str(refusal.value)


@pytest.mark.parametrize("name", corpora.NAMES)
def test_without_network_and_folder_the_message_says_what_to_do(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv("CHAFFINCH_CORPORA")

    with pytest.raises(CorpusError) as refusal:
        load(name)

    message = str(refusal.value)
    assert f"the corpus '{name}' is not here" in message
    assert "no route to host" in message
    assert re.search(r"https://codeload\.github\.com/[\w./-]+/tar\.gz/[0-9a-f]{7,40} ", message)
    assert "CHAFFINCH_CORPORA" in message
    assert "make train CORPORA=seeds" in message


def _serve(monkeypatch: pytest.MonkeyPatch, data: bytes) -> list[str]:
    """Let the network answer everything with `data`; return the list of what was asked."""
    asked: list[str] = []

    def open_url(url: str) -> IO[bytes]:
        asked.append(url)
        return io.BytesIO(data)

    monkeypatch.delenv("CHAFFINCH_CORPORA", raising=False)
    monkeypatch.setattr(fetch, "open_url", open_url)
    return asked


def test_a_corpus_is_downloaded_once_and_only_what_is_pinned(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _wcxb(folder, {"0001": "dev", "0002": "dev"})
    _pin("wcxb", {"0001": corpora.page_digest(PAGE, FINCHES)})
    asked = _serve(monkeypatch, _archive(folder / "wcxb"))

    assert [page.read() for page in load("wcxb")] == [PAGE]
    assert [page.read() for page in load("wcxb")] == [PAGE]

    assert len(asked) == 1
    files = sorted(path.name for path in corpora.CACHE.rglob("*.*") if path.is_file())
    assert files == ["0001.html.gz", "0001.json", "metadata.json"]


def test_a_download_that_broke_off_is_an_error_and_the_next_one_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _wcxb(folder, {"0001": "dev"})
    (folder / "wcxb/zz-ballast").write_bytes(os.urandom(200_000))
    _pin("wcxb", {"0001": corpora.page_digest(PAGE, FINCHES)})
    archive = _archive(folder / "wcxb")
    _serve(monkeypatch, archive[:100_000])
    with pytest.raises(CorpusError, match="could not be fetched"):
        load("wcxb")
    (kept,) = corpora.CACHE.rglob("0001.html.gz")
    written = kept.stat().st_ino

    _serve(monkeypatch, archive)

    (page,) = load("wcxb")
    assert page.path.stat().st_ino == written


def test_an_unknown_corpus_is_refused_with_the_known_names(folder: Path) -> None:
    with pytest.raises(CorpusError, match="wcxb, trafilatura, fundus"):
        load("birds")


def test_the_digest_of_a_corpus_depends_on_its_pins_alone(folder: Path) -> None:
    _pin("wcxb", {"0001": "aa", "0002": "bb"})
    before = corpora.corpus_digest("wcxb")
    _pin("wcxb", {"0002": "bb", "0001": "aa"})
    assert corpora.corpus_digest("wcxb") == before
    _pin("wcxb", {"0001": "aa", "0002": "bc"})
    assert corpora.corpus_digest("wcxb") != before


@pytest.mark.parametrize(("name", "pages"), [("wcxb", 1358), ("trafilatura", 487), ("fundus", 129)])
def test_the_pinned_pages_of_the_real_corpus_are_there(name: str, pages: int) -> None:
    if not os.environ.get("CHAFFINCH_CORPORA"):
        pytest.skip("CHAFFINCH_CORPORA names no folder with the real corpora")

    loaded = load(name)

    assert len(loaded) == pages
    assert all(page.domain for page in loaded)
