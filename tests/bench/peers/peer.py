"""What every peer can do, and how its wake-ups are timed."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

IDLE_AFTER = 0.05  # seconds: by then a worker has completed its job and waits for the next


class Peer(Protocol):
    async def enqueue(self, count: int) -> None:
        """Empty the queue, add `count` jobs that do nothing, and vacuum: every drain finds the same."""

    async def drain(self) -> float:
        """Claim, run and complete what was enqueued; the seconds it took."""


class WakingPeer(Peer, Protocol):
    async def wake(self, samples: int) -> list[float]:
        """Milliseconds from the commit of one job to its start, on a worker that is idle and listening."""


class Starts:
    """When jobs have started. The job calls `now`."""

    def __init__(self) -> None:
        self._instants: asyncio.Queue[float] = asyncio.Queue()

    def now(self) -> None:
        self._instants.put_nowait(time.perf_counter())

    async def after(self, commit: Callable[[], Awaitable[object]]) -> float:
        """Milliseconds from the call of `commit` to the next start; returns when the worker is idle again.

        From the call, not from its return: the server has told the worker before it answers the client.
        """
        began = time.perf_counter()
        await commit()
        async with asyncio.timeout(10):
            started = await self._instants.get()
        await asyncio.sleep(IDLE_AFTER)
        return 1000 * (started - began)


class PeerMissingError(Exception):
    """A peer is not installed; the text says how to."""


def all_ran(ran: int, enqueued: int, left: int) -> None:
    if ran != enqueued or left:
        raise AssertionError(f"{enqueued} jobs were enqueued, {ran} ran, {left} are left")
