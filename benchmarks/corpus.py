"""A deterministic folder of posts in the shape of a large news mirror; all text is made up."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path

_WORDS = [
    "港口",
    "渡轮",
    "茶叶",
    "春天",
    "市集",
    "图书馆",
    "火车",
    "灯塔",
    "渔汛",
    "码头",
    "价格",
    "今年",
    "本周",
    "新的",
    "居民",
    "认为",
    "表示",
    "开始",
    "继续",
    "之后",
    "增加",
    "减少",
    "大约",
    "三成",
    "面包",
    "桥梁",
]
_NAMES = [
    "海",
    "港",
    "城",
    "茶",
    "山",
    "河",
    "桥",
    "塔",
    "船",
    "鱼",
    "报",
    "闻",
    "讯",
    "评",
    "论",
    "早",
    "晚",
    "周",
    "月",
    "新",
]


def write_posts(folder: Path, first: int, count: int, total: int) -> None:
    """Write the posts ``first`` to ``first + count`` of a collection of ``total``; each depends on its number alone."""
    posts = folder / "_posts"
    posts.mkdir(parents=True, exist_ok=True)
    feeds = min(2000, max(20, total // 50))
    for number in range(first, first + count):
        name, text = _post(number, total, feeds)
        (posts / name).write_text(text, "utf-8")


def _name(number: int) -> str:
    digits = []
    for _ in range(3):
        number, digit = divmod(number, len(_NAMES))
        digits.append(_NAMES[digit])
    return "".join(digits)


def _post(number: int, total: int, feeds: int) -> tuple[str, str]:
    dice = random.Random(number)
    when = datetime(2022, 1, 1) + timedelta(minutes=number * 700_000 / total)  # noqa: DTZ001 - the offset is written beside it
    code = f"{when:%Y%m%d}{2_300_000_000 + number}"
    rank = min(feeds - 1, int(dice.paretovariate(0.7)) - 1)
    paragraphs = "\n".join(
        f" <p>{_sentence(dice)}</p>" for _ in range(int(dice.lognormvariate(2.6, 0.6)) + 1)
    )
    text = (
        f'---\nlayout: post\ntitle: "{_sentence(dice)[:30]}"\ndate: {when:%Y-%m-%d %H:%M:%S} +0800\ncategories: c{rank}\n'
        f"tags: {_name(rank)}\n---\n{paragraphs}\n\n<https://wire.example/?infoCode=NW{code}>\n"
    )
    return f"{when:%Y-%m-%d}-{code}.md", text


def _sentence(dice: random.Random) -> str:
    return "".join(dice.choices(_WORDS, k=dice.randint(20, 60))) + "。"
