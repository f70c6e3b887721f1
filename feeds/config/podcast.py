"""Section ``[podcast]`` of ``feedd.toml``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from feeds.config import checks
from feeds.config.declare import NONE, NOT_EMPTY, Details, Section


def check_categories(values: Sequence[str]) -> str:
    """Check categories of podcasts, each with or without a subcategory after a slash."""
    from feeds._resources import read_packaged_text

    lines = read_packaged_text("data/podcast_categories.txt").splitlines()
    known = {line.casefold(): line for line in lines if not line.startswith("#")}
    for value in values:
        similar = known.get(value.casefold()) or _find_similar(value, known)
        if value != similar:
            advice = f"; did you mean {similar!r}?" if similar else ""
            return f"{value[:80]!r} is not a category that podcast directories know{advice}"
    return ""


def _find_similar(value: str, known: dict[str, str]) -> str:
    from difflib import get_close_matches  # needed only after a mistake

    wanted = value[:80].casefold()
    ends = {name.rpartition("/")[2]: name for name in known if "/" in name}
    found = [ends[wanted]] if wanted in ends else get_close_matches(wanted, known, 1, 0.6)
    return known[found[0]] if found else ""


class Podcast(Section, frozen=True, kw_only=True):
    """The podcast. RSS documents with episodes describe it in the elements that directories require."""

    email: Annotated[
        str,
        "Mail address of the owner; directories verify it. It is public.",
        Details("radio@harbour.example", checks.check_mail),
    ]
    category: Annotated[
        tuple[str, ...],
        "Categories, the main category first; a subcategory follows after a slash. Names are those of Apple Podcasts.",
        NOT_EMPTY,
        Details(["News/Daily News", "Society & Culture"], check_categories),
    ]
    image: Annotated[
        str,
        "URL of the cover: a square JPEG or PNG of 1400 to 3000 pixels.",
        Details("https://harbour.example/cover.png", checks.check_cover),
    ]
    owner: Annotated[
        str, "Name of the owner.", Details("Harbour Radio", checks.check_line, fallback="`site.author`")
    ] = ""
    author: Annotated[
        str,
        "Who makes it, as directories show it.",
        Details("Ann and Bo", checks.check_line, fallback="`site.author`"),
    ] = ""
    explicit: Annotated[bool, "Whether it is not suitable for children.", Details(True)] = False
    type: Annotated[
        Literal["episodic", "serial"],
        'Order of episodes: `"serial"` begins with the oldest.',
        Details("serial"),
    ] = "episodic"
    guid: Annotated[
        str,
        "UUID that stays when the podcast moves (`podcast:guid`); only the feed of all posts has it.",
        Details("917393e3-1b1e-5cef-ace4-edaa54e1f810", checks.check_uuid, fallback=NONE),
    ] = ""
