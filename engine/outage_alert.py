"""Tells the operators of an outage of the database, when it is over."""

import asyncio
from datetime import timedelta

from sqlalchemy import text

from engine.batching import is_transient
from engine.clock import Clock
from engine.database import AdvisoryLock, Database

WORTH_TELLING = 30.0  # machine seconds; shorter ones are in the log only
TRY_AGAIN_AFTER = 1.0
ANSWER_WITHIN = 15.0

# One message in the chat, whichever engines have seen the outage: a newer alert about the same time is enough.
TELL = """
INSERT INTO alerts (workspace_id, kind, subject, status, text, first_at, last_at, resolved_at)
SELECT w.id, 'database_away', 'database', 'resolved', :told, :began, :now, :now
  FROM workspaces w
 WHERE NOT EXISTS (SELECT FROM alerts a
                    WHERE a.workspace_id = w.id AND a.kind = 'database_away' AND a.last_at > :began)
"""


async def tell_outages(database: Database, clock: Clock) -> None:
    """Write an alert about each outage that lasted, until cancelled."""
    while True:
        seconds = await database.outages.next_over()
        if seconds < WORTH_TELLING:
            continue
        while True:
            try:
                await _tell(database, clock, seconds)
                break
            except Exception as error:
                if not is_transient(error):
                    raise
            await asyncio.sleep(TRY_AGAIN_AFTER)


async def _tell(database: Database, clock: Clock, seconds: float) -> None:
    now = clock.now()
    async with database.within(ANSWER_WITHIN).transaction() as session:
        await session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": AdvisoryLock.TELL_OUTAGE})
        told = f"The database did not answer for {seconds:.0f} s. Nothing was lost; sending goes on."
        began = now - timedelta(seconds=seconds) * clock.speed
        await session.execute(text(TELL), {"told": told, "began": began, "now": now})
