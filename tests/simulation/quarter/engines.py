"""An engine without a loop, and what it has on its way."""

from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from engine.broadcast.claims import Claimed, Claims
from engine.broadcast.media import MediaLibrary
from engine.broadcast.outcomes import Outcomes
from engine.clock import ManualClock
from engine.database import Database
from engine.devices.ownership import Ownership
from tests.simulation.quarter.record import Attempt

MOST_DEVICES = 1000


class _Lot(Random):
    """What is drawn depends on the instant and not on the order, in which the database may return devices."""

    def __init__(self, seed: int, clock: ManualClock) -> None:
        super().__init__()
        self._about = (seed, clock)

    def uniform(self, a: float, b: float) -> float:
        seed, clock = self._about
        return a + (b - a) * Random(f"{seed}/{clock.now()}").random()


@dataclass(slots=True)
class Engine:
    ownership: Ownership
    claims: Claims
    outcomes: Outcomes
    number: int
    doomed: bool = False
    dead: bool = False
    comes_back: bool = False
    left: list[tuple[Claimed, Attempt]] = field(default_factory=list)  # what it had on its way when it died


@dataclass(frozen=True, slots=True)
class Slow:
    """A send that takes a while."""

    until: datetime
    engine: Engine
    claimed: Claimed
    attempt: Attempt


async def register(database: Database, clock: ManualClock, number: int, seed: int) -> Engine:
    ownership = await Ownership.register(database, clock, capacity=MOST_DEVICES)
    lot = _Lot(seed, clock)
    claims = Claims(database, clock, MediaLibrary(), engine_id=ownership.engine_id, random=lot)
    return Engine(ownership, claims, Outcomes(database, clock), number)
