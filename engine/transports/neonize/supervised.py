"""One host, kept at work for as long as devices live in it: a crash is told, and it comes back ever later."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

import structlog

from engine.devices.backoff import Backoff
from engine.transports.forms import Frame
from engine.transports.neonize.policy import HostPolicy
from engine.transports.neonize.process import HostEnd, HostProcess, HostStartError, host_process

log = structlog.get_logger()


class Supervision(Protocol):
    """Whoever has the hosts. Its methods must not block."""

    def started(self, host: "SupervisedHost") -> None: ...

    def heard(self, host: "SupervisedHost", frame: Frame) -> None: ...

    def down(self, host: "SupervisedHost", words: str) -> None:
        """It is not at work now, and will be again."""
        ...

    def crashed(self, host: "SupervisedHost", end: HostEnd) -> None: ...

    def linger(self, host: "SupervisedHost") -> float | None:
        """How long it may stay idle from now on; None: it has work."""
        ...

    def forget(self, host: "SupervisedHost") -> bool:
        """Whether it may end for good."""
        ...


class SupervisedHost:
    def __init__(
        self,
        number: int,
        *,
        command: Sequence[str],
        configuration: Frame,
        supervision: Supervision,
        policy: HostPolicy,
        backoff: Backoff,
    ) -> None:
        self.number = number
        self.process: HostProcess | None = None  # while it is at work
        self.crashes = 0
        self.started_at = datetime.now(UTC)
        self.at_work_since = time.monotonic()
        self.memory = 0  # bytes, as last measured
        self._command = command
        self._configuration = configuration
        self._supervision = supervision
        self._policy = policy
        self._backoff = backoff
        self._stirred = asyncio.Event()

    def stir(self) -> None:
        """A device has come or gone."""
        self._stirred.set()

    def heard(self, frame: Frame) -> None:
        self._supervision.heard(self, frame)

    def gone(self) -> None:
        if self.process is not None:
            self._supervision.down(self, "the process that held the line has ended; it is started again")
        self._stirred.set()

    async def run(self) -> None:
        """Work until nobody needs it."""
        while not self._supervision.forget(self):
            if (reason := await self._live()) is None:
                continue
            delay = self._backoff.next_delay(time.monotonic())
            log.info("a device host is started again", host=self.number, seconds=round(delay, 1), reason=reason)
            await self._pause(delay)

    async def _live(self) -> str | None:
        """Live once; why it has ended too soon, or None."""
        try:
            async with host_process(self._command, self._configuration, self, self._policy) as visit:
                self.process = visit.process
                self.started_at, self.at_work_since = datetime.now(UTC), time.monotonic()
                self.measure()
                if trouble := visit.process.ready.get("trouble"):
                    log.warning("a device host has trouble", host=self.number, trouble=trouble)
                self._supervision.started(self)
                try:
                    await self._work(visit.process)
                finally:
                    self.process = None
        except HostStartError as error:
            log.warning("a device host does not start", host=self.number, reason=str(error))
            self._supervision.down(self, str(error))
            return str(error)
        if visit.end is None:
            return None
        self.crashes += 1
        self._supervision.crashed(self, visit.end)
        return visit.end.words

    async def _work(self, process: HostProcess) -> None:
        while process.alive:
            self._stirred.clear()
            try:
                async with asyncio.timeout(self._supervision.linger(self)):
                    await self._stirred.wait()
            except TimeoutError:
                if self._supervision.forget(self):
                    return

    async def _pause(self, seconds: float) -> None:
        """Wait with the next start; when the last device goes meanwhile, that is the end."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and self._supervision.linger(self) is None:
            self._stirred.clear()
            try:
                async with asyncio.timeout(left):
                    await self._stirred.wait()
            except TimeoutError:
                return

    def measure(self) -> None:
        self.memory = self.process.memory if self.process is not None else 0
