"""Launching a campaign, and taking that back."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from engine.campaigns.launch import CampaignLaunches
from engine.campaigns.takeback import Takeback
from engine.campaigns.trigger import CampaignTrigger
from engine.errors import ConflictError, InvalidInputError
from models.enums import DeviceChoice, DeviceState
from tests.integration.engine.campaigning import MINUTE, draft, launched, messages
from tests.integration.engine.test_campaign_claims import WAITING_FOR_LOCKS
from tests.integration.engine.world import MONDAY, World, until


@pytest.fixture
def launches(world: World) -> CampaignLaunches:
    return CampaignLaunches(world.database, world.clock)


async def test_it_begins_when_the_time_to_undo_is_over(world: World, launches: CampaignLaunches) -> None:
    await world.contacts(1)
    campaign = await draft(world, [await world.device()])
    answer = await launches.launch(world.actor, campaign)
    assert answer.starts_at == MONDAY + timedelta(seconds=60)
    row = await world.one("SELECT status, scheduled_at, launched_by, first_ones FROM campaigns")
    assert row == ("scheduled", answer.starts_at, world.actor.operator_id, None)
    assert await world.one("SELECT action, subject_id FROM audit_log") == ("campaign.launch", campaign)


async def test_the_time_to_undo_is_the_operators(
    world: World, launches: CampaignLaunches, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A minute for a person, though business time runs faster."""
    await world.contacts(1)
    monkeypatch.setattr(type(world.clock), "speed", 60.0)
    answer = await launches.launch(world.actor, await draft(world, [await world.device()]))
    assert answer.starts_at == MONDAY + timedelta(hours=1)


async def test_it_begins_at_the_time_that_was_asked_for(world: World, launches: CampaignLaunches) -> None:
    await world.contacts(1)
    campaign = await draft(world, [await world.device()])
    at = MONDAY + timedelta(days=1)
    assert (await launches.launch(world.actor, campaign, at=at)).starts_at == at


async def test_pressed_five_times_it_is_launched_once(world: World, launches: CampaignLaunches) -> None:
    await world.contacts(1)
    campaign = await draft(world, [await world.device()])
    answers = await asyncio.gather(*(launches.launch(world.actor, campaign) for _ in range(5)))
    assert len(set(answers)) == 1
    assert await world.one("SELECT count(*) FROM audit_log WHERE action = 'campaign.launch'") == 1


async def test_a_time_that_has_passed_is_refused(world: World, launches: CampaignLaunches) -> None:
    await world.contacts(1)
    campaign = await draft(world, [await world.device()])
    with pytest.raises(InvalidInputError, match="in the past"):
        await launches.launch(world.actor, campaign, at=MONDAY - MINUTE)
    with pytest.raises(InvalidInputError, match="At least one"):
        await launches.launch(world.actor, campaign, first_ones=0)
    assert await world.one("SELECT status FROM campaigns") == "draft"


MISSING: dict[str, tuple[dict[str, Any], str]] = {
    "a message": ({"body": " "}, "no message"),
    "an audience": ({"audience_set": False}, "whom this campaign is for"),
    "people": ({"niche": "nobody's"}, "there is nobody whom it is for"),
    "people who know a device": ({"device_choice": DeviceChoice.KNOWN}, "1 know no device that is in service"),
}


@pytest.mark.parametrize("name", MISSING)
async def test_what_is_missing_is_said(world: World, launches: CampaignLaunches, name: str) -> None:
    columns, words = MISSING[name]
    await world.contacts(1)
    campaign = await draft(world, [await world.device()], **columns)
    with pytest.raises(ConflictError, match=words):
        await launches.launch(world.actor, campaign)


async def test_without_a_device_that_is_there_it_is_refused(world: World, launches: CampaignLaunches) -> None:
    await world.contacts(1)
    with pytest.raises(ConflictError, match="no device to send from"):
        await launches.launch(world.actor, await draft(world))
    lost = await world.device(state=DeviceState.LOGGED_OUT)
    with pytest.raises(ConflictError, match="removed or lost"):
        await launches.launch(world.actor, await draft(world, [lost]))


async def test_why_nobody_would_get_it_is_said(world: World, launches: CampaignLaunches) -> None:
    await world.contacts(2, consent=None)
    (person,) = await world.contacts(1)
    await world.opt_outs.opt_out(world.actor, person)
    with pytest.raises(ConflictError, match=r"2 gave no permission") as refused:
        await launches.launch(world.actor, await draft(world, [await world.device()]))
    assert "1 opted out" in str(refused.value)


