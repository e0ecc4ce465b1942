"""The independent record: how everything stands by our own deeds, and every send with what was so at its instant.

Nothing in it is read from the database but names: which message is whose, and of which step.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from models.enums import MissedPolicy
from tests.simulation.quarter.almanac import Days, Moment, Quiet

LONGEST_PAUSE = timedelta(minutes=75)  # between two sends of a device that has work: the longest delay and a look
QUIET = timedelta(days=4)  # quiet hours, and the days of rest that may follow them
BUSY = 20  # attempts looked back on


@dataclass(slots=True)
class Team:
    id: int
    country: str
    zone: ZoneInfo
    rest: frozenset[int]
    quiet: Quiet | None
    stopped: bool = False
    held_at: datetime | None = None  # when something last kept it from sending


@dataclass(slots=True)
class Step:
    id: int
    moment: Moment
    body: str  # a template
    placed_at: datetime  # since when it has this place
    added_among: Days  # on which its sequence sent by then
    live: bool = True
    added_at: datetime = field(init=False)
    added_as: Moment = field(init=False)

    def __post_init__(self) -> None:
        self.added_at, self.added_as = self.placed_at, self.moment


@dataclass(slots=True)
class Sequence:
    id: int
    team: Team
    zone: ZoneInfo
    own_zones: bool  # everybody's own, where it is known
    policy: MissedPolicy
    late_window: int  # minutes
    skip_rest: bool
    skip_holidays: bool
    steps: dict[int, Step] = field(default_factory=dict)
    paused: bool = False
    held_at: datetime | None = None
    edited_at: datetime | None = None  # its steps or its days

    @property
    def live(self) -> list[Step]:
        steps = (step for step in self.steps.values() if step.live)
        return sorted(steps, key=lambda step: step.moment.place)

    @property
    def days(self) -> Days:
        rest = self.team.rest if self.skip_rest else frozenset()
        return Days(rest, self.team.country if self.skip_holidays else None)


@dataclass(slots=True)
class Device:
    id: int
    team: Team
    min_delay: float
    hourly_cap: int | None = None
    daily_cap: int | None = None
    epoch: int = 0
    paused: bool = False
    dropped: bool = False
    held_at: datetime | None = None
    attempts: list["Attempt"] = field(default_factory=list)


@dataclass(slots=True)
class Person:
    id: int
    team: Team
    phone: str
    name: str
    zone: ZoneInfo
    opted_out: bool = False


@dataclass(slots=True)
class Run:
    id: int
    sequence: Sequence
    person: Person
    zone: ZoneInfo
    joined_at: datetime
    anchor: date  # Day 1, as it was at joining; it may only become later
    paused: bool = False
    held_at: datetime | None = None
    over: str | None = None  # why, if it ended before its time
    sends: list["Attempt"] = field(default_factory=list)
    had: set[int] = field(default_factory=set)  # steps whose message has ended
    place: tuple[int, int] | None = None  # of the last of them, when it ended
    places: list[tuple[datetime, tuple[int, int]]] = field(default_factory=list)  # of all, since they were claimed
    moved_on_at: datetime | None = None
    reached: tuple[int, date] | None = None  # the day number of the last that may have come, and its local date

    @property
    def name(self) -> str:
        return f"run {self.id} ({self.person.name}, {self.zone.key})"


class Fate(StrEnum):
    """What became of a send, as the phones know it."""

    SENT = "sent"
    LOST = "lost"  # it is on the phone, and nobody was told
    UNCLEAR = "unclear"  # it is on no phone, and nobody was told
    REJECTED = "rejected"  # and may go again
    REFUSED = "refused"  # for good
    NOT_ON_WHATSAPP = "not_on_whatsapp"
    NOT_CONNECTED = "not_connected"  # it never left

    @property
    def may_have_reached(self) -> bool:
        return self in {Fate.SENT, Fate.LOST, Fate.UNCLEAR}


_TOLD = {
    Fate.SENT: "sent",
    Fate.LOST: "unknown",
    Fate.UNCLEAR: "unknown",
    Fate.REFUSED: "failed",
    Fate.NOT_ON_WHATSAPP: "skipped",
}


@dataclass(frozen=True, slots=True)
class Stood:
    """What was so at the instant of a send."""

    moment: Moment
    expected: str  # the text
    days: Days
    quiet: Quiet | None
    policy: MissedPolicy
    late_window: int
    edited_on_its_way: bool  # its place or its days were changed under an attempt before this one


@dataclass(slots=True)
class Attempt:
    """One claim that the product gave out, and what became of it."""

    at: datetime
    device: Device
    message: int
    epoch: int
    body: str
    to: Person
    run: Run | None  # None: a reply, which nothing but the pace and a stop holds back
    step: int | None
    stood: Stood | None
    forbidden: tuple[str, ...]  # who had said that it must not go
    current_epoch: int
    min_delay: float
    hourly_cap: int | None
    daily_cap: int | None
    fate: Fate = Fate.UNCLEAR
    ended_at: datetime | None = None  # when its outcome was written
    taken_over: bool = False  # its outcome was written by somebody else than its sender

    @property
    def name(self) -> str:
        what = "a reply" if self.run is None else f"step {self.step} of {self.run.name}"
        return f"{what}, message {self.message} to {self.to.phone} by device {self.device.id}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The product would not send a message when it was asked to. `held`: something had delayed it before."""

    at: datetime
    held: bool
    place: tuple[int, int]
    days: Days


