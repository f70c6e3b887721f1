"""``feedd withdraw``: unpublish a post from all feeds and archives."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from feeds.cli.arguments import POST, Commands, decode
from feeds.cli.output import print_result
from feeds.errors import StoreLocked, UsageError

if TYPE_CHECKING:
    from argparse import Namespace

    from feeds.config import Config
    from feeds.protocols import Clock
    from feeds.storage.interface import Posts


def add_arguments(commands: Commands) -> None:
    """Add the command and its arguments."""
    withdraw = commands.add("withdraw", "unpublish a post from all feeds and archives (undo with --undo)")
    withdraw.add_argument("post", type=decode, metavar="POST", help=POST)
    withdraw.add_argument("--undo", action="store_true", help="publish a withdrawn post again")
    withdraw.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Run the command and print its result; return the exit code."""
    from feeds.config import load_config
    from feeds.session import now

    done = withdraw_post(load_config(options.config), options.post, options.undo, now)
    values = {"id": done.uid, "undo": options.undo, "left_to_daemon": done.left}
    pending = "published again" if options.undo else "unpublished"
    name = f'"{done.title}"' if done.title else done.uid
    text = f"{name} will be {pending} by the running daemon within a second"
    return print_result(options, values, text if done.left else f"{done.uid}: {done.what}")


# Not a dataclass: that module loads `inspect`, which alone takes a third of the time of `feedd --version`.
class Withdrawn(NamedTuple):
    """Result of withdrawing or restoring a post; ``left`` if a daemon does it."""

    uid: str
    what: str
    left: bool = False
    title: str = ""


def withdraw_post(config: Config, wanted: str, undo: bool, clock: Clock) -> Withdrawn:
    """Withdraw a post, or restore it with ``undo``.

    Raises:
        UsageError: the post is unknown, was never published, or is in that state already.
    """
    from feeds.cli.daemon_requests import add_request
    from feeds.cli.lookup import find_post
    from feeds.daemon import control
    from feeds.storage import ledger
    from feeds.storage.sqlite import lock_store
    from feeds.storage.store import Store

    if not config.store.exists():
        raise UsageError(f"{config.store}: no build yet, so there is no post to withdraw")
    try:
        with lock_store(config.store), closing(Store.open(config.store)) as db:
            path = config.store.with_name(ledger.LEDGER)
            # The store may be a restored backup that does not know all withdrawals yet.
            db.read_withdrawals(path, clock())
            uid = _check_withdrawable(db, find_post(db, config, wanted), wanted, undo)
            back = control.withdraw(db, path, uid, undo, clock())
    # A daemon has the store: check the request here, so that errors reach the user.
    except StoreLocked:
        with closing(Store.open(config.store, read_only=True)) as db:
            number = find_post(db, config, wanted)
            uid = _check_withdrawable(db, number, wanted, undo)
            title = db.load_post_title(number)
        add_request(config, "restore" if undo else "withdraw", uid)
        return Withdrawn(uid, "", left=True, title=title)
    if not undo:
        return Withdrawn(uid, "withdrawn; `feedd build` takes it out of the feeds")
    later = "`feedd build` brings it back" if back else "it comes back when a source has it again"
    return Withdrawn(uid, f"no longer withdrawn; {later}")


def _check_withdrawable(db: Posts, number: int, wanted: str, undo: bool) -> str:
    """Return the id of a post; raises UsageError if it cannot be withdrawn or restored."""
    post = db.load_post_state(number)
    # The ledger identifies a withdrawn post by its id, so a post without an id cannot be withdrawn.
    if post.uid is None:
        raise UsageError(
            f"{wanted}: was never published, so it cannot be withdrawn; remove it from its source"
        )
    if bool(post.withdrawn) != undo:
        raise UsageError(f"{wanted}: is not withdrawn" if undo else f"{wanted}: is withdrawn already")
    return post.uid
