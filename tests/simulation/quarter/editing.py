"""Operators change the messages of a sequence while people are in it."""

from collections.abc import Sequence as Several
from dataclasses import dataclass
from datetime import datetime, time
from random import Random

from engine.sequences.plan import PlannedStep
from engine.sequences.steps import NewStep
from tests.simulation.quarter.almanac import Moment
from tests.simulation.quarter.deeds import Cast, Deed, OfSequence
from tests.simulation.quarter.record import Step
from tests.simulation.quarter.stage import Stage

TIMES = (time(2, 30), time(9), time(9), time(14), time(14), time(18, 30), time(18, 30), time(23, 30))
LAST_DAY = 9
FEWEST_STEPS, MOST_STEPS = 5, 9


@dataclass(frozen=True, slots=True)
class AddStep(OfSequence):
    day: int
    time: time

    @classmethod
    def draw(cls, random: Random, at: datetime, cast: Cast) -> Several[Deed]:
        return [cls(at, random.randrange(cast.sequences), random.randint(1, LAST_DAY), random.choice(TIMES))]

    async def do(self, stage: Stage) -> None:
        sequence = self.sequence(stage)
        if len(sequence.live) >= MOST_STEPS:
            return
        body = f"{{{{ name }}}}, added on {self.at:%d %b %H:%M:%S}"
        new = NewStep(self.day, self.time, None, body)
        (step_id,) = await stage.world.editor.add_steps(stage.actor(sequence.team), sequence.id, [new])
        sequence.steps[step_id] = Step(step_id, Moment(self.day, self.time), body, self.at, sequence.days)
        stage.record.edited(sequence, self.at)


@dataclass(frozen=True, slots=True)
class OfStep(OfSequence):
    pick: float  # which of the steps there are by then: from 0 for the first to below 1 for the last

    def step(self, stage: Stage) -> Step:
        live = self.sequence(stage).live
        return live[int(self.pick * len(live))]


@dataclass(frozen=True, slots=True)
class ChangeText(OfStep):
    @classmethod
    def draw(cls, random: Random, at: datetime, cast: Cast) -> Several[Deed]:
        return [cls(at, random.randrange(cast.sequences), random.random())]

    async def do(self, stage: Stage) -> None:
        step = self.step(stage)
        body = f"{{{{ name }}}}, step {step.id} as of {self.at:%d %b %H:%M:%S}"
        await stage.world.editor.set_text(stage.actor(self.sequence(stage).team), step.id, body)
        step.body = body


@dataclass(frozen=True, slots=True)
class MoveStep(OfStep):
    day: int
    time: time

    @classmethod
    def draw(cls, random: Random, at: datetime, cast: Cast) -> Several[Deed]:
        where = random.randint(1, LAST_DAY), random.choice(TIMES)
        return [cls(at, random.randrange(cast.sequences), random.random(), *where)]

    async def do(self, stage: Stage) -> None:
        sequence, step = self.sequence(stage), self.step(stage)
        await stage.world.editor.set_time(
            stage.actor(sequence.team), step.id, day=self.day, send_time=self.time, after_join_minutes=None
        )
        step.moment, step.placed_at = Moment(self.day, self.time), self.at
        stage.record.edited(sequence, self.at)


@dataclass(frozen=True, slots=True)
class RemoveStep(OfStep):
    @classmethod
    def draw(cls, random: Random, at: datetime, cast: Cast) -> Several[Deed]:
        return [cls(at, random.randrange(cast.sequences), random.random())]

    async def do(self, stage: Stage) -> None:
        sequence, step = self.sequence(stage), self.step(stage)
        if len(sequence.live) <= FEWEST_STEPS:
            return
        await stage.world.editor.remove_step(stage.actor(sequence.team), step.id)
        step.live = False
        stage.record.edited(sequence, self.at)


@dataclass(frozen=True, slots=True)
class SwapSteps(OfStep):
    """Two neighbours change places, as up and down do."""

    @classmethod
    def draw(cls, random: Random, at: datetime, cast: Cast) -> Several[Deed]:
        return [cls(at, random.randrange(cast.sequences), random.random())]

    async def do(self, stage: Stage) -> None:
        sequence = self.sequence(stage)
        live = sequence.live
        first = min(int(self.pick * len(live)), len(live) - 2)
        moments = {step.id: step.moment for step in live}
        one, other = live[first], live[first + 1]
        moments[one.id], moments[other.id] = other.moment, one.moment
        card = await stage.world.catalogue.card(stage.actor(sequence.team), sequence.id)
        plan = [
            PlannedStep(moments[step.id].day, moments[step.id].at, moments[step.id].after, step.body, id=step.id)
            for step in live
        ]
        await stage.world.editor.replace(
            stage.actor(sequence.team),
            sequence.id,
            name=card.name,
            device_ids=[device_id for device_id, _ in card.devices],
            niche=card.niche,
            skip_weekends=sequence.skip_rest,
            plan=plan,
        )
        for step in (one, other):
            step.moment, step.placed_at = moments[step.id], self.at
        stage.record.edited(sequence, self.at)


@dataclass(frozen=True, slots=True)
class TurnRestDays(OfSequence):
    """Send on the days of rest as well, or not any more."""

    @classmethod
    def draw(cls, random: Random, at: datetime, cast: Cast) -> Several[Deed]:
        return [cls(at, random.randrange(cast.sequences))]

    async def do(self, stage: Stage) -> None:
        sequence = self.sequence(stage)
        skip = not sequence.skip_rest
        await stage.world.rules.change(stage.actor(sequence.team), sequence.id, skip_weekends=skip)
        sequence.skip_rest = skip
        stage.record.edited(sequence, self.at)
