"""When a campaign is to go out, as people type it."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogs.new_campaign.moments import read_moment, tomorrow_morning
from engine.errors import InvalidInputError

ZONE = "Asia/Kuala_Lumpur"
NOW = datetime(2026, 1, 7, 10, 30, tzinfo=ZoneInfo(ZONE))  # a Wednesday


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("18:30", "2026-01-07 18:30"),
        ("6.30pm", "2026-01-07 18:30"),
        ("10:30", "2026-01-08 10:30"),
        ("9 pagi", "2026-01-08 09:00"),
        ("noon", "2026-01-07 12:00"),
        ("at 2pm", "2026-01-07 14:00"),
        ("today 14:00", "2026-01-07 14:00"),
        ("Tomorrow", "2026-01-08 09:00"),
        ("tomorrow at 9am", "2026-01-08 09:00"),
        ("esok 2.30 petang", "2026-01-08 14:30"),
        ("day after tomorrow, 08:00", "2026-01-09 08:00"),
        ("lusa", "2026-01-09 09:00"),
        ("Fri 14:00", "2026-01-09 14:00"),
        ("Jumaat pukul 9 pagi", "2026-01-09 09:00"),
        ("Wednesday 18:00", "2026-01-07 18:00"),
        ("Wednesday 09:00", "2026-01-14 09:00"),
        ("5 Feb 09:00", "2026-02-05 09:00"),
        ("Feb 5th, 9am", "2026-02-05 09:00"),
        ("5 February", "2026-02-05 09:00"),
        ("3 Jan 9am", "2027-01-03 09:00"),
        ("1 Jan 2028 00:00", "2028-01-01 00:00"),
        ("17 ogos 2026 9 pagi", "2026-08-17 09:00"),
        ("2026-02-05 09:00", "2026-02-05 09:00"),
        ("5/2 9am", "2026-02-05 09:00"),
        ("5.2.2027 9:15", "2027-02-05 09:15"),
    ],
)
def test_common_ways_to_say_a_time(typed, read):
    local = read_moment(typed, NOW, ZONE).astimezone(ZoneInfo(ZONE))
    assert f"{local:%Y-%m-%d %H:%M}" == read


@pytest.mark.parametrize(
    "typed",
    ["", "soon", "9", "tomorrow 25:00", "31 Feb 09:00", "Fri sometime", "99/99 10:00", "5", "9999-12-31 23:59"],
)
def test_what_is_no_time_is_answered_with_examples(typed):
    with pytest.raises(InvalidInputError, match="tomorrow 9am"):
        read_moment(typed, NOW, ZONE)


@pytest.mark.parametrize("typed", ["today 9am", "2025-01-01 09:00", "7 Jan 10:30"])
def test_what_is_past_is_refused(typed):
    with pytest.raises(InvalidInputError, match="This is past: it is 10:30"):
        read_moment(typed, NOW, ZONE)


def test_where_the_clocks_go_forward_the_first_valid_instant_counts():
    before = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert read_moment("tomorrow 01:30", before, "Europe/London") == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_tomorrow_morning_is_nine_in_the_zone():
    assert tomorrow_morning(NOW, ZONE) == datetime(2026, 1, 8, 1, tzinfo=UTC)


@given(st.text(max_size=40) | st.from_regex(r"[0-9]{1,4}[-/. ][0-9]{1,2}[-/. ][0-9]{1,4} [0-9]{1,2}:[0-9]{2}"))
def test_whatever_is_typed_is_a_coming_time_or_an_answer(typed):
    with suppress(InvalidInputError):
        assert read_moment(typed, NOW, ZONE) > NOW


@given(st.integers(0, 60 * 24 - 1), st.integers(0, 365))
def test_a_written_time_is_read_back(minute, days):
    local = (NOW + timedelta(days=days + 1)).replace(hour=minute // 60, minute=minute % 60)
    assert read_moment(f"{local:%Y-%m-%d %H:%M}", NOW, ZONE) == local
