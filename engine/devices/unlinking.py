"""Logging real devices out of WhatsApp, so that their phones do not list them any more.

What is to be logged out is written in the rows: a session whose device is unpaired or removed. The loop tells
WhatsApp, once, and forgets the session whether or not it was heard: then only the phone itself can unlink it.
"""

import asyncio
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select, text

from engine.actor import Actor
from engine.alerts import close_alerts
from engine.batching import is_transient
from engine.clock import Clock
from engine.database import Database
from engine.devices import timeline
from engine.devices.changes import changing_device
from engine.devices.linking import PairedSessions, log_out
from engine.devices.linking_lock import LinkingLock
from engine.devices.pairing_store import PAIRING, let_go
from engine.devices.registry import Devices
from engine.errors import ConflictError, DripdeskError, NotFoundError
from engine.transports.contract import Linker
from models import DeviceEvent, UserDevice
from models.enums import DeviceEventKind, DeviceState, TransportKind

# Machine seconds.
LOOK_EVERY = 15.0  # who asks for it here is served at once
UNLINKS_WITHIN = 45.0

TOLD = "WhatsApp has confirmed it"
NOT_TOLD = "WhatsApp could not be told"

DUE = """
SELECT s.device_id FROM device_sessions s JOIN user_devices d ON d.id = s.device_id
 WHERE d.removed_at IS NOT NULL OR d.state = 'unpaired'
 ORDER BY s.device_id
"""
STILL_DUE = """
SELECT EXISTS (SELECT FROM device_sessions s JOIN user_devices d ON d.id = s.device_id
                WHERE d.id = :device_id AND (d.removed_at IS NOT NULL OR d.state = 'unpaired')) AS due
"""
IS_LINKED = "SELECT EXISTS (SELECT FROM device_sessions WHERE device_id = :device_id)"


class Unlinked(StrEnum):
    UNDER_WAY = "under_way"
    DONE = "done"
    UNHEARD = "unheard"  # to be done on the phone
    NOT_LINKED = "not_linked"  # there was nothing to log out of


@dataclass(frozen=True, slots=True)
class UnlinkingStatus:
    name: str
    phone: str | None
    removed: bool
    outcome: Unlinked


class Unlinking:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        devices: Devices,
        linker: Linker | None,
        sessions: PairedSessions,
    ) -> None:
        self._database = database
        self._clock = clock
        self._devices = devices
        self._linker = linker
        self._sessions = sessions
        self._asked = asyncio.Event()

    async def log_out(self, actor: Actor, device_id: int) -> None:
        """Take the device off its phone. It stays here with its people and settings, unpaired. Idempotent."""
        async with changing_device(self._database, self._clock, actor, device_id, "device.log_out") as change:
            device = change.device
            if device.transport is not TransportKind.NEONIZE:
                raise ConflictError(
                    f"{device.name} is no real WhatsApp number, so there is nothing to log out of."
                )
            if device.state in PAIRING:
                raise ConflictError(f"{device.name} is just being paired. Stop that first.")
            if device.state is DeviceState.UNPAIRED:
                return
            let_go(device, DeviceState.UNPAIRED)
            await close_alerts(
                change.session, actor.workspace_id, device_id, "It was logged out from here.", change.at
            )
            actor.record(change.session, change.at, "device.log_out", device_id)
        self._asked.set()

    async def remove(self, actor: Actor, device_id: int) -> None:
        """Take the device out of service for good, and off its phone. Raises what `Devices.remove` raises."""
        await self._devices.remove(actor, device_id)
        self._asked.set()

    async def status(self, actor: Actor, device_id: int) -> UnlinkingStatus:
        """How the last logging out of a device stands, also of one that is removed. Raises NotFoundError."""
        async with self._database.transaction() as session:
            device = await session.scalar(
                select(UserDevice).where(UserDevice.id == device_id, UserDevice.workspace_id == actor.workspace_id)
            )
            if device is None:
                raise NotFoundError("This device does not exist any more.")
            linked = await session.scalar(text(IS_LINKED), {"device_id": device_id})
            last = await session.scalar(
                select(DeviceEvent.text)
                .where(DeviceEvent.device_id == device_id, DeviceEvent.kind == DeviceEventKind.UNLINKED)
                .order_by(DeviceEvent.id.desc())
                .limit(1)
            )
        return UnlinkingStatus(
            device.name, device.phone, device.removed_at is not None, _outcome(linked=bool(linked), last=last)
        )

    async def run(self) -> None:
        """Log out what is to be logged out until cancelled."""
        while True:
            self._asked.clear()
            try:
                await self.run_once()
            except Exception as error:
                if not is_transient(error):
                    raise
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    await self._asked.wait()
            except TimeoutError:
                continue

    async def run_once(self) -> int:
        """Log out every device that is to be; how many."""
        async with self._database.transaction() as session:
            due = list(await session.scalars(text(DUE)))
        return sum([await self._log_out(device_id) for device_id in due])

    async def _log_out(self, device_id: int) -> bool:
        async with LinkingLock(self._database.url) as lock:
            if not await lock.take(device_id):
                return False  # somebody else is at it, or it is just being paired anew
            async with self._database.transaction() as session:
                if not await session.scalar(text(STILL_DUE), {"device_id": device_id}):
                    return False
            told = await self._tell_whatsapp(device_id)
            async with self._database.transaction() as session:
                await timeline.note(session, device_id, DeviceEventKind.UNLINKED, TOLD if told else NOT_TOLD)
            await self._sessions.forget(device_id)
        return True

    async def _tell_whatsapp(self, device_id: int) -> bool:
        try:
            content = await self._sessions.read(device_id)
        except DripdeskError:  # the key to it is another one now
            return False
        return await log_out(self._linker, content, within=UNLINKS_WITHIN)


def _outcome(*, linked: bool, last: str | None) -> Unlinked:
    if linked:
        return Unlinked.UNDER_WAY
    if last is None:
        return Unlinked.NOT_LINKED
    return Unlinked.DONE if last == TOLD else Unlinked.UNHEARD
