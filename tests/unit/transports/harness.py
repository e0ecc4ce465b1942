"""What the contract tests need of a transport's world: devices on it, and the means to break it.

A further transport joins the contract tests by one more Harness in HARNESSES.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from engine.transports.contract import (
    Inbound,
    MediaFile,
    OutgoingMessage,
    Receipt,
    StateChanged,
    Transport,
    TransportEvent,
)
from engine.transports.simulator.faults import Fault, FaultKind
from engine.transports.simulator.link import SimulatorLink
from engine.transports.simulator.network import SimulatedNetwork
from engine.transports.simulator.server import SimulatorServer
from engine.transports.simulator.transport import SimulatorTransport
from models.enums import ContentKind, DeviceState
from tests.processes import free_port

PHONE = "+60123456789"
BUSINESS_AT = datetime(2026, 3, 27, 8, 0, tzinfo=UTC)


def text(ref: int = 1, phone: str = PHONE, body: str = "Hello", media: MediaFile | None = None) -> OutgoingMessage:
    kind = ContentKind.IMAGE if media else ContentKind.TEXT
    return OutgoingMessage(ref, phone, kind, body, media, BUSINESS_AT)


class Ear:
    """Hears all events of a transport, in order."""

    def __init__(self, transport: Transport) -> None:
        self.heard: list[TransportEvent] = []
        self._changed = asyncio.Condition()
        self.task = asyncio.create_task(self._listen(transport))

    async def _listen(self, transport: Transport) -> None:
        async for event in transport.events():
            async with self._changed:
                self.heard.append(event)
                self._changed.notify_all()

    async def until(self, count: int, wanted: Callable[[TransportEvent], bool]) -> list[TransportEvent]:
        """The events that are wanted, once there are `count` of them."""

        def found() -> list[TransportEvent]:
            return [event for event in self.heard if wanted(event)]

        async with asyncio.timeout(5), self._changed:
            await self._changed.wait_for(lambda: len(found()) >= count)
        return found()

    async def state(self, state: DeviceState, count: int = 1) -> StateChanged:
        """The `count`-th change to this state."""
        changes = await self.until(count, lambda event: isinstance(event, StateChanged) and event.state is state)
        assert isinstance(changes[-1], StateChanged)
        return changes[-1]

    async def receipts(self, count: int) -> list[Receipt]:
        return await self.until(count, lambda event: isinstance(event, Receipt))  # type: ignore[return-value]

    async def replies(self, count: int) -> list[Inbound]:
        return await self.until(count, lambda event: isinstance(event, Inbound))  # type: ignore[return-value]

    async def close(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


class Harness(Protocol):
    async def start(self) -> None: ...

    async def close(self) -> None: ...

    def transport(self, device: int) -> Transport:
        """A device of this process, not yet connected."""
        ...

    async def transport_elsewhere(self, device: int) -> Transport:
        """The same account, opened by another process."""
        ...

    def switch(self, device: int, fault: FaultKind, on: bool = True, **details: object) -> None: ...

    def not_on_whatsapp(self, phone: str) -> None: ...

    def reply(self, phone: str, text: str, device: int) -> None: ...

    def taken(self) -> list[int]:
        """The refs of the messages on all phones."""
        ...

    async def reached(self, device: int) -> None:
        """Return once a send of this device, and what was sent before it, has reached the network."""
        ...

    async def network_down(self) -> None: ...

    async def network_up(self) -> None: ...


class SimulatorHarness:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._port = free_port()  # it comes back at the same one
        self._links: list[SimulatorLink] = []

    async def start(self) -> None:
        await self.network_up()
        self.link = await self._open_link()

    async def close(self) -> None:
        for link in self._links:
            await link.close()
        await self.network_down()

    def transport(self, device: int) -> Transport:
        return SimulatorTransport(self.link, device, f"Device {device}")

    async def transport_elsewhere(self, device: int) -> Transport:
        return SimulatorTransport(await self._open_link(), device, f"Device {device}")

    async def _open_link(self) -> SimulatorLink:
        link = SimulatorLink(self.server.url)
        await link.start()
        self._links.append(link)
        return link

    def switch(self, device: int, fault: FaultKind, on: bool = True, **details: object) -> None:
        self.network.set_fault(device, fault, Fault(**details) if on else None)  # type: ignore[arg-type]

    def not_on_whatsapp(self, phone: str) -> None:
        self.network.set_on_whatsapp(phone, on=False)

    def reply(self, phone: str, text: str, device: int) -> None:
        self.network.reply(phone, text, device)

    def taken(self) -> list[int]:
        phones = (self.network.phone(summary.phone) for summary in self.network.phones())
        return [message.ref for phone in phones for message in phone.messages if message.ref is not None]

    async def reached(self, device: int) -> None:
        # Frames keep their order on the link, so an answered question means that all before it has arrived.
        bystander = self.transport(9999)
        ear = Ear(bystander)
        await bystander.connect()
        await ear.state(DeviceState.ONLINE)
        await bystander.close()
        await ear.close()

    async def network_down(self) -> None:
        await self.server.close()
        self.network.close()

    async def network_up(self) -> None:
        self.network = SimulatedNetwork(
            self._directory / "network.sqlite",
            ledger=self._directory / "ledger.jsonl",
            read_after=0.02,
            reconnect_after=0.02,
        )
        self.server = SimulatorServer(self.network, port=self._port)
        await self.server.start()


HARNESSES: list[Callable[[Path], Harness]] = [SimulatorHarness]
