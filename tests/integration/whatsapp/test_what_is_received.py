"""What contacts write, and what the owner types on the phone itself, the real library reads."""

import base64
from typing import Any

import pytest

from tests.integration.whatsapp.library import Device
from tests.whatsapp_loopback.contents import Content, Kind
from tests.whatsapp_loopback.server import LoopbackServer

pytestmark = pytest.mark.asyncio(loop_scope="module")
CONTACT = "15551230001"
FILES = [
    (Kind.IMAGE, "image/png", "imageMessage"),
    (Kind.VIDEO, "video/mp4", "videoMessage"),
    (Kind.AUDIO, "audio/ogg; codecs=opus", "audioMessage"),
    (Kind.DOCUMENT, "application/pdf", "documentMessage"),
    (Kind.STICKER, "image/webp", "stickerMessage"),
]


def text(words: str) -> Content:
    return Content(kind=Kind.TEXT, text=words)


async def heard(device: Device, message_id: str, count: int = 1) -> dict[str, Any]:
    """The so-manieth message that the device was given."""
    message = await device.until("Message", count)
    assert message["Info"]["ID"] == message_id
    return message


@pytest.mark.parametrize("by_lid", [False, True], ids=["by number", "by LID"])
async def test_an_answer_with_a_quote(whatsapp: LoopbackServer, device: Device, phone: str, by_lid: bool) -> None:
    asked = await device.text(CONTACT, "Shall we call you?")
    me = f"{phone}@s.whatsapp.net"
    answer = Content(
        kind=Kind.TEXT, text="Yes", quoted_id=asked, quoted_sender=me, quoted_text="Shall we call you?"
    )
    message_id = await whatsapp.incoming(phone, CONTACT, answer, by_lid=by_lid, name="Ann")

    message = await heard(device, message_id)
    quoted = {"stanzaID": asked, "participant": me, "quotedMessage": {"conversation": "Shall we call you?"}}
    assert message["Message"]["extendedTextMessage"] == {"text": "Yes", "contextInfo": quoted}
    assert message["Info"]["Pushname"] == "Ann"
    source = message["Info"]["MessageSource"]
    addresses = [source[name]["User"] for name in ("Chat", "Sender", "SenderAlt")]
    lid = await whatsapp.lid(CONTACT)
    assert addresses == ([lid, lid, CONTACT] if by_lid else [CONTACT, CONTACT, lid])


async def test_a_contact_is_read_now_by_number_and_now_by_lid(
    whatsapp: LoopbackServer, device: Device, phone: str
) -> None:
    for number in range(6):
        by_lid = number % 3 == 1
        message_id = await whatsapp.incoming(phone, CONTACT, text(f"Number {number}"), by_lid=by_lid)
        assert (await heard(device, message_id, number + 1))["Message"] == {"conversation": f"Number {number}"}
        if number == 3:
            await device.text(CONTACT, "I am listening")

    (accepted,) = await whatsapp.accepted(phone)
    assert accepted.sent.text == "I am listening"


@pytest.mark.parametrize(("kind", "mime_type", "name"), FILES, ids=[kind for kind, _, _ in FILES])
async def test_a_file(
    whatsapp: LoopbackServer, device: Device, phone: str, *, kind: Kind, mime_type: str, name: str
) -> None:
    file = b"a file: " + kind.encode() * 1000
    offered = await whatsapp.offer_file(kind, file, mime_type, "Order" if kind is Kind.DOCUMENT else "")
    caption = "Look" if kind in (Kind.IMAGE, Kind.VIDEO, Kind.DOCUMENT) else ""
    content = Content(kind=kind, text=caption, attachment=offered)
    message_id = await whatsapp.incoming(phone, CONTACT, content)

    message = (await heard(device, message_id))["Message"][name]
    assert (message["mimetype"], int(message["fileLength"])) == (mime_type, len(file))
    assert (message.get("caption", ""), message.get("fileName", "")) == (caption, offered.file_name)
    assert base64.b64decode(message["fileSHA256"]).hex() == content.media_sha256
    assert bytes.fromhex(await device.do("download", number=0)) == file


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
            {
                "key": {"fromMe": True, "ID": "3EB0"},
                "type": "MESSAGE_EDIT",
                "editedMessage": {"conversation": "No"},
            },
        ),
    ],
    ids=lambda value: value.kind if isinstance(value, Content) else "",
)
async def test_what_else_a_contact_may_send(
    whatsapp: LoopbackServer, device: Device, phone: str, *, content: Content, name: str, expected: dict[str, Any]
) -> None:
    message_id = await whatsapp.incoming(phone, CONTACT, content)

    assert (await heard(device, message_id))["Message"][name] == expected


async def test_what_the_owner_types_on_the_phone(whatsapp: LoopbackServer, device: Device, phone: str) -> None:
    """In a chat that goes by number, and in one that goes by LID; between what the device sends."""
    for count, by_lid in enumerate((False, True, False), 1):
        message_id = await whatsapp.typed_on_phone(phone, CONTACT, text("I am on my way"), by_lid=by_lid)
        message = await heard(device, message_id, count)
        assert message["Message"] == {"conversation": "I am on my way"}
        source = message["Info"]["MessageSource"]
        assert source["IsFromMe"]
        numbers, lids = (CONTACT, phone), (await whatsapp.lid(CONTACT), await whatsapp.lid(phone))
        assert (source["Chat"]["User"], source["Sender"]["User"]) == (lids if by_lid else numbers)
        assert source["RecipientAlt"]["User"] == (CONTACT if by_lid else lids[0])
        assert source["SenderAlt"]["User"] == ("" if by_lid else lids[1])
        await device.text(CONTACT, "It is on its way")


async def test_a_file_that_the_owner_sends_from_the_phone(
    whatsapp: LoopbackServer, device: Device, phone: str
) -> None:
    offered = await whatsapp.offer_file(Kind.IMAGE, b"a picture", "image/png")
    message_id = await whatsapp.typed_on_phone(phone, CONTACT, Content(kind=Kind.IMAGE, attachment=offered))

    assert (await heard(device, message_id))["Info"]["MessageSource"]["IsFromMe"]
    assert bytes.fromhex(await device.do("download", number=0)) == b"a picture"
