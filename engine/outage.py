"""Whether the database answers, as all transactions of this process see it together."""

import asyncio

import structlog

from engine.clock import machine_time

log = structlog.get_logger()

HICCUP = 1.0  # machine seconds: what heals itself sooner is nobody's business


class Outages:
    """A hundred loops that fail together are one outage, said once when it begins and once when it is over.

    One transaction that fails is none: its connection may have broken, or this process may have been asleep. An
    outage is when others that were begun after that fail too, for a while, and none was answered in between.
    """

    def __init__(self) -> None:
        self._answered = machine_time()
        self._failed: float | None = None  # the first failure since the last answer
        self._began: float | None = None  # what failed first was asked then
        self._confirmed = False
        self._over: float | None = None
        self._news = asyncio.Event()

    @property
    def going_on(self) -> bool:
        return self._confirmed

    def failed(self, asked: float, error: BaseException) -> None:
        """A transaction that was begun at `asked` (machine time) had no answer."""
        if asked < self._answered:
            return  # another connection had one since
        if self._failed is None or self._began is None:
            self._failed, self._began = machine_time(), asked
        elif not self._confirmed and asked >= self._failed and machine_time() - self._failed >= HICCUP:
            self._confirmed = True
            log.warning("the database does not answer; nothing is sent until it does", error=_words(error))

    def answered(self, asked: float) -> None:
        """A transaction that was begun at `asked` was committed."""
        now = machine_time()
        if self._failed is None:
            self._answered = now
            return
        if asked < self._failed:
            return  # it was on its way before
        if self._confirmed and self._began is not None:
            seconds = now - self._began
            log.warning("the database answers again", after=f"{seconds:.1f} s")
            self._over = max(seconds, self._over or 0.0)
            self._news.set()
        self._answered, self._failed, self._began, self._confirmed = now, None, None, False

    async def next_over(self) -> float:
        """Wait for the end of an outage; how many seconds it lasted. Of several, the longest."""
        await self._news.wait()
        self._news.clear()
        seconds, self._over = self._over or 0.0, None
        return seconds


def _words(error: BaseException) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
