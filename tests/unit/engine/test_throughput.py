"""A stretch of sends is what the same sends are one by one."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.broadcast.pacing import Pace, Tally
from engine.broadcast.throughput import Line, Stretch
from engine.sequences.calendar import QuietHours

KUALA_LUMPUR = ZoneInfo("Asia/Kuala_Lumpur")
NOW = datetime(2026, 1, 5, 2, 40, tzinfo=UTC)  # 10:40 in Kuala Lumpur
HOUR = timedelta(hours=1)
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


KOLKATA = ZoneInfo("Asia/Kolkata")  # where its day begins the hour of a cap is half over
zones = st.sampled_from([KUALA_LUMPUR, KOLKATA])


def line(pace: Pace, zone: ZoneInfo = KUALA_LUMPUR) -> Line:
    return Line(pace, Tally(NOW.replace(minute=0), 0, date(2026, 1, 5), 0), zone, NOW)


def one_by_one(device: Line, end: datetime, most: int) -> list[datetime]:
    taken: list[datetime] = []
    while len(taken) < most and (at := device.free_from(NOW)) < end:
        device.take(at)
        taken.append(at)
    return taken


def every(stretch: Stretch) -> Iterator[datetime]:
    """When each of its messages goes out."""
    hourly = stretch.count // stretch.hours
    first, last = stretch.first, stretch.last - HOUR * (stretch.hours - 1)
    step = (last - first) / max(1, hourly - 1)
    for hour in range(stretch.hours):
        yield from (first + HOUR * hour + step * number for number in range(hourly))


@given(paces, zones, st.integers(1, 300), st.integers(1, 5000))
@settings(max_examples=400)
def test_stretches_send_what_single_sends_do(pace: Pace, zone: ZoneInfo, most: int, minutes: int) -> None:
    end = NOW + timedelta(minutes=minutes)
    taken: list[datetime] = []
    device = line(pace, zone)
    while len(taken) < most and (at := device.free_from(NOW)) < end:
        stretch = device.take_many(at, end, most=most - len(taken))
        taken += every(stretch)
    assert taken == one_by_one(line(pace, zone), end, most)


@given(paces, st.integers(1, 300), st.integers(1, 5000))
def test_the_room_until_a_moment_is_what_goes_out_by_then(pace: Pace, most: int, minutes: int) -> None:
    end = NOW + timedelta(minutes=minutes)
    assert line(pace).room(NOW, end, None, most=most) == len(one_by_one(line(pace), end, most))


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


def test_hours_that_are_alike_are_taken_at_once() -> None:
    device = line(Pace(60, 60, hourly_cap=10, daily_cap=95))
    at = NOW + timedelta(minutes=20)
    stretch = device.take_many(at, NOW + timedelta(hours=30), most=500)
    assert (stretch.count, stretch.hours, stretch.last) == (90, 9, at + 8 * HOUR + timedelta(minutes=9))
    assert device.take_many(device.free_from(at), NOW + timedelta(hours=30), most=500).count == 5
    assert device.free_from(at) == datetime(2026, 1, 5, 16, 0, tzinfo=UTC), "the day of Kuala Lumpur is over"


def test_a_day_may_begin_within_an_hour() -> None:
    evening = datetime(2026, 1, 5, 18, 10, tzinfo=UTC)  # 23:40
    device = Line(Pace(300, 300, daily_cap=2), Tally(evening, 0, date(2026, 1, 5), 0), KOLKATA, evening)
    assert one_by_one(device, evening + HOUR, 9) == [
        evening + timedelta(minutes=after) for after in (0, 5, 20, 25)
    ]
