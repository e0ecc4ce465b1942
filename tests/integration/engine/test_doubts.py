"""What operators decide about messages that may have arrived."""

import asyncio
from datetime import time

import pytest
from sqlalchemy import update

from engine.broadcast.admission import Pause
from engine.broadcast.claims import Claimed, Refused
from engine.broadcast.outcomes import Outcomes, Report
from engine.errors import NotFoundError
from engine.transports.contract import Inbound, Rejected, Sent, Unknown
from models import Workspace
from models.enums import AlertKind
from tests.integration.engine.world import HandEngine, World, at

RUN = "SELECT status, next_step_id, next_due_at, last_day_number, reached_on FROM sequence_contacts"
AUDITED = "SELECT action FROM audit_log WHERE action LIKE 'message.%' ORDER BY id"


@pytest.fixture
async def unsure(world: World) -> tuple[HandEngine, int, int]:
    """The first message of two days was sent, perhaps: engine, device, message."""
    _, device = await world.running((1, 11, "Hi {{ name }}"), (2, 11, "two"))
    engine = await world.engine()
    await world.move_to(at(5, 11))
    claimed = await engine.unclear(device)
    return engine, device, claimed.message.ref


async def test_the_list_tells_to_whom_when_and_what(world: World, unsure: tuple[HandEngine, int, int]) -> None:
    _, device, message = unsure
    (doubt,) = await world.doubts.list(world.actor)
    assert (doubt.message_id, doubt.device, doubt.contact, doubt.phone) == (
        message, "Sales", "Person 1", "+60120000001",
    )  # fmt: skip
    assert (doubt.sent_at, doubt.body, doubt.reason, doubt.sent_again) == (
        at(5, 11), "Hi Person 1", "the line broke", False,
    )  # fmt: skip
    assert await world.doubts.list(world.actor, device) == [doubt]
    assert await world.doubts.list(world.actor, await world.device("Other")) == []
    assert await world.doubts.count(world.actor) == await world.doubts.count(world.actor, device) == 1


async def test_it_arrived(world: World, unsure: tuple[HandEngine, int, int]) -> None:
    *_, message = unsure
    before = await world.one(RUN)
    assert [await world.doubts.arrived(world.actor, message) for _ in range(3)] == [True, False, False]
    assert await world.statuses() == ["sent"]
    assert await world.one(RUN) == before
    assert await world.alerts() == [("send_unknown", "resolved", 1)]
    assert await world.rows(AUDITED) == [("message.arrived",)]
    with pytest.raises(NotFoundError):
        await world.doubts.get(world.actor, message)


async def test_left_alone_it_stays_unknown_and_is_asked_about_no_more(
    world: World, unsure: tuple[HandEngine, int, int]
) -> None:
    engine, device, message = unsure
    assert [await world.doubts.leave(world.actor, message) for _ in range(2)] == [True, False]
    assert await world.statuses() == ["unknown"]
    assert await world.doubts.list(world.actor) == []
    assert await world.alerts() == [("send_unknown", "resolved", 1)]
    assert await world.rows(AUDITED) == [("message.leave",)]
    await engine.receipt(device, "id-1", "+60120000001")  # the truth still counts
    assert await world.statuses() == ["sent"]


async def test_sent_again_it_goes_once_as_it_was_and_moves_no_run(
    world: World, unsure: tuple[HandEngine, int, int]
) -> None:
    engine, device, message = unsure
    before = await world.one(RUN)
    (step, _) = await world.steps(1)
    await world.editor.set_text(world.actor, step, "Another text")
    assert [await world.doubts.send_again(world.actor, message) for _ in range(5)] == [True, *[False] * 4]
    assert await world.statuses() == ["pending"]
    assert await world.doubts.count(world.actor) == 0
    assert await world.alerts() == [("send_unknown", "resolved", 1)]
    assert await engine.send_all(device) == ["Hi Person 1"]
    assert await world.statuses() == ["sent"]
    assert await world.doubts.send_again(world.actor, message) is False
    assert await engine.send_all(device) == []
    assert await world.one(RUN) == before
    assert await world.rows(AUDITED) == [("message.send_again",)]
    await world.move_to(at(6, 11))
    assert await engine.send_all(device) == ["two"]


async def test_five_operators_at_once_send_it_again_once(
    world: World, unsure: tuple[HandEngine, int, int]
) -> None:
    engine, device, message = unsure
    done = await asyncio.gather(*(world.doubts.send_again(world.actor, message) for _ in range(5)))
    assert sorted(done) == [False] * 4 + [True]
    assert await engine.send_all(device) == ["Hi Person 1"]


