"""Ending what a cancelled campaign had still to send.

A cancelled campaign is obeyed by the claim from the commit on; its messages are ended after that, chunk by chunk.
`finished_at` says that none is left. Whoever was interrupted is finished by the job, on whichever engine. What an
operator was about to send once more is unsure again, as it was before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from engine.database import Database

CHUNK = 10_000

UNFINISHED = "SELECT id FROM campaigns WHERE status = 'cancelled' AND finished_at IS NULL ORDER BY id"

# In the order of the index, so that no chunk looks again at what the one before it has ended. What somebody else
# has locked is left for the next walk: nobody waits, so nobody can be waited for in a circle.
CANCEL_CHUNK = """
WITH chunk AS MATERIALIZED (
    SELECT m.id, m.contact_id
      FROM messages m JOIN queue q ON q.message_id = m.id
     WHERE m.campaign_id = :campaign_id AND m.contact_id > :after AND m.outcome IS NULL
     ORDER BY m.contact_id
     LIMIT :chunk
       FOR UPDATE OF q SKIP LOCKED
       FOR NO KEY UPDATE OF m SKIP LOCKED),
gone AS (
    DELETE FROM queue q USING chunk WHERE q.message_id = chunk.id RETURNING q.message_id),
ended AS (
    UPDATE messages m SET outcome = CASE WHEN m.by_hand THEN 'unknown' ELSE 'cancelled' END,
           error_code = CASE WHEN m.by_hand THEN 'unknown' ELSE 'cancelled' END, error = NULL
      FROM gone WHERE m.id = gone.message_id
    RETURNING m.id)
SELECT (SELECT max(contact_id) FROM chunk) AS last, (SELECT count(*) FROM ended) AS ended
"""

# Not while one is on its way: it may come back to the queue.
FINISH = """
UPDATE campaigns c SET finished_at = :now
 WHERE c.id = :campaign_id AND c.status = 'cancelled' AND c.finished_at IS NULL
   AND NOT EXISTS (SELECT FROM messages m WHERE m.campaign_id = c.id AND m.outcome IS NULL)
"""


@dataclass(frozen=True, slots=True)
class Cancelling:
    database: Database

    async def run_once(self, now: datetime) -> int:
        """End what is left of every cancelled campaign; how many messages."""
        async with self.database.transaction() as session:
            ids: Sequence[int] = list(await session.scalars(text(UNFINISHED)))
        return sum([await self.end(campaign_id, now) for campaign_id in ids])

    async def end(self, campaign_id: int, now: datetime) -> int:
        """End what waits of one cancelled campaign; how many messages."""
        ended, after = 0, 0
        while True:
            async with self.database.transaction() as session:
                about = {"campaign_id": campaign_id, "after": after, "chunk": CHUNK}
                row = (await session.execute(text(CANCEL_CHUNK), about)).one()
                if row.last is None:
                    await session.execute(text(FINISH), {"campaign_id": campaign_id, "now": now})
                    return ended
            ended, after = ended + row.ended, row.last
