"""How texts, counts and files are written: between Telegram's formatting and WhatsApp's, and in words. Pure."""

import html
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime

from aiogram.types import MessageEntity
from aiogram.utils.text_decorations import TextDecoration

from models.enums import ContentKind

_MARKED = {"bold", "italic", "strikethrough", "code"}
_TAGS = {"```": "code", "*": "b", "_": "i", "~": "s"}
# A mark counts where no letter or digit is on its outer side and no space on its inner; what stands between two of
# them is on one line, unless it is monospace.
_SPAN = re.compile(
    r"(?<![^\W_])(?:```(?=\S)(?P<code>(?s:.+?))(?<=\S)```|(?P<mark>[*_~])(?=\S)(?P<marked>.+?)(?<=\S)(?P=mark))(?![^\W_])"
)


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
        on_telegram = link.startswith("tg:")  # a mention of somebody, which leads nowhere on WhatsApp
        return value if on_telegram or value == link else f"{value} ({link})"

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
    """Write Telegram's bold as `*bold*`, and so on. What marks would not show stays plain: a part of a word."""
    return _WhatsApp().unparse(text, _showable(text, entities or []))


def to_telegram_html(text: str) -> str:
    """Show WhatsApp's formatting in Telegram; everything else is escaped."""
    return _SPAN.sub(_in_html, html.escape(text, quote=False))


def _in_html(span: re.Match[str]) -> str:
    if span["code"] is not None:
        return f"<code>{span['code']}</code>"
    tag = _TAGS[span["mark"]]
    return f"<{tag}>{_SPAN.sub(_in_html, span['marked'])}</{tag}>"


def _showable(text: str, entities: Sequence[MessageEntity]) -> list[MessageEntity]:
    """Leave out the marks that would begin or end inside of a word."""
    units = text.encode("utf-16-le")  # what offsets count

    def inside_of_a_word(at: int) -> bool:
        before, after = units[: 2 * at].decode("utf-16-le"), units[2 * at :].decode("utf-16-le")
        return before[-1:].isalnum() and after[:1].isalnum()

    return [
        one
        for one in entities
        if one.type not in _MARKED
        or not (inside_of_a_word(one.offset) or inside_of_a_word(one.offset + one.length))
    ]


def counted(count: int, one: str, many: str = "") -> str:
    """Write "1 device" or "1,200 devices"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def people(count: int) -> str:
    return counted(count, "person", "people")


def short_date(day: date) -> str:
    """Write "Fri 5 Jan"."""
    return f"{day:%a} {day.day} {day:%b}"


def few(names: Sequence[str], most: int = 5) -> str:
    """Write "Sales-1, Sales-2 and 95 more"."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown


def verb(word: str, count: int) -> str:
    """Write "1 goes out", "2 go out"."""
    if count != 1:
        return word
    return f"{word}es" if word.endswith("o") else f"{word}s"


# Of the templates of all windows.
FILTERS: dict[str, Callable[..., str]] = {"counted": counted, "people": people, "few": few}


LONGEST_FILE_NAME = 60  # as it is shown


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
            return f"📎 {file_name[:LONGEST_FILE_NAME]}"


def _wrap(mark: str, value: str) -> str:
    """Put the marks around the words of each line: WhatsApp ignores marks with a space on their inner side.

    Monospace may go over several lines.
    """
    parts = [value] if mark == "```" else value.split("\n")
    return "\n".join(_wrap_line(mark, part) for part in parts)


def _wrap_line(mark: str, value: str) -> str:
    words = value.strip()
    return value.replace(words, f"{mark}{words}{mark}", 1) if words else value
