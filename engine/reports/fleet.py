"""How the whole installation stands: engines, devices, what waits and how late it is. For `dripdesk status`.

It reads across workspaces: whoever has a shell on this machine runs all of them.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text

from engine.broadcast.pacing import Tally, capped_until, pace_of, tally_of
from engine.clock import Clock
from engine.database import Database
from engine.devices.ownership import DEAD_AFTER
from engine.transactions import Session
from models.enums import DeviceState

LATE_AFTER = timedelta(seconds=60)  # machine time; then a device that may send, and does not, needs a look

ENGINES = """
SELECT id, host, pid, started_at, clock_timestamp() - heartbeat_at AS age FROM engines ORDER BY id
"""

DEVICES = """
SELECT d.id, w.name AS workspace, w.time_zone, w.stopped_at, d.name, d.state, d.paused_at, d.last_error, d.owner,
       d.in_flight_message_id, d.next_send_at, d.min_delay_seconds, d.max_delay_seconds, d.hourly_cap, d.daily_cap,
       d.ramp_start_cap, d.ramp_days, d.ramp_started_on, d.hour_started_at, d.hour_count, d.day, d.day_count
  FROM user_devices d JOIN workspaces w ON w.id = d.workspace_id
 WHERE d.removed_at IS NULL
 ORDER BY lower(w.name), w.id, lower(d.name)
"""

# The queue's index is read once from end to end; then the first message that nobody holds back (as in the
# queue's READ_AHEAD) is one look into it for each device and lane. Where a pause holds a whole backlog, only its
# front is looked at: a million held messages would take ten seconds, to find that none may go.
WAITING = """
WITH waiting AS MATERIALIZED (
    SELECT device_id, lane, campaign_id, count(*) FILTER (WHERE due_at <= :now) AS due, count(*) AS pending,
           min(due_at) AS first_at
      FROM queue
     GROUP BY device_id, lane, campaign_id)
SELECT w.device_id, CAST(sum(w.due) AS bigint) AS due, CAST(sum(w.pending - w.due) AS bigint) AS later,
       min(CASE WHEN w.campaign_id IS NULL THEN first.due_at WHEN k.status = 'running' THEN w.first_at END)
       AS first_at
  FROM waiting w
  LEFT JOIN campaigns k ON k.id = w.campaign_id
  LEFT JOIN LATERAL (
       SELECT b.due_at
         FROM (SELECT message_id AS id, due_at FROM queue
                WHERE device_id = w.device_id AND lane = w.lane AND campaign_id IS NULL
                  AND w.campaign_id IS NULL
                ORDER BY campaign_id, due_at, message_id
                LIMIT 20) b
         JOIN messages m USING (id)
         LEFT JOIN sequence_contacts e ON e.id = m.enrolment_id
         LEFT JOIN sequences s ON s.id = e.sequence_id
         LEFT JOIN campaigns c ON c.id = m.campaign_id
        WHERE (e.id IS NULL OR e.status <> 'paused' AND s.status IN ('active', 'archived'))
          AND (c.id IS NULL OR c.status <> 'paused')
        ORDER BY b.due_at, b.id
        LIMIT 1) first ON true
 GROUP BY w.device_id
"""

# Counting the messages themselves would read all that were ever sent; the open alerts have counted them already.
UNKNOWN = """
SELECT CAST(coalesce(sum(occurrences), 0) AS bigint) FROM alerts
 WHERE status <> 'resolved' AND kind = 'send_unknown'
