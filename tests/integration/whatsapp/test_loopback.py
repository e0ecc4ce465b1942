"""What the real library makes of the loopback server: the proof that tests against it say something."""

import asyncio
import io
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from tests.integration.whatsapp.conftest import Connect
from tests.integration.whatsapp.library import Device, LibraryError
from tests.whatsapp_loopback.behaviour import (
    Answer,
    MediaFault,
    OnMessage,
)
from tests.whatsapp_loopback.contents import Content, Kind
from tests.whatsapp_loopback.messages import ReceiptKind
from tests.whatsapp_loopback.server import LoopbackServer

pytestmark = pytest.mark.asyncio(loop_scope="module")
CONTACT = "15551230001"


def _png() -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(drawn, "PNG")
    return drawn.getvalue()


PNG = _png()


async def test_a_seeded_device_logs_in_and_what_it_sends_is_in_the_ledger(
    whatsapp: LoopbackServer, device: Device, phone: str
) -> None:
    message_id = await device.text(CONTACT, "Good morning")

    (accepted,) = await whatsapp.accepted(phone)
    assert accepted.sent.message_id == message_id
    assert (accepted.sent.recipient, accepted.sent.text, accepted.times) == (CONTACT, "Good morning", 1)


async def test_contacts_report_what_they_got_and_read_even_twice(
    whatsapp: LoopbackServer, device: Device, phone: str
) -> None:
    message_id = await device.text(CONTACT, "Have you seen this?")
    await device.until_receipt(message_id)

    await whatsapp.report(message_id, ReceiptKind.READ, ReceiptKind.DELIVERED, ReceiptKind.READ)

    await device.until_receipt(message_id, "READ", count=2)
    await device.until_receipt(message_id, count=4)
    assert await whatsapp.until_acknowledged(phone)


async def test_contacts_that_are_offline_report_nothing_until_they_are_asked_to(
    whatsapp: LoopbackServer, device: Device, phone: str
) -> None:
    await whatsapp.deliver_at_once(False, phone)
    message_id = await device.text(CONTACT, "Later")
    assert not device.heard("Receipt")

    await whatsapp.report(message_id, ReceiptKind.DELIVERED)

    await device.until_receipt(message_id)


@pytest.mark.parametrize("error", [463, 479, 429])
async def test_a_refused_message_is_an_error_and_in_no_ledger(
    whatsapp: LoopbackServer, device: Device, phone: str, error: int
) -> None:
    await whatsapp.on_next_messages(OnMessage.refuse(error), phone=phone)

    with pytest.raises(LibraryError, match=str(error)):
        await device.text(CONTACT, "Hello stranger")

    assert not await whatsapp.accepted(phone)
    assert await device.text(CONTACT, "Hello again")


@pytest.mark.parametrize(
    ("answer", "times"),
    [
        (Answer.LOSE_ACK, 2),
        (Answer.CLOSE_AFTER, 2),
        (Answer.IGNORE, 1),
        (Answer.CLOSE_BEFORE, 1),
    ],
)
async def test_what_was_not_acknowledged_comes_again_under_its_id_after_a_reconnect(
    whatsapp: LoopbackServer, device: Device, phone: str, answer: Answer, times: int
) -> None:
    await whatsapp.on_next_messages(OnMessage(answer), phone=phone)
    sending = asyncio.create_task(device.text(CONTACT, f"Did you get this? {phone}"))
    if answer in (Answer.LOSE_ACK, Answer.IGNORE):
        assert await whatsapp.until_asked(phone, 1)
        assert not sending.done()
        await whatsapp.drop(phone)

    message_id = await sending

    (accepted,) = await whatsapp.accepted(phone)
    assert (accepted.sent.message_id, accepted.times) == (message_id, times)
    assert not await whatsapp.duplicates(phone)


async def test_an_ack_may_come_late(whatsapp: LoopbackServer, device: Device, phone: str) -> None:
    await whatsapp.on_next_messages(OnMessage(delay=0.3), phone=phone)
    sending = asyncio.create_task(device.text(CONTACT, "Slowly"))

    await whatsapp.until_accepted(1, phone)

    assert not sending.done()
    assert await sending


async def test_numbers_that_are_not_on_whatsapp(whatsapp: LoopbackServer, device: Device) -> None:
    await whatsapp.take_off_whatsapp("15551239999")

    found = await device.do("on_whatsapp", phones=["15551230001", "15551239999"])

    assert found == {"15551230001": True, "15551239999": False}


