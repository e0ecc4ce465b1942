"""The database at the end of a day against the record: the books, and what everybody waits for. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from models.enums import EnrolmentStatus, MessageStatus, MissedPolicy
from tests.simulation.quarter.almanac import DAY, Days, due, loud, naive, start_on
from tests.simulation.quarter.audit import Violation
from tests.simulation.quarter.record import Record, Run, Step

PATIENCE = timedelta(hours=2)  # a device that may send has sent within it: the longest delay and a look or two
LOOK = timedelta(minutes=30)  # between two moments at which something is done
OPEN = {EnrolmentStatus.ACTIVE, EnrolmentStatus.PAUSED}
TOLD = (MessageStatus.SENT, MessageStatus.UNKNOWN, MessageStatus.FAILED)
Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as the database has it, with the message that is open, and where that one waits."""

    id: int
    status: EnrolmentStatus
    joined_at: datetime
    anchor: date
    last_place: Place | None
    next_step: int | None
    next_due: datetime | None
    ended_at: datetime | None
    had: frozenset[int]  # steps, also those whose message is still open
    open: tuple[int, ...] = ()  # messages
    device: int | None = None  # where it waits …
    waits_until: datetime | None = None  # … and for what time


@dataclass(frozen=True, slots=True)
class StepBooks:
    """What the product says of one step."""

    step: int
    planned: int
    queued: int
    ended: Mapping[str, int]


@dataclass
class Rest:
    """What the database says at some instant. `missed`: messages that were skipped for being too late."""

    at: datetime
    runs: Sequence[RunRow]
    books: Sequence[StepBooks]
    counts: Mapping[tuple[int, str], int]  # messages by step and status
    missed: Mapping[int, datetime]  # and when they expired
    findings: Sequence[str] = ()  # of the product's own look at its books
    asleep: frozenset[int] = frozenset()  # devices whose engine has just died

    @property
    def is_over(self) -> bool:
        return not any(row.status is EnrolmentStatus.ACTIVE for row in self.runs)

    @property
    def outcomes(self) -> dict[str, int]:
        totals: Counter[str] = Counter()
        for (_, status), count in self.counts.items():
            totals[status] += count
        return dict(totals)


def audit_rest(record: Record, rest: Rest) -> list[Violation]:
    found = [*_books(record, rest), *_missed(record, rest)]
    found += [Violation("books_job", rest.at, "the product", finding) for finding in rest.findings]
    if missing := record.runs.keys() - {row.id for row in rest.runs}:
        found.append(Violation("forgotten", rest.at, f"runs {sorted(missing)}", "are not in the database"))
    for row in rest.runs:
        run = record.runs.get(row.id)
        if run is None:
            found.append(Violation("nobody", rest.at, f"run {row.id}", "nobody has asked for it"))
            continue
        for rule, detail in (*_state(run, row), *_waits(run, row, rest), *_overdue(record, run, row, rest)):
            found.append(Violation(rule, rest.at, run.name, detail))
    return found


def _books(record: Record, rest: Rest) -> Iterator[Violation]:
    """Planned is the sum of all others, they are as many as there are rows, and those are what was reported."""
    for step in rest.books:
        who = f"step {step.step}"
        if step.planned != step.queued + sum(step.ended.values()):
            yield Violation("books", rest.at, who, f"{step.planned} planned: {step.queued}, {dict(step.ended)}")
        for status, count in step.ended.items():
            if count != rest.counts.get((step.step, status), 0):
                yield Violation("books", rest.at, who, f"{count} {status} in the books, but not in the rows")
    told = Counter((record.messages[message].step, outcome) for message, outcome in record.outcomes.items())
    steps = {step for step, _ in rest.counts} | {step for step, _ in told if step is not None}
    for step_id in sorted(steps):
        for status in TOLD:
            there, reported = rest.counts.get((step_id, status), 0), told[step_id, status]
            if there != reported:
                yield Violation(
                    "ledger", rest.at, f"step {step_id}", f"{there} {status}, {reported} by the phones"
                )


def _missed(record: Record, rest: Rest) -> Iterator[Violation]:
    """Nothing is skipped as too late that nothing has delayed."""
    for message in rest.missed:
        known, refusal = record.messages[message], record.refused.get(message)
        run = known.run
        if run is None or refusal is None:
            yield Violation("missed", rest.at, f"message {message}", "was skipped by nobody's claim")
        elif run.sequence.policy is MissedPolicy.SHIFT:
            yield Violation("missed", refusal.at, run.name, f"message {message} was skipped instead of shifted")
        elif refusal.at <= _late_from(run, refusal.days, rest.missed[message]):
            yield Violation(
                "missed", refusal.at, run.name, f"message {message} was skipped before it was too late"
            )
        elif not refusal.held:
            yield Violation("missed", refusal.at, run.name, f"message {message} was skipped, and nothing held it")


def _late_from(run: Run, days: Days, expired_at: datetime) -> datetime:
    """What was set for quiet hours is late a window after their end."""
    window = timedelta(minutes=run.sequence.late_window)
    return loud(expired_at - window, run.zone, run.sequence.team.quiet, days) + window


