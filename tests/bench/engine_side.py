"""The product's own claims and outcomes, without workers and transports: what the database sees of an engine."""

import asyncio
import time
from collections.abc import Awaitable, Sequence
from random import Random

from engine.broadcast import store
from engine.broadcast.claims import Claimed, Claims
from engine.broadcast.media import MediaLibrary
from engine.broadcast.outcomes import Outcomes, Report
from engine.broadcast.store import Ask
from engine.clock import ManualClock
from engine.database import Database
from engine.devices.ownership import Ownership
from engine.transports.contract import Sent
from tests.bench.filled import NOW

BATCH = 500  # as the desk's batchers have it
READ_AHEAD = 100


class EngineSide:
    """Owns every device of the database. A round claims and sends one message of each device that has one."""

    def __init__(self, database: Database, ownership: Ownership, epochs: dict[int, int]) -> None:
        self._database, self._epochs = database, epochs
        clock = ManualClock(NOW)
        self._claims = Claims(
            database, clock, MediaLibrary(), engine_id=ownership.engine_id, random=Random(1)
        )  # fmt: skip
        self._outcomes = Outcomes(database, clock)
        self._ahead: dict[int, list[int]] = {}
        self.sent = 0

    @classmethod
    async def started(cls, database: Database) -> "EngineSide":
        ownership = await Ownership.register(database, ManualClock(NOW), capacity=1_000_000)
        await ownership.take(1_000_000)
        devices, _ = await ownership.owned()
        return cls(database, ownership, {device.id: device.epoch for device in devices})

    async def round(self, devices: Sequence[int] | None = None) -> int:
        """Claim one message of each of these devices (None: all), and write what became of them; how many."""
        devices = list(self._epochs) if devices is None else devices
        await self._read_ahead([device for device in devices if not self._ahead.get(device)])
        asks = [self._ask(device) for device in devices if self._ahead.get(device)]
        writing: Awaitable[object] = asyncio.sleep(0)
        for first in range(0, len(asks), BATCH):
            reports, _ = await asyncio.gather(self._claim(asks[first : first + BATCH]), writing)
            writing = self._outcomes.write(reports)
        await writing
        self.sent += len(asks)
        return len(asks)

    async def time_claim(self, devices: Sequence[int]) -> float:
        """Seconds to read what these devices may send and to claim one message of each; then they are sent."""
        self._ahead.clear()
        began = time.perf_counter()
        await self._read_ahead(devices)
        reports = await self._claim([self._ask(device) for device in devices])
        seconds = time.perf_counter() - began
        await self._outcomes.write(reports)
        return seconds

    def _ask(self, device: int) -> Ask:
        return Ask(device, self._epochs[device], self._ahead[device].pop(0))

    async def _claim(self, asks: Sequence[Ask]) -> list[Report]:
        answers = await self._claims.claim(asks)
        reports = []
        for ask, answer in zip(asks, answers, strict=True):
            assert isinstance(answer, Claimed), answer
            reports.append(Report(ask.device_id, answer, Sent(f"id-{ask.message_id}")))
        return reports

    async def _read_ahead(self, devices: Sequence[int]) -> None:
        if devices:
            async with self._database.transaction() as session:
                ahead = await store.read_ahead(session, devices, NOW, READ_AHEAD)
            for device in devices:
                self._ahead[device] = [waiting.message_id for waiting in ahead.get(device, [])]
