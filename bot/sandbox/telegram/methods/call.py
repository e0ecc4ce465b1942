"""One call of a Bot API method: its parameters as they came (JSON or form), read with types."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot.sandbox.telegram.errors import BotApiError, bad_request, forbidden
from bot.sandbox.telegram.formatting import MAX_CAPTION, MAX_TEXT, parse_html, tidy, utf16_length
from bot.sandbox.telegram.media import Upload
from bot.sandbox.telegram.state import Button, Chat, Entity, FormattedText, Keyboard
from bot.sandbox.telegram.world import World

_ENTITIES = TypeAdapter(tuple[Entity, ...])
_MAX_BUTTONS = 100
_MAX_CALLBACK_DATA = 64  # bytes


@dataclass(frozen=True, slots=True)
class Call:
    parameters: Mapping[str, Any] = field(default_factory=dict)
    uploads: Mapping[str, Upload] = field(default_factory=dict)

    def text(self, name: str) -> str:
        value = self.parameters.get(name)
        return "" if value is None else str(value)

    def integer(self, name: str, default: int = 0) -> int:
        try:
            return int(self.parameters.get(name, default))
        except (TypeError, ValueError):
            return default

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in {"true", "1", "yes"}

    def json(self, name: str) -> Any:
        """Forms carry objects and lists as JSON text, JSON bodies as they are."""
        value = self.parameters.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise _not_json(name) from None

    def object(self, name: str) -> dict[str, Any]:
        value = self.json(name) or {}
        if not isinstance(value, dict):
            raise _not_json(name)
        return value

    def strings(self, name: str) -> list[str] | None:
        value = self.json(name)
        return [str(item) for item in value] if isinstance(value, list) else None

    def objects(self, name: str) -> list[dict[str, Any]]:
        value = self.json(name)
        return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []

    def chat_id(self) -> int | None:
        return self.integer("chat_id") or None

    def chat(self, world: World) -> Chat:
        """The chat, if the bot may act there."""
        if not self.text("chat_id"):
            raise bad_request("chat_id is empty")
        chat = world.store.chat(self.integer("chat_id"))
        if chat is None:
            raise bad_request("chat not found")
        if chat.bot_may_write:
            return chat
        raise forbidden(
            "bot can't initiate conversation with a user"
            if chat.is_private
            else "bot is not a member of the group chat"
        )

    def message_text(self) -> FormattedText:
        content = self._formatted("text", "entities")
        if not content.text:
            raise bad_request("message text is empty")
        if utf16_length(content.text) > MAX_TEXT:
            raise bad_request("message is too long")
        return content

    def caption(self) -> FormattedText:
        content = self._formatted("caption", "caption_entities")
        if utf16_length(content.text) > MAX_CAPTION:
            raise bad_request("message caption is too long")
        return content

    def reply_to(self, world: World, chat: Chat) -> int | None:
        """The message replied to, by `reply_parameters` or by its older form."""
        reply = self.object("reply_parameters") or {
            "message_id": self.integer("reply_to_message_id"),
            "allow_sending_without_reply": self.flag("allow_sending_without_reply"),
        }
        message_id = reply.get("message_id")
        if not message_id or world.store.message(chat.id, int(message_id)):
            return message_id or None
        if reply.get("allow_sending_without_reply"):
            return None
        raise bad_request("message to be replied not found")

    def keyboard(self, *, inline_only: bool = False) -> Keyboard:
        """The inline keyboard; other keyboards do not exist here and are passed over."""
        markup = self.object("reply_markup")
        if not markup:
            return ()
        if "inline_keyboard" not in markup:
            if inline_only:
                raise bad_request("inline keyboard expected")
            return ()
        rows = [tuple(_button(button) for button in row) for row in markup["inline_keyboard"]]
        if sum(len(row) for row in rows) > _MAX_BUTTONS:
            raise bad_request("reply markup is too long")
        return tuple(row for row in rows if row)

    def _formatted(self, text_name: str, entities_name: str) -> FormattedText:
        text = self.text(text_name).replace("\r", "")
        mode = self.text("parse_mode").lower()
        if mode == "html":
            return tidy(parse_html(text))
        if mode:
            raise bad_request("unsupported parse_mode")
        try:
            entities = _ENTITIES.validate_python(self.json(entities_name) or ())
        except ValidationError:
            raise _not_json(entities_name) from None
        return tidy(FormattedText(text, entities))


def _not_json(name: str) -> BotApiError:
    return bad_request(f"can't parse {name.replace('_', ' ')} JSON object")


def _button(button: dict[str, Any]) -> Button:
    text, data, url = (button.get(name) for name in ("text", "callback_data", "url"))
    if not text:
        raise bad_request("can't parse inline keyboard button: Can't find field \"text\"")
    if data is not None:
        if not data or len(str(data).encode()) > _MAX_CALLBACK_DATA:
            raise bad_request("BUTTON_DATA_INVALID")
        return Button(str(text), callback_data=str(data))
    if url is not None:
        if not str(url).startswith(("http://", "https://", "tg://")):
            raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
        return Button(str(text), url=str(url))
    if len(button) > 1:
        raise bad_request("BUTTON_TYPE_INVALID")  # real elsewhere; here buttons call back or open a page
    raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
