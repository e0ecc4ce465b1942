"""What a campaign sends."""

from dataclasses import dataclass

from models.enums import ContentKind


@dataclass(frozen=True, slots=True)
class Content:
    """`body` is a template, a caption if there is a file."""

    kind: ContentKind
    body: str
    media_id: int | None = None
