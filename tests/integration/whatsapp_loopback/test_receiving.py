"""What contacts write, and what the owner types on the phone itself, a real device reads."""

import base64

import pytest

from tests.integration.whatsapp_loopback.conftest import PHONE, phone_address
from tests.whatsapp_loopback.contents import Content, Kind
from tests.whatsapp_loopback.real_device import RealDevice
from tests.whatsapp_loopback.server import LoopbackServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

by_number_and_by_lid = pytest.mark.parametrize("by_lid", [False, True], ids=["by number", "by LID"])


def text(words: str) -> Content:
    return Content(kind=Kind.TEXT, text=words)


@by_number_and_by_lid
async def test_a_contact_writes_first_and_is_answered(
    whatsapp: LoopbackServer, device: RealDevice, contact: str, by_lid: bool
) -> None:
    message_id = await whatsapp.incoming(PHONE, contact, text("Hello?"), by_lid=by_lid)
    heard = await device.hears("message", id=message_id)
    assert heard["message"] == {"conversation": "Hello?"}
    assert heard["chat"] == heard["sender"] == (f"{await whatsapp.lid(contact)}@lid" if by_lid else phone_address(contact))
    assert not heard["from_me"]
    assert await whatsapp.until_received(message_id)

    await device.tell("send_text", to=phone_address(contact), text="Good morning!")
    (accepted,) = await whatsapp.until_accepted(1, recipient=contact)
    assert (accepted.sent.text, accepted.sent.unreadable) == ("Good morning!", "")
    message_id = await whatsapp.incoming(PHONE, contact, text("And to you"), by_lid=by_lid)
    assert (await device.hears("message", id=message_id))["message"] == {"conversation": "And to you"}


@by_number_and_by_lid
async def test_a_contact_answers_with_a_quote(
    whatsapp: LoopbackServer, device: RealDevice, contact: str, by_lid: bool
) -> None:
    asked = await device.tell("send_text", to=phone_address(contact), text="Shall we call you?")
    answer = Content(
        kind=Kind.TEXT,
        text="Yes please",
        quoted_id=asked,
        quoted_sender=phone_address(PHONE),
        quoted_text="Shall we call you?",
    )
    message_id = await whatsapp.incoming(PHONE, contact, answer, by_lid=by_lid)
    heard = await device.hears("message", id=message_id)
    assert heard["message"]["extendedTextMessage"] == {
        "text": "Yes please",
        "contextInfo": {
            "stanzaID": asked,
            "participant": phone_address(PHONE),
            "quotedMessage": {"conversation": "Shall we call you?"},
        },
    }


async def test_a_contact_who_writes_now_by_number_and_now_by_lid(
    whatsapp: LoopbackServer, device: RealDevice, contact: str
) -> None:
    for number in range(6):
        message_id = await whatsapp.incoming(PHONE, contact, text(f"Number {number}"), by_lid=number % 3 == 1)
        heard = await device.hears("message", id=message_id)
        assert heard["message"] == {"conversation": f"Number {number}"}
        if number == 2:
            await device.tell("send_text", to=phone_address(contact), text="I am listening")


FILES = [
    (Kind.IMAGE, "image/png", "imageMessage"),
    (Kind.VIDEO, "video/mp4", "videoMessage"),
    (Kind.AUDIO, "audio/ogg; codecs=opus", "audioMessage"),
    (Kind.DOCUMENT, "application/pdf", "documentMessage"),
    (Kind.STICKER, "image/webp", "stickerMessage"),
]


@pytest.mark.parametrize(("kind", "mime_type", "name"), FILES, ids=[kind for kind, _, _ in FILES])
async def test_a_contact_sends_a_file(
    whatsapp: LoopbackServer, device: RealDevice, contact: str, kind: Kind, mime_type: str, name: str
) -> None:
    file = b"a file of this kind: " + kind.encode() * 1000
    attachment = await whatsapp.offer_file(kind, file, mime_type, "Prices" if kind is Kind.DOCUMENT else "")
    caption = "Look" if kind in (Kind.IMAGE, Kind.VIDEO, Kind.DOCUMENT) else ""
    message_id = await whatsapp.incoming(PHONE, contact, Content(kind=kind, text=caption, attachment=attachment))
    heard = (await device.hears("message", id=message_id))["message"][name]
    assert heard["mimetype"] == mime_type
    assert heard.get("caption", "") == caption
    assert heard.get("fileName", "") == attachment.file_name
    assert int(heard["fileLength"]) == len(file)
    assert base64.b64decode(heard["fileSHA256"]).hex() == Content(kind=kind, attachment=attachment).media_sha256
    assert base64.b64decode(await device.tell("download", message_id=message_id)) == file


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (Content(kind=Kind.LOCATION, text="The shop"), "locationMessage", {"name": "The shop"}),
        (Content(kind=Kind.CONTACT, text="Bob"), "contactMessage", {"displayName": "Bob"}),
        (Content(kind=Kind.POLL, text="When?"), "pollCreationMessage", {"name": "When?"}),
        (
            Content(kind=Kind.REACTION, text="👍", about_id="3EB0"),
            "reactionMessage",
            {"key": {"fromMe": False, "ID": "3EB0"}, "text": "👍"},
        ),
        (
            Content(kind=Kind.REVOKE, about_id="3EB0"),
            "protocolMessage",
            {"key": {"fromMe": True, "ID": "3EB0"}, "type": "REVOKE"},
        ),
        (
            Content(kind=Kind.EDIT, text="No", about_id="3EB0"),
            "protocolMessage",
            {"key": {"fromMe": True, "ID": "3EB0"}, "type": "MESSAGE_EDIT", "editedMessage": {"conversation": "No"}},
        ),
    ],
    ids=lambda value: value.kind if isinstance(value, Content) else "",
)
async def test_a_contact_does_something_else(
    whatsapp: LoopbackServer, device: RealDevice, contact: str, content: Content, name: str, expected: dict[str, object]
) -> None:
    message_id = await whatsapp.incoming(PHONE, contact, content)
    assert (await device.hears("message", id=message_id))["message"][name] == expected


async def test_the_owner_types_on_the_phone(whatsapp: LoopbackServer, device: RealDevice, contact: str) -> None:
    for words in ("I write from my phone", "once more"):
        message_id = await whatsapp.typed_on_phone(PHONE, contact, text(words))
        heard = await device.hears("message", id=message_id)
        assert heard["message"] == {"conversation": words}
        assert heard["from_me"]
        assert heard["chat"] == phone_address(contact)
        await device.tell("send_text", to=phone_address(contact), text=f"from the device after {words}")


async def test_the_owner_sends_a_file_from_the_phone(
    whatsapp: LoopbackServer, device: RealDevice, contact: str
) -> None:
    attachment = await whatsapp.offer_file(Kind.IMAGE, b"a picture", "image/png")
    message_id = await whatsapp.typed_on_phone(PHONE, contact, Content(kind=Kind.IMAGE, attachment=attachment))
    assert (await device.hears("message", id=message_id))["from_me"]
    assert base64.b64decode(await device.tell("download", message_id=message_id)) == b"a picture"
