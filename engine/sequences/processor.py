"""The sequence processor: turns enrolments that are due into messages, one statement a batch."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from engine.database import Database

BATCH = 10_000

# Any number of engines may run it at once: SKIP LOCKED shares the rows out, the unique key (enrolment, step)
# decides, and an enrolment waits for its message (next_due_at NULL) from the same commit on.
#
# It costs what it moves, whatever else is in the table. Sequence by sequence: what waits in a paused one is not
# looked at. By `next_due_at` alone, as the index has it: whoever else is due at that instant is not sorted. The
# rows to update are named in an array, which can only be looked up: joined, they are so many that the planner
# would rather read the whole table.
ENQUEUE_DUE = """
WITH due AS MATERIALIZED (
    SELECT e.*, e.next_due_at + s.late_window_minutes * interval '1 minute' AS expires_at
      FROM sequences s
     CROSS JOIN LATERAL (
           SELECT id, workspace_id, next_step_id, contact_id, device_id, next_due_at
             FROM sequence_contacts
            WHERE sequence_id = s.id AND status = 'active' AND next_due_at <= :horizon
            ORDER BY next_due_at
            LIMIT :batch
              FOR NO KEY UPDATE SKIP LOCKED) e
     WHERE s.status = 'active'
     LIMIT :batch),
enqueued AS (
    INSERT INTO messages
           (workspace_id, lane, enrolment_id, step_id, contact_id, device_id, due_at, expires_at)
    SELECT workspace_id, 'sequence', id, next_step_id, contact_id, device_id, next_due_at, expires_at
      FROM due
     ORDER BY next_due_at, id
        ON CONFLICT (enrolment_id, step_id) WHERE enrolment_id IS NOT NULL DO NOTHING)
UPDATE sequence_contacts SET next_due_at = NULL WHERE id = ANY(ARRAY(SELECT id FROM due))
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
