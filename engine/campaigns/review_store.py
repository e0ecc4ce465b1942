"""What the review of a campaign reads: people by where they are, and all that its devices have to send besides."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from engine.broadcast.frequency_store import HAS_REACHED
from engine.broadcast.needs_store import lacks
from engine.broadcast.store import HOLDERS, NOT_HELD
from engine.broadcast.templating import Need
from engine.campaigns.audience_store import People
from engine.transactions import Session
from models import Campaign

SAMPLED = 1000  # of the people, in the order of the book; the samples are taken from these

# Whose zone the number tells: those whose numbers begin alike share it, so that one of them is asked about.
ZONE = "CASE WHEN {zone} IS NULL THEN left({phone}, 8) END"

# Who gets it by device and zone, and who does not by reason; how many of them lack what the text needs.
CROWDS = f"""
SELECT p.left_out, CASE WHEN p.left_out IS NULL THEN p.own_device_id END AS device_id,
       CASE WHEN p.left_out IS NULL THEN p.time_zone END AS time_zone,
       CASE WHEN p.left_out IS NULL THEN {ZONE.format(zone="p.time_zone", phone="p.phone")} END AS prefix,
       min(p.phone) AS phone, count(*) AS people {{lacking}}
  FROM ({{people}}) p
 GROUP BY 1, 2, 3, 4
"""
LACKING = ", count(*) FILTER (WHERE p.left_out IS NULL AND {condition}) AS lacking_{number}"

# Of those who get it, who has had as much since an instant as the team allows for a day.
CAPPED = f"""
SELECT o.device_id, o.time_zone, o.prefix, count(*) AS people
  FROM (SELECT p.id, p.own_device_id AS device_id, p.time_zone,
               {ZONE.format(zone="p.time_zone", phone="p.phone")} AS prefix
          FROM ({{people}}) p
          JOIN messages m ON m.contact_id = p.id AND m.lane IN ('sequence', 'campaign')
          LEFT JOIN sequence_contacts e ON e.id = m.enrolment_id
         WHERE p.left_out IS NULL AND {HAS_REACHED.format(since="CAST(:since AS timestamptz)")}
         GROUP BY p.id, p.own_device_id, p.time_zone, p.phone
        HAVING count(DISTINCT (m.campaign_id, e.sequence_id)) >= :frequency_cap
               AND NOT coalesce(bool_or(m.campaign_id = CAST(:corrected AS bigint)), false)) o
 GROUP BY o.device_id, o.time_zone, o.prefix
"""

SAMPLES = """
SELECT p.name, p.phone, p.attributes FROM ({people}) p WHERE p.left_out IS NULL ORDER BY p.id LIMIT :samples
"""

DEVICES = """
SELECT d.*, p.campaign_id IS NOT NULL AS pooled,
       (SELECT count(*) FROM queue q WHERE q.device_id = d.id) AS waiting
  FROM user_devices d
  LEFT JOIN campaign_devices p ON p.device_id = d.id AND p.campaign_id = :campaign_id
 WHERE d.workspace_id = :workspace_id AND d.removed_at IS NULL
 ORDER BY d.id
"""

# What waits on the devices and no pause holds, to the minute.
WAITING = f"""
SELECT q.device_id, q.lane, date_trunc('minute', q.due_at) AS due_at,
       date_trunc('minute', b.expires_at) AS expires_at, s.missed_policy, s.late_window_minutes,
       e.time_zone AS run_zone, k.window_start, k.window_end, k.min_delay_seconds, k.max_delay_seconds,
       CASE WHEN q.lane = 'campaign' THEN c.time_zone END AS time_zone,
       CASE WHEN q.lane = 'campaign' THEN {ZONE.format(zone="c.time_zone", phone="c.phone")} END AS prefix,
       min(c.phone) AS phone, count(*) AS messages
  FROM queue q
  JOIN messages b ON b.id = q.message_id
  JOIN contacts c ON c.id = b.contact_id {HOLDERS}
 WHERE q.device_id = ANY(:device_ids) AND b.campaign_id IS DISTINCT FROM :campaign_id AND {NOT_HELD}
 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
"""

# People in the sequences of these devices, by where they stand. When somebody joined matters only until they
# have had what comes on joining.
RUNNERS = """
WITH here AS (
    SELECT s.id, s.missed_policy, s.late_window_minutes, s.skip_weekends, s.skip_holidays,
           EXISTS (SELECT FROM sequence_steps t WHERE t.sequence_id = s.id AND t.retired_at IS NULL
                      AND t.after_join_minutes IS NOT NULL) AS on_joining
      FROM sequences s WHERE s.workspace_id = :workspace_id AND s.status IN ('active', 'archived')),
