"""Quiet hours and a window together, told as openings."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from engine.broadcast.hours import Hours, Window
from engine.sequences.calendar import QuietHours

KUALA_LUMPUR = ZoneInfo("Asia/Kuala_Lumpur")
BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)
times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 30]))
openings = st.builds(
    Hours,
    st.sampled_from([KUALA_LUMPUR, BERLIN]),
    st.none() | st.builds(QuietHours, times, times),
    st.none() | st.builds(Window, times, times),
)
instants = st.builds(
    lambda day, minute: datetime.combine(day, time(0), UTC) + MINUTE * minute,
    st.sampled_from(
        [date(2026, 1, 5), date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 24), date(2026, 10, 25)]
    ),
    st.integers(0, 1439),
)


def is_open(hours: Hours, instant: datetime) -> bool:
    local = instant.astimezone(hours.zone).time()
    if hours.quiet is not None and hours.quiet.contain(local):
        return False
    if hours.window is None or hours.window.start == hours.window.end:
        return True
    start, end = hours.window.start, hours.window.end
    return start <= local < end if start < end else local >= start or local < end


@given(openings, instants)
def test_it_opens_at_the_first_minute_that_is_neither_quiet_nor_out_of_the_window(
    hours: Hours, instant: datetime
) -> None:
    later = (instant + MINUTE * minute for minute in range(3 * 1440))
    assert hours.open_from(instant) == next((one for one in later if is_open(hours, one)), None)


@given(openings, instants)
def test_it_stays_open_until_it_says(hours: Hours, instant: datetime) -> None:
    if not is_open(hours, instant):
        return
    closes = hours.close_after(instant)
    assert closes is None or closes > instant
    for minute in range(2 * 1440):
        if closes is not None and instant + MINUTE * minute >= closes:
            break
        assert is_open(hours, instant + MINUTE * minute)


def test_a_window_in_the_middle_of_the_quiet_hours_never_opens() -> None:
    night = Hours(KUALA_LUMPUR, QuietHours(time(20), time(9)), Window(time(21), time(23)))
    assert night.open_from(datetime(2026, 1, 5, tzinfo=UTC)) is None
