"""A whole engine in a process of its own, to be killed, frozen and stopped; its phones write down what they get.

`python -m tests.integration.engine.process DATABASE_URL HOME LEDGER`
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

from engine.devices.ownership import OwnedDevice
from engine.runtime import Runtime, foundation, running, stop_signal
from engine.settings import Settings
from engine.transports.contract import Capabilities, Outcome, OutgoingMessage, Sent, StateChanged, TransportEvent
from models.enums import DeviceState


class LedgerTransport:
    """Takes a tenth of a second for each message."""

    def __init__(self, device: OwnedDevice, ledger: Path) -> None:
        self._device = device
        self._ledger = ledger
        self._closed = asyncio.Event()

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(revoke=False, stuck_after=timedelta(seconds=30))

    async def connect(self) -> None:
        return

    async def send(self, message: OutgoingMessage) -> Outcome:
        line = {"at": time.time(), "pid": os.getpid(), "device": self._device.id, "ref": message.ref}
        with self._ledger.open("a") as file:
            file.write(json.dumps(line) + "\n")
        await asyncio.sleep(0.1)
        return Sent(f"wamid-{message.ref}")

    async def events(self) -> AsyncIterator[TransportEvent]:
        yield StateChanged(DeviceState.ONLINE)
        await self._closed.wait()

    async def close(self) -> None:
        self._closed.set()


async def main(url: str, home: str, ledger: str) -> None:
    stopped = stop_signal()
    settings = Settings(_env_file=None, database_url=url, dripdesk_home=Path(home))
    async with foundation(settings) as base:
        runtime = Runtime(base, lambda device: LedgerTransport(device, Path(ledger)))
        async with running(runtime.run(asyncio.Event())):
            await stopped.wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
