"""How fast, at what hours and for how long a campaign goes out: what can be chosen, and how it is typed. Pure."""

import re
from datetime import time

from bot.dialogs.devices.delays import USUAL_DELAYS, write_delays
from engine.errors import InvalidInputError
from engine.sequences.pasting import read_time
from models.enums import LatePolicy

WINDOWS = ((time(9), time(18)), (time(9), time(21)), (time(10), time(16)))
LATE_HOURS = (1, 3, 6, 12, 24)

_BETWEEN = re.compile(r"\s*(?:[-–—]|\bto\b|\bhingga\b|\bsampai\b)\s*", re.IGNORECASE)
_SPAN = re.compile(r"(?P<number>[0-9]{1,5})\s*(?P<unit>m|min|minutes?|h|hours?|d|days?)?", re.IGNORECASE)
_MINUTES = {"m": 1, "h": 60, "d": 1440}


def read_window(typed: str) -> tuple[time, time]:
    """Read `9am - 6pm` or `09:00 to 18:00`. Raises InvalidInputError."""
    parts = [read_time(part) for part in _BETWEEN.split(" ".join(typed.split()))]
    if len(parts) != 2 or parts[0] is None or parts[1] is None:
        raise InvalidInputError("Please type from when until when it may go out, such as 09:00 - 18:00.")
    return parts[0], parts[1]


def read_span(typed: str) -> int:
    """Read `3 h`, `90 min` or `2 days` as minutes. Raises InvalidInputError."""
    found = _SPAN.fullmatch(typed.strip())
    if found is None:
        raise InvalidInputError("Please type after how long it is late, such as 3 h, 90 min or 2 days.")
    return int(found["number"]) * _MINUTES[(found["unit"] or "h")[0].lower()]


def write_window(window: tuple[time, time] | None) -> str:
    return "at any hour" if window is None else f"{window[0]:%H:%M} to {window[1]:%H:%M}, every day"


def write_pace(delays: tuple[float, float] | None) -> str:
    return "as fast as the devices allow" if delays is None else f"{write_delays(*delays)} between two messages"


def pace_labels(delays: tuple[float, float] | None) -> list[tuple[str, int]]:
    return [(_ticked(write_delays(*one), one == delays), number) for number, one in enumerate(USUAL_DELAYS)]


def window_labels(window: tuple[time, time] | None) -> list[tuple[str, int]]:
    labels = ((f"{begin:%H:%M}–{end:%H:%M}", (begin, end) == window) for begin, end in WINDOWS)
    return [(_ticked(text, is_set), number) for number, (text, is_set) in enumerate(labels)]


def late_labels(minutes: int) -> list[tuple[str, int]]:
    return [(_ticked(f"{hours} h", hours * 60 == minutes), hours) for hours in LATE_HOURS]


def policy_labels(policy: LatePolicy) -> list[tuple[str, str]]:
    words = {LatePolicy.NEXT_WINDOW: "It waits for the next day", LatePolicy.EXPIRE: "It is left out"}
    return [(_ticked(text, one is policy), one.value) for one, text in words.items()]


def _ticked(text: str, is_set: bool) -> str:
    return f"✓ {text}" if is_set else text