async def test_what_was_launched_for_another_time_or_is_over_is_refused(
    world: World, launches: CampaignLaunches
) -> None:
    await world.contacts(1)
    campaign = await draft(world, [await world.device()])
    await launches.launch(world.actor, campaign)
    with pytest.raises(ConflictError, match="for another time"):
        await launches.launch(world.actor, campaign, at=MONDAY + timedelta(days=1))
    await world.run("UPDATE campaigns SET status = 'finished'")
    with pytest.raises(ConflictError, match="Make a copy"):
        await launches.launch(world.actor, campaign)


async def test_taken_back_before_it_begins_it_is_a_draft_and_nothing_goes_out(
    world: World, launches: CampaignLaunches
) -> None:
    device = await world.device()
    people = await world.contacts(3)
    engine = await world.engine()
    campaign = await draft(world, [device])
    starts_at = await launched(world, campaign, first_ones=2)
    await CampaignTrigger(world.database, world.clock).run_once(starts_at)
    await world.opt_outs.opt_out(world.actor, people[0])  # their message has ended already
    assert len(await messages(world)) == 2
    await launches.undo(world.actor, campaign)
    assert await messages(world) == []
    row = await world.one("""SELECT status, scheduled_at, started_at, first_ones, fanned_to, fanned_at, left_out
                               FROM campaigns""")  # fmt: skip
    assert row == ("draft", None, None, None, 0, None, {})
    world.clock.set(starts_at + MINUTE)
    await CampaignTrigger(world.database, world.clock).run_once(world.clock.now())
    assert await engine.ask(device) is None
    await launches.undo(world.actor, campaign)  # pressed twice
    await launched(world, campaign)
    await CampaignTrigger(world.database, world.clock).run_once(world.clock.now() + MINUTE)
    assert [row.contact_id for row in await messages(world)] == people[1:]


async def test_what_has_begun_is_not_taken_back(world: World, launches: CampaignLaunches) -> None:
    await world.contacts(1)
    campaign = await draft(world, [await world.device()])
    world.clock.set(await launched(world, campaign))
    with pytest.raises(ConflictError, match="has begun"):
        await launches.undo(world.actor, campaign)
    assert await world.one("SELECT status FROM campaigns") == "scheduled"


async def test_an_undo_that_had_to_wait_until_it_began_is_too_late(
    world: World, launches: CampaignLaunches
) -> None:
    await world.contacts(1)
    campaign = await draft(world, [await world.device()])
    starts_at = await launched(world, campaign)
    async with world.database.transaction() as session:  # as a claim does
        await session.execute(text("SELECT FROM campaigns FOR SHARE"))
        undoing = asyncio.create_task(launches.undo(world.actor, campaign))
        await until(lambda: world.one(WAITING_FOR_LOCKS))
        world.clock.set(starts_at)
    with pytest.raises(ConflictError, match="has begun"):
        await undoing


async def test_an_interrupted_undo_is_finished_by_the_job(
    world: World, launches: CampaignLaunches, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.contacts(2)
    campaign = await draft(world, [await world.device()])
    starts_at = await launched(world, campaign)
    trigger = CampaignTrigger(world.database, world.clock)
    await trigger.run_once(starts_at)

    async def dies(*_: object) -> int:
        raise OSError("the power")

    with monkeypatch.context() as patched:
        patched.setattr(Takeback, "delete", dies)
        with pytest.raises(OSError, match="power"):
            await launches.undo(world.actor, campaign)
    assert len(await messages(world)) == 2
    with pytest.raises(ConflictError, match="still being taken back"):
        await launches.launch(world.actor, campaign)
    await trigger.run_once(starts_at)
    assert await messages(world) == []
    await launches.launch(world.actor, campaign)


async def test_an_undo_in_the_middle_of_the_fan_out_leaves_nothing(
    world: World, launches: CampaignLaunches
) -> None:
    await world.contacts(200)
    campaign = await draft(world, [await world.device()])
    for _ in range(5):
        starts_at = await launched(world, campaign)
        trigger = CampaignTrigger(world.database, world.clock)
        await asyncio.gather(trigger.run_once(starts_at), launches.undo(world.actor, campaign))
        await trigger.run_once(starts_at)
        assert await messages(world) == []
        assert await world.one("SELECT status FROM campaigns") == "draft"
