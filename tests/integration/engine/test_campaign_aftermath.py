"""After a mistake: trying again what failed, correcting, deleting for those who got it."""

from datetime import timedelta

import pytest

from engine.campaigns.content import Content
from engine.campaigns.correction import CampaignCorrections
from engine.campaigns.finishing import Finisher
from engine.campaigns.retrying import CampaignRetries
from engine.campaigns.revoking import CampaignRevocations
from engine.errors import ConflictError
from engine.transports.contract import Rejected
from models.enums import CampaignStatus, ContentKind, DeviceChoice
from tests.integration.engine.rig import Script, engine_running
from tests.integration.engine.test_campaign_watch import end
from tests.integration.engine.world import World, until


@pytest.fixture
def retries(world: World) -> CampaignRetries:
    return CampaignRetries(world.database, world.clock)


@pytest.fixture
def corrections(world: World) -> CampaignCorrections:
    return CampaignCorrections(world.database, world.clock)


@pytest.fixture
def revocations(world: World) -> CampaignRevocations:
    return CampaignRevocations(world.database, world.clock)


async def test_what_failed_is_tried_again_and_a_campaign_that_was_through_goes_on(world, retries):
    device = await world.device()
    campaign = await world.campaign([device], await world.contacts(6))
    await end(world, "sent", 2)
    await end(world, "failed", 3, "media refused")
    await end(world, "skipped", 1, "not_on_whatsapp")
    await world.run("UPDATE campaigns SET status = 'finished', finished_at = now()")
    found = await retries.foresee(world.actor, campaign)
    assert (found.people, dict(found.reasons), found.of_removed) == (3, {"media refused": 3}, 0)
    assert await retries.retry(world.actor, campaign) == 3
    assert await retries.retry(world.actor, campaign) == 0
    progress = await world.progress(campaign)
    assert (progress.planned, progress.pending, progress.sent) == (6, 3, 2)
    assert dict(progress.failed) == {}
    card = await world.campaigns.card(world.actor, campaign)
    assert (card.status, card.finished_at) == (CampaignStatus.RUNNING, None)
    await world.assert_books_balance()


async def test_what_is_tried_again_keeps_its_campaign_open_until_it_has_gone_out(world, retries):
    device = await world.device()
    engine = await world.engine()
    campaign = await world.campaign([device], await world.contacts(3))
    finisher = Finisher(world.database)
    await end(world, "sent", 1)
    await end(world, "failed", 2, "media refused")
    assert await finisher.run_once(world.clock.now()) == 1
    assert await retries.retry(world.actor, campaign) == 2
    assert await finisher.run_once(world.clock.now()) == 0
    assert await engine.send_all(device) == ["Sale for Person 2", "Sale for Person 3"]
    assert await finisher.run_once(world.clock.now()) == 1
    await world.assert_books_balance()


async def test_what_was_sent_once_more_and_failed_is_tried_again_with_its_text(world, retries):
    device = await world.device()
    engine = await world.engine()
    campaign = await world.campaign([device], await world.contacts(1))
    claimed = await engine.unclear(device)
    await world.doubts.send_again(world.actor, claimed.claim.message_id)
    claimed = await engine.claim(device)
    await engine.report(device, claimed, Rejected("blocked", "the number is blocked", permanent=True))
    assert await retries.retry(world.actor, campaign) == 1
    assert await engine.send_all(device) == ["Sale for Person 1"]
    assert (await world.progress(campaign)).sent == 1
    await world.assert_books_balance()


async def test_what_a_removed_device_failed_with_is_told_and_left(world, retries):
    gone, there = await world.device("Gone"), await world.device("There")
    campaign = await world.campaign([gone, there], await world.contacts(4))
    await end(world, "failed", 4, "rejected")
    await world.run("UPDATE user_devices SET removed_at = now() WHERE id = :id", id=gone)
    found = await retries.foresee(world.actor, campaign)
    assert (found.people, found.of_removed) == (2, 2)
    assert await retries.retry(world.actor, campaign) == 2


@pytest.mark.parametrize("status", ["cancelled", "draft"])
async def test_what_is_over_for_good_or_has_not_begun_is_not_tried_again(world, retries, status):
    campaign = await world.campaign([await world.device()], await world.contacts(1))
    await world.run("UPDATE campaigns SET status = :status", status=status)
    with pytest.raises(ConflictError):
        await retries.retry(world.actor, campaign)


async def test_a_correction_is_for_those_who_got_it_each_from_the_device_they_know(world, corrections):
    campaign = await world.campaign([await world.device()], await world.contacts(2))
    content = Content(ContentKind.TEXT, "Sorry: the price is 20.")
    with pytest.raises(ConflictError, match="stop it first"):
        await corrections.draft(world.actor, campaign, content)
    await world.campaign_control.stop(world.actor, campaign)
    draft = await corrections.draft(world.actor, campaign, content)
    card = await world.campaigns.card(world.actor, draft)
    assert (card.name, card.status, card.content) == ("Correction: Sale", CampaignStatus.DRAFT, content)
    assert (card.audience.follows_id, card.device_choice, card.missing) == (campaign, DeviceChoice.KNOWN, ())


async def test_what_was_sent_is_deleted_by_the_devices_between_two_sends(world, revocations):
    device = await world.device()
    campaign = await world.campaign([device], await world.contacts(4))
    await end(world, "sent", 3)
    with pytest.raises(ConflictError, match="stop it first"):
        await revocations.revoke(world.actor, campaign)
    await world.campaign_control.stop(world.actor, campaign)
    assert (await revocations.get(world.actor, campaign)).possible == 3
    script = Script()
    script.not_revocable = {"wamid-2"}
    async with engine_running(world, script) as rig:
        rig.pool.control()
        await until(lambda: script.lines[device])
        assert await revocations.revoke(world.actor, campaign) == 3
        assert await revocations.revoke(world.actor, campaign) == 0
        rig.pool.wake()

        async def through() -> bool:
            return (await revocations.get(world.actor, campaign)).waiting == 0

        await until(through)
    assert script.revoked == [
        ("wamid-1", "+60120000001"),
        ("wamid-2", "+60120000002"),
        ("wamid-3", "+60120000003"),
    ]
    found = await revocations.get(world.actor, campaign)
    assert (found.sent, found.possible, found.asked, found.revoked, found.refused) == (3, 0, 3, 2, 1)


async def test_what_is_too_old_or_on_the_official_api_cannot_be_deleted(world, revocations):
    old, cloud = await world.device("Old"), await world.device("Cloud", transport="cloud")
    campaign = await world.campaign([old, cloud], await world.contacts(4))
    await end(world, "sent", 4)
    await world.campaign_control.stop(world.actor, campaign)
    assert (await revocations.get(world.actor, campaign)).possible == 2
    world.clock.advance(timedelta(hours=61))
    assert (await revocations.get(world.actor, campaign)).possible == 0
    assert await revocations.revoke(world.actor, campaign) == 0