async def test_sent_again_it_is_never_late_and_needs_no_open_run(world: World) -> None:
    _, device = await world.running((1, 11, "one"), missed_policy="skip", skip_weekends=True)
    engine = await world.engine()
    await world.move_to(at(5, 11))
    message = (await engine.unclear(device)).message.ref
    assert await world.one("SELECT status FROM sequence_contacts") == "completed"
    world.clock.set(at(17, 15))  # a Saturday, twelve days later
    await world.doubts.send_again(world.actor, message)
    assert await engine.send_all(device) == ["one"]
    assert await world.one("SELECT status, ended_at FROM sequence_contacts") == ("completed", at(5, 11))


async def test_unclear_again_it_is_asked_about_again(world: World, unsure: tuple[HandEngine, int, int]) -> None:
    engine, device, message = unsure
    before = await world.one(RUN)
    await world.doubts.send_again(world.actor, message)
    await engine.unclear(device)
    assert (await world.doubts.get(world.actor, message)).sent_again
    assert await world.one(RUN) == before
    assert (await world.alerts())[-1] == ("send_unknown", "firing", 1)
    assert await world.doubts.send_again(world.actor, message)
    assert await engine.send_all(device) == ["Hi Person 1"]


async def test_a_failure_of_what_is_sent_again_moves_no_run(
    world: World, unsure: tuple[HandEngine, int, int]
) -> None:
    engine, device, message = unsure
    before = await world.one(RUN)
    await world.doubts.send_again(world.actor, message)
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    await engine.report(device, claimed, Rejected("not_on_whatsapp", "no account", permanent=True))
    assert await world.statuses() == ["skipped"]
    assert await world.one(RUN) == before
    assert await world.rows("SELECT * FROM doubts") == []


async def test_whoever_opted_out_is_not_sent_to_again(world: World, unsure: tuple[HandEngine, int, int]) -> None:
    engine, device, message = unsure
    await world.inbox.receive(device, Inbound("in-1", "+60120000001", "STOP"))
    await engine.send_all(device)  # the answer
    await world.doubts.send_again(world.actor, message)
    assert await engine.claim(device) == Refused()
    assert await world.statuses() == ["skipped", "sent"]


async def test_opting_out_cancels_what_waits_to_be_sent_again(
    world: World, unsure: tuple[HandEngine, int, int]
) -> None:
    engine, device, message = unsure
    await world.doubts.send_again(world.actor, message)
    await world.inbox.receive(device, Inbound("in-1", "+60120000001", "STOP"))
    assert "Hi Person 1" not in await engine.send_all(device)
    assert await world.statuses() == ["cancelled", "sent"]


async def test_without_permission_it_is_not_sent_again(world: World, unsure: tuple[HandEngine, int, int]) -> None:
    engine, device, message = unsure
    await world.run("UPDATE contacts SET consent = NULL")
    await world.doubts.send_again(world.actor, message)
    assert await engine.claim(device) == Refused()
    assert await world.statuses() == ["skipped"]
    assert await world.one("SELECT status FROM sequence_contacts") == "active"


async def test_pauses_hold_what_is_sent_again(world: World, unsure: tuple[HandEngine, int, int]) -> None:
    engine, device, message = unsure
    await world.doubts.send_again(world.actor, message)
    ask = await engine.ask(device)
    assert ask is not None
    await world.devices.pause(world.actor, device)
    assert await engine.claims.claim([ask]) == [Pause(None)]
    await world.devices.resume(world.actor, device)
    await world.control.pause(world.actor, 1)
    assert await engine.claims.claim([ask]) == [Refused()]
    assert await world.statuses() == ["pending"]
    await world.control.start(world.actor, 1)
    assert await engine.send_all(device) == ["Hi Person 1"]


async def test_quiet_hours_put_it_off_and_caps_hold_the_device(
    world: World, unsure: tuple[HandEngine, int, int]
) -> None:
    engine, device, message = unsure
    async with world.database.transaction() as session:
        await session.execute(update(Workspace).values(quiet_start=time(10), quiet_end=time(12)))
    await world.doubts.send_again(world.actor, message)
    assert await engine.claim(device) == Refused()
    assert await world.one("SELECT due_at FROM queue") == at(5, 12)
    world.clock.set(at(5, 12))
    await world.run("UPDATE user_devices SET daily_cap = 1")
    assert await engine.claim(device) == Pause(at(6, 0))
    await world.run("UPDATE user_devices SET daily_cap = 2")
    assert await engine.send_all(device) == ["Hi Person 1"]


