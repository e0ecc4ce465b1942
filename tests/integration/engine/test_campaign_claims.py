"""Campaigns at the claim: late text, exact pauses, hours, pace, lanes, doubts."""

import asyncio
from datetime import time, timedelta

import pytest
from sqlalchemy import text

from engine.broadcast.admission import Pause
from engine.broadcast.claims import Busy, Claimed, Gone, Refused
from engine.campaigns import control
from engine.campaigns.content import Content
from engine.contacts.stop_requests import StopRequests
from engine.errors import ConflictError
from engine.transports.contract import Inbound, Rejected
from models.enums import CampaignPause, CampaignStatus, ContentKind, DeviceState
from tests.integration.engine.test_pausing import SlowLibrary
from tests.integration.engine.world import HandEngine, World, at, until

TEXT = Content(ContentKind.TEXT, "New words for {{ name }}")
WAITING_FOR_LOCKS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@pytest.fixture
async def device(world: World) -> int:
    return await world.device()


async def test_everybody_gets_the_text_as_it_is_at_that_moment(world: World, device: int) -> None:
    campaign = await world.campaign([device], await world.contacts(3))
    engine = await world.engine()
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    await engine.sent(device, claimed)
    await world.campaign_control.pause(world.actor, campaign)
    assert await world.campaign_control.fix_text(world.actor, campaign, TEXT) == 2
    assert await engine.send_all(device) == []
    await world.campaign_control.resume(world.actor, campaign)
    assert await engine.send_all(device) == ["New words for Person 2", "New words for Person 3"]
    bodies = await world.rows("SELECT body FROM messages ORDER BY id")
    assert bodies == [("Sale for Person 1",), ("New words for Person 2",), ("New words for Person 3",)]


async def test_the_text_of_what_runs_cannot_be_changed(world: World, device: int) -> None:
    campaign = await world.campaign([device], [])
    with pytest.raises(ConflictError, match="Pause the campaign first"):
        await world.campaign_control.fix_text(world.actor, campaign, TEXT)


async def test_a_retry_after_a_rejection_has_the_new_text(world: World, device: int) -> None:
    campaign = await world.campaign([device], await world.contacts(1))
    engine = await world.engine()
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    await engine.report(device, claimed, Rejected("busy", "try later", permanent=False))
    await world.campaign_control.stop(world.actor, campaign)
    await world.campaign_control.fix_text(world.actor, campaign, TEXT)
    world.clock.set(at(5, 11))
    assert await engine.send_all(device) == []
    await world.campaign_control.resume(world.actor, campaign)
    assert await engine.send_all(device) == ["New words for Person 1"]
    assert await world.one("SELECT attempts FROM messages") == 2


@pytest.mark.parametrize("status", ["paused", "cancelled"])
async def test_a_claim_never_overtakes_a_pause_or_an_end(world: World, device: int, status: str) -> None:
    await world.campaign([device], await world.contacts(1))
    engine = await world.engine()
    ask = await engine.ask(device)
    assert ask is not None
    reason = "'by_hand'" if status == "paused" else "NULL"
    async with world.database.transaction() as session:
        await session.execute(text(f"UPDATE campaigns SET status = '{status}', pause_reason = {reason}"))
        assert await engine.claims.claim([ask]) == [Busy()]  # it does not wait, and it does not send
    assert await engine.claims.claim([ask]) == [Refused()]
    assert await world.statuses() == ["pending" if status == "paused" else "cancelled"]


async def test_stopping_waits_for_the_claim_that_came_first(world: World, device: int) -> None:
    """That one is on its way when the figures are read, so it is unsure, and later it got it."""
    campaign = await world.campaign([device], await world.contacts(3))
    library = SlowLibrary()
    engine = HandEngine(world, (await world.engine()).ownership, library)
    claiming = asyncio.create_task(engine.claim(device))
    await library.reached.wait()
    stopping = asyncio.create_task(world.campaign_control.stop(world.actor, campaign))
    await until(lambda: world.one(WAITING_FOR_LOCKS))
    assert not stopping.done()
    library.go_on.set()
    claimed = await claiming
    assert isinstance(claimed, Claimed)
    stopped = await stopping
    assert (stopped.at, stopped.got, stopped.unsure, stopped.not_yet) == (at(5, 10), 0, 1, 2)
    await engine.sent(device, claimed)
    assert await engine.send_all(device) == []
    world.clock.set(at(5, 11))
    stopped = await world.campaign_control.stopped(world.actor, campaign)
    assert (stopped.at, stopped.got, stopped.unsure, stopped.not_yet) == (at(5, 10), 1, 0, 2)


