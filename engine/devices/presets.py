"""How fast a number may send, by how long it has been used on WhatsApp. Pure.

WhatsApp publishes no figures for ordinary accounts. These are cautious ones, on the side of too slow: a number
that nobody has written to yet and that writes to many strangers in its first week is what gets banned.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypedDict


class NumberAge(StrEnum):
    NEW = "new"  # under a week
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"


class PaceColumns(TypedDict):
    """The columns of `user_devices` that say how fast it may send."""

    min_delay_seconds: float
    max_delay_seconds: float
    hourly_cap: int | None
    daily_cap: int | None
    ramp_start_cap: int | None
    ramp_days: int | None
    ramp_started_on: date | None


@dataclass(frozen=True, slots=True)
class Preset:
    """Delays in seconds. Warm-up: from `ramp_start_cap` a day to `daily_cap` over `ramp_days` days, if any."""

    min_delay: float
    max_delay: float
    hourly_cap: int
    daily_cap: int
    ramp_start_cap: int | None = None
    ramp_days: int | None = None

    def columns(self, ramp_started_on: date) -> PaceColumns:
        return {
            "min_delay_seconds": self.min_delay,
            "max_delay_seconds": self.max_delay,
            "hourly_cap": self.hourly_cap,
            "daily_cap": self.daily_cap,
            "ramp_start_cap": self.ramp_start_cap,
            "ramp_days": self.ramp_days,
            "ramp_started_on": ramp_started_on if self.ramp_days else None,
        }


PRESETS: dict[NumberAge, Preset] = {
    NumberAge.NEW: Preset(60, 180, hourly_cap=10, daily_cap=100, ramp_start_cap=10, ramp_days=28),
    NumberAge.WEEKS: Preset(45, 120, hourly_cap=20, daily_cap=150, ramp_start_cap=30, ramp_days=21),
    NumberAge.MONTHS: Preset(20, 60, hourly_cap=40, daily_cap=300, ramp_start_cap=100, ramp_days=14),
    NumberAge.YEARS: Preset(10, 30, hourly_cap=60, daily_cap=500),
}
