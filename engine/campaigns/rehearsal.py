"""Testing a campaign on the operator's own phone."""

from collections.abc import Mapping

from sqlalchemy import select

from engine.actor import Actor
from engine.broadcast.rehearsing import Draft, Rehearsal, own_phone, rehearse
from engine.campaigns import review_store, store
from engine.campaigns.audience_store import people_of
from engine.campaigns.catalogue import Missing, missing_of
from engine.clock import Clock
from engine.contacts.samples import find_one
from engine.database import Database
from engine.errors import ConflictError
from engine.transactions import Session
from models import Campaign, UserDevice
from models.enums import DeviceChoice, Role

NOBODY = "SELECT '', '', CAST('{}' AS jsonb) WHERE false"


class CampaignRehearsals:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def run(self, actor: Actor, campaign_id: int) -> Rehearsal:
        """Queue its message to the operator's own phone, filled in for one of those who get it.

        What still waits of an earlier test to this phone gives way to it. How far it is: `Rehearsals.progress`.
        Raises NotFoundError, ConflictError, InvalidInputError.
        """
        now = self._clock.now()
        async with self._database.transaction() as session:
            campaign = await store.find(session, actor, campaign_id, role=Role.OPERATOR)
            missing = missing_of(campaign, devices=1)
            if Missing.MESSAGE in missing:
                raise ConflictError("This campaign has no message yet. Write one, then test it.")
            phone = await own_phone(session, actor)
            somebody: tuple[str, Mapping[str, object]] = NOBODY, {}
            if Missing.AUDIENCE not in missing:
                people = await people_of(session, campaign, now)
                somebody = review_store.somebody(people)
            rehearsal = await rehearse(
                session,
                actor,
                [Draft("The message", campaign.kind, campaign.body, campaign.media_id)],
                await _devices(session, campaign),
                of="campaign",
                phone=phone,
                sample=await find_one(session, actor.workspace_id, phone, *somebody),
                now=now,
            )
            actor.record(session, now, "campaign.test", campaign.id, device=rehearsal.device)
        return rehearsal


async def _devices(session: Session, campaign: Campaign) -> Mapping[int, str]:
    """Those of its pool by name; where everybody gets it from the device that they know, all there are."""
    if campaign.device_choice is DeviceChoice.POOL:
        return {device.id: device.name for device in await store.devices_of(session, campaign.id)}
    query = select(UserDevice.id, UserDevice.name).where(
        UserDevice.workspace_id == campaign.workspace_id, UserDevice.removed_at.is_(None)
    )
    return {row.id: row.name for row in await session.execute(query)}
