"""The SQL of one person's runs. Locks are taken in the order sequence, enrolment, queue, message."""

from datetime import datetime
from typing import Any

from sqlalchemy import text

from engine.actor import Actor
from engine.errors import NotFoundError
from engine.sequences.placing import Move
from engine.transactions import Session
from models.enums import PauseReason

FIND = """
SELECT e.id, e.sequence_id, e.contact_id, e.status, e.exit_reason FROM sequence_contacts e
 WHERE e.id = :enrolment_id AND e.workspace_id = :workspace_id
"""
LOCK = f"{FIND} FOR UPDATE"

PAUSE = """
UPDATE sequence_contacts SET status = 'paused', paused_at = :now, paused_by = :by, paused_reason = :reason
 WHERE id = :enrolment_id
"""
# Nobody is told: the processor finds what has become due meanwhile, and the workers what waits in the queue.
RESUME = """
UPDATE sequence_contacts SET status = 'active', paused_at = NULL, paused_by = NULL, paused_reason = NULL
 WHERE id = :enrolment_id
"""
RESUME_REPLIED = """
WITH replied AS (
    SELECT id FROM sequence_contacts
     WHERE sequence_id = :sequence_id AND status = 'paused' AND paused_reason = 'replied'
     ORDER BY id FOR UPDATE)
UPDATE sequence_contacts e SET status = 'active', paused_at = NULL, paused_by = NULL, paused_reason = NULL
  FROM replied WHERE e.id = replied.id
"""

END = """
UPDATE sequence_contacts
   SET status = 'exited', exit_reason = :reason, next_step_id = NULL, next_due_at = NULL, ended_at = :now
 WHERE id = :enrolment_id AND status IN ('active', 'paused')
"""
# What is on its way is not in the queue: it gets its outcome. What an operator sends once more is no part of where
# the run stands, and goes with the run only when the person is removed.
CANCEL_WAITING = """
WITH gone AS (
    DELETE FROM queue q
     USING messages m
     WHERE q.message_id = m.id AND m.outcome IS NULL AND m.enrolment_id = :enrolment_id
       AND (CAST(:by_hand AS boolean) OR NOT m.by_hand)
    RETURNING q.message_id)
UPDATE messages m SET outcome = 'cancelled', error_code = :reason FROM gone WHERE m.id = gone.message_id
"""

# All runs of one person through one sequence: two moves at once take turns.
LOCK_RUNS = """
SELECT e.id FROM sequence_contacts e WHERE e.sequence_id = :sequence_id AND e.contact_id = :contact_id
 ORDER BY e.id FOR UPDATE
"""
NEWEST_RUN = """
SELECT e.id, e.sequence_id, e.contact_id, e.run_no, e.status, e.joined_at, e.anchor_date, e.time_zone,
       e.last_day_number, e.last_minute, e.reached_day, e.reached_on, e.next_step_id, e.next_due_at, e.device_id,
       s.status AS sequence_status, s.skip_weekends, s.skip_holidays, w.rest_days, w.country,
       c.name, c.phone, c.consent,
       EXISTS (SELECT FROM suppressions x WHERE x.workspace_id = c.workspace_id AND x.phone = c.phone)
       AS suppressed,
       ARRAY(SELECT m.step_id FROM messages m WHERE m.enrolment_id = e.id) AS had,
       o.step_id AS open_step_id, q.message_id IS NOT NULL AS queued, q.due_at AS queued_for
  FROM sequence_contacts e
  JOIN sequences s ON s.id = e.sequence_id
  JOIN workspaces w ON w.id = e.workspace_id
  JOIN contacts c ON c.id = e.contact_id
  LEFT JOIN messages o ON o.enrolment_id = e.id AND o.outcome IS NULL AND NOT o.by_hand
  LEFT JOIN queue q ON q.message_id = o.id
 WHERE e.sequence_id = :sequence_id AND e.contact_id = :contact_id
 ORDER BY e.run_no DESC
 LIMIT 1
"""

