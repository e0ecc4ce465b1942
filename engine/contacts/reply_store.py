"""The SQL of replies: which wait for an answer, what one of them says, and whether it may be answered."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from engine.transactions import Session

# Who opts out after they wrote has said all that there is to say.
OPEN = """i.answered_at IS NULL AND NOT i.opted_out AND NOT EXISTS (
       SELECT FROM suppressions x
        WHERE x.workspace_id = i.workspace_id AND x.phone = i.phone AND x.created_at >= i.received_at)"""

REPLY = """
SELECT i.id, i.contact_id, coalesce(c.name, '') AS name, coalesce(c.phone, i.phone) AS phone, i.body, i.attached,
       i.received_at, i.answered_at, d.id AS device_id, d.name AS device, d.state, d.paused_at, d.removed_at,
       coalesce(m.body, '') AS answers
  FROM inbound_messages i
  JOIN user_devices d ON d.id = i.device_id
  LEFT JOIN contacts c ON c.id = i.contact_id AND NOT c.unlisted
  LEFT JOIN messages m ON m.id = i.answers_message_id
"""
LISTED = f"{REPLY} WHERE i.workspace_id = :workspace AND {OPEN} ORDER BY i.id DESC LIMIT :most"
# What nobody is to answer is settled as it comes, and is no reply; a deleted person's has lost its words.
FIND = (
    f"{REPLY} WHERE i.workspace_id = :workspace AND i.id = :id AND NOT i.opted_out AND i.phone IS DISTINCT FROM ''"
)

DONE = f"""
UPDATE inbound_messages i SET answered_at = :at
 WHERE i.workspace_id = :workspace AND i.id = :id AND {OPEN}
RETURNING i.id
"""
# A post tells of one reply, or of many; an alert of the last thing that somebody wrote who asks to stop.
OF_POST = """
SELECT i.id FROM inbound_messages i
 WHERE i.workspace_id = :workspace AND i.posted_to = :chat AND i.telegram_message_id = :message
 UNION
SELECT (SELECT max(i.id) FROM inbound_messages i
         WHERE i.contact_id = CAST(split_part(a.subject, ':', 2) AS bigint) AND i.asks_to_stop)
  FROM alerts a
 WHERE a.workspace_id = :workspace AND a.kind = 'asks_to_stop' AND a.chat_id = :chat
   AND a.telegram_message_id = :message
"""

# Whom nobody deletes until we are through.
LOCK_CONTACT = """
SELECT c.id FROM contacts c
 WHERE c.workspace_id = :workspace AND c.id = :contact AND NOT c.unlisted
   FOR KEY SHARE
"""
# Since when they are opted out, and whether they have written anything else since.
OPTED_OUT = """
SELECT o.at, EXISTS (SELECT FROM inbound_messages i
                      WHERE i.contact_id = c.id AND NOT i.opted_out AND i.received_at > o.at) AS wrote_since
  FROM contacts c
 CROSS JOIN LATERAL (
       SELECT greatest(
              (SELECT x.created_at FROM suppressions x
                WHERE x.workspace_id = c.workspace_id AND x.phone = c.phone),
              (SELECT max(k.recorded_at) FROM consents k
                WHERE k.contact_id = c.id AND k.state = 'opted_out' AND c.consent = 'opted_out')) AS at) o
 WHERE c.workspace_id = :workspace AND c.id = :contact AND o.at IS NOT NULL
"""
ANSWER = """
WITH answer AS (
    INSERT INTO messages (workspace_id, lane, contact_id, device_id, due_at, kind, body, media_id)
    VALUES (:workspace, 'reply', :contact, :device, :at, :kind, :body, CAST(:media AS bigint))
    RETURNING id, workspace_id)
INSERT INTO answers (message_id, workspace_id, inbound_id, chat_id, telegram_message_id)
SELECT id, workspace_id, :inbound, CAST(:chat AS bigint), CAST(:telegram_message AS bigint) FROM answer
RETURNING message_id
"""
ANSWERED = """
UPDATE inbound_messages SET answered_at = :at
 WHERE workspace_id = :workspace AND contact_id = :contact AND answered_at IS NULL
"""
# Taken before anybody is told, and for good. What did not arrive answers nothing.
TAKE_ENDED = """
WITH ended AS (
    UPDATE answers a SET ended_at = clock_timestamp()
      FROM messages m
     WHERE a.ended_at IS NULL AND m.id = a.message_id AND m.outcome IS NOT NULL
    RETURNING a.message_id, a.inbound_id, a.chat_id, a.telegram_message_id, m.contact_id, m.device_id, m.outcome,
              m.error_code, m.error),
open_again AS (
    UPDATE inbound_messages i SET answered_at = NULL
      FROM ended e
     WHERE i.id = e.inbound_id AND e.outcome IN ('failed', 'skipped', 'cancelled')
       AND NOT EXISTS (
           SELECT FROM answers o JOIN messages m ON m.id = o.message_id
            WHERE m.contact_id = e.contact_id AND m.id > e.message_id
              AND (m.outcome IS NULL OR m.outcome IN ('sent', 'unknown'))))
SELECT e.chat_id, e.telegram_message_id, e.outcome, e.error_code, e.error, d.name AS device,
       coalesce(nullif(c.name, ''), c.phone) AS person
  FROM ended e JOIN user_devices d ON d.id = e.device_id JOIN contacts c ON c.id = e.contact_id
 WHERE e.outcome <> 'sent' AND e.chat_id IS NOT NULL
"""


async def listed(session: Session, workspace_id: int, most: int) -> Sequence[Any]:
    """Return those that wait for an answer, the newest first."""
    return await session.rows(LISTED, {"workspace": workspace_id, "most": most})


async def find(session: Session, workspace_id: int, inbound_id: int) -> Any | None:
    return next(iter(await session.rows(FIND, {"workspace": workspace_id, "id": inbound_id})), None)


async def done(session: Session, workspace_id: int, inbound_id: int, at: datetime) -> bool:
    """Whether it still waited."""
    return bool(await session.rows(DONE, {"workspace": workspace_id, "id": inbound_id, "at": at}))


async def of_post(session: Session, workspace_id: int, chat_id: int, message_id: int) -> list[int]:
    about = {"workspace": workspace_id, "chat": chat_id, "message": message_id}
    return [row.id for row in await session.rows(OF_POST, about) if row.id is not None]


async def lock_contact(session: Session, workspace_id: int, contact_id: int) -> bool:
    """Whether the contact is there."""
    return bool(await session.rows(LOCK_CONTACT, {"workspace": workspace_id, "contact": contact_id}))


async def is_left_alone(session: Session, workspace_id: int, contact_id: int) -> bool:
    """Whether the contact has opted out and not written since."""
    found = await session.rows(OPTED_OUT, {"workspace": workspace_id, "contact": contact_id})
    return any(not row.wrote_since for row in found)
