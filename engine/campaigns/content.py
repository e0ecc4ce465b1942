"""What a campaign sends."""

from dataclasses import dataclass

from engine.broadcast.templating import check_body
from engine.errors import InvalidInputError
from models.enums import ContentKind


@dataclass(frozen=True, slots=True)
class Content:
    """`body` is a template, a caption if there is a file."""

    kind: ContentKind
    body: str
    media_id: int | None = None


def check_content(content: Content) -> None:
    """Raise InvalidInputError, in the operator's words, if no message can say this. The file is not looked at."""
    if content.kind is ContentKind.TEXT and content.media_id is not None:
        raise InvalidInputError("A text has no file. Send it as a picture, a video, a document or an audio.")
    if content.kind is not ContentKind.TEXT and content.media_id is None:
        raise InvalidInputError(f"The file of this {content.kind} is missing; send it once more.")
    if content.kind is ContentKind.TEXT and not content.body.strip():
        raise InvalidInputError("A message needs a text or a file.")
    check_body(content.kind, content.body)
