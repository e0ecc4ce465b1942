"""The time zone of somebody of whom only the phone number is known. Pure."""

from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
from phonenumbers.timezone import time_zones_for_number

_HALF_A_YEAR = timedelta(days=182)


@lru_cache(maxsize=1)
def known_zones() -> frozenset[str]:
    """The names of the time zone database."""
    return frozenset(available_timezones() - {"Factory", "localtime"})  # those two are no place's


def guess_time_zone(phone: str, at: datetime) -> str | None:
    """Guess from an E.164 number; None where it may be one of several times of day.

    Several zones are as good as one if they have the same offsets now and half a year later.
    """
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return None
    zones = time_zones_for_number(number)
    if not known_zones().issuperset(zones) or len({_offsets(zone, at.date().toordinal()) for zone in zones}) != 1:
        return None
    return str(zones[0])


@lru_cache(maxsize=2048)
def _offsets(zone: str, ordinal: int) -> tuple[timedelta | None, timedelta | None]:
    noon = datetime.fromordinal(ordinal) + timedelta(hours=12)
    now, later = (day.replace(tzinfo=ZoneInfo(zone)).utcoffset() for day in (noon, noon + _HALF_A_YEAR))
    return now, later
