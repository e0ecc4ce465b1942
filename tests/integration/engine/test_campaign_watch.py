"""A campaign that goes wrong pauses itself and says what it saw."""

from datetime import timedelta

import pytest

from engine.broadcast.claims import Claimed
from engine.campaigns import watch as watching
from engine.campaigns.watch import CampaignWatch
from models.enums import CampaignPause, CampaignStatus
from tests.integration.engine.world import World


@pytest.fixture
def watch(world: World) -> CampaignWatch:
    return CampaignWatch(world.database)


async def end(world: World, outcome: str, count: int, code: str | None = None, device: int | None = None) -> None:
    """Let so many of the messages that wait have an outcome; what is sent has a provider's id."""
    await world.run(
        """
        WITH chosen AS (
            SELECT m.id FROM messages m JOIN queue q ON q.message_id = m.id
             WHERE CAST(:device AS bigint) IS NULL OR m.device_id = CAST(:device AS bigint) ORDER BY m.id LIMIT :count),
        gone AS (DELETE FROM queue q USING chosen WHERE q.message_id = chosen.id)
        UPDATE messages m SET outcome = CAST(:outcome AS text), error_code = CAST(:code AS text), error = CAST(:code AS text),
               claimed_at = CAST(:now AS timestamptz),
               sent_at = CASE WHEN CAST(:outcome AS text) = 'sent' THEN CAST(:now AS timestamptz) END
          FROM chosen WHERE m.id = chosen.id""",
        outcome=outcome, count=count, code=code, device=device, now=world.clock.now(),
    )  # fmt: skip
    await world.run(
        """
        WITH sent AS (
            UPDATE messages SET body = 'Sale' WHERE outcome = 'sent' RETURNING workspace_id, id, device_id)
        INSERT INTO deliveries (workspace_id, message_id, device_id, provider_message_id)
        SELECT workspace_id, id, device_id, 'wamid-' || id FROM sent ON CONFLICT DO NOTHING"""
    )


async def test_it_pauses_and_tells_the_operators_once(world, watch):
    device = await world.device()
    campaign = await world.campaign([device], await world.contacts(40))
    await end(world, "sent", 10)
    await end(world, "failed", 9, "rejected")
    assert await watch.run_once(world.clock.now()) == []
    await end(world, "failed", 1, "rejected")
    assert await watch.run_once(world.clock.now()) == [campaign]
    assert await watch.run_once(world.clock.now()) == []
    card = await world.campaigns.card(world.actor, campaign)
    assert (card.status, card.pause_reason, card.paused_at, card.paused_by) == (
        CampaignStatus.PAUSED, CampaignPause.BREAKER, world.clock.now(), None,
    )  # fmt: skip
    [(kind, status, words)] = await world.rows("SELECT kind, status, text FROM alerts")
    assert (kind, status) == ("campaign_paused", "firing")
    assert words.startswith("“Sale” has paused itself. 10 of the last 20 people failed, mostly: rejected.")
    audited = "SELECT face, action, detail ->> 'reason' FROM audit_log ORDER BY id DESC LIMIT 1"
    assert await world.one(audited) == ("system", "campaign.pause", "breaker")
    await world.assert_books_balance()


async def test_after_somebody_goes_on_only_what_comes_then_counts(world, watch):
    device = await world.device()
    campaign = await world.campaign([device], await world.contacts(60))
    await end(world, "failed", 20, "rejected")
    await watch.run_once(world.clock.now())
    await world.campaign_control.resume(world.actor, campaign)
    assert [alert[1] for alert in await world.alerts()] == ["resolved"]
    assert await watch.run_once(world.clock.now()) == []
    world.clock.advance(timedelta(minutes=1))
    await end(world, "sent", 20)
    assert await watch.run_once(world.clock.now()) == []
    await end(world, "failed", 10, "rejected")
    assert await watch.run_once(world.clock.now()) == [campaign]


async def test_the_device_that_alone_fails_is_named(world, watch):
    well, ill = await world.device("Sales-1"), await world.device("Sales-2")
    await world.campaign([well, ill], await world.contacts(60))
    await end(world, "sent", 20, device=well)
    await end(world, "failed", 20, "blocked", device=ill)
    await watch.run_once(world.clock.now())
    assert "It is likely Sales-2" in await world.one("SELECT text FROM alerts")


async def test_what_expired_or_was_cancelled_is_no_failure(world, watch):
    device = await world.device()
    await world.campaign([device], await world.contacts(60))
    await end(world, "skipped", 30, "expired")
    await end(world, "cancelled", 30, "opted_out")
    assert await watch.run_once(world.clock.now()) == []


async def test_people_who_ask_to_stop_stop_it(world, watch):
    device = await world.device()
    campaign = await world.campaign([device], await world.contacts(30))
    await end(world, "sent", 30)
    await world.run(
        """
        INSERT INTO inbound_messages (workspace_id, device_id, contact_id, phone, provider_message_id, body,
                                      received_at, answers_message_id, opted_out)
        SELECT workspace_id, device_id, contact_id, '+1', 'in-' || id, 'STOP', now(), id, true
          FROM messages ORDER BY id LIMIT 4"""
    )
    assert await watch.run_once(world.clock.now()) == [campaign]
    assert "asked to stop" in await world.one("SELECT text FROM alerts")


async def test_claims_go_on_while_it_is_judged(world, watch, monkeypatch):
    device = await world.device()
    engine = await world.engine()
    await world.campaign([device], await world.contacts(2))
    samples = watching._samples
    claimed = []

    async def takes_a_while(*about):
        claimed.append(await engine.claim(device))
        return await samples(*about)

    monkeypatch.setattr(watching, "_samples", takes_a_while)
    assert await watch.run_once(world.clock.now()) == []
    assert [type(one) for one in claimed] == [Claimed]
