"""Reads what has reached people today, for the frequency cap."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from engine.broadcast.frequency import Reached
from engine.database import AdvisoryLock
from engine.sequences.calendar import at_local_time
from engine.transactions import Transaction

# Two devices that claim for one person at the same moment would not see each other's message. Who comes second is
# not made to wait.
TAKE_TURNS = f"""
SELECT v.id FROM unnest(CAST(:contact_ids AS bigint[])) AS v(id)
 WHERE pg_try_advisory_xact_lock({AdvisoryLock.REACH_CONTACT}, CAST(v.id % 2147483647 AS int))
"""

# Of a message m: sent, unknown or on its way, from whichever device; what an operator sent once more as well. A
# message that was unknown, and waits to go once more, has reached its contact for all that is known.
HAS_REACHED = """
              (coalesce(m.sent_at, m.claimed_at) >= {since} AND m.outcome IN ('sent', 'unknown')
               OR m.outcome IS NULL AND (
                  m.by_hand AND m.claimed_at >= {since}
                  OR EXISTS (SELECT FROM user_devices d WHERE d.id = m.device_id AND d.in_flight_message_id = m.id)
               ))"""
REACHED = f"""
SELECT v.message_id, o.of_campaign, o.source_id, o.name
  FROM unnest(CAST(:message_ids AS bigint[]), CAST(:contact_ids AS bigint[]), CAST(:since AS timestamptz[]))
       AS v(message_id, contact_id, since)
 CROSS JOIN LATERAL (
       SELECT DISTINCT m.campaign_id IS NOT NULL AS of_campaign,
              coalesce(c.follows_id, m.campaign_id, s.id) AS source_id, coalesce(c.name, s.name) AS name
         FROM messages m
         LEFT JOIN campaigns c ON c.id = m.campaign_id
         LEFT JOIN sequence_contacts e ON e.id = m.enrolment_id
         LEFT JOIN sequences s ON s.id = e.sequence_id
        WHERE m.contact_id = v.contact_id AND m.lane IN ('sequence', 'campaign')
          AND {HAS_REACHED.format(since="v.since")}) o
 ORDER BY v.message_id, lower(o.name)
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A message that is to reach somebody today. `source`: (whether a campaign, its id)."""

    key: int  # by which the answer is found
    contact_id: int
    source: tuple[bool, int]
    cap: int
    zone: ZoneInfo


async def take_turns(transaction: Transaction, contact_ids: Collection[int]) -> set[int]:
    """Keep others from reaching these people until the transaction ends; those whom nobody else is reaching."""
    rows = await transaction.rows(TAKE_TURNS, {"contact_ids": list(contact_ids)})
    return {row.id for row in rows}


async def read_reached(transaction: Transaction, asked: Sequence[Asked], now: datetime) -> dict[int, Reached]:
    """Read what has reached each of these people on the day that it is now in their zone."""
    days: dict[ZoneInfo, tuple[date, datetime]] = {}
    for one in asked:
        if one.zone not in days:
            today = now.astimezone(one.zone).date()
            days[one.zone] = today, at_local_time(today, time(0), one.zone)
    about = {
        "message_ids": [one.key for one in asked],
        "contact_ids": [one.contact_id for one in asked],
        "since": [days[one.zone][1] for one in asked],
    }
    found: dict[int, dict[tuple[bool, int], str]] = {one.key: {} for one in asked}
    for row in await transaction.rows(REACHED, about) if asked else ():
        found[row.message_id].setdefault((row.of_campaign, row.source_id), row.name)
    return {
        one.key: Reached(
            one.cap,
            days[one.zone][0],
            tuple(name for source, name in found[one.key].items() if source != one.source),
            one.source in found[one.key],
        )
        for one in asked
    }
