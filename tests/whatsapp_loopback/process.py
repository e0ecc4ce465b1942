"""The server as a process of its own, for tests that must not share theirs with it."""

import asyncio
import json
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp

from tests.processes import clean_environment
from tests.whatsapp_loopback.remote import RemoteControls

_START_SECONDS = 60


class LoopbackProcess(RemoteControls):
    """`async with LoopbackProcess() as whatsapp`: the same controls as `LoopbackServer` has."""

    def __init__(self) -> None:
        """It starts with the block, and ends with it; or with this process, however that ends."""

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.whatsapp_loopback",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=clean_environment(),
        )
        assert self._process.stdout is not None
        async with asyncio.timeout(_START_SECONDS):
            started = await self._process.stdout.readline()
        told = json.loads(started)
        session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))
        super().__init__(session, told["control"], told["proxy_url"], Path(told["ca_file"]))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._session.close()
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
