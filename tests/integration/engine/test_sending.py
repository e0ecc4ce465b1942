"""From a due enrolment to a message with its outcome."""

import asyncio
from datetime import timedelta
from random import Random

import pytest

from engine.broadcast.admission import Pause
from engine.broadcast.claims import Claimed, Gone, Refused
from engine.broadcast.outcomes import FIRST_BACKOFF
from engine.broadcast.pacing import Pace
from engine.transports.contract import Rejected, Sent, Unknown
from tests.integration.engine.world import World, at

BUSY_LINE = Rejected("rate", "too fast", permanent=False)
NO_SUCH_MEDIA = Rejected("media", "the file is broken", permanent=True)


async def test_a_person_who_is_due_gets_one_message_however_often_the_processor_runs(world: World) -> None:
    await world.running(people=3)
    assert await world.processor.run_once(at(5, 11)) == 3
    assert await world.processor.run_once(at(5, 11)) == 0
    assert await world.statuses() == ["pending"] * 3


async def test_processors_of_several_engines_share_the_work(world: World) -> None:
    await world.running(people=20)
    done = await asyncio.gather(*(world.processor.run_once(at(5, 11)) for _ in range(4)))
    assert sum(done) == 20
    assert await world.statuses() == ["pending"] * 20


async def test_nobody_is_enqueued_before_their_time(world: World) -> None:
    await world.running()
    assert await world.processor.run_once(at(5, 10, 59)) == 0


async def test_a_message_is_claimed_sent_and_counted(world: World) -> None:
    _, device = await world.running()
    engine = await world.engine()
    await world.move_to(at(5, 11))
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    assert claimed.message.body == "Hi Person 1"
    assert claimed.message.business_at == at(5, 11)
    row = "SELECT status, body, attempts, claimed_at, sent_at FROM broadcast_messages"
    assert await world.one(row) == ("processing", "Hi Person 1", 1, at(5, 11), None)
    counters = "SELECT hour_count, day_count, in_flight_message_id FROM user_devices"
    assert await world.one(counters) == (1, 1, claimed.message.ref)

    world.clock.set(at(5, 11, 1))
    await engine.sent(device, claimed)
    assert await world.one(row) == ("sent", "Hi Person 1", 1, at(5, 11), at(5, 11, 1))
    assert await world.one(counters) == (1, 1, None)
    assert await world.one("SELECT provider_message_id FROM deliveries") == f"wamid-{claimed.message.ref}"
    assert await world.one("SELECT status FROM sequence_contacts") == "completed"


async def test_the_pause_between_two_sends_counts_from_the_outcome_of_the_first(world: World) -> None:
    _, device = await world.running(people=2)
    await world.run("UPDATE user_devices SET min_delay_seconds = 10, max_delay_seconds = 30")
    engine = await world.engine()
    await world.move_to(at(5, 11))
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    assert timedelta(seconds=10) <= claimed.delay <= timedelta(seconds=30)
    next_send_at = "SELECT next_send_at FROM user_devices"
    assert await world.one(next_send_at) == at(5, 11) + claimed.delay  # a crash now causes no burst either
    world.clock.set(at(5, 11, 1))
    await engine.sent(device, claimed)
    assert await world.one(next_send_at) == at(5, 11, 1) + claimed.delay
    assert await engine.claim(device) == Pause(at(5, 11, 1) + claimed.delay)
    world.clock.set(at(5, 11, 1) + claimed.delay)
    assert await engine.send_all(device) == ["Hi Person 2"]


async def test_delays_changed_by_sql_hold_from_the_next_message_on(world: World) -> None:
    _, device = await world.running(people=2)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    first = await engine.claim(device)
    assert isinstance(first, Claimed)
    assert first.delay == timedelta()
    await world.run("UPDATE user_devices SET min_delay_seconds = 100, max_delay_seconds = 200")
    await engine.sent(device, first)
    second = await engine.claim(device)
    assert isinstance(second, Claimed)
    assert timedelta(seconds=100) <= second.delay <= timedelta(seconds=200)
    await engine.sent(device, second)


