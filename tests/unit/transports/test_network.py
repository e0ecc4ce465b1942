import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count

import pytest

from engine.transports.contract import Inbound, Receipt, Rejected, Sent
from engine.transports.simulator.faults import Fault, FaultKind, FaultRates
from engine.transports.simulator.network import NetworkError, SimulatedNetwork, UnknownDeviceError
from engine.transports.simulator.phones import Direction, PhoneMedia, Written
from models.enums import DeviceState, ReceiptKind
from tests.unit.transports.lines import BUSINESS_AT, PHONE, NotedLine, submission


@pytest.fixture
def network() -> Iterator[SimulatedNetwork]:
    network = SimulatedNetwork(seed=1, read_after=0, reconnect_after=0)
    yield network
    network.close()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(2):
        while not true():  # noqa: ASYNC110  what is polled tells nobody that it changed
            await asyncio.sleep(0.001)


def connected(network: SimulatedNetwork, device: int = 1) -> NotedLine:
    line = NotedLine(device)
    network.connect(line)
    assert line.states == [DeviceState.ONLINE]
    return line


async def test_a_taken_message_is_on_the_phone_as_it_was_sent(network):
    line = connected(network)
    network.send(line, 5, submission(ref=42, body="Selamat pagi"))
    (message,) = network.phone(PHONE).messages
    assert line.answers == {5: Sent(message.message_id)}
    assert (message.direction, message.device, message.ref) == (Direction.IN, 1, 42)
    assert (message.body, message.business_at) == ("Selamat pagi", BUSINESS_AT)
    assert abs((datetime.now(UTC) - message.at).total_seconds()) < 5


async def test_the_answer_comes_before_the_receipts(network):
    line = connected(network)
    order = []
    line.answered = lambda request, outcome: order.append("answer")
    line.received = lambda event_id, event: order.append(event.kind)
    network.send(line, 1, submission())
    await until(lambda: len(order) == 3)
    assert order == ["answer", ReceiptKind.DELIVERED, ReceiptKind.READ]


async def test_reordered_receipts_say_read_before_delivered(network):
    network.rates = FaultRates(reorder_receipts=1)
    line = connected(network)
    network.send(line, 1, submission())
    await until(lambda: len(line.events) == 2)
    assert [event.kind for event in line.events.values()] == [ReceiptKind.READ, ReceiptKind.DELIVERED]


async def test_a_message_in_flight_when_the_line_goes_is_not_taken(network):
    line = connected(network)
    network.set_fault(1, FaultKind.LATENCY, Fault(milliseconds=5))
    network.send(line, 1, submission(ref=1))
    network.set_fault(1, FaultKind.OFFLINE, Fault())
    network.set_fault(1, FaultKind.OFFLINE, None)
    network.send(line, 2, submission(ref=2))
    await until(lambda: 2 in line.answers)
    assert [message.ref for message in network.phone(PHONE).messages] == [2]
    assert 1 not in line.answers


async def test_latency_delays_the_taking(network):
    line = connected(network)
    network.set_fault(1, FaultKind.LATENCY, Fault(milliseconds=5))
    network.send(line, 1, submission())
    assert network.phone(PHONE).messages == []
    await until(lambda: 1 in line.answers)
    assert len(network.phone(PHONE).messages) == 1


async def test_a_dropped_line_comes_back_and_the_message_was_not_taken(network):
    line = connected(network)
    network.rates = FaultRates(drop=1)
    network.send(line, 1, submission())
    assert line.states == [DeviceState.ONLINE, DeviceState.CONNECTING]
    await until(lambda: line.states[-1] is DeviceState.ONLINE)
    assert line.answers == {}
    assert network.phone(PHONE).messages == []


async def test_a_device_that_left_is_not_brought_back(network):
    line = connected(network)
    network.rates = FaultRates(drop=1)
    network.send(line, 1, submission())
    network.disconnect(line)
    await asyncio.sleep(0.01)  # the line would have come back by now
    assert line.states == [DeviceState.ONLINE, DeviceState.CONNECTING]
    assert not network.devices()[0].connected


async def test_a_fault_with_times_goes_off_by_itself(network):
    line = connected(network)
    network.set_fault(1, FaultKind.REJECT, Fault(times=2, code="463"))
    for request in (1, 2, 3):
        network.send(line, request, submission(ref=request))
    assert [type(line.answers[request]) for request in (1, 2, 3)] == [Rejected, Rejected, Sent]
    assert network.devices()[0].faults == {}


async def test_a_send_on_a_line_that_is_not_up_is_not_taken(network):
    line = connected(network)
    network.set_fault(1, FaultKind.OFFLINE, Fault())
    network.send(line, 1, submission())
    assert line.answers[1].code == "not_connected"
    assert network.phone(PHONE).messages == []


async def test_media_must_be_there_before_its_message(network):
    line = connected(network)
    media = PhoneMedia("ab" * 32, "application/pdf", "prices.pdf", 3)
    network.send(line, 1, submission(media=media))
    assert line.answers[1].code == "media_missing"
    network.add_media(media.sha256, "application/pdf", b"pdf")
    network.send(line, 2, submission(media=media))
    assert isinstance(line.answers[2], Sent)
    assert network.phone(PHONE).messages[0].media == media
    assert network.media(media.sha256) == ("application/pdf", b"pdf")


