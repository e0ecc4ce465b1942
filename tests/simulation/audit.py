"""The books after a run, checked against what the phones took. Pure: the same evidence, the same findings."""

import signal
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from engine.clock import Anchor
from models.enums import MessageStatus
from tests.e2e.harness import LedgerLine

FINAL = frozenset(MessageStatus) - {MessageStatus.PENDING, MessageStatus.PROCESSING}
REACHED = frozenset({MessageStatus.SENT, MessageStatus.UNKNOWN})
STOPS_WITHIN = 20.0  # seconds after SIGTERM
OPERATORS_WAIT = 15.0  # seconds at most for a pause, whatever state the engines are in


@dataclass(frozen=True, slots=True)
class Message:
    """One row of the queue after the run."""

    id: int
    phone: str
    step: int
    sequence: int
    device: int
    status: MessageStatus
    body: str | None


@dataclass(frozen=True, slots=True)
class StepBooks:
    """What the product says of one step."""

    step: int
    planned: int
    queued: int
    ended: Mapping[MessageStatus, int]


@dataclass(frozen=True, slots=True)
class Pause:
    """From after the operator's pause was committed until before the resume was asked for; business time.

    None and None: everything.
    """

    since: datetime
    until: datetime
    device: int | None = None
    sequence: int | None = None


@dataclass(frozen=True, slots=True)
class Exit:
    """A process of an engine that ended. `asked`: by us, with which signal. Times are monotonic seconds.

    `worked`: it had come so far as to work devices.
    """

    engine: int
    started: float
    ended: float
    code: int
    asked: str | None = None
    asked_at: float = 0
    worked: bool = True


@dataclass
class Causes:
    """Why a message's outcome may be unknown, as the simulation knows it by its own deeds."""

    spoilt: Counter[int] = field(default_factory=Counter)  # by device: lost acks, hangs and drops
    in_flight: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))  # by device: message ids

    def most_unknown(self, device: int) -> int:
        return self.spoilt[device] + len(self.in_flight.get(device, ()))

    @property
    def total(self) -> int:
        return sum(self.spoilt.values()) + sum(map(len, self.in_flight.values()))


@dataclass
class Evidence:
    """Everything that a run leaves behind."""

    ledger: Sequence[LedgerLine]
    messages: Sequence[Message]
    expected: Collection[tuple[str, int]]  # a phone and a step
    books: Sequence[StepBooks]
    irregular: Sequence[str]  # rows that contradict each other, each in words
    causes: Causes
    pauses: Sequence[Pause]
    exits: Sequence[Exit]
    waits: Sequence[tuple[str, float]]  # what operators did, and how many seconds it took
    outages: Sequence[tuple[float, float]]  # of the database, as any engine may have seen it; monotonic seconds
    min_delay: float  # seconds of business time
    clock: Anchor


@dataclass(frozen=True, slots=True)
class Violation:
    rule: str
    detail: str


def audit(evidence: Evidence) -> list[Violation]:
    """Every breach of what the product promises; none is the proof."""
    checks = (
        _twice,
        _outcomes,
        _forgotten,
        _ledger_against_rows,
        _unknowns,
        _gaps,
        _books,
        _irregular,
        _sent_in_a_pause,
        _operators,
        _exits,
    )
    return [Violation(check.__name__.strip("_"), detail) for check in checks for detail in check(evidence)]


def _twice(evidence: Evidence) -> Iterator[str]:
    refs = Counter(line.ref for line in evidence.ledger)
    yield from (f"message {ref} is {count} times on the phones" for ref, count in refs.items() if count > 1)
    texts = Counter((line.phone, line.body) for line in evidence.ledger)
    yield from (f"{phone} has {body!r} {count} times" for (phone, body), count in texts.items() if count > 1)


def _outcomes(evidence: Evidence) -> Iterator[str]:
    for message in evidence.messages:
        if message.status not in FINAL:
            yield f"message {message.id} on device {message.device} is still {message.status}"


def _forgotten(evidence: Evidence) -> Iterator[str]:
    planned = Counter((message.phone, message.step) for message in evidence.messages)
    yield from (f"{phone} has no message of step {step}" for phone, step in set(evidence.expected) - set(planned))
    yield from (f"step {step} is planned {n} times for {phone}" for (phone, step), n in planned.items() if n > 1)


