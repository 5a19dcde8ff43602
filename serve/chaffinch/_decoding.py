"""Turns the bytes of a page into text, by what they are and what they claim to be."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Final

from chaffinch._detection import detect

# Where a page must declare its charset; browsers read 1024 bytes, careless pages need more.
META_LOOK: Final = 4096
# Sequences of valid UTF-8 for each invalid byte that make a page UTF-8 with a few damaged bytes.
UTF8_DAMAGE: Final = 20
# Bytes above 127 from which valid UTF-8 is no accident in an East Asian double-byte encoding.
UTF8_NO_ACCIDENT: Final = 12
# Share of characters beyond ASCII that a charset may fail to decode and still be believed.
BELIEVED_DAMAGE: Final = 0.25
# Share of bytes that are NUL in the UTF-16 of any language: its spaces and line ends alone.
MIN_PADDING: Final = 0.02

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_META = re.compile(rb"<meta\b[^>]*?\bcharset\s*=\s*[\"']?\s*([\w.:+-]+)", re.IGNORECASE)
_XML = re.compile(rb"\s*<\?xml\b[^>]*?\bencoding\s*=\s*[\"']([\w.:+-]+)", re.IGNORECASE)
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_PUNCTUATION = re.compile(r"[^a-z0-9]")
_HIGH = bytes(range(0x80, 0x100))
_CONTROL = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]")

# Python's codec for each label of the WHATWG encoding standard, reduced to letters and digits. What
# is not named here is unknown: Python's own names reach codecs that are no charset (zip, rot13).
_CODECS: Final = {
    label: codec
    for codec, labels in {
        "utf-8": "utf8 unicode11utf8 unicode20utf8 xunicode20utf8",
        "cp866": "ibm866 866 cp866 csibm866",
        "iso8859-2": "iso88592 iso885921987 isoir101 l2 latin2 csisolatin2",
        "iso8859-3": "iso88593 iso885931988 isoir109 l3 latin3 csisolatin3",
        "iso8859-4": "iso88594 iso885941988 isoir110 l4 latin4 csisolatin4",
        "iso8859-5": "iso88595 iso885951988 isoir144 cyrillic csisolatincyrillic",
        "iso8859-6": "iso88596 iso885961987 isoir127 arabic asmo708 ecma114 csisolatinarabic",
        "iso8859-7": "iso88597 iso885971987 isoir126 greek greek8 elot928 ecma118 suneugreek",
        "iso8859-8": "iso88598 iso885981988 iso88598i iso88598e isoir138 hebrew visual logical",
        "iso8859-10": "iso885910 isoir157 l6 latin6 csisolatin6",
        "iso8859-13": "iso885913",
        "iso8859-14": "iso885914",
        "iso8859-15": "iso885915 l9 latin9 csisolatin9",
        "iso8859-16": "iso885916",
        "koi8-r": "koi8r koi8 koi cskoi8r",
        "koi8-u": "koi8u koi8ru",
        "mac-roman": "macintosh mac xmacroman csmacintosh",
        "mac-cyrillic": "xmaccyrillic xmacukrainian",
        "cp874": "windows874 cp874 tis620 iso885911 dos874",
        "cp1250": "windows1250 cp1250 xcp1250",
        "cp1251": "windows1251 cp1251 xcp1251 win1251",
        "cp1252": "windows1252 cp1252 xcp1252 ascii usascii ansix341968 iso88591 iso885911987 "
        "isoir100 l1 latin1 csisolatin1 ibm819 cp819 xuserdefined",
        "cp1253": "windows1253 cp1253 xcp1253",
        "cp1254": "windows1254 cp1254 xcp1254 iso88599 iso885991989 isoir148 l5 latin5 csisolatin5",
        "cp1255": "windows1255 cp1255 xcp1255",
        "cp1256": "windows1256 cp1256 xcp1256",
        "cp1257": "windows1257 cp1257 xcp1257",
        "cp1258": "windows1258 cp1258 xcp1258",
        "gb18030": "gb18030 gbk gb2312 gb231280 chinese csgb2312 isoir58 xgbk",
        "hz": "hzgb2312",
        "big5hkscs": "big5 big5hkscs cnbig5 csbig5 xxbig5",
        "euc_jp": "eucjp xeucjp cseucpkdfmtjapanese",
        "iso2022_jp_2": "iso2022jp csiso2022jp",
        "cp932": "shiftjis sjis xsjis mskanji ms932 windows31j csshiftjis",
        "cp949": "euckr cseuckr ksc5601 ksc56011987 ksc56011989 ksc5601 korean isoir149 windows949",
        "utf-16-le": "utf16 utf16le unicode ucs2 unicodefffe iso10646ucs2 csunicode",
        "utf-16-be": "utf16be unicodefeff",
    }.items()
    for label in labels.split()
}
_DOUBLE_BYTE = frozenset({"gb18030", "big5hkscs", "euc_jp", "cp932", "cp949"})
_ESCAPING = frozenset({"hz", "iso2022_jp_2"})
_WIDE = frozenset({"utf-16-le", "utf-16-be"})


def decode(data: bytes, declared: str | None = None) -> str:
    """Return the text of a page's bytes; `declared` is the charset that the HTTP header named.

    Never raises: what cannot be decoded becomes U+FFFD, and NULs are left out.
    """
    for mark, codec in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _text(data[len(mark) :], codec)
    return _text(data, _codec(data, declared))


def _text(data: bytes, codec: str) -> str:
    return data.decode(codec, "replace").replace("\0", "").removeprefix("\ufeff")


def _codec(data: bytes, declared: str | None) -> str:
    """Choose the codec of data without a byte order mark."""
    if wide := _wide_codec(data):
        return wide
    claims = list(_claims(data, declared))
    if data.isascii():
        return next((codec for codec in claims if codec in _ESCAPING), "") or detect(data)
    if _is_utf8(data, claims):
        return "utf-8"
    believed = (codec for codec in claims if _damage(data, codec) <= BELIEVED_DAMAGE)
    return next(believed, "") or detect(data)


def _claims(data: bytes, declared: str | None) -> Iterator[str]:
    """Yield the codecs that header and page declare, known labels only."""
    codec = _CODECS.get(_reduced(declared)) if declared else None
    if codec and not (codec in _WIDE and b"\0" not in data[:META_LOOK]):
        yield codec
    head = data[:META_LOOK]
    match = _META.search(_COMMENT.sub(b"", head)) or _XML.match(head)
    if match and (codec := _CODECS.get(_reduced(match.group(1).decode("ascii", "ignore")))):
        # Whoever reads this declaration byte by byte is not reading UTF-16.
        yield "utf-8" if codec in _WIDE else codec


def _reduced(label: str) -> str:
    return _PUNCTUATION.sub("", label.lower())


def _wide_codec(data: bytes) -> str:
    """Tell UTF-16 and UTF-32 by the NULs that pad their ASCII characters; "" for anything else."""
    head = data[: META_LOOK // 4 * 4]
    padding = [head[place::4].count(0) for place in range(4)]
    quarter = len(head) // 4
    if quarter and len(data) % 4 == 0:
        if padding[3] == quarter > 2 * padding[0] and padding[2] > 0.9 * quarter:
            return "utf-32-le"
        if padding[0] == quarter > 2 * padding[3] and padding[1] > 0.9 * quarter:
            return "utf-32-be"
    even, odd = padding[0] + padding[2], padding[1] + padding[3]
    few, many = sorted((even, odd))
    if many < 2 or many < MIN_PADDING * len(head) or few > 0.1 * many or _is_padded_text(head):
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def _is_padded_text(head: bytes) -> bool:
    """Tell text with stray NULs from UTF-16, where they are half or hide control characters."""
    rest = head.replace(b"\0", b"")
    return rest.isascii() and not _CONTROL.search(rest) and len(rest) > 0.6 * len(head)


def _is_utf8(data: bytes, claims: list[str]) -> bool:
    """Tell UTF-8, whole or with a few damaged bytes, whatever else the page claims to be.

    Only in a handful of East Asian characters can valid UTF-8 be an accident.
    """
    if _reads(data, "utf-8"):
        doubles = [codec for codec in claims if codec in _DOUBLE_BYTE and _reads(data, codec)]
        return not doubles or len(data) - len(data.translate(None, _HIGH)) >= UTF8_NO_ACCIDENT
    text = data.decode("utf-8", "replace")
    # A page cut off within its last character is not damaged.
    damaged = text[:-1].count("\ufffd")
    return _beyond_ascii(text[:-1]) - damaged >= max(1, UTF8_DAMAGE * damaged)


def _reads(data: bytes, codec: str) -> bool:
    try:
        data.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _damage(data: bytes, codec: str) -> float:
    """Return the share of characters beyond ASCII that the codec cannot read."""
    text = data.decode(codec, "replace")
    return text.count("\ufffd") / max(1, _beyond_ascii(text))


def _beyond_ascii(text: str) -> int:
    return len(text) - len(text.encode("ascii", "ignore"))
