"""Reads the public test sets, where their folders exist: nothing is ever learned from or chosen by them.

`load_test_set(name)` reads a folder of the one that CHAFFINCH_CORPORA names, as its makers publish it: "wcxb"
and "trafilatura", which hold development pages too (those are left out), and "scrapinghub".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from training.corpora import CorpusError, Gold, SourcePage, corpora_folder, pinned, snippets_gold

# Places of a page's HTML in trafilatura's repository.
_TRAFILATURA: Final = ("tests/eval", "tests/cache")


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
    home = folder / "wcxb"
    for page, facts in sorted(_json(home / "metadata.json")["files"].items()):
        path = home / "test" / "html" / f"{page}.html.gz"
        # Upstream keeps some test pages in dev/ as well: what development may have seen is no test.
        seen = (home / "dev" / "html" / path.name).exists() or page in pinned("wcxb")
        if facts["split"] == "test" and path.exists() and not seen:
            entry = _json(home / "test" / "ground-truth" / f"{page}.json")
            gold = snippets_gold(entry["ground_truth"])
            yield SourcePage("wcxb test", page, entry["url"], "", facts["page_type"], gold, path)


def _scrapinghub(folder: Path) -> Iterator[SourcePage]:
    home = folder / "scrapinghub"
    for page, entry in sorted(_json(home / "ground-truth.json").items()):
        gold = Gold(text=entry.get("articleBody") or "")
        path = home / "html" / f"{page}.html.gz"
        yield SourcePage("scrapinghub", page, entry.get("url") or "", "", "article", gold, path)


def _trafilatura(folder: Path) -> Iterator[SourcePage]:
    home = folder / "trafilatura"
    for url, entry in _json(home / "tests" / "evaldata.json").items():
        page = entry["file"]
        if page not in pinned("trafilatura"):
            path = next(
                (home / place / page for place in _TRAFILATURA if (home / place / page).exists()), None
            )
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


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
