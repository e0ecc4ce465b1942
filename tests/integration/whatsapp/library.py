"""What a test sees of the real library: devices that are connected, told to send, and say what happened to them."""

import asyncio
import json
import socket
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.processes import clean_environment
from tests.whatsapp_loopback.controls import Controls

SECONDS = 20


class LibraryError(Exception):
    """What the library raised, as it said it."""


class Library:
    """A process with the real library: `async with Library(whatsapp) as library`."""

    def __init__(self, whatsapp: Controls, *, trusting: bool = True) -> None:
        self.whatsapp = whatsapp
        self.printed: list[str] = []
        self._print = asyncio.Condition()
        self._trusting = trusting
        self._devices: dict[str, Device] = {}
        self._ordered: dict[int, asyncio.Future[Any]] = {}

    async def __aenter__(self) -> Self:
        ours, theirs = socket.socketpair()
        environment = clean_environment(SSL_CERT_FILE=str(self.whatsapp.ca_file), NEONIZE_BOT_TAG="off")
        how = "trusting" if self._trusting else "wary"
        module = "tests.integration.whatsapp.library_process"
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module, str(theirs.fileno()), how),
            env=environment,
            pass_fds=[theirs.fileno()],
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        theirs.close()
        reader, self._writer = await asyncio.open_unix_connection(sock=ours)
        self._listening = asyncio.create_task(self._listen(reader))
        assert self._process.stdout is not None
        self._reading = asyncio.create_task(self._read(self._process.stdout))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.kill()
        await self._process.wait()
        await self._listening
        await self._reading
        self._writer.close()

    async def connect(self, name: str, store: Path, *, phone: str | None = None, number: int = 1) -> "Device":
        """Begins to; one at a time, as the library asks for. With a phone it uses the session in the store."""
        device = self._devices[name] = Device(self, name)
        proxy = self.whatsapp.proxy_url
        await device.do("connect", store=str(store), phone=phone, number=number, proxy=proxy)
        return device

    async def order(self, what: str, arguments: dict[str, Any]) -> Any:
        number = len(self._ordered)
        answer = self._ordered[number] = asyncio.get_running_loop().create_future()
        if self._listening.done():
            raise LibraryError("the process ended")
        self._writer.write(json.dumps({"id": number, "do": what, "with": arguments}).encode() + b"\n")
        return await answer

    async def until_printed(self, line: str) -> None:
        """What neonize says nowhere but on its standard output."""
        async with asyncio.timeout(SECONDS), self._print:
            await self._print.wait_for(lambda: line in self.printed)

    async def _read(self, output: asyncio.StreamReader) -> None:
        while line := await output.readline():
            async with self._print:
                self.printed.append(line.decode(errors="replace").rstrip())
                self._print.notify_all()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            said = json.loads(line)
            if "event" in said:
                await self._devices[said["device"]].hear(said["event"], said["data"])
            elif "error" in said:
                self._ordered[said["answers"]].set_exception(LibraryError(said["error"]))
            else:
                self._ordered[said["answers"]].set_result(said["result"])
        for answer in self._ordered.values():
            if not answer.done():
                answer.set_exception(LibraryError("the process ended"))
                answer.exception()


class Device:
    def __init__(self, library: Library, name: str) -> None:
        self.library = library
        self._heard: list[tuple[str, dict[str, Any]]] = []
        self._something = asyncio.Condition()
        self.name = name

    async def do(self, what: str, **arguments: Any) -> Any:
        """Raises LibraryError."""
        return await self.library.order(what, {"device": self.name, **arguments})

    async def text(self, to: str, body: str) -> str:
        """The message's id."""
        return str(await self.do("text", to=to, body=body))

    async def hear(self, event: str, data: dict[str, Any]) -> None:
        async with self._something:
            self._heard.append((event, data))
            self._something.notify_all()

    def heard(self, event: str) -> list[dict[str, Any]]:
        return [data for name, data in self._heard if name == event]

    async def until(self, event: str, count: int = 1) -> dict[str, Any]:
        """What the event of that number said."""
        try:
            async with asyncio.timeout(SECONDS), self._something:
                await self._something.wait_for(lambda: len(self.heard(event)) >= count)
        except TimeoutError:
            raise AssertionError(f"no {event} number {count} among {[name for name, _ in self._heard]}") from None
        return self.heard(event)[count - 1]

    async def until_receipt(self, message_id: str, kind: str | None = None, count: int = 1) -> None:
        """Kind as neonize says it; None for delivered."""

        def received() -> bool:
            receipts = [data for data in self.heard("Receipt") if message_id in data["MessageIDs"]]
            return sum(kind in (None, data.get("Type")) for data in receipts) >= count

        async with asyncio.timeout(SECONDS), self._something:
            await self._something.wait_for(received)
