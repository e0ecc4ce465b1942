"""One device's way through its queue: what it sends when, at its mean delay. Pure.

It takes what waits by lane and due time, as its worker does, around caps, quiet hours and windows. Nothing is
followed message by message: between two moments at which anything changes, messages follow each other evenly
(`throughput.Line`), so that a million cost what the hours and days cost that they take.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from heapq import heappop, heappush
from itertools import accumulate, count

from engine.broadcast.hours import Hours
from engine.broadcast.pacing import midnight_after
from engine.broadcast.throughput import Line, Stretch
from engine.sequences.calendar import ONE_DAY, at_local_time
from models.enums import Lane

LONGEST = timedelta(days=366)  # what takes longer is not followed
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
    ENOUGH = "enough"  # its people had something today already
    OTHERS = "others"  # other messages go first


@dataclass(frozen=True, slots=True)
class Load:
    """Messages on one device that are alike in all that matters here.

    `hours`: None: at any time. `shifts`: what is too late comes at the same time of the next day, else never.
    `delays`: slower ones than the device's own, in seconds. `not_on`: a local day on which these people have had
    enough; whom the device comes to on that day is put off to the next.
    """

    messages: int
    lane: Lane
    due_at: datetime
    hours: Hours | None = None
    expires_at: datetime | None = None
    shifts: bool = False
    delays: tuple[float, float] | None = None
    not_on: date | None = None


@dataclass(slots=True, eq=False)
class _Batch:
    """What is left of a load. `number`: in the order of joining the queue."""

    load: Load
    left: int
    due_at: datetime
    expires_at: datetime | None
    hours: Hours | None
    number: int
    ours: bool
    waits_for: Limit = Limit.HOURS

    @property
    def place(self) -> tuple[int, datetime, bool]:
        """In the queue; those in the same place are mixed. What waited before the campaign goes first."""
        return _RANKS[self.load.lane], self.due_at, self.ours


@dataclass(slots=True)
class _Front:
    """What is first in the queue. `until`: then that changes. Shut ones with when they open, if they ever do."""

    place: tuple[int, datetime, bool]
    open: list[_Batch] = field(default_factory=list)
    shut: list[tuple[_Batch, datetime | None]] = field(default_factory=list)
    until: datetime = _NEVER

    def put_off_for_the_day(self, batch: _Batch) -> None:
        if batch.hours is not None and batch.load.not_on is not None:
            batch.waits_for = Limit.ENOUGH
            self.shut.append((batch, batch.hours.on_the_next_day(batch.due_at, batch.load.not_on)))
            self.until = min(self.until, midnight_after(batch.load.not_on, batch.hours.zone))


class Openings:
    """Remembers of all hours the last opening that was asked for: what follows mostly falls into the same."""

    def __init__(self) -> None:
        self._known: dict[Hours, Hours] = {}
        self._last: dict[int, tuple[datetime, datetime]] = {}  # by identity: they are asked for often

    def known(self, hours: Hours | None) -> Hours | None:
        """The same hours, as all that equal them."""
        return None if hours is None else self._known.setdefault(hours, hours)

    def find(self, hours: Hours | None, at: datetime) -> tuple[datetime | None, datetime]:
        """When something may go out, `at` included (None: never), and if that is at once, until when.

        `hours` are known ones.
        """
        if hours is None:
            return at, _NEVER
        since, until = self._last.get(id(hours), (_NEVER, _NEVER))
        if not since <= at < until:
            opens = hours.open_from(at)
            if opens != at:
                return opens, _NEVER
            since, until = self._last[id(hours)] = at, hours.close_after(at) or _NEVER
        return at, until


@dataclass(slots=True)
class Walk:
    line: Line
    starts_at: datetime
    others: Sequence[Load]
    ours: Sequence[Load]  # of the campaign that is foreseen
    openings: Openings
    stretches: list[Stretch] = field(default_factory=list)  # of the campaign
    left: int = 0  # of the campaign, as all here that does not say otherwise
    expired: int = 0
    overtaken_by: int = 0  # messages of others that went out meanwhile
    spent: Counter[Limit] = field(default_factory=Counter)  # seconds, from the start until the last message
    ahead: dict[int, list[tuple[datetime, int, _Batch]]] = field(default_factory=dict)  # heaps by rank
    pushes: Iterator[int] = field(default_factory=count)
    ready: list[_Batch] = field(default_factory=list)  # due, in the order in which the worker takes them
    put_off: dict[tuple[int, datetime], _Batch] = field(default_factory=dict)  # by number and opening

    def run(self, now: datetime) -> None:
        """Follow the device from now on until it has sent the last message of the campaign."""
        for number, load in enumerate((*self.others, *self.ours)):
            if load.messages:
                ours = number >= len(self.others)
                hours = self.openings.known(load.hours)
                self._await(_Batch(load, load.messages, load.due_at, load.expires_at, hours, number, ours))
        self.left = sum(load.messages for load in self.ours)
        latest = self.starts_at + LONGEST
        at = max(now, self.line.free_at)
        while self.left and at < latest:
            at = self._step(at, latest)

    def held_by(self) -> Limit:
        """A cap that costs time does, since the nights after it would not without it; else what takes longest."""
        total = sum(self.spent.values())
        caps = [Limit.WARM_UP, Limit.DAILY_CAP, Limit.HOURLY_CAP]
        cap = max(caps, key=lambda limit: self.spent[limit])
        if self.spent[cap] > WORTH_TELLING * total:
            return cap
        return max(
            (Limit.DELAYS, Limit.CAMPAIGN_DELAYS, Limit.HOURS, Limit.ENOUGH, Limit.OTHERS),
            key=lambda limit: self.spent[limit],
        )

    def _step(self, at: datetime, latest: datetime) -> datetime:
        """Do what comes at this instant; when the next is."""
        self._release(at)
        if not self.ready:
            tops = (heap[0] for heap in self.ahead.values() if heap)
            until, _, batch = min(tops, default=(latest, 0, None))
            self._spend(batch.waits_for if batch else Limit.HOURS, at, until)
            return until
        free = self.line.free_from(at)
        if free > at:
            self._spend(self._cap(at), at, free)
            return free
        front = self._front(at)
        if front is None:
            return at
        return self._send(front, at, min(front.until, self._overtaken(front.open[0]), latest))

    def _await(self, batch: _Batch) -> None:
        heappush(self.ahead.setdefault(_RANKS[batch.load.lane], []), (batch.due_at, next(self.pushes), batch))

    def _release(self, at: datetime) -> None:
        due = []
        for heap in self.ahead.values():
            while heap and heap[0][0] <= at:
                due.append(heappop(heap)[2])
        if due:
            self.ready = sorted((*self.ready, *due), key=lambda batch: (batch.place, batch.number))

    def _front(self, at: datetime) -> _Front | None:
        """Find what the device takes now. What is too late, or shut, leaves the queue, as the claim has it."""
        front = None
        for batch in list(self.ready):
            if front is not None and batch.place != front.place:
                break
            if batch.expires_at is not None and at > batch.expires_at:
                self._miss(batch, at)
                continue
            opens, until = self.openings.find(batch.hours, at)
            front = front or _Front(batch.place)
            if self._had_enough(batch, opens):
                front.put_off_for_the_day(batch)
            elif opens == at:
                front.open.append(batch)
                front.until = min(front.until, until, batch.expires_at + _JUST if batch.expires_at else until)
            else:
                batch.waits_for = Limit.HOURS
                front.shut.append((batch, opens))
                front.until = min(front.until, opens or _NEVER)
        if front is None or front.open:
            return front
        for batch, opens in front.shut:
            self._put_off(batch, opens, batch.left)
        return None

    def _had_enough(self, batch: _Batch, opens: datetime | None) -> bool:
        """Whether its people have had enough on the day on which it would go out."""
        if batch.load.not_on is None or batch.hours is None or opens is None:
            return False
        return opens.astimezone(batch.hours.zone).date() == batch.load.not_on

    def _overtaken(self, batch: _Batch) -> datetime:
        """When something that goes before it comes up."""
        rank = _RANKS[batch.load.lane]
        dues = (heap[0][0] for lane, heap in self.ahead.items() if heap and lane < rank)
        return min(dues, default=_NEVER)

    def _put_off(self, batch: _Batch, opens: datetime | None, messages: int) -> None:
        batch.left -= messages
        if not batch.left:
            self.ready.remove(batch)
        if opens is None or not messages:  # there is no hour at which it could go out
            return
        later = self.put_off.get((batch.number, opens))
        if later is None or not later.left:
            later = self.put_off[batch.number, opens] = replace(batch, left=0, due_at=opens)
            self._await(later)
        later.left += messages

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

    def _send(self, front: _Front, at: datetime, end: datetime) -> datetime:
        """Send what is open; as much of what is shut, between these in the queue, is put off meanwhile."""
        batches, gap = front.open, self._gap(front.open[0])
        waiting = sum(batch.left for batch in batches)
        stretch = self.line.take_many(at, end, most=waiting, gap=gap)
        for batch, opens in front.shut:
            self._put_off(batch, opens, batch.left * stretch.count // waiting)
        for batch, part in zip(batches, parts(stretch.count, [batch.left for batch in batches]), strict=True):
            batch.left -= part
            if not batch.left:
                self.ready.remove(batch)
        sending, whole = gap * stretch.count, self.line.free_at - at
        self._spend(Limit.HOURLY_CAP, at, at + whole - sending)  # where a stretch has several hours
        limit = Limit.OTHERS
        if batches[0].ours:
            self.stretches.append(stretch)
            self.left -= stretch.count
            limit = Limit.DELAYS if gap == self.line.gap else Limit.CAMPAIGN_DELAYS
        else:
            self.overtaken_by += stretch.count
        self._spend(limit, self.line.free_at - sending, self.line.free_at)
        return self.line.free_at

    def _gap(self, batch: _Batch) -> timedelta:
        """The device's own delays, or slower ones."""
        if batch.load.delays is None:
            return self.line.gap
        return self.line.pace.slowed_to(*batch.load.delays).mean_delay

    def _spend(self, limit: Limit, since: datetime, until: datetime) -> None:
        since = max(since, self.starts_at)
        if until > since:
            self.spent[limit] += (until - since).total_seconds()  # type: ignore[assignment]

    def _cap(self, at: datetime) -> Limit:
        pace, tally = self.line.pace, self.line.tally_at(at)
        by_day = pace.cap_on(tally.day)
        if by_day is None or tally.day_count < by_day:
            return Limit.HOURLY_CAP
        return Limit.DAILY_CAP if by_day == pace.daily_cap else Limit.WARM_UP


def parts(whole: int, weights: Sequence[int]) -> list[int]:
    """Share out a whole by weight, without remainder. Of a whole no greater than all weights, none gets more."""
    total = sum(weights)
    if not total:
        return [0] * len(weights)
    ends = [whole * sofar // total for sofar in accumulate(weights)]
    return [end - before for before, end in zip([0, *ends], ends, strict=False)]