async def test_editing_the_sequence_leaves_what_is_sent_again_alone(
    world: World, unsure: tuple[HandEngine, int, int]
) -> None:
    engine, device, message = unsure
    await world.doubts.send_again(world.actor, message)
    first, second = await world.steps(1)
    await world.editor.set_time(world.actor, second, day=3, send_time=time(8), after_join_minutes=None)
    assert await world.one("SELECT next_due_at FROM sequence_contacts") == at(7, 8)
    await world.editor.remove_step(world.actor, first)
    assert await engine.send_all(device) == ["Hi Person 1"]


async def test_proof_that_it_arrived_takes_the_second_send_back(
    world: World, unsure: tuple[HandEngine, int, int]
) -> None:
    engine, device, message = unsure
    await world.doubts.send_again(world.actor, message)
    await engine.receipt(device, "id-1", "+60120000001")
    assert await world.statuses() == ["sent"]
    assert await engine.send_all(device) == []


async def test_an_operator_who_sees_that_it_arrived_takes_the_second_send_back(
    world: World, unsure: tuple[HandEngine, int, int]
) -> None:
    engine, device, message = unsure
    await world.doubts.send_again(world.actor, message)
    assert await world.doubts.arrived(world.actor, message)
    assert await world.statuses() == ["sent"]
    assert await engine.send_all(device) == []


async def test_what_is_on_its_way_once_more_is_not_decided_meanwhile(
    world: World, unsure: tuple[HandEngine, int, int]
) -> None:
    engine, device, message = unsure
    await world.doubts.send_again(world.actor, message)
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    for decide in (world.doubts.arrived, world.doubts.send_again, world.doubts.leave):
        assert await decide(world.actor, message) is False
    await engine.sent(device, claimed)
    assert await world.statuses() == ["sent"]


async def test_the_late_word_of_a_slow_engine_takes_the_second_send_back(world: World) -> None:
    _, device = await world.running((1, 11, "one"), (2, 11, "two"))
    slow = await world.engine()
    await world.move_to(at(5, 11))
    claimed = await slow.claim(device)
    assert isinstance(claimed, Claimed)
    await world.run("UPDATE engines SET heartbeat_at = clock_timestamp() - interval '13 seconds'")
    heir = await world.engine()
    assert await world.doubts.send_again(world.actor, claimed.message.ref)
    before = await world.one(RUN)
    await slow.sent(device, claimed)
    assert await world.statuses() == ["sent"]
    assert await heir.send_all(device) == []
    assert await world.one(RUN) == before


async def test_an_old_report_written_again_does_not_touch_the_second_send(
    world: World, unsure: tuple[HandEngine, int, int]
) -> None:
    engine, device, message = unsure
    ask_again = await world.doubts.send_again(world.actor, message)
    assert ask_again
    (claimed,) = [await engine.claim(device)]
    assert isinstance(claimed, Claimed)
    await engine.report(device, claimed, Unknown("the line broke"))
    await world.doubts.send_again(world.actor, message)
    await Outcomes(world.database, world.clock).write([Report(device, claimed, Unknown("the line broke"))])
    assert await world.statuses() == ["pending"]
    assert await engine.send_all(device) == ["Hi Person 1"]


async def test_the_alert_says_where_to_decide(world: World, unsure: tuple[HandEngine, int, int]) -> None:
    told = await world.one("SELECT text FROM alerts WHERE kind = :kind", kind=AlertKind.SEND_UNKNOWN)
    assert "Home → Not sure" in told


async def test_a_message_that_was_never_unsure_cannot_be_decided(world: World) -> None:
    _, device = await world.running()
    engine = await world.engine()
    await world.move_to(at(5, 11))
    ask = await engine.ask(device)
    assert ask is not None
    for decide in (world.doubts.arrived, world.doubts.send_again, world.doubts.leave):
        assert await decide(world.actor, ask.message_id) is False
    claimed = await engine.claim(device)
    assert isinstance(claimed, Claimed)
    await engine.report(device, claimed, Sent("id-1"))
    for decide in (world.doubts.arrived, world.doubts.send_again, world.doubts.leave):
        assert await decide(world.actor, ask.message_id) is False
