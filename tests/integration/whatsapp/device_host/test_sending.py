"""What a device host with the real library sends, and what it makes of what becomes of it."""

import asyncio
import io

import av
import numpy as np
import pytest
from PIL import Image

from engine.transports.contract import Rejected, Unknown
from models.enums import ContentKind, DeviceState
from tests.integration.whatsapp.device_host.conftest import SHORT
from tests.integration.whatsapp.device_host.driver import HostedDevice
from tests.whatsapp_loopback.behaviour import Answer, MediaFault, OnMessage
from tests.whatsapp_loopback.contents import Kind
from tests.whatsapp_loopback.server import LoopbackServer

pytestmark = pytest.mark.asyncio(loop_scope="module")
CONTACT = "15551230001"


def picture() -> bytes:
    drawn = io.BytesIO()
    Image.effect_noise((640, 480), 50).save(drawn, "PNG")
    return drawn.getvalue()


def clip() -> bytes:
    """Two seconds of film."""
    written = io.BytesIO()
    with av.open(written, "w", format="mp4") as file:
        stream = file.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for shade in range(20):
            pixels = np.full((64, 64, 3), shade * 10, np.uint8)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        file.mux(stream.encode())
    return written.getvalue()


def voice() -> bytes:
    """Three seconds of silence, as WhatsApp records it."""
    written = io.BytesIO()
    with av.open(written, "w", format="ogg") as file:
        stream = file.add_stream("libopus", rate=48_000, layout="mono")
        for _ in range(150):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 960), np.int16), format="s16", layout="mono")
            frame.sample_rate = 48_000
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return written.getvalue()


async def test_a_text_goes_out_as_it_was_written_and_as_nothing_else(
    whatsapp: LoopbackServer, device: HostedDevice, phone: str
) -> None:
    message_id = await device.sent(CONTACT, "See https://example.com *now*")

    (accepted,) = await whatsapp.accepted(phone)
    assert accepted.sent.message_id == message_id
    assert accepted.sent.text == "See https://example.com *now*"
    assert not accepted.sent.content.has_link_preview
    assert accepted.sent.marks == ()  # the library would mark it as a bot's


@pytest.mark.parametrize(
    ("kind", "file", "described"),
    [
        (ContentKind.IMAGE, picture(), ("image/png", 0)),
        (ContentKind.VIDEO, clip(), ("video/mp4", 2)),
        (ContentKind.DOCUMENT, b"%PDF-1.7", ("application/pdf", 0)),
    ],
)
async def test_files_arrive_whole_with_caption_length_and_a_small_picture(
    whatsapp: LoopbackServer, device: HostedDevice, kind: ContentKind, file: bytes, described: tuple[str, int]
) -> None:
    message_id = await device.sent(
        CONTACT, "Our prices", kind=kind, file=file, mime_type=described[0], file_name="prices.pdf"
    )

    assert await whatsapp.uploaded_file(message_id) == file
    (accepted,) = await whatsapp.accepted(device.phone)
    content = accepted.sent.content
    assert (content.kind, content.text, accepted.sent.media_type) == (Kind(kind), "Our prices", kind)
    assert content.attachment is not None
    assert (content.attachment.mime_type, content.attachment.seconds) == described
    if kind is ContentKind.DOCUMENT:
        assert content.attachment.file_name == "prices.pdf"
    else:
        assert 0 < len(content.attachment.thumbnail) < 8_000


async def test_what_was_recorded_as_voice_is_sent_as_a_voice_message(
    whatsapp: LoopbackServer, device: HostedDevice, phone: str
) -> None:
    file = voice()
    message_id = await device.sent(
        CONTACT, "", kind=ContentKind.AUDIO, file=file, mime_type="audio/ogg", file_name="voice.ogg"
    )

    assert await whatsapp.uploaded_file(message_id) == file
    (accepted,) = await whatsapp.accepted(phone)
    attachment = accepted.sent.content.attachment
    assert attachment is not None
    assert (attachment.is_voice_note, attachment.seconds) == (True, 3)
    assert attachment.mime_type == "audio/ogg; codecs=opus"


