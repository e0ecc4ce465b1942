"""Campaigns as rows, as the editor would have left them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from engine.campaigns.launch import CampaignLaunches
from engine.campaigns.trigger import CampaignTrigger
from models import Campaign, CampaignDevice, ContactList, Lead, ListMember, Message
from models.enums import LeadStatus
from tests.integration.engine.world import World

MINUTE = timedelta(minutes=1)


async def draft(world: World, devices: Sequence[int] = (), **columns: Any) -> int:
    """A campaign that only has to be launched, to everybody unless it says otherwise."""
    columns = {"name": "Sale", "body": "Hi {{ name }}", "audience_set": True, **columns}
    here = {"workspace_id": world.actor.workspace_id}
    async with world.database.transaction() as session:
        campaign = Campaign(**here, **columns)
        session.add(campaign)
        await session.flush()
        session.add_all(CampaignDevice(campaign_id=campaign.id, device_id=device, **here) for device in devices)
    return campaign.id


async def interested(
    world: World, niche: str, people: Sequence[int], status: LeadStatus = LeadStatus.PROSPECT
) -> None:
    async with world.database.transaction() as session:
        session.add_all(
            Lead(workspace_id=world.actor.workspace_id, contact_id=person, niche=niche, status=status)
            for person in people
        )


async def listed(world: World, people: Sequence[int]) -> int:
    here = {"workspace_id": world.actor.workspace_id}
    async with world.database.transaction() as session:
        row = ContactList(name="Fair", **here)
        session.add(row)
        await session.flush()
        session.add_all(ListMember(list_id=row.id, contact_id=person, **here) for person in people)
    return row.id


async def launched(world: World, campaign_id: int, **how: Any) -> datetime:
    """When it begins."""
    launches = CampaignLaunches(world.database, world.clock)
    return (await launches.launch(world.actor, campaign_id, **how)).starts_at


async def tick(world: World, trigger: CampaignTrigger) -> None:
    """Let a minute pass, and the trigger run."""
    world.clock.advance(MINUTE)
    await trigger.run_once(world.clock.now())


async def messages(world: World) -> list[Any]:
    """In the order in which they were made."""
    async with world.database.transaction() as session:
        return list(await session.scalars(select(Message).order_by(Message.id)))
