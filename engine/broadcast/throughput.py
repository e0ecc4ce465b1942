"""How soon a device gets through what waits for it, at its mean delay and within its caps. Pure; a forecast."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from engine.broadcast.pacing import Pace, Tally, capped_until
from engine.sequences.calendar import QuietHours


@dataclass(slots=True)
class Line:
    """One device's sends, one after the other. `free_at`: the next goes out then at the earliest.

    `zone`: the workspace's, whose day a daily cap counts.
    """

    pace: Pace
    tally: Tally
    zone: ZoneInfo
    free_at: datetime

    def free_from(self, instant: datetime) -> datetime:
        """When a message can go out that may from `instant` on."""
        at = max(instant, self.free_at)
        while self._capped and (until := capped_until(self.pace, self._tally_at(at), self.zone)) is not None:
            at = until
        return at

    def take(self, at: datetime) -> None:
        """Send a message at this instant."""
        self.free_at = at + self._delay
        if self._capped:
            self.tally = self._tally_at(at).plus_one()

    def room(self, start: datetime, end: datetime, quiet: QuietHours | None, *, most: int) -> int:
        """How many of `most` messages that wait at `start` go out before `end`."""
        if not self._capped and not self._delay:
            return most
        line, at, room = replace(self), start, 0
        while room < most and (at := line.free_from(at)) < end:
            until = quiet.end_after(at, self.zone) if quiet is not None else None
            if until is not None:
                at = until
            else:
                line.take(at)
                room += 1
        return room

    @property
    def _capped(self) -> bool:
        return self.pace.hourly_cap is not None or self.pace.daily_cap is not None

    @property
    def _delay(self) -> timedelta:
        return timedelta(seconds=(self.pace.min_delay + self.pace.max_delay) / 2)

    def _tally_at(self, at: datetime) -> Tally:
        return Tally.at(
            at,
            self.zone,
            hour_started_at=self.tally.hour_started_at,
            hour_count=self.tally.hour_count,
            day=self.tally.day,
            day_count=self.tally.day_count,
        )
