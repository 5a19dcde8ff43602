"""`python -m training.speed`: speed beside trafilatura, in turns over the same pages, one thread.

The machine's speed drifts; what is quoted is the ratio of the two on the same pages in the same run. Turns
of one page are the hardest: each tool finds the processor's caches full of the other's data. `--turn` gives
each more pages in a row, as when one of them cleans a crawl.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from typing import Final

import trafilatura

from chaffinch import Cleaner
from chaffinch.blocks import segment
from training import seeds
from training.corpora import CorpusError, load

# Pages taken evenly from the corpus, and rounds over them; the first round warms caches and is dropped.
PAGES: Final = 100
ROUNDS: Final = 3


def main() -> int:
    """Print the table; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m training.speed", description=__doc__)
    parser.add_argument("--pages", type=int, default=PAGES)
    parser.add_argument("--turn", type=int, default=1, help="pages in a row before the other's turn")
    given = parser.parse_args()
    pages, turn = max(1, given.pages), max(1, given.turn)
    try:
        sources = load("wcxb")
    except CorpusError as error:
        print(f"speed: {error}", file=sys.stderr)
        return 1
    html = [page.read().decode("utf-8", "replace") for page in sources[:: max(1, len(sources) // pages)]]
    cleaner = Cleaner()
    systems: dict[str, Callable[[str], object]] = {
        "chaffinch.label": lambda page: cleaner.label(page, kind="html"),
        "of it, segment": lambda page: segment(page, kind="html"),
        f"trafilatura {trafilatura.__version__} extract": trafilatura.extract,
    }
    times = _times(systems, html, turn)
    reference = statistics.fmean(times[list(systems)[-1]])
    characters = statistics.fmean(map(len, html))
    print(f"{len(html)} pages of {characters:,.0f} characters on average, median of {ROUNDS - 1} rounds,")
    print(f"in turns of {turn}\n")
    print("| | ms a page | pages a second | share of trafilatura's time |\n|---|--:|--:|--:|")
    for name, seconds in times.items():
        mean = statistics.fmean(seconds)
        print(f"| {name} | {mean * 1e3:.1f} | {1 / mean:.0f} | {mean / reference:.2f} |")
    _text_speed(cleaner)
    return 0


def _times(systems: dict[str, Callable[[str], object]], html: list[str], turn: int) -> dict[str, list[float]]:
    """Return each system's seconds for each page: the median over the rounds, systems taking turns."""
    taken: dict[str, list[list[float]]] = {name: [] for name in systems}
    for _ in range(ROUNDS):
        seconds: dict[str, list[float]] = {name: [] for name in systems}
        for begin in range(0, len(html), turn):
            for name, run in systems.items():
                for page in html[begin : begin + turn]:
                    began = time.perf_counter()
                    run(page)
                    seconds[name].append(time.perf_counter() - began)
        for name, values in seconds.items():
            taken[name].append(values)
    return {
        name: [statistics.median(page) for page in zip(*rounds[1:], strict=True)]
        for name, rounds in taken.items()
    }


def _text_speed(cleaner: Cleaner) -> None:
    """Print how many paragraphs a second `score` labels, a seed document a call."""
    documents = [list(seed.paragraphs) for seed in seeds.load()]
    for document in documents[:20]:
        cleaner.score(document)
    began = time.perf_counter()
    for document in documents:
        cleaner.score(document)
    seconds = time.perf_counter() - began
    count = sum(map(len, documents))
    print(f"\n`score`: {count / seconds:,.0f} paragraphs a second ({count} in {len(documents)} documents)")


if __name__ == "__main__":
    sys.exit(main())
