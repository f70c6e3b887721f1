"""Styled output on a terminal: tables, colours and progress bars with rich.

Only imported if the stream is a terminal: pipes and `feedd --help` do not pay for rich. rich itself heeds NO_COLOR.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from feeds.protocols import Progress

_STYLES = {"ok": "green", "failing": "red", "gone": "red", "rate-limited": "yellow", "removed": "dim"}
_PREFIXES = {"warning:": "bold yellow", "feedd:": "bold red"}


def print_styled(text: str) -> None:
    """Print a message to stderr with its prefix coloured."""
    prefix, _, rest = text.partition(" ")
    # Text, not markup: messages contain brackets, such as `[[sources]]`.
    styled = Text.assemble((prefix, _PREFIXES[prefix]), " ", rest) if prefix in _PREFIXES else Text(text)
    Console(stderr=True, highlight=False, soft_wrap=True).print(styled)


def print_status_tables(
    sources: Sequence[tuple[str, str, str]], totals: str, feeds: Sequence[tuple[str, str, str]]
) -> None:
    """Print sources as (health, name, text), the totals, and feeds as (folder, posts, label)."""
    console = Console(highlight=False)
    table = Table("Source", "Health", "Details", box=box.SIMPLE_HEAD)
    for health, name, text in sources:
        table.add_row(Text(name), Text(health, _STYLES.get(health, "")), Text(text))
    if sources:
        console.print(table)
    console.print(Text(totals))
    if feeds:
        listing = Table("Feed", "Posts", "Title", box=box.SIMPLE_HEAD)
        listing.columns[1].justify = "right"
        for row in feeds:
            listing.add_row(*map(Text, row))
        console.print(listing)


@contextmanager
def draw_progress() -> Iterator[Progress]:
    """Draw a bar for each step on stderr; the bars are erased at the end, also after an interruption."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        steps: dict[str, TaskID] = {}

        def update(step: str, done: int, total: int) -> None:
            if step not in steps:
                steps[step] = bars.add_task(step, total=total)
            bars.update(steps[step], completed=done, total=total)

        yield update
