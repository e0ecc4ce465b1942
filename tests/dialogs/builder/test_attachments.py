"""Every kind of Telegram message either becomes a message of the sequence, or is answered with what to do."""

import pytest
from aiogram.types import (
    Animation,
    Audio,
    Contact,
    Dice,
    Document,
    Location,
    PhotoSize,
    Poll,
    Sticker,
    Venue,
    Video,
    VideoNote,
    Voice,
)
from sqlalchemy import text

from engine.sequences.catalogue import SequenceCatalogue

FILE = {"file_id": "file", "file_unique_id": "1"}
PICTURE = {"width": 1, "height": 1, "duration": 1}
MEGABYTE = 1024 * 1024


@pytest.fixture
async def files(container, owner, sequence_id):
    """What is in the sequence: (kind, type, name, text)."""
    catalogue = await container.get(SequenceCatalogue)

    async def read() -> list[tuple[str, str, str, str]]:
        found = []
        for step in (await catalogue.card(owner, sequence_id)).steps:
            file = await catalogue.file(owner, step.id)
            assert file is not None
            found.append((file.kind, file.mime_type, file.file_name, step.body))
        return found

    return read


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ({"photo": [PhotoSize(**FILE, width=1, height=1)]}, ("image", "image/jpeg", "photo.jpg")),
        ({"video": Video(**FILE, **PICTURE, mime_type="video/mp4", file_name="tour.mp4")}, ("video", "video/mp4", "tour.mp4")),
        ({"video_note": VideoNote(**FILE, length=1, duration=1)}, ("video", "video/mp4", "video.mp4")),
        (
            {"animation": Animation(**FILE, **PICTURE, mime_type="video/mp4"), "document": Document(**FILE, mime_type="video/mp4")},
            ("video", "video/mp4", "video.mp4"),
        ),
        ({"document": Document(**FILE, mime_type="application/pdf", file_name="Prices 2026.pdf")}, ("document", "application/pdf", "Prices 2026.pdf")),
        ({"document": Document(**FILE)}, ("document", "application/octet-stream", "file")),
    ],
)  # fmt: skip
async def test_what_whatsapp_takes_is_in_with_its_name_and_type(builder, files, message, kept):
    await builder.drop_any(**message, caption="Day 2\nLook")
    assert await files() == [(*kept, "Look")]


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ({"audio": Audio(**FILE, duration=1, mime_type="audio/mpeg", file_name="jingle.mp3")}, ("audio/mpeg", "jingle.mp3")),
        ({"audio": Audio(**FILE, duration=1, mime_type="audio/x-m4a", file_name="memo.m4a")}, ("audio/mp4", "memo.m4a")),
        ({"voice": Voice(**FILE, duration=1, mime_type="audio/ogg; codecs=opus")}, ("audio/ogg", "voice.ogg")),
    ],
)  # fmt: skip
async def test_what_is_heard_has_no_text(builder, files, message, kept):
    await builder.drop_any(**message, caption="Day 2 10:00\nListen")
    assert "WhatsApp shows no text with an audio. Leave it out here, and send it as a message of" in builder.answer
    assert await files() == []
    await builder.drop_any(**message, caption="Day 2 10:00")
    assert await files() == [("audio", *kept, "")]
    await builder.press("1. Day 2 10:00")
    await builder.press("✏️ Text")
    await builder.say("Listen")
    assert "WhatsApp shows no text with an audio" in builder.answer


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ({"sticker": Sticker(**FILE, type="regular", width=1, height=1, is_animated=False, is_video=False)}, "as a photo"),
        ({"contact": Contact(phone_number="+60123456789", first_name="Ali")}, "the name and the number as text"),
        ({"location": Location(latitude=3.1, longitude=101.7)}, "a link to the map as text"),
        ({"venue": Venue(location=Location(latitude=3.1, longitude=101.7), title="Us", address="Here"), "location": Location(latitude=3.1, longitude=101.7)}, "its address"),
        ({"poll": Poll(id="1", question="?", options=[], total_voter_count=0, is_closed=False, is_anonymous=True, type="regular", allows_multiple_answers=False, allows_revoting=False, members_only=False)}, "Ask as text"),
        ({"dice": Dice(emoji="🎲", value=3)}, "A message can be text, a photo"),
        ({"video": Video(**FILE, **PICTURE, mime_type="video/quicktime")}, "not video/quicktime. Send it as a file instead"),
        ({"audio": Audio(**FILE, duration=1, mime_type="audio/flac")}, "not audio/flac. Send it as a file instead"),
        ({"video": Video(**FILE, **PICTURE, mime_type="video/mp4", file_size=17 * MEGABYTE)}, "at most 16 MB. Send it as a file instead"),
        ({"document": Document(**FILE, file_size=21 * MEGABYTE)}, "up to 20 MB"),
        ({"document": Document(**FILE, file_size=101 * MEGABYTE)}, "at most 100 MB. Send a smaller one"),
        ({"document": Document(**FILE, file_size=0)}, "This file is empty"),
        ({"photo": [PhotoSize(**FILE, width=1, height=1)], "media_group_id": "7"}, "An album is several messages"),
    ],
)  # fmt: skip
async def test_the_rest_is_answered_at_once_with_what_to_send_instead(builder, files, message, answer):
    await builder.drop_any(**message)
    assert answer in builder.answer
    assert await files() == []


async def test_a_caption_that_is_too_long_for_whatsapp_is_told(builder, files):
    photo = [PhotoSize(**FILE, width=1, height=1)]
    await builder.drop_any(photo=photo, caption="x" * 1025)
    assert "A caption can have 1,024 characters; this one has 1,025. Shorten it." in builder.answer
    assert await files() == []
    await builder.drop_any(photo=photo, caption="x" * 1024)
    assert len((await files())[0][3]) == 1024


async def test_the_same_file_in_two_messages_is_stored_once(builder, files, database):
    for day in (1, 2):
        await builder.drop_any(
            b"\xff\xd8 studio", photo=[PhotoSize(**FILE, width=1, height=1)], caption=f"Day {day}"
        )
    assert len(await files()) == 2
    async with database.transaction() as session:
        assert await session.scalar(text("SELECT count(*) FROM media")) == 1
