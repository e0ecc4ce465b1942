"""What messages say, written and read again. That the numbers are WhatsApp's, the real library proves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.whatsapp_loopback import protobuf
from tests.whatsapp_loopback.contents import Attachment, Content, Kind, read, written

FILES = [Kind.IMAGE, Kind.VIDEO, Kind.AUDIO, Kind.DOCUMENT, Kind.STICKER]
TEXT = Content(kind=Kind.TEXT, text="Hello")

attachments = st.builds(
    Attachment,
    mime_type=st.text(min_size=1),
    url=st.text(),
    direct_path=st.text(),
    key=st.binary(),
    sha256=st.binary(),
    wrapped_sha256=st.binary(),
    length=st.integers(min_value=0, max_value=2**63),
    thumbnail=st.binary(),
)


@given(st.sampled_from(FILES), attachments, st.text(), st.text(), st.text())
def test_a_file_is_read_as_it_was_written(
    kind: Kind, attachment: Attachment, caption: str, quoted_id: str, sent_to: str
) -> None:
    content = Content(
        kind=kind,
        text=caption if kind in (Kind.IMAGE, Kind.VIDEO, Kind.DOCUMENT) else "",
        attachment=attachment,
        quoted_id=quoted_id,
        sent_to=sent_to,
    )
    assert read(written(content)) == content
    assert read(written(content)).media_sha256 == attachment.sha256.hex()


@pytest.mark.parametrize(
    "content",
    [
        TEXT,
        Content(kind=Kind.TEXT, text=""),
        Content(kind=Kind.TEXT, text="Yes", quoted_id="3EB0", quoted_sender="1@lid", quoted_text="Shall we call?"),
        Content(kind=Kind.TEXT, text="see https://example.org", has_link_preview=True),
        Content(kind=Kind.TEXT, text="typed on the phone", sent_to="15551230001@s.whatsapp.net"),
        Content(kind=Kind.CONTACT, text="Ann"),
        Content(kind=Kind.LOCATION, text="The shop"),
        Content(kind=Kind.POLL, text="When?"),
        Content(kind=Kind.REACTION, text="👍", about_id="3EB0"),
        Content(kind=Kind.REVOKE, about_id="3EB0"),
        Content(kind=Kind.EDIT, text="Hello!", about_id="3EB0"),
    ],
    ids=lambda content: content.kind,
)
def test_a_message_is_read_as_it_was_written(content: Content) -> None:
    assert read(written(content)) == content


def test_a_voice_note_and_a_document_keep_what_only_they_have() -> None:
    file = {
        "mime_type": "x/y", "url": "u", "direct_path": "p", "key": b"k", "sha256": b"s", "wrapped_sha256": b"w", "length": 1,
    }  # fmt: skip
    note = Content(kind=Kind.AUDIO, attachment=Attachment(**file, seconds=7, is_voice_note=True))
    assert read(written(note)) == note
    document = Content(kind=Kind.DOCUMENT, attachment=Attachment(**file, file_name="Prices.pdf"))
    assert read(written(document)) == document


@pytest.mark.parametrize("number", [37, 40, 53, 55, 58, 59])
def test_a_wrapped_message_is_unwrapped(number: int) -> None:
    wrapped = protobuf.encode({number: {1: {1: "Hello"}}})
    assert read(wrapped) == TEXT


@pytest.mark.parametrize("number", [2, 5, 6, 16, 19])
def test_whatever_belongs_to_a_link_preview_is_one(number: int) -> None:
    assert read(protobuf.encode({6: {1: "https://example.org", number: b"x"}})).has_link_preview


def test_a_text_that_is_only_extended_has_no_preview() -> None:
    assert read(protobuf.encode({6: {1: "Hello"}, 35: {3: b"secret"}})) == TEXT


@pytest.mark.parametrize("message", [b"", protobuf.encode({12: {2: 6}}), protobuf.encode({31: {1: "x@lid"}})])
def test_what_says_nothing_to_a_person_is_other(message: bytes) -> None:
    assert read(message).kind is Kind.OTHER


def test_what_cannot_be_written_is_said() -> None:
    for kind in (Kind.OTHER, Kind.IMAGE):
        with pytest.raises(ValueError, match=kind):
            written(Content(kind=kind))


def test_bytes_that_are_no_message_are_refused() -> None:
    with pytest.raises(protobuf.NotProtobufError):
        read(b"\x0a\xff")
