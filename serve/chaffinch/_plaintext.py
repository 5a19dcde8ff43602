"""Reads plain text: cleans it of characters that are no content, and cuts it into paragraphs.

A line is a block. Only a document that was broken into lines of one width (mail, README style) is
joined back into paragraphs first, and only by evidence from the whole of it: ordinary text, verse,
lists and East Asian text keep their lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

# Widths in columns at which people and programs break prose. Verse is mostly narrower; a longer
# line is a paragraph of its own.
MIN_WIDTH: Final = 55
MAX_WIDTH: Final = 100
# Pairs of lines broken in the middle of a sentence that a document must show at least.
MIN_BREAKS: Final = 2
# Of the long lines that another follows, the share that must end where the next word would not fit.
# Greedy wrapping gives nearly 1; lines ended by their author come out below one half.
FULL_SHARE: Final = 0.6
# Of those full lines, the share that must break a sentence; German, with its capitals, gives .5.
BREAK_SHARE: Final = 0.35
# A line counts as long from this part of the width; shorter ones end a paragraph or are verse.
LONG_PART: Final = 0.6
# Who wraps by hand leaves some columns free beyond what the next word needs, or goes some over.
# It takes wider lines and more broken sentences to believe: verse in sentence case is close to it.
RAGGED: Final = 8
OVER: Final = 3
MIN_WIDTH_BY_HAND: Final = 66
MIN_BREAKS_BY_HAND: Final = 5
BREAK_SHARE_BY_HAND: Final = 0.5
# Part of a line that may be East Asian characters; where there are more, it is not joined.
MAX_WIDE_PART: Final = 0.2

# What no reader sees: controls, soft hyphens, zero-width and direction marks, byte order marks,
# non-characters. White space is folded before this is asked.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ufffe\uffff]+"
)
_GRAPHEME_JOINER = "\u034f"
# Joiners are spelling in Persian or Hindi and glue in emoji: kept between two such characters.
_REPEATED_JOINER = re.compile("([\u200c\u200d])[\u200c\u200d]+")
_LOOSE_JOINER = re.compile(r"(?<![^\x00-\x7f\s])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f\s])")
_SURROGATE = re.compile("[\ud800-\udfff]")

_QUOTE = re.compile(r"(?:[ \t]{0,3}>)+[ \t]?")
_MARKER = re.compile(r"(?:[-*+•‣▪◦·]|\(?(?:\d{1,3}|[A-Za-z])[.)]|#{1,6}|\[[^\]\s]{0,12}\]:?)\s")
_FENCE = re.compile(r"```|~~~")
# Columns, rules and table rows: laid out by hand, line by line.
_LAID_OUT = re.compile(r"\S(?: {3}|\t| \| )\s*\S|\.{5}|^\||^[-=_*~#+.]{3,}$")
_WIDE = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\ua4cf"
                   "\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")  # fmt: skip
_SENTENCE_ENDS = frozenset('.!?:;…。؟।"”»)]>')


def clean_text(text: str) -> str:
    """Return text with white space folded to single spaces and without unseen characters."""
    folded = " ".join(text.split())
    if folded.isprintable() and _GRAPHEME_JOINER not in folded:
        return folded
    if _SURROGATE.search(folded):
        folded = folded.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    folded = _REPEATED_JOINER.sub(r"\1", _UNSEEN.sub("", folded))
    return " ".join(_LOOSE_JOINER.sub("", folded).split())


def split_text(text: str) -> list[str]:
    """Cut plain text into its paragraphs: one a line, once hard-wrapped text has been joined."""
    lines = text.splitlines()
    read = [_read(line) for line in lines]
    width = _wrapped_width(read)
    paragraphs = _join(lines, read, width) if width else lines
    return [cleaned for cleaned in map(clean_text, paragraphs) if cleaned]


class _Line(NamedTuple):
    """A line as laid out: `words` lacks quote marks and indent; `opens` starts a list item."""

    words: str
    quote: str
    indent: int
    length: int
    opens: bool
    fixed: bool


def _read(line: str) -> _Line:
    """Measure a line; what is blank, too long, laid out in columns or East Asian is `fixed`."""
    line = line.rstrip()
    if not line or len(line) > 2 * MAX_WIDTH:
        return _Line(line, "", 0, len(line), False, True)
    quote = _QUOTE.match(line)
    inner = line[quote.end() :] if quote else line
    words = inner.lstrip()
    return _Line(
        words,
        "".join(quote.group().split()) if quote else "",
        len(inner) - len(words),
        len(line),
        _MARKER.match(words) is not None,
        not words or _LAID_OUT.search(words) is not None or _is_wide(words),
    )


def _is_wide(words: str) -> bool:
    return not words.isascii() and len(_WIDE.findall(words)) > MAX_WIDE_PART * len(words)


def _follows(line: _Line, following: _Line) -> bool:
    """Tell whether the second line may go on with the first's paragraph, by layout alone."""
    if line.fixed or following.fixed or following.opens or line.quote != following.quote:
        return False
    hanging = line.opens and following.indent > line.indent
    return hanging or following.indent == line.indent or line.indent > following.indent == 0


