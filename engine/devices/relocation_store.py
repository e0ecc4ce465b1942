"""The SQL of moving people from one device to others.

Locks are taken in the order device, enrolment, queue, message, contact. Whoever takes the queue's row first, the
claim or the move, has the message; what is in flight has no row there and stays.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from engine.transactions import Session

# Lost for good, with somebody who waits; or there is an alert that says so.
LOST_DEVICES = """
SELECT d.id FROM user_devices d
 WHERE (d.state IN ('logged_out', 'temp_banned') OR d.removed_at IS NOT NULL)
   AND (EXISTS (SELECT FROM sequence_contacts e WHERE e.device_id = d.id AND e.status IN ('active', 'paused'))
        OR EXISTS (SELECT FROM queue q WHERE q.device_id = d.id AND q.lane IN ('sequence', 'campaign')))
 UNION
SELECT d.id FROM alerts a JOIN user_devices d ON d.workspace_id = a.workspace_id AND a.subject = 'device:' || d.id
 WHERE a.kind = 'people_waiting' AND a.status <> 'resolved'
 ORDER BY id
"""

LOCK_LOST = """
SELECT d.id, d.workspace_id, d.name, d.state, d.removed_at, a.status AS alert, a.text AS told
  FROM user_devices d
  LEFT JOIN alerts a ON a.workspace_id = d.workspace_id AND a.kind = 'people_waiting'
                    AND a.subject = 'device:' || d.id AND a.status <> 'resolved'
 WHERE d.id = :device_id
   FOR NO KEY UPDATE OF d SKIP LOCKED
"""

LOCK_DEVICE = "SELECT id FROM user_devices WHERE id = :device_id FOR NO KEY UPDATE"

# Open runs, and those that are over but have a message here that is sent once more.
LOCK_RUNS = """
SELECT e.id, e.sequence_id AS source_id, e.contact_id, c.device_id AS kept
  FROM sequence_contacts e JOIN contacts c ON c.id = e.contact_id
 WHERE e.device_id = :device_id AND e.id IN (
       SELECT o.id FROM sequence_contacts o WHERE o.device_id = :device_id AND o.status IN ('active', 'paused')
        UNION
       SELECT m.enrolment_id FROM queue q JOIN messages m ON m.id = q.message_id
        WHERE q.device_id = :device_id AND q.lane = 'sequence')
 ORDER BY e.id
   FOR NO KEY UPDATE OF e
"""
MOVE_RUNS = """
UPDATE sequence_contacts e SET device_id = v.device_id
  FROM unnest(CAST(:ids AS bigint[]), CAST(:device_ids AS bigint[])) AS v(id, device_id)
 WHERE e.id = v.id
"""
# Also what came back from a lost device, rejected, after its run had moved.
FOLLOW_RUNS = """
WITH moved AS (
    UPDATE queue q SET device_id = e.device_id
      FROM messages m JOIN sequence_contacts e ON e.id = m.enrolment_id
     WHERE q.device_id = :device_id AND q.lane = 'sequence' AND m.id = q.message_id AND e.device_id <> :device_id
    RETURNING q.message_id, q.device_id)
UPDATE messages m SET device_id = moved.device_id FROM moved WHERE m.id = moved.message_id
RETURNING m.contact_id, m.device_id
"""

LOCK_CAMPAIGN_MESSAGES = """
SELECT m.id, m.campaign_id AS source_id, m.contact_id, c.device_id AS kept
  FROM queue q JOIN messages m ON m.id = q.message_id JOIN contacts c ON c.id = m.contact_id
 WHERE q.device_id = :device_id AND q.lane = 'campaign'
 ORDER BY m.id
   FOR UPDATE OF q
"""
MOVE_CAMPAIGN_MESSAGES = """
WITH moved AS (
    UPDATE queue q SET device_id = v.device_id
      FROM unnest(CAST(:ids AS bigint[]), CAST(:device_ids AS bigint[])) AS v(id, device_id)
     WHERE q.message_id = v.id
    RETURNING q.message_id, q.device_id)
UPDATE messages m SET device_id = moved.device_id FROM moved WHERE m.id = moved.message_id
"""

# A contact keeps its device, and that is the new one now.
MOVE_CONTACTS = """
UPDATE contacts c SET device_id = v.device_id
  FROM unnest(CAST(:contact_ids AS bigint[]), CAST(:device_ids AS bigint[])) AS v(id, device_id)
 WHERE c.id = v.id AND c.device_id = :device_id
"""

USABLE = "d.removed_at IS NULL AND d.state IN ('online', 'connecting', 'degraded')"
SEQUENCE_POOLS = f"""
SELECT p.sequence_id AS source_id, d.id FROM sequence_devices p JOIN user_devices d ON d.id = p.device_id
 WHERE p.sequence_id = ANY(:ids) AND d.id <> :device_id AND {USABLE}
 ORDER BY d.id
"""
CAMPAIGN_POOLS = f"""
SELECT p.campaign_id AS source_id, d.id FROM campaign_devices p JOIN user_devices d ON d.id = p.device_id
 WHERE p.campaign_id = ANY(:ids) AND d.id <> :device_id AND {USABLE}
 ORDER BY d.id
