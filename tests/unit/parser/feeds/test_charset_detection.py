"""The encoding of a document that states none or a wrong encoding."""

from __future__ import annotations

import pytest

from feeds.parser.feeds.charset_detection import guess

RUSSIAN = "Сегодня утром в порту открыли новый причал, и первые суда уже пришли."
CHINESE = "今天上午港口开放了新的码头，第一批船已经到了，市长说这是一个好的开始。"
TRADITIONAL = "今天上午港口開放了新的碼頭，第一批船已經到了，市長說這是一個好的開始。"
JAPANESE = "今朝、港に新しい埠頭が開かれ、最初の船が到着しました。市長はよい始まりだと述べた。"
KOREAN = "오늘 아침 항구에 새로운 부두가 열렸고 첫 배들이 도착했다고 시장이 말했다."
GREEK = "Σήμερα το πρωί άνοιξε στο λιμάνι μια νέα προβλήτα και έφτασαν τα πρώτα πλοία."
HEBREW = "הבוקר נפתח בנמל רציף חדש והאוניות הראשונות כבר הגיעו אליו"
ARABIC = "افتتح هذا الصباح رصيف جديد في الميناء ووصلت السفن الاولى"
THAI = "เช้านี้ท่าเรือเปิดท่าใหม่และเรือลำแรกมาถึงแล้ว"
CZECH = "Dnes ráno otevřeli v přístavu nové molo a první lodě už připluly, řekl starosta."


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8_r"),
        (CHINESE, "gb18030"),
        (TRADITIONAL, "big5hkscs"),
        (JAPANESE, "cp932"),
        (JAPANESE, "euc_jp"),
        (KOREAN, "cp949"),
        (GREEK, "cp1253"),
        (HEBREW, "cp1255"),
        (ARABIC, "cp1256"),
        (THAI, "cp874"),
    ],
)
def test_the_language_of_a_text_shows_its_encoding(text: str, codec: str) -> None:
    data = f"<rss><title>{text}</title></rss>".encode(codec)
    assert guess(data, utf8=False) == codec


def test_a_stated_language_decides_between_related_encodings() -> None:
    data = f"<rss><language>cs</language><title>{CZECH}</title></rss>".encode("cp1250")
    assert guess(data, utf8=False) == "cp1250"
    assert guess(data.replace(b"<language>cs</language>", b""), utf8=False) != "cp1250"
    named = f"<feed xml:lang='pl'><title>{CZECH}</title></feed>".encode("cp1250")
    assert guess(named, utf8=False) == "cp1250"


def test_western_text_is_the_rest() -> None:
    assert guess("Voilà un café déjà fermé".encode("cp1252"), utf8=False) == "cp1252"


def test_a_few_bad_bytes_are_still_utf_8() -> None:
    data = "ein schöner grüner Käse für süße Mäuse".encode() + b"\xff"
    assert guess(data, utf8=True) == "utf-8"
    assert guess(data, utf8=False) != "utf-8"
    assert guess(RUSSIAN.encode("cp1251"), utf8=True) == "cp1251"
