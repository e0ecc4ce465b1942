"""The campaign trigger, which every engine runs on every tick."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from engine.campaigns import finishing
from engine.campaigns.trigger import CampaignTrigger
from engine.notifications import Channel
from engine.transports.contract import Inbound
from models.enums import CampaignStatus, DeviceChoice, LatePolicy
from tests.integration.engine.campaigning import MINUTE, draft, launched, messages, tick
from tests.integration.engine.world import MONDAY, World


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


async def test_everybody_is_told_once_when_a_campaign_starts(world: World) -> None:
    await world.contacts(3)
    campaign = await draft(world, [await world.device()])
    await launched(world, campaign)
    world.clock.advance(MINUTE)
    trigger = CampaignTrigger(world.database, world.clock)
    assert await _told(world, trigger) == 1
    assert await world.one("SELECT status FROM campaigns") == "running"
    assert await _told(world, trigger) == 0  # it runs, and waits for its messages to end


async def test_messages_are_there_a_minute_ahead_and_due_at_their_time(world: World) -> None:
    device = await world.device()
    people = await world.contacts(3)
    starts_at = await launched(world, await draft(world, [device]))
    assert starts_at == world.clock.now() + MINUTE
    assert await CampaignTrigger(world.database, world.clock).run_once(starts_at) == 1
    assert [(row.contact_id, row.due_at) for row in await messages(world)] == [
        (person, starts_at) for person in people
    ]


async def test_a_campaign_that_is_not_due_within_the_interval_waits(world: World) -> None:
    await world.contacts(1)
    await launched(world, await draft(world, [await world.device()]), at=MONDAY + timedelta(hours=2))
    assert await CampaignTrigger(world.database, world.clock).run_once(MONDAY + timedelta(hours=1)) == 0
    assert await world.one("SELECT status FROM campaigns") == "scheduled"


async def test_it_ends_when_no_message_is_open_and_not_before(world: World) -> None:
    device = await world.device()
    await world.contacts(3)
    campaign = await draft(world, [device])
    trigger = await begun(world, campaign)
    statuses = []
    for outcome in ("sent", "failed", "unknown"):
        await tick(world, trigger)
        statuses.append(await status(world, campaign))
        await end(world, outcome)
    await tick(world, trigger)
    assert [*statuses, await status(world, campaign)] == ["running", "running", "running", "finished"]
    await world.run("DELETE FROM messages")


async def test_what_is_on_its_way_is_open(world: World) -> None:
    await world.contacts(1)
    campaign = await draft(world, [await world.device()])
    trigger = await begun(world, campaign)
    await world.run("UPDATE user_devices SET in_flight_message_id = (SELECT message_id FROM queue),"
                    " in_flight_since = now()")  # fmt: skip
    await world.run("DELETE FROM queue")
    await tick(world, trigger)
    assert await status(world, campaign) == "running"


async def test_what_an_operator_sends_once_more_is_open(world: World) -> None:
    device = await world.device()
    await world.contacts(1)
    engine = await world.engine()
    campaign = await draft(world, [device])
    trigger = await begun(world, campaign)
    claimed = await engine.unclear(device)
    await world.doubts.send_again(world.actor, claimed.claim.message_id)
    await tick(world, trigger)
    assert await status(world, campaign) == "running"
    assert await engine.send_all(device) == ["Hi Person 1"]
    await tick(world, trigger)
    assert await status(world, campaign) == "finished"


async def test_a_paused_campaign_neither_goes_on_nor_ends(world: World) -> None:
    await world.contacts(1)
    campaign = await draft(world, [await world.device()])
    starts_at = await launched(world, campaign)
    await world.run("UPDATE campaigns SET status = 'running', started_at = now()")
    await world.campaign_control.pause(world.actor, campaign)
    trigger = CampaignTrigger(world.database, world.clock)
    await trigger.run_once(starts_at)
    assert await messages(world) == []
    assert await status(world, campaign) == "paused"
    await world.campaign_control.resume(world.actor, campaign)
    await trigger.run_once(starts_at)
    assert len(await messages(world)) == 1


async def test_a_campaign_without_anybody_ends_at_once(world: World) -> None:
    (person,) = await world.contacts(1)
    campaign = await draft(world, [await world.device()])
    await launched(world, campaign)
    await world.opt_outs.opt_out(world.actor, person)
    await tick(world, CampaignTrigger(world.database, world.clock))
    assert await world.one("SELECT status, left_out FROM campaigns") == ("finished", {"opted_out": 1})


@pytest.mark.parametrize("policy", LatePolicy)
async def test_a_little_late_is_on_time(world: World, policy: LatePolicy) -> None:
    await world.contacts(1)
    campaign = await draft(world, [await world.device()], late_policy=policy, late_window_minutes=30)
    starts_at = await launched(world, campaign)
    world.clock.set(starts_at + timedelta(minutes=30))
    await CampaignTrigger(world.database, world.clock).run_once(world.clock.now())
    expires = starts_at + timedelta(minutes=30) if policy is LatePolicy.EXPIRE else None
    assert [(row.due_at, row.expires_at) for row in await messages(world)] == [(world.clock.now(), expires)]
    assert await world.alerts() == []


async def test_hours_late_it_starts_now_and_says_so(world: World) -> None:
    await world.contacts(1)
    campaign = await draft(world, [await world.device()], late_window_minutes=30)
    starts_at = await launched(world, campaign)
    world.clock.set(starts_at + timedelta(hours=3, minutes=5))
    assert await CampaignTrigger(world.database, world.clock).run_once(world.clock.now()) == 1
    assert [row.due_at for row in await messages(world)] == [world.clock.now()]
    told = await world.one("SELECT kind, text FROM alerts")
    assert told == ("campaign_late", "“Sale” was due 3 hours ago, while nothing ran. It goes out now.")


async def test_hours_late_it_ends_if_that_is_its_policy_and_says_so(world: World) -> None:
    await world.contacts(1)
    campaign = await draft(world, [await world.device()], late_policy=LatePolicy.EXPIRE, late_window_minutes=30)
    starts_at = await launched(world, campaign)
    world.clock.set(starts_at + timedelta(hours=1, minutes=5))
    assert await CampaignTrigger(world.database, world.clock).run_once(world.clock.now()) == 0
    assert await messages(world) == []
    assert await world.one("SELECT status, finished_at FROM campaigns") == ("cancelled", world.clock.now())
    kind, words = await world.one("SELECT kind, text FROM alerts")
    assert kind == "campaign_late"
    assert words.startswith("“Sale” was due 1 hour ago, while nothing ran. That is later than it allows")
    audited = "SELECT face, action, detail ->> 'reason' FROM audit_log ORDER BY id DESC LIMIT 1"
    assert await world.one(audited) == ("system", "campaign.cancel", "expire")


async def test_who_joined_by_a_link_before_it_ended_so_waits_for_nothing(world: World) -> None:
    device = await world.device(phone="+60111111111")
    await world.contacts(1)
    campaign = await draft(world, [device], late_policy=LatePolicy.EXPIRE, late_window_minutes=30)
    starts_at = await launched(world, campaign)
    await writes_in(world, device, await world.links.create_for_campaign(world.actor, campaign, device))
    world.clock.set(starts_at + timedelta(hours=1, minutes=5))
    assert await CampaignTrigger(world.database, world.clock).run_once(world.clock.now()) == 0
    assert await world.one("SELECT status, finished_at FROM campaigns") == ("cancelled", world.clock.now())
    assert await world.statuses() == ["cancelled"]
    await world.assert_books_balance()


async def test_a_link_keeps_it_open_until_it_is_closed(world: World) -> None:
    device = await world.device(phone="+60111111111")
    await world.contacts(1)
    campaign = await draft(world, [device])
    trigger = await begun(world, campaign)
    link = await world.links.create_for_campaign(world.actor, campaign, device)
    statuses = []
    await end(world, "sent")
    await tick(world, trigger)
    statuses.append(await status(world, campaign))
    await writes_in(world, device, link)
    await end(world, "sent")
    await tick(world, trigger)
    statuses.append(await status(world, campaign))
    await world.links.close(world.actor, link)
    await tick(world, trigger)
    assert [*statuses, await status(world, campaign)] == ["running", "running", "finished"]
    await world.run("DELETE FROM messages")


async def test_a_link_that_is_made_while_it_would_end_keeps_it_open(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = await world.device(phone="+60111111111")
    await world.contacts(1)
    campaign = await draft(world, [device])
    trigger = await begun(world, campaign)
    await end(world, "sent")
    is_open = finishing._is_open

    async def links_meanwhile(*about: Any) -> bool:
        monkeypatch.setattr(finishing, "_is_open", is_open)
        await world.links.create_for_campaign(world.actor, campaign, device)
        return await is_open(*about)

    monkeypatch.setattr(finishing, "_is_open", links_meanwhile)
    await tick(world, trigger)
    assert await status(world, campaign) == "running"
    await world.run("DELETE FROM messages")


async def test_a_link_keeps_nobody_from_being_asked_after_the_first_ones(world: World) -> None:
    device = await world.device(phone="+60111111111")
    await world.contacts(3)
    campaign = await draft(world, [device])
    trigger = await begun(world, campaign, first_ones=1)
    await world.links.create_for_campaign(world.actor, campaign, device)
    await end(world, "sent")
    await tick(world, trigger)
    assert await world.one("SELECT status, pause_reason FROM campaigns") == ("paused", "first_ones")
    await world.run("DELETE FROM messages")


async def test_who_has_stopped_it_after_the_first_ones_is_not_asked_about_them_again(world: World) -> None:
    device = await world.device()
    people = await world.contacts(3)
    campaign = await draft(world, [device])
    trigger = await begun(world, campaign, first_ones=1)
    await end(world, "sent")
    await tick(world, trigger)
    await world.campaign_control.stop(world.actor, campaign)
    await world.campaign_control.resume(world.actor, campaign)
    await tick(world, trigger)
    assert await status(world, campaign) == "running"
    assert [row.contact_id for row in await messages(world)] == people
    await world.run("DELETE FROM messages")


async def test_the_first_ones_get_it_and_then_it_asks(world: World) -> None:
    device = await world.device()
    people = await world.contacts(25)
    await world.run("UPDATE contacts SET consent = NULL WHERE id = ANY(:ids)", ids=people[:3])
    campaign = await draft(world, [device])
    trigger = await begun(world, campaign, first_ones=10)
    assert [row.contact_id for row in await messages(world)] == people[3:13]
    for _ in range(9):
        await end(world, "sent")
    await tick(world, trigger)
    assert await status(world, campaign) == "running"  # the tenth is still open
    await end(world, "failed", error="the number is blocked.")
    await tick(world, trigger)
    assert await world.one("SELECT status, pause_reason FROM campaigns") == ("paused", "first_ones")
    kind, words = await world.one("SELECT kind, text FROM alerts")
    assert (kind, words) == (
        "campaign_paused",
        "“Sale”: the first 10 are through: 9 sent, 1 failed (the number is blocked). Do the others get it too?",
    )
    audited = "SELECT face, action, detail ->> 'reason' FROM audit_log ORDER BY id DESC LIMIT 1"
    assert await world.one(audited) == ("system", "campaign.pause", "first_ones")
    await tick(world, trigger)
    assert len(await messages(world)) == 10
    await world.campaign_control.resume(world.actor, campaign)
    await tick(world, trigger)
    assert [row.contact_id for row in await messages(world)] == people[3:]
    assert await world.one("SELECT status, left_out FROM campaigns") == ("running", {"no_consent": 3})
    assert (await world.alerts())[0][1] == "resolved"
    await world.run("DELETE FROM messages")


async def test_first_ones_who_are_all_there_are_need_no_question(world: World) -> None:
    await world.contacts(2)
    campaign = await draft(world, [await world.device()])
    trigger = await begun(world, campaign, first_ones=10)
    await end(world, "failed")
    await end(world, "failed")
    await tick(world, trigger)
    assert await status(world, campaign) == "finished"
    assert await world.alerts() == []
    await world.run("DELETE FROM messages")


@pytest.mark.parametrize("code", ["raise_exception", "deadlock_detected", "query_canceled"])
async def test_campaigns_take_turns_and_one_that_fails_keeps_no_other_from_it(world: World, code: str) -> None:
    device = await world.device()
    await world.contacts(2)
    broken = await draft(world, [device], name="Broken")
    whole = await draft(world, [device], name="Whole")
    for campaign in (broken, whole):
        await launched(world, campaign)
    await world.run(f"""
        CREATE OR REPLACE FUNCTION breaks() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN IF NEW.campaign_id = {broken} THEN RAISE 'broken' USING ERRCODE = '{code}'; END IF; RETURN NEW; END $$""")
    await world.run("CREATE TRIGGER breaks BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION breaks()")
    try:
        await tick(world, CampaignTrigger(world.database, world.clock))
    finally:
        await world.run("DROP FUNCTION breaks CASCADE")
    assert {row.campaign_id for row in await messages(world)} == {whole}
    await tick(world, CampaignTrigger(world.database, world.clock))
    assert {row.campaign_id for row in await messages(world)} == {broken, whole}


async def test_who_knows_a_device_gets_it_from_there(world: World) -> None:
    first, second = await world.device("One"), await world.device("Two")
    ours = await world.contacts(2, device_id=first)
    theirs = await world.contacts(1, device_id=second)
    await world.contacts(1)
    await begun(world, await draft(world, device_choice=DeviceChoice.KNOWN))
    assert {row.contact_id: row.device_id for row in await messages(world)} == {
        **dict.fromkeys(ours, first),
        **dict.fromkeys(theirs, second),
    }
    assert await world.one("SELECT left_out FROM campaigns") == {"no_device": 1}


async def begun(world: World, campaign_id: int, **how: int) -> CampaignTrigger:
    """Launch it and let the messages be made; its time has come."""
    await launched(world, campaign_id, **how)
    trigger = CampaignTrigger(world.database, world.clock)
    await tick(world, trigger)
    return trigger


async def status(world: World, campaign_id: int) -> CampaignStatus:
    return CampaignStatus(await world.one("SELECT status FROM campaigns WHERE id = :id", id=campaign_id))


async def end(world: World, outcome: str, message_id: int | None = None, error: str | None = None) -> None:
    """Give a message its outcome, as if its device had; the next one if none is named."""
    if message_id is None:
        message_id = await world.one("SELECT min(message_id) FROM queue")
    await world.run("DELETE FROM queue WHERE message_id = :id", id=message_id)
    await world.run(
        "UPDATE messages SET outcome = :outcome, body = 'Hi', error = :error, error_code = :code WHERE id = :id",
        id=message_id, outcome=outcome, error=error, code=error and "failed",
    )  # fmt: skip


async def writes_in(world: World, device: int, link: int) -> None:
    """Let somebody who is in no book write the words of a link."""
    words = (await world.links.get(world.actor, link)).greeting
    await world.inbox.receive(device, Inbound("in-1", "+60190000001", words))
