"""The campaign trigger: starts every scheduled campaign whose time has come."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from engine.database import Database

START_DUE = """
UPDATE campaigns SET status = 'running', started_at = :now
 WHERE id IN (SELECT id FROM campaigns WHERE status = 'scheduled' AND scheduled_at <= :now
               ORDER BY scheduled_at, id FOR UPDATE SKIP LOCKED)
"""


@dataclass(frozen=True, slots=True)
class CampaignTrigger:
    database: Database

    async def run_once(self, now: datetime) -> int:
        """Start what is due, also what became due while nothing ran; how many campaigns."""
        async with self.database.transaction() as session:
            result = await session.execute(text(START_DUE), {"now": now})
        started: int = result.rowcount  # type: ignore[attr-defined]
        return started
