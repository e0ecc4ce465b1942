"""A whole engine (desk, pool, workers) over a transport that does what the test has written down."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from engine.broadcast.checkup import Checkup
from engine.broadcast.desk import Desk
from engine.broadcast.pool import WorkerPool
from engine.devices.ownership import OwnedDevice, Ownership
from engine.devices.shortage import Shortage
from engine.transports.contract import (
    Capabilities,
    Outcome,
    OutgoingMessage,
    RevocationOutcome,
    Sent,
    StateChanged,
    Transport,
    TransportEvent,
)
from models.enums import DeviceState
from tests.integration.engine.world import World, until


class Script:
    """What the network does, for all devices; and what it has been asked to send."""

    def __init__(self) -> None:
        self.asked: list[OutgoingMessage] = []
        self.outcomes: list[Outcome | Exception] = []  # for the next sends; then everything is Sent
        self.flowing = asyncio.Event()  # cleared: sends hang
        self.flowing.set()
        self.stuck_after = timedelta(seconds=30)
        self.first_state = StateChanged(DeviceState.ONLINE)
        self.revoked: list[tuple[str, str]] = []
        self.not_revocable: set[str] = set()
        self.lines: dict[int, list[ScriptedTransport]] = defaultdict(list)

    def transport(self, device: OwnedDevice) -> "ScriptedTransport":
        line = ScriptedTransport(self)
        self.lines[device.id].append(line)
        return line

    @property
    def bodies(self) -> list[str]:
        return [message.body for message in self.asked]


class ScriptedTransport:
    def __init__(self, script: Script) -> None:
        self._script = script
        self._events: asyncio.Queue[TransportEvent | None] = asyncio.Queue()
        self.closed = False

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(revoke=True, stuck_after=self._script.stuck_after)

    async def connect(self) -> None:
        self.say(self._script.first_state)

    def say(self, event: TransportEvent) -> None:
        self._events.put_nowait(event)

    async def send(self, message: OutgoingMessage) -> Outcome:
        self._script.asked.append(message)
        await self._script.flowing.wait()
        outcome = self._script.outcomes.pop(0) if self._script.outcomes else Sent(f"wamid-{message.ref}")
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def revoke(self, message_id: str, phone: str) -> RevocationOutcome:
        self._script.revoked.append((message_id, phone))
        refused = message_id in self._script.not_revocable
        return RevocationOutcome.REFUSED if refused else RevocationOutcome.REVOKED

    async def events(self) -> AsyncIterator[TransportEvent]:
        while (event := await self._events.get()) is not None:
            yield event

    async def close(self) -> None:
        self.closed = True
        self._events.put_nowait(None)


@dataclass
class Rig:
    world: World
    script: Script
    desk: Desk
    pool: WorkerPool
    ownership: Ownership
    running: asyncio.Task[None]
    checkup: Checkup
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def move_to(self, instant: datetime) -> None:
        await self.world.move_to(instant)
        self.pool.wake()

    async def status(self, *statuses: str) -> None:
        """Wait until the messages stand so."""

        async def so() -> bool:
            return await self.world.statuses() == list(statuses)

        try:
            await until(so)
        except TimeoutError:
            raise AssertionError(await self.world.statuses()) from None

    async def alert(self, kind: str, status: str) -> None:
        """Wait until there is this alert."""

        async def there() -> bool:
            return (kind, status) in [alert[:2] for alert in await self.world.alerts()]

        try:
            await until(there)
        except TimeoutError:
            raise AssertionError(await self.world.alerts()) from None

    async def drain(self) -> None:
        self.running.cancel()
        await asyncio.wait({self.running})


@asynccontextmanager
async def engine_running(world: World, script: Script, *, capacity: int = 100) -> AsyncIterator[Rig]:
    async with engine_with(world, script.transport, script, capacity=capacity) as rig:
        try:
            yield rig
        finally:
            script.flowing.set()


@asynccontextmanager
async def engine_with(
    world: World, transport_for: Callable[[OwnedDevice], Transport], script: Script, *, capacity: int = 100
) -> AsyncIterator[Rig]:
    """A whole engine on other transports than the script's."""
    ownership = await Ownership.register(world.database, world.clock, capacity=capacity)
    desk = Desk(world.database, world.clock, engine_id=ownership.engine_id, random=Random(1))
    shortage = Shortage(world.database, world.clock)
    pool = WorkerPool(ownership, desk, world.clock, transport_for, shortage, random=Random(1))
    serving = asyncio.create_task(desk.run())
    checkup = Checkup(world.database, world.clock, pool)
    rig = Rig(world, script, desk, pool, ownership, asyncio.create_task(pool.run()), checkup)
    try:
        yield rig
    finally:
        await rig.drain()
        serving.cancel()
        await asyncio.wait({serving})
        if not rig.running.cancelled():
            rig.running.result()
