"""Words that end or resume the right to write to someone (DESIGN.md 4.6). Pure."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from engine.errors import InvalidInputError

STOP_WORDS = (
    "STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPT OUT",
    "BERHENTI", "TAK NAK", "退订", "退訂",
)  # fmt: skip
START_WORD = "START"
MOST_OWN_WORDS = 50
LONGEST_OWN_WORD = 40

# Letters that are seen by nobody, and marks that only say how the letter before them is drawn.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
_KEYCAP = re.compile("[0-9#*]\ufe0f?\u20e3")
_DRAWN_AS_EMOJI = re.compile("[\u2100-\u2bff\u3200-\u32ff]\ufe0f")
_ENCLOSED_LETTER = re.compile("[\u24b6-\u24e9\U0001f110-\U0001f149]")


def is_stop(text: str, own_words: Iterable[str] = ()) -> bool:
    """Whether the whole message is a stop word, of the product or of the workspace."""
    bare = _bare(text)
    return bool(bare) and (bare in _STOP or any(bare == _bare_word(word) for word in own_words))


def is_start(text: str) -> bool:
    return _bare(text) == _START


def read_own_word(text: str, words: Iterable[str]) -> str:
    """Read a stop word that somebody typed for their team, which has `words`. Raises InvalidInputError."""
    word, known = " ".join(text.split()), list(words)
    bare = _bare(word)
    if not bare:
        raise InvalidInputError("A stop word needs letters: a sign or an emoji alone would stop nobody.")
    if len(word) > LONGEST_OWN_WORD:
        raise InvalidInputError(
            f"That is too long for a stop word: it counts only as the whole message. At most {LONGEST_OWN_WORD} "
            "characters."
        )
    if not word.isprintable():
        raise InvalidInputError("The word contains a character that cannot be seen; type it anew.")
    if bare == _START:
        raise InvalidInputError(f"{START_WORD} is how people come back; it cannot stop them.")
    if bare in _STOP:
        raise InvalidInputError(f"“{word}” stops everybody already; it need not be added.")
    if any(bare == _bare(one) for one in known):
        raise InvalidInputError(f"“{word}” is among your stop words already; case and signs make no difference.")
    if len(known) >= MOST_OWN_WORDS:
        raise InvalidInputError(f"There are {MOST_OWN_WORDS} stop words; remove one first.")
    return word


def _bare(text: str) -> str:
    """Letters, marks and digits only, case folded: "S.T.O.P 🙏" is "stop".

    Marks stay: without its vowel signs a Thai or Tamil word is another word.
    """
    written = _INVISIBLE.sub("", "".join(map(_unless_emoji, _DRAWN_AS_EMOJI.sub("", _KEYCAP.sub("", text)))))
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", written).casefold())
    return "".join(
        character
        for character in _INVISIBLE.sub("", folded)
        if unicodedata.category(character)[0] in "LMN" and unicodedata.category(character) != "Me"
    )


@lru_cache(maxsize=1024)
def _bare_word(word: str) -> str:
    """A team's own words are asked for with every sentence that anybody writes."""
    return _bare(word)


def _unless_emoji(character: str) -> str:
    """Drop what is a picture; some pictures, such as ㊙, would otherwise be read as the letters in them."""
    is_picture = unicodedata.category(character) == "So" and not _ENCLOSED_LETTER.match(character)
    return "" if is_picture else character


_STOP = frozenset(map(_bare, STOP_WORDS))
_START = _bare(START_WORD)
