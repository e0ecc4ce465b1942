"""When a campaign has ended: its fan-out is through, and none of its messages is open, nor a link to it.

Nothing counts them down: that would cost every outcome a write on the campaign's row. What is open waits in the
queue, is on its way from a device, or is sent once more by hand: three questions, each to an index, and none reads
what has ended (docs/decisions/0017).
"""

from datetime import datetime
from typing import Any

from sqlalchemy import select, text

from engine.actor import Actor
from engine.alerts import Problem, tell
from engine.campaigns.control import alert_subject
from engine.database import Database
from engine.transactions import Session
from models import Campaign
from models.enums import AlertKind, CampaignPause, CampaignStatus, Face, MessageStatus, Role

# By a click-to-chat link somebody may join at any time, until it is closed.
HAS_LINK = """EXISTS (SELECT FROM chat_links l
                   WHERE l.workspace_id = c.workspace_id AND l.campaign_id = c.id AND l.closed_at IS NULL)"""

# Those that may have ended: everybody has a message, or all of the first ones may have.
CANDIDATES = f"""
SELECT c.id FROM campaigns c
 WHERE c.status = 'running'
   AND CASE WHEN c.fanned_at IS NULL THEN c.first_ones IS NOT NULL ELSE NOT {HAS_LINK} END
 ORDER BY c.id
"""
LINK_IS_OPEN = f"SELECT {HAS_LINK} FROM campaigns c WHERE c.id = :campaign_id"

# In one snapshot: what one of the three does not see yet, another sees still. Each device is asked for itself, as
# the index of the queue begins with it.
IS_OPEN = """
SELECT EXISTS (SELECT FROM user_devices d
                CROSS JOIN LATERAL (
                      SELECT FROM queue q
                       WHERE q.device_id = d.id AND q.lane = 'campaign' AND q.campaign_id = :campaign_id
                       LIMIT 1) waiting
                WHERE d.workspace_id = :workspace_id)
       OR EXISTS (SELECT FROM user_devices d JOIN messages m ON m.id = d.in_flight_message_id
                   WHERE d.workspace_id = :workspace_id AND m.campaign_id = :campaign_id)
       OR EXISTS (SELECT FROM doubts u JOIN messages m ON m.id = u.message_id
                   WHERE u.workspace_id = :workspace_id AND m.campaign_id = :campaign_id AND m.outcome IS NULL)
"""
BY_THE_INDEX = "SET LOCAL enable_seqscan = off"
OUTCOMES = """
SELECT outcome, min(error) AS error, count(*) AS messages
  FROM messages WHERE campaign_id = :campaign_id GROUP BY outcome, error_code ORDER BY count(*) DESC
"""


class Finisher:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def run_once(self, now: datetime) -> int:
        """End what has ended, and pause what is to ask after its first ones; how many campaigns."""
        async with self._database.transaction() as session:
            ids = list(await session.scalars(text(CANDIDATES)))
        return sum([await self._end(campaign_id, now) for campaign_id in ids])

    async def _end(self, campaign_id: int, now: datetime) -> bool:
        """Look first without a lock, which the claims of its messages would find."""
        candidate = select(Campaign).where(Campaign.id == campaign_id, Campaign.status == CampaignStatus.RUNNING)
        async with self._database.transaction() as session:
            campaign = await session.scalar(candidate)
            if campaign is None or await _is_open(session, campaign):
                return False
        async with self._database.transaction() as session:
            campaign = await session.scalar(candidate.with_for_update(skip_locked=True))
            if campaign is None or await _is_open(session, campaign):
                return False
            if campaign.fanned_at is None:
                return await _ask(session, campaign, now)
            if await session.scalar(text(LINK_IS_OPEN), {"campaign_id": campaign.id}):
                return False  # it was made just now; with the row locked no other is
            campaign.status, campaign.finished_at = CampaignStatus.FINISHED, now
            return True


async def _is_open(session: Session, campaign: Campaign) -> bool:
    """By the index in any case: the planner would look for one of many, and read everything to find none."""
    await session.execute(text(BY_THE_INDEX))
    about = {"campaign_id": campaign.id, "workspace_id": campaign.workspace_id}
    return bool(await session.scalar(text(IS_OPEN), about))


async def _ask(session: Session, campaign: Campaign, now: datetime) -> bool:
    """If all of the first ones have it, wait for somebody to say whether the others are to get it too."""
    outcomes = await session.rows(OUTCOMES, {"campaign_id": campaign.id})
    made = sum(row.messages for row in outcomes)
    if campaign.first_ones is None or made < campaign.first_ones:
        return False
    campaign.status, campaign.pause_reason = CampaignStatus.PAUSED, CampaignPause.FIRST_ONES
    campaign.paused_at, campaign.paused_by = now, None
    words = f"“{campaign.name}”: the first {made:,} are through: {_in_words(outcomes)}. Do the others get it too?"
    told = Problem(AlertKind.CAMPAIGN_PAUSED, alert_subject(campaign.id), words)
    await tell(session, campaign.workspace_id, told, now)
    system = Actor(campaign.workspace_id, Role.OPERATOR, Face.SYSTEM)
    system.record(session, now, "campaign.pause", campaign.id, reason=CampaignPause.FIRST_ONES)
    return True


def _in_words(outcomes: Any) -> str:
    """Say it like "9 sent, 1 failed (the number is blocked)"."""
    words = []
    for row in outcomes:
        said = "not sure" if row.outcome == MessageStatus.UNKNOWN else row.outcome
        reason = f" ({row.error.rstrip('.')})" if row.error and row.outcome != MessageStatus.SENT else ""
        words.append(f"{row.messages:,} {said}{reason}")
    return ", ".join(words)
