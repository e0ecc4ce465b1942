"""The SQL of tests: the operator's phone, what waits for it, and what is to go out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text

from engine.transactions import Session
from models.enums import ContentKind

# Whoever holds this lock tests alone: a second press waits, and replaces what the first has queued.
LOCK_OPERATOR = "SELECT phone FROM operators WHERE id = :operator_id FOR NO KEY UPDATE"

# Of somebody who is in the book already, that contact.
KEEP_CONTACT = """
INSERT INTO contacts (workspace_id, phone, unlisted) VALUES (:workspace_id, :phone, true)
    ON CONFLICT (workspace_id, phone) DO NOTHING
"""
CONTACT = """
SELECT c.id, c.consent = 'opted_out' IS TRUE
             OR EXISTS (SELECT FROM suppressions x WHERE x.workspace_id = c.workspace_id AND x.phone = c.phone)
       AS opted_out
  FROM contacts c WHERE c.workspace_id = :workspace_id AND c.phone = :phone
"""

REPLACE_WAITING = """
WITH gone AS (
    DELETE FROM queue q
     USING messages m
     WHERE q.message_id = m.id AND m.outcome IS NULL AND m.contact_id = :contact_id AND m.lane = 'test'
       AND NOT m.by_hand
    RETURNING q.message_id)
UPDATE messages m SET outcome = 'cancelled', error_code = 'replaced', error = 'there is a newer test'
  FROM gone WHERE m.id = gone.message_id
"""

QUEUE = """
INSERT INTO messages (workspace_id, lane, contact_id, device_id, due_at, expires_at, kind, body, media_id)
SELECT CAST(:workspace_id AS bigint), 'test', CAST(:contact_id AS bigint), CAST(:device_id AS bigint), v.due_at,
       CAST(:expires_at AS timestamptz), v.kind, v.body, v.media_id
  FROM unnest(CAST(:due AS timestamptz[]), CAST(:kinds AS text[]), CAST(:bodies AS text[]),
              CAST(:media_ids AS bigint[])) AS v(due_at, kind, body, media_id)
 ORDER BY v.due_at
RETURNING id
"""

PROGRESS = """
SELECT status, error, count(*) AS messages FROM broadcast_messages
 WHERE workspace_id = :workspace_id AND id = ANY(CAST(:ids AS bigint[])) AND lane = 'test'
 GROUP BY status, error ORDER BY min(id)
"""


@dataclass(frozen=True, slots=True)
class Filled:
    """A message as it is to arrive."""

    kind: ContentKind
    body: str
    media_id: int | None
    due_at: datetime


async def keep_contact(session: Session, workspace_id: int, phone: str) -> Row[Any]:
    """Return (id, opted_out) of the contact of an operator's own phone."""
    about = {"workspace_id": workspace_id, "phone": phone}
    await session.execute(text(KEEP_CONTACT), about)
    return (await session.execute(text(CONTACT), about)).one()


async def queue(
    session: Session,
    workspace_id: int,
    contact_id: int,
    *,
    device_id: int,
    messages: Sequence[Filled],
    expires_at: datetime,
) -> list[int]:
    """Queue them in place of what still waits for this phone; the new ids."""
    await session.execute(text(REPLACE_WAITING), {"contact_id": contact_id})
    about = {
        "workspace_id": workspace_id,
        "contact_id": contact_id,
        "device_id": device_id,
        "due": [message.due_at for message in messages],
        "expires_at": expires_at,
        "kinds": [message.kind for message in messages],
        "bodies": [message.body for message in messages],
        "media_ids": [message.media_id for message in messages],
    }
    return list(await session.scalars(text(QUEUE), about))
