"""When those join who do so day by day."""

from datetime import UTC, date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sequences.calendar import NoSendableDayError, SendingDays, StepTime, anchor_for
from engine.sequences.joining import Start, Waves, start_of
from tests.unit.engine.calendars import minutes, moments, sending
from tests.unit.engine.test_calendar import BERLIN, EVERY_DAY, KUALA_LUMPUR, WEEKDAYS, joining, step

steps = st.one_of(
    st.none(),
    st.integers(0, 1439).map(lambda after: joining(1, after)),
    minutes.map(lambda at: StepTime.of(1, 1, at, None)),
)


def begun(now: datetime, waves: int, first: StepTime | None, days: SendingDays = EVERY_DAY) -> list[Start]:
    zone = str(now.tzinfo)
    return [start_of(zone, wave, [first] if first else [], days, now) for wave in range(1, waves + 1)]


def first_messages(starts: list[Start]) -> list[str]:
    return [f"{start.due.at.astimezone(start.run.zone):%a %d %H:%M}" for start in starts if start.due]


def joins(starts: list[Start]) -> list[str]:
    return [f"{start.run.joined_at.astimezone(start.run.zone):%a %d %H:%M}" for start in starts]


def test_each_wave_joins_a_day_after_the_one_before_at_the_same_time_of_day() -> None:
    starts = begun(datetime(2026, 1, 5, 10, tzinfo=KUALA_LUMPUR), 3, step(1, 1, 11))
    assert joins(starts) == ["Mon 05 10:00", "Tue 06 10:00", "Wed 07 10:00"]
    assert first_messages(starts) == ["Mon 05 11:00", "Tue 06 11:00", "Wed 07 11:00"]


def test_where_the_first_time_has_gone_by_each_gets_it_a_day_later() -> None:
    starts = begun(datetime(2026, 1, 5, 10, tzinfo=KUALA_LUMPUR), 3, step(1, 1, 9))
    assert joins(starts) == ["Mon 05 10:00", "Tue 06 10:00", "Wed 07 10:00"]
    assert first_messages(starts) == ["Tue 06 09:00", "Wed 07 09:00", "Thu 08 09:00"]


def test_right_after_joining_is_right_after_a_waves_joining() -> None:
    starts = begun(datetime(2026, 1, 9, 10, tzinfo=KUALA_LUMPUR), 3, joining(1, 15), WEEKDAYS)
    assert first_messages(starts) == ["Fri 09 10:15", "Mon 12 10:15", "Tue 13 10:15"]


@pytest.mark.parametrize("hour", [9, 11])
def test_from_a_weekend_the_waves_are_monday_tuesday_wednesday(hour: int) -> None:
    starts = begun(datetime(2026, 1, 10, 10, tzinfo=KUALA_LUMPUR), 3, step(1, 1, hour), WEEKDAYS)
    assert [message[:3] for message in first_messages(starts)] == ["Mon", "Tue", "Wed"]


def test_the_time_of_day_stays_when_the_clocks_change() -> None:
    starts = begun(datetime(2026, 3, 28, 10, tzinfo=BERLIN), 3, step(1, 1, 12))
    assert joins(starts) == ["Sat 28 10:00", "Sun 29 10:00", "Mon 30 10:00"]


@given(moments, steps, sending, st.integers(1, 20))
def test_waves_begin_on_the_sending_days_from_the_first_on_one_wave_each(
    moment: tuple[datetime, ZoneInfo], first: StepTime | None, days: SendingDays, waves: int
) -> None:
    now, zone = moment
    steps = [first] if first else []
    try:
        starts = [start_of(str(zone), wave, steps, days, now) for wave in range(1, waves + 1)]
    except NoSendableDayError:
        return
    anchors = [start.run.anchor for start in starts]
    zero = anchor_for(now, zone, steps, days)
    assert anchors[0] == zero
    assert anchors[1:] == [days.nth(zero, wave + 1) for wave in range(1, waves)]
    assert all(earlier < later for earlier, later in pairwise(anchors))
    assert starts[0].run.joined_at == now
    assert all(one.run.joined_at <= other.run.joined_at for one, other in pairwise(starts))
    for start in starts:
        assert start.due is None or start.due.at >= start.run.joined_at
        if first and first.send_time is not None and start.due:
            assert start.due.at.astimezone(zone).date() == start.run.anchor


@given(st.integers(1, 500), st.integers(0, 50), st.integers(1, 3000))
def test_no_wave_is_fuller_than_it_may_be_and_only_the_last_is_not_full(
    per_day: int, first: int, people: int
) -> None:
    waves = [Waves(per_day, first).of(place) for place in range(people)]
    sizes = [waves.count(wave) for wave in sorted(set(waves))]
    assert waves[0] == first
    assert set(sizes[:-1]) <= {per_day}
    assert 0 < sizes[-1] <= per_day


def test_a_draft_without_messages_has_waves_too() -> None:
    now = datetime(2026, 1, 5, 2, tzinfo=UTC)
    assert [start_of("UTC", wave, [], EVERY_DAY, now).run.anchor for wave in (1, 3)] == [
        date(2026, 1, 5),
        date(2026, 1, 7),
    ]
