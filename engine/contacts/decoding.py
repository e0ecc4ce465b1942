"""Which encoding the bytes of a text are in. Pure."""

import codecs
import re

from engine.errors import InvalidInputError

ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "cp1252", "latin-1", "gb18030", "big5")

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ALIASES = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}
_STEP = 1024 * 1024
_SAMPLE = 64 * 1024
_CONTROL = re.compile(r"[\x01-\x08\x0e-\x1f\x7f]")
_HANZI = re.compile("[\u3400-\u9fff]+")
# What people are called and live in is nearly all among the commonest characters, which come first in both sets.
_COMMON = {"gb18030": (0xB0, 0xD7), "big5": (0xA4, 0xC6)}


def find_encoding(data: bytes, chosen: str | None) -> tuple[str, int]:
    """Return the encoding and how many bytes at the start are its mark.

    A chosen encoding is obeyed, even if some bytes then make no sense. Raises InvalidInputError when it is
    not one of `ENCODINGS`.
    """
    marked = next(((name, len(mark)) for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), None)
    if chosen is not None:
        encoding = _ALIASES.get(chosen, chosen)
        if encoding not in ENCODINGS:
            raise InvalidInputError(f"“{chosen}” cannot be read. Choose one of: {', '.join(ENCODINGS)}.")
        if chosen == "utf-16" and marked and marked[0].startswith("utf-16"):
            return marked
        return encoding, marked[1] if marked and marked[0] == encoding else 0
    if marked and _decodes(data, marked[0]):
        return marked
    return _guess(data), 0


def looks_like_text(data: bytes, encoding: str) -> bool:
    """Whether there are hardly any control characters in it, and no NUL."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    controls = characters = 0
    for start in range(0, len(data), _STEP):
        text = decoder.decode(data[start : start + _STEP])
        if "\0" in text:
            return False
        characters += len(text)
        controls += len(_CONTROL.findall(text))
    return controls <= 8 + characters // 200


def _guess(data: bytes) -> str:
    """Old Excel writes cp1252, or the code page of its country; latin-1 takes any bytes."""
    unmarked = _utf16_by_its_zeros(data)
    if unmarked and _decodes(data, unmarked):
        return unmarked
    if _decodes(data, "utf-8"):
        return "utf-8"
    chinese = max(_COMMON, key=lambda encoding: _chineseness(data, encoding))
    if _chineseness(data, chinese) > 0.8 and _decodes(data, chinese):
        return chinese
    return "cp1252" if _decodes(data, "cp1252") else "latin-1"


def _decodes(data: bytes, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for start in range(0, len(data), _STEP):
            decoder.decode(data[start : start + _STEP])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _utf16_by_its_zeros(data: bytes) -> str | None:
    """Digits and separators have a zero byte: always before or always behind the other one."""
    sample = data[:_SAMPLE]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) * 10 < len(sample) or min(even, odd) * 20 > max(even, odd):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _chineseness(data: bytes, encoding: str) -> float:
    """The share of common characters, in words of their own, among all that is not ASCII: 0 to 1.

    é and ü make a Chinese character as well, but a lonely one, and out of the letter behind.
    """
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(data[:_SAMPLE])
    except UnicodeDecodeError:
        return 0.0
    foreign = sum(not character.isascii() for character in text)
    first, last = _COMMON[encoding]
    common = sum(
        sum(first <= character.encode(encoding)[0] <= last for character in word[0])
        for word in _HANZI.finditer(text)
        if len(word[0]) > 1 and not _touches_a_letter(text, word)
    )
    return common / foreign if foreign else 0.0


def _touches_a_letter(text: str, word: re.Match[str]) -> bool:
    around = text[max(0, word.start() - 1) : word.start()] + text[word.end() : word.end() + 1]
    return any(character.isascii() and character.isalpha() for character in around)
