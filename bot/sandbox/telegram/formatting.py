"""Texts as Telegram sees them: its HTML dialect parsed, entities found, lengths in UTF-16 code units.

The parser follows TDLib's `parse_html` (td/telegram/MessageEntity.cpp), its error texts included.
"""

import re
from dataclasses import dataclass, replace

from bot.sandbox.telegram.errors import bad_request
from bot.sandbox.telegram.state import Entity, EntityType, FormattedText

MAX_TEXT = 4096
MAX_CAPTION = 1024

_TAGS: dict[str, EntityType] = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
    "tg-emoji": "custom_emoji",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
_NAMED_CHARACTERS = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}

_PLAIN = re.compile(r"[^<&]+")
_CHARACTER = re.compile(r"&(#x[0-9a-fA-F]+|#[0-9]+|[a-zA-Z]+);?")
_TAG_NAME = re.compile(r"[^\s>]*")
_SPACE = re.compile(r"\s*")
_ATTRIBUTE_NAME = re.compile(r"[^\s=>/\"']*")
_NAME_TOKEN = re.compile(r"[a-zA-Z0-9.-]*")

_FOUND_IN_TEXT: tuple[tuple[EntityType, re.Pattern[str]], ...] = (
    ("url", re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)\]}']")),
    ("bot_command", re.compile(r"(?<!\S)/[a-zA-Z0-9_]{1,64}(?:@[a-zA-Z0-9_]{3,32})?(?![\w/])")),
)


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def parse_html(source: str) -> FormattedText:
    """Raises the Bot API's "can't parse entities" with the byte offset of the offending tag."""
    return _HtmlParser(source).parse()


def tidy(formatted: FormattedText) -> FormattedText:
    """Trim as Telegram trims, and find the entities nobody marked: links and bot commands."""
    text = formatted.text.rstrip()
    first = min((e.offset for e in formatted.entities), default=len(text))
    leading = min(len(text) - len(text.lstrip()), first)
    text = text[leading:]
    end = utf16_length(text)
    entities = [
        replace(e, offset=e.offset - leading, length=min(e.length, end - e.offset + leading))
        for e in formatted.entities
        if e.offset - leading < end
    ]
    for kind, pattern in _FOUND_IN_TEXT:
        for match in pattern.finditer(text):
            found = Entity(kind, utf16_length(text[: match.start()]), utf16_length(match.group()))
            if not any(_blocks(e, found) for e in entities):
                entities.append(found)
    return FormattedText(text, tuple(sorted(entities, key=lambda e: (e.offset, -e.length))))


def split_text(text: str) -> list[str]:
    """Cut a long paste as Telegram's apps do: at a line's end, else between words, else anywhere."""
    parts = []
    while utf16_length(text) > MAX_TEXT:
        piece = text.encode("utf-16-le")[: MAX_TEXT * 2].decode("utf-16-le", "ignore")
        cut = max(piece.rfind("\n"), 0) or max(piece.rfind(" "), 0) or len(piece)
        parts.append(text[:cut])
        text = text[cut:].lstrip()
    return [*parts, text]


def _blocks(entity: Entity, found: Entity) -> bool:
    overlaps = entity.offset < found.offset + found.length and found.offset < entity.offset + entity.length
    return overlaps and entity.type in {"text_link", "text_mention", "code", "pre", "url"}


@dataclass(frozen=True, slots=True)
class _OpenTag:
    name: str
    argument: str
    offset: int  # UTF-16 units of the plain text
    position: int  # pieces of the plain text