@pytest.mark.parametrize("by_lid", [False, True])
async def test_what_contacts_write_arrives(
    whatsapp: LoopbackServer, device: Device, phone: str, by_lid: bool
) -> None:
    contact = f"1555123{int(by_lid):04}"
    for text in ("Who is this?", "Hello?"):
        message_id = await whatsapp.incoming(phone, contact, Content(kind=Kind.TEXT, text=text), by_lid=by_lid)
        assert await whatsapp.until_received(message_id)
    await device.text(contact, "It is me")
    await whatsapp.incoming(phone, contact, Content(kind=Kind.TEXT, text="Ah!"), by_lid=by_lid)

    heard = [await device.until("Message", count) for count in (1, 2, 3)]

    assert [message["Message"]["conversation"] for message in heard] == ["Who is this?", "Hello?", "Ah!"]
    assert (await whatsapp.accepted(phone))[0].sent.text == "It is me"


async def test_what_a_contact_cannot_read_is_sent_once_more(
    whatsapp: LoopbackServer, device: Device, phone: str
) -> None:
    contact = "15551240001"
    await whatsapp.incoming(phone, contact, Content(kind=Kind.TEXT, text="Hello?"))
    await device.until("Message")
    await device.text(contact, "First")  # both know each other now, and no longer introduce themselves
    await whatsapp.incoming(phone, contact, Content(kind=Kind.TEXT, text="Yes?"))
    await device.until("Message", 2)
    await whatsapp.lose_session(phone, contact)

    message_id = await device.text(contact, "Second")

    await device.until_receipt(message_id, "DELIVERED")
    _, second = await whatsapp.accepted(phone)
    assert (second.sent.text, second.times) == ("Second", 2)


async def test_what_a_device_cannot_read_is_sent_to_it_once_more(
    whatsapp: LoopbackServer, begin: Connect, phone: str, tmp_path: Path
) -> None:
    device = await begin(phone)
    await device.until("Connected")
    contact = "15551240002"
    for number, text in enumerate(("One", "Two"), 1):
        await whatsapp.incoming(phone, contact, Content(kind=Kind.TEXT, text=text))
        await device.until("Message", number)
        await device.text(contact, f"You said {text}")
    await device.do("stop")
    await device.until("ended")  # only then may another client have its name
    with closing(sqlite3.connect(tmp_path / f"{phone}.db")) as store, store:
        store.execute("DELETE FROM whatsmeow_sessions")  # as in a store that was backed up earlier
    device = await device.library.connect(phone, tmp_path / f"{phone}.db", phone=phone)
    await device.until("Connected")

    await whatsapp.incoming(phone, contact, Content(kind=Kind.TEXT, text="Three"))

    assert (await device.until("Message"))["Message"]["conversation"] == "Three"


async def test_what_is_written_on_the_phone_itself_arrives_as_ones_own(
    whatsapp: LoopbackServer, device: Device, phone: str
) -> None:
    await whatsapp.typed_on_phone(phone, CONTACT, Content(kind=Kind.TEXT, text="I answered by hand"))

    message = await device.until("Message")

    assert message["Info"]["MessageSource"]["IsFromMe"] is True
    assert message["Info"]["MessageSource"]["Chat"]["User"] == CONTACT


async def test_files_that_contacts_send_can_be_downloaded(
    whatsapp: LoopbackServer, device: Device, phone: str
) -> None:
    file = bytes(range(256)) * 40
    offered = await whatsapp.offer_file(Kind.DOCUMENT, file, "application/pdf", "order.pdf")
    await whatsapp.incoming(phone, CONTACT, Content(kind=Kind.DOCUMENT, attachment=offered))
    await device.until("Message")

    assert bytes.fromhex(await device.do("download", number=0)) == file


async def test_files_are_uploaded_and_opened_by_who_gets_them(
    whatsapp: LoopbackServer, device: Device, phone: str
) -> None:
    image_id = await device.do("image", to=CONTACT, file=PNG.hex(), caption="The menu")
    document_id = await device.do("document", to=CONTACT, file=b"%PDF-1.4 prices".hex(), name="prices.pdf")

    image, document = (accepted.sent for accepted in await whatsapp.accepted(phone))
    assert (image.media_type, image.text) == ("image", "The menu")
    assert await whatsapp.uploaded_file(image_id) == PNG
    assert document.media_type == "document"
    assert await whatsapp.uploaded_file(document_id) == b"%PDF-1.4 prices"
    assert (await whatsapp.account(phone)).uploads == 2


async def test_an_upload_may_fail(whatsapp: LoopbackServer, device: Device, phone: str) -> None:
    await whatsapp.fail_media(MediaFault(500), phone)

    with pytest.raises(LibraryError, match="500"):
        await device.do("upload", file=PNG.hex())


async def test_a_message_is_deleted_for_everyone(whatsapp: LoopbackServer, device: Device, phone: str) -> None:
    message_id = await device.text(CONTACT, "Wrong chat")
    await device.do("revoke", to=CONTACT, phone=phone, message_id=message_id)

    revoked = (await whatsapp.accepted(phone))[1].sent

    assert revoked.edit == "7"
    assert (revoked.content.kind, revoked.content.about_id) == (Kind.REVOKE, message_id)
