"""The sequences' SQL: sets of enrolments, and the counts that cards show."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any

from sqlalchemy import select, text

from engine.actor import Actor
from engine.errors import NotFoundError
from engine.transactions import Session
from models import Sequence as SequenceRow
from models import SequenceDevice, SequenceStep, UserDevice
from models.enums import Role

# Who of the chosen contacts may join, and why the others may not. The first reason that applies counts.
CHOSEN = """
SELECT c.id, c.phone, c.time_zone, c.device_id,
       CASE WHEN x.id IS NOT NULL OR c.consent = 'opted_out' THEN 'opted_out'
            WHEN c.consent IS NULL THEN 'no_consent'
            WHEN past.open > 0 THEN 'already_in_it'
            WHEN past.runs > 0 AND :reentry = 'never' THEN 'had_it_before'
            WHEN past.runs > 0 AND :reentry = 'after_cooldown'
                 AND past.last_ended_at > CAST(:now AS timestamptz) - :cooldown * interval '1 day'
                 THEN 'had_it_lately'
       END AS refusal,
       past.runs + 1 AS run_no
  FROM contacts c
  LEFT JOIN suppressions x ON x.workspace_id = c.workspace_id AND x.phone = c.phone
 CROSS JOIN LATERAL (
       SELECT count(*) AS runs, count(*) FILTER (WHERE e.status IN ('active', 'paused')) AS open,
              max(e.ended_at) AS last_ended_at
         FROM sequence_contacts e WHERE e.contact_id = c.id AND e.sequence_id = :sequence_id) past
 WHERE c.workspace_id = :workspace_id AND {chosen}
 ORDER BY c.id
"""
CHOICES = {
    "list_id": "EXISTS (SELECT FROM list_members l WHERE l.contact_id = c.id AND l.list_id = :list_id)",
    "niche": "EXISTS (SELECT FROM leads l WHERE l.contact_id = c.id AND lower(l.niche) = lower(:niche))",
    "contact_ids": "c.id = ANY(:contact_ids)",
    "named": """c.id IN (SELECT unnest(CAST(:contact_ids AS bigint[]))
          UNION ALL SELECT l.contact_id FROM list_members l WHERE l.list_id = CAST(:list_id AS bigint))""",
    "everyone": ":everyone",
}

FIND_CONTACTS = """
SELECT id, phone FROM contacts WHERE workspace_id = :workspace_id AND id = ANY(CAST(:ids AS bigint[]))
 UNION
SELECT id, phone FROM contacts WHERE workspace_id = :workspace_id AND phone = ANY(CAST(:phones AS text[]))
"""

ENROL = """
INSERT INTO sequence_contacts
       (workspace_id, sequence_id, contact_id, run_no, joined_at, anchor_date, time_zone, next_step_id,
        next_due_at, device_id)
SELECT CAST(:workspace_id AS bigint), CAST(:sequence_id AS bigint), v.contact_id, v.run_no,
       CAST(:now AS timestamptz), v.anchor, v.zone, v.step_id, v.due, v.device_id
  FROM unnest(
       CAST(:contact_ids AS bigint[]), CAST(:run_nos AS bigint[]), CAST(:anchors AS date[]),
       CAST(:zones AS text[]), CAST(:step_ids AS bigint[]), CAST(:dues AS timestamptz[]),
       CAST(:device_ids AS bigint[])
       ) AS v(contact_id, run_no, anchor, zone, step_id, due, device_id)
    ON CONFLICT DO NOTHING
RETURNING contact_id
"""

KEEP_DEVICES = """
UPDATE contacts c SET device_id = v.device_id
  FROM unnest(CAST(:contact_ids AS bigint[]), CAST(:device_ids AS bigint[])) AS v(id, device_id)
 WHERE c.id = v.id AND c.device_id IS DISTINCT FROM v.device_id
"""

# Those of a sequence for whom nothing has happened yet: a draft's contacts join when it starts.
UNTOUCHED = """
SELECT e.id, e.time_zone FROM sequence_contacts e
 WHERE e.sequence_id = :sequence_id AND e.status = 'active' AND e.last_day_number IS NULL
   AND NOT EXISTS (SELECT FROM messages m WHERE m.enrolment_id = e.id)
 ORDER BY e.id
   FOR UPDATE
