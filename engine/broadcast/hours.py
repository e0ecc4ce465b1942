"""When something may be sent: the quiet hours that everything waits out, and the window of a campaign. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from engine.sequences.calendar import ONE_DAY, QuietHours, at_local_time

MOST_TURNS = 8  # of one waiting for the other: where they leave no room, the question is asked again later


@dataclass(frozen=True, slots=True)
class Window:
    """Local times of every day; the start is in it, the end is not. May cross midnight."""

    start: time
    end: time

    def opens_after(self, instant: datetime, zone: ZoneInfo) -> datetime | None:
        """When it opens again, or None if `instant` is in it."""
        return self.outside.end_after(instant, zone)

    @property
    def outside(self) -> QuietHours:
        """The hours in which it is not open."""
        return QuietHours(self.end, self.start)


def open_from(instant: datetime, zone: ZoneInfo, quiet: QuietHours | None, window: Window | None) -> datetime:
    """Find the first moment from `instant` on that is in the window and not in quiet hours."""
    for _ in range(MOST_TURNS):
        until = quiet.end_after(instant, zone) if quiet is not None else None
        if until is None and window is not None:
            until = window.opens_after(instant, zone)
        if until is None:
            break
        instant = until
    return instant


@dataclass(frozen=True, slots=True)
class Hours:
    """Both as somebody has them who lives in `zone`."""

    zone: ZoneInfo
    quiet: QuietHours | None = None
    window: Window | None = None

    def open_from(self, instant: datetime) -> datetime | None:
        """The first moment at which it may go out, `instant` included; None: the two leave none."""
        opens = open_from(instant, self.zone, self.quiet, self.window)
        shut = any(one.end_after(opens, self.zone) is not None for one in self._shut())
        return None if shut else opens

    def close_after(self, instant: datetime) -> datetime | None:
        """Until when it may, if it may at `instant`; None: for ever. Perhaps it may go on at once from then."""
        return min((one.start_after(instant, self.zone) for one in self._shut()), default=None)

    def on_the_next_day(self, due_at: datetime, today: date) -> datetime:
        """When what was due then goes out if it is put off to tomorrow: in its window, else at the same time."""
        due = due_at.astimezone(self.zone).time().replace(fold=0)
        local = due if self.window is None else self.window.start
        return open_from(at_local_time(today + ONE_DAY, local, self.zone), self.zone, self.quiet, self.window)

    def _shut(self) -> Iterator[QuietHours]:
        if self.quiet is not None:
            yield self.quiet
        if self.window is not None:
            yield self.window.outside
