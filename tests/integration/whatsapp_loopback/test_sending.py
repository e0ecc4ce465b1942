"""What a real device sends, its contact can read: the ledger has the words and the file, not only ciphertext."""

import hashlib

import pytest

from tests.integration.whatsapp_loopback.conftest import phone_address
from tests.whatsapp_loopback.contents import Kind
from tests.whatsapp_loopback.real_device import RealDevice
from tests.whatsapp_loopback.server import LoopbackServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

FILE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


async def test_a_text(whatsapp: LoopbackServer, device: RealDevice, contact: str) -> None:
    message_id = await device.tell("send_text", to=phone_address(contact), text="Hi Ann, 早安! https://example.org")
    (accepted,) = await whatsapp.until_accepted(1, recipient=contact)
    assert accepted.sent.unreadable == ""
    assert accepted.sent.message_id == message_id
    content = accepted.sent.content
    assert (content.kind, content.text) == (Kind.TEXT, "Hi Ann, 早安! https://example.org")
    assert not content.has_link_preview
    await device.hears("receipt", type=1)


async def test_text_after_text(whatsapp: LoopbackServer, device: RealDevice, contact: str) -> None:
    for number in range(20):
        await device.tell("send_text", to=phone_address(contact), text=f"Number {number}")
    accepted = await whatsapp.until_accepted(20, recipient=contact)
    assert [each.sent.text for each in accepted] == [f"Number {number}" for number in range(20)]


async def test_a_document(whatsapp: LoopbackServer, device: RealDevice, contact: str) -> None:
    message_id = await device.tell(
        "send_document", to=phone_address(contact), file=FILE, caption="The prices", name="Prices.pdf"
    )
    (accepted,) = await whatsapp.until_accepted(1, recipient=contact)
    content = accepted.sent.content
    assert (content.kind, content.text, accepted.sent.media_type) == (Kind.DOCUMENT, "The prices", "document")
    assert content.attachment is not None
    assert (content.attachment.file_name, content.attachment.length) == ("Prices.pdf", len(FILE))
    assert content.media_sha256 == hashlib.sha256(FILE).hexdigest()
    assert await whatsapp.uploaded_file(message_id) == FILE


async def test_a_video(whatsapp: LoopbackServer, device: RealDevice, contact: str) -> None:
    message_id = await device.tell("send_video", to=phone_address(contact), file=FILE, caption="Look")
    (accepted,) = await whatsapp.until_accepted(1, recipient=contact)
    content = accepted.sent.content
    assert (content.kind, content.text, content.media_sha256) == (
        Kind.VIDEO,
        "Look",
        hashlib.sha256(FILE).hexdigest(),
    )
    assert content.attachment is not None
    assert (content.attachment.seconds, content.attachment.thumbnail) == (2, b"thumbnail")
    assert await whatsapp.uploaded_file(message_id) == FILE


async def test_a_voice_note(whatsapp: LoopbackServer, device: RealDevice, contact: str) -> None:
    message_id = await device.tell("send_voice_note", to=phone_address(contact), file=FILE)
    (accepted,) = await whatsapp.until_accepted(1, recipient=contact)
    content = accepted.sent.content
    assert content.kind is Kind.AUDIO
    assert content.attachment is not None
    assert content.attachment.is_voice_note
    assert content.attachment.mime_type == "audio/ogg; codecs=opus"
    assert await whatsapp.uploaded_file(message_id) == FILE


async def test_an_image(whatsapp: LoopbackServer, device: RealDevice, contact: str, picture: bytes) -> None:
    message_id = await device.tell("send_image", to=phone_address(contact), file=picture, caption="Red")
    (accepted,) = await whatsapp.until_accepted(1, recipient=contact)
    content = accepted.sent.content
    assert (content.kind, content.text, accepted.sent.media_type) == (Kind.IMAGE, "Red", "image")
    assert content.attachment is not None
    assert content.attachment.mime_type == "image/png"
    assert content.attachment.url.startswith("https://mmg.whatsapp.net/")
    assert content.media_sha256 == hashlib.sha256(picture).hexdigest()
    assert await whatsapp.uploaded_file(message_id) == picture


async def test_deleting_for_everyone(whatsapp: LoopbackServer, device: RealDevice, contact: str) -> None:
    message_id = await device.tell("send_text", to=phone_address(contact), text="A mistake")
    await device.tell("revoke", to=phone_address(contact), message_id=message_id)
    _, deleted = await whatsapp.until_accepted(2, recipient=contact)
    assert (deleted.sent.content.kind, deleted.sent.content.about_id) == (Kind.REVOKE, message_id)
    assert deleted.sent.edit == "7"
