"""The doctor's questions to a real PostgreSQL."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import create_async_engine

from engine.actor import Actor
from engine.database import Database
from engine.doctor import server
from engine.doctor.database import examine_database
from engine.doctor.findings import Finding, Ok, Problem, Warn
from engine.doctor.installation import Installation, read_installation
from engine.settings import Settings
from models import UserDevice
from models.enums import TransportKind


def settings_for(url: URL, tmp_path: Path) -> Settings:
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return Settings(_env_file=None, dripdesk_home=tmp_path, database_url=address)


async def examined(url: URL, tmp_path: Path) -> dict[str, Finding]:
    return {result.check: result.finding for result in await examine_database(settings_for(url, tmp_path))}


async def run(database: Database, *statements: str) -> None:
    async with database.transaction() as session:
        for statement in statements:
            await session.execute(text(statement))


async def test_a_healthy_installation_has_nothing_to_mend(database: Database, tmp_path: Path) -> None:
    results = await examined(database.url, tmp_path)
    assert {check: finding for check, finding in results.items() if not isinstance(finding, Ok)} == {}
    assert set(results) == {
        "PostgreSQL", "rights", "connections", "clock", "transactions", "LISTEN", "migrations", "engines",
        "business clock", "device hosts", "devices", "session key",
    }  # fmt: skip


async def test_nothing_is_changed_by_looking_at_a_database_without_tables(postgres: URL, tmp_path: Path) -> None:
    name = f"empty_{os.getpid()}"
    engine = create_async_engine(postgres, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
        try:
            results = await examined(postgres.set(database=name), tmp_path)
            again = await examined(postgres.set(database=name), tmp_path)
        finally:
            await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    await engine.dispose()
    assert isinstance(results["migrations"], Warn)
    assert "no tables yet" in results["migrations"].text
    assert "engines" not in results, "what is in tables is not asked"
    assert again.keys() == results.keys()
    assert again["migrations"] == results["migrations"]


@pytest.fixture
async def limited(database: Database) -> AsyncIterator[URL]:
    """A database user who owns nothing."""
    user = f"limited_{os.getpid()}"
    await run(database, f"CREATE ROLE {user} LOGIN", "REVOKE CREATE ON SCHEMA public FROM public")
    yield database.url.set(username=user)
    await run(database, f"DROP OWNED BY {user}", f"DROP ROLE {user}")


async def test_a_user_without_rights_is_told_which_are_missing(
    limited: URL, database: Database, tmp_path: Path
) -> None:
    results = await examined(limited, tmp_path)
    assert isinstance(results["rights"], Problem)
    assert "SELECT on" in results["rights"].text
    await run(
        database,
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {limited.username}",
        f"REVOKE INSERT ON contacts FROM {limited.username}",
    )
    rights = (await examined(limited, tmp_path))["rights"]
    assert isinstance(rights, Problem)
    assert rights.text == "missing: INSERT on contacts"
    await run(database, f"GRANT INSERT ON contacts TO {limited.username}")
    rights = (await examined(limited, tmp_path))["rights"]
    assert isinstance(rights, Problem)
    assert "may not create" in rights.text
    await run(database, f"GRANT CREATE ON SCHEMA public TO {limited.username}")
    assert isinstance((await examined(limited, tmp_path))["rights"], Ok)


async def test_a_transaction_that_is_open_for_long_is_found(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "LONG_TRANSACTION", 0.0)
    async with database.engine.connect() as forgotten:
        pid = (await forgotten.execute(text("SELECT pg_backend_pid()"))).scalar_one()
        found = (await examined(database.url, tmp_path))["transactions"]
    assert isinstance(found, Warn)
    assert f"pg_terminate_backend({pid})" in found.mend


async def test_a_notification_that_does_not_arrive_is_a_problem(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a pooler in transaction mode: LISTEN is accepted, and nothing is ever heard."""
    import asyncpg

    async def deaf(*_: object) -> None:
        return None

    monkeypatch.setattr(server, "HEARD_WITHIN", 0.05)
    monkeypatch.setattr(asyncpg.Connection, "add_listener", deaf)
    assert isinstance(await server.look_at_listen(database), Problem)


async def test_engines_devices_and_the_clock_are_read(database: Database, owner: Actor) -> None:
    assert await read_installation(database) == Installation(0, [], 0, 1, 0, 0)
    await run(
        database,
        "INSERT INTO engines (host, pid) VALUES ('here', 1)",
        "INSERT INTO engines (host, pid, heartbeat_at) VALUES ('gone', 2, clock_timestamp() - interval '13 seconds')",
        "INSERT INTO clock (real_anchor, virtual_anchor, speed) VALUES (now(), now(), 60)",
    )
    kinds = [TransportKind.SIMULATOR, TransportKind.SIMULATOR, TransportKind.CLOUD]
    async with database.transaction() as session:
        session.add_all(
            UserDevice(workspace_id=owner.workspace_id, name=f"Device {number}", transport=kind, owner=number)
            for number, kind in zip((1, 2, None), kinds, strict=True)
        )
    assert await read_installation(database) == Installation(1, ["gone:2"], 2, 60, 1, 2)


async def test_a_wrong_password_or_nobody_there_is_one_problem(tmp_path: Path) -> None:
    url = URL.create("postgresql+asyncpg", "me", "hunter2", "127.0.0.1", 9, "drip")
    async with asyncio.timeout(10):
        results = await examined(url, tmp_path)
    assert list(results) == ["database"]
    assert isinstance(results["database"], Problem)
    assert "hunter2" not in results["database"].text
