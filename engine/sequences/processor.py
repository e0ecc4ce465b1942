"""The sequence processor: turns enrolments that are due into messages, one statement a batch."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from engine.database import Database

BATCH = 10_000

# Any number of engines may run it at once: SKIP LOCKED shares the rows out, the unique key (enrolment, step)
# decides, and an enrolment waits for its message (next_due_at NULL) from the same commit on.
ENQUEUE_DUE = """
WITH due AS MATERIALIZED (
    SELECT e.id, e.workspace_id, e.next_step_id, e.contact_id, e.device_id, e.next_due_at,
           e.next_due_at + s.late_window_minutes * interval '1 minute' AS expires_at
      FROM sequence_contacts e
      JOIN sequences s ON s.id = e.sequence_id AND s.status = 'active'
     WHERE e.status = 'active' AND e.next_due_at IS NOT NULL AND e.next_due_at <= :horizon
     ORDER BY e.next_due_at, e.id
     LIMIT :batch
       FOR UPDATE OF e SKIP LOCKED),
enqueued AS (
    INSERT INTO messages
           (workspace_id, lane, enrolment_id, step_id, contact_id, device_id, due_at, expires_at)
    SELECT workspace_id, 'sequence', id, next_step_id, contact_id, device_id, next_due_at, expires_at
      FROM due
     ORDER BY next_due_at, id
        ON CONFLICT (enrolment_id, step_id) WHERE enrolment_id IS NOT NULL DO NOTHING)
UPDATE sequence_contacts e SET next_due_at = NULL FROM due WHERE e.id = due.id
"""


@dataclass(frozen=True, slots=True)
class SequenceProcessor:
    database: Database

    async def run_once(self, horizon: datetime) -> int:
        """Enqueue the next message of everybody who is due by `horizon`; how many there were."""
        enqueued = 0
        while True:
            async with self.database.transaction() as session:
                result = await session.execute(text(ENQUEUE_DUE), {"horizon": horizon, "batch": BATCH})
            done: int = result.rowcount  # type: ignore[attr-defined]
            enqueued += done
            if done < BATCH:
                return enqueued
