from engine.transports.contract import Inbound, Receipt, StateChanged, TransportEvent
from engine.transports.inbox import Inbox
from models.enums import DeviceState, ReceiptKind
from tests.unit.transports.lines import PHONE


def receipt(number: int) -> Receipt:
    return Receipt(str(number), ReceiptKind.READ, PHONE)


async def left(inbox: Inbox) -> list[TransportEvent]:
    inbox.close()
    return [event async for event, _ in inbox]


async def test_what_nobody_has_taken_is_kept_in_order():
    inbox = Inbox()
    events = [StateChanged(DeviceState.ONLINE), receipt(1), Inbound("2", PHONE, "Yes")]
    for number, event in enumerate(events):
        inbox.put(event, number)
    assert await left(inbox) == events


async def test_when_it_is_full_the_oldest_receipts_go():
    inbox = Inbox(limit=3)
    state, reply = StateChanged(DeviceState.ONLINE), Inbound("x", PHONE, "Yes")
    for event in (state, receipt(1), reply, receipt(2), receipt(3)):
        inbox.put(event)
    assert await left(inbox) == [state, reply, receipt(3)]


async def test_states_and_replies_never_go():
    inbox = Inbox(limit=1)
    events = [Inbound("x", PHONE, "Yes"), StateChanged(DeviceState.ONLINE), Inbound("y", PHONE, "STOP")]
    for event in events:
        inbox.put(event)
    assert await left(inbox) == events
