"""429: on demand for tests, and by Telegram's real limits where they are switched on."""

import math
import time
from collections import defaultdict, deque
from dataclasses import dataclass

from bot.sandbox.telegram.errors import too_many_requests


@dataclass(slots=True)
class _Window:
    """At most `size` calls in any `seconds`."""

    size: int
    seconds: float
    calls: deque[float]

    def wait(self, now: float) -> float:
        """Seconds until one more call is allowed; 0 if now."""
        while self.calls and self.calls[0] <= now - self.seconds:
            self.calls.popleft()
        return 0 if len(self.calls) < self.size else self.calls[0] + self.seconds - now


@dataclass(slots=True)
class _Flood:
    method: str | None
    retry_after: int
    times: int


class Throttle:
    """Real limits (core.telegram.org/bots/faq): 30 messages/s in all, 1/s a private chat, 20/min a group.

    Edits count in all only; what writes to no chat does not count.
    """

    def __init__(self, *, enforce: bool) -> None:
        self._enforce = enforce
        self._all = _Window(30, 1.0, deque())
        self._private = defaultdict[int, _Window](lambda: _Window(1, 1.0, deque()))
        self._groups = defaultdict[int, _Window](lambda: _Window(20, 60.0, deque()))
        self._floods: list[_Flood] = []

    def flood(self, method: str | None, retry_after: int, times: int) -> None:
        """Refuse the next `times` calls of this method, or of any that names a chat."""
        self._floods.append(_Flood(method.lower() if method else None, retry_after, times))

    def check(self, method: str, chat_id: int | None) -> None:
        """`method` in lower case. Raises the 429 if this call is one too many."""
        for flood in self._floods:
            if method == flood.method or (flood.method is None and chat_id is not None):
                flood.times -= 1
                if flood.times <= 0:
                    self._floods.remove(flood)
                raise too_many_requests(flood.retry_after)
        if self._enforce and chat_id is not None:
            self._count(method, chat_id)

    def _count(self, method: str, chat_id: int) -> None:
        sends = method.startswith(("send", "copy")) and method != "sendchataction"
        if not sends and not method.startswith("edit"):
            return
        windows = [self._all]
        if sends:
            windows.append(self._private[chat_id] if chat_id > 0 else self._groups[chat_id])
        now = time.monotonic()
        if wait := max(window.wait(now) for window in windows):
            raise too_many_requests(math.ceil(wait))
        for window in windows:
            window.calls.append(now)
