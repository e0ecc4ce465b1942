"""Reads what open runs wait for as the claim reads it, without its locks; also what is not in the queue yet."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from engine.broadcast.admission import Candidate, StepFacts
from engine.broadcast.candidates import CANDIDATE_FACTS, STEP_FACTS, candidate_of, step_facts_of
from engine.broadcast.frequency import Reached
from engine.broadcast.frequency_store import Asked, read_reached
from engine.broadcast.store import HOLDERS, NOT_HELD
from engine.sequences.pasting import write_header
from engine.sequences.progress import load_steps
from engine.transactions import Session
from models.enums import Lane

MOST_COUNTED = 1000  # of those who are before it in the queue

# What is not in the queue yet is as the processor would put it there.
MESSAGES = f"""
SELECT e.id AS enrolment_id, m.id AS message_id, q.message_id IS NOT NULL AS queued, d.id AS device_id,
       d.name AS device, '{Lane.SEQUENCE}' AS lane, coalesce(q.due_at, m.due_at, e.next_due_at) AS due_at,
       CASE WHEN m.id IS NULL THEN e.next_due_at + s.late_window_minutes * interval '1 minute'
            ELSE m.expires_at END AS expires_at,
       false AS by_hand, {CANDIDATE_FACTS}
  FROM sequence_contacts e
  JOIN sequences s ON s.id = e.sequence_id
  JOIN workspaces w ON w.id = e.workspace_id
  JOIN contacts c ON c.id = e.contact_id
  LEFT JOIN messages m ON m.enrolment_id = e.id AND m.outcome IS NULL AND NOT m.by_hand
  LEFT JOIN queue q ON q.message_id = m.id
  JOIN user_devices d ON d.id = coalesce(m.device_id, e.device_id)
 WHERE e.id = ANY(:ids) AND e.status IN ('active', 'paused') AND (m.id IS NOT NULL OR e.next_due_at IS NOT NULL)
"""

# `had` is always asked for: it may be late when its time comes.
PLACES = f"""
SELECT e.id AS enrolment_id, {STEP_FACTS},
       ARRAY(SELECT o.step_id FROM messages o WHERE o.enrolment_id = e.id AND o.step_id <> t.id) AS had
  FROM sequence_contacts e
  LEFT JOIN messages m ON m.enrolment_id = e.id AND m.outcome IS NULL AND NOT m.by_hand
  JOIN sequences s ON s.id = e.sequence_id
  JOIN workspaces w ON w.id = e.workspace_id
  JOIN sequence_steps t ON t.id = coalesce(m.step_id, e.next_step_id)
 WHERE e.id = ANY(:ids)
"""

# Of a message that no campaign holds: before it are lanes that go first, and its own lane up to it.
AHEAD = f"""
SELECT count(*) FROM (
    SELECT FROM (
           SELECT q.message_id, q.lane FROM queue own
             JOIN queue q ON q.device_id = own.device_id AND q.lane < own.lane
            WHERE own.message_id = :message_id
            UNION ALL
           SELECT q.message_id, q.lane FROM queue own
             JOIN queue q ON q.device_id = own.device_id AND q.lane = own.lane AND q.campaign_id IS NULL
                  AND (q.due_at, q.message_id) < (own.due_at, own.message_id)
            WHERE own.message_id = :message_id) q
      JOIN messages b ON b.id = q.message_id {HOLDERS}
     WHERE {NOT_HELD}
     LIMIT {MOST_COUNTED}) ahead
"""


@dataclass(frozen=True, slots=True)
class Prospect:
    """What one open run waits for. `on_its_way`: it has been claimed and has no outcome yet."""

    enrolment_id: int
    message_id: int | None  # None: the processor has not made it yet
    on_its_way: bool
    device_id: int
    device: str
    header: str  # of its step
    step: StepFacts
    reached: Reached | None
    row: Any

    def candidate(self, now: datetime) -> Candidate:
        return candidate_of(self.row, self.step, now, reached=self.reached)


async def read_prospects(session: Session, enrolment_ids: Collection[int], now: datetime) -> dict[int, Prospect]:
    """Read, by enrolment, what those of these runs wait for that wait."""
    if not enrolment_ids:
        return {}
    about = {"ids": list(enrolment_ids)}
    rows = (await session.execute(text(MESSAGES), about)).all()
    places = {row.enrolment_id: row for row in await session.execute(text(PLACES), about)}
    waiting = {row.enrolment_id: row for row in rows if row.enrolment_id in places}
    steps = await load_steps(session, {row.sequence_id for row in places.values()})
    facts = {id_: step_facts_of(place, steps[place.sequence_id]) for id_, place in places.items()}
    asking = [
        Asked(id_, row.contact_id, (False, places[id_].sequence_id), row.frequency_cap, facts[id_].run.zone)
        for id_, row in waiting.items()
        if row.frequency_cap is not None
    ]
    reached = await read_reached(session, asking, now)
    return {id_: _prospect(row, places[id_], facts, reached) for id_, row in waiting.items()}


def _prospect(row: Any, place: Any, facts: Mapping[int, StepFacts], reached: Mapping[int, Reached]) -> Prospect:
    return Prospect(
        row.enrolment_id,
        row.message_id,
        row.message_id is not None and not row.queued,
        row.device_id,
        row.device,
        write_header(place.day_number, place.send_time, place.after_join_minutes),
        facts[row.enrolment_id],
        reached.get(row.enrolment_id),
        row,
    )


async def count_ahead(session: Session, message_id: int) -> int:
    """How many messages its device sends before this one; MOST_COUNTED means that many or more."""
    return int(await session.scalar(text(AHEAD), {"message_id": message_id}) or 0)
