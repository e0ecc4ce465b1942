"""When a hundred loops fail together, and when one does."""

from collections.abc import Iterator

import pytest
import structlog
from structlog.typing import EventDict

from engine import outage
from engine.outage import Outages


class Watch:
    """The machine's time, moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setattr(outage, "machine_time", watch)
    return watch


@pytest.fixture
def outages(watch: Watch) -> Outages:
    return Outages()


@pytest.fixture
def said() -> Iterator[list[EventDict]]:
    with structlog.testing.capture_logs() as said:
        yield said


async def test_an_outage_is_said_once_when_it_begins_and_once_when_it_is_over(
    watch: Watch, outages: Outages, said: list[EventDict]
) -> None:
    for second in range(101, 140):
        watch.now = float(second)
        outages.failed(second - 0.5, ConnectionRefusedError("nobody listens"))
        outages.failed(second - 0.2, TimeoutError())
    assert [(event["event"], event["error"]) for event in said] == [
        ("the database does not answer; nothing is sent until it does", "nobody listens")
    ]
    assert outages.going_on
    watch.now = 143.5
    outages.answered(143.0)
    outages.answered(143.1)
    assert said[1:] == [{"event": "the database answers again", "after": "43.0 s", "log_level": "warning"}]
    assert await outages.next_over() == 43.0
    assert not outages.going_on


def test_one_broken_connection_is_no_outage(watch: Watch, outages: Outages, said: list[EventDict]) -> None:
    watch.now = 110
    outages.failed(105, ConnectionResetError())
    outages.failed(106, ConnectionResetError())  # was on its way when the first failed
    outages.answered(111)
    watch.now = 120
    outages.failed(109, ConnectionResetError())  # another connection has answered since
    outages.failed(109.5, ConnectionResetError())
    assert said == []
    assert not outages.going_on


def test_a_hiccup_is_no_outage(watch: Watch, outages: Outages, said: list[EventDict]) -> None:
    for tenth in range(9):
        watch.now = 101 + tenth / 10
        outages.failed(watch.now, ConnectionResetError())
    watch.now = 102
    outages.answered(101.95)
    assert said == []


def test_a_process_that_was_asleep_for_a_minute_has_seen_no_outage(
    watch: Watch, outages: Outages, said: list[EventDict]
) -> None:
    watch.now = 160
    outages.failed(100.5, TimeoutError())
    outages.failed(100.7, TimeoutError())
    watch.now = 160.1
    outages.answered(160.0)
    assert said == []


def test_an_answer_to_what_was_asked_before_the_failure_ends_nothing(watch: Watch, outages: Outages) -> None:
    outages.failed(101, TimeoutError())
    watch.now = 104
    outages.failed(103, TimeoutError())
    outages.answered(99.0)
    assert outages.going_on
