"""Where everybody in a sequence stands, counted: people at the same point of their run are one row."""

from datetime import datetime
from typing import Any

from engine.sequences.calendar import Due
from engine.sequences.foresight import Standing
from engine.sequences.progress import run_of
from engine.transactions import Session
from models.enums import EnrolmentStatus

# Of who is through, only how far they came counts. The instant of joining matters to who has a message before them
# that goes by it (those are the first of Day 1, below minute 0); all others who joined on one day are alike.
STANDINGS = """
SELECT e.status, count(*) AS people, e.last_day_number, e.last_minute,
       CASE WHEN going THEN e.anchor_date ELSE CAST(:now AS date) END AS anchor_date,
       CASE WHEN going THEN e.time_zone ELSE 'UTC' END AS time_zone,
       CASE WHEN going AND :by_joining AND coalesce((e.last_day_number, e.last_minute) < (1, 0), true)
            THEN e.joined_at ELSE CAST(:now AS timestamptz) END AS joined_at,
       CASE WHEN going THEN e.reached_day END AS reached_day, CASE WHEN going THEN e.reached_on END AS reached_on,
       CASE WHEN going THEN e.next_step_id END AS next_step_id,
       CASE WHEN going THEN coalesce(e.next_due_at, CASE WHEN q.message_id IS NOT NULL THEN m.open_due END) END
       AS waits_until,
       m.had, m.open_step, q.message_id IS NOT NULL AS queued
  FROM sequence_contacts e
 CROSS JOIN LATERAL (SELECT e.status IN ('active', 'paused') AS going) g
  LEFT JOIN LATERAL (
       SELECT array_agg(m.step_id ORDER BY m.step_id) AS had,
              max(m.step_id) FILTER (WHERE m.outcome IS NULL AND NOT m.by_hand) AS open_step,
              max(m.id) FILTER (WHERE m.outcome IS NULL AND NOT m.by_hand) AS open_id,
              max(m.due_at) FILTER (WHERE m.outcome IS NULL AND NOT m.by_hand) AS open_due
         FROM messages m WHERE m.enrolment_id = e.id) m ON going
  LEFT JOIN queue q ON q.message_id = m.open_id
 WHERE e.sequence_id = :sequence_id
 GROUP BY 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
"""


async def standings_of(session: Session, sequence_id: int, now: datetime, *, by_joining: bool) -> list[Standing]:
    """Read them all. `by_joining`: a message of the sequence goes out so many minutes after joining."""
    values = {"sequence_id": sequence_id, "now": now, "by_joining": by_joining}
    return [_standing(row) for row in await session.rows(STANDINGS, values)]


def _standing(row: Any) -> Standing:
    due = None if row.waits_until is None else Due(row.open_step or row.next_step_id, row.waits_until)
    return Standing(
        people=row.people,
        status=EnrolmentStatus(row.status),
        run=run_of(row),
        had=frozenset(row.had or ()),
        waits_for=due,
        open_step=row.open_step,
        queued=row.queued,
    )
