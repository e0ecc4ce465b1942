"""What became of a sequence's messages, step by step, and what is due soon."""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, text

from engine.actor import Actor
from engine.broadcast.pacing import pace_of, tally_of
from engine.broadcast.throughput import Line
from engine.clock import Clock
from engine.database import Database
from engine.sequences import results_store, store
from engine.sequences.calendar import QuietHours
from engine.sequences.pasting import write_header
from engine.transactions import Session
from models import SequenceStep, UserDevice, Workspace
from models.enums import MessageStatus, SequenceStatus

ONE_HOUR, ONE_DAY = timedelta(hours=1), timedelta(days=1)
COLUMNS = (
    "due", "planned", "queued", "sent", "delivered", "read", "replied", "opted_out", "failed", "skipped",
    "unknown", "cancelled", "not_shown",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StepResults:
    """Messages by outcome: planned is the sum of queued, sent, failed, skipped, unknown and cancelled, always.

    Delivered, read and not shown (their phone could not show it) are of those that were sent. Replied and opted
    out: whose last message it was when they did.
    Due: people who wait for its time, and have no message yet.
    """

    planned: int = 0
    queued: int = 0
    sent: int = 0
    failed: int = 0
    skipped: int = 0
    unknown: int = 0
    cancelled: int = 0
    due: int = 0
    delivered: int = 0
    read: int = 0
    replied: int = 0
    opted_out: int = 0
    not_shown: int = 0
    skipped_by: Mapping[str, int] = field(default_factory=dict)  # by error code

    @classmethod
    def sum(cls, parts: Iterable["StepResults"]) -> "StepResults":
        parts = list(parts)
        counts = {column: sum(getattr(one, column) for one in parts) for column in COLUMNS}
        reasons: Counter[str] = sum((Counter(one.skipped_by) for one in parts), Counter())
        return cls(**counts, skipped_by=dict(reasons))


@dataclass(frozen=True, slots=True)
class StepFunnel:
    """`removed`: the step was taken out of the sequence after some had got it."""

    id: int
    header: str
    removed: bool
    results: StepResults


@dataclass(frozen=True, slots=True)
class Volume:
    """What is due within a time from now, and how much of it the devices send within that time, more or less."""

    due: int
    in_time: int


@dataclass(frozen=True, slots=True)
class SequenceResults:
    name: str
    status: SequenceStatus
    time_zone: str  # the workspace's
    now: datetime
    steps: tuple[StepFunnel, ...]  # in the order in which they are sent; those removed at the end
    total: StepResults
    next_hour: Volume
    next_day: Volume


class Results:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def get(self, actor: Actor, sequence_id: int) -> SequenceResults:
        now = self._clock.now()
        async with self._database.transaction() as session:
            sequence = await store.find(session, actor, sequence_id)
            workspace = await session.get_one(Workspace, actor.workspace_id)
            live = await store.steps_of(session, sequence_id)
            removed = await session.scalars(
                select(SequenceStep)
                .where(SequenceStep.sequence_id == sequence_id, SequenceStep.retired_at.is_not(None))
                .order_by(SequenceStep.day_number, SequenceStep.id)
            )
            results = await read_results(session, sequence_id)
            next_hour, next_day = await _volume(session, workspace, sequence_id, now)
        gone = [step for step in removed if results[step.id].planned]
        steps = tuple(
            StepFunnel(
                step.id,
                write_header(step.day_number, step.send_time, step.after_join_minutes),
                step.retired_at is not None,
                results[step.id],
            )
            for step in (*live, *gone)
        )
        return SequenceResults(
            name=sequence.name,
            status=sequence.status,
            time_zone=workspace.time_zone,
            now=now,
            steps=steps,
            total=StepResults.sum(step.results for step in steps),
            next_hour=next_hour,
            next_day=next_day,
        )

    async def export(self, actor: Actor, sequence_id: int) -> str:
        """Write the results as CSV: a line a step, with a column for each reason why messages were skipped."""
        results = await self.get(actor, sequence_id)
        reasons = sorted(results.total.skipped_by)
        out = io.StringIO()
        lines = csv.writer(out)
        lines.writerow(["step", "removed", *COLUMNS, *(f"skipped: {reason}" for reason in reasons)])
        for step in results.steps:
            counts = [getattr(step.results, column) for column in COLUMNS]
            why = [step.results.skipped_by.get(reason, 0) for reason in reasons]
            lines.writerow([step.header, "yes" if step.removed else "", *counts, *why])
        return out.getvalue()


async def read_results(session: Session, sequence_id: int) -> Mapping[int, StepResults]:
    """Count the messages of every step of a sequence, the removed ones too; a step without any has zeros."""
    counts: defaultdict[int, Counter[str]] = defaultdict(Counter)
    reasons: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for row in await results_store.outcomes(session, sequence_id):
        step = counts[row.step_id]
        for kind in ("planned", row.outcome):
            step[kind] += row.messages
        for kind in ("delivered", "read", "not_shown", "replied", "opted_out"):
            step[kind] += getattr(row, kind)
        if row.outcome == MessageStatus.SKIPPED:
            reasons[row.step_id][row.reason] += row.messages
    for step_id, people in (await results_store.waiting(session, sequence_id)).items():
        counts[step_id]["due"] = people
    results: defaultdict[int, StepResults] = defaultdict(StepResults)
    for step_id, step in counts.items():
        results[step_id] = StepResults(**step, skipped_by=dict(reasons[step_id]))
    return results


async def _volume(
    session: Session, workspace: Workspace, sequence_id: int, now: datetime
) -> tuple[Volume, Volume]:
    hour, day = now + ONE_HOUR, now + ONE_DAY
    about = {"sequence_id": sequence_id, "hour": hour, "day": day}
    rows = (await session.execute(text(results_store.VOLUME), about)).all()
    query = select(UserDevice).where(UserDevice.id.in_([row.device_id for row in rows]))
    zone = ZoneInfo(workspace.time_zone)
    lines = {
        device.id: Line(pace_of(device), tally_of(device, now, zone), zone, device.next_send_at or now)
        for device in await session.scalars(query)
    }
    quiet = quiet_hours_of(workspace)
    in_an_hour = {row.device_id: row.in_an_hour for row in rows}
    in_a_day = {row.device_id: row.in_a_day for row in rows}

    def volume(due: Mapping[int, int], end: datetime) -> Volume:
        sent = (lines[device_id].room(now, end, quiet, most=count) for device_id, count in due.items())
        return Volume(sum(due.values()), sum(sent))

    return volume(in_an_hour, hour), volume(in_a_day, day)


def quiet_hours_of(workspace: Workspace) -> QuietHours | None:
    if workspace.quiet_start is None or workspace.quiet_end is None:
        return None
    return QuietHours(workspace.quiet_start, workspace.quiet_end)
