"""Reads the public corpora: pages with what their makers say is the content.

`load(name)` reads `<folder>/<name>/` where the environment variable CHAFFINCH_CORPORA names a
folder and asks no network then; otherwise it reads `build/corpora/`, filled once from each corpus's
home. `pins/<name>.json` lists the pages that development may see, each with a digest of its HTML
and gold: a page that is not listed is left out, a page that differs is an error.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import astuple, dataclass, replace
from html import unescape
from pathlib import Path
from typing import Any, Final

import tldextract

from training.fetch import CorpusError, Origin, fetch, missing

__all__ = [
    "NAMES",
    "CorpusError",
    "Gold",
    "SourcePage",
    "corpora_folder",
    "corpus_digest",
    "load",
    "pinned",
    "read_json",
    "registered_domain",
    "snippets_gold",
    "trafilatura_places",
]

FOLDER_VARIABLE: Final = "CHAFFINCH_CORPORA"
CACHE: Final = Path(__file__).parents[1] / "build" / "corpora"
PINS: Final = Path(__file__).parent / "pins"

# Hexadecimal digits kept of a page's sha256: enough to notice a change, short enough for a list.
DIGEST_DIGITS: Final = 16
# Bytes at the start of a page searched for its own address.
HEAD_BYTES: Final = 500_000

_ORIGINS = (
    Origin("wcxb", "Murrough-Foley/web-content-extraction-benchmark", "c039d5e", "CC-BY-4.0"),
    Origin("trafilatura", "adbar/trafilatura", "e90b0ef5", "Apache-2.0"),
    # No commit was recorded with these pages. This late one was compared with a part of them and
    # agreed; the digests decide, so a commit that differs fails by name rather than in silence.
    Origin("fundus", "flairNLP/fundus", "7671d5d07c249a65fa05a5307ed4c9d867bd2fbd", "MIT"),
)
NAMES: Final = tuple(origin.name for origin in _ORIGINS)

_WCXB = "dev"
_TRAFILATURA = ("tests/eval", "tests/cache")
_FUNDUS = "tests/resources/parser/test_data"
_FUNDUS_DATE = re.compile(r"_\d{4}_\d\d_\d\d\.html\.gz$")

# What reading raises where files or entries are missing or cut short.
_DAMAGE = (OSError, EOFError, zlib.error, ValueError, LookupError)

# The page's own address; a syndicated page names another publisher as canonical, but not as og:url.
_ADDRESSES = (
    re.compile(rb"""<meta[^>]*?property=["']?og:url["']?[^>]*>""", re.IGNORECASE),
    re.compile(rb"""<link[^>]*?rel=["']?canonical["']?[^>]*>""", re.IGNORECASE),
)
_ADDRESS_VALUE = re.compile(rb"""(?:content|href)=["']?(https?://[^"'\s>]+)""", re.IGNORECASE)

# The suffix list that comes with the library: no network, and the same domains for everyone.
_suffixes = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


@dataclass(frozen=True)
class Gold:
    """What a corpus says is the content of a page; each corpus gives a part of this.

    `text` is the main text (wcxb; empty where the corpus gives none), `wanted` and `unwanted` are
    snippets that the main text must and must not hold (wcxb, trafilatura), `paragraphs` are the
    summary, headlines and paragraphs (fundus; captions and lists are not among them), `title` is
    the headline.
    """

    text: str | None = None
    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()
    paragraphs: tuple[str, ...] = ()
    title: str = ""


@dataclass(frozen=True)
class SourcePage:
    """A page of a corpus: its HTML stays on disk until `read`.

    `domain` is the registered domain, or `corpus:…` where the page tells none; pages of one domain
    belong on one side of any split. `page_type` is given by wcxb alone.
    """

    corpus: str
    page: str
    url: str
    domain: str
    page_type: str | None
    gold: Gold
    path: Path

    def read(self) -> bytes:
        """Return the HTML, decompressed."""
        data = self.path.read_bytes()
        return gzip.decompress(data) if self.path.suffix == ".gz" else data


Pins = Mapping[str, str]


def load(name: str) -> list[SourcePage]:
    """Return the development pages of a corpus ("wcxb", "trafilatura" or "fundus"), sorted by page.

    Every page is compared with its pinned digest, which reads it once.

    Raises CorpusError where the corpus or one of its pages is missing or is not the pinned one.
    """
    pins = pinned(name)
    folder = _folder(name, pins)
    try:
        pages = {page.page: page for page in _READERS[name](folder, pins)}
        if absent := sorted(pins.keys() - pages.keys()):
            raise ValueError(f"{len(absent)} pages are missing, {absent[0]} for one")
        return [_checked(pages[page], pin) for page, pin in sorted(pins.items())]
    except _DAMAGE as error:
        raise CorpusError(
            f"the corpus '{name}' in {folder} is incomplete or damaged "
            f"({type(error).__name__}: {error}); if it was downloaded, delete it and try again"
        ) from error


