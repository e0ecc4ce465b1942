"""The queue's SQL. Every statement works on a set of devices or messages at once."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.transactions import Transaction
from models.enums import Lane

# Of a queue row q that names no campaign, with its message b: what may hold it, and that no pause does. Rows that
# name one are found by the campaigns that run, so that a million of a paused one are never looked at.
HOLDERS = """
         LEFT JOIN sequence_contacts e ON e.id = b.enrolment_id
         LEFT JOIN sequences s ON s.id = e.sequence_id
         LEFT JOIN campaigns k ON k.id = b.campaign_id
"""
NOT_HELD = """(q.lane IN ('reply', 'test') OR (q.lane = 'campaign' AND k.status <> 'paused')
               OR (e.status <> 'paused' AND s.status IN ('active', 'archived')))"""

# What each device may send next, read ahead without locks. Paused work is left out here only to keep it from
# crowding out the rest; the claim is what forbids it.
READ_AHEAD = f"""
SELECT d.id AS device_id, m.id, m.lane, m.due_at
  FROM unnest(CAST(:device_ids AS bigint[])) AS a(id)
  JOIN user_devices d ON d.id = a.id
 CROSS JOIN LATERAL (
       SELECT r.id, l.lane, r.due_at
         FROM unnest(enum_range(CAST(NULL AS lane))) AS l(lane)
        CROSS JOIN LATERAL (
              SELECT q.message_id AS id, q.due_at
                FROM queue q
                JOIN messages b ON b.id = q.message_id {HOLDERS}
               WHERE q.device_id = d.id AND q.lane = l.lane AND q.campaign_id IS NULL AND q.due_at <= :horizon
                 AND {NOT_HELD}
               ORDER BY q.campaign_id, q.due_at, q.message_id
               LIMIT :each) r
        UNION ALL
       (SELECT r.message_id, r.lane, r.due_at
          FROM campaigns k
         CROSS JOIN LATERAL (
               SELECT q.message_id, q.lane, q.due_at
                 FROM queue q
                WHERE q.device_id = d.id AND q.lane = 'campaign' AND q.campaign_id = k.id AND q.due_at <= :horizon
                ORDER BY q.due_at, q.message_id
                LIMIT :each) r
         WHERE k.workspace_id = d.workspace_id AND k.status = 'running')
        ORDER BY lane, due_at, id
        LIMIT :each) m
"""

NEWLY_QUEUED = """
SELECT device_id, max(message_id) AS newest FROM queue WHERE message_id > :newest GROUP BY device_id
"""
NEWEST = "SELECT max(message_id) AS newest FROM queue"

# Of messages that end here and now, those whose run may go on to another sequence, which has to be locked for
# that before anything of the run is written; and those of them for which it is.
GOING_ON = """
SELECT m.id FROM messages m
  JOIN sequence_contacts e ON e.id = m.enrolment_id
  JOIN sequences s ON s.id = e.sequence_id AND s.next_sequence_id IS NOT NULL
 WHERE m.id = ANY(:message_ids)
"""
LOCK_NEXT = """
SELECT m.id FROM messages m
  JOIN sequence_contacts e ON e.id = m.enrolment_id
  JOIN sequences s ON s.id = e.sequence_id
  JOIN sequences n ON n.id = s.next_sequence_id
 WHERE m.id = ANY(:message_ids)
   FOR SHARE OF n SKIP LOCKED
"""

# Why an asked message did not come back locked: the device is another engine's, or the message waits no more;
# otherwise somebody has it locked.
EXPLAIN_ASKED = """
SELECT asked.device_id, asked.message_id, d.id IS NOT NULL AS owned, q.message_id IS NOT NULL AS pending,
       d.in_flight_message_id = asked.message_id AS unanswered
  FROM unnest(CAST(:device_ids AS bigint[]), CAST(:epochs AS bigint[]), CAST(:message_ids AS bigint[]))
       AS asked(device_id, epoch, message_id)
  LEFT JOIN user_devices d ON d.id = asked.device_id AND d.epoch = asked.epoch
       AND d.owner IS NOT DISTINCT FROM CAST(:engine_id AS bigint)
  LEFT JOIN queue q ON q.message_id = asked.message_id AND q.device_id = asked.device_id
