"""What a message of a sequence can be: its place, its text or caption, its file. Pure."""

from dataclasses import dataclass
from datetime import time

from engine.broadcast.media import check_media
from engine.broadcast.templating import check_body
from engine.errors import InvalidInputError
from engine.sequences.pasting import LAST_DAY, LONGEST_AFTER_JOIN, write_header
from models.enums import ContentKind


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that a step carries. `kind` is image, video, document or audio."""

    kind: ContentKind
    content: bytes
    mime_type: str
    file_name: str


@dataclass(frozen=True, slots=True)
class NewStep:
    """A message to add. With neither time it goes at the sequence's default time."""

    day: int
    send_time: time | None
    after_join_minutes: int | None
    body: str
    attachment: Attachment | None = None


def check_step(step: NewStep) -> None:
    """Raise InvalidInputError, naming the day, if this message could never be sent."""
    check_time(step.day, step.send_time, step.after_join_minutes)
    header = write_header(step.day, step.send_time, step.after_join_minutes)
    kind = ContentKind.TEXT
    if step.attachment is not None:
        kind = step.attachment.kind
        check_media(kind, step.attachment.mime_type, len(step.attachment.content))
    check_message(kind, step.body, header)


def check_message(kind: ContentKind, body: str, header: str) -> None:
    """Raise InvalidInputError if no message of this kind can say this."""
    if kind is ContentKind.TEXT and not body.strip():
        raise InvalidInputError(f"{header} has no text. Write the message below its day.")
    try:
        check_body(kind, body)
    except InvalidInputError as error:
        raise InvalidInputError(f"{header}: {error}") from None


def check_time(day: int, send_time: time | None, after_join_minutes: int | None) -> None:
    if not 1 <= day <= LAST_DAY:
        raise InvalidInputError(f"A day is a number from 1 to {LAST_DAY}.")
    if after_join_minutes is not None and (day != 1 or not 0 <= after_join_minutes <= LONGEST_AFTER_JOIN):
        raise InvalidInputError("“On joining” is possible on Day 1 only, and within its 24 hours.")
    if after_join_minutes is not None and send_time is not None:
        raise InvalidInputError("A message goes out at a time or on joining, not both.")