@dataclass(frozen=True, slots=True)
class Known:
    """Whose a message is, and of which step."""

    run: Run | None
    step: int | None
    person: Person


@dataclass
class Record:
    teams: list[Team] = field(default_factory=list)
    devices: dict[int, Device] = field(default_factory=dict)
    sequences: list[Sequence] = field(default_factory=list)
    people: dict[int, Person] = field(default_factory=dict)
    runs: dict[int, Run] = field(default_factory=dict)
    messages: dict[int, Known] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    outcomes: dict[int, str] = field(default_factory=dict)  # by message: what the product was told of it
    on_its_way: dict[int, Attempt] = field(default_factory=dict)  # by device
    edited_on_its_way: set[int] = field(default_factory=set)  # messages
    refused: dict[int, "Refusal"] = field(default_factory=dict)  # by message: the last time it was asked for
    surprises: list[str] = field(default_factory=list)  # the product answered otherwise than was to be expected
    asks: int = 0

    def runs_of(self, person: Person) -> list[Run]:
        return [run for run in self.runs.values() if run.person is person]

    def begun(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)
        attempt.device.attempts.append(attempt)
        self.on_its_way[attempt.device.id] = attempt
        if attempt.run is not None and attempt.fate.may_have_reached:
            attempt.run.sends.append(attempt)

    def refuse(self, message: int, device: Device, at: datetime) -> None:
        """It was asked for, and did not go."""
        known = self.messages[message]
        if known.run is not None and known.step is not None:
            moment = known.run.sequence.steps[known.step].moment
            self.refused[message] = Refusal(
                at, self._held(known.run, device, at), moment.place, known.run.sequence.days
            )
            if moment.at is None:  # if it shifts, Day 1 is the date on which it comes
                known.run.anchor = min(known.run.anchor, at.astimezone(known.run.zone).date())

    def _held(self, run: Run, device: Device, now: datetime) -> bool:
        """Whether anything that we did may have made a message late."""
        sequence = run.sequence
        since = now - timedelta(minutes=sequence.late_window) - QUIET
        reasons = (run.held_at, sequence.held_at, sequence.edited_at, device.held_at, device.team.held_at)
        capped = device.hourly_cap is not None or device.daily_cap is not None
        window = timedelta(minutes=sequence.late_window)
        back = now - window - (QUIET if device.team.quiet else timedelta())
        worked = sum(1 for attempt in device.attempts[-BUSY:] if attempt.at >= back)
        busy = worked >= min(BUSY, window // LONGEST_PAUSE)
        return capped or busy or any(at is not None and at >= since for at in reasons)

    def skipped(self, missed: Iterable[int]) -> None:
        """These were skipped when they were last asked for: their runs have gone past them."""
        for message in missed:
            run, refusal = self.messages[message].run, self.refused.get(message)
            if run is not None and refusal is not None:
                run.places.append((refusal.at, refusal.place))
                run.moved_on_at = max(refusal.at, run.moved_on_at or refusal.at)

    def forbidden(self, known: Known, device: Device) -> tuple[str, ...]:
        """Who had said, by now, that this must not go out."""
        reasons = {
            "the team is stopped": device.team.stopped,
            "the device is paused": device.paused,
        }
        if known.run is not None:
            reasons |= {
                "the sequence is paused": known.run.sequence.paused,
                "the run is paused": known.run.paused,
                f"the run is over: {known.run.over}": known.run.over is not None,
                "the person has opted out": known.person.opted_out,
            }
        return tuple(reason for reason, so in reasons.items() if so)

    def stood(self, message: int, known: Known) -> Stood | None:
        if known.run is None or known.step is None:
            return None
        sequence, step = known.run.sequence, known.run.sequence.steps[known.step]
        return Stood(
            moment=step.moment,
            expected=step.body.replace("{{ name }}", known.person.name),
            days=sequence.days,
            quiet=sequence.team.quiet,
            policy=sequence.policy,
            late_window=sequence.late_window,
            edited_on_its_way=message in self.edited_on_its_way,
        )

    def edited(self, sequence: Sequence, at: datetime) -> None:
        """Its steps or its days have changed: what is on its way has been placed by the old ones."""
        sequence.edited_at = at
        self.edited_on_its_way |= {
            attempt.message
            for attempt in self.on_its_way.values()
            if attempt.run is not None and attempt.run.sequence is sequence
        }

    def believes(self, attempt: Attempt) -> None:
        """The product has been told what became of this send. What may go again has no outcome yet."""
        word = _TOLD.get(attempt.fate)
        if word is not None:
            self.outcomes[attempt.message] = word

    def ended(self, attempt: Attempt, at: datetime, *, taken_over: bool = False) -> None:
        """The outcome of an attempt has been written."""
        attempt.ended_at, attempt.taken_over = at, taken_over
        self.on_its_way.pop(attempt.device.id, None)
        run = attempt.run
        if attempt.fate in {Fate.REJECTED, Fate.NOT_CONNECTED} and not taken_over:
            return
        reached = taken_over or attempt.fate.may_have_reached
        if run is not None and attempt.step is not None:
            moment = run.sequence.steps[attempt.step].moment
            run.had.add(attempt.step)
            run.place, run.moved_on_at = moment.place, at
            run.places.append((attempt.at, moment.place))
            if reached:
                run.reached = (moment.day, at.astimezone(run.zone).date())
            if attempt.fate is Fate.NOT_ON_WHATSAPP and not taken_over:
                run.over = run.over or "not on WhatsApp"
