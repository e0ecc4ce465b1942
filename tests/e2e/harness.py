"""The product as an outsider has it: a process, an HTTP port, a database for anyone with SQL, and a ledger."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self, TypeVar

import asyncpg
import httpx
import psutil

from tests.processes import ROOT, clean_environment, free_port

CONTACTS = ROOT / "examples" / "contacts.csv"

READY_WITHIN = 60.0  # a fresh home on a busy machine: initdb, migrations, imports
STOP_WITHIN = 20.0
LOOK_EVERY = 0.05

T = TypeVar("T")


def wait_until(condition: Callable[[], T | None], what: str, within: float = 20.0) -> T:
    """Poll until `condition` holds; its value. The AssertionError says what never happened."""
    deadline = time.monotonic() + within
    while not (held := condition()):
        assert time.monotonic() < deadline, f"not within {within:g} s: {what}"
        time.sleep(LOOK_EVERY)
    return held


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One message that the simulated network accepted, written before it said so to anyone."""

    at: datetime
    business_at: datetime
    device: int
    phone: str
    ref: int
    body: str


class Product:
    """`python -m bot` with a home, a port and a ledger of its own. Starts are counted in seconds."""

    module = "bot"

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        self.ledger_file = home / "ledger.jsonl"
        self.log_file = home / "log.txt"
        home.mkdir(parents=True, exist_ok=True)
        self._port = free_port()
        self._environment = clean_environment(
            DRIPDESK_HOME=str(home),
            PORT=str(self._port),
            SIMULATOR_LEDGER=str(self.ledger_file),
            **environment,
        )
        self._process: subprocess.Popen[bytes] | None = None
        self.http = httpx.Client(base_url=self.url, timeout=30)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        assert self._process is not None, "the product is not running"
        return self._process.pid

    def start(self) -> float:
        """Start and wait until it is ready; how long that took."""
        began = time.monotonic()
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self.module],
                cwd=self.home,  # no .env of the checkout
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        try:
            wait_until(self._is_ready, "GET /healthz answers 200", READY_WITHIN)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log()[-3000:]}") from None
        return time.monotonic() - began

    def stop(self) -> float:
        """End it as a service manager does, and see that it leaves nothing behind; how long that took."""
        assert self._process is not None
        began = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(STOP_WITHIN)
        took = time.monotonic() - began
        assert code == 0, f"exit code {code}\n{self.log()[-3000:]}"
        self.wait_until_nothing_is_left()
        return took

    def kill9(self) -> None:
        """Power off: nothing of it gets the chance to say goodbye."""
        os.kill(self.pid, signal.SIGKILL)
        assert self._process is not None
        self._process.wait()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()
        if self._process is not None and self._process.poll() is None:
            self.stop()

    def leftovers(self) -> list[str]:
        """The processes that still work on this home: PostgreSQL, its keeper, the product itself."""
        found = []
        for process in psutil.process_iter(["cmdline"]):
            command = " ".join(process.info["cmdline"] or [])
            if str(self.home) in command and process.pid != os.getpid():
                found.append(command)
        return found

    def wait_until_nothing_is_left(self) -> None:
        wait_until(lambda: not self.leftovers(), f"no process is left on {self.home}", 10)

    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def ledger(self) -> list[LedgerLine]:
        """What the phones received, in order."""
        return read_ledger(self.ledger_file)

    def sql(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        """Run one statement as anyone with SQL may."""
        # The fifth line of PostgreSQL's own postmaster.pid is where its socket is.
        socket_directory = (self.home / "sandbox/postgres/postmaster.pid").read_text().splitlines()[4]

        async def run() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(host=socket_directory, user="postgres", database="postgres")
            try:
                rows: list[asyncpg.Record] = await connection.fetch(statement, *values)
                return rows
            finally:
                await connection.close()

        return asyncio.run(run())

    def get(self, path: str, **query: Any) -> Any:
        response = self.http.get(path, params=query)
        response.raise_for_status()
        return response.json()

    def post(self, path: str, **body: Any) -> Any:
        response = self.http.post(path, json=body)
        assert response.is_success, f"POST {path} {body}: {response.status_code} {response.text}"
        return response.json()

    def now(self) -> datetime:
        """Business time."""
        return datetime.fromisoformat(self.get("/sandbox/clock")["now"])

    def run_clock(self, speed: float) -> None:
        self.post("/sandbox/clock", speed=speed)

    def jump_to(self, instant: datetime) -> None:
        self.post("/sandbox/clock", jump_to=instant.isoformat())

    def jump_to_next_due(self) -> None:
        """As the page's button does, once something is waiting for its time."""
        wait_until(lambda: self.get("/sandbox/clock")["next_due"], "something is due later")
        self.post("/sandbox/clock", jump_to="next_due")

    def let_pass(self, business_time: timedelta) -> None:
        until = self.now() + business_time
        wait_until(lambda: self.now() >= until, f"{business_time} of business time")

    def wait_until_all_is_sent(self, within: float = 60.0) -> None:
        """Until no message of those that exist is waiting or on its way."""
        unfinished = "SELECT 1 FROM broadcast_messages WHERE status IN ('pending', 'processing') LIMIT 1"
        wait_until(lambda: not self.sql(unfinished), "every message has its outcome", within)

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"it ended with exit code {self._process.returncode}"
        try:
            return self.http.get("/healthz").status_code == 200
        except httpx.TransportError:
            return False


def read_ledger(file: Path) -> list[LedgerLine]:
    """In order; a line that is being written is left for the next look."""
    if not file.exists():
        return []
    return [_ledger_line(json.loads(line)) for line in file.read_text().split("\n")[:-1]]


def _ledger_line(line: dict[str, Any]) -> LedgerLine:
    return LedgerLine(
        at=datetime.fromisoformat(line["at"]),
        business_at=datetime.fromisoformat(line["business_at"]),
        device=line["device"],
        phone=line["phone"],
        ref=line["ref"],
        body=line["body"],
    )
