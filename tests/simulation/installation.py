"""A whole installation in real processes: PostgreSQL, the phones, engines, and a way between each and the database."""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.engine import make_url

from engine.clock import BusinessClock
from engine.database import Database
from engine.settings import Settings
from engine.timekeeper import Timekeeper
from tests.processes import free_port, home_directory
from tests.simulation.passage import Passage
from tests.simulation.plan import Size
from tests.simulation.postgres import OwnPostgres
from tests.simulation.processes import EngineProcess, Phones

MONDAY_MORNING = datetime(2026, 1, 5, 10, 0, tzinfo=ZoneInfo("Asia/Kuala_Lumpur"))


@dataclass
class Installation:
    """`database` and `clock` are the simulation's own: they do not go through a passage."""

    home: Path
    postgres: OwnPostgres
    phones: Phones
    database: Database
    clock: BusinessClock
    engines: list[EngineProcess] = field(default_factory=list)
    passages: list[Passage] = field(default_factory=list)

    async def stop_engines(self) -> None:
        """As a service manager does at the end of the day."""
        for engine in self.engines:
            engine.drain()
        await asyncio.gather(*(engine.ended() for engine in self.engines))


@asynccontextmanager
async def installed(size: Size, *, keep: bool = False) -> AsyncIterator[Installation]:
    """PostgreSQL and the phones run; the engines wait for their `start`."""
    async with AsyncExitStack() as ending:
        if keep:
            home = Path(tempfile.mkdtemp(prefix="dripdesk-chaos-"))
            print(f"kept: {home}", file=sys.stderr)
        else:
            home = ending.enter_context(home_directory("chaos"))
        postgres, phones = OwnPostgres(home / "postgres"), Phones(home / "phones", free_port())
        ending.push_async_callback(postgres.stop, crash=True)
        ending.push_async_callback(phones.close)
        await asyncio.gather(postgres.start(), phones.start())
        database = Database(make_url(postgres.url()).set(drivername="postgresql+asyncpg"))
        ending.push_async_callback(database.close)
        await database.migrate()
        settings = Settings(_env_file=None, clock_speed=size.speed, clock_start=MONDAY_MORNING)
        timekeeper = await Timekeeper.start(database, settings)
        installation = Installation(home, postgres, phones, database, timekeeper.clock)
        tasks = await ending.enter_async_context(asyncio.TaskGroup())
        for number in range(size.engines):
            passage = Passage(postgres.port)
            await passage.open()
            ending.push_async_callback(passage.close)
            engine = EngineProcess(
                number,
                home / f"engine-{number}",
                DATABASE_URL=postgres.url(passage.port),
                SIMULATOR="on",
                SIMULATOR_URL=phones.url,
                MAX_WORKERS=str(size.workers),
            )
            running = tasks.create_task(engine.run())
            ending.callback(running.cancel)
            installation.engines.append(engine)
            installation.passages.append(passage)
        yield installation
