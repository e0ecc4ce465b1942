"""How fast one device may send: the random delay, the hourly and daily caps, the ramp ("warm-up"). Pure."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from engine.sequences.calendar import at_local_time

ONE_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Pace:
    """What the operators have set. Delays in seconds; a cap of None is no cap."""

    min_delay: float
    max_delay: float
    hourly_cap: int | None = None
    daily_cap: int | None = None
    ramp_start_cap: int | None = None
    ramp_days: int | None = None
    ramp_started_on: date | None = None

    def slowed_to(self, shortest: float, longest: float) -> "Pace":
        """The same, but no faster than this: each bound is at least as long."""
        return replace(self, min_delay=max(self.min_delay, shortest), max_delay=max(self.max_delay, longest))

    def draw_delay(self, random: Random) -> timedelta:
        return timedelta(seconds=random.uniform(self.min_delay, self.max_delay))

    def cap_on(self, day: date) -> int | None:
        """How many messages `day` allows: the daily cap, reached linearly over the days of the ramp."""
        if not (self.daily_cap and self.ramp_start_cap and self.ramp_days and self.ramp_started_on):
            return self.daily_cap
        done = min(1.0, max(0, (day - self.ramp_started_on).days) / self.ramp_days)
        return round(self.ramp_start_cap + (self.daily_cap - self.ramp_start_cap) * done)


@dataclass(frozen=True, slots=True)
class Tally:
    """What a device has sent in the running hour and day (of the workspace's zone)."""

    hour_started_at: datetime
    hour_count: int
    day: date
    day_count: int

    @classmethod
    def at(
        cls,
        now: datetime,
        zone: ZoneInfo,
        *,
        hour_started_at: datetime | None,
        hour_count: int,
        day: date | None,
        day_count: int,
    ) -> "Tally":
        """Read the stored counters as they stand now: those of an hour or a day gone by are zero."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        today = now.astimezone(zone).date()
        return cls(hour, hour_count if hour_started_at == hour else 0, today, day_count if day == today else 0)

    def plus_one(self) -> "Tally":
        return Tally(self.hour_started_at, self.hour_count + 1, self.day, self.day_count + 1)


def capped_until(pace: Pace, tally: Tally, zone: ZoneInfo) -> datetime | None:
    """When a device that has reached a cap may send again; None if it has not."""
    cap = pace.cap_on(tally.day)
    if cap is not None and tally.day_count >= cap:
        return at_local_time(tally.day + timedelta(days=1), time(0), zone)
    if pace.hourly_cap is not None and tally.hour_count >= pace.hourly_cap:
        return tally.hour_started_at + ONE_HOUR
    return None


def pace_of(row: Any) -> Pace:
    """Read it from a row with the columns of `user_devices`."""
    return Pace(
        row.min_delay_seconds,
        row.max_delay_seconds,
        row.hourly_cap,
        row.daily_cap,
        row.ramp_start_cap,
        row.ramp_days,
        row.ramp_started_on,
    )


def tally_of(row: Any, now: datetime, zone: ZoneInfo) -> Tally:
    """Read it from the same, as it stands now."""
    return Tally.at(
        now,
        zone,
        hour_started_at=row.hour_started_at,
        hour_count=row.hour_count,
        day=row.day,
        day_count=row.day_count,
    )
