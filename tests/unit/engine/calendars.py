"""Any place, time and calendar from 2020 to 2040."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import strategies as st

from engine.sequences.calendar import SendingDays

zones = st.sampled_from(sorted(available_timezones() - {"Factory", "localtime"})).map(ZoneInfo)
local_dates = st.dates(date(2020, 1, 1), date(2040, 12, 31))
minutes = st.integers(0, 1439).map(lambda minute: time(*divmod(minute, 60)))
_any_minute = st.integers(0, 20 * 365 * 24 * 60).map(
    lambda minute: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
)
_as_clocks_change = st.builds(  # somewhere they do in these weeks, between midnight and four in the morning
    lambda year, month, hours, minute: datetime(year, month, 1, minute=minute, tzinfo=UTC) + timedelta(hours=hours),
    st.integers(2020, 2040), st.sampled_from([3, 4, 9, 10, 11]), st.integers(0, 30 * 24), st.integers(0, 59),
)  # fmt: skip
instants = st.one_of(_any_minute, _as_clocks_change)
sending = st.builds(
    SendingDays,
    rest_days=st.one_of(
        st.just(frozenset[int]()), st.just(frozenset({6, 7})), st.frozensets(st.integers(1, 7), max_size=6)
    ),
    holidays=st.frozensets(local_dates, max_size=40),
)
