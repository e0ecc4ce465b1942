"""The campaign trigger: starts what is due, makes the messages, and says when a campaign has ended.

Any number of engines run it at every tick. A status is written only where there is something to write: that tells
every engine to look, and looking is running this job, without end.
"""

from datetime import datetime, timedelta

import structlog
from sqlalchemy import select

from engine.actor import Actor
from engine.alerts import Problem, tell
from engine.batching import is_transient
from engine.campaigns.cancelling import Cancelling
from engine.campaigns.control import alert_subject
from engine.campaigns.fanout import Fanout
from engine.campaigns.fanout_store import unfanned
from engine.campaigns.finishing import Finisher
from engine.campaigns.takeback import Takeback
from engine.clock import Clock
from engine.database import Database
from engine.transactions import Session
from models import Campaign
from models.enums import AlertKind, CampaignStatus, Face, LatePolicy, Role

log = structlog.get_logger()


class CampaignTrigger:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._finisher = Finisher(database)
        self._takeback = Takeback(database)
        self._cancelling = Cancelling(database)

    async def run_once(self, horizon: datetime) -> int:
        """Start what is due by `horizon`, also what became due while nothing ran; how many campaigns.

        Callers look an interval ahead: the messages are there when their time comes, and wait for it.
        """
        started = await self._start(horizon)
        await self._takeback.run_once()
        await self._fan_out()
        await self._finisher.run_once(self._clock.now())
        return started

    async def _start(self, horizon: datetime) -> int:
        now = self._clock.now()
        due = (
            select(Campaign)
            .where(Campaign.status == CampaignStatus.SCHEDULED, Campaign.scheduled_at <= horizon)
            .order_by(Campaign.scheduled_at, Campaign.id)
            .with_for_update(skip_locked=True)
        )
        async with self._database.transaction() as session:
            campaigns = list(await session.scalars(due))
            for campaign in campaigns:
                await _begin(session, campaign, now)
        cancelled = [campaign.id for campaign in campaigns if campaign.status is CampaignStatus.CANCELLED]
        for campaign_id in cancelled:  # who has joined by a link waits for it already
            await self._cancelling.end(campaign_id, now)
        return len(campaigns) - len(cancelled)

    async def _fan_out(self) -> None:
        """Take turns, a chunk each: a large campaign does not keep a small one waiting."""
        async with self._database.transaction() as session:
            ids = await unfanned(session)
        now = self._clock.now()
        ongoing = [Fanout(self._database, campaign_id, now) for campaign_id in ids]
        while ongoing:
            ongoing = [one for one in ongoing if await _next_chunk(one)]


async def _next_chunk(fanout: Fanout) -> bool:
    """Whether there is more to do. A campaign whose fan-out fails does not keep the others from theirs.

    Nor does one that takes longer than it may, or that met a deadlock: if the database is away, the next one finds
    that as well.
    """
    try:
        return await fanout.next_chunk()
    except Exception as error:
        if is_transient(error):
            log.warning("a fan-out is put off to the next tick", campaign=fanout.campaign_id, error=repr(error))
        else:
            log.exception("a fan-out failed, it is tried again at the next tick", campaign=fanout.campaign_id)
        return False


async def _begin(session: Session, campaign: Campaign, now: datetime) -> None:
    """Start a campaign that is due; one that is too late for its policy ends instead."""
    late = _lateness(campaign, now)
    if late is None or campaign.late_policy is LatePolicy.NEXT_WINDOW:
        campaign.status, campaign.started_at = CampaignStatus.RUNNING, now
        told = "It goes out now."
    else:
        campaign.status = CampaignStatus.CANCELLED
        system = Actor(campaign.workspace_id, Role.OPERATOR, Face.SYSTEM)
        system.record(session, now, "campaign.cancel", campaign.id, reason=LatePolicy.EXPIRE)
        told = "That is later than it allows: it was cancelled, and nobody got it. Make a copy to send it."
    if late is not None:
        words = f"“{campaign.name}” was due {_in_words(late)} ago, while nothing ran. {told}"
        problem = Problem(AlertKind.CAMPAIGN_LATE, alert_subject(campaign.id), words)
        await tell(session, campaign.workspace_id, problem, now)


def _lateness(campaign: Campaign, now: datetime) -> timedelta | None:
    """How late it is, if that is more than its late window."""
    if campaign.scheduled_at is None:
        return None
    by = now - campaign.scheduled_at
    return by if by > timedelta(minutes=campaign.late_window_minutes) else None


def _in_words(late: timedelta) -> str:
    """Say it like "3 hours", rounded down."""
    minutes = int(late.total_seconds()) // 60
    for unit, of in (("day", 1440), ("hour", 60)):
        if minutes >= of:
            return _counted(minutes // of, unit)
    return _counted(minutes, "minute")


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
