"""Words that end or resume the right to write to someone (DESIGN.md 4.6). Pure."""

import unicodedata
from collections.abc import Iterable

STOP_WORDS = (
    "STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPT OUT",
    "BERHENTI", "TAK NAK", "退订", "退訂",
)  # fmt: skip
START_WORD = "START"


def is_stop(text: str, own_words: Iterable[str] = ()) -> bool:
    """Whether the whole message is a stop word, of the product or of the workspace."""
    bare = _bare(text)
    return bool(bare) and (bare in _STOP or any(bare == _bare(word) for word in own_words))


def is_start(text: str) -> bool:
    return _bare(text) == _START


def _bare(text: str) -> str:
    """Letters, marks and digits only, case folded: "S.T.O.P 🙏" is "stop".

    Marks stay: without its vowel signs a Thai or Tamil word is another word.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return "".join(
        character
        for character in folded
        if unicodedata.category(character)[0] in "LMN" and not _is_variation_selector(character)
    )


def _is_variation_selector(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f"


_STOP = frozenset(map(_bare, STOP_WORDS))
_START = _bare(START_WORD)
