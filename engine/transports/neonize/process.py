"""One device host: a child process, which answers what it is asked."""

import asyncio
import contextlib
import itertools
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

import psutil
import structlog

from engine.transports.forms import Frame
from engine.transports.neonize.child import start_child
from engine.transports.neonize.last_words import LastWords
from engine.transports.neonize.policy import HostPolicy
from engine.transports.neonize.wire import Packet, WireError, pack, read_packet

log = structlog.get_logger()

BYTES_AT_ONCE = 64 * 1024
GOODBYE_WITHIN = 5.0  # machine seconds from the end of the conversation to the end of the process
FROM_OUTSIDE = {signal.SIGHUP, signal.SIGINT, signal.SIGKILL, signal.SIGTERM}


class HostStartError(Exception):
    """It did not get as far as being ready; the message says why."""


class HostGoneError(ConnectionError):
    """It ended before it answered: nobody knows how far it came."""


class HostListener(Protocol):
    """Hears what a host says by itself. Its methods must not block."""

    def heard(self, frame: Frame) -> None: ...

    def gone(self) -> None: ...


@dataclass(frozen=True, slots=True)
class HostEnd:
    """How a host ended that nobody had asked to."""

    words: str
    from_outside: bool  # it was killed, and no device has to do with it
    last_words: str


class HostProcess:
    """Made by `host_process`, ready."""

    def __init__(
        self,
        child: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        listener: HostListener,
    ) -> None:
        self.alive = True
        self.ready: Frame = {}  # what it said of itself
        self._child = child
        self._reader = reader
        self._writer = writer
        self._listener = listener
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Packet]] = {}
        self._greeted = asyncio.Event()
        self._killed_because = ""
        self._last_words = LastWords()
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._read_errors())]

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def memory(self) -> int:
        """Bytes that it holds in memory."""
        try:
            return int(psutil.Process(self.pid).memory_info().rss)
        except psutil.Error:
            return 0

    def ask(self, header: Frame, blob: bytes = b"") -> asyncio.Future[Packet]:
        """Hand something over; what is returned gets the answer, however long that takes, or HostGoneError.

        Raises HostGoneError, or WireError for what is too long to be handed over. When it is cancelled, a late
        answer is ignored.
        """
        number = next(self._numbers)
        packet = pack(Packet({**header, "request": number}, blob))
        if not self.alive:
            raise HostGoneError("the device host has ended")
        answer: asyncio.Future[Packet] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        answer.add_done_callback(lambda _: self._answers.pop(number))
        self._writer.write(packet)
        return answer

    def post(self, header: Frame) -> None:
        """Say something that needs no answer; to a host that is gone it need not be said."""
        if self.alive:
            self._writer.write(pack(Packet(header)))

    def kill(self, because: str) -> None:
        self._killed_because = self._killed_because or because
        with contextlib.suppress(ProcessLookupError):
            self._child.kill()

    async def greet(self, configuration: Frame, within: float) -> None:
        """Wait until it is ready, and configure it. Raises HostStartError."""
        try:
            async with asyncio.timeout(within):
                await self._greeted.wait()
                if self.alive:
                    await self.ask({"type": "configure", **configuration})
                    return
        except TimeoutError:
            self.kill("it was not ready in time")
            raise HostStartError(f"the device host was not ready within {within:g} s") from None
        except HostGoneError:
            pass
        await self._exit(GOODBYE_WITHIN)
        cause = self._last_words.cause
        raise HostStartError(f"the device host does not start: {cause or self._how()}")

    async def stay_in_touch(self, every: float, hung_after: float) -> None:
        """Ask now and then whether it still listens; one that does not is killed. Ends with the host."""
        while self.alive:
            try:
                async with asyncio.timeout(hung_after):
                    await self.ask({"type": "ping"})
            except TimeoutError:
                self.kill(f"it did not answer for {hung_after:g} s")
                return
            except HostGoneError:
                return
            await asyncio.sleep(every)

    async def end(self, within: float) -> HostEnd | None:
        """End it, politely if it still listens. What is told is how it ended before that, if it did."""
        ended_by_itself = not self.alive or bool(self._killed_because)
        try:
            if self.alive and not self._killed_because:
                self.post({"type": "end"})
                await self._exit(within)
            else:
                await self._exit(GOODBYE_WITHIN)
        finally:
            with contextlib.suppress(ProcessLookupError):
                self._child.kill()
            self._writer.close()
            await self._child.wait()
            _, unfinished = await asyncio.wait(self._tasks, timeout=GOODBYE_WITHIN)
            for task in unfinished:  # somebody else has inherited its standard error
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            with contextlib.suppress(ConnectionError):
                await self._writer.wait_closed()
        return HostEnd(self._how(), self._from_outside, self._last_words.text) if ended_by_itself else None

    async def _exit(self, within: float) -> None:
        try:
            async with asyncio.timeout(within):
                await self._child.wait()
        except TimeoutError:
            self.kill("it did not end")

    @property
    def _from_outside(self) -> bool:
        code = self._child.returncode or 0
        return not self._killed_because and (code == 0 or -code in FROM_OUTSIDE)

    def _how(self) -> str:
        code = self._child.returncode or 0
        if self._killed_because:
            return self._killed_because
        if -code == signal.SIGKILL:
            return "it was killed from outside; perhaps this machine has too little memory"
        if code < 0:
            return f"it ended by {signal.Signals(-code).name}"
        return f"it ended with code {code}"

    async def _read(self) -> None:
        try:
            while (packet := await read_packet(self._reader)) is not None:
                self._receive(packet)
        except WireError as error:
            self.kill(str(error))
        except Exception:
            log.exception("what a device host said could not be dealt with")
            self.kill("what it said could not be dealt with")
        finally:
            self._lose()

    def _receive(self, packet: Packet) -> None:
        header = packet.header
        match header["type"]:
            case "answer":
                answer = self._answers.get(header["request"])
                if answer is not None and not answer.done():
                    answer.set_result(packet)
            case "ready":
                self.ready = header
                self._greeted.set()
            case _:
                self._listener.heard(header)

    def _lose(self) -> None:
        self.alive = False
        self._greeted.set()
        for answer in list(self._answers.values()):
            if not answer.done():
                answer.set_exception(HostGoneError("the device host ended"))
        self._listener.gone()

    async def _read_errors(self) -> None:
        errors = self._child.stderr
        while errors is not None and (words := await errors.read(BYTES_AT_ONCE)):
            self._last_words.add(words)


@dataclass(slots=True)
class Visit:
    """One life of a host. Once it is over: how it ended, if that was by itself."""

    process: HostProcess
    end: HostEnd | None = None


@asynccontextmanager
async def host_process(
    command: Sequence[str], configuration: Frame, listener: HostListener, policy: HostPolicy
) -> AsyncIterator[Visit]:
    """Start a host; it is ready inside, and afterwards there is nothing left of it. Raises HostStartError."""
    process = await _start(command, listener)
    visit = Visit(process)
    try:
        await process.greet(configuration, policy.ready_within)
        touch = asyncio.create_task(process.stay_in_touch(policy.ask_every, policy.hung_after))
        try:
            yield visit
        finally:
            touch.cancel()
            await asyncio.gather(touch, return_exceptions=True)
    finally:
        visit.end = await process.end(policy.end_within)


async def _start(command: Sequence[str], listener: HostListener) -> HostProcess:
    try:
        child = await start_child(command)
    except OSError as error:
        raise HostStartError(f"the device host cannot be started: {error.strerror or error}") from error
    return HostProcess(child.process, child.reader, child.writer, listener)
