"""What can go wrong, as a tree; the branch says what happens next.

::

    FeeddError              everything below; its text is for the user, without a traceback
      UsageError            the command line or the configuration: nothing was done, exit 2
        ConfigError         feedd.toml: every mistake at once, each with its key
      RoleTaken             another feedd ingests or publishes now: try again, exit 75
      StoreError            the store cannot be used: old output stays, exit 2
      DeadlineExceeded      a piece of work took too long: its item is rejected and named, everything else goes on
      WorkersLost           worker processes end again and again: what was stored stays, exit 2
      OutputError           the output tree cannot be written: old documents stay, exit 1
      FetchError            one request got no usable answer: what was there stays, asked again later
        AddressRefused      its address is not globally routable, or no web address: never connected
      PostRejected          one post cannot be read: it is named, everything else goes on, exit 1
      FeedUnreadable        a document of an upstream cannot be read: it is named, the next poll tries again
      EntryInvalid          one post would make a document invalid: left out and named, exit 1
"""

from __future__ import annotations


class FeeddError(Exception):
    """Base of all errors that feedd raises on purpose; ``str()`` of it is fit for the user."""


class UsageError(FeeddError):
    """The command line or a file that it names is wrong; nothing was done."""


class ConfigError(UsageError):
    """The configuration is wrong; ``mistakes`` holds one line for each mistake."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class RoleTaken(FeeddError):  # noqa: N818 - it is a state of affairs, not a fault
    """Another process ingests or publishes with this store at the moment."""


class StoreError(FeeddError):
    """The store cannot be opened, read or written."""


def damaged(where: str, reason: object) -> StoreError:
    """The error for a store that holds what feedd cannot have written there."""
    return StoreError(
        f"{where}: is damaged ({reason}); bring a backup back with `feedd restore FILE`, or move it away: "
        "feedd rebuilds it from the sources and the ledger, with the same ids"
    )


class WorkersLost(FeeddError):  # noqa: N818 - named for what happened to them
    """Every worker process that was given some piece of work ended over it."""

    def __init__(self, how: str) -> None:
        super().__init__(
            f"worker processes end again and again over the same work ({how}); the system may be short of memory; "
            "nothing was lost: run again, with `-j 1` if it stays so"
        )


class DeadlineExceeded(FeeddError):  # noqa: N818 - named for what happened to the work
    """A piece of work took longer than its deadline; the text is fit as the reason for rejecting its item."""

    def __init__(self, deadline: float) -> None:
        super().__init__(
            f"takes longer than {deadline:g} seconds to process; shorten it or simplify its markup"
        )
        self.deadline = deadline

    def __reduce__(self) -> tuple[type[DeadlineExceeded], tuple[float]]:
        return type(self), (self.deadline,)


class OutputError(FeeddError):
    """The output tree cannot be written."""


class FetchError(FeeddError):
    """A request to another host got no usable answer; the text names the address and the reason."""


class AddressRefused(FetchError):  # noqa: N818 - named for what happened to the address
    """An address that may not be connected to: not globally routable, or no web address."""


class PostRejected(FeeddError):  # noqa: N818 - named for what happened to the post
    """A post that cannot be read; the text is the reason."""


class FeedUnreadable(FeeddError):  # noqa: N818 - named for what happened to the document
    """An upstream's document that no parser can read; the text names its address and the reason."""


class EntryInvalid(FeeddError):  # noqa: N818 - named for what is wrong with the entry
    """A post that would make a document invalid; the text is the reason."""
