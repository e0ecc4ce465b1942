"""Operators pause one person, let them go on, and take them out of a sequence."""

from collections.abc import Iterator
from collections.abc import Sequence as Several
from dataclasses import dataclass
from datetime import datetime
from random import Random

from tests.simulation.quarter.deeds import Cast, Deed, OfPerson, later
from tests.simulation.quarter.record import Run
from tests.simulation.quarter.stage import Stage

OPEN = "SELECT id FROM sequence_contacts WHERE contact_id = :id AND status IN ('active', 'paused') ORDER BY id"


@dataclass(frozen=True, slots=True)
class OfRuns(OfPerson):
    """Of all that somebody is in at that moment."""

    async def runs(self, stage: Stage) -> Iterator[Run]:
        rows = await stage.world.rows(OPEN, id=self.person(stage).id)
        return (stage.record.runs[run_id] for (run_id,) in rows)


@dataclass(frozen=True, slots=True)
class PausePerson(OfRuns):
    @classmethod
    def draw(cls, random: Random, at: datetime, cast: Cast) -> Several[Deed]:
        who = random.randrange(cast.people)
        return [cls(at, who), ResumePerson(later(random, at, (1, 60)), who)]

    async def do(self, stage: Stage) -> None:
        for run in await self.runs(stage):
            await stage.world.runs.pause(stage.actor(run.sequence.team), run.id)
            run.paused = True


@dataclass(frozen=True, slots=True)
class ResumePerson(OfRuns):
    """Also if it was an answer of theirs that has paused them."""

    async def do(self, stage: Stage) -> None:
        for run in await self.runs(stage):
            await stage.world.runs.resume(stage.actor(run.sequence.team), run.id)
            run.paused, run.held_at = False, self.at


@dataclass(frozen=True, slots=True)
class TakeOut(OfRuns):
    @classmethod
    def draw(cls, random: Random, at: datetime, cast: Cast) -> Several[Deed]:
        return [cls(at, random.randrange(cast.people))]

    async def do(self, stage: Stage) -> None:
        for run in await self.runs(stage):
            await stage.world.runs.remove(stage.actor(run.sequence.team), run.id)
            run.over = "taken out"
