"""What an engine can ask of a device host, and its lines."""

import asyncio
import logging
import os
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path

from engine.transports.contract import NOT_CONNECTED, Rejected, RevocationOutcome, StateChanged, Unknown
from engine.transports.forms import Frame, outcome_frame, state_frame
from engine.transports.neonize.host.connection import Surroundings
from engine.transports.neonize.host.conversation import Conversation
from engine.transports.neonize.host.gate import Gate
from engine.transports.neonize.host.library import version
from engine.transports.neonize.host.line import Line, RefusedError
from engine.transports.neonize.host.outgoing import read_outgoing
from engine.transports.neonize.host.spool import Spool
from engine.transports.neonize.host.store_lock import StoreInUseError, StoreLock
from engine.transports.neonize.host.stored_device import StoreRefusedError, read_stored_device
from engine.transports.neonize.host.timing import Timing
from engine.transports.neonize.host.way import Way
from engine.transports.neonize.wire import Packet
from models.enums import DeviceState

log = logging.getLogger(__name__)

SPOOL = "inbox.sqlite"
TWICE = StateChanged(DeviceState.REPLACED, "the same WhatsApp account is connected as another device here")
BROKEN = "an error inside of the device host, see the log"
READ_WITHIN = 1.0  # seconds for what is waiting here when this process itself was asleep
Answer = tuple[Frame, bytes]


class Host:
    def __init__(self, conversation: Conversation, timing: Timing) -> None:
        self._conversation = conversation
        self._timing = timing
        self._around: Surroundings | None = None
        self._lines: dict[int, Line] = {}
        self._running: dict[int, asyncio.Task[None]] = {}
        self._held: dict[int, ExitStack] = {}  # the lock and the spool of each line
        self._heard = True
        self._commands: dict[str, Callable[[Packet], Awaitable[Answer]]] = {
            "configure": self._configure,
            "ping": self._ping,
            "open": self._open,
            "close": self._close,
            "send": self._send,
            "revoke": self._revoke,
            "check": self._check,
            "durable": self._durable,
        }

    async def run(self) -> None:
        """Until the engine says so. When it is gone, the process ends at once: nothing on disk minds."""
        self._conversation.post(
            {"type": "ready", "version": version, "pid": os.getpid(), "can_send_media": True, "trouble": ""}
        )
        async with asyncio.TaskGroup() as self._tasks:
            watching = self._tasks.create_task(self._watch_engine())
            async for packet in self._conversation.packets():
                self._heard = True
                match packet.header["type"]:
                    case "end":
                        break
                    case "ack":
                        self._taken(packet)
                    case _:
                        self._tasks.create_task(self._obey(packet))
            else:
                os._exit(0)
            watching.cancel()
            await self._close_all()
        await self._conversation.end()

    async def _watch_engine(self) -> None:
        """End without an engine that has been silent for so long: others have its devices by now.

        It asks every few seconds whether we are still there.
        """
        while self._heard:
            self._heard = False
            await asyncio.sleep(self._timing.engine_within)
            await asyncio.sleep(0 if self._heard else READ_WITHIN)
        log.error("the engine has not been heard of for %g s", self._timing.engine_within)
        os._exit(0)

    async def _obey(self, packet: Packet) -> None:
        kind = packet.header["type"]
        try:
            header, blob = await self._commands[kind](packet)
        except (RefusedError, StoreRefusedError) as error:
            header, blob = {"refused": str(error)}, b""
        except Exception as error:  # noqa: BLE001  # it must not take the other devices along
            log.error("%s failed: %s", kind, _without_values(error))  # noqa: TRY400
            header, blob = _unclear(kind), b""
        self._conversation.answer(packet, header, blob)

    async def _configure(self, packet: Packet) -> Answer:
        proxy = packet.header["proxy"]
        self._around = Surroundings(Gate(), Way(proxy, self._timing), proxy, self._timing)
        return {}, b""

    async def _ping(self, _: Packet) -> Answer:
        return {}, b""

    async def _open(self, packet: Packet) -> Answer:
        device_id, store = packet.header["device"], Path(packet.header["store"])
        if self._around is None:
            raise RefusedError("the host is not configured")
        line = self._lines.get(device_id)
        if line is None:
            with ExitStack() as held:
                try:
                    held.callback(StoreLock(store).release)
                    stored = read_stored_device(store)
                    if any(other.account == stored.user for other in self._lines.values()):
                        return {"state": state_frame(TWICE)}, b""
                    spool = Spool(store.with_name(SPOOL))
                except StoreInUseError as error:
                    return {"busy": str(error)}, b""
                except (OSError, sqlite3.Error) as error:
                    return {"busy": f"this machine's disk does not take what has to be kept on it: {error}"}, b""
                held.callback(spool.close)
                line = Line(device_id, stored, spool, self._around, self._conversation.post)
                self._lines[device_id], self._held[device_id] = line, held.pop_all()
            self._running[device_id] = self._tasks.create_task(self._live(device_id, line))
        return {"state": state_frame(await line.state())}, b""

    async def _live(self, device_id: int, line: Line) -> None:
        try:
            await line.run()
        except Exception as error:  # noqa: BLE001  # it must not take the other devices along
            log.error("a line failed: %s", _without_values(error))  # noqa: TRY400
            state = state_frame(StateChanged(DeviceState.PARKED, BROKEN))
            self._conversation.post({"type": "state", "device": device_id, "change": state})

    async def _close(self, packet: Packet) -> Answer:
        await self._close_line(packet.header["device"])
        return {}, b""

    async def _close_line(self, device_id: int) -> None:
        line, running = self._lines.get(device_id), self._running.get(device_id)
        if line is None or running is None:
            return
        await line.close()
        await asyncio.wait({running})
        if self._lines.pop(device_id, None) is line:
            del self._running[device_id]
            self._held.pop(device_id).close()

    async def _close_all(self) -> None:
        await asyncio.gather(*(self._close_line(device_id) for device_id in list(self._lines)))

    async def _send(self, packet: Packet) -> Answer:
        try:
            line = self._line(packet)
        except RefusedError as error:
            return {"outcome": outcome_frame(Rejected(NOT_CONNECTED, f"{error}.", permanent=False))}, b""
        return await line.send(read_outgoing(packet.header["message"]), packet.blob), b""

    async def _revoke(self, packet: Packet) -> Answer:
        outcome = await self._line(packet).revoke(packet.header["message_id"], packet.header["phone"])
        return {"outcome": outcome}, b""

    async def _check(self, packet: Packet) -> Answer:
        return await self._line(packet).check(packet.header["phones"]), b""

    async def _durable(self, packet: Packet) -> Answer:
        return await self._line(packet).durable()

    def _taken(self, packet: Packet) -> None:
        line = self._lines.get(packet.header["device"])
        if line is not None:
            line.taken(packet.header["event"])

    def _line(self, packet: Packet) -> Line:
        line = self._lines.get(packet.header["device"])
        if line is None:
            raise RefusedError("the device is not open in this host")
        return line


def _unclear(kind: str) -> Frame:
    match kind:
        case "open":
            return {"state": state_frame(StateChanged(DeviceState.PARKED, BROKEN))}
        case "send":
            return {"outcome": outcome_frame(Unknown(BROKEN))}
        case "revoke":
            return {"outcome": RevocationOutcome.UNCLEAR}
    return {"refused": BROKEN}


def _without_values(error: Exception) -> str:
    """Which error, and where: its own words can name people, and say what was written to them."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f" in {place.tb_frame.f_code.co_qualname}, line {place.tb_lineno}" if place else ""
    return f"{type(error).__name__}{where}"
