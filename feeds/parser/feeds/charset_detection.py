"""Guess the encoding of a document that is neither UTF-8 nor in the encoding that it declares.

Each candidate decodes a sample. Its score counts how many characters are frequent in its language.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

# Enough bytes to decide; decoding a whole document in every candidate would take long.
_SAMPLE = 20_000
_NOT_ASCII = re.compile(rb"(?<![^\n<>])[^\n<>\x80-\xff]*+[\x80-\xff][^\n<>]*+")
_LANGUAGE = re.compile(rb"""<language>\s*([A-Za-z\-]{2,8})|\bxml:lang\s*=\s*["']([A-Za-z\-]{2,8})""")
# A score is at most 2. A stated language adds enough to decide between related encodings, but too little to force an
# encoding on text that does not fit.
_HINTED = 0.35
_CONVINCING = 0.5
_TOLERABLE = 0.02
_MIXED = re.compile("[а-яё][А-ЯЁ]|[A-Za-z][\u0370-\u0e7f]|[\u0370-\u0e7f][A-Za-z]|[\u0080-\u02ff]{4}")
# A single Chinese character between Latin letters: an accented letter and its neighbour, decoded as two bytes.
_LONELY = re.compile("(?<=[A-Za-z])[\u3400-\u9fff\uac00-\ud7a3](?![\u3040-\u9fff\uac00-\ud7a3])")
# Where the frequent characters of a standard end, by the first byte: GB 2312 level 1, Big5 level 1.
_LEVELS = {"gb18030": ("gb2312", 0xD7), "big5hkscs": ("big5", 0xC6)}


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An encoding, the frequent characters of its language, a pattern for its script, and its language tags."""

    codec: str
    everyday: str
    ordinary: str
    languages: tuple[str, ...]


_JAPANESE = (
    "のにはをたがでてとしれさあるいもなかっらりこれすまよそう、。ーンスルトイアリックラドタシロニュフメ日本年大人会国中事者社上新経済",
    r"[\u3041-\u30ff\u4e00-\u9fff\u3000-\u303f\uff01-\uff5e]",
    ("ja", "ja-jp"),
)
_CANDIDATES = (
    _Candidate(
        "gb18030",
        "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后小么心多天而能好都然没日于起还"
        "发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理美点月明其种声全工"
        "己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北少关并内加化由却代军产入先山"
        "五太水万市财闻要收盘指数股票报告公司测试",
        r"[\u4e00-\u9fff\u3000-\u303f\uff00-\uff5e]",
        ("zh", "zh-cn", "zh-hans", "zh-sg"),
    ),
    _Candidate(
        "big5hkscs",
        "的一是不了在人有我他這中大來上國個到說們為子和你地出道也時年得就那要下以生會自著去之過家學對可裡後小麼心多天而能好都然沒日於起還"
        "發成事只作當想看文無開手十用主行方又如前所本見經頭面公同三已老從動兩長知民樣現分將外但身些與高意進把法此實回二理美點月明其種聲全工"
        "己話兒者向情部正名定女問力機給等幾很業最間新什打便位因重被走電四第門相次東政海口使教西再平真聽世氣信北少關並內加化由卻代軍產入先山"
        "五太水萬市財聞要收盤指數股票報告公司測試港臺灣積",
        r"[\u4e00-\u9fff\u3000-\u303f\uff00-\uff5e]",
        ("zh-tw", "zh-hk", "zh-hant", "zh-mo"),
    ),
    _Candidate("cp932", *_JAPANESE),
    _Candidate("euc_jp", *_JAPANESE),
    _Candidate(
        "cp949",
        "이다에는의가을하고한를지로기사자은도서아시어리대나인그일해정들수부스라보있과게여전제적주상원만것"
        "구경비장년면조으까성위않미동중공안소호신오세관무선연당국되물우현때와유명발제뉴실표승",
        r"[\uac00-\ud7a3\u3000-\u303f]",
        ("ko", "ko-kr"),
    ),
    _Candidate("cp1251", "оеаинтсрвлкмдпу", "[\u0410-\u044f\u0451\u0401]", ("ru", "uk", "bg", "sr")),
    _Candidate("koi8_r", "оеаинтсрвлкмдпу", "[\u0410-\u044f\u0451\u0401]", ("ru",)),
    _Candidate("cp1253", "αοιετσνηυρπκ", "[\u0386-\u03ce]", ("el",)),
    _Candidate("cp1255", "יוהלאתרבמ", "[\u05d0-\u05ea]", ("he",)),
    _Candidate("cp1256", "اليمنورتبة", "[\u0621-\u064a]", ("ar", "fa")),
    _Candidate("cp874", "านรอกเงมยลวดทส่้ิีั", "[\u0e01-\u0e4e]", ("th",)),
    _Candidate("cp1250", "áéíěščřžýůłąęćśżő", "[\u00c0-\u017f]", ("cs", "sk", "pl", "hu", "ro", "hr", "sl")),
)


def guess(data: bytes, utf8: bool) -> str:
    """Return the most likely codec of bytes that are not valid UTF-8.

    Args:
        data: The document.
        utf8: Whether UTF-8 was stated or is the default; a few bad bytes are then accepted.
    """
    if utf8 and _is_mostly_utf8(data):
        return "utf-8"
    # ASCII is the same in all candidates, so only lines with other bytes are scored.
    pieces = _NOT_ASCII.findall(data[: _SAMPLE * 10])
    sample = b"\n".join(pieces)[:_SAMPLE]
    hint = _find_language(data[:_SAMPLE])
    scored = [
        (
            _compute_score(sample, candidate) + (_HINTED if hint in candidate.languages else 0.0),
            candidate.codec,
        )
        for candidate in _CANDIDATES
    ]
    # Central European and Western texts differ too little to decide without a stated language.
    scored = [pair for pair in scored if pair[1] != "cp1250" or hint in _CANDIDATES[-1].languages]
    best, codec = max(scored, key=lambda pair: pair[0])
    return codec if best >= _CONVINCING else "cp1252"


def _is_mostly_utf8(data: bytes) -> bool:
    """Return whether valid UTF-8 sequences outweigh the invalid bytes."""
    text = data.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    good = sum(c > "\x7f" for c in text) - bad
    return good > 3 * bad


def _find_language(head: bytes) -> str:
    found = _LANGUAGE.search(head)
    return (found[1] or found[2]).decode("ascii").lower() if found else ""


@cache
def _compile_ordinary() -> dict[str, re.Pattern[str]]:
    """Compile the ordinary characters of each candidate, by its encoding."""
    return {candidate.codec: re.compile(candidate.ordinary) for candidate in _CANDIDATES}


def _is_ordinary(character: str, candidate: _Candidate) -> bool:
    """Return whether a character is in the script of a candidate.

    Of Chinese characters only the first level of the standard counts: wrongly decoded bytes give rare characters.
    """
    if not _compile_ordinary()[candidate.codec].match(character):
        return False
    levels = _LEVELS.get(candidate.codec)
    if not levels:
        return True
    code = character.encode(levels[0], "ignore")
    return len(code) == 2 and code[0] <= levels[1]


def _compute_score(sample: bytes, candidate: _Candidate) -> float:
    """Return a score from 0 to 2: the share of script characters plus the share of frequent characters; 0 if decoding fails."""
    text = sample.decode(candidate.codec, "replace")
    strange = [c for c in text if c > "\x7f"]
    bad = strange.count("\ufffd")
    if not strange or bad > max(1, _TOLERABLE * len(strange)) + 2:
        return 0.0
    ordinary = sum(_is_ordinary(c, candidate) for c in strange)
    everyday = sum(c in candidate.everyday for c in strange)
    # KOI8 decoded as Windows-1251, and the reverse, has capitals inside words. Two-byte encodings decoded byte by
    # byte mix Latin letters with others.
    single = candidate.codec.startswith(("cp12", "koi8", "cp874"))
    odd = len((_MIXED if single else _LONELY).findall(text))
    return (ordinary + everyday - 2 * bad - 4 * odd) / len(strange)
