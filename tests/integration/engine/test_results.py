"""What became of a sequence's messages: step by step, and the same after the old ones have been pruned."""

from dataclasses import replace
from datetime import timedelta

import pytest

from engine.broadcast.claims import Claimed
from engine.broadcast.pruning import Pruning
from engine.sequences.results import StepResults, Volume
from engine.transports.contract import Inbound, Rejected, Sent
from models.enums import OnReply, ReceiptKind
from tests.integration.engine.world import HandEngine, World, at

KEPT = timedelta(days=180)


async def says(world: World, device: int, person: int, words: str) -> None:
    inbound = await world.one("SELECT count(*) FROM inbound_messages")
    await world.inbox.receive(device, Inbound(f"in-{inbound}", f"+6012{person:07d}", words))


async def answered(world: World) -> list[tuple[int | None, bool]]:
    return await world.rows("SELECT answers_message_id, opted_out FROM inbound_messages ORDER BY id")


async def funnel(world: World, sequence: int = 1) -> list[StepResults]:
    return [step.results for step in (await world.results.get(world.actor, sequence)).steps]


@pytest.fixture
async def mixed(world: World) -> HandEngine:
    """Seven people on Day 1: of each outcome one, and of those who got it some have read it and answered."""
    _, device = await world.running((1, 11, "one"), (2, 11, "two"), people=7, on_reply=OnReply.CONTINUE)
    engine = await world.engine()
    await world.run("UPDATE contacts SET consent = NULL WHERE id = 3")
    await world.move_to(at(5, 11))
    refused = await engine.claim(device)
    assert isinstance(refused, Claimed)
    await engine.report(device, refused, Rejected("media", "broken", permanent=True))
    unclear = await engine.unclear(device)
    await world.doubts.leave(world.actor, unclear.message.ref)
    await engine.claim(device)
    assert len(await engine.send_all(device)) == 4
    for message, kind in (
        (4, ReceiptKind.READ),
        (5, ReceiptKind.READ),
        (6, ReceiptKind.FAILED),  # one of two devices
        (6, ReceiptKind.DELIVERED),
        (7, ReceiptKind.SENT),
        (7, ReceiptKind.FAILED),
    ):
        await engine.receipt(device, f"wamid-{message}", f"+6012{message:07d}", kind=kind)
    await says(world, device, 4, "Tell me more")
    await says(world, device, 4, "Are you there?")
    await says(world, device, 5, "stop")
    await says(world, device, 2, "Yes!")  # so it has arrived, but nobody said which
    await world.run("DELETE FROM messages WHERE lane = 'reply'")
    return engine


DAY_1 = StepResults(
    planned=7, queued=0, sent=4, failed=1, skipped=1, unknown=1, cancelled=0, due=0,
    delivered=3, read=2, replied=2, opted_out=1, not_shown=1, skipped_by={"no_consent": 1},
)  # fmt: skip
DAY_2 = StepResults(due=5)  # all but who has no permission, and who has opted out


async def test_every_step_tells_what_became_of_it_and_who_waits(world: World, mixed: HandEngine) -> None:
    assert await funnel(world) == [DAY_1, DAY_2]
    results = await world.results.get(world.actor, 1)
    assert results.total == replace(DAY_1, due=5)
    await world.move_to(at(6, 11))
    assert (await funnel(world))[1] == StepResults(planned=5, queued=5)
    assert [step.results for step in (await world.catalogue.card(world.actor, 1)).steps] == await funnel(world)


async def test_pruning_changes_no_number(world: World, mixed: HandEngine) -> None:
    await world.move_to(at(6, 11))
    await mixed.send_all(1)
    await says(world, 1, 6, "Thanks")
    before = await funnel(world)
    assert (before[0], before[1].replied) == (DAY_1, 1)
    assert await Pruning(world.database, KEPT).run_once(at(6, 11) + KEPT + timedelta(days=1)) == 7 + 5
    assert await world.statuses() == []
    assert await funnel(world) == before
    assert [answers for answers, _ in await answered(world)] == [None] * 5


async def test_what_is_pruned_in_two_goes_adds_up(world: World, mixed: HandEngine) -> None:
    await world.move_to(at(6, 11))
    await mixed.send_all(1)
    before = await funnel(world)
    await world.run("UPDATE sequence_contacts SET status = 'active', next_due_at = now() WHERE contact_id = 4")
    pruning = Pruning(world.database, KEPT)
    assert await pruning.run_once(at(7, 11) + KEPT) == 10
    await world.run("UPDATE sequence_contacts SET status = 'completed', next_due_at = NULL WHERE contact_id = 4")
    assert await pruning.run_once(at(7, 11) + KEPT) == 2
    assert await funnel(world) == before


