"""A real device host, asked over its socket as an engine asks it."""

import asyncio
import contextlib
import hashlib
import itertools
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from engine.transports.contract import Inbound, PhoneSeen, Receipt, Rejected, Sent, StateChanged, Unknown
from engine.transports.forms import Frame, read_event, read_outcome, read_state
from engine.transports.neonize.child import ENVIRONMENT
from engine.transports.neonize.wire import Packet, pack, read_packet
from models.enums import ContentKind, DeviceState
from tests.processes import clean_environment

SECONDS = 20.0
TRUSTING = "tests.whatsapp_loopback.device_host"

Event = Receipt | Inbound | PhoneSeen


class DeviceHost:
    """`async with DeviceHost(…) as host`: ready and configured."""

    def __init__(self, proxy: str, ca_file: Path | None, *, command: str = TRUSTING, **waits: float) -> None:
        self._proxy = proxy
        own_ca = {"SSL_CERT_FILE": str(ca_file)} if ca_file else {}
        self._environment = clean_environment(**ENVIRONMENT, **own_ca)
        waits = {"engine_within": 3600, **waits}  # nobody asks it every few seconds whether it is there
        self._command = [sys.executable, "-m", command, *(f"{name}={wait}" for name, wait in waits.items())]
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Packet]] = {}
        self._change = asyncio.Event()
        self.ready: Frame = {}
        self.heard: list[Frame] = []

    async def __aenter__(self) -> Self:
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = await asyncio.create_subprocess_exec(
                *self._command,
                str(theirs.fileno()),
                pass_fds=(theirs.fileno(),),
                env=self._environment,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )
        reader, self.writer = await asyncio.open_unix_connection(sock=ours)
        self._listening = asyncio.create_task(self._listen(reader))
        await self.until(lambda: bool(self.ready), "ready")
        await self.ask({"type": "configure", "proxy": self._proxy})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        assert self.process.stderr is not None
        self.complaints = (await self.process.stderr.read()).decode()
        await self.process.wait()
        await self._listening
        self.writer.close()

    async def kill(self) -> None:
        self.process.kill()
        assert await self.process.wait() == -signal.SIGKILL

    async def ends(self) -> int:
        """The code that it ends with by itself."""
        async with asyncio.timeout(SECONDS):
            return await self.process.wait()

    def tell(self, header: Frame) -> None:
        self.writer.write(pack(Packet(header)))

    async def ask(self, header: Frame, blob: bytes = b"") -> Packet:
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        self.writer.write(pack(Packet({**header, "request": number}, blob)))
        async with asyncio.timeout(4 * SECONDS):
            return await answer

    async def open(self, device: int, store: Path) -> StateChanged:
        return read_state(
            (await self.ask({"type": "open", "device": device, "store": str(store)})).header["state"]
        )

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        try:
            async with asyncio.timeout(SECONDS):
                while not condition():
                    await self._change.wait()
        except TimeoutError:
            raise AssertionError(f"no {what} among {self.heard}") from None

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while (packet := await read_packet(reader)) is not None:
            match packet.header["type"]:
                case "ready":
                    self.ready = packet.header
                case "answer":
                    self._answers.pop(packet.header["request"]).set_result(packet)
                case _:
                    self.heard.append(packet.header)
            self._change.set()
            self._change = asyncio.Event()
        for answer in self._answers.values():
            answer.set_exception(ConnectionError("the host ended"))
            answer.exception()


class HostedDevice:
    """One device in a host."""

    def __init__(self, host: DeviceHost, device_id: int, store: Path, phone: str) -> None:
        self.host = host
        self.id = device_id
        self.store = store
        self.phone = phone

    async def open(self) -> StateChanged:
        return await self.host.open(self.id, self.store)

    async def close(self) -> None:
        assert (await self.ask("close")).header.keys() == {"type", "request"}

    async def ask(self, what: str, blob: bytes = b"", **fields: Any) -> Packet:
        return await self.host.ask({"type": what, "device": self.id, **fields}, blob)

    async def send(
        self, to: str, body: str, kind: ContentKind = ContentKind.TEXT, file: bytes = b"", **media: str
    ) -> Sent | Rejected | Unknown:
        """As an engine does: the file goes along only if the host asks for it."""
        described = {"sha256": hashlib.sha256(file).hexdigest(), **media} if file else None
        message = {"ref": 1, "phone": f"+{to}", "kind": kind, "body": body, "media": described}
        answer = (await self.ask("send", message=message)).header
        if answer.get("need_media"):
            answer = (await self.ask("send", file, message=message)).header
        return read_outcome(answer["outcome"])

    async def sent(self, to: str, body: str, **more: Any) -> str:
        outcome = await self.send(to, body, **more)
        assert isinstance(outcome, Sent), outcome
        return outcome.message_id

    @property
    def states(self) -> list[StateChanged]:
        return [read_state(said["change"]) for said in self._said("state")]

    @property
    def events(self) -> list[Event]:
        return [read_event(said["content"]) for said in self._said("event")]

    def numbers(self) -> list[int]:
        return [said["event"] for said in self._said("event")]

    async def until_state(self, state: DeviceState, count: int = 1) -> StateChanged:
        def found() -> list[StateChanged]:
            return [change for change in self.states if change.state is state]

        await self.host.until(lambda: len(found()) >= count, f"{state} number {count}")
        return found()[count - 1]

    async def until_event(self, event: Event) -> None:
        await self.host.until(lambda: event in self.events, str(event))

    async def until_inbound(self) -> Inbound:
        await self.host.until(lambda: any(isinstance(event, Inbound) for event in self.events), "message")
        return next(event for event in self.events if isinstance(event, Inbound))

    def _said(self, kind: str) -> list[Frame]:
        return [said for said in self.host.heard if said["type"] == kind and said["device"] == self.id]
