"""Any place, time and calendar from 2020 to 2040."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import strategies as st

from engine.sequences.calendar import SendingDays

zones = st.sampled_from(sorted(available_timezones() - {"Factory", "localtime"})).map(ZoneInfo)
local_dates = st.dates(date(2020, 1, 1), date(2040, 12, 31))
minutes = st.integers(0, 1439).map(lambda minute: time(*divmod(minute, 60)))
_minutes_of_all_years = st.integers(0, 20 * 365 * 24 * 60).map(
    lambda minute: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
)


@cache
def _changes(zone: ZoneInfo, year: int) -> list[datetime]:
    """The days of a year on which the clock changes there, or all of them if it never does."""
    days = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=number) for number in range(366)]
    offsets = [day.astimezone(zone).utcoffset() for day in days]
    return [day for day, (one, other) in zip(days, pairwise(offsets), strict=False) if one != other] or days


@st.composite
def _around_changes(draw: st.DrawFn) -> tuple[datetime, ZoneInfo]:
    zone, year = draw(zones), draw(st.integers(2020, 2040))
    return draw(st.sampled_from(_changes(zone, year))) + timedelta(minutes=draw(st.integers(-1440, 2880))), zone


moments = st.one_of(st.tuples(_minutes_of_all_years, zones), _around_changes())
sending = st.builds(
    SendingDays,
    rest_days=st.one_of(
        st.just(frozenset[int]()), st.just(frozenset({6, 7})), st.frozensets(st.integers(1, 7), max_size=6)
    ),
    holidays=st.frozensets(local_dates, max_size=40),
)
