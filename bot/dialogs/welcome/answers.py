"""The answers to the welcome questions, as people type them. Pure."""

import re
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import phonenumbers
import pytz

from engine.contacts.time_zones import plain
from engine.errors import InvalidInputError
from engine.sequences.pasting import read_time

COUNTRIES = {code: name for code, name in pytz.country_names.items() if code in phonenumbers.SUPPORTED_REGIONS}
MOST_ZONES = 12  # buttons

_OTHER_NAMES = {"uk": "GB", "england": "GB", "great britain": "GB", "usa": "US", "america": "US", "uae": "AE"}
_NO_QUIET_HOURS = {"none", "no", "off", "never", "tiada"}
_BETWEEN_TIMES = re.compile(r"\s*(?:[-–—]|\bto\b|\buntil\b|\btill\b|\bhingga\b|\bsampai\b)\s*", re.IGNORECASE)


def read_country(text: str) -> str:
    """Read the name, a part of it, or the two-letter code; return the code. Raises InvalidInputError."""
    asked = plain(text)
    if asked.upper() in COUNTRIES:
        return asked.upper()
    if asked in _OTHER_NAMES:
        return _OTHER_NAMES[asked]
    names = {code: plain(name) for code, name in COUNTRIES.items()}
    for matches in (
        [code for code, name in names.items() if name == asked],
        [code for code, name in names.items() if asked and name.startswith(asked)],
        [code for code, name in names.items() if len(asked) > 2 and asked in name],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            some = ", ".join(COUNTRIES[code] for code in matches[:5])
            raise InvalidInputError(
                f"Which one: {some}{' …' if len(matches) > 5 else ''}? Please type more of it."
            )
    raise InvalidInputError(
        f"There is no country “{_cut(text)}”. Type its English name or its code, such as Vietnam or VN."
    )


def zones_of(country: str) -> list[str]:
    """Where a country has many zones, only one of those that keep the same time all year."""
    zones = list(pytz.country_timezones[country])
    if len(zones) <= MOST_ZONES:
        return zones
    by_offsets = {_offsets(zone): zone for zone in reversed(zones)}  # the first of the same kind stays
    return [zone for zone in zones if by_offsets[_offsets(zone)] == zone]


def read_quiet_hours(text: str) -> tuple[time, time] | None:
    """Read `21:30-8am` or `22 to 7`; None is no quiet hours. Raises InvalidInputError."""
    if text.strip().casefold() in _NO_QUIET_HOURS:
        return None
    hours = [read_time(part) or read_time(f"{part}:00") for part in _BETWEEN_TIMES.split(text.strip())]
    match hours:
        case [time() as start, time() as end]:
            return start, end
    raise InvalidInputError("Please type when the quiet hours start and end, such as 21:30-8am, or “none”.")


def write_quiet_hours(start: time | None, end: time | None) -> str:
    return f"{start:%H:%M}–{end:%H:%M}" if start is not None and end is not None else "none"


def _cut(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"


def _offsets(zone: str) -> tuple[object, object]:
    """The offsets in winter and in summer: zones with the same two show the same time all year."""
    winter, summer = (datetime(2026, month, 1, tzinfo=UTC).astimezone(ZoneInfo(zone)) for month in (1, 7))
    return winter.utcoffset(), summer.utcoffset()
