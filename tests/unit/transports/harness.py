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
    PhoneSeen,
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
PATIENCE = 20.0  # seconds; what comes at all comes much sooner
BUSINESS_AT = datetime(2026, 3, 27, 8, 0, tzinfo=UTC)


def text(ref: int = 1, phone: str = PHONE, body: str = "", media: MediaFile | None = None) -> OutgoingMessage:
    body = body or f"Hello {ref}"  # a network that has no place for the ref tells it by the words
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
            if isinstance(event, PhoneSeen):
                continue  # a sign of life may come at any time
            async with self._changed:
                self.heard.append(event)
                self._changed.notify_all()

    async def until(self, count: int, wanted: Callable[[TransportEvent], bool]) -> list[TransportEvent]:
        """The events that are wanted, once there are `count` of them."""

        def found() -> list[TransportEvent]:
            return [event for event in self.heard if wanted(event)]

        async with asyncio.timeout(PATIENCE), self._changed:
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

    async def switch(self, device: int, fault: FaultKind, on: bool = True, **details: object) -> None: ...

    async def reject(self, device: int, *, permanent: bool) -> str:
        """From now on the sends of this device are rejected; the code that they are rejected with."""
        ...

    async def not_on_whatsapp(self, phone: str) -> None: ...

    async def reply(self, phone: str, text: str, device: int) -> None: ...

    async def taken(self) -> list[int]:
        """The refs of the messages on all phones."""
        ...

    async def asked(self, device: int) -> None:
        """Return once the send that was begun since the last switch has reached the network."""
        ...

    async def settled(self, device: int) -> None:
        """Return once everything that was under way to or from this device has arrived."""
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

    async def switch(self, device: int, fault: FaultKind, on: bool = True, **details: object) -> None:
        self.network.set_fault(device, fault, Fault(**details) if on else None)  # type: ignore[arg-type]

    async def reject(self, device: int, *, permanent: bool) -> str:
        await self.switch(device, FaultKind.REJECT, code="131056", permanent=permanent)
        return "131056"

    async def not_on_whatsapp(self, phone: str) -> None:
        self.network.set_on_whatsapp(phone, on=False)

    async def reply(self, phone: str, text: str, device: int) -> None:
        self.network.reply(phone, text, device)

    async def taken(self) -> list[int]:
        phones = (self.network.phone(summary.phone) for summary in self.network.phones())
        return [message.ref for phone in phones for message in phone.messages if message.ref is not None]

    async def asked(self, device: int) -> None:
        await asyncio.sleep(0)  # let it hand the message over
        await self.settled(device)

    async def settled(self, device: int) -> None:
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
