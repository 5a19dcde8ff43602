"""How Chaffinch is measured beside others, on sets and by systems made up for it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from training import benchmark
from training.corpora import FOLDER_VARIABLE, CorpusError, pinned
from training.metrics import shingle_scores
from training.systems import SYSTEMS, System
from training.test_sets import TEST_SETS, load_test_set

HTML = b"<html><body><p>Finches eat seeds in winter.</p></body></html>"


@pytest.fixture
def corpora(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    return tmp_path


def write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())


def wcxb(folder: Path, pages: dict[str, str]) -> None:
    """Write pages, each with its split."""
    files = {page: {"split": split, "page_type": "forum"} for page, split in pages.items()}
    write(folder / "wcxb/metadata.json", {"files": files})
    for page in pages:
        truth = {"main_content": "Finches eat seeds.", "with": [], "without": []}
        entry = {"url": "https://birds.example", "ground_truth": truth}
        write(folder / f"wcxb/test/ground-truth/{page}.json", entry)
        write(folder / f"wcxb/test/html/{page}.html.gz", gzip.compress(HTML))


def test_sets_that_are_not_there_have_no_pages(corpora: Path) -> None:
    assert [load_test_set(name) for name in TEST_SETS] == [[], [], []]


def test_without_a_folder_of_corpora_no_set_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)

    assert load_test_set("scrapinghub") == []


def test_of_wcxb_the_test_pages_are_read_that_development_has_not_seen(corpora: Path) -> None:
    wcxb(corpora, {"t1": "test", "t2": "test", "d1": "dev"})
    write(corpora / "wcxb/dev/html/t2.html.gz", b"")

    (page,) = load_test_set("wcxb test")

    assert (page.page, page.page_type, page.gold.text, page.read()) == (
        "t1",
        "forum",
        "Finches eat seeds.",
        HTML,
    )


def test_of_scrapinghub_every_page_is_read(corpora: Path) -> None:
    write(
        corpora / "scrapinghub/ground-truth.json",
        {"a": {"articleBody": "Finches.", "url": "https://b.example"}},
    )
    write(corpora / "scrapinghub/html/a.html.gz", gzip.compress(HTML))

    (page,) = load_test_set("scrapinghub")

    assert (page.page, page.gold.text, page.read()) == ("a", "Finches.", HTML)


def test_of_trafilatura_the_pages_are_read_that_are_not_pinned_for_development(corpora: Path) -> None:
    entry = {"file": "new.html", "with": ["eat seeds"], "without": ["Menu"]}
    seen = {"file": next(iter(pinned("trafilatura")))}
    write(
        corpora / "trafilatura/tests/evaldata.json", {"https://b.example": entry, "https://c.example": seen}
    )
    write(corpora / "trafilatura/tests/cache/new.html", HTML)

    (page,) = load_test_set("trafilatura test")

    assert (page.page, page.gold.wanted, page.gold.unwanted) == ("new.html", ("eat seeds",), ("Menu",))


def test_a_damaged_set_is_named(corpora: Path) -> None:
    write(corpora / "scrapinghub/ground-truth.json", b"{")

    with pytest.raises(CorpusError, match="scrapinghub"):
        load_test_set("scrapinghub")


def test_runs_of_four_words_count_as_often_as_both_have_them() -> None:
    gold = ["one two three four five", "six seven"]

    assert shingle_scores(gold, gold) == {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    # One of two runs of the first page; of the second, nothing was found.
    assert shingle_scores(["one two three four", ""], gold) == {"precision": 1.0, "recall": 0.25, "f1": 0.4}
    assert shingle_scores([""], [""]) == {"precision": 0.0, "recall": 0.0, "f1": 0.0}


def test_a_system_that_is_not_installed_has_no_version() -> None:
    assert System("none", "no-such-package-of-chaffinch", lambda: str).version is None


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_every_installed_system_keeps_an_article(system: System) -> None:
    if system.version is None:
        pytest.skip(f"{system.name} is not installed: pip install 'chaffinch[bench]'")
    sentence = (
        "The council of the island decided on Monday that the quay will be lengthened by ninety metres. "
    )
    menu = "".join(f"<li><a href=/{place}>Place {place}</a></li>" for place in range(9))
    story = f"<article><h1>Quay</h1>{f'<p>{sentence} {sentence} {sentence}</p>' * 5}</article>"
    page = f"<html><body><ul>{menu}</ul>{story}</body></html>"

    assert "lengthened by ninety metres" in system.extract(page)


@pytest.fixture
def bench(corpora: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run the benchmark on one test set of two pages, with the systems given."""
    wcxb(corpora, {"t1": "test", "t2": "test"})
    monkeypatch.setattr(benchmark, "FOLDER", corpora / "kept")
    monkeypatch.setattr(benchmark, "NAMES", ())
    monkeypatch.setattr(benchmark, "_memory", lambda: 1.0)

    def run(*arguments: str, **systems: Callable[[str], str]) -> int:
        monkeypatch.setattr(benchmark, "_systems", lambda: systems)
        monkeypatch.setattr("sys.argv", ["benchmark", *arguments])
        return benchmark.main()

    return run


def test_every_system_has_a_row_of_quality_failures_and_speed(
    bench: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(html: str) -> str:
        if "Whatever" in html:
            return ""
        raise RuntimeError("no page")

    assert bench(right=lambda _: "Finches eat seeds.", broken=fails) == 0

    rows = [line.split("|")[1:-1] for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    names = [name.strip() for name in rows[0]]
    table = {row[0].strip(): dict(zip(names, map(str.strip, row), strict=True)) for row in rows[2:]}
    assert (table["right"]["all"], table["right"]["failed"]) == ("1.000", "0")
    assert (table["broken"]["all"], table["broken"]["failed"]) == ("0.000", "2")


def test_an_interrupted_run_goes_on_where_it_stopped(bench: Callable[..., int]) -> None:
    read: list[str] = []

    def stops(html: str) -> str:
        read.append(html)
        if len(read) == 3:  # what is loaded at first use is one
            raise KeyboardInterrupt
        return ""

    with pytest.raises(KeyboardInterrupt):
        bench(system=stops)
    assert bench(system=stops) == 0
    pages = sum("Finches" in html for html in read)
    assert pages == 3  # the first, and the second twice

    assert bench("--again", system=stops) == 0
    assert sum("Finches" in html for html in read) == pages + 2
