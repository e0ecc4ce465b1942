"""Sending once more what failed, when somebody has put right what it failed for."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import text

from engine.actor import Actor
from engine.campaigns import store
from engine.clock import Clock
from engine.database import Database
from engine.errors import ConflictError
from models.enums import CampaignStatus, Role

# What failed was provably not accepted. What nobody is sure of, and what was left out on purpose, is not in it. A
# device that is gone cannot send again. What an operator had sent once more, and then failed, is as the rest.
FAILED = """
SELECT coalesce(m.error, m.error_code, '') AS reason, count(*) AS people,
       count(*) FILTER (WHERE d.removed_at IS NOT NULL) AS of_removed
  FROM messages m JOIN user_devices d ON d.id = m.device_id
 WHERE m.campaign_id = :campaign_id AND m.outcome = 'failed'
 GROUP BY 1 ORDER BY count(*) DESC, 1
"""
AGAIN = """
WITH again AS (
    UPDATE messages m
       SET outcome = NULL, error_code = NULL, error = NULL, attempts = 0, due_at = :now, expires_at = NULL,
           claimed_at = NULL, claim_epoch = NULL, body = NULL, by_hand = false
      FROM user_devices d
     WHERE m.campaign_id = :campaign_id AND m.outcome = 'failed' AND d.id = m.device_id AND d.removed_at IS NULL
    RETURNING m.id, m.device_id, m.lane, m.due_at, m.campaign_id),
told AS (
    SELECT pg_notify('dripdesk_queue', '')),
queued AS (
    INSERT INTO queue (message_id, device_id, lane, due_at, campaign_id)
    SELECT id, device_id, lane, due_at, campaign_id FROM again ORDER BY id
    RETURNING 1)
SELECT (SELECT count(*) FROM queued) AS queued FROM told
"""


@dataclass(frozen=True, slots=True)
class Retriable:
    """`reasons`: why how many failed, the most frequent first. `of_removed`: their device is gone."""

    people: int
    reasons: Mapping[str, int]
    of_removed: int


class CampaignRetries:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def foresee(self, actor: Actor, campaign_id: int) -> Retriable:
        """How many a retry would try once more, and what they failed for."""
        async with self._database.transaction() as session:
            await store.find(session, actor, campaign_id)
            rows = (await session.execute(text(FAILED), {"campaign_id": campaign_id})).all()
        of_removed = sum(row.of_removed for row in rows)
        people = sum(row.people for row in rows) - of_removed
        return Retriable(people, {row.reason: row.people for row in rows}, of_removed)

    async def retry(self, actor: Actor, campaign_id: int) -> int:
        """Let what failed wait to be sent once more, with the text as it is now; how many messages.

        A campaign that was through goes on for them; a paused one stays paused. Raises ConflictError.
        """
        now = self._clock.now()
        async with self._database.transaction() as session:
            campaign = await store.find(session, actor, campaign_id, role=Role.OPERATOR, lock=True)
            if campaign.status is CampaignStatus.CANCELLED:
                raise ConflictError("This campaign was cancelled. Clone it to send it again.")
            if campaign.status in {CampaignStatus.DRAFT, CampaignStatus.SCHEDULED}:
                raise ConflictError("This campaign has not begun yet.")
            again = int(await session.scalar(text(AGAIN), {"campaign_id": campaign_id, "now": now}) or 0)
            if again:
                campaign.watched_from = now  # what is tried again is judged by how it goes now
                if campaign.status is CampaignStatus.FINISHED:
                    campaign.status, campaign.finished_at = CampaignStatus.RUNNING, None
                actor.record(session, now, "campaign.retry", campaign_id, messages=again)
        return again
