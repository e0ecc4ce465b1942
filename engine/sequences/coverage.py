"""Does everybody have what the messages of a sequence need? Asked while something can still be done about it."""

from dataclasses import dataclass

from engine.actor import Actor
from engine.broadcast.needs_store import lacks
from engine.broadcast.templating import Need, needs
from engine.database import Database
from engine.sequences import store
from engine.sequences.calendar import StepTime
from engine.sequences.pasting import write_header

# Of those in the sequence who are still to get a step, how many lack one of its needs.
LACKING = """
SELECT {counts}
  FROM (SELECT e.last_day_number, e.last_minute, c.name, c.attributes
          FROM sequence_contacts e JOIN contacts c ON c.id = e.contact_id
         WHERE e.workspace_id = :workspace_id AND e.sequence_id = :sequence_id
           AND e.status IN ('active', 'paused')) p
"""
COUNTS = """
       count(*) FILTER (WHERE {ahead}) AS people_{number},
       count(*) FILTER (WHERE {ahead} AND {lacks}) AS lacking_{number}"""
AHEAD = "(p.last_day_number IS NULL OR (p.last_day_number, p.last_minute) < (:day_{number}, :minute_{number}))"


@dataclass(frozen=True, slots=True)
class Gap:
    """Of the people who are still to get a message, this many have none of the variables that it needs one of."""

    step_id: int
    header: str
    need: Need
    lacking: int
    people: int


class Coverage:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def gaps(self, actor: Actor, sequence_id: int) -> list[Gap]:
        """What would fail if everybody in the sequence, also in a draft, got the rest of its messages now."""
        async with self._database.transaction() as session:
            await store.find(session, actor, sequence_id)
            steps = await store.steps_of(session, sequence_id)
            wanted = [(step, need) for step in steps for need in needs(step.body)]
            if not wanted:
                return []
            counts: list[str] = []
            values: dict[str, object] = {"workspace_id": actor.workspace_id, "sequence_id": sequence_id}
            for number, (step, need) in enumerate(wanted):
                place = StepTime.of(step.id, step.day_number, step.send_time, step.after_join_minutes)
                condition, columns = lacks(need, f"need_{number}")
                ahead = AHEAD.format(number=number)
                counts.append(COUNTS.format(number=number, ahead=ahead, lacks=condition))
                values |= {f"day_{number}": place.day, f"minute_{number}": place.minute, **columns}
            (found,) = await session.rows(LACKING.format(counts=",".join(counts)), values)
        gaps = [
            Gap(
                step.id,
                write_header(step.day_number, step.send_time, step.after_join_minutes),
                need,
                getattr(found, f"lacking_{number}"),
                getattr(found, f"people_{number}"),
            )
            for number, (step, need) in enumerate(wanted)
        ]
        return [gap for gap in gaps if gap.lacking]
