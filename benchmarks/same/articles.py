"""Made-up articles for the upstream corpus; each depends on its upstream and its number alone."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

FIRST = datetime(2023, 3, 1, 8, 30, tzinfo=UTC)
"""When article 0 of every upstream was published."""

WORDS = {
    "en": "harbour ferry market library lighthouse bread bridge tide morning keeper timetable festival",
    "de": "Hafen Fähre Markt Bücherei Leuchtturm Brot Brücke Gezeiten früh Wärter Fahrplan Straßenfest",
    "fr": "port bac marché bibliothèque phare pain pont marée matinée gardien horaire fête œuvre",
    "pl": "port prom targ biblioteka latarnia chleb most przypływ poranek strażnik rozkład święto",
    "tr": "liman feribot pazar kütüphane fener ekmek köprü gelgit sabah bekçi tarife şenlik ığdır",
    "ru": "гавань паром рынок библиотека маяк хлеб мост прилив утро смотритель расписание праздник",
    "el": "λιμάνι φέρι αγορά βιβλιοθήκη φάρος ψωμί γέφυρα παλίρροια πρωί φύλακας δρομολόγιο γιορτή",
    "he": "נמל מעבורת שוק ספרייה מגדלור לחם גשר גאות בוקר שומר לוח חג",
    "ar": "ميناء عبارة سوق مكتبة منارة خبز جسر مد صباح حارس جدول عيد",
    "th": "ท่าเรือ เรือข้ามฟาก ตลาด ห้องสมุด ประภาคาร ขนมปัง สะพาน น้ำขึ้น เช้า ผู้ดูแล",
    "ja": "港 渡し船 市場 図書館 灯台 パン 橋 潮 朝 番人 時刻表 祭り",
    "ko": "항구 나룻배 시장 도서관 등대 빵 다리 밀물 아침 지기 시간표 축제",
    "zh-CN": "港口 渡轮 市集 图书馆 灯塔 面包 桥梁 潮水 早晨 守塔人 时刻表 节日",
    "zh-TW": "港口 渡輪 市集 圖書館 燈塔 麵包 橋樑 潮水 早晨 守塔人 時刻表 節日",
}
"""Some nouns of each language, separated by spaces."""

_UNSPACED = frozenset(["ja", "zh-CN", "zh-TW", "th"])
_BLOCKS = (
    "<p>{0}</p>",
    "<p>{0} <em>{1}</em> {0}</p>",
    "<ul><li>{0}</li><li>{1}</li></ul>",
    '<p><a href="/notes/{n}">{1}</a>: {0}</p>',
    '<blockquote><p>{0}</p></blockquote><p><img src="/images/{n}.png" alt="{1}"></p>',
    "<table><tr><td>{0}</td><td>{1}</td></tr></table>",
    "<pre><code>{1} &lt; {n} &amp;&amp; {n}</code></pre>",
    '<p onclick="x()">{0}</p><script>alert({n})</script>',
)


@dataclass(frozen=True)
class Article:
    """One article of an upstream."""

    guid: str
    link: str
    title: str
    body: str
    """HTML."""
    summary: str
    author: str
    terms: tuple[str, ...]
    published: datetime | None
    updated: datetime | None
    enclosure: tuple[str, str, int] | None = None
    """Address, media type and length in bytes."""
    extra: str = ""
    """Elements that are written into the entry of an XML format as they are."""


@dataclass(frozen=True)
class Channel:
    """What a feed says of itself."""

    title: str
    home: str
    url: str
    language: str
    extra: str = ""
    """Elements that are written into the head of an XML format as they are."""
    root: str = ""
    """Attributes of the root element of an XML format."""
    articles: tuple[Article, ...] = field(default=())


def write_article(site: str, number: int, language: str, edition: int = 0) -> Article:
    """Write article ``number`` of a site; another ``edition`` is the same article after an edit."""
    dice = random.Random(f"{site} {number} {edition}")
    steady = random.Random(f"{site} {number}")
    blocks = [
        dice.choice(_BLOCKS).format(write_sentence(dice, language), write_words(dice, language, 2), n=number)
        for _ in range(dice.randint(1, 6))
    ]
    published = FIRST + timedelta(hours=7 * number, minutes=steady.randint(0, 300))
    words = WORDS[language].split()
    return Article(
        guid=f"tag:{site}.example,2023:{number}",
        link=f"https://{site}.example/articles/{number}.html",
        title=write_words(steady, language, 4) + f" {number}" + (f" ({edition})" if edition else ""),
        body="\n".join(blocks),
        summary=write_sentence(dice, language),
        author=steady.choice(["Ada Quay", "B. Moor", "港務 記者" if language in _UNSPACED else "C. Pier"]),
        terms=tuple(steady.sample(words, steady.randint(0, 3))),
        published=published,
        updated=published + timedelta(days=1, minutes=edition) if edition else None,
        enclosure=(f"https://{site}.example/{number}.mp3", "audio/mpeg", 1000 + number)
        if number % 5 == 0
        else None,
    )


def write_words(dice: random.Random, language: str, count: int) -> str:
    """Return some words of a language in a row."""
    return ("" if language in _UNSPACED else " ").join(dice.choices(WORDS[language].split(), k=count))


def write_sentence(dice: random.Random, language: str) -> str:
    """Return a sentence of made-up text."""
    end = "。" if language.startswith(("zh", "ja")) else "."
    return write_words(dice, language, dice.randint(8, 24)) + end
