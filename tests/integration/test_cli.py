"""`dripdesk status` and `dripdesk doctor` as a person runs them: words and exit codes."""

import asyncio
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL

from engine.actor import Actor
from engine.database import Database
from engine.embedded import EmbeddedPostgres
from engine.settings import Settings
from models import UserDevice
from models.enums import DeviceState, TransportKind
from tests.processes import clean_environment, home_directory


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


async def dripdesk(home: Path, *arguments: str, **environment: str) -> Ended:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.cli", *arguments),
        cwd=home,  # no .env of the checkout
        env=clean_environment(**{"DRIPDESK_HOME": str(home / "home"), "PORT": "0", **environment}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return Ended(process.returncode or 0, out.decode(), err.decode())


def made_in(directory: Path) -> list[Path]:
    return list(directory.iterdir())


def address(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


async def add_devices(database: Database, actor: Actor, count: int, **columns: object) -> None:
    async with database.transaction() as session:
        session.add_all(
            UserDevice(
                workspace_id=actor.workspace_id,
                **{
                    "transport": TransportKind.SIMULATOR,
                    "state": DeviceState.ONLINE,
                    "name": f"Device {number}",
                    **columns,
                },
            )
            for number in range(1, count + 1)
        )


async def test_before_the_first_start_each_says_what_to_do_and_makes_nothing(tmp_path: Path) -> None:
    status = await dripdesk(tmp_path, "status")
    assert (status.code, status.out) == (2, "")
    assert status.err.count("\n") == 1
    assert f"no database in {tmp_path}/home/sandbox" in status.err
    assert "dripdesk run" in status.err
    doctor = await dripdesk(tmp_path, "doctor")
    assert (doctor.code, doctor.err) == (0, "")
    assert "! database" in doctor.out
    assert "→ start dripdesk first" in doctor.out
    assert not made_in(tmp_path)


@pytest.fixture
def directory() -> Iterator[Path]:
    with home_directory("cli") as directory:
        yield directory


async def test_the_embedded_database_is_looked_at_only_while_it_runs(directory: Path) -> None:
    embedded = EmbeddedPostgres(directory / "home" / "sandbox")
    assert embedded.join() is None
    await asyncio.to_thread(embedded.start)
    try:
        status = await dripdesk(directory, "status")
        assert status.code == 2
        assert "has no tables of dripdesk" in status.err, "it was joined, and not migrated"
        with_token = await dripdesk(directory, "status", TELEGRAM_BOT_TOKEN="123456:abcdefghijkl")
        assert "without TELEGRAM_BOT_TOKEN" in with_token.err, "the sandbox has a home of its own"
        again = EmbeddedPostgres(directory / "home" / "sandbox")
        assert again.join() is not None, "looking stopped nothing"
        again.release()
    finally:
        await asyncio.to_thread(embedded.release)
    stopped = await dripdesk(directory, "status")
    assert stopped.code == 2
    assert "is not running" in stopped.err


async def test_a_database_that_does_not_answer(tmp_path: Path) -> None:
    url = "postgresql://me:hunter2@127.0.0.1:9/drip"
    status = await dripdesk(tmp_path, "status", DATABASE_URL=url)
    assert status.code == 2
    assert status.err.startswith("dripdesk: DATABASE_URL: cannot use")
    doctor = await dripdesk(tmp_path, "doctor", DATABASE_URL=url)
    assert doctor.code == 1
    assert "✗ database" in doctor.out
    assert "→ see that PostgreSQL runs" in doctor.out
    assert "hunter2" not in status.err + doctor.out + doctor.err


async def test_a_wrong_setting_is_one_line_from_both(tmp_path: Path) -> None:
    for command in ("status", "doctor"):
        ended = await dripdesk(tmp_path, command, CLOCK_SPEED="fast")
        assert ended.code == 2
        assert ended.err.startswith("dripdesk: CLOCK_SPEED")


async def test_the_tables_fit_a_hundred_columns_and_are_plain_in_a_pipe(
    tmp_path: Path, database: Database, owner: Actor
) -> None:
    await add_devices(
        database, owner, 1, name="W" * 60, last_error="gone " * 40, state=DeviceState.REACHOUT_LIMITED
    )
    await add_devices(database, owner, 1, name="[red]Sales\x1b[31m")
    status = await dripdesk(tmp_path, "status", DATABASE_URL=address(database.url))
    assert (status.code, status.err) == (0, "")
    assert max(len(line) for line in status.out.splitlines()) <= 100
    assert "\x1b" not in status.out
    assert "[red]Sales" in status.out, "a name is no markup"
    assert "reachout limited" in status.out
    assert "gone gone" in status.out
    assert "2 devices, 2 need a look" in status.out


async def test_one_device_by_name_as_a_table_and_as_json(tmp_path: Path, database: Database, owner: Actor) -> None:
    await add_devices(database, owner, 3)
    url = address(database.url)
    status = await dripdesk(tmp_path, "status", "--device", "device 2", DATABASE_URL=url)
    assert "Device 2" in status.out
    assert "Device 3" not in status.out
    told = json.loads((await dripdesk(tmp_path, "status", "--json", "--device", "device 2", DATABASE_URL=url)).out)
    assert [device["name"] for device in told["devices"]] == ["Device 2"]
    assert told["devices"][0]["state"] == "online"
    assert told["totals"]["due"] == 0
    nobody = await dripdesk(tmp_path, "status", "--device", "Nobody", DATABASE_URL=url)
    assert nobody.code == 2
    assert "no device called “Nobody”" in nobody.err


@pytest.mark.parametrize("count", [40, 41])
async def test_of_many_devices_only_those_that_need_a_look_are_shown(
    tmp_path: Path, database: Database, owner: Actor, count: int
) -> None:
    async with database.transaction() as session:
        engine = (
            await session.execute(text("INSERT INTO engines (host, pid) VALUES ('h', 1) RETURNING id"))
        ).scalar_one()
        later = text("UPDATE engines SET heartbeat_at = clock_timestamp() + interval '1 hour'")
        await session.execute(later)  # the test may be slower than an engine's twelve seconds
    await add_devices(database, owner, count - 1, owner=engine)
    await add_devices(database, owner, 1, owner=engine, name="Banned", state=DeviceState.TEMP_BANNED)
    url = address(database.url)
    status = await dripdesk(tmp_path, "status", DATABASE_URL=url)
    assert "Banned" in status.out
    assert f"{count} devices, 1 needs a look" in status.out
    assert ("Device 7 " in status.out) == (count == 40)
    assert "Device 7 " in (await dripdesk(tmp_path, "status", "--all", DATABASE_URL=url)).out


async def test_a_session_key_is_printed_and_is_accepted_and_another_one_each_time(tmp_path: Path) -> None:
    keys = [(await dripdesk(tmp_path, "session-key")).out.strip() for _ in range(2)]
    assert keys[0] != keys[1]
    assert Settings(_env_file=None, session_key=",".join(keys)).session_key.get_secret_value() == ",".join(keys)
    assert made_in(tmp_path) == []


async def test_a_healthy_machine_has_exit_code_0_and_a_problem_1(
    tmp_path: Path, database: Database, owner: Actor
) -> None:
    url = address(database.url)
    healthy = await dripdesk(tmp_path, "doctor", DATABASE_URL=url)
    assert healthy.code == 0, healthy.out
    assert "✓ PostgreSQL" in healthy.out
    assert "✗" not in healthy.out
    async with database.transaction() as session:
        await session.execute(
            text("INSERT INTO clock (real_anchor, virtual_anchor, speed) VALUES (now(), now(), 60)")
        )
    await add_devices(database, owner, 1, transport=TransportKind.CLOUD)
    broken = await dripdesk(tmp_path, "doctor", DATABASE_URL=url)
    assert broken.code == 1
    assert "✗ business clock" in broken.out
    assert "→ UPDATE clock SET speed = 1" in broken.out
