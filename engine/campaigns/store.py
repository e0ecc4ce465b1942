"""Finding a campaign and its devices."""

from sqlalchemy import delete, select

from engine.actor import Actor
from engine.errors import NotFoundError
from engine.transactions import Session
from models import Campaign, CampaignDevice, UserDevice
from models.enums import Role


async def find(
    session: Session, actor: Actor, campaign_id: int, *, role: Role = Role.VIEWER, lock: bool = False
) -> Campaign:
    """Load a campaign of the actor's workspace. Raises NotFoundError, NotAllowedError.

    `lock` keeps out other changes and the claims of its messages, for as long as the transaction lasts; not the
    foreign keys of a fan-out's messages, so that a pause does not wait for a chunk.
    """
    actor.must_be(role)
    query = select(Campaign).where(Campaign.id == campaign_id, Campaign.workspace_id == actor.workspace_id)
    campaign = await session.scalar(query.with_for_update(key_share=True) if lock else query)
    if campaign is None:
        raise NotFoundError("This campaign does not exist any more.")
    return campaign


async def devices_of(session: Session, campaign_id: int) -> list[UserDevice]:
    """Load the device pool."""
    query = (
        select(UserDevice)
        .join(CampaignDevice, CampaignDevice.device_id == UserDevice.id)
        .where(CampaignDevice.campaign_id == campaign_id, UserDevice.removed_at.is_(None))
        .order_by(UserDevice.id)
    )
    return list(await session.scalars(query))


async def set_pool(session: Session, campaign: Campaign, device_ids: set[int]) -> None:
    """Make these, and no others, its pool."""
    await session.execute(
        delete(CampaignDevice).where(
            CampaignDevice.campaign_id == campaign.id, CampaignDevice.device_id.not_in(device_ids)
        )
    )
    query = select(CampaignDevice.device_id).where(CampaignDevice.campaign_id == campaign.id)
    there = set(await session.scalars(query))
    session.add_all(
        CampaignDevice(workspace_id=campaign.workspace_id, campaign_id=campaign.id, device_id=device_id)
        for device_id in sorted(device_ids - there)
    )
