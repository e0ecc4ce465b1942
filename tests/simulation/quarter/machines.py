"""Lines drop, workers are restarted, engines die between a claim and its outcome, and some of them come back."""

from collections.abc import Sequence as Several
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from tests.simulation.quarter.deeds import Cast, Deed, OfDevice, later
from tests.simulation.quarter.stage import Stage


@dataclass(frozen=True, slots=True)
class Drop(OfDevice):
    @classmethod
    def draw(cls, random: Random, at: datetime, cast: Cast) -> Several[Deed]:
        which = random.randrange(cast.devices)
        return [cls(at, which), ComeBack(later(random, at, (0.1, 30)), which)]

    async def do(self, stage: Stage) -> None:
        self.device(stage).dropped = True


@dataclass(frozen=True, slots=True)
class ComeBack(OfDevice):
    async def do(self, stage: Stage) -> None:
        device = self.device(stage)
        device.dropped, device.held_at = False, self.at
        stage.fleet.wake()


@dataclass(frozen=True, slots=True)
class RestartWorker(OfDevice):
    """Its epoch is raised, and what it had on its way is unknown."""

    @classmethod
    def draw(cls, random: Random, at: datetime, cast: Cast) -> Several[Deed]:
        return [cls(at, random.randrange(cast.devices))]

    async def do(self, stage: Stage) -> None:
        await stage.fleet.restart_worker(self.device(stage))


@dataclass(frozen=True, slots=True)
class KillEngine(Deed):
    """It dies as soon as it has something on its way, and is replaced a little later.

    One that comes back had only been asleep: it reports what it sent and asks for more, under its old epochs.
    """

    number: int
    comes_back: bool

    @classmethod
    def draw(cls, random: Random, at: datetime, cast: Cast) -> Several[Deed]:
        number, comes_back = random.randrange(cast.engines), random.random() < 0.5
        replaced = at + timedelta(hours=random.choice([2, 5, 9]))
        return [cls(at, number, comes_back), ReplaceEngine(replaced, number)]

    async def do(self, stage: Stage) -> None:
        stage.fleet.doom(self.number, comes_back=self.comes_back)


@dataclass(frozen=True, slots=True)
class ReplaceEngine(Deed):
    number: int

    async def do(self, stage: Stage) -> None:
        await stage.fleet.replace(self.number)
