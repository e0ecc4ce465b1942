"""How texts, counts and files are written: between Telegram's formatting and WhatsApp's, and in words. Pure."""

import html
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime

from aiogram.types import MessageEntity
from aiogram.utils.text_decorations import TextDecoration

from models.enums import ContentKind


class _WhatsApp(TextDecoration):
    """WhatsApp knows bold, italic, strikethrough and monospace; everything else is plain text."""

    def bold(self, value: str) -> str:
        return _wrap("*", value)

    def italic(self, value: str) -> str:
        return _wrap("_", value)

    def strikethrough(self, value: str) -> str:
        return _wrap("~", value)

    def code(self, value: str) -> str:
        return _wrap("```", value)

    def pre(self, value: str) -> str:
        return _wrap("```", value)

    def pre_language(self, value: str, language: str) -> str:  # noqa: ARG002
        return _wrap("```", value)

    def link(self, value: str, link: str) -> str:
        return value if value == link else f"{value} ({link})"

    def underline(self, value: str) -> str:
        return value

    def spoiler(self, value: str) -> str:
        return value

    def quote(self, value: str) -> str:
        return value

    def custom_emoji(self, value: str, custom_emoji_id: str) -> str:  # noqa: ARG002
        return value

    def date_time(self, value: str, unix_time: int | datetime, date_time_format: str | None = None) -> str:  # noqa: ARG002
        return value

    def blockquote(self, value: str) -> str:
        return value

    def expandable_blockquote(self, value: str) -> str:
        return value


def to_whatsapp(text: str, entities: Sequence[MessageEntity] | None) -> str:
    """Write Telegram's bold as `*bold*`, and so on."""
    return _WhatsApp().unparse(text, list(entities or []))


def to_telegram_html(text: str) -> str:
    """Show WhatsApp's formatting in Telegram; everything else is escaped."""
    shown = html.escape(text, quote=False)
    for mark, tag in (("```", "code"), (r"\*", "b"), ("_", "i"), ("~", "s")):
        shown = re.sub(rf"(?<!\w){mark}(?=\S)(.+?)(?<=\S){mark}(?!\w)", rf"<{tag}>\1</{tag}>", shown)
    return shown


def counted(count: int, one: str, many: str = "") -> str:
    """Write "1 device" or "1,200 devices"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def people(count: int) -> str:
    return counted(count, "person", "people")


def short_date(day: date) -> str:
    """Write "Fri 5 Jan"."""
    return f"{day:%a} {day.day} {day:%b}"


FILTERS: dict[str, Callable[..., str]] = {"counted": counted, "people": people}  # of the templates of all windows


def file_label(kind: ContentKind, file_name: str) -> str:
    """Name the file of a message as its receiver would: only a document shows its name."""
    match kind:
        case ContentKind.IMAGE:
            return "🖼 photo"
        case ContentKind.VIDEO:
            return "🎬 video"
        case ContentKind.AUDIO:
            return "🎵 audio"
        case _:
            return f"📎 {file_name}"


def _wrap(mark: str, value: str) -> str:
    """Put the marks around the words: WhatsApp ignores marks with a space on their inner side."""
    words = value.strip()
    return value.replace(words, f"{mark}{words}{mark}", 1) if words else value
