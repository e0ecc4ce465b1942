"""What a forecast reads: people by where they stand, and the devices that send to them."""

from typing import Any

from sqlalchemy import Row, text

from engine.transactions import Session

# `joined_at` matters to messages after joining only, which come before all others: elsewhere it would only
# tell people apart who stand at the same place. `had` are the steps of which a run has a message already, but for
# the one it waits for.
_PLACE = """
       status, device_id, time_zone, wave, anchor_date, last_day_number, last_minute, reached_day, reached_on,
       joined_at, step_id, day_number, send_time, after_join_minutes, due_at, expires_at, on_its_way, refusal,
       had"""
STANDING = f"""
WITH one AS (
    SELECT e.status, e.device_id, e.time_zone, e.wave, e.anchor_date, e.last_day_number, e.last_minute,
           e.reached_day, e.reached_on,
           CASE WHEN t.after_join_minutes IS NOT NULL THEN e.joined_at END AS joined_at,
           t.id AS step_id, t.day_number, t.send_time, t.after_join_minutes,
           coalesce(q.due_at, e.next_due_at) AS due_at, m.expires_at,
           m.id IS NOT NULL AND q.message_id IS NULL AS on_its_way,
           CASE WHEN x.id IS NOT NULL OR c.consent = 'opted_out' THEN 'opted_out'
                WHEN c.consent IS NULL THEN 'no_consent' END AS refusal,
           ARRAY(SELECT o.step_id FROM messages o
                  WHERE o.enrolment_id = e.id AND (o.outcome IS NOT NULL OR o.by_hand) ORDER BY o.step_id) AS had
      FROM sequence_contacts e
      JOIN contacts c ON c.id = e.contact_id
      LEFT JOIN suppressions x ON x.workspace_id = c.workspace_id AND x.phone = c.phone
      LEFT JOIN messages m ON m.enrolment_id = e.id AND m.outcome IS NULL AND NOT m.by_hand
      LEFT JOIN queue q ON q.message_id = m.id
      LEFT JOIN sequence_steps t ON t.id = coalesce(m.step_id, e.next_step_id)
     WHERE e.sequence_id = :sequence_id AND e.status IN ('active', 'paused'))
SELECT {_PLACE}, count(*) AS people FROM one GROUP BY {_PLACE}
"""

# What an operator lets go out once more after nobody knew whether it had arrived.
ONCE_MORE = """
SELECT count(*)
  FROM doubts u
  JOIN messages m ON m.id = u.message_id AND m.outcome IS NULL
  JOIN sequence_contacts e ON e.id = m.enrolment_id AND e.status <> 'paused'
 WHERE u.workspace_id = :workspace_id AND e.sequence_id = :sequence_id
"""

# The devices of the people in it, and those of its pool.
DEVICES = """
SELECT d.id, d.name, d.state, d.last_error, d.paused_at, d.removed_at, d.next_send_at, d.min_delay_seconds,
       d.max_delay_seconds, d.hourly_cap, d.daily_cap, d.ramp_start_cap, d.ramp_days, d.ramp_started_on,
       d.hour_started_at, d.hour_count, d.day, d.day_count
  FROM user_devices d
 WHERE d.id IN (SELECT e.device_id FROM sequence_contacts e
                 WHERE e.sequence_id = :sequence_id AND e.status IN ('active', 'paused')
                 UNION SELECT p.device_id FROM sequence_devices p WHERE p.sequence_id = :sequence_id)
 ORDER BY lower(d.name)
"""


async def standing(session: Session, sequence_id: int) -> list[Row[Any]]:
    return list((await session.execute(text(STANDING), {"sequence_id": sequence_id})).all())


async def once_more(session: Session, workspace_id: int, sequence_id: int) -> int:
    about = {"workspace_id": workspace_id, "sequence_id": sequence_id}
    return int(await session.scalar(text(ONCE_MORE), about) or 0)


async def devices(session: Session, sequence_id: int) -> list[Row[Any]]:
    return list((await session.execute(text(DEVICES), {"sequence_id": sequence_id})).all())
