"""Pausing, resuming and ending a campaign that has begun, and mending its text. All of it idempotent."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from engine.actor import Actor
from engine.alerts import Solution, tell
from engine.campaigns import store
from engine.campaigns.cancelling import Cancelling
from engine.campaigns.content import Content
from engine.campaigns.editor import write_content
from engine.clock import Clock
from engine.database import Database
from engine.errors import ConflictError
from engine.transactions import Session
from models import Campaign
from models.enums import AlertKind, CampaignPause, CampaignStatus, Role

ONGOING = {CampaignStatus.RUNNING, CampaignStatus.PAUSED}

# Who has it, who may have it (also who was about to get it once more), and who has not.
FIGURES = """
SELECT count(*) FILTER (WHERE m.outcome = 'sent') AS got,
       count(*) FILTER (WHERE m.outcome = 'unknown' OR m.outcome IS NULL AND (d.id IS NOT NULL OR m.by_hand))
       AS unsure,
       count(*) FILTER (WHERE m.outcome IS NULL AND d.id IS NULL AND NOT m.by_hand) AS not_yet
  FROM messages m
  LEFT JOIN user_devices d ON d.in_flight_message_id = m.id AND d.id = m.device_id
 WHERE m.campaign_id = :campaign_id
"""

# What an operator sends once more goes as it was.
OF_THE_NEW_TEXT = """
SELECT count(*) FROM messages m JOIN queue q ON q.message_id = m.id
 WHERE m.campaign_id = :campaign_id AND m.outcome IS NULL AND NOT m.by_hand
"""


@dataclass(frozen=True, slots=True)
class Stopped:
    """`at`: from then on none went out. `unsure`: nobody can say, or it is on its way at this moment."""

    at: datetime
    got: int
    unsure: int
    not_yet: int


class CampaignControl:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def pause(self, actor: Actor, campaign_id: int) -> None:
        """No send of this campaign starts after this has been committed; nothing is cancelled."""
        async with self._database.transaction() as session:
            campaign = await _find_ongoing(session, actor, campaign_id)
            if campaign.status is CampaignStatus.RUNNING:
                self._pause(session, actor, campaign, CampaignPause.BY_HAND, "campaign.pause")

    async def resume(self, actor: Actor, campaign_id: int) -> None:
        """Go on, whatever it was paused for; nothing is sent twice.

        Who was asked after the first ones has answered, and the breaker counts afresh.
        """
        now = self._clock.now()
        async with self._database.transaction() as session:
            campaign = await _find_ongoing(session, actor, campaign_id)
            if campaign.status is CampaignStatus.RUNNING:
                return
            if campaign.pause_reason is CampaignPause.FIRST_ONES:
                campaign.first_ones = None
            campaign.watched_from = now
            _leave_pause(campaign, CampaignStatus.RUNNING)
            actor.record(session, now, "campaign.resume", campaign_id)
            await _told(session, campaign, f"“{campaign.name}” goes on.", now)

    async def stop(self, actor: Actor, campaign_id: int) -> Stopped:
        """A mistake was seen: pause it at once, and say who has it already.

        It is stopped before anybody is counted: whatever comes of that, it stays stopped.
        """
        async with self._database.transaction() as session:
            campaign = await _find_ongoing(session, actor, campaign_id)
            if campaign.status is CampaignStatus.RUNNING:
                self._pause(session, actor, campaign, CampaignPause.STOPPED, "campaign.stop")
            elif campaign.pause_reason is not CampaignPause.STOPPED:  # none has gone out since that pause
                if campaign.pause_reason is CampaignPause.FIRST_ONES:
                    campaign.first_ones = None  # they have been looked at: it is not asked about them again
                campaign.pause_reason = CampaignPause.STOPPED
                actor.record(session, self._clock.now(), "campaign.stop", campaign_id)
        return await self.stopped(actor, campaign_id)

    async def stopped(self, actor: Actor, campaign_id: int) -> Stopped:
        """The same figures again, as they are now: what was on its way has its outcome meanwhile."""
        async with self._database.transaction() as session:
            campaign = await store.find(session, actor, campaign_id)
            return await _figures(session, campaign, self._clock.now())

    async def fix_text(self, actor: Actor, campaign_id: int, content: Content) -> int:
        """Let a paused campaign say this to everybody who has not had it; how many wait for it.

        It stays paused. Raises ConflictError, InvalidInputError.
        """
        async with self._database.transaction() as session:
            campaign = await _find_ongoing(session, actor, campaign_id)
            if campaign.status is not CampaignStatus.PAUSED:
                raise ConflictError("Pause the campaign first; then its text can be changed for those who wait.")
            await write_content(session, campaign, content)
            campaign.revision += 1
            people = int(await session.scalar(text(OF_THE_NEW_TEXT), {"campaign_id": campaign_id}) or 0)
            told = {"revision": campaign.revision, "people": people}
            actor.record(session, self._clock.now(), "campaign.fix_text", campaign_id, **told)
        return people

    async def cancel_rest(self, actor: Actor, campaign_id: int) -> int:
        """End it: what waits is cancelled, what is on its way gets its outcome. How many messages were cancelled.

        No send starts after the first commit; the rest follows in chunks, which a job finishes should this be
        interrupted.
        """
        now = self._clock.now()
        async with self._database.transaction() as session:
            campaign = await store.find(session, actor, campaign_id, role=Role.OPERATOR, lock=True)
            if campaign.status in ONGOING:
                _leave_pause(campaign, CampaignStatus.CANCELLED)
                actor.record(session, now, "campaign.cancel", campaign_id)
                await _told(session, campaign, f"“{campaign.name}” was cancelled.", now)
            elif campaign.status is not CampaignStatus.CANCELLED:
                raise ConflictError(_not_ongoing(campaign))
        return await Cancelling(self._database).end(campaign_id, now)

    def _pause(
        self, session: Session, actor: Actor, campaign: Campaign, reason: CampaignPause, action: str
    ) -> None:
        campaign.status, campaign.pause_reason = CampaignStatus.PAUSED, reason
        campaign.paused_at, campaign.paused_by = self._clock.now(), actor.operator_id
        actor.record(session, self._clock.now(), action, campaign.id)


def alert_subject(campaign_id: int) -> str:
    """What an alert of a campaign is about."""
    return f"campaign:{campaign_id}"


def _leave_pause(campaign: Campaign, status: CampaignStatus) -> None:
    campaign.status, campaign.pause_reason = status, None
    campaign.paused_at, campaign.paused_by = None, None


async def _find_ongoing(session: Session, actor: Actor, campaign_id: int) -> Campaign:
    campaign = await store.find(session, actor, campaign_id, role=Role.OPERATOR, lock=True)
    if campaign.status not in ONGOING:
        raise ConflictError(_not_ongoing(campaign))
    return campaign


def _not_ongoing(campaign: Campaign) -> str:
    if campaign.status in {CampaignStatus.DRAFT, CampaignStatus.SCHEDULED}:
        return "This campaign has not begun yet."
    return "This campaign is over."


async def _told(session: Session, campaign: Campaign, words: str, now: datetime) -> None:
    """What it had paused itself for has been dealt with."""
    solution = Solution(AlertKind.CAMPAIGN_PAUSED, alert_subject(campaign.id), words)
    await tell(session, campaign.workspace_id, solution, now)


async def _figures(session: Session, campaign: Campaign, now: datetime) -> Stopped:
    row = (await session.execute(text(FIGURES), {"campaign_id": campaign.id})).one()
    return Stopped(campaign.paused_at or campaign.finished_at or now, row.got, row.unsure, row.not_yet)
