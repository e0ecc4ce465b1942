"""A bad start is one line; a good one agrees with what the other processes have set."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import URL

from engine import runtime
from engine.actor import Actor
from engine.clock import Anchor
from engine.database import Database
from engine.devices.ownership import Ownership
from engine.errors import ConflictError, InvalidInputError, StartError
from engine.notifications import EVERYTHING, Channel, Notifications
from engine.runtime import Runtime, foundation, running
from engine.settings import Settings
from engine.timekeeper import Timekeeper
from engine.transports.factory import Transports
from models import UserDevice
from models.enums import TransportKind
from tests.integration.engine.world import until
from tests.processes import free_port


def settings(tmp_path: Path, **values: object) -> Settings:
    return Settings(_env_file=None, dripdesk_home=tmp_path, **values)


@pytest.mark.parametrize("problem", ["nobody listens", "no such host", "no such database", "wrong password"])
async def test_an_unusable_database_is_one_line(
    tmp_path: Path, problem: str, database_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = database_url.set(drivername="postgresql").render_as_string(hide_password=False)
    address = {
        "nobody listens": f"postgresql://me:hunter2@127.0.0.1:{free_port()}/drip",
        "no such host": "postgresql://me:hunter2@nowhere.invalid/drip",
        "no such database": good.replace(database_url.database or "", "nothing_here"),
        "wrong password": good,
    }[problem]
    if problem == "wrong password":
        import asyncpg

        async def refuse(*_: object, **__: object) -> None:
            raise asyncpg.InvalidPasswordError('password authentication failed for user "me"')

        monkeypatch.setattr(asyncpg, "connect", refuse)
    with pytest.raises(StartError) as raised:
        async with foundation(settings(tmp_path, database_url=address)):
            pass
    line = str(raised.value)
    assert line.startswith("DATABASE_URL: ")
    assert "\n" not in line
    assert "hunter2" not in line
    assert ": ; " not in line, "it says why"


async def test_the_sslmode_of_hosted_databases_is_understood(
    tmp_path: Path, database_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = database_url.set(drivername="postgresql").update_query_dict({"sslmode": "disable"})
    address = url.render_as_string(hide_password=False)
    async with foundation(settings(tmp_path, database_url=address)) as base:
        listening = asyncio.create_task(base.notifications.run())
        await asyncio.wait_for(base.notifications.connected.wait(), 10)
        listening.cancel()
        await asyncio.wait({listening})
    asked: list[str] = []

    async def connect(dsn: str, **_: object) -> None:
        asked.append(dsn)
        raise ConnectionRefusedError

    monkeypatch.setattr("asyncpg.connect", connect)
    with pytest.raises(StartError):
        await Database.open(settings(tmp_path, database_url="postgresql://db.example/drip?sslmode=require"))
    assert asked == ["postgresql://db.example/drip?sslmode=require"]


async def test_an_embedded_server_that_cannot_start_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "sandbox").write_text("a file where the directory should be")
    with pytest.raises(StartError, match="embedded PostgreSQL does not start") as raised:
        await Database.connect(settings(tmp_path))
    assert "\n" not in str(raised.value)


async def test_an_error_without_words_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def time_out(*_: object, **__: object) -> None:
        raise TimeoutError

    monkeypatch.setattr("asyncpg.connect", time_out)
    with pytest.raises(StartError, match="TimeoutError"):
        await Database.open(settings(tmp_path, database_url="postgresql://localhost/drip"))


async def test_the_first_process_sets_the_clock_and_the_others_follow(database: Database, tmp_path: Path) -> None:
    start = datetime(2026, 3, 27, tzinfo=UTC)
    first = await Timekeeper.start(database, settings(tmp_path, clock_start=start, clock_speed=60))
    second = await Timekeeper.start(database, settings(tmp_path, clock_speed=7))
    assert second.clock.anchor == first.clock.anchor
    assert start <= second.clock.now() < start + timedelta(hours=1)
    await first.set_speed(1440)
    assert second.clock.speed == 60
    await second.follow()
    assert second.clock.anchor == first.clock.anchor
    later = second.clock.now() + timedelta(days=2)
    await second.jump_to(later)
    await first.follow()
    assert first.clock.now() >= later
    with pytest.raises(InvalidInputError):
        await first.jump_to(start)


async def test_the_clock_is_not_touched_beside_a_real_device(
    database: Database, tmp_path: Path, owner: Actor
) -> None:
    timekeeper = await Timekeeper.start(database, settings(tmp_path))
    real = UserDevice(workspace_id=owner.workspace_id, name="Real", transport=TransportKind.NEONIZE)
    async with database.transaction() as session:
        session.add(real)
    with pytest.raises(ConflictError, match="Real"):
        await timekeeper.set_speed(60)
    with pytest.raises(ConflictError, match="Real"):
        await timekeeper.jump_to(timekeeper.clock.now() + timedelta(days=1))
    assert isinstance(timekeeper.clock.anchor, Anchor)
    assert timekeeper.clock.speed == 1


async def test_after_a_lost_connection_everybody_is_told_to_look(
    database: Database, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.notifications.RECONNECT_AFTER", 0.01)
    heard: list[str] = []
    notifications = Notifications(database.url)
    notifications.listen(Channel.CONTROL, heard.append)
    listening = asyncio.create_task(notifications.run())
    await until(lambda: heard == [EVERYTHING])
    async with database.transaction() as session:
        connection = await session.connection()
        await connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
            " AND datname = current_database()"
        )
    await until(lambda: len(heard) == 2)
    async with database.transaction() as session:
        session.add(UserDevice(workspace_id=owner.workspace_id, name="New", transport=TransportKind.SIMULATOR))
    await until(lambda: len(heard) == 3)
    listening.cancel()
    await asyncio.wait({listening})


async def test_a_database_that_goes_away_during_the_start_is_one_line(
    tmp_path: Path, database_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def reset(*_: object) -> None:
        raise ConnectionResetError

    monkeypatch.setattr(Timekeeper, "start", reset)
    address = database_url.set(drivername="postgresql").render_as_string(hide_password=False)
    with pytest.raises(StartError, match="went away"):
        async with foundation(settings(tmp_path, database_url=address)):
            pass


async def test_an_engine_outlives_a_database_that_is_away_just_then(
    tmp_path: Path, database_url: URL, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Away while it registers, and again when it is told to look at the clock after a lost connection."""
    monkeypatch.setattr(runtime, "TRY_AGAIN_AFTER", 0)
    failures = []

    def failing_once(work: Any) -> Any:
        async def fail_first(*values: Any, **rest: object) -> Any:
            if work not in failures:
                failures.append(work)
                raise ConnectionResetError
            return await work(*values, **rest)

        return fail_first

    monkeypatch.setattr(Ownership, "register", failing_once(Ownership.register))
    monkeypatch.setattr(Timekeeper, "follow", failing_once(Timekeeper.follow))
    address = database_url.set(drivername="postgresql").render_as_string(hide_password=False)
    async with foundation(settings(tmp_path, database_url=address)) as base:
        started = asyncio.Event()
        async with running(Runtime(base, Transports(settings(tmp_path), base.database).of).run(started)):
            await started.wait()
            await (await Timekeeper.start(database, settings(tmp_path))).set_speed(60)
            await until(lambda: base.clock.speed == 60 and len(failures) == 2)