MOVE = """
UPDATE sequence_contacts
   SET joined_at = :joined_at, anchor_date = :anchor, last_day_number = :last_day, last_minute = :last_minute,
       next_step_id = :step_id, next_due_at = :due
 WHERE id = :enrolment_id
"""
# A run that was paused goes on paused.
BEGIN_AGAIN = """
INSERT INTO sequence_contacts
       (workspace_id, sequence_id, contact_id, run_no, status, joined_at, anchor_date, time_zone, next_step_id,
        next_due_at, last_day_number, last_minute, reached_day, reached_on, device_id, paused_at, paused_by,
        paused_reason)
SELECT e.workspace_id, e.sequence_id, e.contact_id, e.run_no + 1, CAST(:status AS text), :joined_at, :anchor,
       e.time_zone, :step_id, :due, :last_day, :last_minute, e.reached_day, e.reached_on, :device_id,
       CASE WHEN CAST(:status AS text) = 'paused' THEN e.paused_at END,
       CASE WHEN CAST(:status AS text) = 'paused' THEN e.paused_by END,
       CASE WHEN CAST(:status AS text) = 'paused' THEN e.paused_reason END
  FROM sequence_contacts e WHERE e.id = :enrolment_id
    ON CONFLICT DO NOTHING
RETURNING id
"""


async def find(session: Session, actor: Actor, enrolment_id: int, *, lock: bool = False) -> Any:
    """Load (id, sequence_id, contact_id, status, exit_reason) of a run of the actor's workspace."""
    about = {"enrolment_id": enrolment_id, "workspace_id": actor.workspace_id}
    row = (await session.execute(text(LOCK if lock else FIND), about)).one_or_none()
    if row is None:
        raise NotFoundError("This person is not in the sequence any more.")
    return row


async def pause(session: Session, actor: Actor, enrolment_id: int, now: datetime) -> None:
    about = {"enrolment_id": enrolment_id, "now": now, "by": actor.operator_id, "reason": PauseReason.BY_HAND}
    await session.execute(text(PAUSE), about)


async def resume(session: Session, enrolment_id: int) -> None:
    await session.execute(text(RESUME), {"enrolment_id": enrolment_id})


async def resume_replied(session: Session, sequence_id: int) -> int:
    done = await session.execute(text(RESUME_REPLIED), {"sequence_id": sequence_id})
    return int(done.rowcount)  # type: ignore[attr-defined]


async def end(session: Session, enrolment_id: int, now: datetime, reason: str) -> None:
    await session.execute(text(END), {"enrolment_id": enrolment_id, "now": now, "reason": reason})


async def cancel_waiting(session: Session, enrolment_id: int, reason: str, *, by_hand: bool) -> None:
    about = {"enrolment_id": enrolment_id, "reason": reason, "by_hand": by_hand}
    await session.execute(text(CANCEL_WAITING), about)


async def newest_run(session: Session, sequence_id: int, contact_id: int, *, lock: bool = False) -> Any:
    """Load the newest run with all that moving it needs."""
    about = {"sequence_id": sequence_id, "contact_id": contact_id}
    if lock:  # in a statement of its own: the next one sees what whoever held the lock has left
        await session.execute(text(LOCK_RUNS), about)
    return (await session.execute(text(NEWEST_RUN), about)).one()


async def move(session: Session, enrolment_id: int, move: Move) -> None:
    await session.execute(text(MOVE), {"enrolment_id": enrolment_id, **_place(move)})


async def begin_again(
    session: Session, enrolment_id: int, move: Move, *, status: str, device_id: int
) -> int | None:
    """Begin the run after this one; its id, or None if somebody else has just begun it."""
    about = {"enrolment_id": enrolment_id, "status": status, "device_id": device_id}
    new: int | None = await session.scalar(text(BEGIN_AGAIN), {**about, **_place(move)})
    return new


def _place(move: Move) -> dict[str, Any]:
    day, minute = move.run.last_place or (None, None)
    return {
        "joined_at": move.run.joined_at,
        "anchor": move.run.anchor,
        "last_day": day,
        "last_minute": minute,
        "step_id": move.due.step_id,
        "due": move.due.at,
    }