runner AS (
    SELECT e.device_id, e.sequence_id, e.time_zone, e.anchor_date, e.last_day_number, e.last_minute,
           e.reached_day, e.reached_on, e.next_due_at,
           CASE WHEN h.on_joining AND coalesce(e.last_minute, -1) < 0 THEN e.joined_at END AS joined_at
      FROM here h JOIN sequence_contacts e ON e.sequence_id = h.id
     WHERE e.status = 'active' AND e.device_id = ANY(:device_ids))
SELECT r.*, h.missed_policy, h.late_window_minutes, h.skip_weekends, h.skip_holidays, count(*) AS people
  FROM runner r JOIN here h ON h.id = r.sequence_id
 GROUP BY r.device_id, r.sequence_id, r.time_zone, r.anchor_date, r.last_day_number, r.last_minute, r.reached_day,
          r.reached_on, r.next_due_at, r.joined_at, h.missed_policy, h.late_window_minutes, h.skip_weekends,
          h.skip_holidays
"""

# Campaigns of the team that are to send before this one, and have not planned all of their messages.
BEFORE = """
SELECT id FROM campaigns
 WHERE workspace_id = :workspace_id AND id <> :campaign_id AND fanned_at IS NULL
   AND status IN ('scheduled', 'running') AND scheduled_at <= :starts_at
 ORDER BY scheduled_at, id
 LIMIT :most
"""


async def crowds(session: Session, people: People, needs: Sequence[Need]) -> Sequence[Any]:
    """Count everybody that is chosen: rows as in CROWDS, with a column `lacking_0` … for each need."""
    columns, values = [], dict(people.values)
    for number, need in enumerate(needs):
        condition, names = lacks(need, f"need_{number}")
        columns.append(LACKING.format(condition=condition, number=number))
        values |= names
    return await session.rows(CROWDS.format(people=people.everybody, lacking="".join(columns)), values)


async def crowds_behind(session: Session, people: People, contact_id: int) -> Sequence[Any]:
    """The same of those whom a fan-out has still before it."""
    return await session.rows(CROWDS.format(people=people.behind(contact_id), lacking=""), people.values)


async def capped(
    session: Session, people: People, since: datetime, cap: int, *, corrected: int | None
) -> Mapping[Any, int]:
    """How many have had enough for a day since then, by (device, zone, prefix).

    `corrected`: the campaign that this one corrects; whom that has reached is not kept waiting for the correction.
    """
    values = {**people.values, "since": since, "frequency_cap": cap, "corrected": corrected}
    rows = await session.rows(CAPPED.format(people=people.everybody), values)
    return {(row.device_id, row.time_zone, row.prefix): row.people for row in rows}


def somebody(people: People) -> tuple[str, Mapping[str, object]]:
    """Write the query for (name, phone, attributes) of the first few who get it, and its values."""
    return SAMPLES.format(people=people.next_behind(0)), {**people.values, "chunk": SAMPLED, "samples": 1}


async def samples(session: Session, people: People, most: int) -> Sequence[Any]:
    """Load (name, phone, attributes) of the first few who get it."""
    first = {**people.values, "chunk": SAMPLED, "samples": most}
    found = await session.rows(SAMPLES.format(people=people.next_behind(0)), first)
    if found:
        return found
    return await session.rows(SAMPLES.format(people=people.everybody), {**people.values, "samples": most})


async def devices(session: Session, campaign: Campaign) -> Sequence[Any]:
    """Load every device of the team, whether it is in the pool, and how many messages wait for it."""
    return await session.rows(DEVICES, {"workspace_id": campaign.workspace_id, "campaign_id": campaign.id})


async def waiting(session: Session, campaign: Campaign, device_ids: Sequence[int]) -> Sequence[Any]:
    return await session.rows(WAITING, {"device_ids": list(device_ids), "campaign_id": campaign.id})


async def runners(session: Session, campaign: Campaign, device_ids: Sequence[int]) -> Sequence[Any]:
    return await session.rows(RUNNERS, {"device_ids": list(device_ids), "workspace_id": campaign.workspace_id})


async def before(session: Session, campaign: Campaign, starts_at: datetime, most: int) -> list[int]:
    about = {
        "workspace_id": campaign.workspace_id,
        "campaign_id": campaign.id,
        "starts_at": starts_at,
        "most": most,
    }
    return [row.id for row in await session.rows(BEFORE, about)]
