"""Devices that send message by message, with delays drawn as theirs are: what a forecast is held against.

Of the campaign, every message is decided about by the claim's own rule.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from engine.broadcast.admission import CampaignFacts, Candidate, ContactFacts, Defer, DeviceFacts, End, decide
from engine.broadcast.forecast import Forecast, Group, Sender, Terms, foresee
from engine.broadcast.frequency import Reached
from engine.broadcast.hours import Hours, Window
from engine.broadcast.pacing import Pace, Tally, capped_until
from engine.broadcast.throughput import Line
from engine.broadcast.walk import Load
from engine.sequences.calendar import QuietHours, at_local_time
from models.enums import CampaignStatus, ConsentState, ContentKind, Lane

KUALA_LUMPUR = ZoneInfo("Asia/Kuala_Lumpur")
ZONES = [KUALA_LUMPUR, *(ZoneInfo(name) for name in ("Asia/Jakarta", "Europe/London", "America/New_York"))]


@dataclass(slots=True)
class _Waiting:
    """One message in a device's queue."""

    place: tuple[int, datetime, int]
    load: Load
    expires_at: datetime | None
    ours: bool
    capped_on: date | None = None  # when they have had something else


@dataclass(frozen=True, slots=True)
class Sent:
    at: tuple[datetime, ...]  # of the campaign, in order
    expired: int


def send(senders: Sequence[Sender], groups: Sequence[Group], terms: Terms, now: datetime, random: Random) -> Sent:
    """Let all devices send until nothing of the campaign is left, or for a year."""
    sent: list[datetime] = []
    expired = 0
    for sender in senders:
        ours = [group for group in groups if group.device_id == sender.device_id]
        at, late = _send(sender, ours, terms, now, random)
        sent += at
        expired += late
    return Sent(tuple(sorted(sent)), expired)


def _queue(sender: Sender, groups: Sequence[Group], terms: Terms, random: Random) -> list[_Waiting]:
    ranks = list(Lane)
    queue = []
    for load in sender.others:
        for _ in range(load.messages):
            place = (ranks.index(load.lane), load.due_at, len(queue))
            queue.append(_Waiting(place, load, load.expires_at, ours=False))
    people = []
    for group in groups:
        load = Load(1, Lane.CAMPAIGN, terms.starts_at, group.hours, terms.expires_at, delays=terms.delays)
        people += [(load, number < group.capped) for number in range(group.people)]
    random.shuffle(people)  # people are in the order in which they came into the book
    for load, capped in people:
        place = (ranks.index(Lane.CAMPAIGN), terms.starts_at, len(queue))
        on = terms.starts_at.astimezone(load.hours.zone).date() if capped and load.hours is not None else None
        queue.append(_Waiting(place, load, terms.expires_at, ours=True, capped_on=on))
    return queue


def _send(
    sender: Sender, groups: Sequence[Group], terms: Terms, now: datetime, random: Random
) -> tuple[list[datetime], int]:
    queue = sorted(_queue(sender, groups, terms, random), key=lambda one: one.place)
    line = sender.line
    pace, tally, at = line.pace, line.tally, max(now, line.free_at)
    sent: list[datetime] = []
    expired = 0
    left = sum(one.ours for one in queue)
    while left and at < terms.starts_at + timedelta(days=366):
        tally = Line(pace, tally, line.zone, at).tally_at(at)
        if (until := capped_until(pace, tally, line.zone)) is not None:
            at = until
            continue
        waiting = next((one for one in queue if one.place[1] <= at), None)
        if waiting is None:
            at = min(one.place[1] for one in queue)
            continue
        verdict = _decide(waiting, sender, tally, at)
        if verdict == "late":
            queue.remove(waiting)
            if waiting.ours:
                left, expired = left - 1, expired + 1
            elif waiting.load.shifts and waiting.load.hours is not None and waiting.expires_at is not None:
                zone = waiting.load.hours.zone
                local = waiting.load.due_at.astimezone(zone).time()
                dates = (at.astimezone(zone).date() + timedelta(days=days) for days in range(3))
                due = next(due for day in dates if (due := at_local_time(day, local, zone)) > at)
                window = waiting.expires_at - waiting.place[1]
                _insert(
                    queue, _Waiting((waiting.place[0], due, waiting.place[2]), waiting.load, due + window, False)
                )
        elif isinstance(verdict, datetime):
            queue.remove(waiting)
            rank, _, number = waiting.place
            _insert(queue, replace(waiting, place=(rank, verdict, number)))
        else:
            queue.remove(waiting)
            tally = tally.plus_one()
            if waiting.ours:
                sent.append(at)
                left -= 1
            at += _delay(pace, waiting.load, random)
    return sent, expired


