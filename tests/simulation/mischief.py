"""Carries a plan out, and writes down what each deed may have cost."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field, replace
from datetime import datetime

from engine.devices.registry import Devices
from engine.sequences.control import SequenceControl
from engine.settings import Settings
from engine.workspaces import Workspaces
from tests.simulation import rows
from tests.simulation.audit import OPERATORS_WAIT, Causes, Pause
from tests.simulation.crowd import Crowd
from tests.simulation.installation import Installation
from tests.simulation.plan import Fault, Kind

UNTIL_STATEMENTS_END = 0.3  # seconds: what PostgreSQL was doing for an engine that is gone is over by then
SWITCHES = {Kind.HANG: "hang", Kind.LOST_ACK: "lost_ack", Kind.REJECT: "reject"}


@dataclass
class Mischief:
    """One deed at a time, so that what is in flight at each is known exactly."""

    installation: Installation
    crowd: Crowd
    causes: Causes = field(default_factory=Causes)
    pauses: list[Pause] = field(default_factory=list)
    waits: list[tuple[str, float]] = field(default_factory=list)
    outages: list[tuple[float, float]] = field(default_factory=list)
    _began: dict[Fault, datetime] = field(default_factory=dict)  # business time
    _cut_since: dict[int, float] = field(default_factory=dict)  # by engine

    def __post_init__(self) -> None:
        database, clock = self.installation.database, self.installation.clock
        self._devices = Devices(database, clock, Settings(_env_file=None))
        self._control = SequenceControl(database, clock)
        self._workspaces = Workspaces(database, clock, Settings(_env_file=None))

    async def carry_out(self, faults: list[Fault]) -> None:
        """Begin and end each fault at its time (seconds from now), or as soon after it as it can be."""
        deeds = [(fault.at, number, True, fault) for number, fault in enumerate(faults)]
        deeds += [(fault.at + fault.lasts, number, False, fault) for number, fault in enumerate(faults)]
        start = time.monotonic()
        for at, _, begins, fault in sorted(deeds, key=lambda deed: (deed[0], not deed[2], deed[1])):
            await asyncio.sleep(max(0.0, start + at - time.monotonic()))
            await (self._begin(fault) if begins else self._end(fault))

    async def calm(self) -> None:
        """The last hangs are called off, so that the run can end."""
        for device in self.crowd.devices:
            await self.installation.phones.fault(device, SWITCHES[Kind.HANG], on=False)

    async def forgive_unspent(self) -> None:
        """Take back what the switches never did; asked for when nothing is sent any more."""
        for view in await self.installation.phones.devices():
            left = view["faults"].get(SWITCHES[Kind.LOST_ACK])
            if left:
                self.causes.spoilt[view["device"]] -= left["times"]

    async def _begin(self, fault: Fault) -> None:
        phones, target = self.installation.phones, fault.target
        if fault.kind.on_engine:
            await self._begin_on_engine(fault)
            return
        device = self.crowd.devices[target] if fault.kind.on_device else 0
        match fault.kind:
            case Kind.POSTGRES | Kind.POSTGRES_CRASH:
                await self._restart_postgres(crash=fault.kind is Kind.POSTGRES_CRASH)
            case Kind.DROP:
                self.causes.spoilt[device] += 1
                await phones.fault(device, "offline")
            case Kind.HANG | Kind.LOST_ACK:
                self.causes.spoilt[device] += fault.times
                await phones.fault(device, SWITCHES[fault.kind], times=fault.times)
            case Kind.REJECT:
                await phones.fault(device, SWITCHES[fault.kind], times=fault.times, permanent=False)
            case Kind.PAUSE_DEVICE:
                await self._operator(fault, self._devices.pause(self.crowd.actor, device))
            case Kind.PAUSE_SEQUENCE:
                await self._operator(fault, self._control.pause(self.crowd.actor, self.crowd.sequences[target]))
            case Kind.STOP_EVERYTHING:
                await self._operator(fault, self._workspaces.stop_everything(self.crowd.actor))
        self._began[fault] = self.installation.clock.now()

    async def _begin_on_engine(self, fault: Fault) -> None:
        engine, passage = self.installation.engines[fault.target], self.installation.passages[fault.target]
        pid = engine.pid
        match fault.kind:
            case Kind.DRAIN:  # costs nothing: what is on its way finishes
                engine.drain()
                return
            case Kind.KILL:
                engine.kill()
            case Kind.STOP:
                engine.freeze()
            case Kind.CUT:
                self._cut_since[fault.target] = time.monotonic()
                passage.cut("fault")
            case Kind.FREEZE:
                self._cut_since[fault.target] = time.monotonic()
                passage.freeze()
        if pid is not None:
            await self._count_in_flight(pid)

    async def _end(self, fault: Fault) -> None:
        if fault.kind.on_engine:
            await self._end_on_engine(fault)
            return
        actor, target = self.crowd.actor, fault.target
        pause = Pause(self._began[fault], self.installation.clock.now())  # before the resume is asked for
        match fault.kind:
            case Kind.DROP:
                await self.installation.phones.fault(self.crowd.devices[target], "offline", on=False)
            case Kind.PAUSE_DEVICE:
                self.pauses.append(replace(pause, device=self.crowd.devices[target]))
                await self._operator(fault, self._devices.resume(actor, self.crowd.devices[target]))
            case Kind.PAUSE_SEQUENCE:
                self.pauses.append(replace(pause, sequence=self.crowd.sequences[target]))
                await self._operator(fault, self._control.start(actor, self.crowd.sequences[target]))
            case Kind.STOP_EVERYTHING:
                self.pauses.append(pause)
                await self._operator(fault, self._workspaces.resume_everything(actor))

    async def _operator(self, fault: Fault, deed: Awaitable[object]) -> None:
        """Let an operator act, and see how long it takes; whoever waits too long gives up."""
        began = time.monotonic()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2 * OPERATORS_WAIT):
                await deed
        self.waits.append((fault.kind.value, time.monotonic() - began))

    async def _end_on_engine(self, fault: Fault) -> None:
        engine, passage = self.installation.engines[fault.target], self.installation.passages[fault.target]
        match fault.kind:
            case Kind.KILL:
                engine.start()
            case Kind.DRAIN:
                await engine.ended()
                engine.start()
            case Kind.STOP:
                engine.thaw()
            case Kind.CUT:
                passage.mend("fault")
            case Kind.FREEZE:
                passage.thaw()
        if fault.kind in {Kind.CUT, Kind.FREEZE}:
            self.outages.append((self._cut_since.pop(fault.target), time.monotonic()))

    async def _restart_postgres(self, *, crash: bool) -> None:
        """The engines find the doors closed until what is in flight has been counted."""
        began = time.monotonic()
        passages = self.installation.passages
        await self.installation.postgres.stop(crash=crash)
        for passage in passages:
            passage.cut("postgres")
        await self.installation.postgres.start()
        await self._count_in_flight(None)
        for passage in passages:
            passage.mend("postgres")
        self.outages.append((began, time.monotonic()))

    async def _count_in_flight(self, pid: int | None) -> None:
        await asyncio.sleep(UNTIL_STATEMENTS_END)
        for device, message in await rows.in_flight(self.installation.database, pid):
            self.causes.in_flight[device].add(message)
