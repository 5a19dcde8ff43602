"""Tells HTML from plain text, for pages that come without a content type.

What counts is not that tags occur but that text stands inside them: a page lies nearly whole within
its elements, while a text that quotes a tag, or Markdown with a little HTML, lies beside them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

# Characters read from the first that counts: enough of any page to tell, and constant time.
LOOK: Final = 32_768
# Share of the text that must stand inside elements.
COVERED: Final = 0.5
# The same where text comes first: a page with an error message before it, or prose and its example.
COVERED_AFTER_TEXT: Final = 0.8
# Characters of text to each tag in a fragment whose text stands beside its elements ("one<br>two").
TEXT_TO_A_TAG: Final = 150
# Elements that may be open at once before the innermost are no longer followed.
MAX_OPEN: Final = 256

_INLINE_TAGS = frozenset(
    "a abbr acronym b bdi bdo big br cite code data del dfn em font i img input ins kbd label mark "
    "q s samp small span strike strong sub sup time tt u var wbr".split()
)
_VOID_TAGS = frozenset("area base br col embed hr img input link meta source track wbr".split())
_RAW_TAGS = frozenset({"script", "style"})
_OPTIONAL_END_TAGS = frozenset("html head body p li dt dd tr td th thead tbody tfoot option colgroup".split())
_OTHER_TAGS = frozenset(
    "address article aside audio blockquote button canvas caption center details dialog dir div dl "
    "fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 header hgroup iframe "
    "legend main map menu nav noscript object ol optgroup picture pre ruby search section select "
    "slot summary svg table template textarea title ul video".split()
)
_TAGS = _INLINE_TAGS | _VOID_TAGS | _RAW_TAGS | _OPTIONAL_END_TAGS | _OTHER_TAGS
_BARE_ATTRIBUTES = frozenset(
    "async autofocus autoplay checked compact controls defer disabled hidden inert ismap itemscope "
    "loop multiple muted nomodule noshade novalidate nowrap open readonly required reversed "
    "selected".split()
)

_NOTHING = re.compile(r"[\s\x00\u200b-\u200f\u2060\ufeff]*")
_JSON = re.compile(r'\{\s*(?:"|\}\s*$)|\[\s*(?:["\[{\d]|\]\s*$)')
_PAGE = re.compile(r"<(?:!doctype\s+html\b|\?xml\s|html\b[^<>]*>\s*<)", re.IGNORECASE)
_MARKUP = re.compile(
    r"<(?:(?P<comment>!--)|(?P<end>/?)(?P<tag>[a-zA-Z][a-zA-Z0-9]*(?:-[\w-]+)?)"
    r"""(?P<attributes>[\s/](?:[^<>"']|"[^"]*"|'[^']*')*|[\s/][^<>]*)?>)"""
)
_CODE = re.compile(r"^[ \t]*(```|~~~)[^\n]*\n.*?^[ \t]*\1|`[^`\n]{1,80}`", re.MULTILINE | re.DOTALL)
_MARKDOWN = re.compile(r"^(?:#{1,6} \S|[-*+] \S|> \S|={3,}$|```)|\]\(|\*\*\S", re.MULTILINE)
# Words by which prose speaks of the tag that it quotes; nearly the same in many languages.
_SPEAKS_OF_MARKUP = re.compile(r"\b(?:html\d?|tags?|balises?|elements?|markup)\b", re.IGNORECASE)

# What stands before or after a tag that is spoken of; one that is used touches the text or another.
_BEFORE_QUOTED = frozenset(" ([{\"'`“„«‘")
_AFTER_QUOTED = frozenset(" )]}`”»’,.;:")
_ONE_TAG: Final = "<div>"


def tell_kind(source: str) -> Literal["html", "text"]:
    """Tell whether a page's source is HTML, or text that may quote some."""
    start = _NOTHING.match(source)
    head = source[start.end() if start else 0 :][:LOOK]
    truncated = len(head) == LOOK
    if "<" not in head or _JSON.match(head):
        return "text"
    if _PAGE.match(head):
        return "html"
    if truncated and head.rfind(">") < head.rfind("<"):
        # One tag may be longer than the look, with data in its attributes.
        head = head[: head.rfind("<")] or _ONE_TAG
    survey = _Survey(_CODE.sub(_masked, head), truncated)
    return "html" if survey.speaks_html(head) else "text"


def _masked(code: re.Match[str]) -> str:
    return "x" * len(code.group())


class _Open(NamedTuple):
    """An element that was opened: where its content starts, and after how much text."""

    tag: str
    content: int
    text: int
    bare: bool
    in_place: bool


@dataclass(slots=True)
class _Survey:
    """One pass over the tags: how much text there is, and how much of it elements hold."""

    source: str
    truncated: bool
    text: int = 0
    tags: int = 0
    blocks: int = 0
    rich: int = 0
    quoted: int = 0
    open: list[_Open] = field(default_factory=list)
    held: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        place = 0
        while match := _MARKUP.search(self.source, place):
            self._add_text(place, match.start())
            place = self._after(match)
        self._add_text(place, len(self.source))
        for element in reversed(self.open):
            cut_off = self.truncated and element.tag not in _INLINE_TAGS
            if element.in_place and (cut_off or element.tag in _OPTIONAL_END_TAGS):
                self._hold(element.text)
            else:
                self.quoted += 1

    def speaks_html(self, head: str) -> bool:
        """Judge by what elements hold, else by how many tags stand among the text."""
        if not self.tags:
            return head.startswith("<!--") and not _MARKDOWN.search(self.source)
        if not self.text:
            return self.blocks > 0 or self.tags > self.quoted
        covered = COVERED if head.startswith("<") else COVERED_AFTER_TEXT
        if sum(end - start for start, end in self.held) > covered * self.text:
            return True
        if self.quoted or self.tags * TEXT_TO_A_TAG < self.text or _MARKDOWN.search(self.source):
            return False
        if not head.startswith("<") and self._tagged_lines() < COVERED:
            return False
        return bool(self.blocks or self.rich) or not _SPEAKS_OF_MARKUP.search(self.source)

    def _tagged_lines(self) -> float:
        """Return the share of lines with a tag: an example has its own among the prose."""
        lines = [line for line in self.source.splitlines() if line.strip()]
        return sum("<" in line for line in lines) / max(1, len(lines))

    def _add_text(self, start: int, end: int) -> None:
        self.text += sum(map(len, self.source[start:end].split()))

    def _after(self, match: re.Match[str]) -> int:
        """Take in a comment or tag and return where to go on reading."""
        if match["comment"]:
            end = self.source.find("-->", match.end())
            return end + 3 if end >= 0 else len(self.source)
        tag = match["tag"].lower()
        if (tag not in _TAGS and "-" not in tag) or not _are_attributes(match["attributes"]):
            self._add_text(match.start(), match.end())
        elif match["end"]:
            self._close(tag, match.start())
        elif tag in _RAW_TAGS:
            return self._skip_raw(tag, match)
        else:
            self._open_tag(tag, match)
        return match.end()

    def _open_tag(self, tag: str, match: re.Match[str]) -> None:
        bare = "=" not in (match["attributes"] or "")
        before = self.source[max(0, match.start() - 1) : match.start()]
        after = self.source[match.end() : match.end() + 1]
        if tag in _VOID_TAGS and bare and before == " " and after != "\n":
            self.quoted += 1
            return
        self.tags += 1
        self.blocks += tag not in _INLINE_TAGS
        self.rich += not bare or tag == "br"
        if tag not in _VOID_TAGS and len(self.open) < MAX_OPEN:
            in_place = not bare or not (before in _BEFORE_QUOTED or after in _AFTER_QUOTED)
            self.open.append(_Open(tag, match.end(), self.text, bare, in_place))

    def _close(self, tag: str, content_end: int) -> None:
        for place in reversed(range(len(self.open))):
            element = self.open[place]
            if element.tag == tag:
                content = self.source[element.content : content_end]
                if element.bare and content[:1] == content[-1:] == " " and "\n" not in content:
                    self.quoted += 1
                else:
                    self._hold(element.text)
                del self.open[place:]
                return

    def _skip_raw(self, tag: str, match: re.Match[str]) -> int:
        """Skip what a script holds; one without an end is cut off by the look, or only named."""
        ends = [self.source.find(end, match.end()) for end in (f"</{tag}", f"</{tag.upper()}")]
        end = min((end for end in ends if end >= 0), default=None)
        if end is None and not self.truncated:
            self.quoted += 1
            return match.end()
        self.tags += 1
        self.blocks += 1
        return len(self.source) if end is None else end + len(tag) + 3

    def _hold(self, start: int) -> None:
        """Count the text since `start` as held, once, whatever smaller elements in it held."""
        while self.held and self.held[-1][0] >= start:
            self.held.pop()
        self.held.append((start, self.text))


def _are_attributes(attributes: str | None) -> bool:
    """Tell attributes from words between angle brackets ("if a <b and c> d")."""
    words = (attributes or "").replace("/", " ").lower().split()
    return "=" in (attributes or "") or _BARE_ATTRIBUTES.issuperset(words)
