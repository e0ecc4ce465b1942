"""A device of the unmodified neonize, in a child process, for tests that ask the real library."""

import asyncio
import base64
import json
import socket
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.processes import ROOT, clean_environment

SECONDS = 20.0
"""For anything that the device is told or is to hear."""

Fields = dict[str, Any]


class RealDevice:
    """`async with RealDevice(…) as device`: connected. What it hears is kept in `heard`."""

    def __init__(self, store: Path, jid: str, proxy_url: str, ca_file: Path) -> None:
        self.jid = jid
        self.heard: list[Fields] = []
        self._arguments = (str(store), jid, proxy_url)
        self._environment = clean_environment(SSL_CERT_FILE=str(ca_file))
        self._change = asyncio.Condition()
        self._answers: asyncio.Queue[Fields] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.whatsapp_loopback.real_device_child",
                str(theirs.fileno()),
                *self._arguments,
                pass_fds=(theirs.fileno(),),
                env=self._environment,
                cwd=ROOT,
                stdout=asyncio.subprocess.DEVNULL,
            )
        self._reader, self._writer = await asyncio.open_connection(sock=ours)
        self._listening = asyncio.create_task(self._listen())
        try:
            await self.tell("connect")
            await self.hears("connected")
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._end()

    async def tell(self, order: str, **fields: Any) -> Any:
        """Its answer; one order at a time. Bytes are sent as they have to be. RuntimeError if it cannot."""
        sendable = {
            name: base64.b64encode(value).decode() if isinstance(value, bytes) else value
            for name, value in fields.items()
        }
        self._writer.write(json.dumps({"do": order, **sendable}).encode() + b"\n")
        async with asyncio.timeout(SECONDS):
            answer = await self._answers.get()
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["answer"]

    async def hears(self, event: str, **fields: Any) -> Fields:
        """The first event of this kind with these fields, whether it came already or is to come."""
        async with asyncio.timeout(SECONDS), self._change:
            while not (found := self._found(event, fields)):
                await self._change.wait()
        return found

    def _found(self, event: str, fields: Fields) -> Fields | None:
        wanted = {"event": event, **fields}.items()
        return next((heard for heard in self.heard if wanted <= _comparable(heard)), None)

    async def _listen(self) -> None:
        while line := await self._reader.readline():
            said = json.loads(line)
            if "event" in said:
                self.heard.append(said)
                async with self._change:
                    self._change.notify_all()
            else:
                self._answers.put_nowait(said)
        self._answers.put_nowait({"error": "the device's process ended"})

    async def _end(self) -> None:
        """It ends by itself when nobody listens any more, or is ended."""
        self._writer.close()
        try:
            async with asyncio.timeout(SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._listening


def _comparable(heard: Fields) -> Any:
    return {name: value for name, value in heard.items() if not isinstance(value, dict | list)}.items()
