"""Does everybody have what the messages of a sequence need? Asked while something can still be done about it."""

from dataclasses import dataclass

from sqlalchemy import text

from engine.actor import Actor
from engine.broadcast.templating import Need, needs
from engine.database import Database
from engine.sequences import store
from engine.sequences.calendar import StepTime
from engine.sequences.pasting import write_header

# Of those in the sequence who are still to get a step, how many lack all columns of one of its needs. A column
# that is NULL stands for the name.
LACKING = """
WITH needs AS MATERIALIZED (
    SELECT n.number, n.step_id, n.day, n.minute,
           ARRAY(SELECT v.named FROM unnest(CAST(:of_needs AS bigint[]), CAST(:columns AS text[]))
                      AS v(number, named) WHERE v.number = n.number) AS columns
      FROM unnest(CAST(:numbers AS bigint[]), CAST(:step_ids AS bigint[]), CAST(:days AS bigint[]),
                  CAST(:minutes AS bigint[])) AS n(number, step_id, day, minute)),
people AS MATERIALIZED (
    SELECT e.last_day_number, e.last_minute, c.name, c.attributes
      FROM sequence_contacts e JOIN contacts c ON c.id = e.contact_id
     WHERE e.workspace_id = :workspace_id AND e.sequence_id = :sequence_id AND e.status IN ('active', 'paused'))
SELECT n.number, count(*) AS people,
       count(*) FILTER (WHERE NOT EXISTS (
           SELECT FROM unnest(n.columns) AS v(named)
            WHERE CASE WHEN v.named IS NULL THEN p.name ELSE p.attributes ->> v.named END ~ '[^[:space:]]'))
       AS lacking
  FROM needs n JOIN people p
    ON p.last_day_number IS NULL OR (p.last_day_number, p.last_minute) < (n.day, n.minute)
 GROUP BY n.number
"""


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
            places = [
                StepTime.of(step.id, step.day_number, step.send_time, step.after_join_minutes)
                for step, _ in wanted
            ]
            variables = [(number, one) for number, (_, need) in enumerate(wanted) for one in need]
            about = {
                "workspace_id": actor.workspace_id,
                "sequence_id": sequence_id,
                "numbers": list(range(len(wanted))),
                "step_ids": [place.step_id for place in places],
                "days": [place.day for place in places],
                "minutes": [place.minute for place in places],
                "of_needs": [number for number, _ in variables],
                "columns": [one.column for _, one in variables],
            }
            found = {row.number: row for row in await session.execute(text(LACKING), about)}
        return [
            Gap(
                step.id,
                write_header(step.day_number, step.send_time, step.after_join_minutes),
                need,
                found[number].lacking,
                found[number].people,
            )
            for number, (step, need) in enumerate(wanted)
            if number in found and found[number].lacking
        ]
