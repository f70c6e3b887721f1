"""All errors that feedd raises on purpose, as a tree. Each class has its consequence and exit code.

::

    FeeddError              base class; its text is shown to the user, without a traceback
      UsageError            the command line or the configuration is wrong: nothing was done, exit 2
        ConfigError         feedd.toml is wrong: lists every mistake with its key
      StoreLocked             another process has locked the store: try again later, exit 75
      StoreError            the store cannot be used: the output stays as it is, exit 2
      DeadlineExceeded      an item took too long to process: it is rejected with its name, the run continues
      WorkersLost           worker processes crash repeatedly: stored data stays, exit 2
      OutputError           the output folder cannot be written: old documents stay, exit 1
      FetchError            a request got no usable response: stored data stays, it is requested again later
        AddressRefused      its address is private or not a web address: no connection is made
      PostRejected          a post cannot be read: it is reported, the run continues, exit 1
      FeedUnreadable        the document of an upstream feed cannot be read: the next poll tries again
      EntryInvalid          a post would make a document invalid: it is left out and reported, exit 1

    WorkersStopped          the run ends while a task waits: not an error, nothing of the task is stored
"""

from __future__ import annotations


class FeeddError(Exception):
    """Base class of all errors that feedd raises on purpose; its ``str()`` is shown to the user."""


class UsageError(FeeddError):
    """The command line, or a file that it names, is wrong; nothing was done."""


class ConfigError(UsageError):
    """The configuration is wrong; ``mistakes`` holds one line for each mistake."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class StoreLocked(FeeddError):  # noqa: N818 - it is a state, not a fault
    """Another process has locked the store to ingest or publish."""


class StoreError(FeeddError):
    """The store cannot be opened, read or written."""


def build_damage_error(where: str, reason: object) -> StoreError:
    """Return the error for a store that has data that feedd did not write.

    ``where`` names the file or the part of the store.
    """
    return StoreError(
        f"{where}: is damaged ({reason}); restore a backup with `feedd restore FILE`, or move the file away: "
        "feedd rebuilds it from the sources and the ledger, with the same ids"
    )


class WorkersLost(FeeddError):  # noqa: N818 - named for what happened to them
    """Every worker process that ran a task crashed. ``how`` is the exit status in words."""

    def __init__(self, how: str) -> None:
        super().__init__(
            f"worker processes crash repeatedly on the same task ({how}); the system may be short of memory; "
            "no data was lost: run again, with `-j 1` if this repeats"
        )


class DeadlineExceeded(FeeddError):  # noqa: N818 - named for what happened to the work
    """A task took longer than its deadline, in seconds. The text is the reason why its item is rejected."""

    def __init__(self, deadline: float) -> None:
        super().__init__(
            f"takes longer than {deadline:g} seconds to process; shorten it or simplify its markup"
        )
        self.deadline = deadline

    # An exception is pickled with its text alone, and this class is raised in worker processes.
    def __reduce__(self) -> tuple[type[DeadlineExceeded], tuple[float]]:
        return type(self), (self.deadline,)


class WorkersStopped(BaseException):
    """The run ends while a task waits for its result.

    Like ``asyncio.CancelledError`` it does not inherit from ``Exception``, so code that handles faulty documents ignores it.
    """


class OutputError(FeeddError):
    """The output folder cannot be written."""


class FetchError(FeeddError):
    """A request to another host got no usable response; the text names the address and the reason."""


class AddressRefused(FetchError):  # noqa: N818 - named for what happened to the address
    """An address that feedd does not connect to: not globally routable, or not a web address."""


class PostRejected(FeeddError):  # noqa: N818 - named for what happened to the post
    """A post that cannot be read; the text is the reason."""


class FeedUnreadable(FeeddError):  # noqa: N818 - named for what happened to the document
    """A document of an upstream feed that no parser can read; the text names address and reason."""


class EntryInvalid(FeeddError):  # noqa: N818 - named for what is wrong with the entry
    """A post that would make a document invalid; the text is the reason."""
