"""A deterministic folder of posts written in Markdown, as people write blogs in it; all text is made up.

``python -m benchmarks.markdown_corpus FOLDER POSTS`` writes one. Each post has headings, lists, code, a table, links,
emphasis, quotations and footnotes, in Chinese and English in turn, in forms that kramdown and CommonMark both know.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

_LATIN = (  # noqa: SIM905
    "harbour ferry lighthouse tide market bread bridge letter morning price keeper north boat rope signal station "
    "the of and to in with that from every between after before while new old small quiet about"
).split()
_CJK = (  # noqa: SIM905
    "港口 渡轮 茶叶 春天 市集 图书馆 火车 灯塔 渔汛 码头 价格 今年 本周 居民 认为 表示 开始 继续 之后 大约"
).split()
_LANGUAGES = ("python", "sh", "js", "toml", "")
_FEWEST_PARTS, _MOST_PARTS = 12, 40  # about six thousand characters, as posts of public blogs have


def write_posts(folder: Path, first: int, count: int, total: int) -> None:
    """Write the posts ``first`` to ``first + count`` of a collection of ``total``; each depends on its number alone."""
    posts = folder / "_posts"
    posts.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        name, text = _post(number, total)
        (posts / name).write_text(text, "utf-8")


def _post(number: int, total: int) -> tuple[str, str]:
    dice = random.Random(number)
    when = datetime(2022, 1, 1) + timedelta(minutes=number * 700_000 / total)  # noqa: DTZ001 - the offset is written beside it
    writer = _Writer(dice, _CJK if number % 2 else _LATIN)
    rank = min(max(20, total // 50) - 1, int(dice.paretovariate(0.7)) - 1)
    header = (
        f'---\nlayout: post\ntitle: "{writer.words(3, 8)}"\ndate: {when:%Y-%m-%d %H:%M:%S} +0800\n'
        f"categories: c{rank}\ntags: t{rank}\n---\n"
    )
    digits = f"{when:%Y%m%d}{2_300_000_000 + number}"
    return (
        f"{when:%Y-%m-%d}-{digits}.md",
        f"{header}{writer.body()}\n\n<https://wire.example/?infoCode=NW{digits}>\n",
    )


class _Writer:
    """Writes one post."""

    def __init__(self, dice: random.Random, lexicon: list[str]) -> None:
        self._dice = dice
        self._lexicon = lexicon
        self._space = "" if lexicon is _CJK else " "
        self._notes: list[str] = []

    def words(self, fewest: int, most: int) -> str:
        """Write a few words."""
        return self._space.join(self._dice.choices(self._lexicon, k=self._dice.randint(fewest, most)))

    def body(self) -> str:
        """Write the body, the footnotes at its end."""
        parts: list[Callable[[], str]] = [self._paragraph] * 8
        parts += [
            self._list,
            self._numbers,
            self._code,
            self._table,
            self._quotation,
            self._heading,
            self._heading,
        ]
        count = self._dice.randint(_FEWEST_PARTS, _MOST_PARTS)
        written = [self._paragraph(), *(self._dice.choice(parts)() for _ in range(count))]
        notes = [f"[^{number}]: {text}" for number, text in enumerate(self._notes, 1)]
        return "\n\n".join([*written, *notes])

    def _paragraph(self) -> str:
        return "\n".join(self._sentence() for _ in range(self._dice.randint(1, 5)))

    def _sentence(self) -> str:
        pieces = [self.words(4, 14)]
        pieces += [self._marked() for _ in range(self._dice.randint(0, 2))]
        return f" {self.words(1, 6)} ".join(pieces) + self._end()

    def _end(self) -> str:
        if self._dice.random() > 0.005:
            return "。" if self._lexicon is _CJK else "."
        self._notes.append(f"{self.words(4, 12)} {self._marked()}")
        return f"[^{len(self._notes)}]"

    def _marked(self) -> str:
        """Write words with something that Markdown means."""
        words, address = (
            self.words(1, 3),
            f"https://{self._dice.choice(_LATIN)}.example/{self._dice.randint(1, 999)}",
        )
        return self._dice.choice(
            [
                f"*{words}*",
                f"**{words}**",
                f"`{words}`",
                f"[{words}]({address})",
                f"<{address}>",
                f"![{words}]({address}.jpg)",
            ]
        )

    def _heading(self) -> str:
        return f"{'#' * self._dice.randint(2, 4)} {self.words(2, 6)}"

    def _list(self) -> str:
        nested = self._dice.random() < 0.4
        items = [f"- {self._sentence()}" for _ in range(self._dice.randint(2, 6))]
        return "\n".join(item + (f"\n  - {self.words(3, 9)}" if nested else "") for item in items)

    def _numbers(self) -> str:
        return "\n".join(f"{number}. {self._sentence()}" for number in range(1, self._dice.randint(3, 7)))

    def _code(self) -> str:
        lines = [
            f"{self._dice.choice(_LATIN)} = {self._dice.randint(0, 99)}  # <{self.words(1, 3)}>"
            for _ in range(6)
        ]
        return "\n".join([f"```{self._dice.choice(_LANGUAGES)}", *lines, "```"])

    def _table(self) -> str:
        rows = [f"| {self.words(1, 3)} | {self._dice.randint(1, 99)} | {self._marked()} |" for _ in range(4)]
        return "\n".join([rows[0], "|---|--:|:-:|", *rows[1:]])

    def _quotation(self) -> str:
        return "\n".join(f"> {self._sentence()}" for _ in range(self._dice.randint(1, 3)))


if __name__ == "__main__":
    write_posts(Path(sys.argv[1]), 0, int(sys.argv[2]), int(sys.argv[2]))
