"""HTML and plain text are told apart by whether text stands inside elements."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaffinch._kind import LOOK, tell_kind

README = """<h1 align="center">Larder</h1>
<p align="center"><img src="larder.png" alt="A larder"></p>

Larder keeps a list of what is in your kitchen and tells you what to cook before it goes off.

## Install

Run `pip install larder` and then `larder init`. Press <kbd>Ctrl</kbd>+<kbd>C</kbd> to stop it.

```html
<div class="larder"><p>Two jars of plums, since the autumn</p></div>
```

- It reads bar codes.
- It writes <abbr title="comma-separated values">CSV</abbr>.
"""

TUTORIAL = """How to centre a box
Many beginners ask how a box comes to the middle of a page, and the answer has changed since.
Start with an empty page and put this in it:
<div class="box"><p>Hello</p></div>
The outer element is laid out as a grid, and the paragraph is its only item: one line of style
moves it to the middle in both directions. Older answers floated it, or measured it first.
"""


@pytest.mark.parametrize(
    "source",
    [
        "<p>Hello</p>",
        "<p>Hello",
        "<div>..</div>",
        "<li>one<li>two",
        "<td>cell</td>",
        "<my-card><p>Hello</p></my-card>",
        "<SPAN>Hello</SPAN>",
        "<img src=plums.jpg>",
        "<br>Hello",
        "Hello <b>world</b>",
        "one<br>two<br/>three",
        'See <a href="/guide">our guide</a> for more',
        "Opening words.<p>Then a paragraph.<p>And another.",
        "<SCRIPT>if (a < b) { write('<p>x') }</SCRIPT><p>Hello",
        "<h2>Heading</h2>\nloose words that stand beside the heading\n",
        "<p>&nbsp;</p>",
        "<p>a < b</p>",
        "<p>Write <code>&lt;p&gt;</code> and `p` for it.</p>",
    ],
)
def test_a_fragment_is_html(source: str) -> None:
    assert tell_kind(source) == "html"


@pytest.mark.parametrize(
    "before", ["", "\n\n\t ", "\ufeff", "\0", "<!-- built at noon -->\n", "\ufeff <!---->"]
)
@pytest.mark.parametrize(
    "source",
    [
        "<!DOCTYPE html><title>x</title>Hello",
        "<!doctype html>",
        "<html><body>Hello",
        '<?xml version="1.0"?><html></html>',
        "<HTML LANG=en><HEAD><TITLE>x</TITLE>",
        "<body>Hello",
        "<p>Hello</p>",
    ],
)
def test_a_page_is_html_whatever_leads_up_to_it(before: str, source: str) -> None:
    assert tell_kind(before + source) == "html"


@pytest.mark.parametrize(
    "head",
    [
        "<script>" + "if (a < b) { list.push('<p>') }\n" * 9999,
        "<style>" + "p > a { color: red }\n" * 9999 + "</style>",
        '<div id="app" data-state="' + "{&quot;a&quot;:1}" * 9999 + '">',
        "<!--" + " padding" * 9999 + "-->",
    ],
)
def test_a_page_that_starts_with_more_scripts_than_are_read_is_html(head: str) -> None:
    assert tell_kind(head + "<p>Hello</p>") == "html"


def test_an_error_message_before_a_page_does_not_hide_it() -> None:
    page = "<!DOCTYPE html>\n<html><body><p>" + "There is plenty to read here. " * 9 + "</p></body></html>"
    assert tell_kind("Warning: no such table: plums in line 3\n" + page) == "html"


@pytest.mark.parametrize(
    "source",
    [
        "use the <b> tag",
        "Use <br> to break a line.",
        "<b> is the tag for bold text.",
        "<p> is for paragraphs and <div> for groups.",
        "Wrap it in <b> and </b> to make it bold.",
        "Insert a <script> in the head.",
        "Write `<p>Hello</p>` and see.",
        'The "<div>" groups, the "<p>" tells.',
        "The <div> element groups content.\nThe <p> element is a paragraph.",
    ],
)
def test_text_that_quotes_a_tag_is_text(source: str) -> None:
    assert tell_kind(source) == "text"


@pytest.mark.parametrize(
    "source",
    [
        "",
        " \n ",
        "<",
        "Plain words.",
        "a < b and c > d",
        "if a <b and c> d then",
        "we <3 you",
        "Jane <jane@example.org> wrote:",
        "Jane <b.jane@example.org> wrote:",
        "<https://example.org/plums> is where",
        "List<String> names; Map<a, b> pairs",
        "x <- c(1, 2); y <- 3",
        "<config>\n  <jars>2</jars>\n</config>\nis the format of the file",
        "see <link to come> for more",
        "<speaker unknown> So we left.",
    ],
)
def test_angle_brackets_alone_make_no_html(source: str) -> None:
    assert tell_kind(source) == "text"


@pytest.mark.parametrize(
    "source",
    [
        README,
        README.split("\n\n", 1)[1],
        "<!-- markdownlint-disable -->\n# Larder\n\nA list of what is in your kitchen.",
        "# Larder\n\nIt has <br> and <kbd>Ctrl</kbd> in it, and more words.\n\n- one\n- two",
    ],
)
def test_markdown_with_a_little_html_is_text(source: str) -> None:
    assert tell_kind(source) == "text"


def test_prose_with_an_example_page_in_it_is_text() -> None:
    assert tell_kind(TUTORIAL) == "text"


@pytest.mark.parametrize(
    "source", ['{"html": "<p>Hello</p>"}', '[{"a": "<div>x</div>"}]', '["<p>x</p>"]', "{}", "[\n]"]
)
def test_json_is_text_even_with_html_inside(source: str) -> None:
    assert tell_kind(source) == "text"


@pytest.mark.parametrize(
    "unit",
    [
        "<",
        "<b>",
        "<div>",
        "<!--",
        "<a x=",
        '<a "',
        "<a '\"",
        "```\n",
        "`",
        "</b>",
        "<script>",
        "< ",
    ],
)
def test_the_look_is_bounded_whatever_the_source(unit: str) -> None:
    started = time.perf_counter()
    tell_kind(unit * (20 * LOOK // len(unit)))
    assert time.perf_counter() - started < 1.0


@given(st.text(st.characters(exclude_characters="<", exclude_categories=["Cs"])))
def test_without_an_angle_bracket_everything_is_text(source: str) -> None:
    assert tell_kind(source) == "text"


@given(st.text(st.sampled_from("<>/ab pbr!-'\"= \n`"), max_size=60))
def test_any_source_is_told(source: str) -> None:
    assert tell_kind(source) in ("html", "text")
