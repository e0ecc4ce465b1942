"""The sequences' SQL: sets of enrolments, and the counts that cards show."""

from collections.abc import Collection
from enum import Enum

from sqlalchemy import select

from engine.actor import Actor
from engine.errors import NotFoundError
from engine.transactions import Session
from models import Sequence as SequenceRow
from models import SequenceDevice, SequenceStep, UserDevice
from models.enums import Role

# People whose wait changes when these steps do. Messages of these steps that still wait go back into the plan, and
# so do those of runs for whom another step has come before theirs.
WAITING_ENROLMENTS = """
SELECT e.id FROM sequence_contacts e
 WHERE e.sequence_id = :sequence_id AND e.status IN ('active', 'paused')
 ORDER BY e.id
   FOR UPDATE
"""
QUEUED = """
SELECT m.enrolment_id, m.step_id
  FROM queue q JOIN messages m ON m.id = q.message_id JOIN sequence_contacts e ON e.id = m.enrolment_id
 WHERE m.step_id = ANY(:step_ids) AND m.outcome IS NULL AND NOT m.by_hand AND e.status IN ('active', 'paused')
"""
UNPLAN = """
WITH gone AS (
    DELETE FROM queue q
     USING messages m
     WHERE q.message_id = m.id AND m.outcome IS NULL AND NOT m.by_hand
       AND (m.step_id = ANY(:step_ids) OR m.enrolment_id = ANY(:overtaken))
    RETURNING q.message_id)
DELETE FROM messages m USING gone WHERE m.id = gone.message_id
"""
STILL_OPEN = """
SELECT m.enrolment_id FROM messages m WHERE m.enrolment_id = ANY(:ids) AND m.outcome IS NULL AND NOT m.by_hand
"""

# Two steps may have one time until all of them have been changed.
LET_STEPS_SWAP = "SET CONSTRAINTS ex_sequence_steps_day_and_time, ex_sequence_steps_after_join DEFERRED"
CHECK_STEPS = "SET CONSTRAINTS ex_sequence_steps_day_and_time, ex_sequence_steps_after_join IMMEDIATE"

# Archiving. What is on its way stays processing and gets its outcome.
END_RUNS = """
UPDATE sequence_contacts
   SET status = 'exited', exit_reason = 'archived', next_step_id = NULL, next_due_at = NULL, ended_at = :now
 WHERE sequence_id = :sequence_id AND status IN ('active', 'paused')
"""
CANCEL_PENDING = """
WITH gone AS (
    DELETE FROM queue q
     USING messages m, sequence_contacts e
     WHERE q.message_id = m.id AND m.outcome IS NULL AND e.id = m.enrolment_id AND e.sequence_id = :sequence_id
    RETURNING q.message_id)
UPDATE messages m SET outcome = 'cancelled', error_code = 'archived'
  FROM gone WHERE m.id = gone.message_id
"""

SUMMARIES = """
SELECT s.id, s.name, s.status, s.niche,
       (SELECT count(*) FROM sequence_steps t WHERE t.sequence_id = s.id AND t.retired_at IS NULL) AS steps,
       count(e.id) AS contacts,
       count(e.id) FILTER (WHERE e.status = 'active') AS active,
       count(e.id) FILTER (WHERE e.status = 'completed') AS completed
  FROM sequences s LEFT JOIN sequence_contacts e ON e.sequence_id = s.id
 WHERE s.workspace_id = :workspace_id AND s.status = :status
 GROUP BY s.id
 ORDER BY s.id DESC
"""

PEOPLE = """
SELECT sequence_id, status, count(*) AS people, min(next_due_at) AS next_due_at
  FROM sequence_contacts WHERE sequence_id = ANY(:sequence_ids) GROUP BY sequence_id, status
"""

NEXT_QUEUED = """
SELECT min(q.due_at) FROM sequence_steps t JOIN messages m ON m.step_id = t.id JOIN queue q ON q.message_id = m.id
 WHERE t.sequence_id = :sequence_id AND m.outcome IS NULL
"""


class Lock(Enum):
    """`SHARED` keeps editors out; `EXCLUSIVE` keeps out claims as well, for as long as the transaction lasts.

    `EXCLUSIVE` locks the next sequence too, `SHARED`: an edit may complete runs, and they go on to it.
    """

    NONE = "none"
    SHARED = "shared"
    EXCLUSIVE = "exclusive"


async def find(
    session: Session,
    actor: Actor,
    sequence_id: int,
    *,
    role: Role = Role.VIEWER,
    lock: Lock = Lock.NONE,
) -> SequenceRow:
    """Load a sequence of the actor's workspace. Raises NotFoundError, NotAllowedError."""
    actor.must_be(role)
    query = select(SequenceRow).where(
        SequenceRow.id == sequence_id, SequenceRow.workspace_id == actor.workspace_id
    )
    if lock is not Lock.NONE:
        query = query.with_for_update(read=lock is Lock.SHARED)
    sequence = await session.scalar(query)
    if sequence is None:
        raise NotFoundError("This sequence does not exist any more.")
    if lock is Lock.EXCLUSIVE and sequence.next_sequence_id is not None:
        following = select(SequenceRow.id).where(SequenceRow.id == sequence.next_sequence_id)
        await session.execute(following.with_for_update(read=True))
    return sequence


async def steps_of(session: Session, *sequence_ids: int) -> list[SequenceStep]:
    """Load the live steps in the order in which they are sent."""
    query = select(SequenceStep).where(
        SequenceStep.sequence_id.in_(sequence_ids), SequenceStep.retired_at.is_(None)
    )
    order = (
        SequenceStep.day_number,
        SequenceStep.after_join_minutes.asc().nulls_last(),
        SequenceStep.send_time,
    )
    return list(await session.scalars(query.order_by(*order)))


async def devices_of(session: Session, sequence_id: int) -> list[UserDevice]:
    """Load the device pool."""
    return [device for _, device in await pools_of(session, [sequence_id])]


async def pools_of(session: Session, sequence_ids: Collection[int]) -> list[tuple[int, UserDevice]]:
    """Load the device pools of several sequences: (sequence, device)."""
    query = (
        select(SequenceDevice.sequence_id, UserDevice)
        .join(SequenceDevice, SequenceDevice.device_id == UserDevice.id)
        .where(SequenceDevice.sequence_id.in_(sequence_ids), UserDevice.removed_at.is_(None))
        .order_by(UserDevice.id)
    )
    return [(sequence_id, device) for sequence_id, device in await session.execute(query)]