def _state(run: Run, row: RunRow) -> Iterator[tuple[str, str]]:
    if (row.status is EnrolmentStatus.EXITED) and run.over is None:
        yield "state", "is exited, for no reason that we know of"
    if run.over is not None and row.status in OPEN:
        yield "state", f"goes on, but is over: {run.over}"
    if row.status in OPEN and run.over is None and run.paused != (row.status is EnrolmentStatus.PAUSED):
        yield "state", f"is {row.status}, but should be {'paused' if run.paused else 'active'}"
    if row.joined_at != run.joined_at or row.anchor < run.anchor:
        yield "anchor", f"joined {row.joined_at}, Day 1 {row.anchor}; expected {run.joined_at}, {run.anchor}"
    untouched = not row.had and run.sequence.edited_at is None
    if untouched and row.anchor != run.anchor:
        yield "anchor", f"Day 1 is {row.anchor} before anything was sent; expected {run.anchor}"
    if run.place is not None and (row.last_place is None or row.last_place < run.place):
        yield "place", f"stands at {row.last_place}, but has had {run.place}"
    if not run.had <= row.had:
        yield "place", f"has had steps {sorted(run.had - row.had)} without a message"


def _waits(run: Run, row: RunRow, rest: Rest) -> Iterator[tuple[str, str]]:
    """An open run waits for exactly one thing: its next step at its time, or one message."""
    things = len(row.open) + (row.next_due is not None)
    if row.status not in OPEN:
        if row.next_due is not None or (row.open and row.status is EnrolmentStatus.COMPLETED):
            yield "waits", f"is {row.status} and waits for {row.next_due or row.open}"
        return
    if things != 1:
        yield "waits", f"is {row.status} and waits for {things} things"
    if row.next_due is None:
        return
    step = _next_step(run, row)
    if step is None or step.id != row.next_step:
        yield "next", f"waits for step {row.next_step}, not for {step and step.id}"
        return
    expected = due(
        step.moment,
        joined_at=run.joined_at,
        zone=run.zone,
        anchor=row.anchor,
        days=run.sequence.days,
        reached=run.reached,
    )
    if row.next_due != expected:
        yield "due", f"{step.moment} with Day 1 on {row.anchor} is due {row.next_due}, not {expected}"


def _next_step(run: Run, row: RunRow) -> Step | None:
    ahead = (
        step
        for step in run.sequence.live
        if step.id not in row.had and (row.last_place is None or step.moment.place > row.last_place)
    )
    return next(ahead, None)


def _overdue(record: Record, run: Run, row: RunRow, rest: Rest) -> Iterator[tuple[str, str]]:
    """Nobody waits longer than can be explained."""
    sequence, team = run.sequence, run.sequence.team
    if row.status is not EnrolmentStatus.ACTIVE or sequence.paused:
        return
    held = [at for at in (sequence.held_at, sequence.edited_at, team.held_at, run.held_at) if at is not None]
    planned = max(row.next_due or rest.at, run.moved_on_at or run.joined_at, *held)
    if planned < rest.at - LOOK:
        yield "forgotten", f"was due {row.next_due}, and has no message yet"
    if row.waits_until is None or row.device is None:
        return
    if row.waits_until > rest.at:
        step = sequence.steps[row.next_step or 0]
        tomorrow = sequence.days.first_from(naive(rest.at, run.zone).date() + DAY)
        start = start_on(tomorrow, step.moment, run.joined_at, run.zone, sequence.days)
        last = loud(start, run.zone, team.quiet, sequence.days)
        if row.waits_until > last:
            yield "forgotten", f"message {row.open} waits until {row.waits_until}, later than {last}"
        return
    device = record.devices[row.device]
    held += [device.held_at] if device.held_at is not None else []
    quiet = team.quiet is not None and team.quiet.covers(naive(rest.at, run.zone).time())
    explained = (
        team.stopped
        or device.paused
        or device.dropped
        or device.id in record.on_its_way
        or device.id in rest.asleep
        or device.hourly_cap is not None
        or device.daily_cap is not None
        or quiet
        or rest.at - row.waits_until < PATIENCE
        or any(rest.at - at < PATIENCE for at in held)
        or any(rest.at - (last.ended_at or last.at) < PATIENCE for last in device.attempts[-1:])
    )
    if not explained:
        yield "forgotten", f"message {row.open} was due {row.waits_until}, and device {device.id} is idle"


def audit_end(record: Record, rest: Rest) -> list[Violation]:
    """Everything has been let go on for long enough: all runs have ended, and nobody has been passed over."""
    found = []
    for row in rest.runs:
        run = record.runs[row.id]
        if run.paused or run.over is not None:
            continue
        if row.status is not EnrolmentStatus.COMPLETED:
            found.append(Violation("drain", rest.at, run.name, f"is still {row.status}: {row}"))
            continue
        found += [
            Violation("passed_over", rest.at, run.name, f"has never had {step}")
            for step in run.sequence.live
            if step.id not in row.had and not _passed_over(run, row, step)
        ]
    return found


def _passed_over(run: Run, row: RunRow, step: Step) -> bool:
    """Whether somebody was past a step's place, or past its time when it was new, when it came there."""
    if step.placed_at <= run.joined_at:
        return False
    if row.ended_at is not None and row.ended_at <= step.placed_at:
        return True
    return any(at <= step.placed_at and place >= step.moment.place for at, place in _places(run))


def _places(run: Run) -> Iterator[tuple[datetime, Place]]:
    """Where a run has stood, and since when: at what it had, and at what was too late for it when it was added."""
    yield from run.places
    for step in run.sequence.steps.values():
        moment = step.added_as
        its_time = due(
            moment,
            joined_at=run.joined_at,
            zone=run.zone,
            anchor=run.anchor,
            days=step.added_among,
            reached=None,
        )
        if run.joined_at < step.added_at and its_time <= step.added_at:
            yield step.added_at, moment.place