async def test_a_file_is_uploaded_once_for_many_people(
    whatsapp: LoopbackServer, device: HostedDevice, phone: str
) -> None:
    file = b"%PDF-1.7 once"
    described = {"kind": ContentKind.DOCUMENT, "file": file, "mime_type": "application/pdf", "file_name": "a.pdf"}
    ids = [await device.sent(f"1555123010{number}", "", **described) for number in range(3)]

    assert (await whatsapp.account(phone)).uploads == 1
    assert [await whatsapp.uploaded_file(message_id) for message_id in ids] == [file] * 3


async def test_a_file_that_cannot_be_read_is_sent_all_the_same(
    whatsapp: LoopbackServer, device: HostedDevice
) -> None:
    message_id = await device.sent(
        CONTACT, "", kind=ContentKind.IMAGE, file=b"no picture", mime_type="image/png", file_name="a.png"
    )
    assert await whatsapp.uploaded_file(message_id) == b"no picture"


async def test_without_its_file_a_message_is_not_sent(
    whatsapp: LoopbackServer, device: HostedDevice, phone: str
) -> None:
    await whatsapp.fail_media(MediaFault(status=507), phone)
    outcome = await device.send(
        CONTACT, "", kind=ContentKind.IMAGE, file=picture(), mime_type="image/png", file_name="a.png"
    )

    assert isinstance(outcome, Rejected)
    assert (outcome.code, outcome.permanent) == ("media_upload_failed", False)
    assert await whatsapp.accepted(phone) == []


async def test_a_message_is_deleted_for_everyone(
    whatsapp: LoopbackServer, device: HostedDevice, phone: str
) -> None:
    message_id = await device.sent(CONTACT, "a mistake")
    answer = await device.ask("revoke", message_id=message_id, phone=f"+{CONTACT}")

    assert answer.header["outcome"] == "revoked"
    _, deletion = await whatsapp.accepted(phone)
    assert (deletion.sent.content.kind, deletion.sent.content.about_id) == (Kind.REVOKE, message_id)
    assert deletion.sent.edit == "7"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (463, ("reachout_limited", False)),
        (479, ("stale_recipient", False)),
        (429, ("rate_limited", False)),
        (400, ("bad_request", True)),
        (403, ("not_allowed", True)),
        (599, ("whatsapp_599", False)),
    ],
)
async def test_what_whatsapp_refuses_is_rejected_and_the_next_one_goes_out(
    whatsapp: LoopbackServer, device: HostedDevice, phone: str, error: int, expected: tuple[str, bool]
) -> None:
    await whatsapp.on_next_messages(OnMessage.refuse(error), phone=phone)
    outcome = await device.send(CONTACT, "refused")

    assert isinstance(outcome, Rejected)
    assert (outcome.code, outcome.permanent) == expected
    await device.sent(CONTACT, "the next one")
    limited = [change.state for change in device.states if change.state is DeviceState.REACHOUT_LIMITED]
    assert bool(limited) == (error == 463)


async def test_a_lost_acknowledgement_is_unknown_and_the_next_message_goes_out_at_once(
    whatsapp: LoopbackServer, device: HostedDevice, phone: str
) -> None:
    await whatsapp.on_next_messages(OnMessage(Answer.LOSE_ACK), phone=phone)
    outcome = await device.send(CONTACT, "did you get it?")
    assert outcome == Unknown(f"WhatsApp has not acknowledged it within {SHORT['send_within']:g} s.")

    async with asyncio.timeout(3):
        await device.sent(CONTACT, "and this?")

    assert [accepted.times for accepted in await whatsapp.accepted(phone)] == [1, 1]
    assert (await whatsapp.account(phone)).logins == 2


async def test_a_message_under_way_when_the_line_drops_is_sent_under_the_same_id(
    whatsapp: LoopbackServer, device: HostedDevice, phone: str
) -> None:
    await whatsapp.on_next_messages(OnMessage(Answer.CLOSE_AFTER), phone=phone)
    message_id = await device.sent(CONTACT, "in the middle of it")

    (accepted,) = await whatsapp.accepted(phone)
    assert (accepted.sent.message_id, accepted.times) == (message_id, 2)


async def test_numbers_are_checked(whatsapp: LoopbackServer, device: HostedDevice) -> None:
    await whatsapp.take_off_whatsapp("15551230099")
    answer = await device.ask("check", phones=["+15551230098", "+15551230099"])

    assert answer.header["on_whatsapp"] == {"+15551230098": True, "+15551230099": False}
    assert answer.header["lids"] == {"+15551230098": await whatsapp.lid("15551230098")}
