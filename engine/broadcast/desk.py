"""What all workers of one engine share: the grouped claims, outcomes and reports to the database."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from engine.batching import Batcher
from engine.broadcast import store
from engine.broadcast.claims import Answer, Claims
from engine.broadcast.media import MediaLibrary
from engine.broadcast.observations import Observations, ReceiptNote, StateNote
from engine.broadcast.outcomes import Outcomes, Report
from engine.broadcast.revocations import Revocation, RevocationDesk, RevocationEnd
from engine.broadcast.store import Ask, Waiting
from engine.clock import Clock
from engine.contacts.inbox import Inbox
from engine.database import Database
from engine.signals import Signal
from engine.transports.contract import Inbound

READ_AHEAD = 200  # messages a device; 3,000 devices with full buffers need 100 MB
READ_TOGETHER = 50  # devices: with full buffers, 500 of them would take longer than one may wait
CLAIMS_PAUSE = 0.02  # machine seconds: an idle engine answers at once, a busy one twice as many together
ANSWER_WITHIN = 15.0  # machine seconds; then it is tried again on another connection
LOOK_AHEAD = timedelta(seconds=60)  # machine time: what becomes due so soon is read as well


class Desk:
    def __init__(self, database: Database, clock: Clock, *, engine_id: int, random: Random) -> None:
        self._database = database = database.within(ANSWER_WITHIN)
        self._clock = clock
        self._newest: int | None = None  # the message that was queued last, as far as seen
        self._reading = database.direct()
        self._inbox = Inbox(database, clock)
        claims = Claims(database, clock, MediaLibrary(), engine_id=engine_id, random=random)
        observations = Observations(database, clock)
        self.waiting: Batcher[int, list[Waiting]] = Batcher(self._read_ahead, limit=READ_TOGETHER)
        self.claims: Batcher[Ask, Answer] = Batcher(claims.claim, pause=CLAIMS_PAUSE)
        self.outcomes: Batcher[Report, None] = Batcher(Outcomes(database, clock).write)
        revocations = RevocationDesk(database, clock)
        self.revocations: Batcher[int, list[Revocation]] = Batcher(revocations.open, limit=READ_TOGETHER)
        self.revoked: Batcher[RevocationEnd, None] = Batcher(revocations.end)
        self.receipts: Batcher[ReceiptNote, bool] = Batcher(observations.receipts)
        self.states: Batcher[StateNote, None] = Batcher(observations.states)
        self.phones_seen: Batcher[tuple[int, datetime], None] = Batcher(observations.phones_seen)
        self.signals: Batcher[Signal, None] = Batcher(observations.signals)
        self.inbound: Batcher[tuple[int, Inbound], None] = Batcher(self._receive, limit=1)

    async def run(self) -> None:
        """Serve the workers until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for batcher in (
                self.waiting, self.claims, self.outcomes, self.revocations, self.revoked, self.receipts,
                self.states, self.phones_seen, self.signals, self.inbound,
            ):  # fmt: skip
                tasks.create_task(batcher.run())

    async def newly_queued(self) -> list[int]:
        """Find the devices that have new messages since the last call: in case no notification came through."""
        async with self._database.transaction() as session:
            newest, device_ids = await store.newly_queued(session, self._newest)
        self._newest = newest
        return device_ids

    async def _read_ahead(self, device_ids: Sequence[int]) -> list[list[Waiting]]:
        horizon = self._clock.now() + LOOK_AHEAD * self._clock.speed
        async with self._reading.statement() as statement:
            ahead = await store.read_ahead(statement, device_ids, horizon, READ_AHEAD)
        return [ahead.get(device_id, []) for device_id in device_ids]

    async def _receive(self, messages: Sequence[tuple[int, Inbound]]) -> list[None]:
        for device_id, inbound in messages:
            await self._inbox.receive(device_id, inbound)
        return [None] * len(messages)
