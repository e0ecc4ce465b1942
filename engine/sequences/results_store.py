"""The SQL of a sequence's results: what became of its messages, who waits, and what is due soon."""

from typing import Any

from sqlalchemy import Row, text

from engine.broadcast.tallying import COUNTS, REASON, WITH_ANSWERS
from engine.transactions import Session

# What has been pruned counts as well.
OUTCOMES = f"""
SELECT m.step_id, coalesce(m.outcome, 'queued') AS outcome, {REASON} AS reason, {COUNTS}
  FROM sequence_steps t
  JOIN messages m ON m.step_id = t.id {WITH_ANSWERS}
 WHERE t.sequence_id = :sequence_id
 GROUP BY m.step_id, m.outcome, reason
 UNION ALL
SELECT p.step_id, p.outcome, p.reason, p.messages, p.delivered, p.read, p.not_shown, p.replied, p.opted_out
  FROM sequence_steps t
  JOIN pruned_messages p ON p.step_id = t.id
 WHERE t.sequence_id = :sequence_id
"""

# Who waits for the time of a step. Those who wait for their turn have a message, which is queued.
WAITING = """
SELECT e.next_step_id AS step_id, count(*) AS people
  FROM sequence_contacts e
 WHERE e.sequence_id = :sequence_id AND e.status = 'active' AND e.next_due_at IS NOT NULL
 GROUP BY e.next_step_id
"""

# What is planned and what is queued up to two instants, by device. Whoever is paused is in neither.
VOLUME = """
SELECT v.device_id, count(*) FILTER (WHERE v.due_at <= :hour) AS in_an_hour, count(*) AS in_a_day
  FROM (SELECT e.device_id, e.next_due_at AS due_at
          FROM sequence_contacts e
         WHERE e.sequence_id = :sequence_id AND e.status = 'active' AND e.next_due_at <= :day
         UNION ALL
        SELECT q.device_id, q.due_at
          FROM sequence_contacts e
          JOIN messages m ON m.enrolment_id = e.id AND m.outcome IS NULL AND NOT m.by_hand
          JOIN queue q ON q.message_id = m.id AND q.due_at <= :day
         WHERE e.sequence_id = :sequence_id AND e.status = 'active' AND e.next_due_at IS NULL) v
 GROUP BY v.device_id
"""


async def outcomes(session: Session, sequence_id: int) -> list[Row[Any]]:
    return list((await session.execute(text(OUTCOMES), {"sequence_id": sequence_id})).all())


async def waiting(session: Session, sequence_id: int) -> dict[int, int]:
    """How many people wait for the time of each step."""
    rows = await session.execute(text(WAITING), {"sequence_id": sequence_id})
    return {row.step_id: row.people for row in rows}
