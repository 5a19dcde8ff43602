"""How a page, or text that was extracted from one, is cut into blocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest
from bs4 import BeautifulSoup

from chaffinch._walk import HIDDEN_PANEL, INLINE_DEPTH
from chaffinch.blocks import NEXT_TO_NOTHING, Document, RawBlock, paragraphs_document, segment

LONG = "The finch sat in the hedge and sang of seeds. "


def page(html: str) -> Document:
    return segment(html, kind="html")


def texts(html: str) -> list[str]:
    return [block.text for block in page(html).blocks]


def only(html: str) -> RawBlock:
    (block,) = page(html).blocks
    return block


def look(document: Document, element: int) -> tuple[str, tuple[str, ...]]:
    """The tag and the cues of an element."""
    return list(document.elements.looks)[document.elements.kinds[element]]


def tags_above(document: Document, block: RawBlock) -> list[str]:
    tags, element = [], block.element
    while element >= 0:
        tags.append(look(document, element)[0])
        element = document.elements.parents[element]
    return tags


@pytest.mark.parametrize(
    ("html", "blocks"),
    [
        ("<p>Seeds<p>Nuts", ["Seeds", "Nuts"]),
        ("<div>Seeds<p>Nuts</p>Berries</div>", ["Seeds", "Nuts", "Berries"]),
        ("<ul><li>Seeds<li>Nuts<ul><li>Hazel</ul></ul>", ["Seeds", "Nuts", "Hazel"]),
        ("<table><tr><td>Seeds<td>Nuts<tr><th>Berries</table>", ["Seeds", "Nuts", "Berries"]),
        ("<dl><dt>Finch<dd>A small bird</dl>", ["Finch", "A small bird"]),
        ("<h2>Finch</h2>sings", ["Finch", "sings"]),
        ("<select><option>Seeds<option>Nuts</select>", ["Seeds", "Nuts"]),
        ("<p>Seeds<hr>Nuts", ["Seeds", "Nuts"]),
        ("<my-card>Seeds</my-card><my-card>Nuts</my-card>", ["Seeds", "Nuts"]),
    ],
)
def test_a_block_ends_where_a_block_level_element_begins_or_ends(html: str, blocks: list[str]) -> None:
    assert texts(html) == blocks


@pytest.mark.parametrize(
    "inside",
    [
        "the <b>red</b> finch",
        "the <a href='/red'>red</a> finch",
        "the <span><em>r</em>ed</span> finch",
        "the <img src='a.png'>red finch",
        "the re<wbr>d finch",
        "the <script>var x = 'blue';</script>red finch",
        "the <meta itemprop='colour' content='blue'>red finch",
        "the <link rel='stylesheet' href='a.css'>red finch",
        "the\n\t red&nbsp;finch",
        "the <!-- blue -->red finch",
    ],
)
def test_inline_elements_white_space_and_comments_leave_a_line_whole(inside: str) -> None:
    assert texts(f"<p>{inside}</p>") == ["the red finch"]


@pytest.mark.parametrize(
    ("html", "blocks"),
    [
        ("Seeds<br>Nuts", ["Seeds Nuts"]),
        ("Seeds<br><br>Nuts", ["Seeds", "Nuts"]),
        ("Seeds<br> &nbsp;\n<br/>Nuts", ["Seeds", "Nuts"]),
        ("Seeds<br><br><br><br>Nuts", ["Seeds", "Nuts"]),
        ("Seeds<br>Nuts<br>Berries", ["Seeds Nuts Berries"]),
    ],
)
def test_two_line_breaks_end_a_block_and_one_is_a_space(html: str, blocks: list[str]) -> None:
    assert texts(f"<p>{html}</p>") == blocks


def test_preformatted_text_keeps_its_lines_and_indents() -> None:
    html = "<pre>\nfor seed in bowl:\r\n    eat(seed)   \n\n  é\u200b rest\n\n</pre>"
    assert texts(html) == ["for seed in bowl:\n    eat(seed)\n\n  é rest"]


def test_line_breaks_in_preformatted_text_are_lines() -> None:
    assert texts("<pre>Seeds<br><br>Nuts</pre><p>a\nb</p>") == ["Seeds\n\nNuts", "a b"]


@pytest.mark.parametrize(
    "unread",
    ["script", "style", "template", "svg", "iframe", "object", "audio", "video", "math", "noframes"],
)
def test_what_no_reader_reads_as_text_is_left_out(unread: str) -> None:
    assert texts(f"<p>Seeds</p><{unread}>var nuts</{unread}><p>Berries</p>") == ["Seeds", "Berries"]


@pytest.mark.parametrize(
    "hiding",
    [
        "hidden",
        "HIDDEN=''",
        "style='display:none'",
        "style='color: red; DISPLAY : NONE !important'",
        "style='visibility:hidden'",
    ],
)
@pytest.mark.parametrize("tag", ["div", "span", "ul"])
def test_a_hidden_element_is_left_out(tag: str, hiding: str) -> None:
    assert texts(f"<p>Seeds</p><{tag} {hiding}>Nuts</{tag}><p>Berries</p>") == ["Seeds", "Berries"]


@pytest.mark.parametrize("showing", ["hidden='until-found'", "style='display:block'", "class='hidden'", ""])
def test_an_element_that_may_be_found_is_read(showing: str) -> None:
    assert texts(f"<div {showing}>Nuts</div>") == ["Nuts"]


@pytest.mark.parametrize("tag", ["html", "body"])
def test_a_page_that_hides_itself_until_it_is_styled_is_read(tag: str) -> None:
    html = {"html": "", "body": ""} | {tag: " style='visibility:hidden'"}
    block = only(f"<html{html['html']}><body{html['body']}><p>Seeds</p></body></html>")
    assert (block.text, block.hidden) == ("Seeds", -1)


def test_a_hidden_panel_that_holds_something_to_read_is_read_and_marked() -> None:
    half = "x" * (HIDDEN_PANEL // 2)
    document = page(f"<p>Seen</p><div hidden class=tab><p>{half}</p><p>{half}</p></div><p>Seen too</p>")
    assert [block.hidden >= 0 for block in document.blocks] == [False, True, True, False]
    _, (classes, *_) = look(document, document.blocks[1].hidden)
    assert classes == "tab"


def test_a_hidden_panel_one_character_short_is_left_out() -> None:
    assert texts(f"<p>Seen</p><div hidden>{'x' * (HIDDEN_PANEL - 1)}</div>") == ["Seen"]


def test_a_hidden_menu_is_left_out_however_long() -> None:
    assert texts(f"<p>Seen</p><ul hidden>{'<li><a href=/>Seeds and nuts</a>' * 99}</ul>") == ["Seen"]


def test_linked_text_is_counted() -> None:
    block = only("<p>ab <a href='/x'>cde <b>fg</b></a> <em>hij</em></p>")
    assert (block.text, block.link_length) == ("ab cde fg hij", 5)


def test_no_more_text_is_linked_than_there_is() -> None:
    block = only("<p><a href='/x'><b>a\n\n\n      b</b></a></p>")
    assert (block.text, block.link_length) == ("a b", 3)


def test_a_link_around_blocks_links_each_of_them() -> None:
    blocks = page("<a href='/x'><h3>Seeds</h3><p>Nuts</p></a><p>Berries</p>").blocks
    assert [block.link_length for block in blocks] == [5, 4, 0]


def test_nested_links_leave_no_link_open() -> None:
    blocks = page("<p><a href='/x'>one <a href='/y'>two</a></a> three</p><p>four</p>").blocks
    assert [(block.text, block.link_length) for block in blocks] == [("one two three", 6), ("four", 0)]


def test_a_block_knows_the_elements_above_it_and_their_cues() -> None:
    document = page(
        "<div class=' Card  wide\n' id=c1 role=note itemprop=about itemtype=//x/Bird aria-label=Finch>"
        "<section><p>Seeds</p></section></div>"
    )
    (block,) = document.blocks
    assert tags_above(document, block) == ["p", "section", "div", "body", "html"]
    parents = document.elements.parents
    div = look(document, parents[parents[block.element]])
    assert div == ("div", ("Card wide", "c1", "note", "about", "//x/Bird", "Finch"))


def test_text_after_a_child_belongs_to_the_parent_again() -> None:
    document = page("<div>Seeds<p>Nuts</p>Berries</div>")
    assert [tags_above(document, block)[0] for block in document.blocks] == ["div", "p", "div"]


def test_inline_elements_around_a_text_are_kept_once_each_with_their_address() -> None:
    document = page(
        "<p><a class=k href='/x' rel=nofollow>a</a><a class=k href='/x' rel=nofollow>b</a><i>c</i></p>"
    )
    around = [document.inline[number] for number in document.blocks[0].inline]
    assert around == [("a", "k", "", "", "", "", "", "/x", "nofollow", ""), ("i", *[""] * 9)]


def test_of_thousands_of_open_inline_elements_the_innermost_are_kept() -> None:
    spans = "".join(f"<span id=s{number}>" for number in range(5000))
    document = page(f"<p>{spans}x</p>")
    around = [document.inline[number][2] for number in document.blocks[0].inline]
    assert around == [f"s{number}" for number in range(5000 - INLINE_DEPTH, 5000)]


def test_images_and_controls_are_counted_before_the_next_block() -> None:
    html = "<p>a</p><img src=x><img src=y><input><input type=hidden><button></button><p>b</p><p>c</p>"
    assert [(block.images, block.controls) for block in page(html).blocks] == [(0, 0), (2, 2), (0, 0)]


def test_the_head_is_no_block_but_says_what_the_page_is() -> None:
    document = page(
        "<html lang=de><head><title> Finken \n im Winter</title><meta name=Description content=' Ein Jahr '>"
        "<meta property='og:url' content='https://finken.example/a'></head><body><p>Samen</p></body></html>"
    )
    said = (document.title, document.description, document.url, document.language)
    assert said == ("Finken im Winter", "Ein Jahr", "https://finken.example/a", "de")
    assert [block.text for block in document.blocks] == ["Samen"]


OWN, SOURCE = "<meta property=og:url content=/a>", "<link rel=canonical href=/b>"


@pytest.mark.parametrize("head", [OWN + SOURCE, SOURCE + OWN])
def test_a_syndicated_page_is_where_og_url_says_and_not_where_its_source_is(head: str) -> None:
    assert page(f"{head}<p>Seeds</p>").url == "/a"


def test_a_canonical_address_is_the_page_s_where_it_gives_no_other() -> None:
    assert page(f"<meta property=og:url content=''>{SOURCE}<p>Seeds</p>").url == "/b"


def test_a_given_address_wins_over_the_page_s_own() -> None:
    assert segment(f"{OWN}{SOURCE}<p>Seeds</p>", kind="html", url="/c").url == "/c"


def test_a_title_that_slipped_into_the_body_is_still_the_title() -> None:
    document = page(
        "<body><div><title>Finches</title><meta name=description content=Birds></div><p>Seeds</p>"
    )
    assert (document.title, document.description) == ("Finches", "Birds")
    assert [block.text for block in document.blocks] == ["Seeds"]


def test_noscript_is_left_out_where_the_body_speaks() -> None:
    spoken = LONG * (NEXT_TO_NOTHING // len(LONG) + 1)
    assert texts(f"<p>{spoken}</p><noscript><p>{spoken * 3}</p></noscript>") == [spoken.strip()]


def test_noscript_is_read_where_the_body_says_next_to_nothing() -> None:
    assert texts(f"<p>Loading</p><noscript><p>{LONG}</p></noscript>") == ["Loading", LONG.strip()]


def test_a_noscript_notice_that_says_no_more_than_the_body_is_left_out() -> None:
    assert texts(f"<p>{LONG}</p><noscript>Turn scripts on</noscript>") == [LONG.strip()]


def json_ld(json: str) -> str:
    return f'<script type="application/ld+json">{json}</script>'


def test_an_article_that_only_json_ld_carries_is_read() -> None:
    script = json_ld('{"@graph": [{"articleBody": "short"}, {"articleBody": "' + LONG + '\\nThe end."}]}')
    document = page(f"<head>{script}</head><p>Loading</p>")
    assert [block.text for block in document.blocks] == ["Loading", LONG.strip(), "The end."]
    tag, (classes, *_) = look(document, document.blocks[-1].element)
    assert (tag, classes) == ("script", "articleBody")


def test_json_ld_is_known_but_not_repeated_where_the_body_has_the_article() -> None:
    document = page(f"<p>{LONG}</p>" + json_ld(f'{{"articleBody": "{LONG}"}}'))
    assert document.article_body == LONG
    assert [block.text for block in document.blocks] == [LONG.strip()]


@pytest.mark.parametrize(
    "broken", ['{"articleBody": ', '{"articleBody": 3}', '{"articleBody":' + "[" * 100_000, '"articleBody"']
)
def test_broken_json_ld_does_no_harm(broken: str) -> None:
    assert texts(f"<p>Loading</p>{json_ld(broken)}") == ["Loading"]


@pytest.mark.parametrize(
    "html", ["", " ", "<html></html>", "<!-- nothing -->", "<div></div>", "<p>\u200b</p>"]
)
def test_a_page_without_text_has_no_blocks(html: str) -> None:
    assert texts(html) == []


@pytest.mark.parametrize(
    "html",
    [
        "<p>Seeds<div>Nuts",
        "</div></p>Seeds</span><section>Nuts</article>",
        "<table><p>Seeds</p><td>Nuts",
        "<b><p>Seeds</b></i><p>Nuts",
        "<p>Se\x00eds</p>\ufeff<p>Nu\ud800ts",
    ],
)
def test_broken_markup_loses_no_text(html: str) -> None:
    assert "".join(texts(html)).replace("\ufffd", "") == "SeedsNuts"


@pytest.mark.parametrize("tag", ["div", "span", "b"])
def test_a_page_may_nest_deeper_than_the_stack(tag: str) -> None:
    assert texts(f"<{tag}>" * 20_000 + "Seeds") == ["Seeds"]


def test_a_soup_may_nest_deeper_than_the_stack() -> None:
    soup = BeautifulSoup("<div>" * 20_000 + "Seeds", "html.parser")
    assert [block.text for block in segment(soup).blocks] == ["Seeds"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "windows-1252"])
def test_bytes_are_decoded_as_they_declare(encoding: str) -> None:
    html = f"<html><head><meta charset={encoding}></head><body><p>Façade für Zaunkönige</p></body></html>"
    assert [block.text for block in segment(html.encode(encoding)).blocks] == ["Façade für Zaunkönige"]


def test_what_is_no_html_is_cut_as_text() -> None:
    document = segment("Seeds & nuts\nBerries")
    assert document.kind == "text"
    assert [(block.text, block.element) for block in document.blocks] == [
        ("Seeds & nuts", -1),
        ("Berries", -1),
    ]


def test_the_kind_that_is_given_decides() -> None:
    assert [block.text for block in segment("<p>Seeds</p>", kind="text").blocks] == ["<p>Seeds</p>"]
    assert [block.text for block in segment("Seeds\nNuts", kind="html").blocks] == ["Seeds Nuts"]


def test_paragraphs_are_one_block_each_even_if_empty() -> None:
    blocks = paragraphs_document(["Seeds", "", "a\n b"]).blocks
    assert [block.text for block in blocks] == ["Seeds", "", "a b"]


@pytest.mark.parametrize("source", [None, 3, ["<p>Seeds</p>"]])
def test_a_source_of_another_type_is_refused_by_name(source: Any) -> None:
    with pytest.raises(TypeError, match=f"not {type(source).__name__}"):
        segment(source)


def test_another_kind_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'markdown'"):
        segment("Seeds", kind="markdown")  # type: ignore[arg-type]


def test_the_golden_page_is_cut_as_recorded(golden_page: str, golden: Callable[[str, Any], Any]) -> None:
    now = _told(segment(golden_page))
    assert now == golden("segmentation.json", now)


def _told(document: Document) -> dict[str, Any]:
    """Everything that segmentation says of a page, as JSON has it."""
    told: dict[str, Any] = {
        name: getattr(document, name)
        for name in ("kind", "title", "description", "language", "article_body", "url")
    }
    elements = document.elements
    looks = [look(document, element) for element in range(len(elements))]
    told["elements"] = [
        [tag, parent, *cues] for (tag, cues), parent in zip(looks, elements.parents, strict=True)
    ]
    told["ranges"] = [list(ends) for ends in zip(elements.firsts, elements.lasts, strict=True)]
    told["blocks"] = [
        {**asdict(block), "inline": [list(document.inline[number]) for number in block.inline]}
        for block in document.blocks
    ]
    return told
