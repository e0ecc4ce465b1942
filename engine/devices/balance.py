"""How many devices each engine works: level, like water, and still when nothing changes. Pure.

An engine below its target takes free devices up to it; one above lets its surplus go. Targets add up to at least
the devices there are, so what is let go finds a place, and once everybody is at or below the target nothing moves.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Share:
    """One live engine: the devices it may work at most, and those it owns."""

    engine_id: int
    capacity: int
    owned: int


@dataclass(frozen=True, slots=True)
class Census:
    """Who is alive, how many devices want a worker, and how many of them are nobody's.

    `resting`: how many want none, and still have theirs for a short while.
    """

    engines: Sequence[Share]
    wanting: int
    free: int
    resting: int = 0

    @property
    def level(self) -> int:
        return fair_level([engine.capacity for engine in self.engines], self.wanting + self.resting)

    @property
    def short(self) -> int:
        """How many devices wait because every engine has as many as it may."""
        return max(0, self.wanting - sum(engine.capacity for engine in self.engines))

    def room(self, engine_id: int) -> int:
        """How many free devices this engine takes now. An engine that is not alive takes none."""
        return max(0, min(-self._above_target(engine_id), self.free))

    def surplus(self, engine_id: int) -> int:
        """How many devices this engine lets go, for others that are below their target and have room."""
        wanted = sum(max(0, self._target(other) - other.owned) for other in self.engines)
        return max(0, min(self._above_target(engine_id), wanted - self.free))

    def _above_target(self, engine_id: int) -> int:
        mine = next((engine for engine in self.engines if engine.engine_id == engine_id), None)
        return 0 if mine is None else mine.owned - self._target(mine)

    def _target(self, engine: Share) -> int:
        return min(engine.capacity, self.level)


def fair_level(capacities: Sequence[int], devices: int) -> int:
    """Return the smallest L with sum(min(capacity, L)) >= devices; the largest capacity if there is none."""
    level, left = 0, devices
    ascending = sorted(capacities)
    for place, capacity in enumerate(ascending):
        engines = len(ascending) - place  # which still have room at this level
        if left <= (capacity - level) * engines:
            return level + max(0, -(-left // engines))
        left -= (capacity - level) * engines
        level = capacity
    return level
