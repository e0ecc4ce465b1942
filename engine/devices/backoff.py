"""How what fails again and again is restarted: ever later, and a worker at last not at all. Pure."""

from dataclasses import dataclass
from math import inf
from random import Random

SHORTEST = 1.0  # machine seconds
LONGEST = 300.0
GOOD_AFTER = 600.0  # so long at work without a restart, and the next one is the first again
MOST_AN_HOUR = 8
AN_HOUR = 3600.0
MOST_DOUBLINGS = 20  # days of failing now and then must not overflow the delay


@dataclass(slots=True)
class Backoff:
    """Full jitter between half and all of a delay that doubles. Times are monotonic seconds."""

    random: Random
    _in_a_row: int = 0
    _at_work_from: float = -inf

    def next_delay(self, now: float) -> float:
        """Count a restart; the seconds to wait before it."""
        if now - self._at_work_from >= GOOD_AFTER:
            self._in_a_row = 0
        longest = min(LONGEST, SHORTEST * 2.0**self._in_a_row)
        self._in_a_row = min(self._in_a_row + 1, MOST_DOUBLINGS)
        delay = longest * self.random.uniform(0.5, 1)
        self._at_work_from = now + delay  # waiting is no good time
        return delay


class RestartPolicy:
    """A worker's backoff, which comes to an end."""

    def __init__(self, random: Random) -> None:
        self._backoff = Backoff(random)
        self._restarts: list[float] = []

    def next_delay(self, now: float) -> float | None:
        """Count a restart; the seconds to wait before it, or None when the worker is to be parked."""
        self._restarts = [at for at in self._restarts if now - at < AN_HOUR]
        if len(self._restarts) >= MOST_AN_HOUR:
            return None
        self._restarts.append(now)
        return self._backoff.next_delay(now)
