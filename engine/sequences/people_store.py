"""The SQL of a sequence's people: tabs, a page of each, and who had trouble."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from engine.transactions import Session

COUNTS = """
SELECT e.status, count(*) AS people, count(*) FILTER (WHERE e.paused_reason = 'replied') AS replied
  FROM sequence_contacts e WHERE e.sequence_id = :sequence_id GROUP BY e.status
"""

_NAMED = """(CAST(:name AS text) = '' OR strpos(lower(c.name), lower(:name)) > 0
        OR (:digits <> '' AND strpos(c.phone, :digits) > 0))"""

# The page first, what is shown of each then: only a page's messages are looked up. Who waits longest is first of
# those on their way, the latest of all others.
PAGE = f"""
WITH page AS MATERIALIZED (
    SELECT e.id, c.id AS contact_id, c.name, c.phone
      FROM sequence_contacts e JOIN contacts c ON c.id = e.contact_id
     WHERE e.sequence_id = :sequence_id AND e.status = :status AND {_NAMED}
     ORDER BY {{order}}
     LIMIT :most OFFSET :first)
SELECT e.id, p.contact_id, p.name, p.phone, e.status, e.time_zone, e.last_day_number, e.last_minute, e.joined_at,
       e.paused_at, e.paused_reason, o.name AS paused_by, e.exit_reason, e.ended_at,
       t.day_number, t.send_time, t.after_join_minutes, coalesce(q.due_at, e.next_due_at) AS due_at,
       m.id IS NOT NULL AND q.message_id IS NULL AS on_its_way, CAST(NULL AS text) AS outcome,
       CAST(NULL AS text) AS error
  FROM page p
  JOIN sequence_contacts e ON e.id = p.id
  LEFT JOIN messages m ON m.enrolment_id = e.id AND m.outcome IS NULL AND NOT m.by_hand
  LEFT JOIN queue q ON q.message_id = m.id
  LEFT JOIN sequence_steps t ON t.id = coalesce(m.step_id, e.next_step_id)
  LEFT JOIN operators o ON o.id = e.paused_by
 ORDER BY {{order}}
"""
ORDERS = {
    "active": "e.next_due_at NULLS FIRST, e.id",
    "paused": "e.paused_at DESC NULLS LAST, e.id DESC",
    "completed": "e.ended_at DESC NULLS LAST, e.id DESC",
    "exited": "e.ended_at DESC NULLS LAST, e.id DESC",
}

# By the steps' index on messages, and never by going through all messages backwards for the latest: no index is on
# an outcome, which would cost every send (models/message.py).
TROUBLE = f"""
WITH wrong AS MATERIALIZED (
    SELECT m.id, m.enrolment_id, m.outcome, m.error, t.day_number, t.send_time, t.after_join_minutes
      FROM sequence_steps t JOIN messages m ON m.step_id = t.id AND m.outcome IN ('failed', 'unknown')
     WHERE t.sequence_id = :sequence_id)
SELECT e.id, c.id AS contact_id, c.name, c.phone, e.status, e.time_zone, e.last_day_number, e.last_minute,
       e.joined_at, e.paused_at, e.paused_reason, CAST(NULL AS text) AS paused_by, e.exit_reason, e.ended_at,
       m.day_number, m.send_time, m.after_join_minutes, CAST(NULL AS timestamptz) AS due_at, false AS on_its_way,
       m.outcome, m.error
  FROM wrong m
  JOIN sequence_contacts e ON e.id = m.enrolment_id
  JOIN contacts c ON c.id = e.contact_id
 WHERE {_NAMED}
 ORDER BY m.id DESC
 LIMIT :most OFFSET :first
"""


async def counts(session: Session, sequence_id: int) -> Sequence[Any]:
    """Return (status, people, replied)."""
    return (await session.execute(text(COUNTS), {"sequence_id": sequence_id})).all()


async def page(session: Session, status: str, about: dict[str, Any]) -> Sequence[Any]:
    """`about`: sequence_id, name, digits (what is searched for), first, most."""
    statement = PAGE.format(order=ORDERS[status])
    return (await session.execute(text(statement), {**about, "status": status})).all()


async def trouble(session: Session, about: dict[str, Any]) -> Sequence[Any]:
    """A row for each message that failed or is unsure, the latest first."""
    return (await session.execute(text(TROUBLE), about)).all()