"""

CLAIM = """
WITH v AS (
    SELECT * FROM unnest(
        CAST(:device_ids AS bigint[]), CAST(:ids AS bigint[]), CAST(:bodies AS text[]),
        CAST(:next_send_at AS timestamptz[]), CAST(:hours AS timestamptz[]), CAST(:hour_counts AS bigint[]),
        CAST(:days AS date[]), CAST(:day_counts AS bigint[])
        ) AS v(id, message_id, body, next_send_at, hour, hour_count, day, day_count)),
claimed AS (
    DELETE FROM queue q USING v WHERE q.message_id = v.message_id)
UPDATE user_devices d
   SET in_flight_message_id = v.message_id, in_flight_since = :now, in_flight_body = v.body,
       next_send_at = v.next_send_at, hour_started_at = v.hour, hour_count = v.hour_count,
       day = v.day, day_count = v.day_count,
       day_failed = CASE WHEN d.day = v.day THEN d.day_failed ELSE 0 END,
       day_unknown = CASE WHEN d.day = v.day THEN d.day_unknown ELSE 0 END
  FROM v WHERE d.id = v.id
"""

# Asking again for a message says that it was not sent: a claim whose commit was never answered is undone.
UNDO_UNANSWERED_CLAIMS = """
WITH undone AS (
    UPDATE user_devices d
       SET in_flight_message_id = NULL, in_flight_since = NULL, in_flight_body = NULL,
           hour_count = d.hour_count - 1, day_count = d.day_count - 1
      FROM unnest(CAST(:device_ids AS bigint[]), CAST(:message_ids AS bigint[])) AS v(device_id, message_id)
     WHERE d.id = v.device_id AND d.in_flight_message_id = v.message_id
    RETURNING v.message_id)
INSERT INTO queue (message_id, device_id, lane, due_at, campaign_id)
SELECT m.id, m.device_id, m.lane, m.due_at, CASE WHEN NOT m.by_hand THEN m.campaign_id END
  FROM undone JOIN messages m ON m.id = undone.message_id
"""

DEFER = """
WITH v AS (
    SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:due AS timestamptz[]), CAST(:expires AS timestamptz[]))
        AS v(id, due_at, expires_at)),
requeued AS (
    UPDATE queue q SET due_at = v.due_at FROM v WHERE q.message_id = v.id)
UPDATE messages m SET due_at = v.due_at, expires_at = coalesce(v.expires_at, m.expires_at)
  FROM v WHERE m.id = v.id
"""

MOVE_ANCHORS = """
UPDATE sequence_contacts e SET anchor_date = v.anchor
  FROM unnest(CAST(:ids AS bigint[]), CAST(:anchors AS date[])) AS v(message_id, anchor)
  JOIN messages m ON m.id = v.message_id
 WHERE e.id = m.enrolment_id
"""

RETURN_TO_QUEUE = """
WITH returned AS (
    UPDATE messages m
       SET due_at = v.due_at, error_code = v.code, error = v.error, attempts = m.attempts + 1 - v.uncounted
      FROM unnest(
           CAST(:ids AS bigint[]), CAST(:due AS timestamptz[]), CAST(:codes AS text[]), CAST(:errors AS text[]),
           CAST(:uncounted AS bigint[])
           ) AS v(id, due_at, code, error, uncounted)
     WHERE m.id = v.id
    RETURNING m.id, m.device_id, m.lane, m.due_at, CASE WHEN NOT m.by_hand THEN m.campaign_id END AS campaign_id)
INSERT INTO queue (message_id, device_id, lane, due_at, campaign_id)
SELECT id, device_id, lane, due_at, campaign_id FROM returned
"""

# Returns the devices that really had this message in flight: nobody has taken them over meanwhile, and the report
# was not written before. The provider's ids are kept in any case.
FREE_DEVICES = """
WITH v AS (
    SELECT * FROM unnest(
        CAST(:device_ids AS bigint[]), CAST(:epochs AS bigint[]), CAST(:ids AS bigint[]),
        CAST(:next_send_at AS timestamptz[]), CAST(:uncounted AS bigint[]), CAST(:failed AS bigint[]),
        CAST(:unknown AS bigint[]), CAST(:sent_at AS timestamptz[]), CAST(:provider_ids AS text[])
        ) AS v(id, epoch, message_id, next_send_at, uncounted, failed, unknown, sent_at, provider_id)),
