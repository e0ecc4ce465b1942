"""Test messages: a sequence, or one message of it, to the operator's own phone. No statistics know of them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text

from engine.actor import Actor
from engine.broadcast.templating import MissingVariableError, UnfillableError, fill_in
from engine.clock import Clock
from engine.database import Database
from engine.devices.standings import read_standings
from engine.devices.why import ReasonKind, Standing, Surroundings, why
from engine.errors import ConflictError, InvalidInputError, NotFoundError
from engine.sequences import rehearsal_store, store
from engine.sequences.pasting import write_header
from engine.sequences.samples import Sample, find_sample
from engine.transactions import Session
from models import SequenceStep
from models.enums import MessageStatus, Role

APART = timedelta(seconds=2)  # so that they come in order; a device whose delays are longer takes longer
EXPIRES_AFTER = timedelta(hours=1)  # from when the last should have gone out: then nobody looks at the phone

_NOT_NOW = {
    ReasonKind.STOPPED: "everything is stopped",
    ReasonKind.PAUSED: "paused",
    ReasonKind.NO_ENGINE: "no engine runs",
    ReasonKind.ENGINES_FULL: "no worker is free for it",
    ReasonKind.STATE: "not online",
    ReasonKind.BANNED: "banned for now",
    ReasonKind.DAILY_CAP: "has sent all that it may today",
    ReasonKind.HOURLY_CAP: "has sent all that it may this hour",
}


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What goes out, in order. `last_in`: after about how long the last of them leaves, by the device's delays."""

    message_ids: tuple[int, ...]
    phone: str
    device: str
    sample: str  # for whom they are filled in
    last_in: timedelta


@dataclass(frozen=True, slots=True)
class Progress:
    messages: int
    sent: int
    waiting: int
    trouble: str | None  # why one of them did not go out


@dataclass(frozen=True, slots=True)
class _Chosen:
    device_id: int
    device: str
    last_at: datetime


class Rehearsals:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def run(self, actor: Actor, sequence_id: int, *, step_id: int | None = None) -> Rehearsal:
        """Queue all messages, or one. What still waits of an earlier test to this phone gives way to it.

        Nothing is queued unless all of it can go out: raises NotFoundError, ConflictError, InvalidInputError.
        """
        now = self._clock.now()
        async with self._database.transaction() as session:
            sequence = await store.find(session, actor, sequence_id, role=Role.OPERATOR)
            steps = [step for step in await store.steps_of(session, sequence.id) if step_id in {None, step.id}]
            if not steps and step_id is not None:
                raise NotFoundError("This message does not exist any more.")
            if not steps:
                raise ConflictError("This sequence has no messages yet. Add one, then test it.")
            phone = await session.scalar(text(rehearsal_store.LOCK_OPERATOR), {"operator_id": actor.operator_id})
            if phone is None:
                raise ConflictError("I do not know your own WhatsApp number yet. Set it in Settings → My number.")
            sample = await find_sample(session, actor.workspace_id, sequence.id, phone)
            bodies = [_fill_in(step, sample) for step in steps]
            chosen = await _choose_device(session, sequence.id, len(steps), now)
            contact = await rehearsal_store.keep_contact(session, actor.workspace_id, phone)
            if contact.opted_out:
                raise ConflictError(
                    f"Your own number is opted out: write START from it to {chosen.device}, then test again."
                )
            due = [now + APART * number for number in range(len(steps))]
            ids = await rehearsal_store.queue(
                session,
                actor.workspace_id,
                contact.id,
                device_id=chosen.device_id,
                messages=list(zip(steps, bodies, due, strict=True)),
                expires_at=chosen.last_at + EXPIRES_AFTER,
            )
            actor.record(session, now, "sequence.test", sequence.id, messages=len(ids), device=chosen.device)
        return Rehearsal(tuple(ids), phone, chosen.device, sample.called, chosen.last_at - now)

    async def progress(self, actor: Actor, message_ids: Collection[int]) -> Progress:
        """How far a test has come."""
        about = {"workspace_id": actor.workspace_id, "ids": list(message_ids)}
        async with self._database.transaction() as session:
            rows = (await session.execute(text(rehearsal_store.PROGRESS), about)).all()
        if not rows:
            raise NotFoundError("This test does not exist any more.")
        by_status = {status: sum(row.messages for row in rows if row.status == status) for status in MessageStatus}
        waiting = by_status[MessageStatus.PENDING] + by_status[MessageStatus.PROCESSING]
        troubles = (row.error for row in rows if row.error and row.status not in {"pending", "processing", "sent"})
        return Progress(sum(by_status.values()), by_status[MessageStatus.SENT], waiting, next(troubles, None))


def _fill_in(step: SequenceStep, sample: Sample) -> str:
    header = write_header(step.day_number, step.send_time, step.after_join_minutes)
    try:
        return fill_in(step.kind, step.body, name=sample.name, phone=sample.phone, attributes=sample.attributes)
    except MissingVariableError as error:
        raise InvalidInputError(
            f"{header} needs {{{{ {error.variable} }}}}, and {sample.called} has none. Give it a default: "
            f"{error.variable.with_default}"
        ) from None
    except UnfillableError as error:
        raise InvalidInputError(f"{header}: {error}.") from None


async def _choose_device(session: Session, sequence_id: int, messages: int, now: datetime) -> _Chosen:
    """Choose the one of the pool that is done with them first."""
    names = {device.id: device.name for device in await store.devices_of(session, sequence_id)}
    if not names:
        raise ConflictError("This sequence has no device to send from; choose one first.")
    standings = await read_standings(session, list(names), now)
    refusals = {one.device_id: _NOT_NOW.get(why(one, Surroundings(), now).kind) for one in standings}
    fit = [one for one in standings if refusals[one.device_id] is None]
    if not fit:
        told = "; ".join(f"{names[device_id]}: {reason}" for device_id, reason in refusals.items())
        raise ConflictError(f"No device of this sequence can send right now ({told}).")
    roomy = [one for one in fit if _room(one) >= messages]
    if not roomy:
        best = max(fit, key=_room)
        raise ConflictError(
            f"{names[best.device_id]} may send only {_room(best)} more for now by its caps, and this test has "
            f"{messages}. Test one message, or raise the cap."
        )
    chosen = min(roomy, key=lambda one: (_last_at(one, messages, now), one.device_id))
    return _Chosen(chosen.device_id, names[chosen.device_id], _last_at(chosen, messages, now))


def _room(device: Standing) -> float:
    """How many messages its caps still allow."""
    by_day, by_hour = device.pace.cap_on(device.tally.day), device.pace.hourly_cap
    counted = ((by_day, device.tally.day_count), (by_hour, device.tally.hour_count))
    return min((cap - count for cap, count in counted if cap is not None), default=float("inf"))


def _last_at(device: Standing, messages: int, now: datetime) -> datetime:
    """About when the last of so many messages leaves, if the next leaves as soon as the delay allows."""
    first = max(now, device.next_send_at or now)
    delay = timedelta(seconds=(device.pace.min_delay + device.pace.max_delay) / 2)
    return first + max(APART, delay) * (messages - 1)
