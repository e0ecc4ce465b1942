"""When a step is due. Pure: local dates first, the local time last, then UTC; 24 hours are never added.

A day may be sent on unless it is a day of rest or a holiday and the sequence skips those. Day 1 is the anchor
date; Day N is the N-th sendable date from there (N-1 plain days on, when nothing is skipped).

What is sent on joining does not wait for Day 1: it goes at once, and on a day of rest at the same time of the next
sendable date. Who has it at 10:00 gets what is set for Day 1 at 09:00 on the next date, and Day 2 on the one after
that: nothing that is set for a time comes at another, just because somebody joined late in the day.
"""

from collections.abc import Collection, Container, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
MINUTES_A_DAY = 1440


class NoSendableDayError(ValueError):
    """Every day of a whole year is a day of rest or a holiday."""


@dataclass(frozen=True, slots=True)
class StepTime:
    """When one live step is sent. `minute` orders the steps of a day.

    It is the minute of the day, or below zero for "so many minutes after joining": those go first.
    """

    step_id: int
    day: int
    minute: int

    @classmethod
    @lru_cache(maxsize=4096)
    def of(cls, step_id: int, day: int, send_time: time | None, after_join_minutes: int | None) -> "StepTime":
        if send_time is not None:
            return cls(step_id, day, send_time.hour * 60 + send_time.minute)
        return cls(step_id, day, (after_join_minutes or 0) - MINUTES_A_DAY)

    @property
    def place(self) -> tuple[int, int]:
        return self.day, self.minute

    @property
    def send_time(self) -> time | None:
        return time(*divmod(self.minute, 60)) if self.minute >= 0 else None

    @property
    def after_join(self) -> timedelta:
        return timedelta(minutes=self.minute + MINUTES_A_DAY)


