"""A correction: another campaign, to those who got a wrong one."""

from engine.actor import Actor
from engine.campaigns import store
from engine.campaigns.content import Content
from engine.campaigns.editor import write_content
from engine.clock import Clock
from engine.database import Database
from engine.devices.registry import LONGEST_NAME
from engine.errors import ConflictError
from models import Campaign
from models.enums import CampaignStatus, DeviceChoice, Role


class CampaignCorrections:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def draft(self, actor: Actor, campaign_id: int, content: Content) -> int:
        """Make a draft to everybody who got, or may have got, that campaign, each from the device they know.

        It goes out in the same hours. Raises ConflictError while the campaign still goes out: those who get it
        after this would get the correction as well, or not, by chance.
        """
        now = self._clock.now()
        async with self._database.transaction() as session:
            wrong = await store.find(session, actor, campaign_id, role=Role.OPERATOR, lock=True)
            if wrong.status is CampaignStatus.RUNNING:
                raise ConflictError("This campaign still goes out; stop it first.")
            if wrong.status in {CampaignStatus.DRAFT, CampaignStatus.SCHEDULED}:
                raise ConflictError("Nobody has got this campaign yet; change its text instead.")
            correction = Campaign(
                workspace_id=actor.workspace_id,
                name=f"Correction: {wrong.name}"[:LONGEST_NAME],
                audience_set=True,
                follows_id=campaign_id,
                device_choice=DeviceChoice.KNOWN,
                min_delay_seconds=wrong.min_delay_seconds,
                max_delay_seconds=wrong.max_delay_seconds,
                window_start=wrong.window_start,
                window_end=wrong.window_end,
            )
            session.add(correction)
            await session.flush()
            await write_content(session, correction, content)
            actor.record(session, now, "campaign.correct", campaign_id, correction=correction.id)
        return correction.id
