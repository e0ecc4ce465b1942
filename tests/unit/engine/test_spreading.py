"""Sharing people out over devices so that all of these are through at about the same time."""

from collections import Counter
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.broadcast.pacing import Pace, Tally
from engine.campaigns.spreading import Dealing, Hours, Room, spread
from engine.sequences.calendar import QuietHours

MONDAY = date(2026, 1, 5)
ALL_DAY = Hours(86_400, 86_400)


def room(device_id: int, delay: float = 20, *, waiting: int = 0, sent: int = 0, **columns: Any) -> Room:
    """A device with a delay (seconds) that has sent so many today."""
    sends = columns.pop("sends", True)
    tally = Tally(datetime(2026, 1, 5, tzinfo=UTC), 0, MONDAY, sent)
    return Room(device_id, Pace(delay, delay, **columns), tally, waiting, sends)


def test_equal_devices_get_equal_shares() -> None:
    assert spread([room(1), room(2), room(3)], 90, ALL_DAY) == {1: 30, 2: 30, 3: 30}


def test_a_device_that_is_twice_as_slow_gets_half_as_many() -> None:
    assert spread([room(1, 10), room(2, 20)], 90, ALL_DAY) == {1: 60, 2: 30}


def test_what_waits_already_counts() -> None:
    assert spread([room(1, waiting=40), room(2)], 100, ALL_DAY) == {1: 30, 2: 70}


def test_a_device_with_more_to_do_than_all_the_others_can_take_gets_nobody() -> None:
    assert spread([room(1, waiting=500), room(2)], 100, ALL_DAY) == {2: 100}


def test_what_a_cap_leaves_of_today_counts() -> None:
    assert spread([room(1, daily_cap=50, sent=40), room(2)], 100, ALL_DAY) == {1: 10, 2: 90}


def test_caps_of_the_next_days_count_with_the_warm_up() -> None:
    """Today 20 and tomorrow 60 of the one that is warming up, at a hundred a day of the other."""
    warming = room(1, 1, daily_cap=100, ramp_start_cap=20, ramp_days=2, ramp_started_on=MONDAY)
    assert spread([warming, room(2, 1, daily_cap=100)], 280, ALL_DAY) == {1: 80, 2: 200}


def test_hourly_caps_count() -> None:
    assert spread([room(1, 1, hourly_cap=30), room(2, 60)], 90, ALL_DAY) == {1: 30, 2: 60}


def test_what_cannot_send_now_gets_nobody_unless_none_can() -> None:
    assert spread([room(1, sends=False), room(2)], 10, ALL_DAY) == {2: 10}
    assert spread([room(1, sends=False), room(2, sends=False)], 10, ALL_DAY) == {1: 5, 2: 5}


def test_hours_are_those_of_the_window_without_the_quiet_ones() -> None:
    quiet, window = QuietHours(time(21), time(8)), QuietHours(time(9), time(22))
    assert Hours.of(time(20), quiet=quiet, window=window) == Hours(3600, 12 * 3600)


ROOMS = st.builds(
    lambda delay, waiting, cap, sends: (delay, waiting, cap, sends),
    st.floats(0, 3600), st.integers(0, 5000), st.none() | st.integers(1, 500), st.booleans(),
)  # fmt: skip


@given(st.lists(ROOMS, min_size=1, max_size=8), st.integers(1, 20_000), st.floats(0, 86_400))
def test_everybody_is_given_a_device_once(
    rooms: list[tuple[float, int, int | None, bool]], people: int, today: float
) -> None:
    devices = [
        room(number, delay, waiting=waiting, daily_cap=cap, sends=sends)
        for number, (delay, waiting, cap, sends) in enumerate(rooms)
    ]
    shares = spread(devices, people, Hours(today, 36_000))
    assert sum(shares.values()) == people
    dealing = Dealing.of(shares)
    dealt = Counter(device_of(dealing, number) for number in range(people))
    assert dealt == shares


@pytest.mark.parametrize("devices", [2, 3, 7])
def test_the_first_ones_are_spread_like_all(devices: int) -> None:
    dealing = Dealing.of(spread([room(number) for number in range(devices)], 10_000, ALL_DAY))
    first = Counter(device_of(dealing, number) for number in range(10 * devices))
    assert all(8 <= people <= 12 for people in first.values())


def device_of(dealing: Dealing, number: int) -> int:
    """As the fan-out's SQL has it."""
    place = number * dealing.step % dealing.total
    return dealing.device_ids[sum(start <= place for start in dealing.starts) - 1]
