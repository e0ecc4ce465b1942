"""The dictionary of the binary protocol: words that are sent as one byte, or as two. Its source is in README.md."""

import json
from pathlib import Path

_WORDS = json.loads(Path(__file__).with_name("tokens.json").read_text())

SINGLE: tuple[str, ...] = tuple(_WORDS["single"])
"""By their byte; the first stands for nothing."""
DOUBLE: tuple[tuple[str, ...], ...] = tuple(tuple(page) for page in _WORDS["double"])
"""By page and then by the second byte."""
FIRST_PAGE = len(SINGLE)
"""The byte that announces a word of the first page."""

ENCODED: dict[str, bytes] = {
    **{
        word: bytes((FIRST_PAGE + number, at))
        for number, page in enumerate(DOUBLE)
        for at, word in enumerate(page)
    },
    **{word: bytes((at,)) for at, word in enumerate(SINGLE) if word},
}
