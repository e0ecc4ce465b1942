"""Caps and the warm-up, as people write and read them. Pure."""

import re
from datetime import date

from engine.broadcast.pacing import Pace
from engine.errors import InvalidInputError

USUAL_HOURLY = (15, 30, 60)
USUAL_DAILY = (50, 100, 200)
USUAL_RAMPS = ((10, 14), (20, 14), (20, 28))  # messages on the first day, days
NO_CAP = "No cap"
NO_RAMP = "Off"

_OFF = {"no cap", "none", "no", "off", "-"}
_NUMBER = r"(\d{1,9})"
_CAP = re.compile(rf"{_NUMBER}(?:\s*(?:messages|msgs?))?(?:\s*(?:/|a|an|per)\s*(?:h|hour|d|day))?", re.IGNORECASE)
_RAMP = re.compile(
    rf"(?:from\s+)?{_NUMBER}(?:\s+a\s+day)?\s*(?:[-–—,;/]|over|in|\s)\s*{_NUMBER}\s*(?:d|days?)?", re.IGNORECASE
)


def read_cap(text: str) -> int | None:
    """Read `120`, `120 a day` or `no cap` (None). Raises InvalidInputError."""
    text = _plain(text)
    if text in _OFF:
        return None
    match = _CAP.fullmatch(text)
    if match is None:
        raise InvalidInputError("Please type a number of messages, such as 120, or “no cap”.")
    return int(match[1])


def read_ramp(text: str) -> tuple[int, int] | None:
    """Read `20 over 14 days` or `off` (None): the first day's cap, and the days. Raises InvalidInputError."""
    text = _plain(text)
    if text in _OFF:
        return None
    match = _RAMP.fullmatch(text)
    if match is None:
        raise InvalidInputError("Please type the first day's messages and the days, such as 20 over 14, or “off”.")
    return int(match[1]), int(match[2])


def write_cap(cap: int | None) -> str:
    return NO_CAP if cap is None else f"{cap:,}"


def write_ramp(pace: Pace, today: date) -> str:
    if not (pace.ramp_start_cap and pace.ramp_days and pace.ramp_started_on and pace.daily_cap):
        return "off"
    begun = f"from {pace.ramp_start_cap:,} to {pace.daily_cap:,} a day"
    day = (today - pace.ramp_started_on).days + 1
    if day > pace.ramp_days:
        return f"{begun}, done"
    return f"{begun}, day {day} of {pace.ramp_days}: {pace.cap_on(today):,} today"


def _plain(text: str) -> str:
    return re.sub(r"(?<=\d)[,. ](?=\d{3}\b)", "", " ".join(text.split())).casefold()
