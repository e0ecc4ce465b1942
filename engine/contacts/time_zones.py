"""The time zone that somebody lives in: as an operator types it, or guessed from the phone number. Pure."""

import unicodedata
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
import pytz
from phonenumbers.timezone import time_zones_for_number

from engine.errors import InvalidInputError

_HALF_A_YEAR = timedelta(days=182)


@lru_cache(maxsize=1)
def known_zones() -> frozenset[str]:
    """The names of the time zone database."""
    return frozenset(available_timezones() - {"Factory", "localtime"})  # those two are no place's


def read_zone(typed: str, country: str) -> str:
    """Read a city of the time zone database, of this country first, or a whole name such as Asia/Jakarta.

    Raises InvalidInputError.
    """
    asked = plain(typed)
    for zone in (*pytz.country_timezones[country], *pytz.common_timezones):
        if asked in {plain(zone), plain(city_of(zone))}:
            return zone
    raise InvalidInputError(
        f"No time zone is named after “{typed[:40].strip()}”. Type the largest city near you that keeps the same "
        "time, such as Jakarta, or a name such as Asia/Jakarta."
    )


def city_of(zone: str) -> str:
    return zone.rpartition("/")[2].replace("_", " ")


def plain(text: str) -> str:
    """Lower case, no accents, single spaces: "Kuala_Lumpur" is "kuala lumpur"."""
    decomposed = unicodedata.normalize("NFKD", text.replace("_", " ").replace("’", "'").casefold())
    return " ".join("".join(letter for letter in decomposed if not unicodedata.combining(letter)).split())


def guess_time_zone(phone: str, at: datetime, preferred: str | None = None) -> str | None:
    """Guess from an E.164 number; None where it may be one of several times of day.

    Several zones are as good as one if they have the same offsets now and half a year later; the preferred
    one is named where it is as good and of the number's country (Malaysia's are all Kuching to the metadata).
    """
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return None
    zones = time_zones_for_number(number)
    if not known_zones().issuperset(zones) or len({_offsets(zone, at.date().toordinal()) for zone in zones}) != 1:
        return None
    if preferred is not None:
        of_country = pytz.country_timezones.get(phonenumbers.region_code_for_number(number) or "", ())
        ordinal = at.date().toordinal()
        if preferred in of_country and _offsets(preferred, ordinal) == _offsets(zones[0], ordinal):
            return preferred
    return str(zones[0])


def zone_of(time_zone: str | None, phone: str, otherwise: str, at: datetime) -> ZoneInfo:
    """Where somebody is: as set, else as the number says, else `otherwise` (their team's)."""
    return ZoneInfo(time_zone or guess_time_zone(phone, at) or otherwise)


@lru_cache(maxsize=2048)
def _offsets(zone: str, ordinal: int) -> tuple[timedelta | None, timedelta | None]:
    noon = datetime.fromordinal(ordinal) + timedelta(hours=12)
    now, later = (day.replace(tzinfo=ZoneInfo(zone)).utcoffset() for day in (noon, noon + _HALF_A_YEAR))
    return now, later
