"""Bytes become text: by their byte order mark, what they declare, and what they are."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaffinch._decoding import decode

SENTENCES = {
    "cp1252 iso8859-15": "Über den Straßen hängt früh noch Nebel, später wird es schöner.",
    "cp1252 ": "L’été dernier, les élèves ont déjà visité le château où le maître était né.",
    "cp1252": "El año pasado la compañía añadió más líneas; ¿quién pagará la inversión?",
    "cp1250 iso8859-2": "Příští týden začne v Plzni oprava silnice, řidiči musí na objížďky.",
    "cp1250": "Wczoraj mieszkańcy łódzkiej dzielnicy zgłosili, że część świateł już źle działa.",
    "cp1254": "Geçen yıl şirketin büyümesi için yeni müşterilere ulaşıldığı açıklandı.",
    "cp1251 koi8-r cp866": "Вчера в городе прошёл сильный дождь, и улицы оказались под водой.",
    "cp1253": "Χθες το βράδυ έβρεξε πολύ στην πόλη και πολλοί δρόμοι γέμισαν νερό.",
    "cp1255": "אתמול בערב ירד גשם חזק בעיר ורחובות רבים הוצפו במים.",
    "cp1256": "هطلت أمطار غزيرة على المدينة مساء أمس وغمرت المياه شوارع كثيرة.",
    "cp874": "เมื่อวานเย็นฝนตกหนักในเมือง ถนนหลายสายมีน้ำท่วม",
    "gb18030": "昨天晚上城里下了大雨，很多街道都被水淹了，今天早上交通还没有恢复正常。",
    "big5hkscs": "昨天晚上城裡下了大雨，很多街道都被水淹了，今天早上交通還沒有恢復正常。",
    "cp932 euc_jp iso2022_jp": "昨日の夜、町では大雨が降り、多くの道路が水につかりました。",
    "cp949": "어제 저녁 도시에 큰비가 내려 많은 거리가 물에 잠겼고 아침에도 그대로였다.",
}
LEGACY = [(codec, text) for names, text in SENTENCES.items() for codec in names.split()]
GERMAN, RUSSIAN, JAPANESE = (
    SENTENCES[names] for names in ("cp1252 iso8859-15", "cp1251 koi8-r cp866", "cp932 euc_jp iso2022_jp")
)


def page(text: str, head: str = "") -> str:
    return f"<!doctype html><html><head>{head}<title>x</title></head><body><p>{text}</p></body></html>"


@pytest.mark.parametrize(("codec", "text"), LEGACY)
def test_undeclared_bytes_are_read_by_the_letters_they_give(codec: str, text: str) -> None:
    assert decode(text.encode(codec)) == text
    assert decode(page(text).encode(codec)) == page(text)


@pytest.mark.parametrize(("codec", "text"), LEGACY)
def test_a_declared_charset_is_believed_in_header_and_meta(codec: str, text: str) -> None:
    assert decode(text.encode(codec), declared=codec) == text
    declared = page(text, f'<meta charset="{codec}">')
    assert decode(declared.encode(codec)) == declared


@pytest.mark.parametrize("text", SENTENCES.values())
def test_utf_8_needs_no_declaration_and_wins_over_a_false_one(text: str) -> None:
    assert decode(text.encode()) == text
    assert decode(text.encode(), declared="iso-8859-1") == text
    lying = page(text, '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">')
    assert decode(lying.encode()) == lying


@pytest.mark.parametrize(
    ("mark", "codec"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_a_byte_order_mark_wins_over_every_declaration(mark: bytes, codec: str) -> None:
    text = page(JAPANESE, '<meta charset="koi8-r">')
    assert decode(mark + text.encode(codec), declared="shift_jis") == text


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("text", [GERMAN, RUSSIAN, page(JAPANESE), "Hi"])
def test_utf_16_and_32_are_told_without_a_byte_order_mark(codec: str, text: str) -> None:
    assert decode(text.encode(codec)) == text


@pytest.mark.parametrize("label", ["latin-1", "ASCII", "us-ascii", "ISO-8859-1", " l1 ", "iso8859-1"])
def test_latin_1_and_ascii_mean_windows_1252_as_browsers_read_them(label: str) -> None:
    assert decode(b"\x93Caf\xe9\x94 \x80 5", declared=label) == "“Café” € 5"


def test_the_header_wins_over_the_page() -> None:
    text = page(RUSSIAN, '<meta charset="windows-1251">')
    assert decode(text.encode("koi8-r"), declared="KOI8-R") == text


def test_a_declaration_that_cannot_be_read_gives_way_to_the_page_own() -> None:
    text = page(JAPANESE, '<meta charset="Shift_JIS">')
    assert decode(text.encode("cp932"), declared="utf-8") == text


def test_utf_16_in_a_meta_cannot_be_meant() -> None:
    text = page(GERMAN, '<meta charset="utf-16">')
    assert decode(text.encode()) == text
    assert GERMAN in decode(text.encode("cp1252"), declared="utf-16")


@pytest.mark.parametrize("label", ["none", "", "x" * 999, "ünïcode", "rot13", "zip", "utf-7", "idna"])
def test_an_unknown_label_is_ignored(label: str) -> None:
    assert decode(RUSSIAN.encode("cp1251"), declared=label) == RUSSIAN
    assert decode(b"1 +AGE- 2", declared=label) == "1 +AGE- 2"


def test_a_meta_in_a_comment_or_far_below_declares_nothing() -> None:
    hidden = page(RUSSIAN, "<!-- <meta charset=windows-1252> -->")
    assert decode(hidden.encode("cp1251")) == hidden
    late = page(RUSSIAN + " " * 5000 + "<meta charset=windows-1252>")
    assert decode(late.encode("cp1251")) == late


def test_an_xml_declaration_declares_too() -> None:
    text = f'<?xml version="1.0" encoding="iso-8859-5"?>{page(RUSSIAN)}'
    assert decode(text.encode("iso8859-5")) == text


def test_a_few_damaged_bytes_leave_the_rest_of_utf_8_readable() -> None:
    damaged = (GERMAN * 20).encode() + b"\xff" + GERMAN.encode()
    assert decode(damaged) == GERMAN * 20 + "\ufffd" + GERMAN
    assert decode(RUSSIAN.encode()[:9], declared="latin-1") == RUSSIAN[:4] + "\ufffd"


def test_two_characters_that_happen_to_be_utf_8_are_read_as_declared() -> None:
    # The bytes of this name are valid UTF-8 as well, by accident.
    name = "通信"
    assert decode(name.encode("gbk"), declared="GBK") == name


def test_one_accented_letter_is_western() -> None:
    assert decode(b"caf\xe9") == "café"
    assert decode(b"caf\xe9 bar") == "café bar"


def test_no_bytes_give_no_text() -> None:
    assert decode(b"") == decode(codecs.BOM_UTF8) == decode(codecs.BOM_UTF16_LE) == ""


@pytest.mark.parametrize("data", [b"a\0b\0c\0 d", b"one\0two\0six\0", b"\0\0\0abc", b"abc" + b"\0" * 512])
def test_stray_nuls_are_left_out_and_make_no_utf_16(data: bytes) -> None:
    assert decode(data) == data.replace(b"\0", b"").decode()


@given(
    st.binary(max_size=200),
    st.sampled_from([None, "utf-8", "utf-16", "gbk", "iso-2022-jp", "hz-gb-2312"]),
)
def test_any_bytes_give_text_without_nuls_or_lone_surrogates(data: bytes, declared: str | None) -> None:
    text = decode(data, declared)
    assert "\0" not in text
    assert text.encode("utf-8").decode("utf-8") == text


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff\x1b"), max_size=200))
def test_text_survives_utf_8(text: str) -> None:
    assert decode(codecs.BOM_UTF8 + text.encode()) == text
