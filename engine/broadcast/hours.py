"""When a message of a campaign may go out: outside of quiet hours, within the campaign's window. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from engine.sequences.calendar import QuietHours

MOST_HOPS = 10  # from one closed period into the next; after so many, days have passed without a moment between


@dataclass(frozen=True, slots=True)
class Hours:
    """Local times of the recipient's zone. `window`: every day from its start up to, not including, its end."""

    zone: ZoneInfo
    quiet: QuietHours | None = None
    window: tuple[time, time] | None = None

    def open_from(self, instant: datetime) -> datetime | None:
        """The first moment at which it may go out, `instant` included; None: the two leave none."""
        for _ in range(MOST_HOPS):
            ends = (closed.end_after(instant, self.zone) for closed in self._closed())
            if (until := next((end for end in ends if end is not None), None)) is None:
                return instant
            instant = until
        return None

    def close_after(self, instant: datetime) -> datetime | None:
        """Until when it may, if it may at `instant`; None: for ever. Perhaps it may go on at once from then."""
        return min((closed.start_after(instant, self.zone) for closed in self._closed()), default=None)

    def _closed(self) -> Iterator[QuietHours]:
        if self.quiet is not None:
            yield self.quiet
        if self.window is not None:
            start, end = self.window
            yield QuietHours(end, start)
