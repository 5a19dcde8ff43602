"""Reads the public test sets, where their folders exist: nothing is ever learned from or chosen by them.

`load_test_set(name)` reads a folder of the one that CHAFFINCH_CORPORA names, as its makers publish it: "wcxb"
and "trafilatura", which hold development pages too (those are left out), and "scrapinghub".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from training.corpora import (
    CorpusError,
    Gold,
    SourcePage,
    corpora_folder,
    pinned,
    read_json,
    snippets_gold,
    trafilatura_places,
)


def load_test_set(name: str) -> list[SourcePage]:
    """Return the pages of one of `TEST_SETS`, none where its folder is not there.

    Raises CorpusError where one of its pages is missing or damaged.
    """
    folder = corpora_folder()
    if folder is None:
        return []
    try:
        return list(_READERS[name](folder))
    except FileNotFoundError as error:
        if error.filename and Path(error.filename).name in _INDEXES:
            return []
        raise CorpusError(f"the test set '{name}' is incomplete: {error}") from error
    except (OSError, EOFError, ValueError, LookupError) as error:
        raise CorpusError(f"the test set '{name}' is damaged ({type(error).__name__}: {error})") from error


def _wcxb(folder: Path) -> Iterator[SourcePage]:
    home, pins = folder / "wcxb", pinned("wcxb")
    for page, facts in sorted(read_json(home / "metadata.json")["files"].items()):
        path = home / "test" / "html" / f"{page}.html.gz"
        # Upstream keeps some test pages in dev/ as well: what development may have seen is no test.
        seen = (home / "dev" / "html" / path.name).exists() or page in pins
        if facts["split"] == "test" and path.exists() and not seen:
            entry = read_json(home / "test" / "ground-truth" / f"{page}.json")
            gold = snippets_gold(entry["ground_truth"])
            yield SourcePage("wcxb test", page, entry["url"], "", facts["page_type"], gold, path)


def _scrapinghub(folder: Path) -> Iterator[SourcePage]:
    home = folder / "scrapinghub"
    for page, entry in sorted(read_json(home / "ground-truth.json").items()):
        gold = Gold(text=entry.get("articleBody") or "")
        path = home / "html" / f"{page}.html.gz"
        yield SourcePage("scrapinghub", page, entry.get("url") or "", "", "article", gold, path)


def _trafilatura(folder: Path) -> Iterator[SourcePage]:
    home, pins = folder / "trafilatura", pinned("trafilatura")
    for url, entry in read_json(home / "tests" / "evaldata.json").items():
        page = entry["file"]
        if page not in pins:
            path = next((place for place in trafilatura_places(home, page) if place.exists()), None)
            if path is not None:
                yield SourcePage("trafilatura test", page, url, "", None, snippets_gold(entry), path)


_READERS: Final[dict[str, Callable[[Path], Iterator[SourcePage]]]] = {
    "wcxb test": _wcxb,
    "scrapinghub": _scrapinghub,
    "trafilatura test": _trafilatura,
}
TEST_SETS: Final = tuple(_READERS)
# Where one of these is missing, so is the whole set.
_INDEXES: Final = frozenset(("metadata.json", "ground-truth.json", "evaldata.json"))
