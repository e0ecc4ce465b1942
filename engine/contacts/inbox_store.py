"""The SQL of inbound messages: keeping them, opting out and in, and what a reply does to enrolments.

Locks are taken in the order suppression, enrolment, message, contact.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text

from engine.transactions import Session
from engine.transports.contract import Inbound
from models.enums import ConsentSource, ConsentState

# Who writes: whose number it is, or else who is known by that LID.
PERSON = """
SELECT c.id, c.phone, c.lid, c.unlisted
  FROM user_devices d
  JOIN contacts c ON c.workspace_id = d.workspace_id AND (c.phone = :phone OR c.lid = :lid)
 WHERE d.id = :device
 ORDER BY (c.phone = :phone) IS TRUE DESC LIMIT 1
"""

# It answers the message of ours that it quotes, or else the last that any device of the workspace had sent them.
KEEP = f"""
WITH person AS ({PERSON}),
kept AS (
    INSERT INTO inbound_messages
           (workspace_id, device_id, contact_id, phone, lid, provider_message_id, body, attached, received_at,
            answers_message_id)
    SELECT d.workspace_id, d.id, p.id, coalesce(:phone, p.phone), :lid, :message, :body, :attached, :at,
           coalesce(
           (SELECT m.id FROM deliveries r JOIN messages m ON m.id = r.message_id AND m.contact_id = p.id
             WHERE r.device_id = d.id AND r.provider_message_id = :quotes),
           (SELECT m.id FROM messages m
             WHERE m.contact_id = p.id AND m.lane IN ('sequence', 'campaign') AND m.outcome IN ('sent', 'unknown')
             ORDER BY coalesce(m.sent_at, m.claimed_at) DESC, m.id DESC LIMIT 1))
      FROM user_devices d LEFT JOIN person p ON true
     WHERE d.id = :device
        ON CONFLICT (device_id, provider_message_id) DO NOTHING
    RETURNING id, workspace_id, contact_id, phone)
SELECT k.id, k.workspace_id, k.contact_id, k.phone AS written_from, p.phone, p.unlisted, w.stop_words
  FROM kept k JOIN workspaces w ON w.id = k.workspace_id LEFT JOIN person p ON true
"""

# Nobody is to answer it, or to be told of it by a post.
SETTLED = "UPDATE inbound_messages SET answered_at = :at, posting_at = :at WHERE id = :id"
# To be posted: who posts listens there.
TELL = "SELECT pg_notify('dripdesk_alerts', '')"


async def keep_inbound(session: Session, device_id: int, inbound: Inbound, body: str, at: datetime) -> Any | None:
    """Return (id, workspace_id, contact_id or None, written_from, phone and unlisted of the contact, stop_words).

    None when the message was here before.
    """
    values = {
        "device": device_id,
        "message": inbound.message_id,
        "phone": inbound.phone,
        "lid": inbound.lid,
        "quotes": inbound.quotes,
        "attached": inbound.attached,
        "body": body,
        "at": at,
    }
    return next(iter(await session.rows(KEEP, values)), None)


async def settled(session: Session, inbound_id: int, at: datetime) -> None:
    await session.rows(SETTLED, {"id": inbound_id, "at": at})


async def tell(session: Session) -> None:
    await session.rows(TELL, {})


async def mark_opted_out(session: Session, inbound_id: int) -> None:
    """Remember that this message asked to stop."""
    statement = text("UPDATE inbound_messages SET opted_out = true WHERE id = :id")
    await session.execute(statement, {"id": inbound_id})


async def suppress(
    session: Session, workspace_id: int, phone: str, *, source: ConsentSource, evidence: str, at: datetime
) -> bool:
    """Return whether the phone was not suppressed yet."""
    statement = text("""
        INSERT INTO suppressions (workspace_id, phone, source, evidence, created_at)
        VALUES (:workspace, :phone, :source, :evidence, :at)
        ON CONFLICT (workspace_id, phone) DO NOTHING RETURNING id
    """)
    values = {"workspace": workspace_id, "phone": phone, "source": source, "evidence": evidence, "at": at}
    return (await session.execute(statement, values)).one_or_none() is not None


async def lift_suppression(session: Session, workspace_id: int, phone: str) -> bool:
    """Return whether the phone was suppressed."""
    statement = text("DELETE FROM suppressions WHERE workspace_id = :workspace AND phone = :phone RETURNING id")
    values = {"workspace": workspace_id, "phone": phone}
    return (await session.execute(statement, values)).one_or_none() is not None


async def is_opted_out(session: Session, workspace_id: int, contact_id: int) -> bool:
    """Whether the contact's consent says so, as it may without a suppression: an import took them in meanwhile."""
    statement = text("""
        SELECT EXISTS (SELECT FROM contacts
                        WHERE workspace_id = :workspace AND id = :contact AND consent = 'opted_out')
    """)
    return bool(await session.scalar(statement, {"workspace": workspace_id, "contact": contact_id}))


