"""A campaign while it runs: the card, a mistake that is stopped and mended, the first ones, the end."""

from datetime import timedelta

import pytest

from bot.live import LiveCards
from engine.alerts import Problem, tell
from engine.broadcast.claims import Claimed
from engine.campaigns.control import alert_subject
from engine.campaigns.launch import CampaignLaunches
from engine.transports.contract import Rejected
from models.enums import AlertKind, CampaignStatus, Role
from tests.integration.engine.world import until


async def test_for_a_minute_after_the_launch_one_tap_takes_it_back(look, drafted, world, card, trigger):
    campaign_id = await drafted()
    await CampaignLaunches(world.database, world.clock).launch(world.actor, campaign_id)
    chat = await look("Scheduled (1)")
    assert "Starts at 10:01:00. Until then you can undo it." in chat.text
    await trigger(timedelta(seconds=30))
    await chat.press("⟳ Refresh")
    await chat.press_times("↩️ Undo", 2)
    assert "📝 Draft" in chat.text
    assert (await card(campaign_id)).status is CampaignStatus.DRAFT
    await trigger()
    assert await world.statuses() == []


async def test_taking_it_back_too_late_is_told(look, drafted, world, trigger):
    await CampaignLaunches(world.database, world.clock).launch(world.actor, await drafted())
    chat = await look("Scheduled (1)")
    await trigger()
    await chat.press("↩️ Undo")
    assert chat.toast.text == "This campaign has begun. Stop it instead."
    await chat.press("⟳ Refresh")
    assert "⛔ STOP: a mistake" in chat.buttons


async def test_the_card_edits_itself_while_messages_go_out_and_not_because_time_passes(
    look, launched, send, container, clock
):
    await launched()
    chat = await look()
    cards = await container.get(LiveCards)
    assert "░░░░░░░░░░░░ 0 of 7" in chat.text
    assert await cards.run_once() == 0
    await send(4)
    shown = len(chat.texts)
    assert await cards.run_once() == 1
    await until_drawn(chat, shown)
    assert "▓▓▓▓▓▓░░░░░░ 4 of 7" in chat.text
    assert "✓ 4 got it" in chat.text
    assert "⏳ 3 not yet" in chat.text
    clock.advance(timedelta(seconds=30))
    assert await cards.run_once() == 0


async def test_pause_and_resume(look, launched, send):
    await launched()
    chat = await look()
    await chat.press_times("⏸ Pause", 2)
    assert "Paused by Owner of Acme, today 10:01. Nothing is cancelled." in chat.text
    assert await send() == []
    await chat.press_times("▶️ Resume", 2)
    assert "🟢 Running" in chat.text
    assert len(await send()) == 7


async def test_a_mistake_is_stopped_with_one_tap_mended_and_nobody_gets_it_twice(look, launched, send, card):
    campaign_id = await launched("Hi {{ name }}, we are open on Sunady")
    chat = await look()
    await send(3)
    await chat.press_times("⛔ STOP: a mistake", 2)
    assert "Stopped 10:01:00. 3 got it, 4 did not." in chat.text
    assert await send() == []
    await chat.press("✏️ Fix text and continue")
    assert "we are open on Sunady" in chat.text
    await chat.say("Hi {{ name }}, we are open on *Sunday*")
    assert "4 people get it like this." in chat.text
    assert "3 people had the old one, and get nothing more." in chat.text
    assert "To Person 1:\nHi Person 1, we are open on Sunday" in chat.text
    assert await send() == []
    await chat.press("▶️ Continue with 4")
    texts = await send()
    assert len(texts) == 4
    assert all("on *Sunday*" in text for text in texts)
    assert (await card(campaign_id)).progress.sent == 7


async def test_a_text_that_cannot_be_filled_in_is_refused_and_the_old_one_stays(look, launched, card):
    campaign_id = await launched()
    chat = await look()
    await chat.press("⛔ STOP: a mistake")
    await chat.press("✏️ Fix text and continue")
    await chat.say("Hi {{ name")
    assert "Send it as it should be" in chat.text
    await chat.press("‹ Back")
    assert "Stopped" in chat.text
    assert (await card(campaign_id)).content.body == "Hi {{ name }}"


async def test_who_may_have_it_is_counted_as_not_sure(look, launched, send, team):
    await launched()
    chat = await look()
    await send(2)
    await send.engine.claim(team[1])
    await chat.press("⛔ STOP: a mistake")
    assert "2 got it, 1 not sure, 4 did not." in chat.text


async def test_what_was_stopped_can_go_on_as_it_is(look, launched, send):
    await launched()
    chat = await look()
    await chat.press("⛔ STOP: a mistake")
    await chat.press("▶️ Resume as it is")
    assert len(await send()) == 7


