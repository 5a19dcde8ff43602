"""The `chaffinch` command: a page in from a file or standard input, text or labelled blocks out."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from chaffinch import (
    BOILERPLATE,
    LABELS,
    PROMOTIONAL,
    Block,
    ChaffinchError,
    Cleaner,
    Page,
    __version__,
)
from chaffinch.labels import CLEANING
from chaffinch.page import checked_labels

# What shells report of a process that a signal ended: 128 and the signal's number.
EXIT_INTERRUPTED: Final = 130
EXIT_BROKEN_PIPE: Final = 141
# Columns that a table leaves to the text, however narrow the terminal is.
MIN_TEXT_COLUMNS: Final = 20

# What `--keep` takes beside labels; `editorial` is a label, and means that one alone.
_SEVERAL: Final = {
    "promotional": PROMOTIONAL,
    "boilerplate": BOILERPLATE,
    "all": frozenset(LABELS),
}
# Controls but for tab and line feed: a page must not steer the reader's terminal.
_CONTROLS: Final = dict.fromkeys({*range(0x20), *range(0x7F, 0xA0)} - {0x09, 0x0A})

_EXAMPLES: Final = """\
examples:
  curl -s https://example.org/article | chaffinch clean
  chaffinch clean page.html --keep editorial,comment > page.txt
  chaffinch label page.html | less -S
"""
_CLEAN_EXAMPLES: Final = """\
examples:
  curl -s https://example.org/article | chaffinch clean
  chaffinch clean extracted.txt --kind text
  chaffinch clean page.html --keep editorial,comment,metadata --format jsonl
"""
_LABEL_EXAMPLES: Final = """\
examples:
  chaffinch label page.html
  chaffinch label page.html --format jsonl | jq -r 'select(.group == "promotional").text'
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; wrong usage exits with 2 at once."""
    arguments = _parser().parse_args(argv)
    try:
        page = _page(arguments)
        _write(_WRITERS[arguments.command, arguments.format](page))
    except BrokenPipeError:
        _discard_output()
        return EXIT_BROKEN_PIPE
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except (ChaffinchError, OSError) as error:
        _complain(error)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "chaffinch",
        description="Separate the wheat of a web page from its chaff.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"chaffinch {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    clean = commands.add_parser(
        "clean",
        help="print a page without its chaff",
        description="Print the text of a page, or of text extracted from one, without its chaff.",
        epilog=_CLEAN_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    clean.add_argument(
        "--keep",
        type=_labels,
        default="editorial",
        metavar="LABEL,...",
        help=f"keep blocks with these labels: {', '.join(LABELS)}; promotional and boilerplate "
        "stand for all labels of that class, all for every label (default: editorial)",
    )
    _add_common(clean, formats=("text", "jsonl"))

    label = commands.add_parser(
        "label",
        help="print every block of a page with its label",
        description="Print every block of a page with its label and how probable that is.",
        epilog=_LABEL_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    label.set_defaults(keep=frozenset(LABELS))
    _add_common(label, formats=("table", "jsonl"))
    return parser


def _add_common(parser: argparse.ArgumentParser, formats: Sequence[str]) -> None:
    parser.add_argument(
        "file",
        nargs="?",
        default="-",
        metavar="FILE",
        help="the page; - or nothing: standard input",
    )
    parser.add_argument(
        "--kind", choices=("html", "text"), help="what FILE holds (default: told by looking at it)"
    )
    parser.add_argument("--format", choices=formats, default=formats[0], help=f"(default: {formats[0]})")
    parser.add_argument("--url", help="the page's address, where it is known")
    parser.add_argument(
        "--cleaning",
        choices=CLEANING,
        default="balanced",
        help="careful keeps what may be editorial, thorough drops what may be chaff (default: balanced)",
    )
    parser.add_argument("--model", type=Path, metavar="DIR", help="folder of a model made by `make train`")


def _labels(names: str) -> frozenset[str]:
    """Read the value of `--keep`."""
    given = [name.strip() for name in names.split(",") if name.strip()]
    if not given:
        raise argparse.ArgumentTypeError(f"no label given; the labels are {', '.join(LABELS)}")
    single = [name for name in given if name not in _SEVERAL]
    try:
        return checked_labels(single).union(*(_SEVERAL.get(name, ()) for name in given))
    except ChaffinchError as error:
        raise argparse.ArgumentTypeError(f"{error}, {', '.join(_SEVERAL)}") from None


def _page(arguments: argparse.Namespace) -> Page:
    source = _read(arguments.file)
    cleaner = Cleaner(arguments.model, keep=arguments.keep, cleaning=arguments.cleaning)
    return cleaner.label(source, kind=arguments.kind, url=arguments.url)


def _read(file: str) -> bytes:
    if file == "-":
        if sys.stdin is None:
            raise ChaffinchError("standard input is closed")
        data = sys.stdin.buffer.read()
    else:
        data = Path(file).read_bytes()
    if not data.strip():
        raise ChaffinchError(f"{'standard input' if file == '-' else file} is empty")
    return data


def _text(page: Page) -> Iterator[str]:
    if page.text:
        yield page.text


def _kept_jsonl(page: Page) -> Iterator[str]:
    for block in page.blocks:
        if block.label in page.keep:
            yield json.dumps(_record(block), ensure_ascii=False)


def _jsonl(page: Page) -> Iterator[str]:
    for block in page.blocks:
        probabilities = {name: round(value, 4) for name, value in block.probabilities.items()}
        yield json.dumps({**_record(block), "probabilities": probabilities}, ensure_ascii=False)


def _record(block: Block) -> dict[str, object]:
    return {
        "text": block.text,
        "label": block.label,
        "group": block.group,
        "probability": round(block.probability, 4),
    }


def _table(page: Page) -> Iterator[str]:
    """Yield a line for each block, cut to the terminal's width where it is written to one."""
    number_width, label_width = len(str(len(page.blocks))), max(map(len, LABELS))
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for number, block in enumerate(page.blocks, start=1):
        place = f"{number:>{number_width}}  {block.label:<{label_width}}  {block.probability:.2f}  "
        text = " ".join(block.text.split())
        yield place + (_cut(text, width - len(place)) if width else text)


_WRITERS: Final = {
    ("clean", "text"): _text,
    ("clean", "jsonl"): _kept_jsonl,
    ("label", "table"): _table,
    ("label", "jsonl"): _jsonl,
}


def _cut(text: str, columns: int) -> str:
    """Return as much of the text as fits, with an ellipsis where some of it does not."""
    left = max(columns, MIN_TEXT_COLUMNS)
    for place, character in enumerate(text):
        left -= _columns(character)
        if left < 0 or (left == 0 and place + 1 < len(text)):
            return text[:place] + "…"
    return text


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _write(lines: Iterable[str]) -> None:
    """Write UTF-8 whatever the locale, so that what is piped is what the page says."""
    for line in lines:
        sys.stdout.buffer.write(f"{line.translate(_CONTROLS)}\n".encode("utf-8", "replace"))
    sys.stdout.flush()


def _discard_output() -> None:
    """Let Python flush at its exit into nothing: whoever read the output has gone."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(error: Exception) -> None:
    reason = str(error)
    if isinstance(error, OSError) and error.strerror:
        reason = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    print("chaffinch:", " ".join(reason.split()).translate(_CONTROLS), file=sys.stderr)
