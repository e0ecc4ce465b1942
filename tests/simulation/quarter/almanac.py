"""When a message may go, written once more from DESIGN.md 4.1, so that the product is not its own witness.

Plain and slow: days are counted one by one, and a wall clock is looked at until it shows the time asked for.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Days:
    """On which dates a sequence sends: not on these weekdays (Monday is 1), not on the holidays of a country."""

    rest: frozenset[int] = frozenset()
    country: str | None = None

    def allow(self, day: date) -> bool:
        return day.isoweekday() not in self.rest and (self.country is None or not is_holiday(day, self.country))

    def first_from(self, day: date) -> date:
        while not self.allow(day):
            day += DAY
        return day

    def nth(self, anchor: date, number: int) -> date:
        """The date of Day `number`, counting only the dates on which there is sending."""
        day = self.first_from(anchor)
        for _ in range(number - 1):
            day = self.first_from(day + DAY)
        return day


@dataclass(frozen=True, slots=True)
class Moment:
    """When a step goes: at a local time, or so many minutes after joining (those are the first of Day 1)."""

    day: int
    at: time | None
    after: int | None = None

    @property
    def place(self) -> tuple[int, int]:
        if self.at is None:
            return self.day, (self.after or 0) - 24 * 60
        return self.day, self.at.hour * 60 + self.at.minute


@dataclass(frozen=True, slots=True)
class Quiet:
    """Local times between which nothing goes out; across midnight if the start is the later one."""

    start: time
    end: time

    def covers(self, local: time) -> bool:
        if self.start < self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end


@lru_cache(maxsize=4096)
def is_holiday(day: date, country: str) -> bool:
    return day in holidays.country_holidays(country, years=day.year)


@lru_cache(maxsize=65536)
def wall(day: date, local: time, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which the clocks of a zone show a time: the first, if they show it twice.

    A time that they leave out is the instant at which they go on.
    """
    asked = datetime.combine(day, local)
    around = [(asked + turn).replace(tzinfo=UTC).astimezone(zone).utcoffset() for turn in (-DAY, DAY)]
    readings = sorted((asked - offset).replace(tzinfo=UTC) for offset in around if offset is not None)
    for instant in readings:
        if naive(instant, zone) == asked:
            return instant
    instant = readings[0]
    while naive(instant, zone) < asked:
        instant += MINUTE
    return instant


def loud(instant: datetime, zone: ZoneInfo, quiet: Quiet | None, days: Days) -> datetime:
    """The instant itself, or when the quiet hours that it is in have ended on a date on which there is sending."""
    if quiet is None or not quiet.covers(naive(instant, zone).time()):
        return instant
    end = _end_of_quiet(instant.replace(second=0, microsecond=0), zone, quiet)
    day = naive(end, zone).date()
    return end if days.allow(day) else wall(days.first_from(day), quiet.end, zone)


@lru_cache(maxsize=16384)
def _end_of_quiet(instant: datetime, zone: ZoneInfo, quiet: Quiet) -> datetime:
    while quiet.covers(naive(instant, zone).time()):
        instant += MINUTE
    return instant


def naive(instant: datetime, zone: ZoneInfo) -> datetime:
    """What the clocks of a zone show."""
    return instant.astimezone(zone).replace(tzinfo=None)


def on_joining(step: Moment, joined_at: datetime, zone: ZoneInfo, days: Days) -> datetime:
    """When a step goes that is sent after joining: on a day of rest, at that time of the next date."""
    return _sendable(_sendable(joined_at, zone, days) + timedelta(minutes=step.after or 0), zone, days)


def _sendable(instant: datetime, zone: ZoneInfo, days: Days) -> datetime:
    local = naive(instant, zone)
    return instant if days.allow(local.date()) else wall(days.first_from(local.date()), local.time(), zone)


def first_day(joined_at: datetime, zone: ZoneInfo, steps: Collection[Moment], days: Days) -> date:
    """Day 1: the first date on which all that is set for it is still to come, also after what is sent on joining."""
    begun = max([joined_at, *(on_joining(step, joined_at, zone, days) for step in steps if step.at is None)])
    today = naive(begun, zone).date()
    times = [step.at for step in steps if step.day == 1 and step.at is not None]
    return days.first_from(today + DAY if times and wall(today, min(times), zone) <= begun else today)


def earliest_day(step: Moment, joined_at: datetime, zone: ZoneInfo, anchor: date, days: Days) -> date:
    """Before this date a step never goes."""
    if step.at is None:
        return naive(on_joining(step, joined_at, zone, days), zone).date()
    return days.nth(anchor, step.day)


def start_on(day: date, step: Moment, joined_at: datetime, zone: ZoneInfo, days: Days) -> datetime:
    """When a step goes that falls on `day`. One after joining that has been put off goes at that time of day."""
    if step.at is not None:
        return wall(day, step.at, zone)
    first = on_joining(step, joined_at, zone, days)
    if naive(first, zone).date() >= day:
        return first
    return wall(day, naive(joined_at + timedelta(minutes=step.after or 0), zone).time(), zone)


def due(
    step: Moment,
    *,
    joined_at: datetime,
    zone: ZoneInfo,
    anchor: date,
    days: Days,
    reached: tuple[int, date] | None,
) -> datetime:
    """When the next step of a run goes. `reached`: the day number of what it last had, and the local date of that.

    Two days of a sequence never fall on one date.
    """
    if step.at is None:
        return on_joining(step, joined_at, zone, days)
    day = days.nth(anchor, step.day)
    if reached is not None:
        had, on = reached
        day = days.first_from(max(day, on if had == step.day else on + DAY))
    return wall(day, step.at, zone)
