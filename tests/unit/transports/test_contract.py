"""What every transport keeps, whatever is behind it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from engine.transports.contract import (
    Inbound,
    Rejected,
    RevocationOutcome,
    Sent,
    StateChanged,
    Transport,
    Unknown,
)
from engine.transports.simulator.faults import FaultKind
from models.enums import DeviceState, ReceiptKind
from tests.unit.transports.harness import HARNESSES, PHONE, Ear, Harness, text

Online = Callable[..., Awaitable[tuple[Transport, Ear]]]


@pytest.fixture(params=HARNESSES)
async def harness(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Harness]:
    harness: Harness = request.param(tmp_path)
    await harness.start()
    yield harness
    await harness.close()


@pytest.fixture
async def online(harness: Harness) -> AsyncIterator[Online]:
    async with bringing_online(harness) as bring:
        yield bring


@asynccontextmanager
async def bringing_online(harness: Harness) -> AsyncIterator[Online]:
    """Bring devices online; they are closed at the end."""
    opened: list[tuple[Transport, Ear]] = []

    async def bring(device: int = 1) -> tuple[Transport, Ear]:
        transport = harness.transport(device)
        ear = Ear(transport)
        opened.append((transport, ear))
        await transport.connect()
        await ear.state(DeviceState.ONLINE)
        return transport, ear

    yield bring
    for transport, ear in opened:
        await transport.close()
        await ear.close()


async def in_flight(harness: Harness, transport: Transport, ref: int = 1, device: int = 1) -> asyncio.Task:
    """A send that has reached the network and gets no answer."""
    await harness.switch(device, FaultKind.HANG)
    sending = asyncio.create_task(transport.send(text(ref)))
    await harness.asked(device)
    assert not sending.done()
    return sending


async def test_a_sent_message_is_on_the_phone_once(harness, online):
    transport, ear = await online()
    outcome = await transport.send(text(7))
    assert isinstance(outcome, Sent)
    assert await harness.taken() == [7]
    delivered, read = await ear.receipts(2)
    assert {delivered.message_id, read.message_id} == {outcome.message_id}
    assert (delivered.kind, read.kind) == (ReceiptKind.DELIVERED, ReceiptKind.READ)
    assert delivered.phone == PHONE


async def test_without_a_line_nothing_is_sent(harness):
    transport = harness.transport(1)
    outcome = await transport.send(text())
    assert isinstance(outcome, Rejected)
    assert (outcome.code, outcome.permanent) == ("not_connected", False)
    assert await harness.taken() == []


@pytest.mark.parametrize("permanent", [True, False])
async def test_a_rejection_carries_its_code_and_whether_it_lasts(harness, online, permanent):
    transport, _ = await online()
    code = await harness.reject(1, permanent=permanent)
    outcome = await transport.send(text())
    assert isinstance(outcome, Rejected)
    assert (outcome.code, outcome.permanent) == (code, permanent)
    assert await harness.taken() == []


async def test_a_phone_without_whatsapp_is_rejected_for_good(harness, online):
    transport, _ = await online()
    await harness.not_on_whatsapp(PHONE)
    outcome = await transport.send(text())
    assert isinstance(outcome, Rejected)
    assert (outcome.code, outcome.permanent) == ("not_on_whatsapp", True)
    assert await transport.check_numbers([PHONE, "+60111111111"]) == {PHONE: False, "+60111111111": True}


async def test_a_lost_ack_leaves_the_outcome_unknown_and_the_line_comes_back(harness, online):
    transport, ear = await online()
    await harness.switch(1, FaultKind.LOST_ACK, times=1)
    assert isinstance(await transport.send(text(1)), Unknown)
    assert await harness.taken() == [1]
    await ear.state(DeviceState.ONLINE, count=2)
    assert isinstance(await transport.send(text(2)), Sent)
    assert await harness.taken() == [1, 2]


async def test_the_receipt_of_an_unknown_message_arrives_when_the_line_is_back(harness, online):
    transport, ear = await online()
    await harness.switch(1, FaultKind.LOST_ACK, times=1)
    await transport.send(text())
    assert {receipt.kind for receipt in await ear.receipts(2)} == {ReceiptKind.DELIVERED, ReceiptKind.READ}


async def test_a_cancelled_hung_send_does_not_wedge_the_next(harness, online):
    transport, _ = await online()
    sending = await in_flight(harness, transport, ref=1)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    await harness.switch(1, FaultKind.HANG, on=False)
    assert isinstance(await transport.send(text(2)), Sent)
    assert await harness.taken() == [2]


async def test_the_late_answer_of_a_cancelled_send_is_not_taken_for_the_next(harness, online):
    transport, _ = await online()
    await harness.switch(1, FaultKind.LATENCY, milliseconds=50, times=1)
    sending = asyncio.create_task(transport.send(text(1)))
    await harness.asked(1)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    await harness.reject(1, permanent=True)
    assert isinstance(await transport.send(text(2)), Rejected)


async def test_a_line_lost_in_flight_makes_the_outcome_unknown(harness, online):
    transport, _ = await online()
    sending = await in_flight(harness, transport)
    await harness.switch(1, FaultKind.OFFLINE)
    assert isinstance(await sending, Unknown)


async def test_a_device_recovers_from_an_outage_by_itself(harness, online):
    transport, ear = await online()
    await harness.switch(1, FaultKind.OFFLINE)
    assert (await ear.state(DeviceState.CONNECTING)).reason
    assert isinstance(await transport.send(text(1)), Rejected)
    await harness.switch(1, FaultKind.OFFLINE, on=False)
    await ear.state(DeviceState.ONLINE, count=2)
    assert isinstance(await transport.send(text(2)), Sent)


async def test_a_device_may_start_during_an_outage(harness, online):
    first, _ = await online()
    await first.close()
    await harness.switch(1, FaultKind.OFFLINE)
    transport = harness.transport(1)
    ear = Ear(transport)
    await transport.connect()
    await ear.state(DeviceState.CONNECTING)
    await harness.switch(1, FaultKind.OFFLINE, on=False)
    await ear.state(DeviceState.ONLINE)
    await transport.close()
    await ear.task


async def test_all_devices_recover_when_the_whole_network_was_away(harness, online):
    devices = [await online(device) for device in (1, 2, 3)]
    sending = await in_flight(harness, devices[0][0], ref=9, device=1)
    await harness.network_down()
    assert isinstance(await sending, Unknown)
    for transport, ear in devices:
        assert (await ear.state(DeviceState.CONNECTING)).reason
        assert isinstance(await transport.send(text()), Rejected)
    await harness.network_up()
    await harness.switch(1, FaultKind.HANG, on=False)
    for number, (transport, ear) in enumerate(devices):
        await ear.state(DeviceState.ONLINE, count=2)
        assert isinstance(await transport.send(text(number)), Sent)
    taken = await harness.taken()
    assert [ref for ref in taken if ref != 9] == [0, 1, 2]
    assert taken.count(9) <= 1  # of what is unknown nobody can say, but that it does not come twice


@pytest.mark.parametrize(
    ("fault", "state"),
    [(FaultKind.BAN, DeviceState.TEMP_BANNED), (FaultKind.LOGOUT, DeviceState.LOGGED_OUT)],
)
async def test_a_terminal_state_has_a_reason_and_lasts_until_someone_connects_anew(harness, online, fault, state):
    transport, ear = await online()
    sending = await in_flight(harness, transport)
    await harness.switch(1, fault)
    assert (await ear.state(state)).reason
    assert isinstance(await sending, Unknown)
    await transport.connect()
    await ear.state(state, count=2)

    await harness.switch(1, fault, on=False)
    await harness.switch(1, FaultKind.HANG, on=False)
    await harness.settled(1)
    assert isinstance(await transport.send(text(2)), Rejected)
    await transport.connect()
    await ear.state(DeviceState.ONLINE, count=2)
    assert isinstance(await transport.send(text(3)), Sent)


async def test_a_replaced_device_does_not_fight_back(harness, online):
    transport, ear = await online()
    elsewhere = await harness.transport_elsewhere(1)
    ear_elsewhere = Ear(elsewhere)
    await elsewhere.connect()
    await ear_elsewhere.state(DeviceState.ONLINE)
    assert (await ear.state(DeviceState.REPLACED)).reason
    assert isinstance(await transport.send(text(1)), Rejected)
    assert isinstance(await elsewhere.send(text(2)), Sent)

    await harness.network_down()
    await harness.network_up()
    await ear_elsewhere.state(DeviceState.ONLINE, count=2)
    await harness.settled(1)
    assert isinstance(await elsewhere.send(text(3)), Sent)
    assert [type(event) for event in ear.heard] == [StateChanged, StateChanged]
    await elsewhere.close()
    await ear_elsewhere.task


async def test_a_device_opened_again_in_the_same_process_replaces_the_earlier(harness, online):
    earlier, earlier_ear = await online(1)
    later, _ = await online(1)
    await earlier_ear.state(DeviceState.REPLACED)
    assert isinstance(await earlier.send(text(1)), Rejected)
    await earlier.close()
    assert isinstance(await later.send(text(2)), Sent)
    assert await harness.taken() == [2]


async def test_devices_do_not_feel_one_anothers_faults(harness, online):
    hung, _ = await online(1)
    await online(2)
    offline_ear = (await online(3))[1]
    sound, sound_ear = await online(4)
    sending = await in_flight(harness, hung)
    await harness.reject(2, permanent=True)
    await harness.switch(3, FaultKind.BAN)
    await offline_ear.state(DeviceState.TEMP_BANNED)
    assert isinstance(await sound.send(text(5)), Sent)
    receipts = await sound_ear.receipts(2)
    assert sound_ear.heard == [StateChanged(DeviceState.ONLINE), *receipts]
    sending.cancel()


async def test_many_devices_send_at_once_and_each_gets_its_own_answer(harness, online):
    devices = [await online(device) for device in range(1, 21)]
    outcomes = await asyncio.gather(*(transport.send(text(ref)) for ref, (transport, _) in enumerate(devices)))
    assert len({outcome.message_id for outcome in outcomes}) == 20
    assert sorted(await harness.taken()) == list(range(20))
    for outcome, (_, ear) in zip(outcomes, devices, strict=True):
        assert {receipt.message_id for receipt in await ear.receipts(2)} == {outcome.message_id}


async def test_receipts_may_come_twice(harness, online):
    transport, ear = await online()
    await harness.switch(1, FaultKind.DUPLICATE_RECEIPTS)
    await transport.send(text())
    receipts = await ear.receipts(4)
    assert Counter(receipt.kind for receipt in receipts) == {ReceiptKind.DELIVERED: 2, ReceiptKind.READ: 2}


async def test_replies_wait_for_a_device_that_is_away(harness, online):
    _, ear = await online()
    await harness.switch(1, FaultKind.OFFLINE)
    await ear.state(DeviceState.CONNECTING)
    await harness.reply(PHONE, "Yes please", 1)
    await harness.reply(PHONE, "Call me", 1)
    assert not any(not isinstance(event, StateChanged) for event in ear.heard)
    await harness.switch(1, FaultKind.OFFLINE, on=False)
    replies = await ear.replies(2)
    assert [(reply.phone, reply.text) for reply in replies] == [(PHONE, "Yes please"), (PHONE, "Call me")]


async def test_a_reply_that_nobody_dealt_with_is_told_to_the_next_line(harness, online):
    transport = harness.transport(1)
    await transport.connect()
    await harness.settled(1)
    await harness.reply(PHONE, "STOP", 1)
    await harness.settled(1)
    await transport.close()  # the reply is in the transport, and nobody has read it
    _, ear = await online(1)
    assert [reply.text for reply in await ear.replies(1)] == ["STOP"]


async def test_a_reply_that_waits_to_be_read_is_heard_once_however_often_the_line_drops(harness):
    transport = harness.transport(1)
    await transport.connect()
    await harness.settled(1)
    await harness.reply(PHONE, "STOP", 1)
    for _ in range(2):
        await harness.switch(1, FaultKind.OFFLINE)
        await harness.switch(1, FaultKind.OFFLINE, on=False)
    await harness.settled(1)
    ear = Ear(transport)
    await transport.close()
    await ear.task
    assert [event.text for event in ear.heard if isinstance(event, Inbound)] == ["STOP"]


async def test_what_was_dealt_with_is_not_told_again(harness, online):
    transport, ear = await online()
    await harness.reply(PHONE, "STOP", 1)
    await ear.replies(1)
    await harness.settled(1)
    await transport.close()
    await ear.task
    _, ear = await online(1)
    await harness.reply(PHONE, "START", 1)
    assert [reply.text for reply in await ear.replies(1)] == ["START"]


async def test_an_own_message_can_be_revoked(harness, online):
    transport, _ = await online(1)
    outcome = await transport.send(text())
    assert await transport.revoke(outcome.message_id, PHONE) is RevocationOutcome.REVOKED
    assert await transport.revoke(outcome.message_id, PHONE) is RevocationOutcome.REVOKED


async def test_nothing_can_be_asked_without_a_line(harness):
    transport = harness.transport(1)
    assert await transport.revoke("3EB0", PHONE) is RevocationOutcome.UNCLEAR
    with pytest.raises(ConnectionError):
        await transport.check_numbers([PHONE])


async def test_closing_ends_the_events_and_the_send_in_flight(harness, online):
    transport, ear = await online()
    sending = await in_flight(harness, transport)
    await transport.close()
    await transport.close()
    assert isinstance(await sending, Unknown)
    async with asyncio.timeout(1):
        await ear.task
    assert isinstance(await transport.send(text()), Rejected)


@pytest.mark.parametrize("make", HARNESSES)
async def test_closing_leaves_no_task(make, tmp_path):
    before = asyncio.all_tasks()
    harness = make(tmp_path)
    await harness.start()
    transport = harness.transport(1)
    ear = Ear(transport)
    await transport.connect()
    await ear.state(DeviceState.ONLINE)
    assert isinstance(await transport.send(text()), Sent)
    await transport.close()
    await ear.task
    await harness.close()
    assert asyncio.all_tasks() == before
