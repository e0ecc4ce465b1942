"""A team with two devices and two lists, and its campaigns in the menus."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from engine.broadcast.claims import Claimed
from engine.campaigns.audience import Audience
from engine.campaigns.catalogue import CampaignCard
from engine.campaigns.content import Content
from engine.campaigns.launch import CampaignLaunches
from engine.campaigns.trigger import CampaignTrigger
from engine.contacts.importing import ContactImports
from models.enums import ContentKind, DeviceState
from tests.dialogs.harness import Chat
from tests.imports import bring_in
from tests.integration.engine.world import World

Drafted = Callable[..., Awaitable[int]]


@pytest.fixture
def world(database, clock, owner) -> World:
    return World(database, clock, owner)


@pytest.fixture
async def team(world) -> list[int]:
    """Two devices that are online."""
    return [await world.device(name, state=DeviceState.ONLINE) for name in ("Sales-1", "Sales-2")]


@pytest.fixture
async def people(container, owner):
    """Yesterday's list: five people interested in yoga, and another of two who bought."""

    async def bring(name: str, count: int, niche: str, first: int) -> None:
        rows = "".join(f"+1555010{first + number:04},Person {first + number}\n" for number in range(count))
        await bring_in(
            await container.get(ContactImports), owner, f"phone,name\n{rows}".encode(), name, niche=niche
        )

    await bring("yoga.csv", 5, "Yoga", 1)
    await bring("pilates.csv", 2, "Pilates", 100)


@pytest.fixture
def drafted(world, team, people) -> Drafted:
    """Makes a draft that lacks nothing, for everybody in the book; its id."""

    async def draft(name: str = "Sunday", body: str = "Hi {{ name }}", **audience) -> int:
        editor = world.campaign_editor
        campaign_id = await editor.create(world.actor, name)
        await editor.set_content(world.actor, campaign_id, Content(ContentKind.TEXT, body))
        await editor.set_audience(world.actor, campaign_id, Audience(**audience))
        await editor.set_devices(world.actor, campaign_id, team)
        return campaign_id

    return draft


@pytest.fixture
def card(world):
    """Reads a campaign's card; the newest, if no id is given."""

    async def read(campaign_id: int | None = None) -> CampaignCard:
        if campaign_id is None:
            campaign_id = await world.one("SELECT max(id) FROM campaigns")
        return await world.campaigns.card(world.actor, campaign_id)

    return read


@pytest.fixture
def trigger(database, clock):
    """Lets the campaign trigger look, and the time of a campaign that was launched for now come."""
    job = CampaignTrigger(database, clock)

    async def run(later: timedelta = timedelta(minutes=1)) -> None:
        clock.advance(later)
        await job.run_once(clock.now())

    return run


@pytest.fixture
def launched(world, container, drafted, trigger):
    """Launches a campaign to everybody in the book, and lets it begin; its id."""

    async def launch(body: str = "Hi {{ name }}", first_ones: int | None = None, **audience) -> int:
        campaign_id = await drafted(body=body, **audience)
        launches = await container.get(CampaignLaunches)
        await launches.launch(world.actor, campaign_id, first_ones=first_ones)
        await trigger()
        return campaign_id

    return launch


@pytest.fixture
async def send(world, team):
    """Sends up to so many messages that may be sent now, from all devices; their texts."""
    engine = await world.engine()

    async def run(most: int = 1000) -> list[str]:
        texts: list[str] = []
        for device in team:
            while len(texts) < most and isinstance(claimed := await engine.claim(device), Claimed):
                texts.append(claimed.message.body)
                await engine.sent(device, claimed)
        return texts

    run.engine = engine
    return run


@pytest.fixture
def look(chat):
    """Opens the card of the campaign “Sunday” from Home."""

    async def open_card(tab: str = "Running (1)") -> Chat:
        await chat.press("📣 Campaigns")
        await chat.press(tab if tab in chat.buttons else f"• {tab}")
        await chat.press(next(button for button in chat.buttons if " Sunday" in button))
        return chat

    return open_card
