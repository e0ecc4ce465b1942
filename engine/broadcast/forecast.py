"""When the messages of a campaign go out. Pure.

Every device is followed through what waits on it and what will come, at its mean delay: by lane and due time, as
its worker takes it, around caps, quiet hours and windows. Nothing is followed message by message: between two
moments at which anything changes, messages follow each other evenly (`throughput.Line`), so that a million cost
what the hours and days cost that they take.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from heapq import heappop, heappush
from itertools import accumulate
from math import floor

from engine.broadcast.hours import Hours
from engine.broadcast.throughput import Line, Stretch
from engine.sequences.calendar import ONE_DAY, at_local_time
from models.enums import Lane

LONGEST = timedelta(days=366)  # what takes longer is not foreseen
MOST_POINTS = 400  # of the curve
WORTH_TELLING = 0.05  # of the time that a campaign takes on a device: a cap that costs less does not hold it
_JUST = timedelta(microseconds=1)
_NEVER = datetime.max.replace(tzinfo=UTC)
_RANKS = {lane: rank for rank, lane in enumerate(Lane)}


class Limit(StrEnum):
    """What mostly decides how long a device takes."""

    DELAYS = "delays"  # its own
    CAMPAIGN_DELAYS = "campaign_delays"  # slower ones, that the campaign asks for
    HOURLY_CAP = "hourly_cap"
    DAILY_CAP = "daily_cap"
    WARM_UP = "warm_up"
    HOURS = "hours"  # quiet hours and the campaign's window
    OTHERS = "others"  # other messages go first


@dataclass(frozen=True, slots=True)
class Load:
    """Messages on one device that are alike in all that matters here.

    `hours`: None: at any time. `shifts`: what is too late comes at the same time of the next day, else never.
    `delays`: slower ones than the device's own, in seconds.
    """

    messages: int
    lane: Lane
    due_at: datetime
    hours: Hours | None = None
    expires_at: datetime | None = None
    shifts: bool = False
    delays: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """A device, and what it has to send besides the campaign: what waits, and what sequences will bring."""

    device_id: int
    line: Line
    others: tuple[Load, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """People who get the campaign from one device and have the same hours. `capped`: those not before tomorrow."""

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
    walks, openings = [], _Openings()
    for sender in senders:
        ours = [load for group in groups if group.device_id == sender.device_id for load in _loads(group, terms)]
        loads = (*sender.others, *ours)
        walks.append(_Walk(sender.device_id, replace(sender.line), terms, loads, len(ours), openings))
    for walk in walks:
        walk.run(now)
    stretches = [stretch for walk in walks for stretch in walk.stretches]
    shares = tuple(walk.share() for walk in walks)
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
    """Who is capped is put off to the next of their days."""
    hours, starts_at = group.hours, terms.starts_at
    waiting = Load(
        group.people - group.capped, Lane.CAMPAIGN, starts_at, hours, terms.expires_at, delays=terms.delays
    )
    yield waiting
    if group.capped:
        tomorrow = starts_at.astimezone(hours.zone).date() + ONE_DAY
        due_at = hours.open_from(at_local_time(tomorrow, time(0), hours.zone)) or starts_at + LONGEST
        yield replace(waiting, messages=group.capped, due_at=due_at)


@dataclass(slots=True)
class _Batch:
    """What is left of a load. `number`: in the order of joining the queue."""

    load: Load
    left: int
    due_at: datetime
    expires_at: datetime | None
    number: int
    ours: bool

    @property
    def place(self) -> tuple[int, datetime]:
        return _RANKS[self.load.lane], self.due_at


class _Openings:
    """Remembers of all hours the last opening that was asked for: what follows mostly falls into the same."""

    def __init__(self) -> None:
        self._last: dict[Hours, tuple[datetime, datetime]] = {}

    def find(self, hours: Hours | None, at: datetime) -> tuple[datetime | None, datetime]:
        """When something may go out, `at` included (None: never), and if that is at once, until when."""
        if hours is None:
            return at, _NEVER
        since, until = self._last.get(hours, (_NEVER, _NEVER))
        if not since <= at < until:
            opens = hours.open_from(at)
            if opens != at:
                return opens, _NEVER
            since, until = self._last[hours] = at, hours.close_after(at) or _NEVER
        return at, until


@dataclass(slots=True)
class _Walk:
    device_id: int
    line: Line
    terms: Terms
    loads: Sequence[Load]
    of_ours: int  # the last of the loads
    openings: "_Openings"
    stretches: list[Stretch] = field(default_factory=list)  # of the campaign
    people: int = 0
    left: int = 0  # of the campaign
    expired: int = 0
    spent: Counter[Limit] = field(default_factory=Counter)  # seconds, from the start until the last message
    ahead: dict[int, list[tuple[datetime, int, _Batch]]] = field(default_factory=dict)  # heaps by rank
    ready: list[_Batch] = field(default_factory=list)  # due, in the order in which the worker takes them

    def run(self, now: datetime) -> None:
        begin = len(self.loads) - self.of_ours
        for number, load in enumerate(self.loads):
            if load.messages:
                batch = _Batch(load, load.messages, load.due_at, load.expires_at, number, number >= begin)
                self._await(batch)
                self.people += load.messages if batch.ours else 0
        self.left = self.people
        latest = self.terms.starts_at + LONGEST
        at = max(now, self.line.free_at)
        while self.left and at < latest:
            at = self._step(at, latest)

    def share(self) -> Share:
        return Share(
            self.device_id,
            self.people,
            sum(stretch.count for stretch in self.stretches),
            self.expired,
            min((stretch.first for stretch in self.stretches), default=None),
            max((stretch.last for stretch in self.stretches), default=None),
            self._held_by(),
        )

    def _step(self, at: datetime, latest: datetime) -> datetime:
        """Do what comes at this instant; when the next is."""
        self._release(at)
        if not self.ready:
            until = min((heap[0][0] for heap in self.ahead.values() if heap), default=latest)
            self._spend(Limit.HOURS, at, until)
            return until
        free = self.line.free_from(at)
        if free > at:
            self._spend(self._cap(at), at, free)
            return free
        batches, closes = self._next(at)
        if batches:
            return self._send(batches, at, min(closes, self._overtaken(batches[0]), latest))
        return at

    def _await(self, batch: _Batch) -> None:
        heappush(self.ahead.setdefault(_RANKS[batch.load.lane], []), (batch.due_at, batch.number, batch))

    def _release(self, at: datetime) -> None:
        due = []
        for heap in self.ahead.values():
            while heap and heap[0][0] <= at:
                due.append(heappop(heap)[2])
        if due:
            self.ready = sorted((*self.ready, *due), key=lambda batch: (batch.place, batch.number))

    def _next(self, at: datetime) -> tuple[list[_Batch], datetime]:
        """Choose what the device takes now, and until when it may: what is in the same place is taken alike.

        What is too late, or not to go out at this hour, is dealt with as the claim does, and leaves the queue.
        """
        chosen: list[_Batch] = []
        closes = _NEVER
        for batch in list(self.ready):
            if chosen and (batch.place != chosen[0].place or batch.ours != chosen[0].ours):
                break
            if batch.expires_at is not None and at > batch.expires_at:
                self._miss(batch, at)
                continue
            opens, until = self.openings.find(batch.load.hours, at)
            if opens != at:
                self._put_off(batch, opens)
                continue
            chosen.append(batch)
            closes = min(closes, until, batch.expires_at + _JUST if batch.expires_at else until)
        return chosen, closes

    def _overtaken(self, batch: _Batch) -> datetime:
        """When something that goes before it comes up."""
        rank = _RANKS[batch.load.lane]
        dues = (heap[0][0] for lane, heap in self.ahead.items() if heap and lane < rank)
        return min(dues, default=_NEVER)

    def _put_off(self, batch: _Batch, opens: datetime | None) -> None:
        self.ready.remove(batch)
        if opens is not None:  # else there is no hour at which it could go out
            batch.due_at = opens
            self._await(batch)

    def _miss(self, batch: _Batch, at: datetime) -> None:
        self.ready.remove(batch)
        if batch.ours:
            self.expired += batch.left
            self.left -= batch.left
        elif batch.load.shifts and batch.load.hours is not None and batch.expires_at is not None:
            zone, window = batch.load.hours.zone, batch.expires_at - batch.due_at
            day, at_time = at.astimezone(zone).date(), batch.load.due_at.astimezone(zone).time()
            due = next(
                due for days in range(3) if (due := at_local_time(day + ONE_DAY * days, at_time, zone)) > at
            )
            batch.due_at, batch.expires_at = due, due + window
            self._await(batch)

    def _send(self, batches: list[_Batch], at: datetime, end: datetime) -> datetime:
        gap = self._gap(batches[0])
        stretch = self.line.take_many(at, end, most=sum(batch.left for batch in batches), gap=gap)
        for batch, part in zip(batches, _parts(stretch.count, [batch.left for batch in batches]), strict=True):
            batch.left -= part
            if not batch.left:
                self.ready.remove(batch)
        if batches[0].ours:
            self.stretches.append(stretch)
            self.left -= stretch.count
            self._spend(Limit.DELAYS if gap == self.line.gap else Limit.CAMPAIGN_DELAYS, at, self.line.free_at)
        else:
            self._spend(Limit.OTHERS, at, self.line.free_at)
        return self.line.free_at

    def _gap(self, batch: _Batch) -> timedelta:
        """The device's own delays, or slower ones."""
        pace, asked = self.line.pace, batch.load.delays or (0.0, 0.0)
        slower = max(pace.min_delay, asked[0]) + max(pace.max_delay, asked[1])
        return timedelta(seconds=slower / 2)

    def _spend(self, limit: Limit, since: datetime, until: datetime) -> None:
        since = max(since, self.terms.starts_at)
        if until > since:
            self.spent[limit] += (until - since).total_seconds()  # type: ignore[assignment]

    def _cap(self, at: datetime) -> Limit:
        pace, tally = self.line.pace, self.line.tally_at(at)
        by_day = pace.cap_on(tally.day)
        if by_day is None or tally.day_count < by_day:
            return Limit.HOURLY_CAP
        return Limit.DAILY_CAP if by_day == pace.daily_cap else Limit.WARM_UP

    def _held_by(self) -> Limit:
        """A cap that costs time does, since the nights after it would not without it; else what takes longest."""
        total = sum(self.spent.values())
        caps = [Limit.WARM_UP, Limit.DAILY_CAP, Limit.HOURLY_CAP]
        cap = max(caps, key=lambda limit: self.spent[limit])
        if self.spent[cap] > WORTH_TELLING * total:
            return cap
        return max(
            (Limit.DELAYS, Limit.CAMPAIGN_DELAYS, Limit.HOURS, Limit.OTHERS), key=lambda limit: self.spent[limit]
        )


def _parts(whole: int, weights: Sequence[int]) -> list[int]:
    """Share out a whole by weight, without remainder; nobody gets more than their weight."""
    if len(weights) == 1:
        return [whole]
    total = sum(weights)
    ends = [whole * sofar // total for sofar in accumulate(weights)]
    return [end - before for before, end in zip([0, *ends], ends, strict=False)]


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
