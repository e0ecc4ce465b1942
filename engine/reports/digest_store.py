"""The SQL of the daily digest. No index says when messages were sent: once a day they are read as a whole."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, text

from engine.transactions import Session

# Whose hour has come and who has not had today's; only a team with a group can be told.
DUE = """
SELECT w.id, w.time_zone, CAST(CAST(:now AS timestamptz) AT TIME ZONE w.time_zone AS date) AS day,
       (SELECT max(d.until) FROM digests d WHERE d.workspace_id = w.id) AS last
  FROM workspaces w
 WHERE w.digest_at IS NOT NULL AND w.alerts_chat_id IS NOT NULL
   AND CAST(CAST(:now AS timestamptz) AT TIME ZONE w.time_zone AS time) >= w.digest_at
   AND (w.digest_on IS NULL OR w.digest_on < CAST(CAST(:now AS timestamptz) AT TIME ZONE w.time_zone AS date))
 ORDER BY w.id
"""

SENT = """
SELECT count(*) AS sent, count(d.delivered_at) AS delivered, count(d.read_at) AS read,
       count(d.failed_at) FILTER (WHERE d.delivered_at IS NULL) AS not_shown
  FROM messages m LEFT JOIN deliveries d ON d.message_id = m.id
 WHERE m.workspace_id = :workspace AND m.lane IN ('sequence', 'campaign') AND m.outcome = 'sent'
   AND m.sent_at > :since AND m.sent_at <= :until
"""
FAILED = """
SELECT coalesce(m.error_code, '') AS code, coalesce(max(m.error), '') AS error, count(*) AS messages
  FROM messages m
 WHERE m.workspace_id = :workspace AND m.lane IN ('sequence', 'campaign') AND m.outcome = 'failed'
   AND m.claimed_at > :since AND m.claimed_at <= :until
 GROUP BY m.error_code ORDER BY count(*) DESC, m.error_code
"""

# A STOP is no answer. An alert is open until somebody has decided.
PEOPLE = """
SELECT (SELECT count(DISTINCT i.contact_id) FROM inbound_messages i
         WHERE i.workspace_id = :workspace AND i.received_at > :since AND i.received_at <= :until
           AND NOT i.opted_out) AS replied,
       (SELECT count(*) FROM suppressions x
         WHERE x.workspace_id = :workspace AND x.created_at > :since AND x.created_at <= :until
           AND x.source <> 'opt_out_list') AS opted_out,
       (SELECT count(*) FROM suppressions x
         WHERE x.workspace_id = :workspace AND x.created_at > :since AND x.created_at <= :until
           AND x.source = 'opt_out_list') AS listed_out,
       (SELECT count(*) FROM alerts a
         WHERE a.workspace_id = :workspace AND a.kind = 'asks_to_stop' AND a.status <> 'resolved') AS asking,
       (SELECT count(*) FROM doubts u JOIN messages m ON m.id = u.message_id AND m.outcome = 'unknown'
         WHERE u.workspace_id = :workspace AND u.left_at IS NULL) AS unsure,
       (SELECT count(*) FROM sequences s WHERE s.workspace_id = :workspace AND s.status = 'active') AS sequences,
       (SELECT count(*) FROM campaigns c WHERE c.workspace_id = :workspace AND c.status = 'running') AS campaigns,
       (SELECT count(*) FROM campaigns c WHERE c.workspace_id = :workspace AND c.status = 'paused')
           AS campaigns_paused
"""

# Of sequences, what is planned for that day or waits in the queue for it; whoever is paused gets nothing.
DUE_MESSAGES = """
SELECT (SELECT count(*) FROM sequence_contacts e JOIN sequences s ON s.id = e.sequence_id
         WHERE e.workspace_id = :workspace AND e.status = 'active' AND s.status = 'active'
           AND e.next_due_at >= :start AND e.next_due_at < :end)
     + (SELECT count(*) FROM sequence_contacts e JOIN sequences s ON s.id = e.sequence_id
          JOIN messages m ON m.enrolment_id = e.id AND m.outcome IS NULL AND NOT m.by_hand
          JOIN queue q ON q.message_id = m.id AND q.due_at >= :start AND q.due_at < :end
         WHERE e.workspace_id = :workspace AND e.status = 'active' AND s.status = 'active'
           AND e.next_due_at IS NULL)
"""
DUE_CAMPAIGNS = """
SELECT c.name, c.scheduled_at FROM campaigns c
 WHERE c.workspace_id = :workspace AND c.status = 'scheduled'
   AND c.scheduled_at >= :start AND c.scheduled_at < :end
 ORDER BY c.scheduled_at, c.id
"""

TAKE_THE_DAY = """
UPDATE workspaces SET digest_on = :day
 WHERE id = :workspace AND digest_at IS NOT NULL AND (digest_on IS NULL OR digest_on < :day)
RETURNING id
"""
KEEP = """
INSERT INTO digests (workspace_id, day, since, until, figures)
VALUES (:workspace, :day, :since, :until, CAST(:figures AS jsonb))
    ON CONFLICT (workspace_id, day) DO NOTHING
"""


async def due(session: Session, now: datetime) -> list[Row[Any]]:
    """Return (id, time_zone, day, last: up to when the latest digest told, or None)."""
    return list((await session.execute(text(DUE), {"now": now})).all())


async def counts(
    session: Session, workspace_id: int, since: datetime, until: datetime
) -> tuple[Row[Any], Row[Any]]:
    """Return (sent, delivered, read), and what PEOPLE counts."""
    about = {"workspace": workspace_id, "since": since, "until": until}
    return (await session.execute(text(SENT), about)).one(), (await session.execute(text(PEOPLE), about)).one()


async def failed(session: Session, workspace_id: int, since: datetime, until: datetime) -> list[Row[Any]]:
    """Return (code, error, messages), the most frequent first."""
    about = {"workspace": workspace_id, "since": since, "until": until}
    return list((await session.execute(text(FAILED), about)).all())


async def due_messages(session: Session, workspace_id: int, start: datetime, end: datetime) -> int:
    about = {"workspace": workspace_id, "start": start, "end": end}
    return int((await session.execute(text(DUE_MESSAGES), about)).scalar_one())


async def due_campaigns(session: Session, workspace_id: int, start: datetime, end: datetime) -> list[Row[Any]]:
    """Return (name, scheduled_at)."""
    about = {"workspace": workspace_id, "start": start, "end": end}
    return list((await session.execute(text(DUE_CAMPAIGNS), about)).all())


async def take_the_day(session: Session, workspace_id: int, day: date) -> bool:
    """Whether this day's digest is ours to make: nobody has, nor does meanwhile."""
    about = {"workspace": workspace_id, "day": day}
    return (await session.execute(text(TAKE_THE_DAY), about)).one_or_none() is not None


async def keep(
    session: Session, workspace_id: int, day: date, *, since: datetime, until: datetime, figures: str
) -> None:
    about = {"workspace": workspace_id, "day": day, "since": since, "until": until, "figures": figures}
    await session.execute(text(KEEP), about)
