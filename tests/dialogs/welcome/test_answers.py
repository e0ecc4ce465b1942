from datetime import time
from zoneinfo import ZoneInfo

import pytest

from bot.dialogs.welcome.answers import COUNTRIES, MOST_ZONES, read_country, read_quiet_hours, zones_of
from engine.contacts.time_zones import read_zone
from engine.errors import InvalidInputError


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("my", "MY"),
        (" Malaysia ", "MY"),
        ("UK", "GB"),
        ("usa", "US"),
        ("singa", "SG"),
        ("Emirates", "AE"),
        ("cote d'ivoire", "CI"),
        ("Niger", "NE"),
    ],
)
def test_a_country_is_read_by_name_or_code(text, code):
    assert read_country(text) == code


def test_a_country_that_may_be_several_is_asked_for_again():
    with pytest.raises(InvalidInputError, match=r"Which one: .*Austria"):
        read_country("Austr")


@pytest.mark.parametrize("text", ["", " ", "Atlantis", "XX", "<b>", "x" * 10_000])
def test_what_is_no_country_is_refused_with_an_example(text):
    with pytest.raises(InvalidInputError, match="Vietnam or VN"):
        read_country(text)


def test_every_country_offers_zones_that_exist():
    for country in COUNTRIES:
        zones = zones_of(country)
        assert 1 <= len(zones) <= MOST_ZONES + 3
        assert all(ZoneInfo(zone) for zone in zones)


def test_a_wide_country_offers_one_zone_for_each_time():
    assert {"America/New_York", "America/Chicago", "America/Phoenix", "America/Los_Angeles"} < set(zones_of("US"))
    assert "America/Detroit" not in zones_of("US")


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("kuala lumpur", "Asia/Kuala_Lumpur"),
        ("Asia/Kuala_Lumpur", "Asia/Kuala_Lumpur"),
        ("new york", "America/New_York"),
        ("Sao Paulo", "America/Sao_Paulo"),
    ],
)
def test_a_zone_is_read_by_its_city(text, zone):
    assert read_zone(text, "MY") == zone


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("21:30-8am", (time(21, 30), time(8))),
        ("22:00 – 07:00", (time(22), time(7))),
        ("22-7", (time(22), time(7))),
        ("9pm to 8.30 am", (time(21), time(8, 30))),
        ("None", None),
    ],
)
def test_quiet_hours_are_read_as_people_write_them(text, hours):
    assert read_quiet_hours(text) == hours


@pytest.mark.parametrize("text", ["", "21:30", "25-8", "8-9-10", "late", "21:30-"])
def test_what_are_no_hours_is_refused(text):
    with pytest.raises(InvalidInputError, match="21:30-8am"):
        read_quiet_hours(text)
