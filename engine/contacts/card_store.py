"""The SQL of one contact's card: who it is, its runs, and what was sent and answered."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from engine.actor import Actor
from engine.errors import NotFoundError
from engine.transactions import Session

CONTACT = """
SELECT c.id, c.name, c.phone, c.time_zone, c.consent, c.attributes, d.name AS device, w.time_zone AS team_zone,
       x.created_at AS suppressed_since
  FROM contacts c
  JOIN workspaces w ON w.id = c.workspace_id
  LEFT JOIN user_devices d ON d.id = c.device_id
  LEFT JOIN suppressions x ON x.workspace_id = c.workspace_id AND x.phone = c.phone
 WHERE c.id = :contact_id AND c.workspace_id = :workspace_id AND NOT c.unlisted
"""
CONSENTS = """
SELECT k.state, k.source, k.evidence, k.recorded_at, o.name AS recorded_by
  FROM consents k LEFT JOIN operators o ON o.id = k.recorded_by
 WHERE k.contact_id = :contact_id
 ORDER BY k.recorded_at DESC, k.id DESC LIMIT :most
"""
INTERESTS = """
SELECT l.niche, l.status FROM leads l WHERE l.contact_id = :contact_id ORDER BY lower(l.niche)
"""

# Who paused the sequence is in the audit log; what they replied is the last that came before the pause.
RUNS = """
SELECT e.id, e.sequence_id, s.name AS sequence, s.status AS sequence_status, e.status, e.run_no, e.joined_at,
       e.time_zone, e.last_day_number, e.last_minute, e.exit_reason, e.ended_at,
       e.paused_at, e.paused_reason, p.name AS paused_by, b.at AS sequence_paused_at, b.who AS sequence_paused_by,
       CASE WHEN e.paused_reason = 'replied' THEN (
            SELECT concat_ws(': ', nullif(i.attached, ''), nullif(i.body, '')) FROM inbound_messages i
             WHERE i.contact_id = e.contact_id AND i.received_at <= e.paused_at
             ORDER BY i.received_at DESC, i.id DESC LIMIT 1) END AS reply
  FROM sequence_contacts e
  JOIN sequences s ON s.id = e.sequence_id
  LEFT JOIN operators p ON p.id = e.paused_by
  LEFT JOIN LATERAL (
       SELECT a.at, coalesce(o.name, a.face) AS who
         FROM audit_log a LEFT JOIN operators o ON o.id = a.operator_id
        WHERE s.status = 'paused' AND a.workspace_id = s.workspace_id AND a.action = 'sequence.pause'
          AND a.subject_id = s.id
        ORDER BY a.at DESC LIMIT 1) b ON true
 WHERE e.contact_id = :contact_id
 ORDER BY e.status NOT IN ('active', 'paused'), e.id DESC
 LIMIT :most
"""

HISTORY = """
SELECT h.* FROM (
    SELECT coalesce(m.sent_at, m.claimed_at, m.due_at) AS at, false AS inbound, m.id, m.lane, m.outcome,
           m.error_code, m.error, m.body, '' AS attached, m.typed_on_phone,
           coalesce(m.kind, t.kind, k.kind) AS kind, r.delivered_at, r.read_at, r.failed_at, d.name AS device,
           s.name AS sequence, t.day_number, t.send_time, t.after_join_minutes, k.name AS campaign
      FROM messages m
      JOIN user_devices d ON d.id = m.device_id
      LEFT JOIN deliveries r ON r.message_id = m.id
      LEFT JOIN sequence_steps t ON t.id = m.step_id
      LEFT JOIN sequences s ON s.id = t.sequence_id
      LEFT JOIN campaigns k ON k.id = m.campaign_id
     WHERE m.contact_id = :contact_id AND m.outcome IS NOT NULL
     UNION ALL
    SELECT i.received_at, true, i.id, NULL, NULL, NULL, NULL, i.body, i.attached, false, NULL, NULL, NULL, NULL,
           d.name, NULL, NULL, NULL, NULL, NULL
      FROM inbound_messages i JOIN user_devices d ON d.id = i.device_id
     WHERE i.contact_id = :contact_id) h
 ORDER BY h.at DESC, h.inbound DESC, h.id DESC
 LIMIT :most OFFSET :from
"""


async def find(session: Session, actor: Actor, contact_id: int) -> Any:
    about = {"contact_id": contact_id, "workspace_id": actor.workspace_id}
    row = (await session.execute(text(CONTACT), about)).one_or_none()
    if row is None:
        raise NotFoundError("This person is not in the contact book any more.")
    return row


async def consents(session: Session, contact_id: int, most: int) -> Sequence[Any]:
    """The newest first."""
    return (await session.execute(text(CONSENTS), {"contact_id": contact_id, "most": most})).all()


async def interests(session: Session, contact_id: int) -> Sequence[Any]:
    return (await session.execute(text(INTERESTS), {"contact_id": contact_id})).all()


async def runs(session: Session, contact_id: int, most: int) -> Sequence[Any]:
    """The open ones first, then the newest."""
    return (await session.execute(text(RUNS), {"contact_id": contact_id, "most": most})).all()


async def history(session: Session, contact_id: int, *, first: int, most: int) -> Sequence[Any]:
    """What has its outcome, and what they wrote; the newest first."""
    return (await session.execute(text(HISTORY), {"contact_id": contact_id, "most": most, "from": first})).all()