def _decide(waiting: _Waiting, sender: Sender, tally: Tally, at: datetime) -> datetime | str | None:
    """Too late, put off to an instant, or (None) to be sent now."""
    if not waiting.ours:
        if waiting.expires_at is not None and at > waiting.expires_at:
            return "late"
        opens = waiting.load.hours.open_from(at) if waiting.load.hours is not None else at
        return None if opens == at else opens
    match decide(_candidate(waiting, sender, tally), at):
        case End():
            return "late"
        case Defer(until=until):
            return until
    return None


def _candidate(waiting: _Waiting, sender: Sender, tally: Tally) -> Candidate:
    """What the claim would know of a message of the campaign."""
    hours, line = waiting.load.hours, sender.line
    assert hours is not None
    return Candidate(
        lane=Lane.CAMPAIGN,
        body=None,
        due_at=waiting.place[1],
        expires_at=waiting.expires_at,
        device=DeviceFacts(line.pace, tally, line.zone, None, paused=False),
        contact=ContactFacts("+60123456789", "Siti", {}, ConsentState.OPTED_IN, suppressed=False),
        quiet=hours.quiet,
        step=None,
        campaign=CampaignFacts(
            CampaignStatus.RUNNING,
            1,
            "Sale",
            ContentKind.TEXT,
            "Hi",
            None,
            hours.window,
            waiting.load.delays,
            hours.zone,
        ),
        reached=Reached(1, waiting.capped_on, ("Welcome",)) if waiting.capped_on is not None else None,
    )


def _delay(pace: Pace, load: Load, random: Random) -> timedelta:
    return (pace if load.delays is None else pace.slowed_to(*load.delays)).draw_delay(random)


def _insert(queue: list[_Waiting], waiting: _Waiting) -> None:
    queue.append(waiting)
    queue.sort(key=lambda one: one.place)


@dataclass(frozen=True, slots=True)
class Scenario:
    senders: tuple[Sender, ...]
    groups: tuple[Group, ...]
    terms: Terms
    now: datetime

    def foreseen(self) -> Forecast:
        return foresee(self.senders, self.groups, self.terms, self.now)

    def sent(self, random: Random) -> Sent:
        return send(self.senders, self.groups, self.terms, self.now, random)


def drawn(random: Random) -> Scenario:
    """A campaign of any kind: up to three devices with 150 to 700 people each."""
    local = datetime(
        2026, 3, random.randint(1, 31), random.randint(0, 23), random.randint(0, 59), tzinfo=KUALA_LUMPUR
    )
    now = local.astimezone(UTC)
    quiet = random.choice([None, QuietHours(time(21), time(9)), QuietHours(time(22, 30), time(7))])
    window = random.choice([None, None, Window(time(9), time(18)), Window(time(14), time(20))])
    expires_at = random.choice([None, None, None, now + timedelta(hours=12)])
    delays = random.choice([None, None, (60.0, 120.0)])
    terms = Terms(now + timedelta(minutes=random.randint(0, 300)), delays, expires_at)
    zones = random.choice([ZONES[:1], ZONES[:1], ZONES[:2], ZONES])
    senders, groups = [], []
    for number in range(random.randint(1, 3)):
        senders.append(Sender(number, _line(local, random), _steps(local, quiet, random)))
        for zone in zones:
            people = random.randint(150, 700) // len(zones)
            capped = random.choice([0, 0, people // 5])
            groups.append(Group(number, Hours(zone, quiet, window), people, capped))
    return Scenario(tuple(senders), tuple(groups), terms, now)


def _line(local: datetime, random: Random) -> Line:
    today = local.date()
    shortest = random.choice([5, 10, 30, 45])
    pace = Pace(
        shortest,
        shortest * random.choice([1, 2, 3]),
        hourly_cap=random.choice([None, None, 30, 60]),
        daily_cap=random.choice([None, None, 100, 200]),
    )
    if pace.daily_cap and random.random() < 0.5:
        begun = today - timedelta(days=random.randint(0, 10))
        pace = replace(pace, ramp_start_cap=20, ramp_days=random.choice([5, 14]), ramp_started_on=begun)
    hour = local.astimezone(UTC).replace(minute=0)
    tally = Tally(hour, random.randint(0, 20), today, random.randint(0, 30))
    return Line(pace, tally, KUALA_LUMPUR, local.astimezone(UTC))


def _steps(local: datetime, quiet: QuietHours | None, random: Random) -> tuple[Load, ...]:
    """What sequences send on the same device, if there are any."""
    if random.random() < 0.5:
        return ()
    hours = Hours(KUALA_LUMPUR, quiet)
    dues = [
        (local + timedelta(days=day)).replace(hour=random.choice([10, 14]), minute=0).astimezone(UTC)
        for day in range(20)
    ]
    return tuple(
        Load(random.randint(1, 60), Lane.SEQUENCE, due, hours, due + timedelta(hours=12), shifts=True)
        for due in dues
    )
