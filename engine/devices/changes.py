"""One change to one device by somebody: under a lock, on its timeline and in the audit log."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from engine.actor import Actor
from engine.clock import Clock
from engine.database import Database
from engine.devices import timeline
from engine.errors import NotFoundError
from engine.transactions import Session
from models import UserDevice
from models.enums import DeviceEventKind, Role


@dataclass(slots=True)
class Change:
    session: Session
    device: UserDevice
    at: datetime
    notes: list[tuple[DeviceEventKind, str]] = field(default_factory=list)

    def note(self, kind: DeviceEventKind, words: str = "") -> None:
        """Say what was changed; without this nothing was."""
        self.notes.append((kind, words))


@asynccontextmanager
async def changing_device(
    database: Database, clock: Clock, actor: Actor, device_id: int, action: str
) -> AsyncIterator[Change]:
    """Lock a device for a change. Raises NotFoundError, NotAllowedError."""
    async with database.transaction() as session:
        device = await find_device(session, actor, device_id, role=Role.OPERATOR, lock=True)
        change = Change(session, device, clock.now())
        yield change
        for kind, words in change.notes:
            await timeline.note_by(session, actor, device_id, kind, words)
            actor.record(session, change.at, action, device_id, **({"told": words} if words else {}))


async def find_device(
    session: Session, actor: Actor, device_id: int, *, role: Role = Role.VIEWER, lock: bool = False
) -> UserDevice:
    actor.must_be(role)
    query = select(UserDevice).where(
        UserDevice.id == device_id,
        UserDevice.workspace_id == actor.workspace_id,
        UserDevice.removed_at.is_(None),
    )
    device = await session.scalar(query.with_for_update() if lock else query)
    if device is None:
        raise NotFoundError("This device does not exist any more.")
    return device
