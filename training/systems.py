"""The extractors that Chaffinch learns from and is measured beside: HTML in, main text out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from html import unescape
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

# Markdown's addresses are no words of a page's text.
_ADDRESS = re.compile(r"\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*\)")
_ELEMENT = re.compile(r"<[^>]*>")
# Share of a page's words that are common ones from which jusText takes it for written in a language.
_COMMON: Final = 0.1


@dataclass(frozen=True)
class System:
    """An extractor; `package` is its name where it is installed from, `make` imports it."""

    name: str
    package: str
    make: Callable[[], Callable[[str], str]]

    @property
    def version(self) -> str | None:
        """The installed version, None where it is not installed."""
        try:
            return version(self.package)
        except PackageNotFoundError:
            return None

    @cached_property
    def extract(self) -> Callable[[str], str]:
        """The extractor, imported when it is first asked for."""
        return self.make()


def _trafilatura(comments: bool = True) -> Callable[[str], str]:
    extract = import_module("trafilatura").extract
    return lambda html: extract(html, include_comments=comments) or ""


def _resiliparse() -> Callable[[str], str]:
    extract = import_module("resiliparse.extract.html2text").extract_plain_text
    return lambda html: str(extract(html, main_content=True))


def _justext() -> Callable[[str], str]:
    module: Any = import_module("justext")
    lists = {name: module.get_stoplist(name) for name in sorted(module.get_stoplists())}

    def extract(html: str) -> str:
        words = set(re.findall(r"\w+", _ELEMENT.sub(" ", html).lower()))
        common = {name: len(words & given) / max(len(given), 1) for name, given in lists.items()}
        language = max(common, key=lambda name: common[name])
        given = lists[language] if common[language] >= _COMMON else lists["English"]
        return "\n".join(part.text for part in module.justext(html, given) if not part.is_boilerplate)

    return extract


def _readability() -> Callable[[str], str]:
    document = import_module("readability").Document
    return lambda html: unescape(_ELEMENT.sub(" ", document(html).summary(html_partial=True)))


def _chromerag() -> Callable[[str], str]:
    extract = import_module("chromerag").ChromeRAG().extract
    return lambda html: _ADDRESS.sub("]", extract(html).markdown)


# As they come, which is how they are measured.
SYSTEMS: Final = (
    System("trafilatura", "trafilatura", _trafilatura),
    System("Resiliparse", "resiliparse", _resiliparse),
    System("jusText", "justext", _justext),
    System("readability-lxml", "readability-lxml", _readability),
    System("ChromeRAG", "chromerag", _chromerag),
)
# Whose text the text model learns from: the article, without the comments below it.
TEACHERS: Final = (System("trafilatura", "trafilatura", partial(_trafilatura, False)), SYSTEMS[1])
