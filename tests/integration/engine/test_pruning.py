"""Old messages go, results stay as they were."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from engine.broadcast import pruning as pruning_module
from engine.broadcast.claims import Claimed, Refused
from engine.broadcast.pruning import Pruning
from engine.campaigns.catalogue import Tab
from engine.transports.contract import Inbound, Rejected
from tests.integration.engine.world import World, at

KEPT = timedelta(days=180)
LATER = at(5, 11) + KEPT + timedelta(days=3)


async def results(world: World) -> list[Any]:
    return [step.results for step in (await world.catalogue.card(world.actor, 1)).steps]


@pytest.fixture
async def over(world: World, monkeypatch: pytest.MonkeyPatch) -> int:
    """Five people had the first message, one way or another, and the run of all but the last is over."""
    monkeypatch.setattr(pruning_module, "PAGE", 2)
    _, device = await world.running((1, 11, "Hi {{ name }}"), people=5)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    await engine.report(device, claimed, Rejected("media", "broken", permanent=True))
    unclear = await engine.unclear(device)
    await world.doubts.leave(world.actor, unclear.message.ref)
    await world.run("UPDATE contacts SET consent = NULL WHERE id = 3")
    await world.run("UPDATE sequence_contacts SET status = 'paused' WHERE contact_id = 5")
    assert await engine.claim(device) == Refused()
    assert await engine.send_all(device) == ["Hi Person 4"]
    assert await world.statuses() == ["failed", "unknown", "skipped", "sent", "pending"]
    return device


async def test_counts_before_are_counts_after(world: World, over: int) -> None:
    before = await results(world)
    pruning = Pruning(world.database, KEPT)
    assert await pruning.run_once(LATER) == 4
    assert await world.statuses() == ["pending"]
    assert await world.rows("SELECT * FROM deliveries") == []
    assert await results(world) == before
    assert before[0].planned == 5
    assert await pruning.run_once(LATER) == 0
    assert await results(world) == before
    assert await world.one("SELECT count(*) FROM sequence_contacts") == 5
    assert await world.one("SELECT count(*) FROM contacts") == 5


async def test_what_is_pruned_later_adds_up(world: World, over: int) -> None:
    pruning = Pruning(world.database, KEPT)
    await pruning.run_once(LATER)
    await world.run("UPDATE sequence_contacts SET status = 'active' WHERE contact_id = 5")
    await world.engines[0].send_all(over)
    before = await results(world)
    assert await pruning.run_once(LATER + KEPT) == 1
    assert await results(world) == before
    assert before[0].sent == 2
    assert await world.statuses() == []


async def test_nothing_goes_before_its_time_or_while_its_run_is_open(world: World, over: int) -> None:
    pruning = Pruning(world.database, KEPT)
    assert await pruning.run_once(at(5, 11) + KEPT) == 0
    await world.run("UPDATE sequence_contacts SET status = 'active'")
    assert await pruning.run_once(LATER) == 0
    await world.run("UPDATE sequence_contacts SET status = 'completed' WHERE contact_id < 5")


async def test_what_somebody_has_to_decide_about_stays(world: World, over: int) -> None:
    await world.run("UPDATE doubts SET left_at = NULL")
    assert await Pruning(world.database, KEPT).run_once(LATER) == 3
    assert await world.statuses() == ["unknown", "pending"]


async def test_engines_that_prune_at_once_count_once(world: World, over: int) -> None:
    before = await results(world)
    pruned = await asyncio.gather(*(Pruning(world.database, KEPT).run_once(LATER) for _ in range(4)))
    assert sum(pruned) == 4
    assert await results(world) == before


async def test_messages_of_closed_campaigns_go_and_are_counted(world: World) -> None:
    device = await world.device()
    for number, status in ((1, "finished"), (2, "cancelled"), (3, "running")):
        await world.run(
            "INSERT INTO campaigns (workspace_id, name, status, scheduled_at, finished_at)"
            " VALUES (:id, :name, :status, :at, CASE WHEN :number = 1 THEN CAST(:at AS timestamptz) END)",
            id=world.actor.workspace_id, name=f"C{number}", status=status, number=number, at=at(5, 11),
        )  # fmt: skip
        await world.run(
            "INSERT INTO messages (workspace_id, lane, campaign_id, contact_id, device_id, due_at, outcome)"
            " SELECT :id, 'campaign', :number, c, :device, now(), 'failed'"
            "   FROM unnest(CAST(:people AS bigint[])) c",
            id=world.actor.workspace_id, number=number, device=device, people=await world.contacts(2),
        )  # fmt: skip
    assert await Pruning(world.database, KEPT).run_once(LATER) == 4
    counts = "SELECT campaign_id, outcome, messages FROM pruned_messages ORDER BY 1"
    assert await world.rows(counts) == [(1, "failed", 2), (2, "failed", 2)]


async def test_the_progress_of_a_campaign_stays_as_it_was(world: World) -> None:
    device = await world.device()
    campaign = await world.campaign([device], await world.contacts(6))
    engine = await world.engine()
    for number, outcome in enumerate(["media", "media", "not_on_whatsapp"]):
        claimed = await engine.claim(device)
        assert isinstance(claimed, Claimed), number
        await engine.report(device, claimed, Rejected(outcome, "broken", permanent=True))
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    await engine.sent(device, claimed)
    await engine.receipt(device, f"wamid-{claimed.message.ref}", claimed.message.phone)
    await world.inbox.receive(device, Inbound("in-1", claimed.message.phone, "How much?"))
    await world.campaign_control.cancel_rest(world.actor, campaign)
    world.clock.set(LATER)
    before = await world.progress(campaign)
    assert (before.failed, before.skipped, before.cancelled) == ({"media": 2}, {"not_on_whatsapp": 1}, 2)
    assert (before.planned, before.sent, before.delivered, before.replied, before.opted_out) == (6, 1, 1, 1, 0)
    assert await Pruning(world.database, KEPT).run_once(LATER) == 6
    assert await world.progress(campaign) == before
    (shown,) = (await world.campaigns.page(world.actor, Tab.DONE)).campaigns
    assert (shown.planned, shown.ended) == (6, 6)


async def test_replies_and_tests_stay(world: World) -> None:
    device = await world.device()
    (contact,) = await world.contacts(1)
    for lane in ("reply", "test"):
        await world.run(
            "INSERT INTO messages (workspace_id, lane, contact_id, device_id, due_at, outcome)"
            " VALUES (:id, CAST(:lane AS lane), :contact, :device, :at, 'failed')",
            id=world.actor.workspace_id, lane=lane, contact=contact, device=device, at=at(5, 11),
        )  # fmt: skip
    assert await Pruning(world.database, KEPT).run_once(LATER + 10 * KEPT) == 0
