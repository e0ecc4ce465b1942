"""How soon a device gets through what waits for it, at its mean delay and within its caps. Pure; a forecast."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from engine.broadcast.pacing import ONE_HOUR, Pace, Tally, capped_until, midnight_after
from engine.sequences.calendar import QuietHours


@dataclass(frozen=True, slots=True)
class Stretch:
    """So many messages, one after the other and evenly from `first` to `last`."""

    first: datetime
    last: datetime
    count: int


@dataclass(slots=True)
class Line:
    """One device's sends, one after the other. `free_at`: the next goes out then at the earliest.

    `zone`: the workspace's, whose day a daily cap counts. A send itself takes no time.
    """

    pace: Pace
    tally: Tally
    zone: ZoneInfo
    free_at: datetime

    def free_from(self, instant: datetime) -> datetime:
        """When a message can go out that may from `instant` on."""
        at = max(instant, self.free_at)
        while self._capped and (until := capped_until(self.pace, self.tally_at(at), self.zone)) is not None:
            at = until
        return at

    def take(self, at: datetime) -> None:
        """Send a message at this instant."""
        self._count(at, 1)
        self.free_at = at + self.gap

    def take_many(self, at: datetime, end: datetime, *, most: int, gap: timedelta | None = None) -> Stretch:
        """Send up to `most` from `at` on, which `free_from` has given, and before `end`.

        As many as follow each other with nothing but the delay in between: until a cap is reached, or its hour or
        day is over. At least one. `gap`: a longer delay than the device's own, as a campaign may ask for.
        """
        gap = self.gap if gap is None else gap
        room, until = self._room(at)
        most, end = min(most, room or most), min(end, until or end)
        count = min(most, max(1, -((at - end) // gap))) if gap else most
        self._count(at, count)
        last = at + gap * (count - 1)
        self.free_at = last + gap
        return Stretch(at, last, count)

    def room(self, start: datetime, end: datetime, quiet: QuietHours | None, *, most: int) -> int:
        """How many of `most` messages that wait at `start` go out before `end`."""
        line, at, left = replace(self), start, most
        while left and (at := line.free_from(at)) < end:
            if quiet is not None and (until := quiet.end_after(at, self.zone)) is not None:
                at = until
                continue
            closes = end if quiet is None else min(end, quiet.start_after(at, self.zone))
            left -= line.take_many(at, closes, most=left).count
        return most - left

    @property
    def gap(self) -> timedelta:
        return self.pace.mean_delay

    def tally_at(self, at: datetime) -> Tally:
        return Tally.at(
            at,
            self.zone,
            hour_started_at=self.tally.hour_started_at,
            hour_count=self.tally.hour_count,
            day=self.tally.day,
            day_count=self.tally.day_count,
        )

    @property
    def _capped(self) -> bool:
        return self.pace.hourly_cap is not None or self.pace.daily_cap is not None

    def _count(self, at: datetime, messages: int) -> None:
        if self._capped:
            self.tally = self.tally_at(at).plus(messages)

    def _room(self, at: datetime) -> tuple[int | None, datetime | None]:
        """How many the caps still allow, and until when that is so; None: they do not limit it."""
        if not self._capped:
            return None, None
        tally, rooms, ends = self.tally_at(at), [], []
        if (by_day := self.pace.cap_on(tally.day)) is not None:
            rooms.append(by_day - tally.day_count)
            ends.append(midnight_after(tally.day, self.zone))
        if self.pace.hourly_cap is not None:
            rooms.append(self.pace.hourly_cap - tally.hour_count)
            ends.append(tally.hour_started_at + ONE_HOUR)
        return min(rooms), min(ends)
