"""The campaign trigger in a process of its own, to be killed in the middle of a fan-out.

`python -m tests.integration.engine.fanning DATABASE_URL NOW CHUNK`
"""

import asyncio
import sys
from datetime import datetime

from sqlalchemy.engine import make_url

from engine.campaigns import fanout
from engine.campaigns.trigger import CampaignTrigger
from engine.clock import ManualClock
from engine.database import Database


async def main(url: str, now: str, chunk: str) -> None:
    fanout.CHUNK = int(chunk)
    clock = ManualClock(datetime.fromisoformat(now))
    database = Database(make_url(url))
    print("ready", flush=True)
    await CampaignTrigger(database, clock).run_once(clock.now())
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
