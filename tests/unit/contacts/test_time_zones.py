from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from engine.contacts.time_zones import guess_time_zone, read_zone
from engine.errors import InvalidInputError

NOW = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("phone", "offset"),
    [
        ("+60123456789", 8),  # two zones, one time
        ("+6591234567", 8),
        ("+81312345678", 9),
        ("+12125550100", -5),  # New York, by its area code
    ],
)
def test_one_time_of_day_is_guessed(phone: str, offset: int) -> None:
    guess = guess_time_zone(phone, NOW)
    assert guess is not None
    assert NOW.astimezone(ZoneInfo(guess)).utcoffset().total_seconds() == offset * 3600


@pytest.mark.parametrize(
    "phone",
    [
        "+61412345678",  # an Australian mobile may be anywhere from Perth to Sydney
        "+18005550100",  # toll-free, all over North America
        "+8001234567",  # toll-free, all over the world
        "+210",
        "",
    ],
)
def test_where_there_may_be_several_nothing_is_guessed(phone: str) -> None:
    assert guess_time_zone(phone, NOW) is None


def test_zones_that_agree_only_in_winter_are_several(monkeypatch: pytest.MonkeyPatch) -> None:
    zones = ["America/Denver", "America/Phoenix"]
    monkeypatch.setattr("engine.contacts.time_zones.time_zones_for_number", lambda _number: zones)
    assert guess_time_zone("+16025550100", NOW) is None
    zones[1] = "America/Boise"
    assert guess_time_zone("+16025550100", NOW) == "America/Denver"


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("london", "Europe/London"),
        ("  Kuala   Lumpur ", "Asia/Kuala_Lumpur"),
        ("asia/tokyo", "Asia/Tokyo"),
        ("New York", "America/New_York"),
        ("utc", "UTC"),
    ],
)
def test_a_city_or_a_zone(typed, zone):
    assert read_zone(typed, "MY") == zone


@pytest.mark.parametrize("typed", ["", "Atlantis", "../etc/passwd", "x" * 5000])
def test_what_is_no_zone(typed):
    with pytest.raises(InvalidInputError, match="Type the largest city near you"):
        read_zone(typed, "MY")


def test_of_zones_that_are_as_good_the_preferred_one_is_named():
    at = datetime(2026, 1, 5, tzinfo=UTC)
    assert guess_time_zone("+60123456789", at, preferred="Asia/Kuala_Lumpur") == "Asia/Kuala_Lumpur"
    assert guess_time_zone("+6591234567", at, preferred="Asia/Kuala_Lumpur") == "Asia/Singapore"
    assert guess_time_zone("+12025550123", at, preferred="America/New_York") == guess_time_zone("+12025550123", at)
