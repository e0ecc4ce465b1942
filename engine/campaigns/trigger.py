"""The campaign trigger: starts every scheduled campaign whose time has come."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from engine.database import Database

DUE = """
SELECT id FROM campaigns WHERE status = 'scheduled' AND scheduled_at <= :now
 ORDER BY scheduled_at, id
   FOR UPDATE SKIP LOCKED
"""

# Not run for nothing: its trigger tells every engine to look, and looking is running this job, without end.
START = "UPDATE campaigns SET status = 'running', started_at = :now WHERE id = ANY(:ids)"


@dataclass(frozen=True, slots=True)
class CampaignTrigger:
    database: Database

    async def run_once(self, now: datetime) -> int:
        """Start what is due, also what became due while nothing ran; how many campaigns."""
        async with self.database.transaction() as session:
            due = list(await session.scalars(text(DUE), {"now": now}))
            if due:
                await session.execute(text(START), {"now": now, "ids": due})
        return len(due)
