"""Engines whose every move is made here: they claim for all devices that are ready, and say what became of it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import text

from engine.broadcast import store
from engine.broadcast.admission import Pause
from engine.broadcast.claims import Answer, Claimed, Lost, Refused
from engine.broadcast.store import Ask, Waiting
from engine.clock import ManualClock
from engine.database import Database
from tests.simulation.quarter.engines import MOST_DEVICES, Engine, Slow, register
from tests.simulation.quarter.fates import draw_fate, report
from tests.simulation.quarter.record import Attempt, Device, Record

FAR = timedelta(days=3650)
AHEAD = 10  # messages
SMALL_PART = 5  # of the devices is what all engines but one have: fewer transactions than with even parts
IMPATIENT = 0.03  # of the devices that must wait ask all the same
SLOW = 0.01  # of the sends take minutes

AGE = "UPDATE engines SET heartbeat_at = clock_timestamp() - interval '1 hour' WHERE id = :id"


@dataclass
class Fleet:
    database: Database
    clock: ManualClock
    record: Record
    seed: int
    engines: list[Engine] = field(default_factory=list)
    waiting: dict[int, list[Waiting]] = field(default_factory=dict)  # by device: what it would send next
    not_before: dict[int, datetime] = field(default_factory=dict)  # by device: what its worker was told
    slow: list[Slow] = field(default_factory=list)
    epochs: dict[int, int] = field(default_factory=dict)  # by device, as its engine knows it
    owners: dict[int, Engine] = field(default_factory=dict)  # by device
    stale: set[int] = field(default_factory=set)  # devices to look at again

    def __post_init__(self) -> None:
        self.eyes = self.database.direct()

    async def start(self, engines: int) -> None:
        self.engines = [await register(self.database, self.clock, number, self.seed) for number in range(engines)]
        small = len(self.record.devices) // SMALL_PART
        for engine in self.engines[1:]:
            await engine.ownership.take(small)
        await self.engines[0].ownership.take(MOST_DEVICES)
        await self._look_at_owners()

    @property
    def asleep(self) -> frozenset[int]:
        """Devices whose engine has died, and that nobody has taken over yet."""
        return frozenset(device_id for device_id, owner in self.owners.items() if owner.dead)

    # -- what happens to engines --

    def doom(self, number: int, *, comes_back: bool) -> None:
        """Let this engine die when it next has something on its way, unless it is the last one."""
        engine = self.engines[number]
        if not any(one.doomed or one.dead for one in self.engines):
            engine.doomed, engine.comes_back = True, comes_back

    async def replace(self, number: int) -> None:
        """Start another in the place of one that has died; it gets a part of the devices."""
        engine = self.engines[number]
        engine.doomed = False
        if not engine.dead:
            return
        if engine.left:
            await self._take_over(engine)
        self.engines[number] = fresh = await register(self.database, self.clock, number, self.seed)
        survivor = next(one for one in self.engines if not one.dead and one is not fresh)
        owned, _ = await survivor.ownership.owned()
        idle = sorted(device.id for device in owned if device.id not in self.record.on_its_way)
        await survivor.ownership.release(idle[: len(owned) // SMALL_PART])
        await survivor.ownership.beat()
        await fresh.ownership.take(MOST_DEVICES)
        await self._look_at_owners()

    async def restart_worker(self, device: Device) -> None:
        engine = self.owners[device.id]
        if engine.dead:
            return
        owned, _ = await engine.ownership.owned()
        await engine.ownership.renew(next(one for one in owned if one.id == device.id))
        self._doubt(device.id)
        self.slow = [one for one in self.slow if one.attempt.device is not device]
        await self._look_at_owners()

    async def _take_over(self, dead: Engine) -> None:
        """The devices of an engine that has died go to the others. It may then turn out to live."""
        survivor = next(one for one in self.engines if not one.dead)
        async with self.database.transaction() as session:
            await session.execute(text(AGE), {"id": dead.ownership.engine_id})
        await survivor.ownership.beat()
        await survivor.ownership.take(MOST_DEVICES)
        taken = [device_id for device_id, owner in self.owners.items() if owner is dead]
        for device_id in taken:
            self._doubt(device_id)
            self.record.devices[device_id].held_at = self.clock.now()
        old = dict(self.epochs)
        await self._look_at_owners()
        if dead.comes_back:
            await dead.outcomes.write([report(claimed, attempt) for claimed, attempt in dead.left])
            for _, attempt in dead.left:
                self.record.believes(attempt)
            asks = [
                Ask(device_id, old[device_id], self.waiting[device_id][0].message_id)
                for device_id in taken
                if self.waiting.get(device_id)
            ]
            answers = await dead.claims.claim(asks) if asks else []
            for ask, answer in zip(asks, answers, strict=True):
                if isinstance(answer, Claimed):
                    self._claimed(ask, answer, dead)
                elif not isinstance(answer, Lost):
                    self.record.surprises.append(f"a stale engine is told {answer} for device {ask.device_id}")
        dead.left.clear()

    def _doubt(self, device_id: int) -> None:
        """What this device had on its way is unknown from now on."""
        attempt = self.record.on_its_way.get(device_id)
        if attempt is not None:
            self.record.ended(attempt, self.clock.now(), taken_over=True)
            self.record.outcomes[attempt.message] = "unknown"

    async def _look_at_owners(self) -> None:
        for engine in self.engines:
            if engine.dead:
                continue
            for device in (await engine.ownership.owned())[0]:
                self.owners[device.id] = engine
                self.epochs[device.id] = self.record.devices[device.id].epoch = device.epoch

    # -- time --

    def wake(self) -> None:
        """Something may go on: ask again, whatever was known before."""
        self.look_again()
        self.not_before.clear()

    def look_again(self) -> None:
        self.stale = set(self.record.devices)

    async def next_event(self) -> datetime | None:
        """When somebody has something to do next."""
        await self._look_ahead()
        times = [slow.until for slow in self.slow]
        for device_id, waiting in self.waiting.items():
            if waiting and self._may_ask(device_id):
                due = min(one.due_at for one in waiting)
                times.append(max(due, self.not_before.get(device_id, due)))
        if any(engine.dead and engine.left for engine in self.engines):
            times.append(self.clock.now())
        return min(times, default=None)

    def _may_ask(self, device_id: int) -> bool:
        device = self.record.devices[device_id]
        return not (device.dropped or self.owners[device_id].dead or device_id in self.record.on_its_way)

    async def _look_ahead(self) -> None:
        if not self.stale:
            return
        ids = sorted(self.stale)
        async with self.eyes.statement() as connection:
            ahead = await store.read_ahead(connection, ids, self.clock.now() + FAR, AHEAD)
        self.waiting |= {device_id: ahead.get(device_id, []) for device_id in ids}
        self.stale.clear()

    async def work(self) -> None:
        """Do everything that can be done now."""
        now = self.clock.now()
        for engine in self.engines:
            if engine.dead and engine.left:
                await self._take_over(engine)
        due = [slow for slow in self.slow if slow.until <= now]
        self.slow = [slow for slow in self.slow if slow.until > now]
        for slow in due:
            await self._report(slow.engine, [(slow.claimed, slow.attempt)])
        impatient = Random(f"{self.seed}/{now}")
        told: set[int] = set()  # each device asks in vain once
        await self._look_ahead()
        while True:
            if any(device_id in self.stale and not waiting for device_id, waiting in self.waiting.items()):
                await self._look_ahead()
            asking = self._who_asks(now, impatient, told)
            if not asking:
                return
            for number, asks in asking.items():
                await self._ask(self.engines[number], asks)

    def _who_asks(self, now: datetime, impatient: Random, told: set[int]) -> dict[int, list[Ask]]:
        """By engine: for whatever is due, and some of the devices that have been told to wait."""
        asking: dict[int, list[Ask]] = defaultdict(list)
        for device_id, waiting in sorted(self.waiting.items()):
            due = next((one for one in waiting if one.due_at <= now), None)
            if due is None or not self._may_ask(device_id):
                continue
            waits = self.not_before.get(device_id, now) > now
            if waits and (device_id in told or impatient.random() > IMPATIENT):
                continue
            if waits:
                told.add(device_id)
            asking[self.owners[device_id].number].append(Ask(device_id, self.epochs[device_id], due.message_id))
        return asking

    async def _ask(self, engine: Engine, asks: Sequence[Ask]) -> None:
        answers = await engine.claims.claim(asks)
        self.record.asks += len(asks)
        done = []
        for ask, answer in zip(asks, answers, strict=True):
            claimed = self._answered(ask, answer, engine)
            if claimed is not None:
                done.append(claimed)
        if engine.doomed and done:
            engine.dead, engine.doomed, engine.left = True, False, done
            engine.left += [(slow.claimed, slow.attempt) for slow in self.slow if slow.engine is engine]
            self.slow = [slow for slow in self.slow if slow.engine is not engine]
            return
        at_once = []
        for claimed, attempt in done:
            lot = Random(f"{self.seed}/slow/{attempt.message}/{claimed.attempt}")
            if lot.random() < SLOW:
                until = self.clock.now() + timedelta(seconds=lot.choice([30, 90, 600, 3600]))
                self.slow.append(Slow(until, engine, claimed, attempt))
            else:
                at_once.append((claimed, attempt))
        await self._report(engine, at_once)

    def _answered(self, ask: Ask, answer: Answer, engine: Engine) -> tuple[Claimed, Attempt] | None:
        if not isinstance(answer, Pause):
            waiting = self.waiting[ask.device_id]
            self.waiting[ask.device_id] = [one for one in waiting if one.message_id != ask.message_id]
            self.stale.add(ask.device_id)
        match answer:
            case Claimed() as claimed:
                return claimed, self._claimed(ask, claimed, engine)
            case Pause(until=until):
                self.not_before[ask.device_id] = until or self.clock.now() + FAR
            case Refused():
                self.record.refuse(ask.message_id, self.record.devices[ask.device_id], self.clock.now())
            case _:
                self.record.surprises.append(f"{self.clock.now()}: {answer} for {ask}, when nobody is in the way")
        return None

    def _claimed(self, ask: Ask, claimed: Claimed, engine: Engine) -> Attempt:
        record = self.record
        device, known = record.devices[ask.device_id], record.messages[ask.message_id]
        attempt = Attempt(
            at=self.clock.now(),
            device=device,
            message=ask.message_id,
            epoch=ask.epoch,
            body=claimed.message.body,
            to=known.person,
            run=known.run,
            step=known.step,
            stood=record.stood(ask.message_id, known),
            forbidden=record.forbidden(known, device),
            current_epoch=device.epoch,
            min_delay=device.min_delay,
            hourly_cap=device.hourly_cap,
            daily_cap=device.daily_cap,
            fate=draw_fate(known, f"{self.seed}/{ask.message_id}/{len(record.attempts)}", claimed.attempt),
        )
        record.begun(attempt)
        return attempt

    async def _report(self, engine: Engine, done: Sequence[tuple[Claimed, Attempt]]) -> None:
        if not done:
            return
        await engine.outcomes.write([report(claimed, attempt) for claimed, attempt in done])
        now = self.clock.now()
        for claimed, attempt in done:
            self.record.ended(attempt, now)
            self.record.believes(attempt)
            self.not_before[attempt.device.id] = now + claimed.delay
            self.stale.add(attempt.device.id)