"""


@dataclass(frozen=True, slots=True)
class EngineLine:
    id: int
    host: str
    pid: int
    started_at: datetime
    heartbeat_age: float  # seconds, by the database's clock
    alive: bool
    devices: int


@dataclass(frozen=True, slots=True)
class DeviceLine:
    id: int
    workspace: str
    name: str
    state: DeviceState
    paused: bool
    stopped: bool  # "Stop everything" in its workspace
    engine_id: int | None  # its owner, alive or dead
    due: int  # pending now; also what a paused sequence or campaign holds back
    later: int
    lag: float | None  # business seconds since the oldest message was due that nobody holds back
    next_send_at: datetime | None  # business time; in the past: it should have gone out
    sending: bool
    last_error: str | None
    trouble: str | None  # why somebody should look at it


@dataclass(frozen=True, slots=True)
class Totals:
    due: int
    later: int
    processing: int
    unknown: int  # that no operator has acknowledged
    sent_this_hour: int  # by the devices' own counters: the running hour, and the day of the workspace's zone
    sent_today: int
    lag: float | None


@dataclass(frozen=True, slots=True)
class FleetReport:
    now: datetime  # business time
    clock_speed: float
    engines: list[EngineLine]
    devices: list[DeviceLine]
    totals: Totals


@dataclass(frozen=True, slots=True)
class _Queue:
    due: int = 0
    later: int = 0
    first_at: datetime | None = None


class Fleet:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def report(self) -> FleetReport:
        now = self._clock.now()
        async with self._database.transaction() as session:
            rows = (await session.execute(text(DEVICES))).all()
            engines = await _engines(session, Counter(row.owner for row in rows))
            waiting = await session.execute(text(WAITING), {"now": now})
            queues = {row.device_id: _Queue(row.due, row.later, row.first_at) for row in waiting}
            unknown = (await session.execute(text(UNKNOWN))).scalar_one()
        owners = {engine.id: engine for engine in engines}
        late = now - LATE_AFTER * self._clock.speed
        tallies = [tally_of(row, now, ZoneInfo(row.time_zone)) for row in rows]
        devices = [
            _device(row, tally, queues.get(row.id, _Queue()), owners.get(row.owner), now=now, late=late)
            for row, tally in zip(rows, tallies, strict=True)
        ]
        totals = Totals(
            due=sum(device.due for device in devices),
            later=sum(device.later for device in devices),
            processing=sum(device.sending for device in devices),
            unknown=unknown,
            sent_this_hour=sum(tally.hour_count for tally in tallies),
            sent_today=sum(tally.day_count for tally in tallies),
            lag=max((device.lag for device in devices if device.lag is not None), default=None),
        )
        return FleetReport(now, self._clock.speed, engines, devices, totals)


async def _engines(session: Session, owned: Counter[int | None]) -> list[EngineLine]:
    return [
        EngineLine(
            row.id,
            row.host,
            row.pid,
            row.started_at,
            row.age.total_seconds(),
            alive=row.age <= DEAD_AFTER,
            devices=owned[row.id],
        )
        for row in await session.execute(text(ENGINES))
    ]


def _device(
    row: Any, tally: Tally, queue: _Queue, owner: EngineLine | None, *, now: datetime, late: datetime
) -> DeviceLine:
    state = DeviceState(row.state)
    held = row.paused_at is not None or row.stopped_at is not None
    next_send_at = None if held else _next_send_at(row, tally, queue)
    sending = row.in_flight_message_id is not None
    trouble: str | None = None
    if not state.may_send:
        trouble = "needs you" if state.is_terminal else "cannot send"
    elif owner is None or not owner.alive:
        trouble = "no engine works it"
    elif next_send_at is not None and next_send_at < late and not sending:
        trouble = "should send, and does not"
    elif row.last_error:
        trouble = "reports an error"
    return DeviceLine(
        id=row.id,
        workspace=row.workspace,
        name=row.name,
        state=state,
        paused=row.paused_at is not None,
        stopped=row.stopped_at is not None,
        engine_id=row.owner,
        due=queue.due,
        later=queue.later,
        lag=(now - queue.first_at).total_seconds() if queue.first_at and queue.first_at <= now else None,
        next_send_at=next_send_at,
        sending=sending,
        last_error=row.last_error,
        trouble=trouble,
    )


def _next_send_at(row: Any, tally: Tally, queue: _Queue) -> datetime | None:
    if queue.first_at is None:
        return None
    capped = capped_until(pace_of(row), tally, ZoneInfo(row.time_zone))
    return max(at for at in (queue.first_at, row.next_send_at, capped) if at is not None)
