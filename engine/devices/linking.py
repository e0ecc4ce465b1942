"""What linking and unlinking devices need from elsewhere, and a call that a stuck WhatsApp cannot hold up."""

import asyncio
from typing import Protocol

import structlog

from engine.errors import NotFoundError
from engine.transactions import Session
from engine.transports.contract import Linker

log = structlog.get_logger()

UNLINK_WITHIN = 15.0  # machine seconds


class PairedSessions(Protocol):
    """Where the sessions of paired devices are kept."""

    async def adopt(
        self, device_id: int, workspace_id: int, content: bytes, *, session: Session | None = None
    ) -> None: ...

    async def read(self, device_id: int) -> bytes:
        """Return the session in the clear. Raises DripdeskError: there is none, or its key is another one."""
        ...

    async def forget(self, device_id: int) -> None: ...


class NoSessions:
    """Where no real device can be."""

    async def adopt(
        self, device_id: int, workspace_id: int, content: bytes, *, session: Session | None = None
    ) -> None:
        raise NotFoundError("There is nowhere to keep the session of a device.")

    async def read(self, device_id: int) -> bytes:
        raise NotFoundError("There is no session of this device.")

    async def forget(self, device_id: int) -> None:
        """There is none."""


async def log_out(linker: Linker | None, content: bytes) -> bool:
    """Take a device off its phone's list; whether WhatsApp has confirmed it."""
    if linker is None:
        return False
    try:
        async with asyncio.timeout(UNLINK_WITHIN):
            return await linker.unlink(content)
    except Exception:  # whatever it is, the operator is told to do it on the phone
        log.warning("a device could not be logged out", exc_info=True)
        return False