async def test_it_is_stopped_before_anybody_is_counted(
    world: World, device: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = await world.campaign([device], await world.contacts(1))

    async def takes_too_long(*_: object) -> None:
        raise TimeoutError

    with monkeypatch.context() as patched:
        patched.setattr(control, "_figures", takes_too_long)
        with pytest.raises(TimeoutError):
            await world.campaign_control.stop(world.actor, campaign)
    assert await world.one("SELECT status, pause_reason FROM campaigns") == ("paused", "stopped")


async def test_who_seems_to_ask_to_stop_gets_nothing_until_somebody_has_decided(world: World, device: int) -> None:
    people = await world.contacts(2)
    await world.campaign([device], people)
    engine = await world.engine()
    await world.inbox.receive(device, Inbound("in-1", "+60120000001", "jangan hantar lagi"))
    assert await engine.claim(device) == Refused()
    assert await engine.send_all(device) == ["Sale for Person 2"]  # and it does not come up again at once
    world.clock.advance(timedelta(hours=1))
    assert await engine.claim(device) == Refused()
    await StopRequests(world.database, world.clock).keep(world.actor, people[0])
    world.clock.advance(timedelta(hours=1))
    assert await engine.send_all(device) == ["Sale for Person 1"]


async def test_presses_are_one(world: World, device: int) -> None:
    campaign = await world.campaign([device], await world.contacts(2))
    control = world.campaign_control
    for press in (control.pause, control.stop, control.resume, control.cancel_rest):
        for _ in range(3):
            await press(world.actor, campaign)
    actions = await world.rows("SELECT action FROM audit_log ORDER BY id")
    assert actions == [("campaign.pause",), ("campaign.stop",), ("campaign.resume",), ("campaign.cancel",)]
    card = await world.campaigns.card(world.actor, campaign)
    assert (card.status, card.progress.cancelled) == (CampaignStatus.CANCELLED, 2)
    for press in (control.pause, control.stop, control.resume):
        with pytest.raises(ConflictError, match="is over"):
            await press(world.actor, campaign)


async def test_who_was_asked_after_the_first_ones_goes_on_for_good(world: World, device: int) -> None:
    campaign = await world.campaign(
        [device], [], status=CampaignStatus.PAUSED, pause_reason=CampaignPause.FIRST_ONES, first_ones=10
    )
    await world.campaign_control.resume(world.actor, campaign)
    watched = "SELECT status, first_ones, watched_from, pause_reason, paused_at FROM campaigns"
    assert await world.one(watched) == ("running", None, at(5, 10), None, None)


async def test_sequences_go_before_campaigns(world: World, device: int) -> None:
    await world.campaign([device], await world.contacts(2))
    sequence = await world.sequence([device], (1, 11, "Hi {{ name }}"))
    await world.enrolments.join_contacts(world.actor, sequence, await world.contacts(1))
    engine = await world.engine()
    await world.move_to(at(5, 11))
    assert await engine.send_all(device) == ["Hi Person 3", "Sale for Person 1", "Sale for Person 2"]


async def test_campaigns_take_turns_by_the_time_at_which_they_are_due(world: World, device: int) -> None:
    await world.campaign([device], await world.contacts(1), "late", scheduled_at=at(5, 9, 30))
    paused = await world.campaign([device], await world.contacts(1), "paused", scheduled_at=at(5, 9))
    await world.campaign([device], await world.contacts(1), "early", scheduled_at=at(5, 9, 15))
    await world.campaign_control.pause(world.actor, paused)
    engine = await world.engine()
    assert await engine.send_all(device) == ["early", "late"]
    await world.campaign_control.resume(world.actor, paused)
    assert await engine.send_all(device) == ["paused"]


async def test_its_own_pace_holds_for_its_messages(world: World) -> None:
    device = await world.device(min_delay_seconds=10, max_delay_seconds=20)
    await world.campaign([device], await world.contacts(2), min_delay_seconds=60, max_delay_seconds=60)
    engine = await world.engine()
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    assert claimed.delay == timedelta(seconds=60)
    await engine.sent(device, claimed)
    assert await engine.claim(device) == Pause(at(5, 10, 1))


async def test_its_window_is_in_the_zone_of_each_contact(world: World, device: int) -> None:
    """As it is set, or else as the number says: at ten in Kuala Lumpur it is eleven in Tokyo, and three in Berlin."""
    (tokyo,) = await world.contacts(1, time_zone="Asia/Tokyo")
    (berlin,) = await world.contacts(1, phone="+4930123456")
    (here,) = await world.contacts(1)
    await world.campaign([device], [tokyo, berlin, here], "{{ phone }}", window_start=time(9), window_end=time(11))
    engine = await world.engine()
    assert await engine.claim(device) == Refused()
    assert await engine.claim(device) == Refused()
    assert len(await engine.send_all(device)) == 1
    due = dict(await world.rows("SELECT contact_id, due_at FROM messages WHERE outcome IS NULL"))
    assert due == {tokyo: at(6, 8), berlin: at(5, 16)}


async def test_what_expires_is_skipped(world: World, device: int) -> None:
    campaign = await world.campaign([device], await world.contacts(2))
    await world.run("UPDATE messages SET expires_at = :at", at=at(5, 12))
    engine = await world.engine()
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    await engine.sent(device, claimed)
    world.clock.set(at(5, 12, 1))
    assert await engine.claim(device) == Refused()
    assert (await world.progress(campaign)).skipped == {"expired": 1}


async def test_sent_again_by_hand_it_is_as_it_was_also_when_its_campaign_is_over(
    world: World, device: int
) -> None:
    campaign = await world.campaign([device], await world.contacts(2))
    engine = await world.engine()
    claimed = await engine.unclear(device)
    await world.campaign_control.stop(world.actor, campaign)
    await world.campaign_control.fix_text(world.actor, campaign, TEXT)
    assert await world.doubts.send_again(world.actor, claimed.message.ref)
    assert await engine.send_all(device) == []  # the pause holds it
    stopped = await world.campaign_control.stopped(world.actor, campaign)
    assert (stopped.got, stopped.unsure, stopped.not_yet) == (0, 1, 1)
    assert await world.campaign_control.cancel_rest(world.actor, campaign) == 2
    assert await world.statuses() == ["unknown", "cancelled"]
    assert await world.doubts.send_again(world.actor, claimed.message.ref)
    assert await engine.send_all(device) == ["Sale for Person 1"]
    assert await world.statuses() == ["sent", "cancelled"]


async def test_what_a_lost_device_left_moves_within_the_pool_and_goes_on(world: World) -> None:
    first, second = await world.device("Sales-1"), await world.device("Sales-2")
    campaign = await world.campaign([first, second], await world.contacts(4))
    engine = await world.engine()
    await world.run(
        "UPDATE user_devices SET state = :state WHERE id = :id", state=DeviceState.LOGGED_OUT, id=first
    )
    assert await world.relocation.run_once() == 2
    assert await engine.send_all(first) == []
    assert len(await engine.send_all(second)) == 4
    assert (await world.progress(campaign)).sent == 4


async def test_people_moved_by_hand_bring_the_device_into_the_pool(world: World) -> None:
    first, second = await world.device("Sales-1"), await world.device("Sales-2")
    campaign = await world.campaign([first], await world.contacts(2))
    assert await world.relocation.move(world.actor, first, second) == 2
    card = await world.campaigns.card(world.actor, campaign)
    assert [one.id for one in card.devices] == [first, second]


async def test_progress_counts_everything_once(world: World, device: int) -> None:
    campaign = await world.campaign([device], await world.contacts(7))
    engine = await world.engine()
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    await engine.report(device, claimed, Rejected("media", "broken", permanent=True))
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    await engine.report(device, claimed, Rejected("not_on_whatsapp", "no", permanent=True))
    await engine.unclear(device)
    await world.run("UPDATE contacts SET consent = NULL WHERE id = 4")
    assert await engine.claim(device) == Refused()
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    await engine.sent(device, claimed)
    await engine.receipt(device, f"wamid-{claimed.message.ref}", claimed.message.phone)
    world.clock.set(at(5, 10, 30))
    assert isinstance(await engine.claim(device), Claimed)
    done = await world.progress(campaign)
    assert (done.planned, done.pending, done.on_its_way, done.unknown, done.sent) == (7, 1, 1, 1, 1)
    assert (done.failed, done.skipped) == ({"media": 1}, {"not_on_whatsapp": 1, "no_consent": 1})
    assert (done.delivered, done.read, done.ended) == (1, 0, 5)
    assert done.rate_per_hour == 2  # one in half an hour …
    assert done.ends_at == at(5, 11, 30)  # … so two in another hour


async def test_a_pause_is_no_part_of_the_pace(world: World, device: int) -> None:
    campaign = await world.campaign([device], await world.contacts(10))
    engine = await world.engine()
    for _ in range(2):
        claimed = await engine.claim(device)
        assert isinstance(claimed, Claimed)
        await engine.sent(device, claimed)
    await world.campaign_control.pause(world.actor, campaign)
    world.clock.set(at(5, 10, 40))
    await world.campaign_control.resume(world.actor, campaign)
    world.clock.set(at(5, 10, 45))
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    await engine.sent(device, claimed)
    world.clock.set(at(5, 10, 50))
    assert (await world.progress(campaign)).rate_per_hour == 6  # one in the ten minutes since


async def test_what_waits_of_a_message_that_is_gone_is_gone(world: World, device: int) -> None:
    await world.campaign([device], await world.contacts(1))
    engine = await world.engine()
    ask = await engine.ask(device)
    await world.campaign_control.cancel_rest(world.actor, 1)
    assert ask is not None
    assert await engine.claims.claim([ask]) == [Gone()]
