"""When something may be sent: the quiet hours that everything waits out, and the window of a campaign. Pure."""

from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from engine.sequences.calendar import QuietHours

MOST_TURNS = 8  # of one waiting for the other: where they leave no room, the question is asked again later


@dataclass(frozen=True, slots=True)
class Window:
    """Local times of every day; the start is in it, the end is not. May cross midnight."""

    start: time
    end: time

    def opens_after(self, instant: datetime, zone: ZoneInfo) -> datetime | None:
        """When it opens again, or None if `instant` is in it."""
        return QuietHours(self.end, self.start).end_after(instant, zone)


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
