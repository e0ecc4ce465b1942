"""Launching a campaign, and taking that back while it has not begun."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.actor import Actor
from engine.campaigns import audience_store, fanout_store, store
from engine.campaigns.audience import LeftOut
from engine.campaigns.catalogue import Missing, missing_of
from engine.campaigns.takeback import Takeback
from engine.clock import Clock
from engine.database import Database
from engine.errors import ConflictError, InvalidInputError
from engine.transactions import Session
from models import Campaign
from models.enums import CampaignStatus, DeviceChoice, Role

TIME_TO_UNDO = timedelta(seconds=60)  # of the operator's time

IS_MISSING = {
    Missing.MESSAGE: "This campaign has no message yet. Write one, then launch it.",
    Missing.AUDIENCE: "Say whom this campaign is for, then launch it.",
    Missing.DEVICES: "This campaign has no device to send from. Choose one, then launch it.",
}
LEFT_OUT = {
    LeftOut.OPTED_OUT: "opted out",
    LeftOut.NO_CONSENT: "gave no permission",
    LeftOut.NO_DEVICE: "know no device that is in service",
}


@dataclass(frozen=True, slots=True)
class Launched:
    """Nothing goes out before `starts_at`; until then it can be taken back."""

    starts_at: datetime


class CampaignLaunches:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def launch(
        self, actor: Actor, campaign_id: int, *, at: datetime | None = None, first_ones: int | None = None
    ) -> Launched:
        """Let it begin at a time, or as soon as the time to undo is over. Pressed twice, it is launched once.

        `first_ones`: so many get it; then it waits for somebody to say that the others are to get it too. Raises
        InvalidInputError, and ConflictError if something is missing, nobody would get it, or it has begun.
        """
        now = self._clock.now()
        if first_ones is not None and first_ones < 1:
            raise InvalidInputError("At least one has to be the first.")
        async with self._database.transaction() as session:
            campaign = await store.find(session, actor, campaign_id, role=Role.OPERATOR, lock=True)
            if (before := _launched_before(campaign, at)) is not None:
                return before
            if campaign.started_at is not None:
                raise ConflictError("Its messages are still being taken back. Launch it again in a moment.")
            if at is not None and at <= now:
                raise InvalidInputError("That time is in the past. Choose one that is to come.")
            await _check(session, campaign, now)
            starts_at = max(at or now, now + TIME_TO_UNDO * max(1.0, self._clock.speed))
            campaign.status, campaign.scheduled_at = CampaignStatus.SCHEDULED, starts_at
            campaign.first_ones, campaign.launched_by = first_ones, actor.operator_id
            told = {"starts_at": starts_at.isoformat(), "first_ones": first_ones, "revision": campaign.revision}
            actor.record(session, now, "campaign.launch", campaign_id, **told)
        return Launched(starts_at)

    async def undo(self, actor: Actor, campaign_id: int) -> None:
        """Make it a draft again while it has not begun; nobody gets anything. Raises ConflictError after that."""
        async with self._database.transaction() as session:
            campaign = await store.find(session, actor, campaign_id, role=Role.OPERATOR, lock=True)
            now = self._clock.now()  # whoever had it locked may have begun to send it
            if campaign.status is not CampaignStatus.DRAFT:
                _take_back(campaign, now)
                actor.record(session, now, "campaign.undo", campaign_id)
        await Takeback(self._database).delete(campaign_id)


def _launched_before(campaign: Campaign, at: datetime | None) -> Launched | None:
    """What the first of several presses has done."""
    if campaign.status is CampaignStatus.DRAFT:
        return None
    if campaign.status not in {CampaignStatus.SCHEDULED, CampaignStatus.RUNNING} or campaign.scheduled_at is None:
        raise ConflictError("This campaign has been launched already. Make a copy to send it once more.")
    if at is not None and at != campaign.scheduled_at:
        raise ConflictError("This campaign has been launched for another time. Undo that first.")
    return Launched(campaign.scheduled_at)


def _take_back(campaign: Campaign, now: datetime) -> None:
    if campaign.finished_at is not None or campaign.scheduled_at is None or campaign.scheduled_at <= now:
        raise ConflictError("This campaign has begun. Stop it instead.")
    campaign.status, campaign.scheduled_at = CampaignStatus.DRAFT, None
    campaign.first_ones, campaign.launched_by = None, None
    campaign.fanned_to, campaign.fanned_at, campaign.left_out = 0, None, {}
    campaign.pause_reason, campaign.paused_at, campaign.paused_by = None, None, None


async def _check(session: Session, campaign: Campaign, now: datetime) -> None:
    """Raise ConflictError, saying what is missing, unless somebody would get it."""
    devices = await store.devices_of(session, campaign.id)
    for missing in missing_of(campaign, devices=len(devices)):
        raise ConflictError(IS_MISSING[missing])
    if campaign.device_choice is DeviceChoice.POOL and not await fanout_store.devices(session, campaign.id):
        raise ConflictError(
            "Every device of this campaign is removed or lost. Choose another one, then launch it."
        )
    if not await audience_store.gets_anybody(session, campaign, now):
        left_out = await audience_store.count(session, campaign, now)
        raise ConflictError(_nobody(left_out))


def _nobody(left_out: dict[LeftOut | None, int]) -> str:
    reasons = [f"{people:,} {LEFT_OUT[reason]}" for reason, people in left_out.items() if reason is not None]
    if not reasons:
        return "Nobody would get this campaign: there is nobody whom it is for."
    return f"Nobody would get this campaign: {', '.join(reasons)}."
