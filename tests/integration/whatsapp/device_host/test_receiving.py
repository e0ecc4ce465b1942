"""What a device host with the real library tells of what comes in."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.transports.contract import Inbound, PhoneSeen, Receipt
from models.enums import ReceiptKind
from tests.integration.whatsapp.device_host.conftest import SHORT, Make
from tests.integration.whatsapp.device_host.driver import DeviceHost, HostedDevice
from tests.whatsapp_loopback import messages
from tests.whatsapp_loopback.contents import Content, Kind
from tests.whatsapp_loopback.server import LoopbackServer

pytestmark = pytest.mark.asyncio(loop_scope="module")
CONTACT = "15551230001"


@pytest.mark.parametrize("by_lid", [False, True])
async def test_receipts_name_the_persons_phone(
    whatsapp: LoopbackServer, device: HostedDevice, by_lid: bool
) -> None:
    message_id = await device.sent(CONTACT, "Have you read it?")
    kinds = messages.ReceiptKind
    await whatsapp.report(message_id, kinds.READ, kinds.DELIVERED, kinds.PLAYED, by_lid=by_lid)

    def told() -> list[ReceiptKind]:
        receipts = [event for event in device.events if isinstance(event, Receipt)]
        return [event.kind for event in receipts if event == Receipt(message_id, event.kind, f"+{CONTACT}")]

    # Delivered at once, and what was reported. The library tells each on a thread of its own.
    expected = [ReceiptKind.DELIVERED, ReceiptKind.DELIVERED, ReceiptKind.READ, ReceiptKind.READ]
    await device.host.until(lambda: sorted(told()) == expected, "receipts")


async def test_a_receipt_that_the_library_cannot_pass_on_does_not_leave_the_device_deaf(
    whatsapp: LoopbackServer, device: HostedDevice, phone: str
) -> None:
    message_id = await device.sent(CONTACT, "Can you open it?")
    await whatsapp.report(message_id, messages.ReceiptKind.FAILED)

    assert await whatsapp.until_online(phone, logins=2)
    await whatsapp.incoming(phone, CONTACT, Content(kind=Kind.TEXT, text="No"))
    assert (await device.until_inbound()).text == "No"


@pytest.mark.parametrize("by_lid", [False, True])
async def test_a_reply_says_who_wrote_what_and_to_what_it_answers(
    whatsapp: LoopbackServer, device: HostedDevice, phone: str, by_lid: bool
) -> None:
    asked = await device.sent(CONTACT, "Shall we call you?")
    content = Content(kind=Kind.TEXT, text="Yes please", quoted_id=asked, quoted_sender=phone, quoted_text="Shall")
    message_id = await whatsapp.incoming(phone, CONTACT, content, by_lid=by_lid)

    reply = await device.until_inbound()
    lid = await whatsapp.lid(CONTACT)
    assert reply == Inbound(message_id, f"+{CONTACT}", "Yes please", lid=lid, quotes=asked)


async def test_what_comes_with_a_file_is_told_in_words(
    whatsapp: LoopbackServer, device: HostedDevice, phone: str
) -> None:
    attachment = await whatsapp.offer_file(Kind.DOCUMENT, b"%PDF", "application/pdf", "order.pdf")
    content = Content(kind=Kind.DOCUMENT, text="our order", attachment=attachment)
    await whatsapp.incoming(phone, CONTACT, content)

    received = await device.until_inbound()
    assert (received.text, received.attached) == ("our order", "file “order.pdf”")


async def test_what_is_typed_on_the_phone_is_told_and_is_its_sign_of_life(
    whatsapp: LoopbackServer, device: HostedDevice, phone: str
) -> None:
    await whatsapp.typed_on_phone(phone, CONTACT, Content(kind=Kind.TEXT, text="I call you"))

    typed = await device.until_inbound()
    assert (typed.typed_on_phone, typed.phone, typed.text) == (True, f"+{CONTACT}", "I call you")
    (seen,) = [event for event in device.events if isinstance(event, PhoneSeen)]
    assert abs(datetime.now(UTC) - seen.at) < timedelta(minutes=5)


async def test_reactions_are_no_messages(whatsapp: LoopbackServer, device: HostedDevice, phone: str) -> None:
    asked = await device.sent(CONTACT, "Hello")
    await whatsapp.incoming(phone, CONTACT, Content(kind=Kind.REACTION, text="❤", about_id=asked))
    await whatsapp.incoming(phone, CONTACT, Content(kind=Kind.TEXT, text="Hello too"))
    assert (await device.until_inbound()).text == "Hello too"


async def test_what_the_engine_has_not_taken_is_told_again_after_the_host_was_killed(
    whatsapp: LoopbackServer, store_template: Path, make: Make, phone: str
) -> None:
    device = await make(phone)
    async with DeviceHost(whatsapp.proxy_url, whatsapp.ca_file, **SHORT) as first:
        doomed = HostedDevice(first, device.id, device.store, phone)
        await doomed.open()
        taken = await doomed.sent(CONTACT, "one")
        await doomed.until_event(Receipt(taken, ReceiptKind.DELIVERED, f"+{CONTACT}"))
        first.tell({"type": "ack", "device": device.id, "event": doomed.numbers()[0]})
        await whatsapp.incoming(phone, CONTACT, Content(kind=Kind.TEXT, text="Are you there?"))
        await doomed.until_inbound()
        await first.kill()

    await device.open()
    assert (await device.until_inbound()).text == "Are you there?"
    assert not any(isinstance(event, Receipt) for event in device.events)