async def test_a_reply_goes_to_the_device_that_wrote_last(network):
    first, second = connected(network, 1), connected(network, 2)
    network.send(first, 1, submission())
    network.send(second, 2, submission())
    message = network.reply(PHONE, "Yes")
    assert (message.device, message.direction) == (2, Direction.OUT)
    assert Inbound(message.message_id, PHONE, "Yes") in second.events.values()
    assert not any(isinstance(event, Inbound) for event in first.events.values())


async def test_a_reply_needs_a_device_that_exists(network):
    with pytest.raises(NetworkError, match="say which device"):
        network.reply(PHONE, "Hello?")
    with pytest.raises(UnknownDeviceError):
        network.reply(PHONE, "Hello?", 99)


async def test_a_person_may_hide_the_number_quote_and_attach(network):
    line = connected(network)
    written = Written(PHONE, "Look", 1, "photo", quotes="3EB0", lid="201000000000001", hides_number=True)
    message = network.write(written)
    assert message.body == "photo: Look"
    (event,) = line.events.values()
    assert event == Inbound(message.message_id, None, "Look", "photo", lid="201000000000001", quotes="3EB0")


async def test_what_is_typed_on_the_devices_own_phone_arrives_and_is_told_with_its_receipts(network):
    line = connected(network)
    message = network.write(Written(PHONE, "We are open", 1, typed_on_phone=True))
    assert (message.direction, network.phone(PHONE).messages) == (Direction.IN, [message])
    assert list(line.events.values()) == [
        Inbound(message.message_id, PHONE, "We are open", typed_on_phone=True),
        Receipt(message.message_id, ReceiptKind.DELIVERED, PHONE),
        Receipt(message.message_id, ReceiptKind.READ, PHONE),
    ]
    assert network.devices()[0].sent == 0


async def test_the_mailbox_is_told_until_it_is_acknowledged(network):
    line = connected(network)
    network.reply(PHONE, "One", 1)
    network.reply(PHONE, "Two", 1)
    first, _ = line.events
    network.acknowledge({1: [first]})
    network.disconnect(line)
    again = connected(network)
    assert [event.text for event in again.events.values()] == ["Two"]


async def test_an_acknowledgement_of_an_unknown_event_is_harmless(network):
    connected(network)
    network.acknowledge({1: [123], 99: [456]})


async def test_phones_are_listed_latest_first_and_found_by_a_part_of_the_number(network):
    line = connected(network)
    for request, phone in enumerate(["+60111111111", "+60122222222", "+60111111111"]):
        network.send(line, request, submission(ref=request, phone=phone))
    network.set_on_whatsapp("+60133333333", on=False)
    network.reply("+60111111111", "what its owner writes is not received")
    phones = network.phones()
    assert [(each.phone, each.received, each.on_whatsapp) for each in phones] == [
        ("+60111111111", 2, True),
        ("+60122222222", 1, True),
        ("+60133333333", 0, False),
    ]
    assert [each.last and (each.last.ref, each.last.direction) for each in phones] == [
        (None, Direction.OUT), (1, Direction.IN), None,
    ]  # fmt: skip
    assert [each.phone for each in network.phones(search="2222")] == ["+60122222222"]
    assert [each.phone for each in network.phones(limit=1)] == ["+60111111111"]


async def test_a_revoked_message_is_marked_on_the_phone(network):
    line = connected(network)
    network.send(line, 1, submission())
    message_id = line.answers[1].message_id
    assert network.revoke(line, message_id, PHONE)
    assert network.phone(PHONE).messages[0].revoked


async def test_watchers_see_messages_receipts_and_devices(network):
    watching = network.subscribe()
    line = connected(network)
    network.send(line, 1, submission(ref=9))
    network.reply(PHONE, "Yes")
    await until(lambda: len(line.events) == 3)
    network.close()
    events = [event async for event in watching]
    assert Counter(event["type"] for event in events) == {"device": 2, "phone": 2, "receipt": 2}
    (sent,) = [event for event in events if event["type"] == "phone" and event["message"]["direction"] == "in"]
    assert (sent["phone"], sent["message"]["ref"]) == (PHONE, 9)
    assert sent["message"]["business_at"] == "2026-03-27T08:00:00Z"
    assert [event["device"]["sent"] for event in events if event["type"] == "device"] == [0, 1]


async def test_a_watcher_that_falls_behind_is_cut_off(network):
    slow, fast = network.subscribe(limit=2), network.subscribe()
    for number in range(3):
        connected(network, number)
    network.close()
    assert len([event async for event in slow]) == 2
    assert len([event async for event in fast]) == 3


async def test_the_same_seed_gives_the_same_run():
    def run() -> list[str]:
        network = SimulatedNetwork(seed=11, rates=FaultRates(reject=0.3, lost_ack=0.1, hang=0.1, drop=0.1))
        line = NotedLine()
        requests = count()
        fates = []
        for _ in range(50):
            network.connect(line)
            request = next(requests)
            network.send(line, request, submission(ref=request))
            fates.append(type(line.answers.get(request)).__name__ + line.states[-1])
        network.close()
        return fates

    first = run()
    assert first == run()
    assert len(set(first)) > 2


async def test_closing_leaves_no_timer(network):
    line = connected(network)
    network.send(line, 1, submission())
    network.close()
    heard = dict(line.events)
    await asyncio.sleep(0.01)  # the read receipt was due at once
    assert line.events == heard
    assert all(isinstance(event, Receipt) for event in heard.values())
