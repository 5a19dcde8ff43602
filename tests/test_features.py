"""What is measured of blocks: golden figures of a made-up page, shapes, packing and context."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from bs4 import BeautifulSoup
from numpy.typing import NDArray

from chaffinch._links import LINK_FLAGS
from chaffinch._structure import LEVELS, TOKEN_ANCESTORS, Structure
from chaffinch.blocks import Document, segment
from chaffinch.features import (
    CUE_NAMES,
    EVIDENCE_WINDOW,
    LABELS_WINDOW,
    MAX_BYTES,
    PADDING,
    SECOND_COLUMNS,
    TOKEN_BUCKETS,
    VERSION,
    PackedText,
    PageFeatures,
    context,
    first_rows,
    pack_text,
    page_features,
    second_rows,
)
from chaffinch.labels import LABELS

# Blocks of the golden page whose cues are recorded by name: a headline, a linked byline, prose, a
# button of the sign-up box, a hidden panel, a card of other stories.
RECORDED = (5, 6, 8, 13, 21, 25)


def measure(html: str) -> tuple[Document, PageFeatures]:
    document = segment(html, kind="html")
    return document, page_features(document)


def layout(array: NDArray[Any]) -> tuple[tuple[int, ...], str]:
    return array.shape, array.dtype.name


def cue(page: PageFeatures, name: str) -> list[float]:
    return [float(value) for value in page.cues[:, CUE_NAMES.index(name)]]


def words(page: PageFeatures) -> list[list[int]]:
    """The hashed structure words of every block, out of their bags."""
    held = _parted(page.bags.tokens, page.bags.sizes)
    return [
        [word for bag in named for word in held[bag]] for named in _parted(page.bags.bags, page.bags.counts)
    ]


def _parted(flat: NDArray[np.int64], sizes: NDArray[np.int64]) -> list[list[int]]:
    return [part.tolist() for part in np.split(flat, np.cumsum(sizes)[:-1])] if len(sizes) else []


def test_the_golden_page_has_the_features_recorded(
    golden_page: str, golden: Callable[[str, Any], Any]
) -> None:
    document, page = measure(golden_page)
    now = {
        "version": VERSION,
        "names": hashlib.sha256("\n".join(CUE_NAMES).encode()).hexdigest(),
        "cues": {document.blocks[number].text[:40]: _nonzero(page, number) for number in RECORDED},
        "sums": _figures(page.cues.sum(axis=0, dtype=np.float64)),
        "words": hashlib.sha256(json.dumps(words(page)).encode()).hexdigest(),
        "word_counts": list(map(len, words(page))),
        "ranges": page.structure.ranges.tolist(),
        "siblings": page.structure.siblings.tolist(),
    }
    then = golden("features.json", now)
    assert {name: then[name] for name in now if name not in ("cues", "sums")} == {
        name: value for name, value in now.items() if name not in ("cues", "sums")
    }
    assert then["sums"] == pytest.approx(now["sums"], abs=2e-4)
    for text, cues in now["cues"].items():
        assert then["cues"][text] == pytest.approx(cues, abs=2e-5), text


def _nonzero(page: PageFeatures, number: int) -> dict[str, float]:
    row = page.cues[number]
    return {name: round(float(value), 5) for name, value in zip(CUE_NAMES, row, strict=True) if value}


def _figures(sums: Any) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in zip(CUE_NAMES, sums, strict=True)}


def test_every_array_has_a_row_for_every_block(golden_page: str) -> None:
    document, page = measure(golden_page)
    count = len(document.blocks)
    assert layout(page.cues) == ((count, len(CUE_NAMES)), "float32")
    assert layout(page.bags.tokens) == ((page.bags.sizes.sum(),), "int64")
    assert layout(page.bags.bags) == ((page.bags.counts.sum(),), "int64")
    assert layout(page.bags.counts) == ((count,), "int64")
    assert (page.structure.ranges.shape, page.structure.paths.shape) == ((count, LEVELS, 2), (count,))
    assert page.structure.siblings.shape == (count, 3)
    assert np.isfinite(page.cues).all()
    assert len(set(CUE_NAMES)) == len(CUE_NAMES)


@pytest.mark.parametrize("html", ["", "<div></div>", "<p hidden>Seeds</p>"])
def test_a_page_without_blocks_has_arrays_without_rows(html: str) -> None:
    _, page = measure(html)
    assert layout(page.cues) == ((0, len(CUE_NAMES)), "float32")
    assert layout(page.bags.bags) == layout(page.bags.counts) == ((0,), "int64")
    assert (page.structure.ranges.shape, page.structure.siblings.shape) == ((0, LEVELS, 2), (0, 3))


def test_cues_follow_the_order_of_the_blocks() -> None:
    _, page = measure("<h1>Finches</h1><p>They <a href=/>eat</a></p><li>42</li>")
    assert cue(page, "heading_rank") == [1, 1, 1]
    assert cue(page, "in li") == cue(page, "digit") == [0, 0, 1]
    assert cue(page, "link_density") == pytest.approx([0, 3 / 8, 0])
    assert cue(page, "position") == pytest.approx([0, 1 / 3, 2 / 3])


def test_cues_tell_what_surrounds_a_block() -> None:
    _, page = measure("<title>Red finch</title><nav><p>Red</p></nav><p>x</p><p>x</p><img><img>")
    assert cue(page, "in nav") == [1, 0, 0]
    assert cue(page, "in_title") == [1, 0, 0]
    assert cue(page, "title_in") == [0.5, 0, 0]
    assert cue(page, "copies_before") == pytest.approx(np.log1p([0, 0, 1]))
    assert cue(page, "copies_after") == pytest.approx(np.log1p([0, 1, 0]))
    assert cue(page, "images_after") == [0, 0, 0]


@pytest.mark.parametrize(
    "text", ["a", "🐦", "鳥", "𠀀𠀁", "\u05e6\u05d9\u05e4\u05d5\u05e8", "x" * 200_000, "…" * 50, "١٢٣"]
)
def test_odd_texts_have_finite_cues(text: str) -> None:
    _, page = measure(f"<p>{text}</p>")
    assert page.cues.shape[0] == 1
    assert np.isfinite(page.cues).all()


def test_equal_surroundings_give_equal_tokens_and_other_ones_others() -> None:
    _, page = measure("<div class=ad><p>a</p><p>b</p></div><div class=text><p>c</p></div>")
    first, second, third = words(page)
    assert first == second
    assert set(first) != set(third)
    assert 0 <= page.bags.tokens.min() <= page.bags.tokens.max() < TOKEN_BUCKETS


def test_the_words_of_an_element_are_listed_once_a_page() -> None:
    _, few = measure("<div class=text>" + "<p class=a>a</p>" * 2 + "</div>")
    _, many = measure("<div class=text>" + "<p class=a>a</p>" * 20 + "</div>")
    assert few.bags.tokens.tolist() == many.bags.tokens.tolist()


def test_a_word_counts_as_often_as_the_elements_around_a_block_say_it() -> None:
    _, once = measure("<div class=xx><div><p>a</p></div></div>")
    _, twice = measure("<div class=xx><div class=xx><div><p>a</p></div></div></div>")
    more = Counter(words(twice)[0]) - Counter(words(once)[0])
    assert sorted(more.values()) == [1, 1]
    assert set(more) <= set(words(once)[0])


def test_words_of_a_class_are_told_apart_however_they_are_joined() -> None:
    _, page = measure(
        "<p class=newsletter-signup>a</p><p class=newsletterSignup>b</p><p class='signup newsletter'>c</p>"
    )
    first, second, third = map(set, words(page))
    assert first == second == third


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("newsletter-signup", "newsletterSignup"),
        ("wp-block_2col", "wp block col"),
        ("HTMLBlock", "html block"),
        ("adBOX", "ad box"),
        ("Ünter-titel", "Ünter titel"),
        ("a-note x1", "note"),
        ("card " + "x" * 500, "card " + "x" * 450),
        (" ".join(f"word{'abcdefghijklmnopqrstuvwxyz'[n]}" for n in range(26)), " ".join(
            f"word{'abcdefghijklmnopqrstuvwxyz'[n]}" for n in range(24))),
    ],
    ids=["case", "signs", "acronym", "capitals", "letters", "single", "long text", "many words"],
)  # fmt: skip
def test_a_class_is_cut_into_words(one: str, other: str) -> None:
    _, page = measure(f"<p class='{one}'>a</p><p class='{other}'>b</p>")
    first, second = words(page)
    assert first == second


@pytest.mark.parametrize(
    ("one", "other"), [("class=ads", "class=cards"), ("class=promo", "role=promo"), ("class=q", "class=qa")]
)
def test_other_words_and_words_of_other_attributes_are_told_apart(one: str, other: str) -> None:
    _, page = measure(f"<p {one}>a</p><p {other}>b</p>")
    first, second = map(set, words(page))
    assert first != second


def test_zeros_in_an_attribute_are_white_space() -> None:
    soup = BeautifulSoup("<p>a</p><p class='promo card'>b</p><p role=note>c</p>", "html.parser")
    plain = words_of(soup)
    soup.select("p")[1]["class"] = "promo\0card"
    assert words_of(soup) == plain


@pytest.mark.parametrize("before", [0, 300, 2000])
def test_a_word_is_the_same_wherever_it_stands_on_a_page(before: int) -> None:
    others = "".join(f"<p class='{'x' * 70}{number}'>a</p>" for number in range(before))
    _, page = measure(f"<p class=promo>a</p>{others}<p class=promo>b</p>")
    _, alone = measure("<p class=promo>a</p>")
    assert words(page)[0] == words(page)[-1] == words(alone)[0]


def words_of(soup: BeautifulSoup) -> list[list[int]]:
    return words(page_features(segment(soup)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/seeds", "//b.example/seeds"),
        ("HTTP://a.example/seeds", "/seeds"),
        ("https://a.example?seeds=1", "https://b.example/?seeds=1"),
        (" https://a.example#seeds", "#seeds"),
    ],
)
def test_the_host_of_an_address_is_no_word(one: str, other: str) -> None:
    _, page = measure(f"<p><a href='{one}'>a</a></p><p><a href='{other}'>b</a></p>")
    first, second = words(page)
    assert first == second


def test_the_address_of_a_link_is_part_of_its_blocks_tokens() -> None:
    _, page = measure("<p><a href='/subscribe'>a</a></p><p><a href='/birds'>b</a></p>")
    first, second = map(set, words(page))
    assert len(first ^ second) == 2


@pytest.mark.parametrize(
    ("link", "flags"),
    [
        ("href=/seeds", ()),
        ("href='#'", ()),
        ("href='mailto:wren@birds.example'", ()),
        ("href=/go//elsewhere.example", ()),
        ("href='https://birds.example/seeds'", ("absolute",)),
        ("href='//www.Birds.example:8080?q'", ("absolute",)),
        ("href='https://shop.birds.example'", ("absolute",)),
        ("href='https://seeds.example/?birds.example'", ("absolute", "external")),
        ("href='HTTPS://user@seeds.example'", ("absolute", "external")),
        ("href=/a target=_blank", ("blank",)),
        ("href='https://['", ("absolute", "external")),
        ("name=top", ()),
    ],
)
def test_links_are_flagged_by_where_they_lead(link: str, flags: tuple[str, ...]) -> None:
    document = segment(f"<p><a {link}>Seeds</a></p>", kind="html", url="https://www.birds.example/a")
    page = page_features(document)
    assert {name for name in LINK_FLAGS if cue(page, f"link {name}") == [1]} == set(flags)


def test_no_link_leads_away_from_a_page_without_an_address() -> None:
    _, page = measure("<p><a href='https://seeds.example/'>Seeds</a></p>")
    assert (cue(page, "link absolute"), cue(page, "link external")) == ([1], [0])


def test_a_link_that_leads_away_is_a_structure_word_of_its_block() -> None:
    html = "<link rel=canonical href=https://birds.example/><p><a href='https://{}/x'>Seeds</a></p>"
    _, away = measure(html.format("seeds.example"))
    _, home = measure(html.format("birds.example"))
    assert len(set(words(away)[0]) - set(words(home)[0])) == 1


def test_ranges_grow_from_the_block_to_the_page() -> None:
    _, page = measure("<div><ul><li>a</li><li>b</li></ul><p>c</p></div><p>d</p>")
    distinct = list(dict.fromkeys(map(tuple, page.structure.ranges[0].tolist())))
    assert distinct == [(0, 1), (0, 2), (0, 3), (0, 4)]


def test_paths_are_equal_for_blocks_of_like_elements() -> None:
    _, page = measure("<ul><li class=a>a</li><li class=a>b</li><li class=b>c</li></ul>")
    first, second, third = page.structure.paths.tolist()
    assert first == second != third
    assert page.structure.siblings[:, 0].tolist() == [2, 2, 1]


def unpacked(packed: PackedText) -> list[bytes]:
    return [
        packed.data[start : start + length].tobytes()
        for start, length in zip(packed.starts.tolist(), packed.lengths.tolist(), strict=True)
    ]


def test_packed_text_is_the_paragraphs_with_zeros_around() -> None:
    packed = pack_text(["ab", "", "é鳥"])
    gap = bytes(PADDING)
    assert packed.data.tobytes() == gap + b"ab" + gap + gap + "é鳥".encode() + gap
    assert packed.starts.tolist() == [PADDING, 2 * PADDING + 2, 3 * PADDING + 2]
    assert packed.lengths.tolist() == [2, 0, 5]
    assert [layout(array)[1] for array in (packed.data, packed.starts, packed.lengths)] == [
        "uint8",
        "int64",
        "int64",
    ]


def test_no_paragraphs_pack_to_padding_alone() -> None:
    packed = pack_text([])
    assert packed.data.tobytes() == bytes(PADDING)
    assert layout(packed.starts) == layout(packed.lengths) == ((0,), "int64")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("x" * MAX_BYTES, b"x" * MAX_BYTES),
        ("x" * (MAX_BYTES + 1), b"x" * MAX_BYTES),
        ("鳥" * MAX_BYTES, ("鳥" * MAX_BYTES).encode()[:MAX_BYTES]),
        ("x" * 1_000_000, b"x" * MAX_BYTES),
    ],
    ids=["just fits", "one too long", "three bytes each", "a megabyte"],
)
def test_a_paragraph_is_read_up_to_its_limit(text: str, kept: bytes) -> None:
    packed = pack_text([text, "after"])
    assert unpacked(packed) == [kept, b"after"]


def test_lone_surrogates_are_packed_as_question_marks() -> None:
    assert unpacked(pack_text(["a\ud800b", "\udc00"])) == [b"a?b", b"?"]


# Four blocks: the first two below one element and alike, the last two below another, unlike.
HAND_MADE = Structure(
    ranges=np.array([[[0, 2], [0, 4]], [[0, 2], [0, 4]], [[2, 4], [0, 4]], [[2, 4], [0, 4]]]),
    ancestors=np.zeros((4, TOKEN_ANCESTORS), dtype=np.int64),
    depths=np.ones(4, dtype=np.int64),
    around=np.zeros(4, dtype=np.int64),
    paths=np.array([0, 0, 2, 1]),
    siblings=np.zeros((4, 3), dtype=np.int64),
    links=np.zeros((4, len(LINK_FLAGS) + 1), dtype=np.int64),
)


def test_context_is_neighbours_then_ancestors_then_look_alikes() -> None:
    said = np.array([[1.0], [2.0], [3.0], [6.0]], dtype=np.float32)
    rows = context(said, HAND_MADE, 3)
    own, before, after = [0], [1, 2, 3], [4, 5, 6]
    assert rows[:, own].tolist() == said.tolist()
    assert rows[:, before].tolist() == [[0, 0, 0], [0, 0, 1], [0, 1, 2], [1, 2, 3]]
    assert rows[:, after].tolist() == [[2, 3, 6], [3, 6, 0], [6, 0, 0], [0, 0, 0]]
    assert rows[:, 7].tolist() == [1.5, 1.5, 4.5, 4.5]
    assert rows[:, 8].tolist() == [3, 3, 3, 3]
    assert rows[:, 9].tolist() == [1.5, 1.5, 3, 6]
    assert layout(rows) == ((4, 10), "float32")


def test_context_keeps_the_columns_apart() -> None:
    said = np.array([[1, 10], [2, 20], [3, 30], [6, 60]], dtype=np.float32)
    rows = context(said, HAND_MADE, 3)
    assert rows.shape == (4, 20)
    np.testing.assert_allclose(rows[:, 1::2], 10 * rows[:, ::2])


def test_rows_of_the_page_model_begin_with_the_cues(golden_page: str) -> None:
    _, page = measure(golden_page)
    count = len(page.cues)
    text, structure = np.ones((count, 2), np.float32), np.ones((count, 3), np.float32)
    rows = first_rows(page.cues, page.structure, text, structure)
    np.testing.assert_array_equal(rows[:, : len(CUE_NAMES)], page.cues)
    said = np.concatenate([text, structure], axis=1)
    around = context(said, page.structure, EVIDENCE_WINDOW)
    np.testing.assert_allclose(rows[:, len(CUE_NAMES) :], around, rtol=1e-5)


def test_certainty_of_zero_makes_no_infinite_row(golden_page: str) -> None:
    _, page = measure(golden_page)
    none = np.zeros((len(page.cues), len(LABELS)), np.float32)
    for certainty in (-np.inf, 0, np.inf):
        content = np.full((len(page.cues), 1), certainty, np.float32)
        assert np.isfinite(second_rows(page.cues, page.structure, none, np.clip(content, -8, 8))).all()


def test_rows_of_the_second_stage_begin_with_what_the_first_one_said_of_the_labels(golden_page: str) -> None:
    _, page = measure(golden_page)
    count = len(page.cues)
    probabilities = np.full((count, len(LABELS)), 1 / len(LABELS), np.float32)
    rows = second_rows(page.cues, page.structure, probabilities, np.zeros((count, 1), np.float32))
    assert layout(rows) == ((count, SECOND_COLUMNS), "float32")
    np.testing.assert_allclose(rows[:, : len(LABELS)], np.log(probabilities), atol=1e-3)
    np.testing.assert_array_equal(rows[:, -len(CUE_NAMES) :], page.cues)


def test_the_second_stage_weighs_a_page_by_its_characters() -> None:
    _, page = measure("<div><p class=a>aa</p><p class=a>bb</p></div><div><h2>cccccccc</h2></div><p>dddd</p>")
    likely = np.array([0.75, 0.75, 0.5, 0.25])
    content = np.log(likely / (1 - likely)).astype(np.float32)[:, None]
    probabilities = np.full((4, len(LABELS)), 1 / len(LABELS), np.float32)
    rows = second_rows(page.cues, page.structure, probabilities, content)
    masses = rows[:, (len(LABELS) + 2) * (2 * LABELS_WINDOW + LEVELS + 2) : -len(CUE_NAMES)]
    total = 1.5 + 1.5 + 4 + 1
    alike, before_after, ends, whole = np.split(masses[:, 2 * LEVELS :], [2, 4, 6], axis=1)
    np.testing.assert_allclose(alike[:, 0], [0.75, 0.75, 0.5, 0.25], rtol=1e-5)
    np.testing.assert_allclose(alike[:, 1], np.array([3, 3, 4, 1]) / total, rtol=1e-5)
    np.testing.assert_allclose(before_after[:, 0], np.array([0, 1.5, 3, 7]) / total, rtol=1e-5)
    # Keeping the first three is expected to give the best F1, and the fourth is less likely than half of it.
    best = 2 * 7 / (12 + total)
    expected = [np.log1p(total), best, 0.75, total / 16, likely.mean()]
    np.testing.assert_allclose(whole, np.tile(expected, (4, 1)), rtol=1e-5)
    np.testing.assert_allclose(ends[:, 0], np.log1p([0, 1, 2, 3]), rtol=1e-5)
    np.testing.assert_allclose(ends[:, 1], [-np.log1p(2), -np.log1p(1), 0, np.log1p(1)], rtol=1e-5)


def test_the_second_stage_is_told_where_a_page_s_content_lies() -> None:
    _, page = measure("<nav><a href=/>Seeds</a></nav><div><p>aaaa</p><p>bbbb</p></div><p>cccc</p>")
    probabilities = np.full((4, len(LABELS)), 1 / len(LABELS), np.float32)
    content = np.array([[-8], [8], [8], [-8]], np.float32)
    rows = second_rows(page.cues, page.structure, probabilities, content)
    masses = rows[:, (len(LABELS) + 2) * (2 * LABELS_WINDOW + LEVELS + 2) : -len(CUE_NAMES)]
    # The share of the content below the block itself, below its parent, before it and after it.
    np.testing.assert_allclose(masses[:, LEVELS], [0, 0.5, 0.5, 0], atol=1e-2)
    np.testing.assert_allclose(masses[1:3, LEVELS + 1], [1, 1], atol=1e-2)
    np.testing.assert_allclose(masses[:, 2 * LEVELS + 2], [0, 0, 0.5, 1], atol=1e-2)
    np.testing.assert_allclose(masses[:, 2 * LEVELS + 3], [1, 0.5, 0, 0], atol=1e-2)
