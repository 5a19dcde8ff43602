"""`python -m training.benchmark`: quality and speed beside others, page by page in turn, one thread.

What each system says of a page is kept in `build/benchmark/`: an interrupted run goes on where it stopped. On
the development corpora Chaffinch's quality is the cross-validated one of its `model.json`, for the model that
ships has seen them; on the public test sets, which run where their folders exist, it is the shipped model's.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import chaffinch
from chaffinch.classifier import MANIFEST, model_dir
from training import metrics
from training.corpora import NAMES, CorpusError, SourcePage, load
from training.evaluate import CORPUS_FIGURES, Figures
from training.stages import ROOT
from training.systems import SYSTEMS
from training.test_sets import TEST_SETS, load_test_set

FOLDER: Final = ROOT / "build" / "benchmark"
# Pages between two lines of progress.
TOGETHER: Final = 100
MEMORY_CORPUS: Final = "wcxb"
# Where Linux tells a process's memory; elsewhere it is not measured.
STATUS: Final = Path("/proc/self/status")
OURS: Final = "Chaffinch"
# Hexadecimal digits of the model's digest: what another model said is not taken for what this one says.
DIGEST_DIGITS: Final = 6


def main() -> int:
    """Run what is still to be run, print the tables; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m training.benchmark", description=__doc__)
    parser.add_argument("--pages", type=int, help="at most so many pages of each set, taken evenly")
    parser.add_argument("--again", action="store_true", help="forget what earlier runs kept")
    given = parser.parse_args()
    extract = _systems()
    try:
        for name in (*NAMES, *TEST_SETS):
            pages = load(name) if name in NAMES else load_test_set(name)
            if pages:
                some = _some(pages, given.pages)
                _print(name, some, *_run(name, some, extract, again=given.again))
            else:
                print(f"{name}: its folder is not there", file=sys.stderr)
    except CorpusError as error:
        print(f"benchmark: {error}", file=sys.stderr)
        return 1
    if STATUS.exists():
        held = f"held {_memory():.0f} MB at most"
        print(f"\nA process that cleaned the pages of {MEMORY_CORPUS} with {OURS} alone {held}.")
    return 0


def _cleaned(html: str) -> str:
    return chaffinch.clean(html, kind="html")


def _systems() -> dict[str, Callable[[str], str]]:
    """Return ours, with the model's digest, and all others that are installed."""
    missing = [system.name for system in SYSTEMS if system.version is None]
    if missing:
        print(f"without {', '.join(missing)}: pip install 'chaffinch[bench]'", file=sys.stderr)
    model = hashlib.sha256((model_dir() / MANIFEST).read_bytes()).hexdigest()[:DIGEST_DIGITS]
    others = {f"{each.name} {each.version}": each.extract for each in SYSTEMS if each.version is not None}
    return {f"{OURS} {chaffinch.__version__} ({model})": _cleaned, **others}


def _some(pages: Sequence[SourcePage], most: int | None) -> Sequence[SourcePage]:
    return pages[:: -(-len(pages) // most)] if most else pages


# What one system said of one page: its text, or None where it failed, and CPU seconds.
Kept = dict[tuple[str, str], tuple[str | None, float]]


def _run(
    name: str, pages: Sequence[SourcePage], systems: dict[str, Callable[[str], str]], *, again: bool
) -> tuple[Kept, float]:
    """Let every system read every page that it has not read yet, taking turns page by page.

    Returns what all said, and how many bytes a page has on average.
    """
    path = FOLDER / f"{name.replace(' ', '-')}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    if again:
        path.unlink(missing_ok=True)
    kept, size = dict(_kept(path)), 0
    for extract in systems.values():
        extract("<p>Whatever is loaded or compiled at first use is not measured.</p>")
    with path.open("a", encoding="utf-8") as file:
        for number, page in enumerate(pages, 1):
            content = page.read()
            size += len(content)
            html = content.decode("utf-8", "replace")
            for system, extract in systems.items():
                if (system, page.page) not in kept:
                    kept[system, page.page] = said = _timed(extract, html)
                    file.write(json.dumps([system, page.page, *said]) + "\n")
            if number % TOGETHER == 0 or number == len(pages):
                print(f"{name}: {number} of {len(pages)} pages", file=sys.stderr)
    wanted = {page.page for page in pages}
    asked = {key: said for key, said in kept.items() if key[0] in systems and key[1] in wanted}
    return asked, size / len(pages)


def _kept(path: Path) -> Iterator[tuple[tuple[str, str], tuple[str | None, float]]]:
    """Read what earlier runs kept; a line that was cut off is one to be written again."""
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            system, page, text, seconds = json.loads(line)
        except ValueError:
            continue
        yield (system, page), (text, seconds)


def _timed(extract: Callable[[str], str], html: str) -> tuple[str | None, float]:
    began = time.process_time()
    try:
        text: str | None = extract(html)
    except Exception:  # whatever another's parser raises: it counts as an empty text
        text = None
    return text, time.process_time() - began


def _print(name: str, pages: Sequence[SourcePage], kept: Kept, size: float) -> None:
    columns: dict[str, list[str]] = defaultdict(list)
    for system in dict.fromkeys(system for system, _ in kept):
        said = [kept[system, page.page] for page in pages]
        own = name in NAMES and system.startswith(OURS)
        figures = _cross_validated(name) if own else _figures(name, pages, [text or "" for text, _ in said])
        columns["system"].append(system)
        for key, value in figures.items():
            columns[key].append(f"{value:.3f}" if isinstance(value, float) else f"{value:,}")
        columns["failed"].append(str(sum(text is None for text, _ in said)))
        columns["pages a CPU second"].append(f"{len(said) / sum(seconds for _, seconds in said):.0f}")
    print(f"\n{name}: {len(pages)} pages of {size:,.0f} bytes on average\n")
    print(f"| {' | '.join(columns)} |\n|---|{'--:|' * (len(columns) - 1)}")
    for row in zip(*columns.values(), strict=True):
        print(f"| {' | '.join(row)} |")


def _figures(name: str, pages: Sequence[SourcePage], texts: Sequence[str]) -> Figures:
    if name == "scrapinghub":
        return metrics.shingle_scores(texts, [page.gold.text or "" for page in pages])
    return _flat(CORPUS_FIGURES[name.removesuffix(" test")](pages, texts))


def _cross_validated(name: str) -> Figures:
    manifest = json.loads((model_dir() / MANIFEST).read_text(encoding="utf-8"))
    return _flat(manifest["figures"]["page"][name])


def _flat(figures: Figures) -> Figures:
    """Leave the figures that are a column each: those by type of page too."""
    flat = {key: value for key, value in figures.items() if key not in ("pages", "word_f1")}
    return {**figures.get("word_f1", {}), **flat}


def _memory() -> float:
    """Return the most megabytes that a process of its own held."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_peak)


def _peak() -> float:
    for page in load(MEMORY_CORPUS):
        _cleaned(page.read().decode("utf-8", "replace"))
    # What `resource` tells would begin with what the process held that this one was split from.
    lines = STATUS.read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


if __name__ == "__main__":
    sys.exit(main())