@dataclass(frozen=True, slots=True)
class SendingDays:
    """The dates on which a sequence sends."""

    rest_days: frozenset[int] = frozenset()  # ISO weekdays
    holidays: Container[date] = frozenset()

    def may_send_on(self, day: date) -> bool:
        return day.isoweekday() not in self.rest_days and day not in self.holidays

    def first_from(self, day: date) -> date:
        """The first sendable date, `day` included."""
        return self._walk(day, ONE_DAY)

    def nth(self, anchor: date, number: int) -> date:
        """The date of Day `number` of a run whose Day 1 is `anchor`."""
        day = self.first_from(anchor)
        for _ in range(number - 1):
            day = self.first_from(day + ONE_DAY)
        return day

    def anchor_of(self, day: date, number: int) -> date:
        """The anchor that puts Day `number` on `day`, a sendable date: `nth` the other way round."""
        for _ in range(number - 1):
            day = self._walk(day - ONE_DAY, -ONE_DAY)
        return day

    def _walk(self, day: date, pace: timedelta) -> date:
        for _ in range(366):
            if self.may_send_on(day):
                return day
            day += pace
        raise NoSendableDayError


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Local times; the start is quiet, the end is not. May cross midnight."""

    start: time
    end: time

    def contain(self, local: time) -> bool:
        if self.start <= self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end

    def end_after(self, instant: datetime, zone: ZoneInfo) -> datetime | None:
        """When the quiet hours around `instant` end, or None if `instant` is not in them."""
        local = instant.astimezone(zone)
        if not self.contain(local.time()):
            return None
        crosses = self.start > self.end and local.time() >= self.start
        day = local.date() + (ONE_DAY if crosses else timedelta())
        end = at_local_time(day, self.end, zone)
        if end <= instant:  # the clocks went back meanwhile: the hours are quiet once more
            end = datetime.combine(day, self.end, zone).replace(fold=1).astimezone(UTC)
        return end

    def start_after(self, instant: datetime, zone: ZoneInfo) -> datetime:
        """When the next quiet hours after `instant`, which is not in any, begin."""
        day = instant.astimezone(zone).date()
        starts = [at_local_time(day + ONE_DAY * days, self.start, zone) for days in range(3)]
        # Where the clocks go back a time of day comes twice, and where they go forward the hours may be skipped.
        starts.append(datetime.combine(day, self.start, zone).replace(fold=1).astimezone(UTC))
        return min(start for start in starts if start > instant)


@dataclass(frozen=True, slots=True)
class Run:
    """Where one enrolment stands."""

    joined_at: datetime
    anchor: date
    zone: ZoneInfo
    last_place: tuple[int, int] | None = None  # of the step that ended last, however it ended
    reached_day: int | None = None  # the day number of the last step that may have reached the contact …
    reached_on: date | None = None  # … and the local date on which it did


@dataclass(frozen=True, slots=True)
class Due:
    step_id: int
    at: datetime  # UTC


def at_local_time(day: date, local: time, zone: ZoneInfo) -> datetime:
    """Find the instant (UTC) of a local wall-clock time.

    In a gap (clocks go forward) the first valid instant, in a fold (they go back) the first of the two.
    """
    instant = datetime.combine(day, local, zone).astimezone(UTC)
    wall = instant.astimezone(zone)
    if wall.replace(tzinfo=None) == datetime.combine(day, local):
        return instant
    # In a gap PEP 495 reads the time with the offset before it, which lands behind the gap, as far from its
    # end as the time asked for lies from its start; the offset after it (fold=1) lands before the gap.
    later = datetime.combine(day, local, zone).replace(fold=1).astimezone(UTC)
    return _first_instant_after_gap(min(instant, later), max(instant, later), zone)


def _first_instant_after_gap(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Bisect for the change of the UTC offset between two instants on either side of a gap."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def anchor_for(joined_at: datetime, zone: ZoneInfo, steps: Collection[StepTime], days: SendingDays) -> date:
    """Day 1 of somebody who joins now: the first date whose first set time is still ahead.

    Ahead of the moment of joining, and of what is sent on joining: that goes before it. Where nothing is set for
    Day 1 it is the date of these.
    """
    on_joining = [_on_joining(joined_at, zone, step, days) for step in steps if step.send_time is None]
    begun = max([joined_at, *on_joining])
    day = begun.astimezone(zone).date()
    set_times = [step.send_time for step in steps if step.day == 1 and step.send_time is not None]
    if set_times and at_local_time(day, min(set_times), zone) <= begun:
        day += ONE_DAY
    return days.first_from(day)


def next_due(run: Run, steps: Iterable[StepTime], days: SendingDays) -> Due | None:
    """The first step behind the run's place and when it is due, or None when the run is complete.

    `steps` are the live steps that this run has not had, in any order.
    """
    ahead = [step for step in steps if run.last_place is None or step.place > run.last_place]
    if not ahead:
        return None
    step = min(ahead, key=lambda step: step.place)
    if step.send_time is None:
        return Due(step.step_id, _on_joining(run.joined_at, run.zone, step, days))
    day = days.nth(run.anchor, step.day)
    if run.reached_on is not None:
        earliest = run.reached_on if step.day == run.reached_day else run.reached_on + ONE_DAY
        day = days.first_from(max(day, earliest))
    return Due(step.step_id, at_local_time(day, step.send_time, run.zone))


def dates(run: Run, steps: Collection[StepTime], days: SendingDays) -> dict[int, datetime]:
    """When each step behind the run's place goes out (UTC), by its id, if every one does as soon as it is due."""
    by_id = {step.step_id: step for step in steps}
    sent: dict[int, datetime] = {}
    before = run.joined_at
    while (due := next_due(run, steps, days)) is not None:
        before = sent[due.step_id] = max(due.at, before)
        step = by_id[due.step_id]
        reached_on = before.astimezone(run.zone).date()
        run = replace(run, last_place=step.place, reached_day=step.day, reached_on=reached_on)
    return sent


def shifted(run: Run, step: StepTime, now: datetime, days: SendingDays) -> tuple[date, datetime]:
    """A missed step moves to the next sendable date at its set time: the new anchor, and when it is due."""
    day = now.astimezone(run.zone).date()
    local = _local_time(run, step)
    if at_local_time(day, local, run.zone) <= now:
        day += ONE_DAY
    day = days.first_from(day)
    return days.anchor_of(day, step.day), at_local_time(day, local, run.zone)


def _on_joining(joined_at: datetime, zone: ZoneInfo, step: StepTime, days: SendingDays) -> datetime:
    """So many minutes after joining, which on a day of rest counts as the same time of the next sendable date."""
    begun = _on_sendable_date(joined_at, zone, days)
    return _on_sendable_date(begun + step.after_join, zone, days)


def _on_sendable_date(instant: datetime, zone: ZoneInfo, days: SendingDays) -> datetime:
    local = instant.astimezone(zone)
    day = days.first_from(local.date())
    return local.astimezone(UTC) if day == local.date() else at_local_time(day, _time_of_day(local), zone)


def _local_time(run: Run, step: StepTime) -> time:
    """When "right after joining" has to wait for another day, it comes at the time of day of joining."""
    if step.send_time is not None:
        return step.send_time
    return _time_of_day((run.joined_at + step.after_join).astimezone(run.zone))


def _time_of_day(local: datetime) -> time:
    return local.time().replace(fold=0)
