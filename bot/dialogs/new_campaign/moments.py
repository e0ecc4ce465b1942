"""A day and a time, as people write them in a chat. Pure."""

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from engine.errors import InvalidInputError
from engine.sequences.calendar import at_local_time
from engine.sequences.pasting import read_time

MORNING = time(9)  # a day without a time
ONE_DAY = timedelta(days=1)
YEARS_AHEAD = 2  # what is farther off is a slip of the finger
EXAMPLES = "18:30, tomorrow 9am, Fri 14:00 or 5 Jan 09:00"

_NEAR_DAYS = {
    "today": 0, "hari ini": 0, "tomorrow": 1, "tmr": 1, "esok": 1, "day after tomorrow": 2, "lusa": 2,
}  # fmt: skip
_WEEKDAYS = (
    ("mon", "monday", "isnin"),
    ("tue", "tues", "tuesday", "selasa"),
    ("wed", "wednesday", "rabu"),
    ("thu", "thur", "thurs", "thursday", "khamis"),
    ("fri", "friday", "jumaat"),
    ("sat", "saturday", "sabtu"),
    ("sun", "sunday", "ahad"),
)
_MONTHS = (
    ("jan", "january", "januari"),
    ("feb", "february", "februari"),
    ("mar", "march", "mac"),
    ("apr", "april"),
    ("may", "mei"),
    ("jun", "june"),
    ("jul", "july", "julai"),
    ("aug", "august", "ogos"),
    ("sep", "sept", "september"),
    ("oct", "october", "okt", "oktober"),
    ("nov", "november"),
    ("dec", "december", "dis", "disember"),
)
_MONTH = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names}
_DAYS = (
    re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"),
    re.compile(r"(?P<day>\d{1,2})[/.](?P<month>\d{1,2})(?:[/.](?P<year>\d{4}))?\.?"),
    re.compile(r"(?P<day>\d{1,2})(?:st|nd|rd|th)?\.? (?P<name>[a-z]{3,9})\.?,?(?: (?P<year>\d{4}))?"),
    re.compile(r"(?P<name>[a-z]{3,9})\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?,?(?: (?P<year>\d{4}))?"),
)
_JOINS = ("at ", "pukul ", "jam ")


def read_moment(typed: str, now: datetime, zone: str) -> datetime:
    """Read `18:30`, `tomorrow 9am`, `Jumaat 2.30 petang` or `5 Jan 09:00` in this zone.

    A time alone is the next such time; a weekday is the next one; a date without a year is the next such date.
    Raises InvalidInputError if it says nothing, or is past.
    """
    words, today = " ".join(typed.lower().replace(",", " ").split()), now.astimezone(ZoneInfo(zone))
    local = read_time(words.removeprefix("at "))
    if local is not None:
        instant = at_local_time(today.date(), local, ZoneInfo(zone))
        return instant if instant > now else at_local_time(today.date() + ONE_DAY, local, ZoneInfo(zone))
    found = _split(words, today.date())
    if found is None:
        raise InvalidInputError(f"I cannot read this as a time. Type it like {EXAMPLES}.")
    day, at = found
    instant = at_local_time(day, at, ZoneInfo(zone))
    if instant <= now and _is_weekday(words):
        instant = at_local_time(day + 7 * ONE_DAY, at, ZoneInfo(zone))
    if instant <= now:
        raise InvalidInputError(f"This is past: it is {today:%H:%M} in {zone} now.")
    return instant


def tomorrow_morning(now: datetime, zone: str) -> datetime:
    return at_local_time(now.astimezone(ZoneInfo(zone)).date() + ONE_DAY, MORNING, ZoneInfo(zone))


def _split(words: str, today: date) -> tuple[date, time] | None:
    """Find the longest beginning that is a day; what follows is the time."""
    parts = words.split(" ")
    for end in range(len(parts), 0, -1):
        day = _day(" ".join(parts[:end]), today)
        if day is None:
            continue
        rest = " ".join(parts[end:])
        for join in _JOINS:
            rest = rest.removeprefix(join)
        at = read_time(rest) if rest else MORNING
        return None if at is None else (day, at)
    return None


def _day(words: str, today: date) -> date | None:
    if words in _NEAR_DAYS:
        return today + _NEAR_DAYS[words] * ONE_DAY
    weekday = _weekday(words)
    if weekday is not None:
        return today + (weekday - today.weekday()) % 7 * ONE_DAY
    for form in _DAYS:
        if match := form.fullmatch(words):
            return _date(match, today)
    return None


def _weekday(words: str) -> int | None:
    return next((number for number, names in enumerate(_WEEKDAYS) if words in names), None)


def _is_weekday(words: str) -> bool:
    return _weekday(words.partition(" ")[0]) is not None


def _date(match: re.Match[str], today: date) -> date | None:
    parts = match.groupdict()
    month = _MONTH.get(parts["name"]) if "name" in parts else int(parts["month"])
    if month is None:
        return None
    try:
        if parts.get("year"):
            named = date(int(parts["year"]), month, int(parts["day"]))
            return named if named.year <= today.year + YEARS_AHEAD else None
        this_year = date(today.year, month, int(parts["day"]))
        return this_year if this_year >= today else this_year.replace(year=today.year + 1)
    except ValueError:  # there is no such date, or not in that year
        return None
