"""`python -m training.lint`: checks the seed documents as a whole, and shows how they are balanced.

A model learns what is repeated, so no sentence may stand in two documents, not even half changed; and it
must not learn names that exist.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Final
from zlib import crc32

from chaffinch.labels import CODES
from training import seeds
from training.seeds import COVERT, OPEN, Seed, SeedError

RESIDUES: Final = frozenset(
    "lead-generation company-intelligence free-sample consultation demo report white-paper webinar event "
    "job-ad paywall newsletter membership donation app-install podcast coupon affiliate native-ad sponsor "
    "house-ad recirculation author-box tags credit share-bar social comments cookie cookies navigation "
    "interface legal form-states none".split()
)
TONES: Final = frozenset((*OPEN, COVERT, "none"))
PLACES: Final = frozenset(("start", "middle", "end", "throughout", "none"))

# The article that Chaffinch was born from: real, and kept as it is.
NOT_OURS: Final = "en/eu-japan-semiconductors"

# Names that writers slip into; every one exists, none may stand in a seed document. The networks that share
# bars name, and the systems that apps are for, are words of the trade: those may.
BRANDS: Final = tuple(
    "Adobe AliExpress Alibaba BuzzFeed ChatGPT Disqus Dropbox eBay Etsy Evernote Fitbit Forbes GlobalData "
    "GoFundMe Gmail Groupon HelloFresh HubSpot IKEA Kickstarter Mailchimp Medium.com Microsoft Netflix "
    "NordVPN NYTimes OpenAI Outbrain Patreon PayPal Quora Reuters Revolut Salesforce Samsung Shopify "
    "Skillshare Squarespace Substack Taboola Trustpilot Tumblr Uber Udemy Vimeo Walmart Wikipedia Wix "
    "WordPress Zalando Zoom.us".split()
)

# Characters of a shingle; one in so many shingles, by its hash, is compared.
SHINGLE: Final = 12
SAMPLED: Final = 4
# Characters from which a paragraph is compared: shorter ones are common property.
COMPARED_LENGTH: Final = 40
# Share of their shingles from which two paragraphs are near-duplicates.
ALIKE: Final = 0.5
# A shingle of more paragraphs than this is a phrase of the language.
COMMON: Final = 40


def problems(documents: Sequence[Seed]) -> list[str]:
    """Return what is wrong with the documents, one line each, in their order."""
    ours = [document for document in documents if document.name != NOT_OURS]
    return [
        *(f"{document.name}: {fault}" for document in documents for fault in _header_faults(document)),
        *(f"{document.name}: the name {brand!r} exists" for document in ours for brand in _brands(document)),
        *_near_duplicates(ours),
    ]


def _header_faults(document: Seed) -> Iterator[str]:
    if document.language != document.name.partition("/")[0]:
        yield f"language {document.language!r} is not its folder"
    for header, allowed in (("residue", RESIDUES), ("tone", TONES), ("place", PLACES)):
        for value in _values(document, header):
            if value not in allowed:
                yield f"{header} {value!r} is none of those in seeds/README.md"


def _values(document: Seed, header: str) -> list[str]:
    return [value.strip() for value in document.header[header].split(",")]


def _brands(document: Seed) -> list[str]:
    found = _BRAND.findall("\n".join(document.paragraphs))
    return sorted(set(found))


_BRAND = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, BRANDS))})(?!\w)")


def _near_duplicates(documents: Sequence[Seed]) -> Iterator[str]:
    """Say which paragraphs of different documents share half of their wording."""
    paragraphs = [
        (document.name, text)
        for document in documents
        for text in document.paragraphs
        if len(text) >= COMPARED_LENGTH
    ]
    sampled = [_shingles(text) for _, text in paragraphs]
    holders: dict[int, list[int]] = defaultdict(list)
    for number, shingles in enumerate(sampled):
        for shingle in shingles:
            holders[shingle].append(number)
    shared = Counter(
        pair for held in holders.values() if 1 < len(held) <= COMMON for pair in combinations(held, 2)
    )
    for (one, other), count in sorted(shared.items()):
        (name, text), (other_name, other_text) = paragraphs[one], paragraphs[other]
        if name != other_name and count >= ALIKE * len(sampled[one] | sampled[other]):
            yield f"{name} and {other_name} share a paragraph: {text[:60]!r}, {other_text[:60]!r}"


def _shingles(text: str) -> set[int]:
    """Hash every run of characters and keep a fixed share of the hashes, the same for the same run."""
    folded = re.sub(r"\W+", " ", text.lower())
    runs = {folded[start : start + SHINGLE] for start in range(max(1, len(folded) - SHINGLE + 1))}
    hashes = (crc32(run.encode()) for run in runs)
    return {value for value in hashes if value % SAMPLED == 0}


def balance(documents: Sequence[Seed]) -> str:
    """Return how the documents are spread over languages, labels, residues, tones and places."""
    by_language: dict[str, list[Seed]] = defaultdict(list)
    for document in documents:
        by_language[document.language].append(document)
    codes = list(CODES)
    lines = [
        f"| language | documents | paragraphs | {' | '.join(codes)} |",
        f"|---|--:|--:|{'--:|' * len(codes)}",
    ]
    for language, held in sorted(by_language.items(), key=lambda pair: -len(pair[1])):
        lines.append(_row(language, held, codes))
    lines += [_row("all", documents, codes), ""]
    for header in ("residue", "tone", "place"):
        lines.append(f"{header}: {_counted(value for each in documents for value in _values(each, header))}")
    return "\n".join(lines)


def _row(name: str, documents: Sequence[Seed], codes: Sequence[str]) -> str:
    counted = Counter(code for document in documents for code in document.codes)
    figures = [len(documents), sum(counted.values()), *(counted[code] for code in codes)]
    return f"| {name} | {' | '.join(map(str, figures))} |"


def _counted(values: Iterable[str]) -> str:
    return ", ".join(f"{value} {count}" for value, count in Counter(values).most_common())


def main(argv: Sequence[str] | None = None) -> int:
    """Print the balance and every problem; return 1 where there is one."""
    parser = argparse.ArgumentParser(prog="python -m training.lint", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=seeds.FOLDER, help="default: seeds/")
    folder = parser.parse_args(argv).folder
    try:
        documents = seeds.load(folder)
    except SeedError as error:
        print(f"lint: {error}", file=sys.stderr)
        return 1
    found = problems(documents)
    print(balance(documents))
    for problem in found:
        print(f"lint: {problem}", file=sys.stderr)
    print(f"\n{len(documents)} documents, {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
