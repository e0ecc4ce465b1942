"""A campaign laid out over its devices: who gets it from which of them, and when these are through. Pure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from engine.broadcast.forecast import Forecast, Group, Sender, Terms, foresee
from engine.broadcast.hours import Hours, Window
from engine.broadcast.pacing import Pace, Tally
from engine.broadcast.throughput import Line
from engine.broadcast.walk import Load, parts
from engine.campaigns import spreading
from engine.campaigns.spreading import Room
from engine.sequences.calendar import QuietHours


@dataclass(frozen=True, slots=True)
class Station:
    """A device that may send it. `waiting`: how many messages are in its queue; `others`: all that it has to send.

    `sends`: it is not paused, and nothing is wrong with it.
    """

    device_id: int
    name: str
    pace: Pace
    tally: Tally
    free_at: datetime
    waiting: int = 0
    others: tuple[Load, ...] = ()
    sends: bool = True


@dataclass(frozen=True, slots=True)
class Crowd:
    """People of one zone. `device_id`: the device that they get it from; None: it is to be dealt.

    `capped`: those of them who have had something today already.
    """

    device_id: int | None
    zone: ZoneInfo
    people: int
    capped: int = 0


@dataclass(frozen=True, slots=True)
class Layout:
    stations: tuple[Station, ...]
    crowds: tuple[Crowd, ...]
    terms: Terms
    quiet: QuietHours | None
    window: Window | None
    zone: ZoneInfo  # the workspace's
    now: datetime

    def foresee(self) -> Forecast:
        senders = [
            Sender(one.device_id, Line(one.pace, one.tally, self.zone, one.free_at), one.others)
            for one in self.stations
        ]
        return foresee(senders, list(self.groups()), self.terms, self.now)

    def groups(self) -> Iterator[Group]:
        """The people of each device, with those whom the fan-out will deal to it."""
        shares = self._shares()
        for crowd in self.crowds:
            hours = Hours(crowd.zone, self.quiet, self.window)
            if crowd.device_id is not None:
                yield Group(crowd.device_id, hours, crowd.people, crowd.capped)
            elif shares:
                people = parts(crowd.people, list(shares.values()))
                capped = parts(crowd.capped, people)
                for device_id, some, of_them in zip(shares, people, capped, strict=True):
                    yield Group(device_id, hours, some, of_them)

    def pace_on(self, station: Station) -> Pace:
        """How fast it goes there: a campaign may be slower than the device, never faster."""
        return station.pace if self.terms.delays is None else station.pace.slowed_to(*self.terms.delays)

    def _shares(self) -> dict[int, int]:
        own, new = Counter[int](), 0
        for crowd in self.crowds:
            if crowd.device_id is None:
                new += crowd.people
            else:
                own[crowd.device_id] += crowd.people
        if not new or not self.stations:
            return {}
        starts_at = self.terms.starts_at
        rooms = [
            Room(
                one.device_id,
                self.pace_on(one),
                Line(one.pace, one.tally, self.zone, one.free_at).tally_at(starts_at),
                one.waiting + own[one.device_id],
                sends=one.sends,
            )
            for one in self.stations
        ]
        window = None if self.window is None else QuietHours(self.window.start, self.window.end)
        local = starts_at.astimezone(self.zone).time()
        return spreading.spread(rooms, new, spreading.Hours.of(local, quiet=self.quiet, window=window))
