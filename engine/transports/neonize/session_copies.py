"""Keeps the copy of a device's session in step with the living store."""

import asyncio
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import structlog

from engine.batching import is_transient
from engine.devices.ownership import OwnedDevice
from engine.devices.session_keys import SessionKeyError
from engine.devices.sessions import LostError
from engine.transports.neonize.session_store import StoreError, durable_copy

log = structlog.get_logger()


class SessionStores(Protocol):
    """What a line needs of `engine.devices.sessions.Sessions`."""

    async def ready(self, device_id: int, epoch: int) -> Path: ...

    async def save(self, device_id: int, epoch: int, content: bytes) -> None: ...


class SessionCopies:
    def __init__(self, sessions: SessionStores, device: OwnedDevice) -> None:
        self._sessions = sessions
        self._device = device
        self._kept = b""  # the digest of the last one

    async def keep(self, content: bytes) -> bool:
        """Whether there is nothing left to be done about it; else the database is away."""
        digest = sha256(content).digest()
        if digest == self._kept:
            return True
        try:
            await self._sessions.save(self._device.id, self._device.epoch, content)
        except (LostError, SessionKeyError) as error:
            log.warning("a session was not saved", device=self._device.name, reason=str(error))
        except Exception as error:
            if not is_transient(error):
                raise
            return False
        self._kept = digest
        return True

    async def keep_at_rest(self, store: Path) -> None:
        """Copy a store that is not open: another disk may be the next to open it, and should miss nothing."""
        try:
            await self.keep(await asyncio.to_thread(durable_copy, store))
        except StoreError as error:
            log.warning("no copy of a session", device=self._device.name, reason=str(error))