def corpus_digest(name: str) -> str:
    """Return one digest for the pinned pages of a corpus, whichever folder they come from."""
    lines = "".join(f"{page} {pin}\n" for page, pin in sorted(pinned(name).items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def registered_domain(url: str) -> str:
    """Return the part of a URL's host that somebody registered ("bbc.co.uk"), or nothing."""
    return _suffixes(url).top_domain_under_public_suffix.lower()


def page_digest(html: bytes, gold: Gold) -> str:
    """Return the digest that is pinned for a page with this HTML and gold."""
    content = json.dumps(astuple(gold), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(html + b"\0" + content.encode()).hexdigest()[:DIGEST_DIGITS]


def corpora_folder() -> Path | None:
    """Return the folder that CHAFFINCH_CORPORA names, None where it names none."""
    given = os.environ.get(FOLDER_VARIABLE)
    return Path(given).expanduser() if given else None


def pinned(name: str) -> Pins:
    """Return a corpus's pages and their digests; for fundus the page's entry in its JSON file follows."""
    if name not in NAMES:
        raise CorpusError(f"there is no corpus '{name}', only {', '.join(NAMES)}")
    pins: Pins = json.loads((PINS / f"{name}.json").read_text(encoding="utf-8"))
    return pins


def _folder(name: str, pins: Pins) -> Path:
    origin = next(origin for origin in _ORIGINS if origin.name == name)
    given = corpora_folder()
    if given is None:
        return fetch(origin, CACHE, _files(name, pins))
    folder = given / name
    if not folder.is_dir():
        raise CorpusError(missing(origin, f"{FOLDER_VARIABLE} is set, but there is no folder {folder}"))
    return folder


def _files(name: str, pins: Pins) -> set[str]:
    """The paths that a reader may open; a page may have several, of which one exists."""
    if name == "wcxb":
        html = {f"{_WCXB}/html/{page}.html.gz" for page in pins}
        return html | {f"{_WCXB}/ground-truth/{page}.json" for page in pins} | {"metadata.json"}
    if name == "trafilatura":
        html = {f"{folder}/{page}" for folder in _TRAFILATURA for page in pins}
        return html | {"tests/evaldata.json"}
    return {f"{_FUNDUS}/{path}" for page in pins for path in (page, f"{_publisher(page)}.json")}


def _read_wcxb(folder: Path, pins: Pins) -> Iterator[SourcePage]:
    for page, facts in read_json(folder / "metadata.json")["files"].items():
        # Upstream keeps some pages of its test split in dev/ as well: the metadata decides.
        if page not in pins or facts["split"] != "dev":
            continue
        entry = read_json(folder / _WCXB / "ground-truth" / f"{page}.json")
        path = folder / _WCXB / "html" / f"{page}.html.gz"
        gold = snippets_gold(entry["ground_truth"])
        yield _page("wcxb", page, entry["url"], path, gold, facts["page_type"])


def _read_trafilatura(folder: Path, pins: Pins) -> Iterator[SourcePage]:
    for url, entry in read_json(folder / "tests" / "evaldata.json").items():
        page = entry["file"]
        if page in pins:
            places = trafilatura_places(folder, page)
            path = next((place for place in places if place.exists()), places[0])
            gold = replace(snippets_gold(entry), text=None)
            yield _page("trafilatura", page, url, path, gold)


def _read_fundus(folder: Path, pins: Pins) -> Iterator[SourcePage]:
    domains: dict[str, str] = {}
    for page, pin in sorted(pins.items()):
        publisher = _publisher(page)
        # fundus asks which of its parsers was valid on the day of the crawl; the pin tells.
        entry = read_json(folder / _FUNDUS / f"{publisher}.json").get(pin.partition(" ")[2])
        if entry is None:
            raise CorpusError(f"the corpus 'fundus' is not the pinned one: no entry for {page}")
        source = _page("fundus", page, "", folder / _FUNDUS / page, _fundus_gold(entry))
        # A publisher that moved, or lends a page, stays one publisher: its first page decides.
        known = source.domain if not source.domain.startswith("fundus:") else f"fundus:{publisher}"
        yield replace(source, domain=domains.setdefault(publisher, known))


_READERS: dict[str, Callable[[Path, Pins], Iterator[SourcePage]]] = {
    "wcxb": _read_wcxb,
    "trafilatura": _read_trafilatura,
    "fundus": _read_fundus,
}


def _page(
    corpus: str, page: str, url: str, path: Path, gold: Gold, page_type: str | None = None
) -> SourcePage:
    source = SourcePage(corpus, page, url, registered_domain(url), page_type, gold, path)
    if source.domain:
        return source
    own = _own_address(source.read())
    return replace(source, url=url or own, domain=registered_domain(own) or f"{corpus}:{page}")


def _own_address(html: bytes) -> str:
    for pattern in _ADDRESSES:
        for element in pattern.findall(html[:HEAD_BYTES]):
            value = _ADDRESS_VALUE.search(element)
            url = unescape(value[1].decode("utf-8", "replace")) if value else ""
            if registered_domain(url):
                return url
    return ""


def _publisher(page: str) -> str:
    return _FUNDUS_DATE.sub("", page)


def snippets_gold(entry: Mapping[str, Any]) -> Gold:
    """Return the gold of an entry that has a main text, snippets or both (wcxb, trafilatura)."""
    return Gold(
        text=entry.get("main_content") or "",
        wanted=tuple(entry.get("with") or ()),
        unwanted=tuple(entry.get("without") or ()),
        title=entry.get("title") or "",
    )


def _fundus_gold(entry: Mapping[str, Any]) -> Gold:
    body = entry["body"]
    paragraphs = [*body["summary"]]
    for section in body["sections"]:
        paragraphs += [*section["headline"], *section["paragraphs"]]
    return Gold(paragraphs=tuple(paragraphs), title=entry.get("title") or "")


def _checked(page: SourcePage, pin: str) -> SourcePage:
    expected = pin.partition(" ")[0]
    found = page_digest(page.read(), page.gold)
    if found != expected:
        raise CorpusError(
            f"{page.path} is not the page that was pinned for the corpus '{page.corpus}': "
            f"digest {expected} expected, {found} found"
        )
    return page


def trafilatura_places(folder: Path, page: str) -> list[Path]:
    """Return where the HTML of a page may stand in trafilatura's repository."""
    return [folder / place / page for place in _TRAFILATURA]


def read_json(path: Path) -> Any:
    """Return what a JSON file holds."""
    return json.loads(path.read_text(encoding="utf-8"))
