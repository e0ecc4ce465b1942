"""The migrations: each goes up, down and up again, and together they make what the models say."""

import os
from collections.abc import AsyncIterator, Iterator

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.engine import URL

from engine.database import MIGRATIONS, Database
from models import Model
from tests.conftest import migrated_database

# Everything a person could have changed on one side only; triggers and views belong to the migrations alone.
SHAPE = """
SELECT 'column', table_name || '.' || column_name, data_type || ' ' || is_nullable || ' '
       || coalesce(column_default, '') || is_identity
  FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
 WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'
UNION ALL
SELECT 'constraint', conrelid::regclass::text || '.' || conname, pg_get_constraintdef(oid)
  FROM pg_constraint WHERE connamespace = current_schema()::regnamespace AND contype <> 'n' -- a column says so too
UNION ALL
SELECT 'index', indexname, replace(indexdef, current_schema() || '.', '')
  FROM pg_indexes WHERE schemaname = current_schema()
UNION ALL
SELECT 'options', relname, reloptions::text
  FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND reloptions IS NOT NULL
"""


@pytest.fixture
def database_url(postgres: URL) -> Iterator[URL]:
    """For each test one of its own: they change the schema."""
    with migrated_database(postgres, f"schema_{os.getpid()}") as url:
        yield url


@pytest.fixture
async def database(database_url: URL) -> AsyncIterator[Database]:
    database = Database(database_url)
    yield database
    await database.close()


def shape(connection: Connection) -> set[tuple[str, str, str]]:
    ours = {tuple(row) for row in connection.execute(text(SHAPE))}
    return {row for row in ours if "alembic_version" not in row[1]}


def migrate(connection: Connection, to: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    going = command.downgrade if to == "base" or to.startswith("-") else command.upgrade
    going(config, to)


def revisions() -> list[str]:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return [script.revision for script in reversed(list(ScriptDirectory.from_config(config).walk_revisions()))]


async def test_every_migration_goes_up_down_and_up(database: Database) -> None:
    async with database.engine.connect() as connection:
        await connection.run_sync(migrate, "base")
        left = await connection.execute(
            text("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace")
        )
        assert {name for (name,) in left} <= {"alembic_version", "alembic_version_pkc"}
        for revision in revisions():
            await connection.run_sync(migrate, revision)
            before = await connection.run_sync(shape)
            await connection.run_sync(migrate, "-1")
            await connection.run_sync(migrate, revision)
            assert await connection.run_sync(shape) == before


async def test_models_equal_migrations(database: Database) -> None:
    async with database.engine.connect() as connection:
        migrated = await connection.run_sync(shape)
        await connection.execute(text("CREATE SCHEMA from_models"))
        await connection.execute(text("SET search_path TO from_models"))
        await connection.run_sync(Model.metadata.create_all)
        assert await connection.run_sync(shape) == migrated


@pytest.mark.parametrize("together", [3])
async def test_processes_that_start_together_take_turns(database: Database, together: int) -> None:
    import asyncio

    await asyncio.gather(*(database.migrate() for _ in range(together)))
