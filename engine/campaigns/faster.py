"""What would make a campaign faster, and by how much: its forecast with one thing changed at a time. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from engine.broadcast.forecast import Forecast, Share
from engine.broadcast.hours import Window
from engine.broadcast.pacing import Pace
from engine.broadcast.walk import Limit
from engine.campaigns.layout import Layout, Station

MOST = 3  # are told
MOST_SPARE = 3  # devices are tried
LEAST_GAIN = timedelta(minutes=15)
LEAST_PART = 0.05  # of the time that it takes, and of its people
STEPS = (1, 2, 3, 4, 5, 6, 8)  # round numbers: these, and ten times these …


class Speedup(StrEnum):
    ADD_DEVICE = "add_device"  # one that is there and free
    ONE_MORE_DEVICE = "one_more_device"  # of which there is none yet, as slow or fast as another
    DAILY_CAP = "daily_cap"
    HOURLY_CAP = "hourly_cap"
    WINDOW = "window"
    OWN_DELAYS = "own_delays"  # the campaign's are left away


@dataclass(frozen=True, slots=True)
class Faster:
    """One change and what comes of it.

    `devices`: by name: the one to add, the one like it, or those whose cap is raised from `was` to `to`.
    `more`: so many more people get it, who would be too late otherwise.
    """

    by: Speedup
    last_at: datetime
    gains: timedelta
    more: int = 0
    devices: tuple[str, ...] = ()
    was: int | None = None
    to: int | None = None
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class _Change:
    layout: Layout
    by: Speedup
    devices: tuple[str, ...] = ()
    was: int | None = None
    to: int | None = None
    window: Window | None = None


def faster(layout: Layout, told: Forecast, spare: Sequence[Station]) -> tuple[Faster, ...]:
    """The most helpful changes, the best first. `spare`: devices that are free to be added to the pool."""
    if told.last_at is None or told.first_at is None:
        return ()
    found = []
    for change in _changes(layout, told, spare):
        then = change.layout.foresee()
        if then.last_at is None:
            continue
        more, gains = then.sent - told.sent, told.last_at - then.last_at
        noticed = max(LEAST_GAIN, LEAST_PART * (told.last_at - layout.terms.starts_at))
        if more > LEAST_PART * told.people or (more >= 0 and gains >= noticed):
            found.append(
                Faster(change.by, then.last_at, gains, more, change.devices, change.was, change.to, change.window)
            )
    found.sort(key=lambda one: (one.more, one.gains), reverse=True)
    best: dict[Speedup, Faster] = {}
    for one in found:
        best.setdefault(one.by, one)
    return tuple(best.values())[:MOST]


def _changes(layout: Layout, told: Forecast, spare: Sequence[Station]) -> Iterator[_Change]:
    stations = {one.device_id: one for one in layout.stations}
    last = max((share for share in told.shares if share.last_at), key=lambda share: share.last_at or layout.now)
    slowest = stations[last.device_id]
    if any(crowd.device_id is None for crowd in layout.crowds):
        for one in spare[:MOST_SPARE]:
            added = replace(layout, stations=(*layout.stations, one))
            yield _Change(added, Speedup.ADD_DEVICE, (one.name,))
        if not spare:
            like = replace(slowest, device_id=-1, free_at=layout.now, waiting=0, others=(), sends=True)
            added = replace(layout, stations=(*layout.stations, like))
            yield _Change(added, Speedup.ONE_MORE_DEVICE, (slowest.name,))
    if last.held_by is Limit.DAILY_CAP and slowest.pace.daily_cap is not None:
        yield _raised(layout, told.shares, last, Speedup.DAILY_CAP, slowest.pace.daily_cap)
    if last.held_by is Limit.HOURLY_CAP and slowest.pace.hourly_cap is not None:
        yield _raised(layout, told.shares, last, Speedup.HOURLY_CAP, slowest.pace.hourly_cap)
    if layout.window is not None and layout.quiet is not None:
        window = Window(layout.quiet.end, layout.quiet.start)
        yield _Change(replace(layout, window=window), Speedup.WINDOW, window=window)
    if layout.terms.delays is not None:
        yield _Change(replace(layout, terms=replace(layout.terms, delays=None)), Speedup.OWN_DELAYS)


def _raised(layout: Layout, shares: Sequence[Share], last: Share, by: Speedup, cap: int) -> _Change:
    """Raise the cap of all devices that are held up by the same one."""
    held = {share.device_id for share in shares if share.held_by is last.held_by}
    to = higher(cap)

    def cap_of(pace: Pace) -> int | None:
        return pace.daily_cap if by is Speedup.DAILY_CAP else pace.hourly_cap

    def with_more(pace: Pace) -> Pace:
        return replace(pace, daily_cap=to) if by is Speedup.DAILY_CAP else replace(pace, hourly_cap=to)

    raised = [one for one in layout.stations if one.device_id in held and cap_of(one.pace) == cap]
    stations = tuple(replace(one, pace=with_more(one.pace)) if one in raised else one for one in layout.stations)
    return _Change(replace(layout, stations=stations), by, tuple(one.name for one in raised), cap, to)


def higher(cap: int) -> int:
    """The first round number that is at least half as much again: 120 → 200, 200 → 300, 400 → 600."""
    size = 1
    while True:
        for step in STEPS:
            if step * size >= 1.5 * cap:
                return step * size
        size *= 10
