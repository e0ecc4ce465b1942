"""An engine's importer in a process of its own, to be killed.

`python -m tests.integration.contacts.process DATABASE_URL` ends when there is nothing left to do.
"""

import asyncio
import sys
from datetime import UTC, datetime, timedelta

from sqlalchemy.engine import make_url

from engine.clock import ManualClock
from engine.contacts.importer import Importer
from engine.database import Database

NOW = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
LEASE = timedelta(seconds=0.4)


async def main(url: str) -> None:
    database = Database(make_url(url))
    importer = Importer(database, ManualClock(NOW), rows=250, lease=LEASE)
    print("ready", flush=True)
    while await importer.run_once(NOW):
        pass
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
