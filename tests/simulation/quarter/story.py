"""Tells the story of a plan, from event to event, and audits it after every day."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic

from engine.database import Database
from engine.errors import ConflictError
from tests.simulation.quarter.almanac import DAY
from tests.simulation.quarter.audit import Violation, audit_sends
from tests.simulation.quarter.plan import Plan
from tests.simulation.quarter.record import Fate, Known
from tests.simulation.quarter.rest import LOOK, audit_end, audit_rest
from tests.simulation.quarter.rows import read_rest
from tests.simulation.quarter.setting import set_stage
from tests.simulation.quarter.stage import Stage

ONE_TICK = timedelta(minutes=1)  # the processor looks one ahead

NEXT_DUE = """
SELECT min(e.next_due_at) AS due FROM sequence_contacts e JOIN sequences s ON s.id = e.sequence_id AND s.status = 'active'
 WHERE e.status = 'active' AND e.next_due_at IS NOT NULL
"""
NEW_MESSAGES = "SELECT id, enrolment_id, step_id, contact_id FROM messages WHERE id > :newest ORDER BY id"


class Teller:
    def __init__(self, stage: Stage, plan: Plan) -> None:
        self.stage = stage
        self.plan = plan
        self.deeds: Counter[str] = Counter()
        self._left = list(reversed(plan.deeds))
        self._newest = 0
        self._next_due: datetime | None = None
        self._eyes = stage.world.database.direct()

    async def until(self, end: datetime) -> None:
        """Let business time pass, and happen what is to happen."""
        clock = self.stage.world.clock
        while True:
            at = await self._next_instant()
            if at is None or at >= end:
                clock.set(end)
                return
            clock.set(at)
            done = await self._do_deeds(at)
            if done or (self._next_due is not None and self._next_due <= at + ONE_TICK):
                await self._plan_ahead(at)
            await self.stage.fleet.work()

    async def _next_instant(self) -> datetime | None:
        now = self.stage.world.clock.now()
        async with self._eyes.statement() as connection:
            (row,) = await connection.rows(NEXT_DUE, {})
        self._next_due = row.due
        times = (self._next_due, await self.stage.fleet.next_event())
        works = min((at for at in times if at is not None), default=None)
        instants = []
        if works is not None:
            instants.append(max(_on_the_grain(works), _on_the_grain(now + timedelta(microseconds=1))))
        if self._left:
            instants.append(self._left[-1].at)
        return min(instants, default=None)

    async def _do_deeds(self, at: datetime) -> bool:
        done = False
        while self._left and self._left[-1].at <= at:
            deed = self._left.pop()
            self.deeds[type(deed).__name__] += 1
            try:
                await deed.do(self.stage)
            except ConflictError:  # the product would not, and nothing has changed
                self.deeds[f"{type(deed).__name__}, refused"] += 1
            done = True
        if done:
            await self._learn()
            self.stage.fleet.look_again()
        return done

    async def _plan_ahead(self, at: datetime) -> None:
        """Both engines tick; either may be the first."""
        enqueued = await self.stage.world.processor.run_once(at + ONE_TICK)
        if enqueued:
            await self.stage.world.processor.run_once(at + ONE_TICK)
            self.stage.fleet.stale |= await self._learn()

    async def _learn(self) -> set[int]:
        """Whose the new messages are; the devices that have them."""
        record = self.stage.record
        for message, run_id, step, person in await self.stage.world.rows(NEW_MESSAGES, newest=self._newest):
            run = None if run_id is None else record.runs[run_id]
            record.messages[message] = Known(run, step, record.people[person])
            self._newest = message
        return set(record.devices)


def _on_the_grain(instant: datetime) -> datetime:
    since = instant - datetime(2026, 1, 1, tzinfo=UTC)
    return instant + (-since) % LOOK


@dataclass(frozen=True, slots=True)
class Result:
    seed: int
    begins: datetime
    days: int
    seconds: float
    runs: int
    taken: int  # messages on the phones
    outcomes: dict[str, int]
    deeds: dict[str, int]
    violations: list[Violation]


async def tell(database: Database, plan: Plan) -> Result:
    """Never raises for what the product does wrong: that is in the violations.

    A story that has gone wrong is not told to its end: what comes of it would only hide where it began.
    """
    began = monotonic()
    stage = await set_stage(database, plan)
    teller = Teller(stage, plan)
    violations: list[Violation] = []
    missed: frozenset[int] = frozenset()
    day, rest = plan.begins, None
    while not violations and day < plan.ends and not (day > plan.calm_from and rest and rest.is_over):
        await teller.until(day + DAY)
        rest = await read_rest(stage, missed)
        missed |= frozenset(rest.missed)
        stage.record.skipped(rest.missed)
        violations = [*audit_sends(stage.record, day), *audit_rest(stage.record, rest)]
        violations += [Violation("surprise", rest.at, "the product", words) for words in stage.record.surprises]
        day += DAY
    if rest is not None and not violations:
        violations = audit_end(stage.record, rest)
    return Result(
        seed=plan.seed,
        begins=plan.begins,
        days=(day - plan.begins).days,
        seconds=round(monotonic() - began, 1),
        runs=len(stage.record.runs),
        taken=sum(attempt.fate in {Fate.SENT, Fate.LOST} for attempt in stage.record.attempts),
        outcomes=rest.outcomes if rest else {},
        deeds=dict(teller.deeds),
        violations=violations,
    )