def _reach(line: _Line, following: _Line) -> int:
    """Return the length that the first line would have had with the second's first word on it."""
    return line.length + 1 + len(following.words.split(None, 1)[0])


def _breaks_sentence(line: _Line, following: _Line) -> bool:
    return line.words[-1] not in _SENTENCE_ENDS and not _starts_upper(following.words)


def _starts_upper(words: str) -> bool:
    return not words[0].isalpha() or (words[0].isupper() and not words.isupper())


def _wrapped_width(lines: list[_Line]) -> int:
    """Return the width in columns that the whole text was wrapped at, or 0 where it was not.

    A line that was wrapped at W is at most W long, and would be longer with the next word: for each
    W the pairs of lines that agree are counted, and the W with most is put to the test.
    """
    pairs = [pair for pair in pairwise(lines) if _follows(*pair)]
    if len(pairs) < MIN_BREAKS:
        return 0
    steps = [0] * (MAX_WIDTH + 2)
    for line, following in pairs:
        steps[min(max(line.length, MIN_WIDTH), MAX_WIDTH + 1)] += 1
        steps[min(max(_reach(line, following), MIN_WIDTH), MAX_WIDTH + 1)] -= 1
    agreeing = list(accumulate(steps))
    width = max(range(MIN_WIDTH, MAX_WIDTH + 1), key=agreeing.__getitem__)
    long = sum(line.length >= LONG_PART * width for line, _ in pairs)
    full = [pair for pair in pairs if pair[0].length <= width < _reach(*pair)]
    if _convince(full, long, MIN_BREAKS, BREAK_SHARE):
        return width
    near = [pair for pair in pairs if pair[0].length <= width + OVER < _reach(*pair) + RAGGED + OVER]
    by_hand = width >= MIN_WIDTH_BY_HAND and _convince(near, long, MIN_BREAKS_BY_HAND, BREAK_SHARE_BY_HAND)
    return width if by_hand else 0


def _convince(full: list[tuple[_Line, _Line]], long: int, breaks: int, share: float) -> bool:
    """Tell whether enough of the long lines are full, and enough of those break a sentence."""
    broken = sum(_breaks_sentence(*pair) for pair in full)
    return len(full) >= FULL_SHARE * long and broken >= max(breaks, share * len(full))


def _join(lines: list[str], read: list[_Line], width: int) -> Iterator[str]:
    """Yield the paragraphs of a text that was wrapped at `width`."""
    parts: list[str] = []
    before: _Line | None = None
    fenced = False
    for text, line in zip(lines, read, strict=True):
        fence = _FENCE.match(line.words) is not None
        fenced ^= fence
        joined = not (fence or fenced) and before is not None and _continues(before, line, width)
        if parts and not joined:
            yield " ".join(parts)
            parts = []
        parts.append(line.words if joined else text)
        before = None if fence else line
    if parts:
        yield " ".join(parts)


def _continues(line: _Line, following: _Line, width: int) -> bool:
    """Tell whether a line goes on with the paragraph: it must, where the line before was full."""
    if not _follows(line, following):
        return False
    reach = _reach(line, following)
    return reach > width or (_breaks_sentence(line, following) and reach + RAGGED > width)
