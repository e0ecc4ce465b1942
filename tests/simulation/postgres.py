"""A PostgreSQL of the simulation's own, on a TCP port, that can be restarted and killed."""

import asyncio
import threading
from pathlib import Path

from engine.embedded import PostgresServer, pgexec
from tests.processes import free_port


class OwnPostgres:
    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True)
        self.port = free_port()
        self._directory = directory
        self._server = PostgresServer(directory, cleanup_mode=None)
        self._one_at_a_time = threading.Lock()  # a start that nobody waits for any more goes on in its thread

    async def start(self) -> None:
        """Make the server's files if there are none yet, and start it."""
        await asyncio.to_thread(self._start)

    async def stop(self, *, crash: bool = False) -> None:
        """End every session at once; a crash leaves the recovery to the next start. Idempotent."""
        await asyncio.to_thread(self._stop, "immediate" if crash else "fast")

    def url(self, port: int | None = None) -> str:
        return f"postgresql://postgres@127.0.0.1:{port or self.port}/postgres"

    def _start(self) -> None:
        # Without fsync nothing is lost by killing processes, only by a power cut.
        options = f"-h 127.0.0.1 -p {self.port} -k {self._directory} -c fsync=off -c max_connections=200"
        with self._one_at_a_time:
            self._server.ensure_pgdata_inited()
            self._pg_ctl("-o", options, "-l", str(self._server.log), "start")

    def _stop(self, mode: str) -> None:
        with self._one_at_a_time:
            if (self._directory / "postmaster.pid").exists():
                self._pg_ctl("-m", mode, "stop")

    def _pg_ctl(self, *words: str) -> None:
        arguments = ("-w", "-D", str(self._directory), *words)
        pgexec("pg_ctl", arguments, bin_path=self._server.bin_path, user=self._server.system_user)
