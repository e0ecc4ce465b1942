"""What an operator sees before a sequence starts or goes on."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from engine.actor import Actor
from engine.broadcast.pacing import pace_of, tally_of
from engine.broadcast.throughput import Line
from engine.clock import Clock
from engine.database import Database
from engine.devices.idle import Idle, idle_of
from engine.errors import ConflictError
from engine.sequences import launch_store, store
from engine.sequences.calendar import StepTime
from engine.sequences.enrolment import calendar_of, starts_of
from engine.sequences.forecast import Forecast, Group, Rules, Wait, foresee
from engine.sequences.joining import Start
from engine.sequences.progress import live_steps, run_of
from engine.sequences.results import quiet_hours_of
from engine.transactions import Session
from models import Sequence as SequenceRow
from models import Workspace
from models.enums import EnrolmentStatus, SequenceStatus


@dataclass(frozen=True, slots=True)
class Review:
    """Everything that is to be known before pressing Start or Resume."""

    sequence_id: int
    name: str
    status: SequenceStatus
    time_zone: str
    people: int  # whom it concerns: all that are in it and not paused on their own
    stay_paused: int
    on_their_way: int  # a message to them is being sent at this moment
    once_more: int  # messages that an operator sends again by hand
    idle: tuple[Idle, ...]
    stopped: bool  # everything is, in this workspace
    forecast: Forecast
    now: datetime


class Launches:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def review(self, actor: Actor, sequence_id: int) -> Review:
        """Foresee what starting or resuming does. Raises ConflictError if it cannot start, as the start itself."""
        now = self._clock.now()
        async with self._database.transaction() as session:
            sequence = await store.find(session, actor, sequence_id)
            await check_startable(session, sequence)
            workspace = await session.get_one(Workspace, actor.workspace_id)
            steps = await live_steps(session, sequence_id)
            rows = await launch_store.standing(session, sequence_id)
            devices = await launch_store.devices(session, sequence_id)
            once_more = await launch_store.once_more(session, actor.workspace_id, sequence_id)
            active = [row for row in rows if row.status == EnrolmentStatus.ACTIVE]
            begun: Mapping[tuple[str, int], Start] = {}
            if sequence.status is SequenceStatus.DRAFT:
                begun = await starts_of(session, sequence, {(row.time_zone, row.wave) for row in active}, now)
        zone = ZoneInfo(workspace.time_zone)
        rules = Rules(
            calendar_of(sequence, workspace),
            sequence.missed_policy,
            timedelta(minutes=sequence.late_window_minutes),
            quiet_hours_of(workspace),
            tuple(steps),
        )
        groups = [_group(row, rules, begun, now) for row in active if not row.on_its_way]
        waiting = Counter[int]()
        for group in groups:
            waiting[group.device_id] += group.people
        return Review(
            sequence_id=sequence_id,
            name=sequence.name,
            status=sequence.status,
            time_zone=workspace.time_zone,
            people=sum(row.people for row in active),
            stay_paused=sum(row.people for row in rows if row.status == EnrolmentStatus.PAUSED),
            on_their_way=sum(row.people for row in active if row.on_its_way),
            once_more=once_more,
            idle=idle_of(devices, waiting),
            stopped=workspace.stopped_at is not None,
            forecast=foresee(groups, rules, {row.id: _line(row, now, zone) for row in devices}, now),
            now=now,
        )


async def check_startable(session: Session, sequence: SequenceRow) -> None:
    """Raise ConflictError, saying what is missing, unless it can start or runs already."""
    if sequence.status is SequenceStatus.ARCHIVED:
        raise ConflictError("An archived sequence cannot be started again; make a copy of it, and start that.")
    if sequence.status is SequenceStatus.ACTIVE:
        return
    if not await store.steps_of(session, sequence.id):
        raise ConflictError("This sequence has no messages yet. Add one, then start it.")
    if not await store.devices_of(session, sequence.id):
        raise ConflictError("This sequence has no device to send from. Choose one, then start it.")


def _group(row: Any, rules: Rules, begun: Mapping[tuple[str, int], Start], now: datetime) -> Group:
    """`begun`: what those of a draft begin with, by time zone and wave."""
    wait = None
    if begun:
        start = begun[row.time_zone, row.wave]
        run = start.run
        if start.due is not None:
            step = next(step for step in rules.steps if step.step_id == start.due.step_id)
            wait = Wait(step, start.due.at, start.due.at + rules.late_window)
    else:
        run = run_of(row)
        if row.joined_at is None:
            run = replace(run, joined_at=now)
        if row.due_at is not None:
            step = StepTime.of(row.step_id, row.day_number, row.send_time, row.after_join_minutes)
            wait = Wait(step, row.due_at, row.expires_at or row.due_at + rules.late_window)
    return Group(row.people, row.device_id, run, frozenset(row.had), wait, row.refusal)


def _line(row: Any, now: datetime, zone: ZoneInfo) -> Line:
    return Line(pace_of(row), tally_of(row, now, zone), zone, row.next_send_at or now)
