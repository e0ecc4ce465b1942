"""Reads where devices stand: the facts behind "Why?" and behind the health check, in one statement for many."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text

from engine.broadcast.pacing import pace_of, tally_of
from engine.broadcast.store import HOLDERS, NOT_HELD
from engine.contacts.time_zones import zone_of
from engine.devices.ownership import DEAD_AFTER
from engine.devices.why import Next, Standing, Surroundings
from engine.sequences.calendar import QuietHours
from engine.transactions import Session
from models.enums import DeviceState, Lane

# A few probes of the queue's index a device: the oldest of each lane, and of each campaign, that no pause holds.
# The worker takes what is due by lane; what is not due yet comes by time. A device that may not send anyway is not
# asked.
STANDINGS = f"""
SELECT d.id, d.state, d.state_since, d.state_until, coalesce(d.last_error, '') AS state_reason,
       g.id IS NOT NULL AS worked, d.paused_at, w.stopped_at, d.next_send_at, d.last_sent_at,
       d.in_flight_message_id IS NOT NULL AS in_flight,
       d.min_delay_seconds, d.max_delay_seconds, d.hourly_cap, d.daily_cap, d.ramp_start_cap, d.ramp_days,
       d.ramp_started_on, d.hour_started_at, d.hour_count, d.day, d.day_count,
       CASE WHEN d.cold_held_until > clock_timestamp() THEN d.cold_held_until END AS limited_until,
       clock_timestamp() - coalesce(d.phone_seen_at, d.paired_at) AS phone_away_for,
       w.time_zone, w.quiet_start, w.quiet_end, n.lane, n.due_at, n.recipient_zone, n.phone
  FROM user_devices d
  JOIN workspaces w ON w.id = d.workspace_id
  LEFT JOIN engines g ON g.id = d.owner
       AND g.heartbeat_at >= clock_timestamp() - CAST(:dead_after AS interval)
  LEFT JOIN LATERAL (
       SELECT f.*
         FROM (SELECT f.lane, f.due_at, f.recipient_zone, f.phone
                 FROM unnest(enum_range(CAST(NULL AS lane))) AS l(lane)
                CROSS JOIN LATERAL (
                      SELECT q.lane, q.due_at, e.time_zone AS recipient_zone, CAST(NULL AS text) AS phone
                        FROM queue q
                        JOIN messages b ON b.id = q.message_id {HOLDERS}
                       WHERE q.device_id = d.id AND q.lane = l.lane AND q.campaign_id IS NULL AND {NOT_HELD}
                       ORDER BY q.campaign_id, q.due_at, q.message_id
                       LIMIT 1) f
                UNION ALL
               SELECT r.lane, r.due_at, c.time_zone, c.phone
                 FROM campaigns k
                CROSS JOIN LATERAL (
                      SELECT q.lane, q.due_at, q.message_id FROM queue q
                       WHERE q.device_id = d.id AND q.lane = 'campaign' AND q.campaign_id = k.id
                       ORDER BY q.due_at, q.message_id
                       LIMIT 1) r
                 JOIN messages b ON b.id = r.message_id
                 JOIN contacts c ON c.id = b.contact_id
                WHERE k.workspace_id = d.workspace_id AND k.status = 'running') f
        WHERE w.stopped_at IS NULL AND d.paused_at IS NULL AND d.state IN ('online', 'degraded')
        ORDER BY f.due_at > :now, CASE WHEN f.due_at <= :now THEN f.lane END, f.due_at
        LIMIT 1) n ON true
 WHERE d.id = ANY(:device_ids)
"""

SURROUNDINGS = """
SELECT (SELECT count(*) FROM engines WHERE heartbeat_at >= clock_timestamp() - CAST(:dead_after AS interval))
       AS engines,
       (SELECT coalesce(o.name, a.face) FROM audit_log a LEFT JOIN operators o ON o.id = a.operator_id
         WHERE a.workspace_id = w.id AND a.action = 'workspace.stop' AND a.at >= w.stopped_at
         ORDER BY a.at LIMIT 1) AS stopped_by,
       coalesce(d.paused_reason, (
        SELECT coalesce(o.name, a.face) FROM audit_log a LEFT JOIN operators o ON o.id = a.operator_id
         WHERE a.workspace_id = w.id AND a.action = 'device.pause' AND a.subject_id = d.id AND a.at >= d.paused_at
         ORDER BY a.at LIMIT 1)) AS paused_by,
       (SELECT min(e.next_due_at) FROM sequence_contacts e JOIN sequences s ON s.id = e.sequence_id
         WHERE e.device_id = d.id AND e.status = 'active' AND e.next_due_at IS NOT NULL
           AND s.status IN ('active', 'archived')) AS planned_at,
       ARRAY(SELECT s.name FROM sequences s
              WHERE s.workspace_id = w.id AND s.status = 'paused'
                AND EXISTS (SELECT FROM sequence_contacts e WHERE e.sequence_id = s.id AND e.device_id = d.id
                               AND e.status IN ('active', 'paused'))
              ORDER BY lower(s.name)) AS paused_sequences,
       ARRAY(SELECT k.name FROM campaigns k
              WHERE k.workspace_id = w.id AND k.status = 'paused'
                AND EXISTS (SELECT FROM queue q
                             WHERE q.device_id = d.id AND q.lane = 'campaign' AND q.campaign_id = k.id)
              ORDER BY lower(k.name)) AS paused_campaigns
  FROM user_devices d JOIN workspaces w ON w.id = d.workspace_id
 WHERE d.id = :device_id
"""


async def read_standings(session: Session, device_ids: Sequence[int], now: datetime) -> list[Standing]:
    rows = await session.execute(
        text(STANDINGS), {"device_ids": list(device_ids), "now": now, "dead_after": DEAD_AFTER}
    )
    return [_standing(row, now) for row in rows]


async def read_surroundings(session: Session, device_id: int) -> Surroundings:
    row = (await session.execute(text(SURROUNDINGS), {"device_id": device_id, "dead_after": DEAD_AFTER})).one()
    return Surroundings(
        stopped_by=row.stopped_by,
        paused_by=row.paused_by,
        engines=row.engines,
        planned_at=row.planned_at,
        paused_sequences=tuple(row.paused_sequences),
        paused_campaigns=tuple(row.paused_campaigns),
    )


def _standing(row: Any, now: datetime) -> Standing:
    zone = ZoneInfo(row.time_zone)
    recipient = ZoneInfo(row.recipient_zone) if row.recipient_zone else None
    if row.phone is not None:  # of a campaign
        recipient = zone_of(row.recipient_zone, row.phone, row.time_zone, now)
    return Standing(
        device_id=row.id,
        state=DeviceState(row.state),
        state_since=row.state_since,
        state_until=row.state_until,
        state_reason=row.state_reason,
        worked=row.worked,
        paused_at=row.paused_at,
        stopped_at=row.stopped_at,
        next_send_at=row.next_send_at,
        last_sent_at=row.last_sent_at,
        in_flight=row.in_flight,
        pace=pace_of(row),
        tally=tally_of(row, now, zone),
        zone=zone,
        quiet=QuietHours(row.quiet_start, row.quiet_end) if row.quiet_start is not None else None,
        next=Next(Lane(row.lane), row.due_at, recipient) if row.lane is not None else None,
        limited_until=row.limited_until,
        phone_away_for=row.phone_away_for,
    )
