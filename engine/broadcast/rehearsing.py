"""Test messages: to the operator's own phone, filled in for a sample. No statistics know of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text

from engine.actor import Actor
from engine.broadcast import rehearsal_store
from engine.broadcast.rehearsal_store import Filled
from engine.broadcast.templating import MissingVariableError, UnfillableError, fill_in
from engine.contacts.samples import Sample
from engine.devices.standings import read_standings
from engine.devices.why import ReasonKind, Standing, Surroundings, why
from engine.errors import ConflictError, InvalidInputError, NotFoundError
from engine.transactions import Session
from models.enums import ContentKind, MessageStatus

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
class Draft:
    """A message to be tried. `called`: what errors call it, at the beginning of a sentence."""

    called: str
    kind: ContentKind
    body: str
    media_id: int | None


@dataclass(frozen=True, slots=True)
class _Chosen:
    device_id: int
    device: str
    last_at: datetime


async def own_phone(session: Session, actor: Actor) -> str:
    """The operator's own number; until the end of the transaction they test nothing else. Raises ConflictError."""
    phone = await session.scalar(text(rehearsal_store.LOCK_OPERATOR), {"operator_id": actor.operator_id})
    if phone is None:
        raise ConflictError("I do not know your own WhatsApp number yet. Set it in Settings → My number.")
    return str(phone)


async def rehearse(
    session: Session,
    actor: Actor,
    drafts: Sequence[Draft],
    devices: Mapping[int, str],
    *,
    of: str,
    phone: str,
    sample: Sample,
    now: datetime,
) -> Rehearsal:
    """Queue them all, from the device that is done with them first. What still waits of an earlier test gives way.

    `devices`: names by id; `of`: "sequence" or "campaign". Nothing is queued unless all of it can go out: raises
    ConflictError, InvalidInputError.
    """
    bodies = [_fill_in(draft, sample) for draft in drafts]
    chosen = await _choose_device(session, devices, of, len(drafts), now)
    contact = await rehearsal_store.keep_contact(session, actor.workspace_id, phone)
    if contact.opted_out:
        raise ConflictError(
            f"Your own number is opted out: write START from it to {chosen.device}, then test again."
        )
    messages = [
        Filled(draft.kind, body, draft.media_id, now + APART * number)
        for number, (draft, body) in enumerate(zip(drafts, bodies, strict=True))
    ]
    ids = await rehearsal_store.queue(
        session,
        actor.workspace_id,
        contact.id,
        device_id=chosen.device_id,
        messages=messages,
        expires_at=chosen.last_at + EXPIRES_AFTER,
    )
    return Rehearsal(tuple(ids), phone, chosen.device, sample.called, chosen.last_at - now)


async def read_progress(session: Session, actor: Actor, message_ids: Collection[int]) -> Progress:
    """How far a test has come. Raises NotFoundError."""
    about = {"workspace_id": actor.workspace_id, "ids": list(message_ids)}
    rows = (await session.execute(text(rehearsal_store.PROGRESS), about)).all()
    if not rows:
        raise NotFoundError("This test does not exist any more.")
    by_status = {status: sum(row.messages for row in rows if row.status == status) for status in MessageStatus}
    waiting = by_status[MessageStatus.PENDING] + by_status[MessageStatus.PROCESSING]
    troubles = (row.error for row in rows if row.error and row.status not in {"pending", "processing", "sent"})
    return Progress(sum(by_status.values()), by_status[MessageStatus.SENT], waiting, next(troubles, None))


def _fill_in(draft: Draft, sample: Sample) -> str:
    try:
        return fill_in(draft.kind, draft.body, name=sample.name, phone=sample.phone, attributes=sample.attributes)
    except MissingVariableError as error:
        raise InvalidInputError(
            f"{draft.called} needs {{{{ {error.variable} }}}}, and {sample.called} has none. Give it a default: "
            f"{error.variable.with_default}"
        ) from None
    except UnfillableError as error:
        raise InvalidInputError(f"{draft.called}: {error}.") from None


async def _choose_device(
    session: Session, names: Mapping[int, str], of: str, messages: int, now: datetime
) -> _Chosen:
    """Choose the one that is done with them first."""
    if not names:
        raise ConflictError(f"This {of} has no device to send from; choose one first.")
    standings = await read_standings(session, list(names), now)
    refusals = {one.device_id: _NOT_NOW.get(why(one, Surroundings(), now).kind) for one in standings}
    fit = [one for one in standings if refusals[one.device_id] is None]
    if not fit:
        told = "; ".join(f"{names[device_id]}: {reason}" for device_id, reason in refusals.items())
        raise ConflictError(f"No device of this {of} can send right now ({told}).")
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
    return first + max(APART, device.pace.mean_delay) * (messages - 1)