async def record_consent(
    session: Session,
    workspace_id: int,
    contact_id: int,
    state: ConsentState,
    *,
    source: ConsentSource,
    evidence: str,
    at: datetime,
    by: int | None = None,
) -> None:
    """Set the contact's consent and append the evidence, unless the consent is that already."""
    statement = text("""
        WITH changed AS (
            UPDATE contacts SET consent = CAST(:state AS text)
             WHERE workspace_id = :workspace AND id = :contact AND consent IS DISTINCT FROM CAST(:state AS text)
            RETURNING id)
        INSERT INTO consents (workspace_id, contact_id, state, source, evidence, recorded_at, recorded_by)
        SELECT :workspace, id, CAST(:state AS text), :source, :evidence, :at, CAST(:by AS bigint) FROM changed
    """)
    values = {"workspace": workspace_id, "contact": contact_id, "state": state, "by": by}
    await session.execute(statement, {**values, "source": source, "evidence": evidence, "at": at})


async def last_lane(session: Session, workspace_id: int, contact_id: int) -> str | None:
    """Return the lane of the last message that has reached the contact, or may have."""
    statement = text("""
        SELECT lane FROM broadcast_messages
         WHERE workspace_id = :workspace AND contact_id = :contact AND claimed_at IS NOT NULL
           AND status IN ('processing', 'sent', 'unknown')
         ORDER BY claimed_at DESC, id DESC LIMIT 1
    """)
    lane: str | None = await session.scalar(statement, {"workspace": workspace_id, "contact": contact_id})
    return lane


async def lock_open_enrolments(session: Session, workspace_id: int, contact_id: int) -> Sequence[Row[Any]]:
    """Return (id, on_reply of the sequence, niche of the sequence)."""
    statement = text("""
        SELECT e.id, s.on_reply, s.niche
          FROM sequence_contacts e JOIN sequences s ON s.id = e.sequence_id
         WHERE e.workspace_id = :workspace AND e.contact_id = :contact AND e.status IN ('active', 'paused')
         ORDER BY e.id FOR UPDATE OF e
    """)
    return (await session.execute(statement, {"workspace": workspace_id, "contact": contact_id})).all()


async def exit_enrolments(
    session: Session, workspace_id: int, enrolments: Sequence[int], *, reason: str, at: datetime
) -> None:
    statement = text("""
        UPDATE sequence_contacts
           SET status = 'exited', exit_reason = :reason, next_due_at = NULL, ended_at = :at
         WHERE workspace_id = :workspace AND id = ANY(CAST(:enrolments AS bigint[]))
    """)
    values = {"workspace": workspace_id, "enrolments": list(enrolments), "reason": reason, "at": at}
    await session.execute(statement, values)


async def pause_enrolments(
    session: Session, workspace_id: int, enrolments: Sequence[int], *, at: datetime
) -> None:
    """Pause them because of a reply; what is paused already keeps its first reason."""
    statement = text("""
        UPDATE sequence_contacts SET status = 'paused', paused_at = :at, paused_reason = 'replied'
         WHERE workspace_id = :workspace AND id = ANY(CAST(:enrolments AS bigint[])) AND status = 'active'
    """)
    await session.execute(statement, {"workspace": workspace_id, "enrolments": list(enrolments), "at": at})


async def cancel_pending(
    session: Session,
    workspace_id: int,
    contact_id: int,
    *,
    code: str,
    enrolments: Sequence[int] | None = None,
    replies: bool = False,
) -> None:
    """Cancel what waits for the contact, of these enrolments or (None) all of it.

    What an operator answers goes with all of it; what we answer by ourselves (`replies`) only if said.
    """
    statement = text("""
        WITH gone AS (
            DELETE FROM queue q
             USING messages m
             WHERE q.message_id = m.id AND m.outcome IS NULL AND m.contact_id = :contact
               AND m.workspace_id = :workspace AND (m.lane <> 'reply' OR CAST(:replies AS boolean)
                    OR EXISTS (SELECT FROM answers a WHERE a.message_id = m.id))
               AND (CAST(:enrolments AS bigint[]) IS NULL OR m.enrolment_id = ANY(CAST(:enrolments AS bigint[])))
            RETURNING q.message_id)
        UPDATE messages m SET outcome = 'cancelled', error_code = :code FROM gone WHERE m.id = gone.message_id
    """)
    values = {"workspace": workspace_id, "contact": contact_id, "code": code, "replies": replies}
    await session.execute(statement, {**values, "enrolments": None if enrolments is None else list(enrolments)})


async def answer(
    session: Session, workspace_id: int, contact_id: int, *, device_id: int, body: str, at: datetime
) -> None:
    """Queue a message in the lane that no opt-out, quiet hour or cap holds back."""
    statement = text("""
        INSERT INTO messages (workspace_id, lane, contact_id, device_id, due_at, body)
        VALUES (:workspace, 'reply', :contact, :device, :at, :body)
    """)
    values = {"workspace": workspace_id, "contact": contact_id, "device": device_id, "at": at, "body": body}
    await session.execute(statement, values)