delivered AS (
    INSERT INTO deliveries (workspace_id, message_id, device_id, provider_message_id)
    SELECT m.workspace_id, m.id, m.device_id, v.provider_id
      FROM v JOIN messages m ON m.id = v.message_id
     WHERE v.provider_id IS NOT NULL
        ON CONFLICT DO NOTHING)
UPDATE user_devices d
   SET in_flight_message_id = NULL, in_flight_since = NULL, in_flight_body = NULL,
       next_send_at = v.next_send_at, hour_count = d.hour_count - v.uncounted,
       day_count = d.day_count - v.uncounted, day_failed = d.day_failed + v.failed,
       day_unknown = d.day_unknown + v.unknown, last_sent_at = coalesce(v.sent_at, d.last_sent_at)
  FROM v
 WHERE d.id = v.id AND d.epoch = v.epoch AND d.in_flight_message_id = v.message_id
RETURNING d.id
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message read ahead: what is needed to put it in order."""

    lane: Lane
    due_at: datetime
    message_id: int


@dataclass(frozen=True, slots=True)
class Ask:
    """One device asks for one message."""

    device_id: int
    epoch: int
    message_id: int


@dataclass(frozen=True, slots=True)
class InFlight:
    """What a device's row says of the message between its claim and its outcome."""

    message_id: int
    epoch: int
    claimed_at: datetime
    body: str | None


def asked(asks: Sequence[Ask]) -> dict[str, list[int]]:
    return {
        "device_ids": [ask.device_id for ask in asks],
        "epochs": [ask.epoch for ask in asks],
        "message_ids": [ask.message_id for ask in asks],
    }


async def newly_queued(transaction: Transaction, newest: int | None) -> tuple[int, list[int]]:
    """Find the devices of the messages behind `newest` (None: from now on), and the newest message there is."""
    if newest is None:
        (row,) = await transaction.rows(NEWEST, {})
        return row.newest or 0, []
    rows = await transaction.rows(NEWLY_QUEUED, {"newest": newest})
    return max((row.newest for row in rows), default=newest), [row.device_id for row in rows]


def in_flight(device: Any) -> InFlight | None:
    """Read it from a row with the columns of `user_devices`."""
    if device.in_flight_message_id is None:
        return None
    return InFlight(device.in_flight_message_id, device.epoch, device.in_flight_since, device.in_flight_body)


async def held_up(transaction: Transaction, message_ids: Sequence[int]) -> set[int]:
    """Of these messages, find those that cannot end now: somebody is changing what their run would go on to."""
    going_on = {row.id for row in await transaction.rows(GOING_ON, {"message_ids": message_ids})}
    if not going_on:
        return set()
    return going_on - {row.id for row in await transaction.rows(LOCK_NEXT, {"message_ids": list(going_on)})}


async def undo_unanswered_claims(transaction: Transaction, in_flight: Sequence[tuple[int, int]]) -> None:
    """Return to the queue what these (device, message) pairs hold; none of it was ever sent."""
    if in_flight:
        device_ids, message_ids = zip(*in_flight, strict=True)
        await transaction.rows(
            UNDO_UNANSWERED_CLAIMS, {"device_ids": list(device_ids), "message_ids": list(message_ids)}
        )


async def read_ahead(
    transaction: Transaction, device_ids: Sequence[int], horizon: datetime, each: int
) -> dict[int, list[Waiting]]:
    """Read up to `each` pending messages of every device that are due by `horizon`."""
    rows = await transaction.rows(READ_AHEAD, {"device_ids": list(device_ids), "horizon": horizon, "each": each})
    ahead: dict[int, list[Waiting]] = defaultdict(list)
    for row in rows:
        ahead[row.device_id].append(Waiting(Lane(row.lane), row.due_at, row.id))
    return ahead