def _ledger_against_rows(evidence: Evidence) -> Iterator[str]:
    rows = {message.id: message for message in evidence.messages}
    for line in evidence.ledger:
        row = rows.get(line.ref)
        if row is None:
            yield f"{line.phone} has a message {line.ref} that the database does not know"
        elif (row.phone, row.body, row.device) != (line.phone, line.body, line.device):
            yield f"message {row.id} went to {line.phone} by device {line.device} as {line.body!r}: {row}"
        elif row.status not in REACHED:
            yield f"message {row.id} is on the phone and {row.status} in the database"
    taken = {line.ref for line in evidence.ledger}
    for row in evidence.messages:
        if row.status is MessageStatus.SENT and row.id not in taken:
            yield f"message {row.id} is sent, and on no phone"


def _unknowns(evidence: Evidence) -> Iterator[str]:
    unknown = Counter(row.device for row in evidence.messages if row.status is MessageStatus.UNKNOWN)
    for device, count in unknown.items():
        most = evidence.causes.most_unknown(device)
        if count > most:
            ids = [
                row.id
                for row in evidence.messages
                if row.status is MessageStatus.UNKNOWN
                and row.device == device
                and row.id not in evidence.causes.in_flight.get(device, ())
            ]
            yield f"device {device}: {count} unknown, at most {most} have a cause; look at messages {ids}"


def _gaps(evidence: Evidence) -> Iterator[str]:
    by_device = defaultdict(list)
    for line in evidence.ledger:
        by_device[line.device].append(line)
    least = timedelta(seconds=evidence.min_delay)
    for device, lines in by_device.items():
        for before, after in pairwise(lines):
            for clock, gap in (
                ("the network's clock", (after.at - before.at) * evidence.clock.speed),
                ("business time", after.business_at - before.business_at),
            ):
                if gap < least:
                    yield (
                        f"device {device}: messages {before.ref} and {after.ref} are "
                        f"{gap.total_seconds():.3f} s apart by {clock}"
                    )


def _books(evidence: Evidence) -> Iterator[str]:
    planned = Counter(row.step for row in evidence.messages)
    ended = Counter((row.step, row.status) for row in evidence.messages)
    for step in evidence.books:
        if step.planned != step.queued + sum(step.ended.values()):
            yield f"step {step.step}: {step.planned} planned, {step.queued} queued, ended {dict(step.ended)}"
        if step.planned != planned[step.step]:
            yield f"step {step.step}: {step.planned} planned, {planned[step.step]} rows"
        for status, count in step.ended.items():
            if count != ended[step.step, status]:
                yield f"step {step.step}: {count} {status}, {ended[step.step, status]} rows"


def _irregular(evidence: Evidence) -> Iterable[str]:
    return evidence.irregular


def _sent_in_a_pause(evidence: Evidence) -> Iterator[str]:
    """What was claimed after a pause was committed, and on the phone before the resume was asked for."""
    sequence_of = {row.id: row.sequence for row in evidence.messages}
    for line in evidence.ledger:
        taken = evidence.clock.at(line.at)
        for pause in evidence.pauses:
            concerned = pause.device in {None, line.device} and pause.sequence in {
                None,
                sequence_of.get(line.ref),
            }
            if concerned and pause.since < line.business_at and taken < pause.until:
                yield f"message {line.ref} was sent in {pause}"


def _operators(evidence: Evidence) -> Iterator[str]:
    for deed, seconds in evidence.waits:
        if seconds > OPERATORS_WAIT:
            yield f"{deed} took {seconds:.1f} s"


def _exits(evidence: Evidence) -> Iterator[str]:
    for one in evidence.exits:
        if one.asked is None:
            refused = one.code == 2 and any(
                since < one.ended and one.started < until for since, until in evidence.outages
            )
            if not refused:
                yield f"engine {one.engine} ended by itself with exit code {one.code}"
        elif one.asked == "SIGTERM":
            took = one.ended - one.asked_at
            hardly_begun = not one.worked and one.code == -signal.SIGTERM  # nothing to drain, nobody to drain it
            if took > STOPS_WITHIN or not (one.code == 0 or hardly_begun):
                yield f"engine {one.engine} needed {took:.1f} s to stop, exit code {one.code}"
