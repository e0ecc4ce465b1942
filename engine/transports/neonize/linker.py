"""Pairs and unlinks real devices, each in a process of its own that ends with it."""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import phonenumbers
import structlog

from engine.transports.contract import Linker, Paired, PairingRefused, PairingStep
from engine.transports.neonize.child import Child, start_child
from engine.transports.neonize.last_words import LastWords
from engine.transports.neonize.pairing_refusals import Refusal, refused
from engine.transports.neonize.session_store import StoreError, restore
from engine.transports.neonize.steps import PAIR, UNLINK, Order, Waits, order_packet, read_step
from engine.transports.neonize.wire import WireError, pack, read_packet

log = structlog.get_logger()

ERRAND_COMMAND = (sys.executable, "-m", "engine.transports.neonize.host.errand")

# Machine seconds.
SILENT_FOR = 240.0  # after which an errand has lost its way: whatever it waits for itself takes less
UNLINKS_WITHIN = 60.0
ENDS_WITHIN = 8.0  # of itself, once nobody listens to it


class NeonizeLinker(Linker):
    """`home`: where this installation keeps its files; `proxy`: an address, or nothing for the direct way."""

    def __init__(
        self, home: Path, *, proxy: str, command: Sequence[str] = ERRAND_COMMAND, waits: Waits | None = None
    ) -> None:
        self._directory = home / "errands"
        self._proxy = proxy
        self._command = command
        self._waits = waits or Waits()

    def pair_by_qr(self) -> AsyncGenerator[PairingStep, None]:
        return self._pair("")

    async def pair_by_code(self, phone: str) -> AsyncGenerator[PairingStep, None]:
        if not _is_number(phone):
            yield refused(Refusal.INVALID_NUMBER)
            return
        steps = self._pair(phone)
        try:
            async for step in steps:
                yield step
        finally:
            await steps.aclose()

    async def unlink(self, session: bytes) -> bool:
        async with self._store() as store:
            try:
                await asyncio.to_thread(restore, session, store)
            except StoreError as error:
                log.warning("a session that was to be logged out cannot be restored", error=str(error))
                return False
            async with self._errand(self._order(UNLINK, store)) as errand:
                try:
                    async with asyncio.timeout(UNLINKS_WITHIN):
                        answer = await read_packet(errand.reader)
                except (WireError, TimeoutError):
                    return False
                return answer is not None and answer.header.get("unlinked") is True

    async def _pair(self, phone: str) -> AsyncGenerator[PairingStep, None]:
        async with self._store() as store, self._errand(self._order(PAIR, store, phone)) as errand:
            while True:
                step = await _next_step(errand)
                yield step
                if isinstance(step, Paired | PairingRefused):
                    return

    def _order(self, what: str, store: Path, phone: str = "") -> Order:
        return Order(what, str(store), self._proxy, phone, self._waits)

    @asynccontextmanager
    async def _store(self) -> AsyncIterator[Path]:
        """A place for a session that is nobody else's, and gone afterwards."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory = Path(tempfile.mkdtemp(dir=self._directory))
        try:
            yield directory / "session.sqlite"
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    @asynccontextmanager
    async def _errand(self, order: Order) -> AsyncIterator[Child]:
        child = await start_child(self._command)
        words = asyncio.create_task(_read_words(child.process))
        try:
            child.writer.write(pack(order_packet(order)))
            yield child
        finally:
            await _end(child, words)


async def _next_step(errand: Child) -> PairingStep:
    try:
        async with asyncio.timeout(SILENT_FOR):
            packet = await read_packet(errand.reader)
        return read_step(packet) if packet is not None else refused(Refusal.CRASHED)
    except (WireError, KeyError, TimeoutError):
        return refused(Refusal.CRASHED)


async def _end(child: Child, words: "asyncio.Task[LastWords]") -> None:
    """Hang up, upon which it ends, or is ended."""
    process = child.process
    child.writer.close()
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(ENDS_WITHIN):
                await process.wait()
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        said = await words
    if process.returncode:
        log.warning("a connection helper broke down", code=process.returncode, said=said.text)


async def _read_words(process: asyncio.subprocess.Process) -> LastWords:
    assert process.stderr is not None  # noqa: S101 (it was asked for)
    words = LastWords()
    while block := await process.stderr.read(4096):
        words.add(block)
    return words


def _is_number(phone: str) -> bool:
    try:
        return phone.startswith("+") and phonenumbers.is_possible_number(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:
        return False
