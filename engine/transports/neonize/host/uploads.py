"""One device's uploaded files: sent once to WhatsApp, and named again to every further recipient."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from time import time
from typing import Any

from engine.transports.neonize.host.media_facts import MediaFacts

# WhatsApp says in a file's path until when it serves it, as seconds in hexadecimal digits.
_SERVED_UNTIL = re.compile(r"[?&]oe=([0-9A-Fa-f]{6,16})(?:&|$)")
MARGIN = 24 * 3600.0  # a phone that is off comes later
UNSAID = 24 * 3600.0  # how long without such a word
LONGEST = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Upload:
    """`handle` is what the library gave for it."""

    handle: Any
    facts: MediaFacts
    until: float


class Uploads:
    def __init__(self, clock: Callable[[], float] = time) -> None:
        self._clock = clock
        self._known: dict[tuple[str, str], Upload] = {}

    def get(self, kind: str, sha256: str) -> Upload | None:
        """WhatsApp keeps files by kind: one that was sent as a document is no picture."""
        self._known = {key: upload for key, upload in self._known.items() if upload.until > self._clock()}
        return self._known.get((kind, sha256))

    def keep(self, kind: str, sha256: str, handle: Any, facts: MediaFacts) -> Upload:
        upload = Upload(handle, facts, self._usable_until(handle.DirectPath))
        self._known[kind, sha256] = upload
        return upload

    def _usable_until(self, path: str) -> float:
        now = self._clock()
        said = _SERVED_UNTIL.search(path)
        if said is None:
            return now + UNSAID
        return min(int(said[1], 16) - MARGIN, now + LONGEST)
