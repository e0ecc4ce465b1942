"""Deleting the messages of a campaign that was taken back before it began.

It is a draft from the commit on, and the claim obeys that; its messages go after that, chunk by chunk. As long as
`started_at` is there some may be left: should this be interrupted, the job finishes it. Only what nobody has begun
to send is deleted.
"""

from dataclasses import dataclass

from sqlalchemy import text

from engine.database import Database

CHUNK = 10_000

# What waits, and what has ended without ever being claimed: somebody has opted out meanwhile.
_UNTOUCHED = "m.campaign_id = :campaign_id AND m.claimed_at IS NULL"
LEFT_BEHIND = "SELECT id FROM campaigns WHERE status = 'draft' AND started_at IS NOT NULL ORDER BY id"
LOCK = """
SELECT id FROM campaigns
 WHERE id = :campaign_id AND status = 'draft' AND started_at IS NOT NULL
   FOR NO KEY UPDATE SKIP LOCKED
"""
DONE = "UPDATE campaigns SET started_at = NULL WHERE id = :campaign_id"

# The queue's row first, as whoever ends the waiting does; what somebody else has locked is left for the next walk.
DELETE_WAITING = f"""
WITH chunk AS MATERIALIZED (
    SELECT m.id FROM messages m JOIN queue q ON q.message_id = m.id
     WHERE {_UNTOUCHED}
     ORDER BY m.contact_id
     LIMIT :chunk
       FOR UPDATE OF q SKIP LOCKED
       FOR UPDATE OF m SKIP LOCKED)
DELETE FROM messages m USING chunk WHERE m.id = chunk.id
"""
DELETE_ENDED = f"DELETE FROM messages m WHERE {_UNTOUCHED} AND m.outcome IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Takeback:
    database: Database

    async def run_once(self) -> int:
        """Delete what is left of campaigns that were taken back; how many campaigns."""
        async with self.database.transaction() as session:
            ids = list(await session.scalars(text(LEFT_BEHIND)))
        for campaign_id in ids:
            await self.delete(campaign_id)
        return len(ids)

    async def delete(self, campaign_id: int) -> int:
        """Delete the messages of a draft; how many. Somebody else may be at it already."""
        about = {"campaign_id": campaign_id}
        deleted = 0
        while True:
            async with self.database.transaction() as session:
                if await session.scalar(text(LOCK), about) is None:
                    return deleted
                result = await session.execute(text(DELETE_WAITING), {**about, "chunk": CHUNK})
                done: int = result.rowcount  # type: ignore[attr-defined]
                if done == 0:
                    await session.execute(text(DELETE_ENDED), about)
                    await session.execute(text(DONE), about)
                    return deleted
            deleted += done
