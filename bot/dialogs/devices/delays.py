"""The delay between two messages, as people write it. Pure."""

import re

from engine.errors import InvalidInputError

USUAL_DELAYS = ((5.0, 15.0), (10.0, 30.0), (30.0, 90.0))  # seconds

_NUMBER = r"(\d{1,6}(?:[.,]\d+)?)\s*(?:s|sec|secs|seconds)?"
_DELAYS = re.compile(rf"{_NUMBER}\s*(?:[-–—;]|to|\s)\s*{_NUMBER}", re.IGNORECASE)


def read_delays(text: str) -> tuple[float, float]:
    """Read `5-15`, `5 15` or `5 to 15 s` as seconds. Raises InvalidInputError."""
    match = _DELAYS.fullmatch(text.strip())
    if match is None:
        raise InvalidInputError("Please type the shortest and the longest delay in seconds, such as 5-15.")
    shortest, longest = (float(number.replace(",", ".")) for number in match.groups())
    return shortest, longest


def write_delays(shortest: float, longest: float) -> str:
    return f"{shortest:g}–{longest:g} s"