async def test_a_reached_cap_holds_the_device_until_the_next_hour(world: World) -> None:
    _, device = await world.running(people=3)
    await world.run("UPDATE user_devices SET hourly_cap = 2")
    engine = await world.engine()
    await world.move_to(at(5, 11, 20))
    assert len(await engine.send_all(device)) == 2
    assert await engine.claim(device) == Pause(at(5, 12))
    world.clock.set(at(5, 12))
    assert len(await engine.send_all(device)) == 1


async def test_a_transient_rejection_is_tried_three_times_ever_later(world: World) -> None:
    _, device = await world.running()
    engine = await world.engine()
    await world.move_to(at(5, 11))
    for attempt, backoff in ((1, FIRST_BACKOFF), (2, 4 * FIRST_BACKOFF)):
        claimed = await engine.claim(device)
        assert isinstance(claimed, Claimed)
        assert claimed.attempt == attempt
        await engine.report(device, claimed, BUSY_LINE)
        assert await world.one("SELECT status, error FROM broadcast_messages") == ("pending", "too fast")
        assert await engine.claim(device) is None
        world.clock.advance(backoff)
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    await engine.report(device, claimed, BUSY_LINE)
    columns = "SELECT status, attempts, error_code, error FROM broadcast_messages"
    assert await world.one(columns) == ("failed", 3, "rate", "too fast")
    assert await world.alerts() == [("send_failed", "firing", 1)]


@pytest.mark.parametrize(("code", "backoff"), [("not_connected", FIRST_BACKOFF), ("lease_lost", timedelta())])
async def test_what_never_left_is_no_attempt_and_counts_towards_no_cap(
    world: World, code: str, backoff: timedelta
) -> None:
    _, device = await world.running()
    engine = await world.engine()
    await world.move_to(at(5, 11))
    for _ in range(5):
        claimed = await engine.claim(device)
        assert isinstance(claimed, Claimed)
        await engine.report(device, claimed, Rejected(code, "no line", permanent=False))
        assert await world.one("SELECT due_at FROM queue") == world.clock.now() + backoff
        world.clock.advance(backoff)
    assert await world.one("SELECT status, attempts FROM broadcast_messages") == ("pending", 0)
    assert await world.one("SELECT hour_count, day_count FROM user_devices") == (0, 0)


async def test_a_permanent_rejection_fails_at_once_and_the_run_goes_on(world: World) -> None:
    _, device = await world.running((1, 11, "one"), (2, 11, "two"))
    engine = await world.engine()
    await world.move_to(at(5, 11))
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    await engine.report(device, claimed, NO_SUCH_MEDIA)
    columns = "SELECT status, error_code, error FROM broadcast_messages"
    assert await world.one(columns) == ("failed", "media", "the file is broken")
    assert await world.alerts() == [("send_failed", "firing", 1)]
    assert await world.one("SELECT next_due_at FROM sequence_contacts") == at(6, 11)


async def test_one_bad_message_does_not_stop_the_others(world: World) -> None:
    _, device = await world.running(people=3)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    await engine.report(device, claimed, NO_SUCH_MEDIA)
    assert await engine.send_all(device) == ["Hi Person 2", "Hi Person 3"]


async def test_a_number_without_whatsapp_ends_the_run(world: World) -> None:
    _, device = await world.running((1, 11, "one"), (2, 11, "two"))
    engine = await world.engine()
    await world.move_to(at(5, 11))
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    await engine.report(device, claimed, Rejected("not_on_whatsapp", "no account", permanent=True))
    assert await world.one("SELECT status, error_code FROM broadcast_messages") == ("skipped", "not_on_whatsapp")
    assert await world.one("SELECT status, exit_reason FROM sequence_contacts") == ("exited", "not_on_whatsapp")


async def test_a_variable_without_a_value_fails_the_message_and_tells_the_operators(world: World) -> None:
    device = await world.device()
    sequence = await world.sequence([device], (1, 11, "Hi {{ attributes.city }}"))
    people = [*await world.contacts(1), *await world.contacts(1, attributes={"city": "Ipoh"})]
    await world.enrolments.join_contacts(world.actor, sequence, people)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    assert await engine.claim(device) == Refused()
    assert await engine.send_all(device) == ["Hi Ipoh"]
    assert await world.statuses() == ["failed", "sent"]
    code, error = await world.one("SELECT error_code, error FROM broadcast_messages WHERE status = 'failed'")
    assert code == "missing_variable"
    assert "city" in error
    assert await world.alerts() == [("send_failed", "firing", 1)]


