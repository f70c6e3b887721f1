"""The tree of errors: what a handler catches, what messages say, what survives a worker process."""

from __future__ import annotations

import pickle

import pytest

from feeds import errors


@pytest.mark.parametrize(
    ("child", "parent"),
    [
        (errors.UsageError, errors.FeeddError),
        (errors.ConfigError, errors.UsageError),
        (errors.StoreLocked, errors.FeeddError),
        (errors.StoreError, errors.FeeddError),
        (errors.DeadlineExceeded, errors.FeeddError),
        (errors.WorkersLost, errors.FeeddError),
        (errors.OutputError, errors.FeeddError),
        (errors.FetchError, errors.FeeddError),
        (errors.AddressRefused, errors.FetchError),
        (errors.PostRejected, errors.FeeddError),
        (errors.FeedUnreadable, errors.FeeddError),
        (errors.EntryInvalid, errors.FeeddError),
    ],
)
def test_the_tree(child: type[Exception], parent: type[Exception]) -> None:
    assert child.__bases__ == (parent,)


def test_a_configuration_error_has_every_mistake() -> None:
    error = errors.ConfigError(["a.toml:1: first", "a.toml:2: second"])
    assert error.mistakes == ["a.toml:1: first", "a.toml:2: second"]
    assert str(error) == "a.toml:1: first\na.toml:2: second"


def test_damage_names_the_place_the_reason_and_what_to_do() -> None:
    error = errors.build_damage_error("feedd.db", "odd bytes")
    assert isinstance(error, errors.StoreError)
    assert str(error).startswith(
        "feedd.db: is damaged (odd bytes); restore a backup with `feedd restore FILE`"
    )


def test_lost_workers_name_the_signal() -> None:
    assert "on the same task (killed by signal 9)" in str(errors.WorkersLost("killed by signal 9"))


def test_a_deadline_survives_the_way_from_a_worker_process() -> None:
    error = pickle.loads(pickle.dumps(errors.DeadlineExceeded(2.5)))
    assert type(error) is errors.DeadlineExceeded
    assert error.deadline == 2.5
    assert str(error) == "takes longer than 2.5 seconds to process; shorten it or simplify its markup"
