"""What a real device sends, its contact can read: the ledger holds the words and the file, not ciphertext."""

import hashlib

import pytest

from tests.integration.whatsapp.library import Device
from tests.whatsapp_loopback.contents import Attachment, Content, Kind
from tests.whatsapp_loopback.server import LoopbackServer

pytestmark = pytest.mark.asyncio(loop_scope="module")
CONTACT = "15551230001"
FILE = bytes(range(256)) * 200


async def read(whatsapp: LoopbackServer, message_id: str) -> Content:
    """By the contact."""
    (sent,) = [accepted.sent for accepted in await whatsapp.accepted() if accepted.sent.message_id == message_id]
    assert sent.recipient == CONTACT
    assert sent.unreadable == ""
    return sent.content


async def attached(whatsapp: LoopbackServer, message_id: str) -> Attachment:
    """The file is the one that was sent, by its checksum and as the contact opens it."""
    content = await read(whatsapp, message_id)
    assert content.media_sha256 == hashlib.sha256(FILE).hexdigest()
    assert await whatsapp.uploaded_file(message_id) == FILE
    assert content.attachment is not None
    assert content.attachment.length == len(FILE)
    return content.attachment


async def test_a_text_has_no_link_preview(whatsapp: LoopbackServer, device: Device) -> None:
    text = "早安 Ann, *the menu*: https://example.org/menu"
    assert await read(whatsapp, await device.text(CONTACT, text)) == Content(kind=Kind.TEXT, text=text)


async def test_one_text_after_the_other_with_and_without_an_answer(
    whatsapp: LoopbackServer, device: Device, phone: str
) -> None:
    sent = [f"Number {number}" for number in range(30)]
    for number, text in enumerate(sent):
        if number in (10, 20):
            await whatsapp.incoming(phone, CONTACT, Content(kind=Kind.TEXT, text="Yes?"), by_lid=number == 20)
            await device.until("Message", number // 10)
        await device.text(CONTACT, text)

    assert [accepted.sent.text for accepted in await whatsapp.accepted(phone)] == sent


async def test_a_document(whatsapp: LoopbackServer, device: Device) -> None:
    message_id = await device.do("document", to=CONTACT, file=FILE.hex(), name="Prices.pdf", caption="As of today")

    content = await read(whatsapp, message_id)
    assert (content.kind, content.text) == (Kind.DOCUMENT, "As of today")
    assert (await attached(whatsapp, message_id)).file_name == "Prices.pdf"


async def test_a_video(whatsapp: LoopbackServer, device: Device) -> None:
    message_id = await device.do("video", to=CONTACT, file=FILE.hex(), caption="Look")

    content = await read(whatsapp, message_id)
    assert (content.kind, content.text) == (Kind.VIDEO, "Look")
    file = await attached(whatsapp, message_id)
    assert (file.mime_type, file.seconds, file.thumbnail) == ("video/mp4", 2, b"thumbnail")


async def test_a_voice_note(whatsapp: LoopbackServer, device: Device) -> None:
    message_id = await device.do("voice_note", to=CONTACT, file=FILE.hex())

    assert (await read(whatsapp, message_id)).kind is Kind.AUDIO
    file = await attached(whatsapp, message_id)
    assert (file.mime_type, file.seconds, file.is_voice_note) == ("audio/ogg; codecs=opus", 3, True)


async def test_deleting_for_everyone(whatsapp: LoopbackServer, device: Device, phone: str) -> None:
    mistake = await device.text(CONTACT, "A mistake")
    deletion = await device.do("revoke", to=CONTACT, phone=phone, message_id=mistake)

    assert await read(whatsapp, deletion) == Content(kind=Kind.REVOKE, about_id=mistake)
