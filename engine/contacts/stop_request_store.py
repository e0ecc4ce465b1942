"""The SQL of requests to stop in free words: the message, and the open alert that waits for a decision."""

from typing import Any

from sqlalchemy import Row, text

from engine.transactions import Session

WHO = """
SELECT c.name, EXISTS (SELECT FROM suppressions x WHERE x.workspace_id = c.workspace_id AND x.phone = c.phone)
       AS suppressed
  FROM contacts c WHERE c.workspace_id = :workspace AND c.id = :contact AND NOT c.unlisted
"""

# What they wrote last counts; the alert says whether anybody has decided.
OPEN = """
SELECT c.phone, i.id AS inbound_id, i.body, i.device_id, i.received_at
  FROM contacts c
  JOIN alerts a ON a.workspace_id = c.workspace_id AND a.kind = 'asks_to_stop' AND a.subject = :subject
                   AND a.status <> 'resolved'
  JOIN LATERAL (
       SELECT i.* FROM inbound_messages i WHERE i.contact_id = c.id AND i.asks_to_stop
        ORDER BY i.received_at DESC, i.id DESC LIMIT 1) i ON true
 WHERE c.workspace_id = :workspace AND c.id = :contact AND NOT c.unlisted
"""

# Nobody's reply pauses these, so it was the request that has.
GO_ON = """
WITH held AS (
    SELECT e.id FROM sequence_contacts e JOIN sequences s ON s.id = e.sequence_id
     WHERE e.workspace_id = :workspace AND e.contact_id = :contact AND e.status = 'paused'
       AND e.paused_reason = 'replied' AND s.on_reply = 'continue'
     ORDER BY e.id FOR UPDATE OF e)
UPDATE sequence_contacts e SET status = 'active', paused_at = NULL, paused_by = NULL, paused_reason = NULL
  FROM held WHERE e.id = held.id
"""


async def who(session: Session, workspace_id: int, contact_id: int) -> Row[Any] | None:
    """Return (name, suppressed); None for somebody who is not in the book."""
    about = {"workspace": workspace_id, "contact": contact_id}
    return (await session.execute(text(WHO), about)).one_or_none()


async def mark(session: Session, inbound_id: int) -> None:
    """Remember that this message seems to ask to stop. The alerts chat has an alert of it, and needs no post."""
    statement = text("UPDATE inbound_messages SET asks_to_stop = true, posting_at = received_at WHERE id = :id")
    await session.execute(statement, {"id": inbound_id})


async def find_open(session: Session, workspace_id: int, contact_id: int, subject: str) -> Row[Any] | None:
    """Return (phone, inbound_id, body, device_id, received_at) of the request that nobody has decided."""
    about = {"workspace": workspace_id, "contact": contact_id, "subject": subject}
    return (await session.execute(text(OPEN), about)).one_or_none()


async def go_on(session: Session, workspace_id: int, contact_id: int) -> None:
    """Let the runs go on that no reply pauses."""
    await session.execute(text(GO_ON), {"workspace": workspace_id, "contact": contact_id})


async def name_of(session: Session, operator_id: int | None) -> str:
    name: str | None = await session.scalar(
        text("SELECT name FROM operators WHERE id = CAST(:id AS bigint)"), {"id": operator_id}
    )
    return name or "somebody"