async def test_cancelling_the_rest_asks_and_ends_it(look, launched, send, card):
    campaign_id = await launched()
    chat = await look()
    await send(2)
    await chat.press("⛔ STOP: a mistake")
    await chat.press_times("✖️ Cancel the rest", 2)
    assert "2 people got it and keep it. 5 people will not get it." in chat.text
    await chat.press("Keep them")
    assert "Stopped" in chat.text
    await chat.press("✖️ Cancel the rest")
    await chat.press_times("✖️ Cancel them", 2)
    assert "✖️ Cancelled" in chat.text
    assert chat.toast.text == "Cancelled: nobody else gets it."
    assert await send() == []
    found = await card(campaign_id)
    assert (found.status, found.progress.cancelled) == (CampaignStatus.CANCELLED, 5)
    assert "⧉ Clone" not in chat.buttons
    await chat.press("⋯ More")
    await chat.press("⧉ Clone")
    assert "📝 Draft" in chat.text


async def test_after_the_first_ones_it_asks(look, launched, send, trigger):
    await launched(first_ones=2)
    assert len(await send(2)) == 2
    await trigger()
    chat = await look()
    assert "The first 2 are through. The others wait for your word." in chat.text
    assert {"▶️ Go on", "✏️ Fix text", "✖️ Cancel the rest"} <= set(chat.buttons)
    assert {"🗑 Delete for those who got it", "✉️ Send a correction to those who got it"} <= set(chat.buttons)
    assert await send() == []
    await chat.press("✏️ Fix text")
    await chat.say("Hello {{ name }}")
    assert "Everybody who has not had it gets it like this. 2 people had the old one" in chat.text
    await chat.press("‹ Leave it paused")
    await chat.press_times("▶️ Go on", 2)
    await trigger()
    texts = await send()
    assert len(texts) == 5
    assert all(text.startswith("Hello") for text in texts)


async def test_one_that_paused_itself_says_what_was_seen_once(look, launched, send, world):
    campaign_id = await launched()
    chat = await look()
    await send(2)
    await world.run("UPDATE campaigns SET status = 'paused', pause_reason = 'breaker'")
    await chat.press("⟳ Refresh")
    assert "⚠️ It has paused itself." in chat.text
    seen = "“Sunday” has paused itself. 3 of the last 25 people asked to stop."
    problem = Problem(AlertKind.CAMPAIGN_PAUSED, alert_subject(campaign_id), seen)
    async with world.database.transaction() as session:
        await tell(session, world.actor.workspace_id, problem, world.clock.now())
    await chat.press("⟳ Refresh")
    assert f"⚠️ {seen}" in chat.text
    assert chat.text.count("paused itself") == 1
    assert "🗑 Delete for those who got it" in chat.buttons


async def test_when_all_have_it_it_is_done_with_its_results(look, launched, send, trigger, team):
    await launched()
    claimed = await send.engine.claim(team[0])
    assert isinstance(claimed, Claimed)
    await send.engine.report(team[0], claimed, Rejected("463", "restricted", permanent=True))
    await send()
    await trigger()
    chat = await look("Done (1)")
    assert "✅ Finished" in chat.text
    assert "✗ 1 failed: 1 463" in chat.text
    await chat.press("📊 Results")
    assert "📣 7 people to get it\n✓ 6 got it (85%)" in chat.text
    assert "ended today 10:02" in chat.text
    await chat.press("‹ Back")
    assert "⏸ Pause" not in chat.buttons


async def test_who_is_left_out_is_told(look, launched, people, world):
    await world.contacts(2, consent=None)
    await launched()
    assert "– Left out: 2 without permission" in (await look()).text


async def test_a_viewer_can_look_and_not_stop(newcomer, launched):
    await launched()
    viewer = await newcomer(Role.VIEWER)
    await viewer.press("📣 Campaigns")
    await viewer.press("🟢 Sunday · 0%")
    assert viewer.buttons == ["📊 Results", "⟳ Refresh", "‹ Back", "⌂ Home"]


async def test_everything_stopped_is_told_on_the_card(look, launched, chat):
    await launched()
    await chat.press("⛔ Stop everything")
    await chat.press("⛔ Stop now")
    assert "📣 Campaigns: 1 running" in chat.text
    assert "⛔ Everything is stopped; resume at Home." in (await look()).text


async def test_a_campaign_that_somebody_else_deleted_is_told(chat, drafted, world):
    campaign_id = await drafted()
    await chat.press("📣 Campaigns")
    await chat.press("Drafts (1)")
    await world.campaign_editor.delete(world.actor, campaign_id)
    await chat.press("📝 Sunday")
    assert chat.toast.text == "This campaign does not exist any more."


@pytest.mark.parametrize("press", ["⏸ Pause", "⛔ STOP: a mistake"])
async def test_what_is_over_meanwhile_cannot_be_stopped(look, launched, send, trigger, press):
    await launched()
    chat = await look()
    await send()
    await trigger()
    await chat.press(press)
    assert chat.toast.text == "This campaign is over."


async def until_drawn(chat, shown: int) -> None:
    await until(lambda: len(chat.texts) > shown)
