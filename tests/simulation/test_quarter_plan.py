from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.simulation.quarter.almanac import Days, Moment, Quiet, due, first_day, loud, wall
from tests.simulation.quarter.pausing import (
    PauseDevice,
    PauseSequence,
    ResumeDevice,
    ResumeEverything,
    ResumeSequence,
    StopEverything,
)
from tests.simulation.quarter.people import Join
from tests.simulation.quarter.plan import MONTH, OFTEN, QUARTER, Length, plan

SEEDS = range(10)
LENGTHS = pytest.mark.parametrize("length", [MONTH, QUARTER], ids=["month", "quarter"])
BERLIN = ZoneInfo("Europe/Berlin")
WEEKDAYS = Days(frozenset({6, 7}))


def utc(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@LENGTHS
@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed_always_plans_the_same(seed: int, length: Length) -> None:
    assert plan(seed, length) == plan(seed, length) != plan(seed + 1, length)


@LENGTHS
@pytest.mark.parametrize("seed", SEEDS)
def test_every_deed_happens_and_all_are_done_before_the_calm(seed: int, length: Length) -> None:
    planned = plan(seed, length)
    assert {type(deed) for deed in planned.deeds} >= {*OFTEN, Join}
    assert [deed.at for deed in planned.deeds] == sorted(deed.at for deed in planned.deeds)
    assert planned.deeds[-1].at <= planned.calm_from


@LENGTHS
@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_is_paused_is_resumed(seed: int, length: Length) -> None:
    paused: set[tuple[type, int]] = set()
    ends = {PauseDevice: ResumeDevice, PauseSequence: ResumeSequence, StopEverything: ResumeEverything}
    for deed in plan(seed, length).deeds:
        if type(deed) in ends:
            paused.add((ends[type(deed)], deed.number))
        paused.discard((type(deed), getattr(deed, "number", 0)))
    assert paused == set()


@LENGTHS
@pytest.mark.parametrize("seed", SEEDS)
def test_nobody_is_asked_twice_into_a_sequence(seed: int, length: Length) -> None:
    waves = [deed for deed in plan(seed, length).deeds if isinstance(deed, Join)]
    asked = Counter((wave.number, person) for wave in waves for person in wave.people)
    assert set(asked.values()) == {1}


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe"])
@pytest.mark.parametrize(
    ("begins", "days"),
    [
        *((begins, MONTH.deeds + 10) for begins in MONTH.beginnings),
        *((begins, QUARTER.deeds) for begins in QUARTER.beginnings),
    ],
)
def test_the_clocks_change_in_both_hemispheres_while_messages_go_out(
    zone: str, begins: datetime, days: int
) -> None:
    offsets = [instant.astimezone(ZoneInfo(zone)).utcoffset() for instant in (begins, begins + timedelta(days))]
    assert offsets[0] != offsets[1]


@pytest.mark.parametrize(
    ("day", "local", "zone", "expected"),
    [
        (date(2026, 3, 27), time(9), "Europe/Berlin", utc(3, 27, 8)),
        (date(2026, 3, 29), time(9), "Europe/Berlin", utc(3, 29, 7)),
        (date(2026, 3, 29), time(2, 30), "Europe/Berlin", utc(3, 29, 1)),  # left out
        (date(2026, 10, 25), time(2, 30), "Europe/Berlin", utc(10, 25, 0, 30)),  # twice
        (date(2026, 11, 1), time(1, 45), "America/New_York", utc(11, 1, 5, 45)),
        (date(2026, 10, 4), time(2, 15), "Australia/Lord_Howe", utc(10, 3, 15, 30)),
        (date(2026, 4, 4), time(23, 30), "America/Santiago", utc(4, 5, 2, 30)),
        (date(2026, 3, 27), time(9), "Asia/Kolkata", utc(3, 27, 3, 30)),
    ],
)
def test_when_the_clocks_show_a_time(day: date, local: time, zone: str, expected: datetime) -> None:
    assert wall(day, local, ZoneInfo(zone)) == expected


def test_day_one_and_those_after_it_are_days_on_which_there_is_sending() -> None:
    friday = datetime(2026, 3, 27, 10, tzinfo=BERLIN)
    nine, noon = Moment(1, time(9)), Moment(1, time(12))
    assert first_day(friday, BERLIN, [noon], WEEKDAYS) == date(2026, 3, 27)
    assert first_day(friday, BERLIN, [nine, noon], WEEKDAYS) == date(2026, 3, 30)
    assert WEEKDAYS.nth(date(2026, 3, 27), 4) == date(2026, 4, 1)
    assert Days(country="DE").first_from(date(2026, 4, 3)) == date(2026, 4, 4)


def test_two_days_of_a_sequence_never_fall_on_one_date() -> None:
    about = {
        "joined_at": datetime(2026, 3, 26, tzinfo=UTC),
        "zone": BERLIN,
        "anchor": date(2026, 3, 27),
        "days": WEEKDAYS,
    }
    second = Moment(2, time(9))
    assert due(second, reached=(1, date(2026, 3, 27)), **about) == datetime(2026, 3, 30, 7, tzinfo=UTC)
    assert due(second, reached=(1, date(2026, 3, 30)), **about) == datetime(2026, 3, 31, 7, tzinfo=UTC)
    assert due(second, reached=(2, date(2026, 3, 30)), **about) == datetime(2026, 3, 30, 7, tzinfo=UTC)


def test_quiet_hours_end_when_the_clocks_say_so_for_the_last_time() -> None:
    night = datetime(2026, 10, 24, 21, tzinfo=UTC)  # 23:00; at three the clocks go back to two
    assert loud(night, BERLIN, Quiet(time(22), time(8)), Days()) == datetime(2026, 10, 25, 7, tzinfo=UTC)
    assert loud(night, BERLIN, Quiet(time(22), time(2, 30)), Days()) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert loud(night, BERLIN, Quiet(time(22), time(8)), WEEKDAYS) == datetime(2026, 10, 26, 7, tzinfo=UTC)
    assert loud(night, BERLIN, None, Days()) == night
