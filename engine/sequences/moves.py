"""Moving one person to a message of their sequence: ahead in their run, or back, which begins a new one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from engine.actor import Actor
from engine.clock import Clock
from engine.database import Database
from engine.errors import ConflictError, NotFoundError
from engine.sequences import runs_store, store
from engine.sequences.calendar import StepTime
from engine.sequences.pasting import write_header
from engine.sequences.placing import Move, plan_move
from engine.sequences.progress import run_of, sending_days_of
from engine.sequences.store import Lock
from engine.transactions import Session
from models import SequenceStep
from models.enums import ConsentState, EnrolmentStatus, Role, SequenceStatus

OPEN = {EnrolmentStatus.ACTIVE, EnrolmentStatus.PAUSED}


@dataclass(frozen=True, slots=True)
class Target:
    """A message that somebody can be moved to. `had`: then a new run begins with it."""

    step_id: int
    header: str
    body: str
    had: bool
    next: bool  # it is the one that they wait for


@dataclass(frozen=True, slots=True)
class MovePlan:
    """What moving somebody does. `again`: a new run begins; `already`: they wait for it as it is."""

    name: str
    header: str
    due_at: datetime
    time_zone: str
    again: bool
    already: bool
    passed_over: tuple[str, ...]
    to_come: tuple[str, ...]  # the messages after it
    paused: bool


class Moves:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def targets(self, actor: Actor, enrolment_id: int) -> list[Target]:
        """The messages of the sequence in their order, as this person's newest run stands to them."""
        async with self._database.transaction() as session:
            found = await runs_store.find(session, actor, enrolment_id)
            run = await runs_store.newest_run(session, found.sequence_id, found.contact_id)
            steps = await store.steps_of(session, run.sequence_id)
        place = run_of(run).last_place
        return [
            Target(
                step.id,
                _header(step),
                step.body,
                had=step.id in run.had or (place is not None and _time(step).place <= place),
                next=step.id in {run.next_step_id, run.open_step_id} and run.status in OPEN,
            )
            for step in steps
        ]

    async def foresee(self, actor: Actor, enrolment_id: int, step_id: int) -> MovePlan:
        """Tell what `move` would do now. Raises what it raises."""
        async with self._database.transaction() as session:
            found = await runs_store.find(session, actor, enrolment_id)
            run = await runs_store.newest_run(session, found.sequence_id, found.contact_id)
            steps, target = await _steps(session, run, step_id)
        headers = {step.id: _header(step) for step in steps}
        if already := _has_moved(run, enrolment_id, step_id):
            due_at, again = run.next_due_at or run.queued_for or self._clock.now(), False
            passed_over: list[str] = []
        else:
            move = _plan(run, enrolment_id, steps, target, self._clock.now())
            due_at, again = move.due.at, move.again
            passed_over = [headers[step.step_id] for step in move.passed_over]
            already = _changes_nothing(run, move)
        return MovePlan(
            name=run.name or run.phone,
            header=headers[step_id],
            due_at=due_at,
            time_zone=run.time_zone,
            again=again,
            already=already,
            passed_over=tuple(passed_over),
            to_come=tuple(headers[step.id] for step in steps if _time(step).place > _time(target).place),
            paused=run.status == EnrolmentStatus.PAUSED,
        )

    async def move(self, actor: Actor, enrolment_id: int, step_id: int) -> int:
        """Make this message the next that the person gets; the id of the run in which they do.

        Ahead, what lies between is passed over. Back, the run ends and a new one begins with that message; so it
        does for somebody whose run is over. A run that is paused stays paused.
        """
        actor.must_be(Role.OPERATOR)
        now = self._clock.now()
        async with self._database.transaction() as session:
            found = await runs_store.find(session, actor, enrolment_id)
            await store.find(session, actor, found.sequence_id, lock=Lock.SHARED)
            run = await runs_store.newest_run(session, found.sequence_id, found.contact_id, lock=True)
            steps, target = await _steps(session, run, step_id)
            if _has_moved(run, enrolment_id, step_id):
                return int(run.id)
            move = _plan(run, enrolment_id, steps, target, now)
            if _changes_nothing(run, move):
                return int(run.id)
            moved_to = await _write(session, run, move, now)
            actor.record(
                session,
                now,
                "run.move",
                enrolment_id,
                contact=run.contact_id,
                to=_header(target),
                run=moved_to,
            )
        return moved_to


