from datetime import date

import pytest

from bot.dialogs.devices.caps import NO_CAP, NO_RAMP, read_cap, read_ramp, write_cap, write_ramp
from engine.broadcast.pacing import Pace
from engine.errors import InvalidInputError


@pytest.mark.parametrize(
    "text", ["120", " 120 a day", "120/day", "120 messages per hour", "120 an hour", "120 msgs"]
)
def test_a_cap_is_read_as_people_write_it(text):
    assert read_cap(text) == 120


def test_thousands_may_be_grouped():
    assert read_cap("1,200") == read_cap("1.200 a day") == read_cap("1 200") == 1200


@pytest.mark.parametrize("text", ["no cap", "None", "OFF", "-", NO_CAP])
def test_there_may_be_no_cap(text):
    assert read_cap(text) is None


@pytest.mark.parametrize("text", ["", "many", "-5", "1.5", "12 000 000 000", "5-15", "9" * 4000])
def test_anything_else_is_refused_with_an_example(text):
    with pytest.raises(InvalidInputError, match="such as 120"):
        read_cap(text)


@pytest.mark.parametrize(
    "text", ["20 over 14", "20 over 14 days", "20 14", "20-14", "from 20 a day over 14 days", "20, 14 d"]
)
def test_a_warm_up_is_read_as_people_write_it(text):
    assert read_ramp(text) == (20, 14)


@pytest.mark.parametrize("text", ["off", NO_RAMP, "no"])
def test_a_warm_up_may_be_off(text):
    assert read_ramp(text) is None


@pytest.mark.parametrize("text", ["", "20", "slowly", "20 over 14 weeks", "1-2-3"])
def test_any_other_warm_up_is_refused_with_an_example(text):
    with pytest.raises(InvalidInputError, match="such as 20 over 14"):
        read_ramp(text)


def test_what_is_written_is_read_back_the_same():
    for cap in (None, 1, 12_345):
        assert read_cap(write_cap(cap)) == cap


@pytest.mark.parametrize(
    ("day", "told"),
    [
        (5, "from 20 to 120 a day, day 1 of 10: 20 today"),
        (10, "from 20 to 120 a day, day 6 of 10: 70 today"),
        (15, "from 20 to 120 a day, done"),
    ],
)
def test_a_warm_up_says_how_far_it_is(day, told):
    pace = Pace(10, 30, daily_cap=120, ramp_start_cap=20, ramp_days=10, ramp_started_on=date(2026, 1, 5))
    assert write_ramp(pace, date(2026, 1, day)) == told


def test_without_a_warm_up_it_is_off():
    assert write_ramp(Pace(10, 30, daily_cap=120), date(2026, 1, 5)) == "off"
