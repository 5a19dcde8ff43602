"""Guesses the encoding of bytes that say nothing about it, by the letters each encoding would give.

Every candidate reads the bytes; the language whose frequent letters then make up the largest part
of what is not ASCII wins. Small and rough: the last resort after marks, declarations and UTF-8.
"""

from __future__ import annotations

import codecs
import re
from typing import Final, NamedTuple

# Bytes read from a little before the first one that is not ASCII: enough letters, and soon done.
LOOK: Final = 65_536
LEAD: Final = 64
# Share of characters beyond ASCII that must be frequent in a language before it is believed.
BELIEVED: Final = 0.2
# What a candidate loses for each share of unreadable characters.
DAMAGE_PENALTY: Final = 5.0
# The letters or syllables that make up about half of a running text.
_FREQUENT_HANZI = (
    "的一是不了在人有我他這这個个們们中來来上大為为和國国地到以說说時时要就出會会可也你對对生能而子那得于於着"
    "下自之年過过發发後后作里裡用道行所然家種种事成方多經经麼么去法學学如都同現现當当沒没動动面起看定天分還还"
    "進进好小部其些主樣样理心本前開开但因只從从想實实日軍军者意無无力它與与長长把機机十民第公此已工使情明性知"
    "全三又關关點点正業业外將将兩两高間间由問问很最重並并物手應应戰战向頭头文體体政美相見见被利什二等產产或新"
    "己制身果加西斯月話话合回特代內内信表化老給给世位次度門门任常先海通教兒儿原東东聲声提立及比員员解水名真論"
)
_FREQUENT_HANGUL = (
    "이다는을의에가고지하기로한은도를사어나서리자라시대아있인들정일해과수으만그부보여주장제것전성니와동상스구면기했"
    "게원관방공조진용요세안거신경유교회학생업국중미년선소비개위화물말무연문분내치우모계간당습적까오했트차"
)
_KANA = (
    "".join(map(chr, range(0x3041, 0x3094)))
    + "アイウエオカキクケコサシスセソタチツテトナニハヒフマミムメモラリルレロンーッャュョ"
    + "ガグジズダデドバビブパピプ"
)


class _Candidate(NamedTuple):
    """An encoding, the letters frequent in a language written in it, and what each is worth.

    Half of a text in thousands of letters says as much as all of one in thirty.
    """

    codec: str
    letters: frozenset[str]
    worth: float


_CANDIDATES: Final = tuple(
    _Candidate(codec, frozenset(letters), worth)
    for worth, codec, letters in (
        (1.0, "cp1252", "äöüßÄÖÜ"),
        (1.0, "cp1252", "éèàçêâîôûùëïœÉÀ"),
        (1.0, "cp1252", "áéíóúñü¿¡ÁÉÍÓÚ"),
        (1.0, "cp1252", "àèéìòùÈ"),
        (1.0, "cp1252", "ãõáéíóúâêôçàÃÇÉ"),
        (1.0, "cp1252", "åäöæøéÅÄÖÆØ"),
        (1.0, "cp1252", "áðéíóúýþæöÞ"),
        (1.0, "cp1250", "ąćęłńóśźżŁŚŻŹ"),
        (1.0, "cp1250", "áčďéěíňóřšťúůýžČŘŠŽ"),
        (1.0, "cp1250", "áéíóöőúüűÁÉÖŐ"),
        (1.0, "cp1250", "ăâîşţŞŢ"),
        (1.0, "cp1250", "čćžšđČŽŠ"),
        (1.0, "iso8859-2", "ąćęłńóśźżŁŚŻŹ"),
        (1.0, "iso8859-2", "áčďéěíňóřšťúůýžČŘŠŽ"),
        (1.0, "cp1254", "çğıöşüİĞŞÇÖÜ"),
        (1.0, "cp1257", "ąčęėįšųūžāēģīķļņ"),
        (1.0, "cp1251", "оеаинтсрвлкмдпуяыьгзбчйхжшюіїє"),
        (1.0, "koi8-r", "оеаинтсрвлкмдпуяыьгзбчйхжшю"),
        (1.0, "cp866", "оеаинтсрвлкмдпуяыьгзбчйхжшю"),
        (1.0, "iso8859-5", "оеаинтсрвлкмдпуяыьгзбчйхжшю"),
        (1.0, "cp1253", "αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώ"),
        (1.0, "cp1255", "אבגדהוזחטיכלמנסעפצקרשתםןףץך"),
        (1.0, "cp1256", "ابتثجحخدذرزسشصضطظعغفقكلمنهويةىأإآء"),
        (1.0, "cp874", "กขคงจชซดตถทนบปผพมยรลวสหอะาิีุูเแโใไ่้ั็ำ์"),
        (2.0, "gb18030", _FREQUENT_HANZI),
        (2.0, "big5hkscs", _FREQUENT_HANZI),
        (1.6, "cp949", _FREQUENT_HANGUL),
        (1.8, "cp932", _KANA),
        (1.8, "euc_jp", _KANA),
    )
)
_FALLBACK: Final = "cp1252"
_HIGH = re.compile(rb"[\x80-\xff]")
_ISO_2022_JP = re.compile(rb"\x1b\$[@B]")
_ASCII = dict.fromkeys(range(128))
_PUNCTUATION = dict.fromkeys(map(ord, "\xa0«»“”‘’‚„–—…•·°©®™€£§、。，．！？（）「」：；"))


def detect(data: bytes) -> str:
    """Return the name of the Python codec that most likely wrote the bytes."""
    if _ISO_2022_JP.search(data):
        return "iso2022_jp_2"
    first = _HIGH.search(data)
    if first is None:
        return "utf-8"
    start = max(0, first.start() - LEAD)
    sample = data[start : start + LOOK]
    scores = {candidate: _score(sample, candidate) for candidate in _CANDIDATES}
    best = max(scores, key=scores.__getitem__)
    return best.codec if scores[best] >= BELIEVED else _FALLBACK


def _score(sample: bytes, candidate: _Candidate) -> float:
    """Return the worth of the candidate's frequent letters among the characters beyond ASCII."""
    decoder = codecs.getincrementaldecoder(candidate.codec)("replace")
    beyond = decoder.decode(sample).translate(_ASCII).translate(_PUNCTUATION)
    if not beyond:
        return BELIEVED if candidate.codec == _FALLBACK else 0.0
    frequent = sum(map(candidate.letters.__contains__, beyond))
    damaged = beyond.count("\ufffd")
    return (candidate.worth * frequent - DAMAGE_PENALTY * damaged) / len(beyond)