def _has_moved(run: Any, enrolment_id: int, step_id: int) -> bool:
    """The message waits in the queue or is on its way; or an earlier press has begun this new run already."""
    if run.status not in OPEN:
        return False
    begun = run.id != enrolment_id and run.next_step_id == step_id
    return begun or bool(run.open_step_id == step_id)


def _changes_nothing(run: Any, move: Move) -> bool:
    return not move.again and (run.next_step_id, run.next_due_at) == (move.due.step_id, move.due.at)


def _plan(run: Any, enrolment_id: int, steps: list[SequenceStep], target: SequenceStep, now: datetime) -> Move:
    who = run.name or run.phone
    if run.id != enrolment_id:
        raise ConflictError(f"{who} has a newer run through this sequence; move that one.")
    if run.sequence_status == SequenceStatus.ARCHIVED:
        raise ConflictError("This sequence is archived; nothing of it is sent any more.")
    if run.sequence_status == SequenceStatus.DRAFT:
        raise ConflictError("This sequence has not started; everybody in it begins with its first message.")
    if run.open_step_id is not None and not run.queued:
        raise ConflictError(f"A message is on its way to {who} at this moment. Try again in a minute.")
    if run.suppressed or run.consent != ConsentState.OPTED_IN:
        why = "has opted out" if run.suppressed or run.consent else "has given no permission"
        raise ConflictError(f"{who} {why} and cannot be sent to.")
    times = [_time(step) for step in steps]
    # Of a run that is over nothing is ahead: what comes is a new run's. What waits in the queue was not had yet.
    had = {*run.had} - {run.open_step_id} if run.status in OPEN else {step.id for step in steps}
    return plan_move(run_of(run), _time(target), times, had=frozenset(had), days=sending_days_of(run), now=now)


async def _write(session: Session, run: Any, move: Move, now: datetime) -> int:
    if move.again or run.open_step_id in {step.step_id for step in move.passed_over}:
        await runs_store.cancel_waiting(session, run.id, "moved", by_hand=False)
    else:  # what waits comes after the message that they are moved to
        await session.execute(text(store.UNPLAN), {"step_ids": [], "overtaken": [run.id]})
    if not move.again:
        await runs_store.move(session, run.id, move)
        return int(run.id)
    pool = [device.id for device in await store.devices_of(session, run.sequence_id)]
    if not pool:
        raise ConflictError("This sequence has no device to send from; choose one first.")
    await runs_store.end(session, run.id, now, "moved")
    device_id = run.device_id if run.device_id in pool else pool[0]
    status = EnrolmentStatus.PAUSED if run.status == EnrolmentStatus.PAUSED else EnrolmentStatus.ACTIVE
    begun = await runs_store.begin_again(session, run.id, move, status=status, device_id=device_id)
    if begun is None:
        raise ConflictError(f"{run.name or run.phone} has just joined again; look at the card once more.")
    return begun


async def _steps(session: Session, run: Any, step_id: int) -> tuple[list[SequenceStep], SequenceStep]:
    steps = await store.steps_of(session, run.sequence_id)
    target = next((step for step in steps if step.id == step_id), None)
    if target is None:
        raise NotFoundError("This message does not exist any more.")
    return steps, target


def _time(step: SequenceStep) -> StepTime:
    return StepTime.of(step.id, step.day_number, step.send_time, step.after_join_minutes)


def _header(step: SequenceStep) -> str:
    return write_header(step.day_number, step.send_time, step.after_join_minutes)
