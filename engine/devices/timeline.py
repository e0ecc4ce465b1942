"""What happened to a device, point by point: written with the change itself, read beside "Why?", pruned."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, text

from engine.actor import Actor
from engine.signals import (
    DeviceFailing,
    DeviceSilent,
    DeviceWellAgain,
    PeopleMoved,
    Signal,
    Trouble,
    WorkerRestarted,
)
from engine.transactions import Session, Transaction
from models import DeviceEvent, Operator
from models.enums import DeviceEventKind, Face

KEEP_ROWS = 200  # a device
KEEP_DAYS = 90

NOTE = """
INSERT INTO device_events (workspace_id, device_id, kind, text, until)
SELECT d.workspace_id, d.id, v.kind, v.words, v.until
  FROM unnest(
       CAST(:device_ids AS bigint[]), CAST(:kinds AS text[]), CAST(:words AS text[]), CAST(:until AS timestamptz[])
       ) WITH ORDINALITY AS v(id, kind, words, until, place)
  JOIN user_devices d ON d.id = v.id
 ORDER BY v.place
"""

PRUNE = """
DELETE FROM device_events e
 USING (SELECT id, at, row_number() OVER (PARTITION BY device_id ORDER BY at DESC, id DESC) AS place
          FROM device_events) r
 WHERE e.id = r.id AND (r.place > :rows OR r.at < clock_timestamp() - make_interval(days => :days))
"""


async def note(
    transaction: Transaction,
    device_id: int,
    kind: DeviceEventKind,
    words: str = "",
    until: datetime | None = None,
) -> None:
    """Put a point on a device's timeline, in the transaction of the change that it tells of.

    Changes of state and takeovers need none: a trigger on `user_devices` notes them.
    """
    await note_all(transaction, [(device_id, kind, words, until)])


async def note_all(
    transaction: Transaction, points: Sequence[tuple[int, DeviceEventKind, str, datetime | None]]
) -> None:
    """Put points on the timelines of several devices: (device, kind, words, until)."""
    if not points:
        return
    device_ids, kinds, words, until = zip(*points, strict=True)
    await transaction.rows(
        NOTE,
        {"device_ids": list(device_ids), "kinds": list(kinds), "words": list(words), "until": list(until)},
    )


async def note_by(session: Session, actor: Actor, device_id: int, kind: DeviceEventKind, words: str = "") -> None:
    """Note what somebody has done to a device, with their name."""
    who = await _name_of(session, actor)
    await note(session, device_id, kind, f"{words} by {who}".strip())


async def note_signals(transaction: Transaction, signals: Sequence[Signal]) -> None:
    points = [(signal.device_id, point) for signal in signals if (point := _point(signal)) is not None]
    await note_all(transaction, [(device_id, kind, words, None) for device_id, (kind, words) in points])


async def latest(session: Session, device_id: int, count: int) -> list[DeviceEvent]:
    """Read the last points, the newest first."""
    query = select(DeviceEvent).where(DeviceEvent.device_id == device_id)
    newest_first = query.order_by(DeviceEvent.at.desc(), DeviceEvent.id.desc())
    return list(await session.scalars(newest_first.limit(count)))


async def prune(session: Session) -> None:
    await session.execute(text(PRUNE), {"rows": KEEP_ROWS, "days": KEEP_DAYS})


def _point(signal: Signal) -> tuple[DeviceEventKind, str] | None:
    """What a signal is on the timeline, if it is a point of its own."""
    match signal:
        case WorkerRestarted(reason=reason):
            return DeviceEventKind.RESTARTED, reason
        case DeviceFailing(reason=reason, count=count):
            return DeviceEventKind.FAILING, f"{count} in a row: {reason}"
        case DeviceSilent(count=count):
            return DeviceEventKind.SILENT, f"for the last {count} messages"
        case DeviceWellAgain(trouble=trouble):
            words = {
                Trouble.FAILING: "a message went out",
                Trouble.SILENT: "receipts come again",
                Trouble.LIMITED: "it may write to new people",
                Trouble.PHONE_AWAY: "its phone was online",
            }
            return DeviceEventKind.WELL_AGAIN, words[trouble]
        case PeopleMoved(people=people, to=to):
            return DeviceEventKind.MOVED, f"{people:,} people to {', '.join(to)}"
    return None


async def _name_of(session: Session, actor: Actor) -> str:
    if actor.operator_id is None:
        return {Face.REST: "the API", Face.CLI: "the command line"}.get(actor.face, "dripdesk")
    return (await session.get_one(Operator, actor.operator_id)).name
