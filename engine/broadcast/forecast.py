"""When the messages of a campaign go out, device by device. Pure."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import accumulate
from math import floor

from engine.broadcast.hours import Hours
from engine.broadcast.throughput import Line, Stretch
from engine.broadcast.walk import Limit, Load, Openings, Walk
from models.enums import Lane

MOST_POINTS = 400  # of the curve


@dataclass(frozen=True, slots=True)
class Sender:
    """A device, and what it has to send besides the campaign: what waits, and what sequences will bring."""

    device_id: int
    line: Line
    others: tuple[Load, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """People who get the campaign from one device and have the same hours.

    `capped`: those of them who have had enough for the day on which it starts.
    """

    device_id: int
    hours: Hours
    people: int
    capped: int = 0


@dataclass(frozen=True, slots=True)
class Terms:
    """What the campaign asks for."""

    starts_at: datetime
    delays: tuple[float, float] | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """What comes of the campaign on one device."""

    device_id: int
    people: int
    sent: int
    expired: int
    first_at: datetime | None
    last_at: datetime | None
    held_by: Limit
    others: int  # messages of others that go out before its last


@dataclass(frozen=True, slots=True)
class Forecast:
    """`sent` and `expired`: how many go out, and how many never do; the rest of the people come after a year."""

    people: int
    sent: int
    expired: int
    first_at: datetime | None
    last_at: datetime | None
    curve: tuple[tuple[datetime, int], ...]  # how many are out by then; at most MOST_POINTS
    shares: tuple[Share, ...]  # by device


def foresee(senders: Iterable[Sender], groups: Sequence[Group], terms: Terms, now: datetime) -> Forecast:
    """Follow every device until it has sent the last message of the campaign. The senders stay as they are."""
    walks, openings = [], Openings()
    for sender in senders:
        ours = [load for group in groups if group.device_id == sender.device_id for load in _loads(group, terms)]
        walk = Walk(replace(sender.line), terms.starts_at, sender.others, ours, openings)
        walk.run(now)
        walks.append((sender.device_id, walk))
    stretches = [stretch for _, walk in walks for stretch in walk.stretches]
    shares = tuple(_share(device_id, walk) for device_id, walk in walks)
    return Forecast(
        people=sum(share.people for share in shares),
        sent=sum(share.sent for share in shares),
        expired=sum(share.expired for share in shares),
        first_at=min((stretch.first for stretch in stretches), default=None),
        last_at=max((stretch.last for stretch in stretches), default=None),
        curve=curve_of(stretches),
        shares=shares,
    )


def _loads(group: Group, terms: Terms) -> Iterator[Load]:
    load = Load(group.people, Lane.CAMPAIGN, terms.starts_at, group.hours, terms.expires_at, delays=terms.delays)
    yield replace(load, messages=group.people - group.capped)
    today = terms.starts_at.astimezone(group.hours.zone).date()
    yield replace(load, messages=group.capped, not_on=today)


def _share(device_id: int, walk: Walk) -> Share:
    return Share(
        device_id,
        people=sum(load.messages for load in walk.ours),
        sent=sum(stretch.count for stretch in walk.stretches),
        expired=walk.expired,
        first_at=min((stretch.first for stretch in walk.stretches), default=None),
        last_at=max((stretch.last for stretch in walk.stretches), default=None),
        held_by=walk.held_by(),
        others=walk.overtaken_by,
    )


def curve_of(stretches: Sequence[Stretch], most: int = MOST_POINTS) -> tuple[tuple[datetime, int], ...]:
    """How many are out at up to so many moments: those at which anything changes, if they are few."""
    if not stretches:
        return ()
    moments = sorted({moment for stretch in stretches for moment in (stretch.first, stretch.last)})
    if len(moments) > most:
        first, step = moments[0], (moments[-1] - moments[0]) / (most - 1)
        moments = [*(first + step * number for number in range(most - 1)), moments[-1]]
    whole, partly = [0] * (len(moments) + 1), [0] * (len(moments) + 1)
    for stretch in stretches:
        begun, over = bisect_left(moments, stretch.first), bisect_left(moments, stretch.last)
        whole[over] += stretch.count
        if over > begun:
            gap = (stretch.last - stretch.first) / (stretch.count - 1)
            for place in range(begun, over):
                partly[place] += floor((moments[place] - stretch.first) / gap) + 1
    out = [done + part for done, part in zip(accumulate(whole), partly, strict=True)]
    return tuple(zip(moments, out[:-1], strict=True))
