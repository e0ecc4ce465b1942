"""After a mistake: deleting it for those who got it, correcting it, trying again what failed."""

from engine.broadcast.claims import Claimed
from engine.transports.contract import Rejected
from models.enums import CampaignStatus, DeviceChoice, Role


async def test_a_mistake_is_deleted_for_those_who_got_it(look, launched, send, world):
    campaign_id = await launched("The price is 2")
    chat = await look()
    assert "🗑 Delete for those who got it" not in chat.buttons
    await send(3)
    await chat.press("⛔ STOP: a mistake")
    await chat.press("🗑 Delete for those who got it")
    assert "3 messages can be deleted for those who got them." in chat.text
    await chat.press_times("🗑 Delete 3 now", 2)
    assert "0 of 3 deleted · 3 to go" in chat.text
    await world.run("UPDATE revocations SET ended_at = now(), revoked = message_id <> 1")
    await chat.press("⟳ Refresh")
    assert "2 of 3 deleted · 1 WhatsApp did not delete" in chat.text
    assert "⟳ Refresh" not in chat.buttons
    await chat.press("‹ Back")
    assert "Stopped" in chat.text
    assert await world.one("SELECT count(*) FROM revocations WHERE campaign_id = :id", id=campaign_id) == 3


async def test_a_correction_goes_to_those_who_got_it(look, launched, send, trigger, world):
    campaign_id = await launched("The price is 2")
    chat = await look()
    await send(3)
    await chat.press("⛔ STOP: a mistake")
    await chat.press("✉️ Send a correction to those who got it")
    assert "3 people got it, or may have:\nThe price is 2" in chat.text
    await chat.say("Sorry, the price is *20*")
    assert "Correction: Sunday" in chat.text
    assert "review" in chat.text
    await chat.press(next(button for button in chat.buttons if button.startswith("🚀")))
    assert "Correction: Sunday" in chat.text
    correction = await world.campaigns.card(world.actor, campaign_id + 1)
    assert (correction.audience.follows_id, correction.device_choice) == (campaign_id, DeviceChoice.KNOWN)
    await world.run("UPDATE workspaces SET frequency_cap = NULL")
    await trigger()
    assert await send() == ["Sorry, the price is *20*"] * 3
    assert (await world.progress(campaign_id)).pending == 4


async def test_a_correction_that_is_not_launched_waits_under_drafts(look, launched, send, card):
    await launched()
    chat = await look()
    await send(1)
    await chat.press("⛔ STOP: a mistake")
    await chat.press("✉️ Send a correction to those who got it")
    await chat.say("Sorry")
    await chat.press("‹ Back")
    assert "Stopped" in chat.text
    assert (await card()).status is CampaignStatus.DRAFT


async def test_what_failed_is_tried_again(look, launched, team, world):
    campaign_id = await launched()
    engine = await world.engine()
    for _ in range(2):
        claimed = await engine.claim(team[0])
        assert isinstance(claimed, Claimed)
        await engine.report(team[0], claimed, Rejected("blocked", "the number is blocked", permanent=True))
    chat = await look()
    await chat.press("↻ Try the 2 that failed again")
    assert "2 people did not get it." in chat.text
    assert "· 2 × the number is blocked" in chat.text
    await chat.press("↻ Try 2 again")
    assert "🟢 Running" in chat.text
    assert (await world.progress(campaign_id)).failed == {}


async def test_a_viewer_mends_nothing(newcomer, launched, send, world):
    campaign_id = await launched()
    await send(2)
    await world.campaign_control.stop(world.actor, campaign_id)
    viewer = await newcomer(Role.VIEWER)
    await viewer.press("📣 Campaigns")
    await viewer.press(next(button for button in viewer.buttons if "Sunday" in button))
    assert not [button for button in viewer.buttons if "those who got it" in button]
