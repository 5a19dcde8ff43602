"""Reads the seed documents: written by hand, one file each, one labelled paragraph a line."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chaffinch.labels import CODES

FOLDER: Final = Path(__file__).parents[1] / "seeds"
HEADERS: Final = ("language", "genre", "residue", "tone", "place")
# The tone of promotion that takes the article's own voice; those of promotion that shows itself.
COVERT: Final = "covert"
OPEN: Final = ("overt", "subtle")
# How the names of documents begin that were written for the text model alone: with them the page model
# would need more memory than a run of training may take.
TEXT_ALONE: Final = "r6-"

_HEADER = re.compile(r"#\s*(\w+)\s*:\s*(.*)")


class SeedError(ValueError):
    """A seed file is not in the format that `seeds/README.md` describes."""


@dataclass(frozen=True)
class Seed:
    """One document: its header, and its paragraphs with the one-letter code of each one's label."""

    name: str
    header: dict[str, str]
    paragraphs: tuple[str, ...]
    codes: tuple[str, ...]

    @property
    def language(self) -> str:
        """The ISO 639-1 code, which is also the folder's name."""
        return self.header["language"]

    @property
    def covert(self) -> bool:
        """Whether its promotion takes the article's own voice."""
        return self.header["tone"] == COVERT

    @property
    def text_alone(self) -> bool:
        """Whether it was written for the text model alone."""
        return self.name.split("/")[1].startswith(TEXT_ALONE)


def load(folder: Path = FOLDER) -> list[Seed]:
    """Return every seed document under `<folder>/<language>/`, sorted by name; SeedError names the line."""
    return [read(path) for path in sorted(folder.glob("*/*.txt"))]


def for_pages(seeds: list[Seed]) -> list[Seed]:
    """Return the documents that the page model learns from too.

    Their promotion shows itself: of covert promotion a page's structure tells, and what is editorial pages
    tell better than documents. None was written for text alone.
    """
    return [seed for seed in seeds if seed.header["tone"] in OPEN and not seed.text_alone]


def read(path: Path) -> Seed:
    """Read one seed file."""
    name = f"{path.parent.name}/{path.stem}"
    header: dict[str, str] = {}
    pairs: list[tuple[str, str]] = []
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise SeedError(f"{path} is not UTF-8: {error}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        match = _HEADER.fullmatch(line)
        if match and not pairs:
            header[match[1]] = match[2].strip()
            continue
        code, _, text = line.partition(" ")
        if code not in CODES or not text.strip():
            raise SeedError(f"{path}, line {number}: not a label letter, a space and text: {line[:60]!r}")
        pairs.append((code, text.strip()))
    missing = [key for key in HEADERS if key not in header]
    if missing or not pairs:
        raise SeedError(f"{path}: missing {', '.join(missing) or 'paragraphs'}")
    codes, texts = zip(*pairs, strict=True)
    return Seed(name, header, texts, codes)


def digest(seeds: list[Seed]) -> str:
    """Return one digest for all seeds: names, headers, labels and text."""
    state = hashlib.sha256()
    for seed in seeds:
        state.update(repr((seed.name, seed.header, seed.codes, seed.paragraphs)).encode())
    return state.hexdigest()
