"""The first thing an operator wants to know: is everything all right, and what goes out next."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from engine.actor import Actor
from engine.clock import Clock
from engine.contacts.reply_store import OPEN
from engine.database import Database

# When the next one goes out: the first of each lane and each campaign, and never all that wait.
OVERVIEW = f"""
SELECT w.name, w.time_zone, w.stopped_at,
       (SELECT count(*) FROM contacts c WHERE c.workspace_id = w.id AND NOT c.unlisted) AS contacts,
       (SELECT count(*) FROM user_devices d WHERE d.workspace_id = w.id AND d.removed_at IS NULL) AS devices,
       (SELECT count(*) FROM user_devices d WHERE d.workspace_id = w.id AND d.removed_at IS NULL
               AND d.state IN ('online', 'degraded') AND d.paused_at IS NULL) AS sending,
       (SELECT count(*) FROM user_devices d WHERE d.workspace_id = w.id AND d.removed_at IS NULL
               AND d.state = 'connecting' AND d.last_error IS NULL AND d.paused_at IS NULL) AS connecting,
       (SELECT count(*) FROM sequences s WHERE s.workspace_id = w.id AND s.status = 'active') AS active,
       (SELECT count(*) FROM sequences s WHERE s.workspace_id = w.id AND s.status <> 'archived') AS sequences,
       (SELECT count(*) FROM campaigns c WHERE c.workspace_id = w.id AND c.status = 'running') AS running,
       (SELECT count(*) FROM campaigns c WHERE c.workspace_id = w.id AND c.status = 'paused') AS paused,
       (SELECT count(*) FROM campaigns c WHERE c.workspace_id = w.id AND c.status = 'scheduled') AS scheduled,
       (SELECT min(c.scheduled_at) FROM campaigns c WHERE c.workspace_id = w.id AND c.status = 'scheduled')
         AS launched_at,
       (SELECT count(*) FROM alerts a WHERE a.workspace_id = w.id AND a.status <> 'resolved') AS alerts,
       (SELECT count(*) FROM doubts u JOIN messages m ON m.id = u.message_id AND m.outcome = 'unknown'
         WHERE u.workspace_id = w.id AND u.left_at IS NULL) AS doubts,
       (SELECT count(*) FROM inbound_messages i WHERE i.workspace_id = w.id AND {OPEN}) AS replies,
       (SELECT min(e.next_due_at) FROM sequence_contacts e JOIN sequences s ON s.id = e.sequence_id
         WHERE e.workspace_id = w.id AND e.status = 'active' AND s.status = 'active') AS planned_at,
       (SELECT min(greatest(q.due_at, coalesce(d.next_send_at, q.due_at)))
          FROM user_devices d
         CROSS JOIN LATERAL (
               SELECT f.due_at
                 FROM unnest(enum_range(CAST(NULL AS lane))) AS l(lane)
                CROSS JOIN LATERAL (
                      SELECT f.due_at FROM queue f
                       WHERE f.device_id = d.id AND f.lane = l.lane AND f.campaign_id IS NULL
                       ORDER BY f.campaign_id, f.due_at LIMIT 1) f
                UNION ALL
               SELECT f.due_at
                 FROM campaigns k
                CROSS JOIN LATERAL (
                      SELECT f.due_at FROM queue f
                       WHERE f.device_id = d.id AND f.lane = 'campaign' AND f.campaign_id = k.id
                       ORDER BY f.due_at LIMIT 1) f
                WHERE k.workspace_id = d.workspace_id AND k.status = 'running') q
         WHERE d.workspace_id = w.id AND d.removed_at IS NULL) AS queued_at,
       w.alerts_chat_id IS NOT NULL AS alerts_bound
  FROM workspaces w WHERE w.id = :workspace_id
"""


@dataclass(frozen=True, slots=True)
class Overview:
    team: str
    time_zone: str
    stopped_at: datetime | None
    contacts: int
    devices: int
    devices_sending: int
    devices_connecting: int  # on their way, as after adding one; nothing has gone wrong
    sequences: int
    sequences_active: int
    campaigns_running: int
    campaigns_paused: int
    campaigns_scheduled: int
    open_alerts: int
    replies: int  # that nobody has answered
    doubts: int  # messages that may have arrived, and about which nobody has decided
    alerts_bound: bool  # there is a group that alerts are posted to
    next_send_at: datetime | None
    now: datetime


class Overviews:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def get(self, actor: Actor) -> Overview:
        async with self._database.transaction() as session:
            row = (await session.execute(text(OVERVIEW), {"workspace_id": actor.workspace_id})).one()
        sends = [at for at in (row.planned_at, row.queued_at, row.launched_at) if at is not None]
        return Overview(
            team=row.name,
            time_zone=row.time_zone,
            stopped_at=row.stopped_at,
            contacts=row.contacts,
            devices=row.devices,
            devices_sending=row.sending,
            devices_connecting=row.connecting,
            sequences=row.sequences,
            sequences_active=row.active,
            campaigns_running=row.running,
            campaigns_paused=row.paused,
            campaigns_scheduled=row.scheduled,
            open_alerts=row.alerts,
            replies=row.replies,
            doubts=row.doubts,
            alerts_bound=row.alerts_bound,
            next_send_at=min(sends, default=None),
            now=self._clock.now(),
        )
