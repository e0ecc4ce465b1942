"""Business time: what operators plan in. It may run faster than the wall; all processes agree on it.

Machine time (leases, health, timeouts, backoff) is never accelerated: it is `time.monotonic`, `machine_time` where
the sleep of a machine counts, or the database's `clock_timestamp()` where two machines compare.
"""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

_BOOT_TIME: int | None = getattr(time, "CLOCK_BOOTTIME", None)  # Linux


def machine_time() -> float:
    """Seconds since some moment of the past, the sleep of the machine included where the system counts it."""
    return time.monotonic() if _BOOT_TIME is None else time.clock_gettime(_BOOT_TIME)


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where business time stood (`virtual`) at a real instant, and how many times faster it runs."""

    real: datetime
    virtual: datetime
    speed: float

    def at(self, real: datetime) -> datetime:
        return self.virtual + (real - self.real) * self.speed


class Clock(Protocol):
    def now(self) -> datetime: ...

    async def sleep_until(self, instant: datetime) -> None:
        """Return when business time has reached `instant`, however the clock is changed meanwhile."""

    @property
    def speed(self) -> float: ...


class BusinessClock:
    """The clock of a running process. `anchor_to` is called whenever the row in the database has changed."""

    def __init__(self, anchor: Anchor) -> None:
        self._anchor = anchor
        self._changed = asyncio.Event()

    @property
    def anchor(self) -> Anchor:
        return self._anchor

    @property
    def speed(self) -> float:
        return self._anchor.speed

    def now(self) -> datetime:
        return self._anchor.at(datetime.now(UTC))

    def anchor_to(self, anchor: Anchor) -> None:
        if anchor == self._anchor:
            return
        self._anchor = anchor
        self._changed.set()
        self._changed = asyncio.Event()

    async def sleep_until(self, instant: datetime) -> None:
        while (left := (instant - self.now()).total_seconds()) > 0:
            changed = self._changed
            try:
                async with asyncio.timeout(left / self.speed):
                    await changed.wait()
            except TimeoutError:
                continue


class ManualClock:
    """Stands still until a test moves it. Sleepers wake when it passes them."""

    speed = 1.0

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._moved = asyncio.Event()

    def now(self) -> datetime:
        return self._now

    def set(self, now: datetime) -> None:
        self._now = now
        self._moved.set()
        self._moved = asyncio.Event()

    def advance(self, by: timedelta) -> None:
        self.set(self._now + by)

    async def sleep_until(self, instant: datetime) -> None:
        while self._now < instant:
            await self._moved.wait()
