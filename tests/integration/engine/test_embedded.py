"""The embedded PostgreSQL: it keeps its data through everything, and leaves no server behind."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from engine.embedded import EmbeddedPostgres
from tests.integration.engine.world import until
from tests.processes import home_directory

USER = textwrap.dedent(
    """
    import asyncio, sys
    from pathlib import Path
    import asyncpg
    from engine.embedded import EmbeddedPostgres

    embedded = EmbeddedPostgres(Path(sys.argv[1]))
    address = embedded.start()

    async def main():
        connection = await asyncpg.connect(address)
        await connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        await connection.execute("INSERT INTO kept VALUES (1)")
        await connection.close()

    asyncio.run(main())
    print("ready", flush=True)
    sys.stdin.read()
    """
)


def server_of(home: Path) -> int | None:
    """The process id of the running server."""
    try:
        pid = int((home / "postgres" / "postmaster.pid").read_text().split(maxsplit=1)[0])
    except (FileNotFoundError, IndexError):
        return None
    return pid if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE else None


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A data directory to copy: making one takes longer than the tests."""
    with home_directory("made") as home:
        embedded = EmbeddedPostgres(home)
        embedded.start()
        embedded.release()
        yield home


@pytest.fixture
def home(made: Path) -> Iterator[Path]:
    with home_directory("embedded") as home:
        subprocess.run(["cp", "-a", made / "postgres", home], check=True)  # with its owner, when root runs this
        yield home
        assert server_of(home) is None, "a server was left behind"


def start_user(home: Path) -> subprocess.Popen[str]:
    user = subprocess.Popen(
        [sys.executable, "-c", USER, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert user.stdout is not None
    assert user.stdout.readline() == "ready\n"
    return user


def end(user: subprocess.Popen[str], how: signal.Signals) -> None:
    user.send_signal(how)
    user.communicate()


async def rows(address: str) -> int:
    connection = await asyncpg.connect(address)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM kept"))
    finally:
        await connection.close()


async def gone(home: Path) -> None:
    await until(lambda: server_of(home) is None, within=20)


async def test_after_kill_9_of_its_only_user_the_server_goes_and_the_data_stays(home: Path) -> None:
    for run in (1, 2):
        user = start_user(home)
        assert server_of(home) is not None
        end(user, signal.SIGKILL)
        if run == 1:
            await gone(home)
    # Started again at once, perhaps while the keeper is stopping the server.
    embedded = EmbeddedPostgres(home)
    address = await asyncio.to_thread(embedded.start)
    assert await rows(address) == 2
    await asyncio.to_thread(embedded.release)
    await gone(home)


async def test_processes_share_a_directory_and_the_last_one_out_stops_the_server(home: Path) -> None:
    embedded = EmbeddedPostgres(home)
    address = await asyncio.to_thread(embedded.start)
    server = server_of(home)
    user = start_user(home)
    assert server_of(home) == server
    await asyncio.to_thread(embedded.release)
    assert server_of(home) == server
    embedded = EmbeddedPostgres(home)
    address = await asyncio.to_thread(embedded.start)
    end(user, signal.SIGKILL)
    assert await rows(address) == 1
    await asyncio.to_thread(embedded.release)
    await gone(home)


async def test_a_pid_file_whose_number_is_another_programs_by_now_is_no_obstacle(home: Path) -> None:
    (home / "postgres" / "postmaster.pid").write_text(
        f"{os.getpid()}\n{home / 'postgres'}\n1700000000\n5432\n\nlocalhost\n  1 1\nready\n"
    )
    embedded = EmbeddedPostgres(home)
    await asyncio.to_thread(embedded.start)
    assert server_of(home) not in {None, os.getpid()}
    await asyncio.to_thread(embedded.release)
    await gone(home)


@pytest.mark.parametrize("left", ["whole", "half written", "empty"])
async def test_a_pid_file_of_a_crash_is_no_obstacle(home: Path, left: str) -> None:
    ended = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await ended.wait()
    lines = [str(ended.pid), str(home / "postgres"), "1700000000", "5432", "", "localhost", "  1 1", "ready"]
    lines = {"whole": lines, "half written": lines[:4], "empty": []}[left]
    (home / "postgres" / "postmaster.pid").write_text("".join(f"{line}\n" for line in lines))
    embedded = EmbeddedPostgres(home)
    await asyncio.to_thread(embedded.start)
    await asyncio.to_thread(embedded.release)
    await gone(home)


async def test_releasing_twice_is_as_good_as_once(home: Path) -> None:
    embedded = EmbeddedPostgres(home)
    await asyncio.to_thread(embedded.start)
    embedded.release()
    embedded.release()
