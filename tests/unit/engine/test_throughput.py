"""A stretch of sends is what the same sends are one by one."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from engine.broadcast.pacing import Pace, Tally
from engine.broadcast.throughput import Line
from engine.sequences.calendar import QuietHours

KUALA_LUMPUR = ZoneInfo("Asia/Kuala_Lumpur")
NOW = datetime(2026, 1, 5, 2, 40, tzinfo=UTC)  # 10:40 in Kuala Lumpur
caps = st.none() | st.integers(1, 40)
paces = st.builds(
    Pace,
    st.sampled_from([0.0, 7.0, 60.0]),
    st.sampled_from([60.0, 90.0, 700.0]),
    hourly_cap=caps,
    daily_cap=caps,
    ramp_start_cap=st.none() | st.just(1),
    ramp_days=st.just(3),
    ramp_started_on=st.just(date(2026, 1, 4)),
)


def line(pace: Pace) -> Line:
    return Line(pace, Tally(NOW.replace(minute=0), 0, date(2026, 1, 5), 0), KUALA_LUMPUR, NOW)


def one_by_one(pace: Pace, end: datetime, most: int) -> list[datetime]:
    taken: list[datetime] = []
    device = line(pace)
    while len(taken) < most and (at := device.free_from(NOW)) < end:
        device.take(at)
        taken.append(at)
    return taken


@given(paces, st.integers(1, 300), st.integers(1, 5000))
def test_stretches_send_what_single_sends_do(pace: Pace, most: int, minutes: int) -> None:
    end = NOW + timedelta(minutes=minutes)
    taken: list[datetime] = []
    device = line(pace)
    while len(taken) < most and (at := device.free_from(NOW)) < end:
        stretch = device.take_many(at, end, most=most - len(taken))
        step = (stretch.last - stretch.first) / max(1, stretch.count - 1)
        taken += [stretch.first + step * number for number in range(stretch.count)]
    assert taken == one_by_one(pace, end, most)


@given(paces, st.integers(1, 300), st.integers(1, 5000))
def test_the_room_until_a_moment_is_what_goes_out_by_then(pace: Pace, most: int, minutes: int) -> None:
    end = NOW + timedelta(minutes=minutes)
    assert line(pace).room(NOW, end, None, most=most) == len(one_by_one(pace, end, most))


def test_nothing_goes_out_in_quiet_hours() -> None:
    device = line(Pace(60, 60))
    night = QuietHours(time(11), time(12))
    assert device.room(NOW, NOW + timedelta(minutes=90), night, most=500) == 20 + 10
    assert device == line(Pace(60, 60)), "the line is only asked, not used up"


def test_a_longer_delay_than_its_own_may_be_asked_for() -> None:
    device = line(Pace(60, 60))
    stretch = device.take_many(NOW, NOW + timedelta(hours=1), most=500, gap=timedelta(minutes=10))
    assert (stretch.count, stretch.last, device.free_at) == (
        6,
        NOW + timedelta(minutes=50),
        NOW + timedelta(hours=1),
    )
    assert replace(device).free_from(NOW) == NOW + timedelta(hours=1)
