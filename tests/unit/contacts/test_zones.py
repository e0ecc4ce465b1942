import pytest

from engine.contacts.time_zones import read_zone
from engine.errors import InvalidInputError


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
    assert read_zone(typed) == zone


@pytest.mark.parametrize("typed", ["", "Atlantis", "../etc/passwd", "x" * 5000])
def test_what_is_no_zone(typed):
    with pytest.raises(InvalidInputError, match="Type the largest city near them"):
        read_zone(typed)