"""
REJOIN = """
UPDATE sequence_contacts e SET joined_at = :now, anchor_date = v.anchor
  FROM unnest(CAST(:zones AS text[]), CAST(:anchors AS date[])) AS v(zone, anchor)
 WHERE e.id = ANY(:ids) AND e.time_zone = v.zone
"""

# People whose wait changes when these steps do. Their messages that still wait go back into the plan: those of the
# steps themselves, and those behind the first of them of runs that have not come by all of them yet.
WAITING_ENROLMENTS = """
SELECT e.id FROM sequence_contacts e
 WHERE e.sequence_id = :sequence_id AND e.status IN ('active', 'paused')
 ORDER BY e.id
   FOR UPDATE
"""
UNPLAN = """
WITH gone AS (
    DELETE FROM queue q
     USING messages m, sequence_contacts e
     WHERE q.message_id = m.id AND m.outcome IS NULL AND NOT m.by_hand AND e.id = m.enrolment_id
       AND (m.step_id = ANY(:step_ids)
            OR (m.step_id = ANY(:behind)
                AND coalesce((e.last_day_number, e.last_minute) < (:first_day, :first_minute), true)
                AND (SELECT count(*) FROM messages h WHERE h.enrolment_id = e.id AND h.step_id = ANY(:changed))
                    < cardinality(CAST(:changed AS bigint[]))))
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

# What has been pruned counts as well.
RESULTS = """
WITH counted AS (
    SELECT m.step_id, coalesce(m.outcome, 'queued') AS outcome, count(*) AS messages
      FROM sequence_steps t JOIN messages m ON m.step_id = t.id
     WHERE t.sequence_id = :sequence_id
     GROUP BY m.step_id, m.outcome
     UNION ALL
    SELECT p.step_id, p.outcome, p.messages
      FROM sequence_steps t JOIN pruned_messages p ON p.step_id = t.id
     WHERE t.sequence_id = :sequence_id)
SELECT t.id AS step_id, CAST(coalesce(sum(c.messages), 0) AS bigint) AS planned,
       CAST(coalesce(sum(c.messages) FILTER (WHERE c.outcome = 'queued'), 0) AS bigint) AS queued,
       CAST(coalesce(sum(c.messages) FILTER (WHERE c.outcome = 'sent'), 0) AS bigint) AS sent,
       CAST(coalesce(sum(c.messages) FILTER (WHERE c.outcome = 'failed'), 0) AS bigint) AS failed,
       CAST(coalesce(sum(c.messages) FILTER (WHERE c.outcome = 'skipped'), 0) AS bigint) AS skipped,
       CAST(coalesce(sum(c.messages) FILTER (WHERE c.outcome = 'unknown'), 0) AS bigint) AS unknown,
       CAST(coalesce(sum(c.messages) FILTER (WHERE c.outcome = 'cancelled'), 0) AS bigint) AS cancelled
  FROM sequence_steps t LEFT JOIN counted c ON c.step_id = t.id
 WHERE t.sequence_id = :sequence_id
 GROUP BY t.id
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
    """`SHARED` keeps editors out; `EXCLUSIVE` keeps out claims as well, for as long as the transaction lasts."""

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


async def chosen_contacts(session: Session, choice: str, parameters: Mapping[str, Any]) -> Sequence[Any]:
    """Load the contacts of one choice (a key of CHOICES), each with the reason why it may not join, if any."""
    return (await session.execute(text(CHOSEN.format(chosen=CHOICES[choice])), parameters)).all()


async def find_contacts(
    session: Session, workspace_id: int, ids: Collection[int], phones: Collection[str]
) -> Sequence[Any]:
    """Return (id, phone) of those of them that the workspace has."""
    parameters = {"workspace_id": workspace_id, "ids": list(ids), "phones": list(phones)}
    return (await session.execute(text(FIND_CONTACTS), parameters)).all()


async def rejoin(session: Session, ids: Sequence[int], now: datetime, anchors: Mapping[str, date]) -> None:
    """Let these enrolments start from now, on the anchor date of their zone."""
    await session.execute(
        text(REJOIN),
        {"ids": list(ids), "now": now, "zones": list(anchors), "anchors": list(anchors.values())},
    )