async def test_an_unclear_send_is_never_repeated_and_the_run_goes_on_once(world: World) -> None:
    _, device = await world.running((1, 11, "one"), (2, 11, "two"))
    engine = await world.engine()
    await world.move_to(at(5, 11))
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    await engine.report(device, claimed, Unknown("the line broke"))
    assert await world.statuses() == ["unknown"]
    assert await world.alerts() == [("send_unknown", "firing", 1)]
    await world.processor.run_once(at(5, 23))
    assert await engine.claim(device) is None
    assert await world.one("SELECT next_due_at FROM sequence_contacts") == at(6, 11)


async def test_an_outcome_written_twice_counts_once(world: World) -> None:
    _, device = await world.running((1, 11, "one"), (2, 11, "two"))
    engine = await world.engine()
    await world.move_to(at(5, 11))
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    for _ in range(2):  # the commit went through, its answer was lost, the batch is run again
        await engine.report(device, claimed, Unknown("the line broke"))
    assert await world.alerts() == [("send_unknown", "firing", 1)]
    assert await world.one("SELECT next_due_at FROM sequence_contacts") == at(6, 11)


async def test_a_claim_whose_commit_was_never_answered_is_undone_and_asked_again(world: World) -> None:
    _, device = await world.running()
    engine = await world.engine()
    await world.move_to(at(5, 11))
    ask = await engine.ask(device)
    assert ask is not None
    await engine.claims.claim([ask])  # committed, but the worker never heard of it: the batch is run again
    await engine.claims.claim([ask])
    assert await world.one("SELECT status, attempts, claim_epoch FROM broadcast_messages") == ("pending", 0, None)
    assert await world.one("SELECT hour_count, day_count FROM user_devices") == (0, 0)
    assert await engine.send_all(device) == ["Hi Person 1"]
    assert await engine.claims.claim([ask]) == [Gone()]


async def test_what_a_vanished_worker_left_in_flight_is_unknown_and_not_sent_again(world: World) -> None:
    _, device = await world.running((1, 11, "one"), (2, 11, "two"), people=2)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    assert isinstance(await engine.claim(device), Claimed)  # sent perhaps, but nobody wrote it down
    assert await engine.send_all(device) == ["one"]
    assert await world.statuses() == ["unknown", "sent"]
    assert await world.alerts() == [("send_unknown", "firing", 1)]
    assert set(await world.rows("SELECT next_due_at FROM sequence_contacts")) == {(at(6, 11),)}


async def test_claims_of_many_devices_are_one_transaction(world: World) -> None:
    devices = [await world.device(f"Sales {number}") for number in range(5)]
    sequence = await world.sequence(devices, (1, 11, "Hi"))
    await world.enrolments.join_contacts(world.actor, sequence, await world.contacts(10))
    engine = await world.engine()
    await world.move_to(at(5, 11))
    asks = [ask for device in devices if (ask := await engine.ask(device))]
    answers = await engine.claims.claim(asks)
    assert all(isinstance(answer, Claimed) for answer in answers)
    transactions = "SELECT count(DISTINCT xmin::text) FROM user_devices WHERE in_flight_message_id IS NOT NULL"
    assert await world.one(transactions) == 1
    for device, answer in zip(devices, answers, strict=True):
        assert isinstance(answer, Claimed)
        await engine.sent(device, answer)


def test_delays_are_drawn_from_the_whole_range() -> None:
    drawn = [Pace(10, 30).draw_delay(Random(seed)).total_seconds() for seed in range(200)]
    assert 10 <= min(drawn) < 11
    assert 29 < max(drawn) <= 30
    assert Pace(5, 5).draw_delay(Random(1)) == timedelta(seconds=5)


async def test_a_late_receipt_of_success_settles_what_was_unknown(world: World) -> None:
    _, device = await world.running((1, 11, "one"), (2, 11, "two"))
    engine = await world.engine()
    await world.move_to(at(5, 11))
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    await engine.report(device, claimed, Unknown("the line broke"))
    await world.move_to(at(6, 11))
    assert await engine.send_all(device) == ["two"]
    await engine.report(device, claimed, Sent("late"))
    assert await world.statuses() == ["sent", "sent"]
    assert await world.one("SELECT status FROM sequence_contacts") == "completed"
