"""What the server remembers: people, chats, files, messages. Plain values, stored as JSON by `store.py`."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class MediaKind(StrEnum):
    PHOTO = "photo"
    DOCUMENT = "document"
    VIDEO = "video"
    AUDIO = "audio"
    ANIMATION = "animation"


EntityType = Literal[
    "bold",
    "italic",
    "underline",
    "strikethrough",
    "spoiler",
    "blockquote",
    "expandable_blockquote",
    "code",
    "pre",
    "text_link",
    "text_mention",
    "custom_emoji",
    "url",
    "mention",
    "hashtag",
    "cashtag",
    "email",
    "phone_number",
    "bot_command",
]


@dataclass(frozen=True, slots=True)
class User:
    id: int
    first_name: str
    username: str | None = None
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class Chat:
    """A private chat has the id of its user, a group a negative one.

    `bot_may_write`: in a group the bot is a member; in a private chat the user wrote first.
    """

    id: int
    title: str
    bot_may_write: bool = False
    pinned_message_id: int | None = None

    @property
    def is_private(self) -> bool:
        return self.id > 0


@dataclass(frozen=True, slots=True)
class Entity:
    """A formatted span of a text; offset and length in UTF-16 code units, as Telegram counts."""

    type: EntityType
    offset: int
    length: int
    url: str | None = None
    language: str | None = None
    custom_emoji_id: str | None = None
    user_id: int | None = None


@dataclass(frozen=True, slots=True)
class FormattedText:
    text: str = ""
    entities: tuple[Entity, ...] = ()


@dataclass(frozen=True, slots=True)
class File:
    """`unique_id` names the content, `file_path` is where the Bot API lets it be downloaded.

    Width, height (pixels) and duration (seconds) are 0 where nobody said.
    """

    file_id: str
    unique_id: str
    file_path: str
    kind: MediaKind
    file_name: str
    mime_type: str
    size: int
    width: int = 0
    height: int = 0
    duration: int = 0


@dataclass(frozen=True, slots=True)
class Button:
    """Exactly one of `callback_data` and `url` is set."""

    text: str
    callback_data: str | None = None
    url: str | None = None


Keyboard = tuple[tuple[Button, ...], ...]

Service = Literal["joined", "left", "pinned"]


@dataclass(frozen=True, slots=True)
class Message:
    """`content` is the text, or the caption where there is media. Instants are Unix seconds."""

    message_id: int
    chat_id: int
    sender_id: int
    date: int
    content: FormattedText = FormattedText()
    media: File | None = None
    keyboard: Keyboard = ()
    edit_date: int | None = None
    reply_to_message_id: int | None = None
    media_group_id: str | None = None
    service: Service | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    url: str
    secret_token: str = ""