async def test_a_removed_step_keeps_its_results(world: World, mixed: HandEngine) -> None:
    first, _ = await world.steps(1)
    await world.editor.remove_step(world.actor, first)
    steps = (await world.results.get(world.actor, 1)).steps
    assert [(step.header, step.removed, step.results.planned) for step in steps] == [
        ("Day 2 11:00", False, 0),
        ("Day 1 11:00", True, 7),
    ]


async def test_an_answer_is_to_the_last_message_that_was_sent_by_any_device(world: World) -> None:
    _, device = await world.running((1, 11, "one"), (2, 11, "two"), on_reply=OnReply.CONTINUE)
    other = await world.device("Other")
    engine = await world.engine()
    await says(world, device, 1, "Who are you?")
    await world.move_to(at(5, 11))
    await says(world, device, 1, "Before it is sent")
    await engine.send_all(device)
    await says(world, other, 1, "To another number")
    await world.move_to(at(6, 11))
    await engine.unclear(device)
    await says(world, device, 1, "STOP")
    await says(world, device, 99, "Somebody else")
    assert await answered(world) == [(None, False), (None, False), (1, False), (2, True), (None, False)]
    await world.run("DELETE FROM messages WHERE lane = 'reply'")


async def test_a_reply_that_quotes_a_message_answers_that_one(world: World) -> None:
    _, device = await world.running((1, 11, "one"), (2, 11, "two"), people=2, on_reply=OnReply.CONTINUE)
    engine = await world.engine()
    for day in (5, 6):
        await world.move_to(at(day, 11))
        await engine.send_all(device)
    quoted = ("wamid-1", "wamid-3", "wamid-2", "a-message-of-somebody-elses", None)
    for number, quotes in enumerate(quoted):
        await world.inbox.receive(device, Inbound(f"quoting-{number}", "+60120000001", "That one!", quotes=quotes))
    of_step = "SELECT m.contact_id, m.body FROM messages m WHERE id IN (1, 2, 3) ORDER BY id"
    assert await world.rows(of_step) == [(1, "one"), (2, "one"), (1, "two")]
    assert [answers for answers, _ in await answered(world)] == [1, 3, 3, 3, 3]


async def test_the_confirmation_of_an_opt_out_is_not_what_is_answered(world: World) -> None:
    _, device = await world.running()
    engine = await world.engine()
    await world.move_to(at(5, 11))
    await engine.send_all(device)
    await says(world, device, 1, "STOP")
    assert len(await engine.send_all(device)) == 1
    await says(world, device, 1, "STOP")
    assert await answered(world) == [(1, True), (1, True)]
    assert (await funnel(world))[0].opted_out == 1


async def test_what_is_due_soon_is_told_beside_what_the_devices_can_send(world: World) -> None:
    sequence, device = await world.running((1, 11, "one"), (2, 9, "two"), people=50)
    await world.run("UPDATE user_devices SET min_delay_seconds = 60, max_delay_seconds = 120, daily_cap = 45")
    results = await world.results.get(world.actor, sequence)
    assert (results.next_hour, results.next_day) == (
        Volume(50, 40),
        Volume(50, 50),
    )  # 45 today, the others tomorrow
    await world.move_to(at(5, 11))
    assert (await world.results.get(world.actor, sequence)).next_hour == Volume(50, 40), "queued is due as well"
    await world.run("UPDATE sequence_contacts SET status = 'paused' WHERE contact_id <= 20")
    assert (await world.results.get(world.actor, sequence)).next_hour == Volume(30, 30)
    claimed = await (await world.engine()).claim(device)
    assert isinstance(claimed, Claimed)
    await world.engines[0].report(device, claimed, Sent("wamid"))
    assert (
        await world.results.get(world.actor, sequence)
    ).next_day.due == 29 + 1  # the next one of who has got it


async def test_the_export_has_a_line_a_step(world: World, mixed: HandEngine) -> None:
    head, day_1, day_2 = (await world.results.export(world.actor, 1)).splitlines()
    assert head.startswith("step,removed,due,planned,queued,sent,delivered,read,replied,opted_out,failed")
    assert head.endswith("cancelled,not_shown,skipped: no_consent")
    assert day_1 == "Day 1 11:00,,0,7,0,4,3,2,2,1,1,1,1,0,1,1"
    assert day_2 == "Day 2 11:00,,5,0,0,0,0,0,0,0,0,0,0,0,0,0"