class _HtmlParser:
    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._pieces: list[str] = []
        self._offset = 0
        self._open: list[_OpenTag] = []
        self._entities: list[Entity] = []

    def parse(self) -> FormattedText:
        while self._at < len(self._source):
            if plain := _PLAIN.match(self._source, self._at):
                self._emit(plain.group(), plain.end())
            elif self._source[self._at] == "&":
                character, end = self._character(self._at)
                self._emit(character, end)
            elif self._source.startswith("</", self._at):
                self._end_tag()
            else:
                self._start_tag()
        if self._open:
            raise _unparsable(f'Can\'t find end tag corresponding to start tag "{self._open[-1].name}"')
        return FormattedText("".join(self._pieces), tuple(self._entities))

    def _emit(self, text: str, end: int) -> None:
        self._pieces.append(text)
        self._offset += utf16_length(text)
        self._at = end

    def _character(self, at: int) -> tuple[str, int]:
        """The character that an `&…;` stands for; a lone ampersand stands for itself."""
        match = _CHARACTER.match(self._source, at)
        if match is None:
            return "&", at + 1
        name = match.group(1)
        if not name.startswith("#"):
            return (_NAMED_CHARACTERS[name], match.end()) if name in _NAMED_CHARACTERS else ("&", at + 1)
        code = int(name[1:].lstrip("x"), 16 if name[1] == "x" else 10)
        if 0xD800 <= code <= 0xDFFF:
            raise _unparsable(
                "Text contains invalid Unicode characters after decoding HTML entities,"
                " check for unmatched surrogate code units"
            )
        return (chr(code), match.end()) if 0 < code < 0x10FFFF else ("&", at + 1)

    def _start_tag(self) -> None:
        begin = self._at
        name = self._take(_TAG_NAME, begin + 1).lower()
        if self._ended:
            raise self._fault("Unclosed start tag", begin)
        if name not in _TAGS:
            raise self._fault(f'Unsupported start tag "{name}"', begin)
        argument = ""
        while True:
            self._take(_SPACE, self._at)
            if self._source.startswith(">", self._at):
                break
            argument = self._attribute(name, begin) or argument
        self._at += 1
        if name == "span" and argument != "spoiler":
            raise self._fault('Tag "span" must have class "tg-spoiler"', begin)
        self._open.append(_OpenTag(name, argument, self._offset, len(self._pieces)))

    def _attribute(self, tag: str, begin: int) -> str:
        """Read one attribute; returns what it says about the entity, if anything."""
        attribute = self._take(_ATTRIBUTE_NAME, self._at)
        if not attribute:
            raise self._fault(f'Empty attribute name in the tag "{tag}"', begin)
        self._take(_SPACE, self._at)
        value = ""
        if self._source.startswith("=", self._at):
            self._take(_SPACE, self._at + 1)
            if self._ended:
                raise self._fault(f'Unclosed start tag "{tag}"', begin)
            value = self._attribute_value(begin)
        elif self._ended:
            raise self._fault(f'Unclosed start tag "{tag}"', begin)
        match tag, attribute:
            case ("a", "href") | ("tg-emoji", "emoji-id"):
                return value
            case "code", "class" if value.startswith("language-"):
                return value.removeprefix("language-")
            case "span", "class" if value.startswith("tg-"):
                return value.removeprefix("tg-")
            case "blockquote", "expandable":
                return "expandable"
        return ""

    def _attribute_value(self, begin: int) -> str:
        quote = self._source[self._at]
        if quote not in "\"'":
            token_begin = self._at
            value = self._take(_NAME_TOKEN, self._at).lower()
            if not self._ended and not self._source[self._at].isspace() and self._source[self._at] != ">":
                raise self._fault("Unexpected end of name token", token_begin)
        else:
            value, at = "", self._at + 1
            while at < len(self._source) and self._source[at] != quote:
                character, at = self._character(at) if self._source[at] == "&" else (self._source[at], at + 1)
                value += character
            self._at = at + 1
        if self._ended:
            raise self._fault("Unclosed start tag", begin)
        return value

    def _end_tag(self) -> None:
        begin = self._at
        if not self._open:
            raise self._fault("Unexpected end tag", begin)
        name = self._take(_TAG_NAME, begin + 2)
        self._take(_SPACE, self._at)
        if not self._source.startswith(">", self._at):
            raise self._fault("Unclosed end tag", begin)
        self._at += 1
        tag = self._open.pop()
        if name and name != tag.name:
            found = f'expected "</{tag.name}>", found "</{name}>"'
            raise _unparsable(f"Unmatched end tag at byte offset {self._byte_offset(begin)}, {found}")
        if self._offset > tag.offset and (entity := self._entity(tag)):
            self._entities.append(entity)

    def _entity(self, tag: _OpenTag) -> Entity | None:
        kind = _TAGS[tag.name]
        entity = Entity(kind, tag.offset, self._offset - tag.offset)
        if any(_TAGS[outer.name] == kind for outer in self._open):
            return None  # bold within bold is one bold
        match kind:
            case "text_link":
                return _link(entity, tag.argument or "".join(self._pieces[tag.position :]))
            case "custom_emoji":
                return replace(entity, custom_emoji_id=tag.argument)
            case "blockquote" if tag.argument:
                return replace(entity, type="expandable_blockquote")
            case "pre" if self._entities and (inner := self._entities[-1]).type == "code":
                if (inner.offset, inner.length) == (entity.offset, entity.length):
                    self._entities.pop()
                    return replace(entity, language=inner.language)
            case "code" if tag.argument and any(outer.name == "pre" for outer in self._open):
                return replace(entity, language=tag.argument)
        return entity

    @property
    def _ended(self) -> bool:
        return self._at >= len(self._source)

    def _take(self, pattern: re.Pattern[str], at: int) -> str:
        match = pattern.match(self._source, at)
        self._at = match.end() if match else at
        return match.group() if match else ""

    def _byte_offset(self, at: int) -> int:
        return len(self._source[:at].encode())

    def _fault(self, what: str, at: int) -> Exception:
        return _unparsable(f"{what} at byte offset {self._byte_offset(at)}")


def _link(entity: Entity, target: str) -> Entity | None:
    if mention := re.fullmatch(r"tg://user\?id=(\d+)", target):
        return replace(entity, type="text_mention", user_id=int(mention.group(1)))
    if re.match(r"(https?|tg|tonsite)://\S", target):
        return replace(entity, url=target)
    if re.match(r"[\w-]+(\.[\w-]+)+\S*$", target):
        return replace(entity, url=f"http://{target}")
    return None  # as Telegram: the text stays, the link goes


def _unparsable(text: str) -> Exception:
    return bad_request(f"can't parse entities: {text}")
