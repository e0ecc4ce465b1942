"""The SQL of the opted-out list as a whole: looking into it, and taking many phones into it at once.

Locks are taken in the order suppression, enrolment, message, contact, alert, each by one order of its own.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text

from engine.transactions import Session

COUNT = "SELECT count(*) FROM suppressions WHERE workspace_id = :workspace"
FIND = """
SELECT s.phone, coalesce(c.name, '') AS name, s.source, s.evidence, s.created_at AS since
  FROM suppressions s
  LEFT JOIN contacts c ON c.workspace_id = s.workspace_id AND c.phone = s.phone AND NOT c.unlisted
 WHERE s.workspace_id = :workspace AND (:digits = '' OR strpos(s.phone, :digits) > 0)
 ORDER BY s.created_at DESC, s.id DESC LIMIT :limit
"""
ALL = """
SELECT phone, source, evidence, created_at AS since FROM suppressions
 WHERE workspace_id = :workspace ORDER BY created_at, id
"""
KNOWN = """
SELECT count(*) FROM suppressions WHERE workspace_id = :workspace AND phone = ANY(CAST(:phones AS text[]))
"""

SUPPRESS = """
INSERT INTO suppressions (workspace_id, phone, source, evidence, created_at)
SELECT :workspace, phone, 'opt_out_list', :evidence, :at
  FROM unnest(CAST(:phones AS text[])) AS given(phone) ORDER BY phone
    ON CONFLICT (workspace_id, phone) DO NOTHING
RETURNING id
"""
OWNERS = """
SELECT id FROM contacts WHERE workspace_id = :workspace AND phone = ANY(CAST(:phones AS text[]))
"""
LOCK_RUNS = """
SELECT id FROM sequence_contacts
 WHERE workspace_id = :workspace AND contact_id = ANY(CAST(:people AS bigint[])) AND status IN ('active', 'paused')
 ORDER BY id FOR UPDATE
"""
CANCEL = """
WITH gone AS (
    DELETE FROM queue q
     USING messages m
     WHERE q.message_id = m.id AND m.outcome IS NULL AND m.contact_id = ANY(CAST(:people AS bigint[]))
       AND m.workspace_id = :workspace
       AND (m.lane <> 'reply' OR EXISTS (SELECT FROM answers a WHERE a.message_id = m.id))
    RETURNING q.message_id)
UPDATE messages m SET outcome = 'cancelled', error_code = 'opted_out' FROM gone WHERE m.id = gone.message_id
RETURNING m.id
"""
END_RUNS = """
UPDATE sequence_contacts
   SET status = 'exited', exit_reason = 'opted_out', next_due_at = NULL, ended_at = :at
 WHERE workspace_id = :workspace AND id = ANY(CAST(:runs AS bigint[]))
"""
RECORD = """
WITH locked AS MATERIALIZED (
    SELECT id FROM contacts
     WHERE workspace_id = :workspace AND id = ANY(CAST(:people AS bigint[]))
       AND consent IS DISTINCT FROM 'opted_out'
     ORDER BY phone FOR NO KEY UPDATE),
changed AS (
    UPDATE contacts SET consent = 'opted_out' WHERE id IN (SELECT id FROM locked) RETURNING id)
INSERT INTO consents (workspace_id, contact_id, state, source, evidence, recorded_at, recorded_by)
SELECT :workspace, id, 'opted_out', 'opt_out_list', :evidence, :at, CAST(:by AS bigint) FROM changed
"""
DECIDE = """
UPDATE alerts SET status = 'resolved', resolved_at = :at, resolution = :how, revision = revision + 1
 WHERE workspace_id = :workspace AND kind = 'asks_to_stop' AND status <> 'resolved'
   AND subject IN (SELECT 'contact:' || id FROM unnest(CAST(:people AS bigint[])) AS one(id))
"""


async def count(session: Session, workspace_id: int) -> int:
    return int((await session.execute(text(COUNT), {"workspace": workspace_id})).scalar_one())


async def find(session: Session, workspace_id: int, digits: str, limit: int) -> Sequence[Row[Any]]:
    """Return (phone, name, source, evidence, since), the latest first; no digits: of any phone."""
    values = {"workspace": workspace_id, "digits": digits, "limit": limit}
    return (await session.execute(text(FIND), values)).all()


async def everything(session: Session, workspace_id: int) -> Sequence[Row[Any]]:
    """Return (phone, source, evidence, since), the oldest first."""
    return (await session.execute(text(ALL), {"workspace": workspace_id})).all()


async def count_known(session: Session, workspace_id: int, phones: Sequence[str]) -> int:
    values = {"workspace": workspace_id, "phones": list(phones)}
    return int((await session.execute(text(KNOWN), values)).scalar_one())


async def suppress_all(
    session: Session, workspace_id: int, phones: Sequence[str], *, evidence: str, at: datetime, by: int | None
) -> tuple[int, int, int]:
    """Do for all these phones what STOP does, without an answer. Doing it again changes nothing.

    Return how many are new, how many runs have ended, and how many messages that waited are cancelled.
    """
    about: dict[str, Any] = {"workspace": workspace_id, "phones": list(phones), "evidence": evidence, "at": at}
    new = len((await session.execute(text(SUPPRESS), about)).all())
    people = list(await session.scalars(text(OWNERS), about))
    if not people:
        return new, 0, 0
    about = {"workspace": workspace_id, "people": people, "at": at}
    runs = list(await session.scalars(text(LOCK_RUNS), about))
    cancelled = len((await session.execute(text(CANCEL), about)).all())
    await session.execute(text(END_RUNS), {**about, "runs": runs})
    await session.execute(text(RECORD), {**about, "evidence": evidence, "by": by})
    await session.execute(text(DECIDE), {**about, "how": "They are in an opted-out list."})
    return new, len(runs), cancelled
