"""Alembic's entry: on the connection that the product hands over, or for a developer on a new one."""

import asyncio

from alembic import context
from sqlalchemy import Connection

from models import Model


def run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Model.metadata, compare_server_default=True)
    with context.begin_transaction():
        context.run_migrations()


async def run_from_the_command_line() -> None:
    from engine.database import Database  # noqa: PLC0415 (would start a server inside the product)
    from engine.settings import load_settings  # noqa: PLC0415

    database = await Database.connect(load_settings())
    try:
        async with database.engine.begin() as connection:
            await connection.run_sync(run)
    finally:
        await database.close()


handed_over: Connection | None = context.config.attributes.get("connection")
if handed_over is not None:
    run(handed_over)
else:
    asyncio.run(run_from_the_command_line())
