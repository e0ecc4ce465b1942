from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from engine.broadcast.pacing import Pace, Tally, capped_until

KUALA_LUMPUR = ZoneInfo("Asia/Kuala_Lumpur")
NOW = datetime(2026, 1, 5, 2, 40, tzinfo=UTC)  # 10:40 in Kuala Lumpur
TODAY = date(2026, 1, 5)


def tally(hour: int = 0, day: int = 0) -> Tally:
    return Tally(NOW.replace(minute=0), hour, TODAY, day)


def test_without_caps_nothing_is_capped() -> None:
    assert capped_until(Pace(0, 0), tally(10_000, 10_000), KUALA_LUMPUR) is None


@pytest.mark.parametrize(
    ("sent", "until"),
    [(4, None), (5, datetime(2026, 1, 5, 3, 0, tzinfo=UTC)), (6, datetime(2026, 1, 5, 3, 0, tzinfo=UTC))],
)
def test_the_hourly_cap_ends_with_the_hour(sent: int, until: datetime | None) -> None:
    assert capped_until(Pace(0, 0, hourly_cap=5), tally(hour=sent), KUALA_LUMPUR) == until


@pytest.mark.parametrize(("sent", "until"), [(4, None), (5, datetime(2026, 1, 5, 16, 0, tzinfo=UTC))])
def test_the_daily_cap_ends_at_midnight_of_the_workspace(sent: int, until: datetime | None) -> None:
    assert capped_until(Pace(0, 0, hourly_cap=5, daily_cap=5), tally(sent, sent), KUALA_LUMPUR) == until


def test_counters_of_an_hour_or_a_day_gone_by_are_zero() -> None:
    stored = {"hour_started_at": NOW.replace(minute=0), "hour_count": 7, "day": TODAY, "day_count": 9}
    assert Tally.at(NOW, KUALA_LUMPUR, **stored) == tally(7, 9)
    next_hour = NOW.replace(hour=3)
    assert Tally.at(next_hour, KUALA_LUMPUR, **stored) == Tally(next_hour.replace(minute=0), 0, TODAY, 9)
    after_midnight = datetime(2026, 1, 5, 16, 0, tzinfo=UTC)
    assert Tally.at(after_midnight, KUALA_LUMPUR, **stored).day_count == 0
    assert tally(1, 2).plus_one() == tally(2, 3)


@pytest.mark.parametrize(("day", "cap"), [(4, 20), (5, 20), (10, 60), (15, 100), (30, 100)])
def test_the_ramp_rises_linearly_to_the_daily_cap(day: int, cap: int) -> None:
    pace = Pace(0, 0, daily_cap=100, ramp_start_cap=20, ramp_days=10, ramp_started_on=TODAY)
    assert pace.cap_on(date(2026, 1, day)) == cap
