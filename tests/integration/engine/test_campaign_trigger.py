"""The campaign trigger, which every engine runs on every tick."""

import asyncio
from datetime import timedelta

import asyncpg

from engine.campaigns.trigger import CampaignTrigger
from engine.notifications import Channel
from models import Campaign
from models.enums import CampaignStatus
from tests.integration.engine.world import World


async def _told(world: World, work: CampaignTrigger) -> int:
    """How often everybody is told to look while it runs once."""
    dsn = world.database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    heard: asyncio.Queue[str] = asyncio.Queue()
    connection = await asyncpg.connect(dsn)
    try:
        await connection.add_listener(Channel.CONTROL, lambda *told: heard.put_nowait(told[-1]))
        await work.run_once(world.clock.now())
        await connection.execute(f"NOTIFY {Channel.CONTROL}, 'the end'")
        count = 0
        while await asyncio.wait_for(heard.get(), 10) != "the end":
            count += 1
        return count
    finally:
        await connection.close()


async def test_nobody_is_told_when_no_campaign_is_due(world: World) -> None:
    """Being told makes every engine run this very job: it would never rest."""
    assert await _told(world, CampaignTrigger(world.database, world.clock)) == 0


async def test_everybody_is_told_when_a_campaign_starts(world: World) -> None:
    async with world.database.transaction() as session:
        due = world.clock.now() - timedelta(minutes=1)
        session.add(
            Campaign(
                workspace_id=world.actor.workspace_id,
                name="Sale",
                status=CampaignStatus.SCHEDULED,
                scheduled_at=due,
            )
        )
    assert await _told(world, CampaignTrigger(world.database, world.clock)) == 1
    assert await world.one("SELECT status FROM campaigns") == "running"
