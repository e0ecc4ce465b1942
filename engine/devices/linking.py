"""What linking and unlinking devices need from elsewhere, and a call that a stuck WhatsApp cannot hold up."""

import asyncio
from typing import Protocol

import structlog

from engine.transactions import Session
from engine.transports.contract import Linker
from models.enums import DeviceState, TransportKind

log = structlog.get_logger()


class PairedSessions(Protocol):
    """Where the sessions of paired devices are kept."""

    async def adopt(
        self, device_id: int, workspace_id: int, content: bytes, *, session: Session | None = None
    ) -> None: ...

    async def read(self, device_id: int) -> bytes:
        """Return the session in the clear. Raises DripdeskError: there is none, or its key is another one."""
        ...

    async def forget(self, device_id: int) -> None: ...


def only_pairing_helps(state: DeviceState, transport: TransportKind) -> bool:
    """Whether nothing else brings the device back: WhatsApp refuses one that it has logged out, however often."""
    return transport is TransportKind.NEONIZE and state in {DeviceState.UNPAIRED, DeviceState.LOGGED_OUT}


async def log_out(linker: Linker | None, content: bytes, *, within: float) -> bool:
    """Take a device off its phone's list; whether WhatsApp has confirmed it, in so many machine seconds."""
    if linker is None:
        return False
    try:
        async with asyncio.timeout(within):
            return await linker.unlink(content)
    except Exception:  # whatever it is, the operator is told to do it on the phone
        log.warning("a device could not be logged out", exc_info=True)
        return False