"""
JOIN_POOLS = """
INSERT INTO sequence_devices (workspace_id, sequence_id, device_id)
SELECT s.workspace_id, s.id, CAST(:device_id AS bigint) FROM sequences s WHERE s.id = ANY(:ids)
    ON CONFLICT DO NOTHING
"""
JOIN_CAMPAIGN_POOLS = """
INSERT INTO campaign_devices (workspace_id, campaign_id, device_id)
SELECT c.workspace_id, c.id, CAST(:device_id AS bigint) FROM campaigns c
 WHERE c.id = ANY(:ids) AND c.device_choice = 'pool' AND c.status IN ('running', 'paused')
    ON CONFLICT DO NOTHING
"""

LOADS = """
SELECT d.id,
       (SELECT count(*) FROM sequence_contacts e WHERE e.device_id = d.id AND e.status IN ('active', 'paused'))
       + (SELECT count(*) FROM queue q WHERE q.device_id = d.id AND q.lane = 'campaign') AS people
  FROM user_devices d WHERE d.id = ANY(:ids)
"""

WAITING = """
SELECT count(*) FROM (
       SELECT e.contact_id FROM sequence_contacts e
        WHERE e.device_id = :device_id AND e.status IN ('active', 'paused')
        UNION
       SELECT m.contact_id FROM queue q JOIN messages m ON m.id = q.message_id
        WHERE q.device_id = :device_id AND q.lane IN ('sequence', 'campaign')) waiting
"""

NOTIFY = "SELECT pg_notify('dripdesk_queue', :devices)"


@dataclass(frozen=True, slots=True)
class Moved:
    """How many people each device has taken over, by its id."""

    people: int
    by_device: dict[int, int]


def place(
    waiting: Sequence[Any], pools: dict[int, list[int]], loads: Counter[int], homes: dict[int, int]
) -> dict[int, int]:
    """Give each of `waiting` a device of its pool: its contact's own if that is there, else the least loaded.

    Returns devices by id; who has no other device is left out. `loads` and `homes` (contact → device) go on from
    one call to the next.
    """
    placed = {}
    for one in waiting:
        pool = pools.get(one.source_id)
        if not pool:
            continue
        home = homes.get(one.contact_id, one.kept)
        device = home if home in pool else min(pool, key=lambda device: (loads[device], device))
        loads[device] += 1
        homes.setdefault(one.contact_id, device)
        placed[one.id] = device
    return placed


async def move_people(session: Session, device_id: int, *, to: int | None = None) -> Moved:
    """Move whoever waits for a locked device: to the usable devices of their pools, or all to one."""
    about = {"device_id": device_id}
    runs = (await session.execute(text(LOCK_RUNS), about)).all()
    messages = (await session.execute(text(LOCK_CAMPAIGN_MESSAGES), about)).all()
    sequence_ids = {row.source_id for row in runs}
    if to is None:
        sequences = await _pools(session, SEQUENCE_POOLS, device_id, sequence_ids)
        campaigns = await _pools(session, CAMPAIGN_POOLS, device_id, {row.source_id for row in messages})
    else:
        sequences = {source_id: [to] for source_id in sequence_ids}
        campaigns = {row.source_id: [to] for row in messages}
        await session.execute(text(JOIN_POOLS), {"ids": list(sequence_ids), "device_id": to})
        await session.execute(text(JOIN_CAMPAIGN_POOLS), {"ids": list(campaigns), "device_id": to})
    devices = {device for pool in (*sequences.values(), *campaigns.values()) for device in pool}
    loads = Counter({row.id: row.people for row in await session.execute(text(LOADS), {"ids": list(devices)})})
    homes: dict[int, int] = {}
    of_sequences = place(runs, sequences, loads, homes)
    of_campaigns = place(messages, campaigns, loads, homes)
    await _write(session, MOVE_RUNS, of_sequences)
    await _write(session, MOVE_CAMPAIGN_MESSAGES, of_campaigns)
    followed = (await session.execute(text(FOLLOW_RUNS), about)).all()
    columns = {"contact_ids": list(homes), "device_ids": list(homes.values())}
    await session.execute(text(MOVE_CONTACTS), {**about, **columns})
    for row in followed:
        homes.setdefault(row.contact_id, row.device_id)
    if homes:
        told = ",".join(str(device) for device in sorted({*homes.values(), *devices}))
        await session.execute(text(NOTIFY), {"devices": told if len(told) < 7000 else ""})
    return Moved(len(homes), dict(Counter(homes.values())))


async def _pools(session: Session, statement: str, device_id: int, ids: Collection[int]) -> dict[int, list[int]]:
    pools: dict[int, list[int]] = defaultdict(list)
    for row in await session.execute(text(statement), {"ids": list(ids), "device_id": device_id}):
        pools[row.source_id].append(row.id)
    return pools


async def _write(session: Session, statement: str, placed: dict[int, int]) -> None:
    if placed:
        await session.execute(text(statement), {"ids": list(placed), "device_ids": list(placed.values())})
