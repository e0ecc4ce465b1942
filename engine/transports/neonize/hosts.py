"""The device hosts of an engine process: which there are, who lives where, and what happens when one ends."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from random import Random
from types import TracebackType
from typing import Any, Self

import structlog

from engine.devices.backoff import Backoff
from engine.devices.ownership import OwnedDevice
from engine.transports.contract import StateChanged
from engine.transports.forms import Frame
from engine.transports.neonize.line import DeviceLine, SessionStores
from engine.transports.neonize.numbers import NumberBook, Questions
from engine.transports.neonize.placement import MOST_ALONE, Placement
from engine.transports.neonize.policy import HOST_COMMAND, HostPolicy
from engine.transports.neonize.process import HostEnd, HostProcess
from engine.transports.neonize.recycling import Life, next_to_retire
from engine.transports.neonize.supervised import SupervisedHost
from engine.transports.neonize.transport import NeonizeTransport
from models.enums import DeviceState

log = structlog.get_logger()

PARKED = (
    f"the process that had only this line crashed {MOST_ALONE} times in a row ({{}}); "
    "restart it to try once more, and pair it anew if that does not help"
)
REPLACED = "this account was opened elsewhere"


@dataclass(frozen=True, slots=True)
class HostFigures:
    number: int
    pid: int
    devices: list[int]
    memory: int  # bytes
    crashes: int
    started_at: datetime


class Hosts:
    """One per engine process, as an async context. A host is started when the first device needs it.

    `command` starts one; the number of its end of the socket pair is put behind it. Nothing but the code that
    makes this object can set it.
    """

    def __init__(
        self,
        sessions: SessionStores,
        numbers: NumberBook,
        *,
        proxy: str,
        devices_per_host: int,
        command: Sequence[str] = HOST_COMMAND,
        policy: HostPolicy | None = None,
    ) -> None:
        self.sessions = sessions
        self._questions = Questions(numbers)
        self._configuration: Frame = {"proxy": proxy}
        self._command = command
        self._policy = policy or HostPolicy()
        self._placement = Placement(devices_per_host)
        self._random = Random()  # noqa: S311 (jitter, not secrets)
        self._hosts: dict[int, SupervisedHost] = {}
        self._lines: dict[int, DeviceLine] = {}  # by device
        self._turns: dict[int, asyncio.Lock] = {}  # by device
        self._changed = asyncio.Event()  # of this change; the next one has another
        self._tasks = asyncio.TaskGroup()
        self._keepers: set[asyncio.Task[None]] = set()
        self._supervisors: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._start(self._look_after(), self._supervisors)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all hosts. A line that is still open is cut; its worker has had its time to close it."""
        for tasks in (self._supervisors, self._keepers):
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks)
        cancelled = isinstance(error, asyncio.CancelledError)
        await self._tasks.__aexit__(*((kind, error, trace) if cancelled else (None, None, None)))

    def line(self, device: OwnedDevice) -> NeonizeTransport:
        return NeonizeTransport(self, device, self._questions, self._policy)

    @property
    def figures(self) -> list[HostFigures]:
        """Of the hosts at work, as last measured."""
        return [
            HostFigures(
                host.number,
                host.process.pid,
                list(self._placement.devices_in(host.number)),
                host.memory,
                host.crashes,
                host.started_at,
            )
            for host in self._hosts.values()
            if host.process is not None
        ]

    # What a line asks for (`line.Housing`)

    def keep(self, line: DeviceLine) -> asyncio.Task[None]:
        earlier = self._lines.get(line.device.id)
        self._lines[line.device.id] = line
        if earlier is not None and earlier is not line:
            earlier.finish(StateChanged(DeviceState.REPLACED, REPLACED))
        return self._start(line.keep(), self._keepers)

    @asynccontextmanager
    async def turn(self, device_id: int) -> AsyncIterator[None]:
        async with self._turns.setdefault(device_id, asyncio.Lock()):
            yield

    async def host_of(self, device_id: int) -> HostProcess:
        while True:
            changed = self._changed
            number = self._placement.seat(device_id)
            self._see_to_hosts()
            process = self._hosts[number].process
            if process is not None and process.alive:
                return process
            await changed.wait()

    def move(self, device_id: int) -> None:
        number = self._placement.seat(device_id)
        self._placement.move(device_id)
        self._stir(number)

    def leave(self, line: DeviceLine) -> None:
        device_id = line.device.id
        if self._lines.get(device_id) is line:
            del self._lines[device_id]
        number = self._placement.leave(device_id)
        if number is not None:
            self._stir(number)

    # What a host tells (`supervised.Supervision`)

    def started(self, host: SupervisedHost) -> None:
        self._placement.started(host.number, time.monotonic())
        self._announce()

    def heard(self, host: SupervisedHost, frame: Frame) -> None:
        line = self._lines.get(frame["device"])
        if line is not None and host.process is not None:
            line.hear(host.process, frame)

    def down(self, host: SupervisedHost, words: str) -> None:
        for device_id in self._placement.devices_in(host.number):
            if (line := self._lines.get(device_id)) is not None:
                line.host_gone(words)

    def crashed(self, host: SupervisedHost, end: HostEnd) -> None:
        devices = list(self._placement.devices_in(host.number))
        log.error("a device host crashed", host=host.number, devices=devices, how=end.words, said=end.last_words)
        now = time.monotonic()
        for device_id in self._placement.crashed(host.number, now, from_outside=end.from_outside):
            if (line := self._lines.get(device_id)) is not None:
                line.finish(StateChanged(DeviceState.PARKED, PARKED.format(end.words)))
        self._see_to_hosts()
        self._announce()

    def linger(self, host: SupervisedHost) -> float | None:
        if not self._placement.is_idle(host.number):
            return None
        return 0.0 if self._placement.takes_nobody(host.number) else self._policy.linger

    def forget(self, host: SupervisedHost) -> bool:
        if not self._placement.forget(host.number):
            return False
        self._hosts.pop(host.number, None)
        return True

    # What is done now and then

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(self._policy.look_every)
            await self.look_once(time.monotonic())

    async def look_once(self, now: float) -> None:
        """Measure the hosts, clear suspects, and let one host after the other make way for a fresh one."""
        for host in self._hosts.values():
            host.measure()
            host.stir()
        self._placement.settle(now)
        if not self._placement.retiring:
            lives = [
                Life(host.number, now - host.at_work_since, host.memory, self._placement.is_suspected(host.number))
                for host in self._hosts.values()
                if host.process is not None
            ]
            if (worn := next_to_retire(lives, self._policy)) is not None:
                log.info("a device host makes way for a fresh one", host=worn, bytes=self._hosts[worn].memory)
                self._placement.retire(worn)
        self._see_to_hosts()
        for number in self._placement.retiring:
            for device_id in list(self._placement.devices_in(number)):
                await self._move(device_id)

    async def _move(self, device_id: int) -> None:
        line = self._lines.get(device_id)
        if line is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._policy.move_within):
                    await line.move()

    def _see_to_hosts(self) -> None:
        """Start those that are new."""
        for number in self._placement.numbers:
            if number not in self._hosts:
                self._hosts[number] = host = SupervisedHost(
                    number,
                    command=self._command,
                    configuration=self._configuration,
                    supervision=self,
                    policy=self._policy,
                    backoff=Backoff(self._random),
                )
                self._start(host.run(), self._supervisors)

    def _start(self, work: Coroutine[Any, Any, None], among: set[asyncio.Task[None]]) -> asyncio.Task[None]:
        task = self._tasks.create_task(work)
        among.add(task)
        task.add_done_callback(among.discard)
        return task

    def _stir(self, number: int) -> None:
        if (host := self._hosts.get(number)) is not None:
            host.stir()

    def _announce(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
