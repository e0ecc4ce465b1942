"""The real processes: the phones, and engines that are started again as a service manager does."""

import asyncio
import signal
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from tests.processes import clean_environment
from tests.simulation.audit import Exit

READY_WITHIN = 60.0
RESTART_AFTER = 1.0  # seconds, when a process has ended by itself

STARTED = b"engine started"  # what an engine logs when it begins to work devices
GIVE_UP_AFTER = 40.0  # seconds; it had 20


async def spawn(home: Path, log: Path, *words: str, **environment: str) -> asyncio.subprocess.Process:
    with log.open("ab") as out:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            *words,
            cwd=home,  # no .env of the checkout
            env=clean_environment(DRIPDESK_HOME=str(home), **environment),
            stdout=out,
            stderr=out,
        )


class Phones:
    """`dripdesk phones`: the simulated network, its faults and its ledger."""

    def __init__(self, home: Path, port: int) -> None:
        home.mkdir(parents=True)
        self._home = home
        self._port = port
        self._process: asyncio.subprocess.Process | None = None
        self.url = f"http://127.0.0.1:{port}"
        self.ledger = home / "ledger.jsonl"
        # A connection that was kept open may just be closing at the other end.
        fresh = httpx.Limits(max_keepalive_connections=0)
        self._http = httpx.AsyncClient(base_url=self.url, timeout=30, limits=fresh)

    async def start(self) -> None:
        self._process = await spawn(
            self._home,
            self._home.with_suffix(".log"),
            *("bot.cli", "phones", "--port", str(self._port)),
            SIMULATOR_LEDGER=str(self.ledger),
        )
        async with asyncio.timeout(READY_WITHIN):
            while True:
                try:
                    await self.devices()
                except httpx.TransportError:
                    await asyncio.sleep(0.1)
                else:
                    return

    async def close(self) -> None:
        await self._http.aclose()
        if self._process is not None:
            self._process.terminate()
            await self._process.wait()

    async def fault(self, device: int, kind: str, *, on: bool = True, **details: object) -> None:
        await self._post("/sandbox/fault", device=device, fault=kind, on=on, **details)

    async def rates(self, **chances: float) -> None:
        await self._post("/sandbox/rates", **chances)

    async def devices(self) -> list[dict[str, Any]]:
        response = await self._http.get("/sandbox/devices")
        response.raise_for_status()
        return list(response.json())

    async def _post(self, path: str, **body: object) -> None:
        response = await self._http.post(path, json=body)
        response.raise_for_status()


class EngineProcess:
    """One engine and its successors. `run` keeps it running, except while it is asked to be away."""

    def __init__(self, number: int, home: Path, **environment: str) -> None:
        home.mkdir(parents=True)
        self.number = number
        self.exits: list[Exit] = []
        self._home = home
        self._environment = environment
        self._wanted = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._started = 0.0
        self._asked: tuple[str, float] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        self._wanted.set()

    async def run(self) -> None:
        """Until cancelled, which kills what still runs."""
        while True:
            await self._wanted.wait()
            self._asked, self._started = None, time.monotonic()
            log = self._home.with_suffix(".log")
            logged = log.stat().st_size if log.exists() else 0
            self._process = await spawn(self._home, log, "engine", **self._environment)
            try:
                code = await self._process.wait()
            except asyncio.CancelledError:
                self._process.kill()
                await self._process.wait()
                raise
            name, at = self._asked or (None, 0.0)
            worked = STARTED in log.read_bytes()[logged:]
            self.exits.append(Exit(self.number, self._started, time.monotonic(), code, name, at, worked))
            self._process = None
            if name is None:
                await asyncio.sleep(RESTART_AFTER)

    async def ended(self) -> None:
        """Wait for the end that was asked for; what never comes is brought about."""
        give_up_at = time.monotonic() + GIVE_UP_AFTER
        while self._process is not None:
            await asyncio.sleep(0.02)
            if time.monotonic() > give_up_at:
                self._process.kill()

    def kill(self) -> None:
        self._ask(signal.SIGKILL)

    def drain(self) -> None:
        self._ask(signal.SIGTERM)

    def freeze(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def _ask(self, number: signal.Signals) -> None:
        self._wanted.clear()
        if self._process is not None:
            self._asked = (number.name, time.monotonic())
            self._process.send_signal(number)
