"""When a campaign has ended: its fan-out is through, and none of its messages is open.

Nothing counts them down: that would cost every outcome a write on the campaign's row, and an index on what is open
would cost it its HOT update (docs/decisions/0005). Instead one that is open is remembered, and another is looked
for only when that has ended: from there towards the first, as people are reached in the other direction. So a
campaign is read about once in its life, and not at each look; before it ends it is read once more as a whole,
because what an operator sends once more is open again.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import select, text

from engine.alerts import Problem, tell
from engine.campaigns.control import alert_subject
from engine.database import Database
from engine.transactions import Session
from models import Campaign
from models.enums import AlertKind, CampaignPause, CampaignStatus, MessageStatus

LAST = 2**63 - 1

# With first ones that are not all made yet there is nothing to end.
CANDIDATES = """
SELECT id FROM campaigns
 WHERE status = 'running' AND (fanned_at IS NOT NULL OR first_ones IS NOT NULL)
 ORDER BY id
"""
OPEN_ONE = """
SELECT contact_id FROM messages
 WHERE campaign_id = :campaign_id AND contact_id <= :from AND outcome IS NULL
 ORDER BY contact_id DESC
 LIMIT 1
"""
BY_THE_INDEX = "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true)"
OUTCOMES = """
SELECT outcome, min(error) AS error, count(*) AS messages
  FROM messages WHERE campaign_id = :campaign_id GROUP BY outcome, error_code ORDER BY count(*) DESC
"""


class Finisher:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._open: dict[int, int] = {}  # by campaign, the contact of a message that was open

    async def run_once(self, now: datetime) -> int:
        """End what has ended, and pause what is to ask after its first ones; how many campaigns."""
        async with self._database.transaction() as session:
            ids = list(await session.scalars(text(CANDIDATES)))
        self._open = {campaign_id: contact for campaign_id, contact in self._open.items() if campaign_id in ids}
        return sum([await self._end(campaign_id, now) for campaign_id in ids])

    async def _end(self, campaign_id: int, now: datetime) -> bool:
        if await self._is_open(campaign_id):
            return False
        async with self._database.transaction() as session:
            campaign = await session.scalar(
                select(Campaign)
                .where(Campaign.id == campaign_id, Campaign.status == CampaignStatus.RUNNING)
                .with_for_update(skip_locked=True)
            )
            if campaign is None:
                return False
            found = await _open_one(session, campaign_id, LAST)
            if found is not None:
                self._open[campaign_id] = found
                return False
            if campaign.fanned_at is not None:
                campaign.status, campaign.finished_at = CampaignStatus.FINISHED, now
                return True
            return await _ask(session, campaign, now)

    async def _is_open(self, campaign_id: int) -> bool:
        """Whether the message that was open is so still, or another one before it."""
        start = self._open.pop(campaign_id, LAST)
        async with self._database.transaction() as session:
            found = await _open_one(session, campaign_id, start)
        if found is not None:
            self._open[campaign_id] = found
        return found is not None


async def _open_one(session: Session, campaign_id: int, start: int) -> int | None:
    await session.execute(text(BY_THE_INDEX))
    found = await session.scalar(text(OPEN_ONE), {"campaign_id": campaign_id, "from": start})
    return None if found is None else int(found)


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
    return True


def _in_words(outcomes: Any) -> str:
    """Say it like "9 sent, 1 failed (the number is blocked)"."""
    words = []
    for row in outcomes:
        said = "not sure" if row.outcome == MessageStatus.UNKNOWN else row.outcome
        reason = f" ({row.error.rstrip('.')})" if row.error and row.outcome != MessageStatus.SENT else ""
        words.append(f"{row.messages:,} {said}{reason}")
    return ", ".join(words)
