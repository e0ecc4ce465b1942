"""Keeps what changes the library's maps apart from all else in this process.

The library keeps its clients in Go maps without a lock. A connect and a stop write to them, every call reads
them at its beginning; two at once can end the process ("concurrent map writes", 2 of 5 runs with 200 connects at
once, none of 9 one by one). So connects and stops go one by one, each to its end, and a call begins while none
is at it.

A connect writes within its first milliseconds and then dials, which may last for a minute: calls are held up by
it for a second at most. They last long too, so a connect does not wait for the end of those that have begun.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

HELD_FOR = 1.0  # seconds
SETTLED_AFTER = 0.02  # seconds from a call's beginning, by when it has read the map


class Gate:
    def __init__(self) -> None:
        self._changes = asyncio.Lock()
        self._open = asyncio.Event()
        self._open.set()
        self._held_until = 0.0
        self._last_call = 0.0

    @asynccontextmanager
    async def change(self) -> AsyncIterator[None]:
        """For a connect or a stop, from its beginning until the library has said what came of it."""
        async with self._changes:
            self._open.clear()
            self._held_until = _now() + HELD_FOR
            try:
                await asyncio.sleep(max(0.0, self._last_call + SETTLED_AFTER - _now()))
                yield
            finally:
                self._open.set()

    async def call(self) -> None:
        """Wait until a call may begin, which must follow at once."""
        while not self._open.is_set() and (left := self._held_until - _now()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._open.wait()
        self._last_call = _now()


def _now() -> float:
    return asyncio.get_running_loop().time()
