"""What the claim decides about: locked and read, for all devices that ask at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from engine.broadcast import frequency_store
from engine.broadcast.admission import CampaignFacts, Candidate, ContactFacts, DeviceFacts, StepFacts
from engine.broadcast.frequency import Reached
from engine.broadcast.frequency_store import Asked
from engine.broadcast.hours import Window
from engine.broadcast.pacing import pace_of, tally_of
from engine.broadcast.store import Ask, InFlight, asked, in_flight
from engine.contacts.time_zones import zone_of
from engine.sequences.calendar import QuietHours, StepTime
from engine.sequences.progress import Step, load_steps, run_of, sending_days_of
from engine.transactions import Transaction
from models.enums import (
    CampaignStatus,
    ConsentState,
    ContentKind,
    EnrolmentStatus,
    Lane,
    MissedPolicy,
    SequenceStatus,
)

# What `decide` knows of a message m, its device d, workspace w and contact c; of its run e, sequence s and step t.
# Whoever foresees a claim reads the same (engine/broadcast/outlook_store.py). Whether they ask to stop is decided
# when the alert about it ends.
CANDIDATE_FACTS = """c.id AS contact_id, c.time_zone AS contact_zone, w.frequency_cap,
       d.next_send_at, d.paused_at IS NOT NULL OR w.stopped_at IS NOT NULL AS paused,
       d.min_delay_seconds, d.max_delay_seconds, d.hourly_cap, d.daily_cap,
       d.ramp_start_cap, d.ramp_days, d.ramp_started_on, d.hour_started_at, d.hour_count, d.day, d.day_count,
       w.time_zone, w.quiet_start, w.quiet_end, m.kind, m.body, m.media_id,
       c.phone, c.name, c.attributes, c.consent,
       CASE WHEN d.cold_held_until > clock_timestamp()
             AND NOT EXISTS (SELECT FROM inbound_messages i WHERE i.contact_id = c.id AND i.device_id = d.id)
            THEN d.cold_held_until - clock_timestamp() END AS held_for,
       EXISTS (SELECT FROM suppressions x
                WHERE x.workspace_id = c.workspace_id AND x.phone = c.phone) AS suppressed,
       EXISTS (SELECT FROM alerts a
                WHERE a.workspace_id = c.workspace_id AND a.kind = 'asks_to_stop'
                  AND a.subject = 'contact:' || c.id AND a.status <> 'resolved') AS asks_to_stop"""
STEP_FACTS = """e.status, e.joined_at, e.anchor_date, e.time_zone, e.last_day_number, e.last_minute,
       e.reached_day, e.reached_on, s.id AS sequence_id, s.name, s.status AS sequence_status, s.missed_policy,
       s.late_window_minutes, s.skip_weekends, s.skip_holidays, w.rest_days, w.country,
       t.id AS step_id, t.day_number, t.send_time, t.after_join_minutes, t.kind, t.body, t.media_id"""

# Lock what the claim is about. What somebody else has locked is left for the next round, so that a claim never
# waits and never takes part in a deadlock. `IS NOT DISTINCT FROM` keeps the planner off the index on the owner,
# by which a generic plan would compare every device of this engine with every one that asks.
LOCK_ASKED = f"""
SELECT d.id AS device_id, d.epoch, m.campaign_id, d.in_flight_message_id, d.in_flight_since, d.in_flight_body,
       m.id, m.lane, q.due_at, m.expires_at, m.attempts, m.by_hand, {CANDIDATE_FACTS}
  FROM unnest(CAST(:device_ids AS bigint[]), CAST(:epochs AS bigint[]), CAST(:message_ids AS bigint[]))
       AS asked(device_id, epoch, message_id)
  JOIN user_devices d ON d.id = asked.device_id AND d.epoch = asked.epoch
       AND d.owner IS NOT DISTINCT FROM CAST(:engine_id AS bigint)
  JOIN workspaces w ON w.id = d.workspace_id
  JOIN queue q ON q.message_id = asked.message_id AND q.device_id = d.id
  JOIN messages m ON m.id = q.message_id
  JOIN contacts c ON c.id = m.contact_id
   FOR NO KEY UPDATE OF d SKIP LOCKED
   FOR UPDATE OF q SKIP LOCKED
   FOR SHARE OF w SKIP LOCKED
"""

# `had` is what tells whether a late message is the latest, and is asked for only then.
LOCK_STEPS = f"""
SELECT m.id AS message_id, {STEP_FACTS},
       CASE WHEN m.expires_at < :now AND s.missed_policy = 'send_now' THEN
            ARRAY(SELECT o.step_id FROM messages o WHERE o.enrolment_id = e.id AND o.id <> m.id) END AS had
  FROM messages m
  JOIN sequence_contacts e ON e.id = m.enrolment_id
  JOIN sequences s ON s.id = e.sequence_id
  JOIN workspaces w ON w.id = m.workspace_id
  JOIN sequence_steps t ON t.id = m.step_id
 WHERE m.id = ANY(:message_ids)
   FOR SHARE OF e, s SKIP LOCKED
"""

LOCK_CAMPAIGNS = """
SELECT k.id, k.status, k.name, k.kind, k.body, k.media_id, k.window_start, k.window_end, k.min_delay_seconds,
       k.max_delay_seconds, coalesce(k.follows_id, k.id) AS source_id
  FROM campaigns k WHERE k.id = ANY(:ids)
   FOR SHARE SKIP LOCKED
"""


@dataclass(frozen=True, slots=True)
class Locked:
    ask: Ask
    candidate: Candidate
    attempt: int  # the number that this attempt would have
    left: InFlight | None  # what an earlier worker claimed here and never gave an outcome to


async def lock_candidates(
    transaction: Transaction, engine_id: int, asks: Sequence[Ask], now: datetime
) -> list[Locked]:
    """Lock and read what can be locked at once."""
    rows = await transaction.rows(LOCK_ASKED, {**asked(asks), "engine_id": engine_id})
    in_sequence = [row.id for row in rows if row.lane == Lane.SEQUENCE]
    places = await _lock_steps(transaction, in_sequence, now) if in_sequence else {}
    campaigns = await _lock_campaigns(transaction, [row for row in rows if row.lane == Lane.CAMPAIGN], now)
    steps = {message_id: step for message_id, (_, step) in places.items()}
    asking = _asking(rows, places, campaigns)
    alone = await _one_a_person(transaction, asking)
    reached = await frequency_store.read_reached(transaction, [asking[one] for one in alone], now)
    return [
        Locked(
            Ask(row.device_id, row.epoch, row.id),
            candidate_of(row, steps.get(row.id), now, campaign=campaigns.get(row.id), reached=reached.get(row.id)),
            row.attempts + 1,
            in_flight(row),
        )
        for row in rows
        if (row.id in places or row.id in campaigns or row.lane in {Lane.REPLY, Lane.TEST})
        and (row.id in alone or row.id not in asking)
    ]


def _asking(
    rows: Sequence[Any], places: Mapping[int, tuple[int, StepFacts]], campaigns: Mapping[int, CampaignFacts]
) -> dict[int, Asked]:
    """What the frequency cap has to know, by message. What an operator sends once more is exempt."""
    asking = {}
    for row in rows:
        if row.frequency_cap is None or row.by_hand:
            continue
        if (campaign := campaigns.get(row.id)) is not None:
            source, zone = (True, campaign.source_id), campaign.zone
        elif (place := places.get(row.id)) is not None:
            source, zone = (False, place[0]), place[1].run.zone
        else:
            continue
        asking[row.id] = Asked(row.id, row.contact_id, source, row.frequency_cap, zone)
    return asking


async def _one_a_person(transaction: Transaction, asking: Mapping[int, Asked]) -> set[int]:
    """Of these messages one a person, of those whom nobody else is just reaching."""
    if not asking:
        return set()
    first: dict[int, int] = {}
    for message_id, one in asking.items():
        first.setdefault(one.contact_id, message_id)
    mine = await frequency_store.take_turns(transaction, first)
    return {message_id for contact_id, message_id in first.items() if contact_id in mine}


async def _lock_steps(
    transaction: Transaction, message_ids: list[int], now: datetime
) -> dict[int, tuple[int, StepFacts]]:
    """(sequence, facts) by message."""
    rows = await transaction.rows(LOCK_STEPS, {"message_ids": message_ids, "now": now})
    steps = await load_steps(transaction, {row.sequence_id for row in rows if row.had is not None})
    return {
        row.message_id: (
            row.sequence_id,
            step_facts_of(row, steps[row.sequence_id] if row.had is not None else ()),
        )
        for row in rows
    }


async def _lock_campaigns(
    transaction: Transaction, rows: Sequence[Any], now: datetime
) -> dict[int, CampaignFacts]:
    """Facts by message, of rows with CANDIDATE_FACTS."""
    if not rows:
        return {}
    ids = {row.campaign_id for row in rows}
    locked = {row.id: row for row in await transaction.rows(LOCK_CAMPAIGNS, {"ids": list(ids)})}
    return {
        row.id: campaign_facts_of(locked[row.campaign_id], row, now) for row in rows if row.campaign_id in locked
    }


def campaign_facts_of(row: Any, contact: Any, now: datetime) -> CampaignFacts:
    """Read it from a row with the columns of `campaigns`, and one with CANDIDATE_FACTS."""
    delays = (row.min_delay_seconds, row.max_delay_seconds)
    return CampaignFacts(
        status=CampaignStatus(row.status),
        source_id=row.source_id,
        name=row.name,
        kind=ContentKind(row.kind),
        body=row.body,
        media_id=row.media_id,
        window=Window(row.window_start, row.window_end) if row.window_start is not None else None,
        delays=delays if row.min_delay_seconds is not None else None,
        zone=zone_of(contact.contact_zone, contact.phone, contact.time_zone, now),
    )


def candidate_of(
    row: Any,
    step: StepFacts | None,
    now: datetime,
    *,
    campaign: CampaignFacts | None = None,
    reached: Reached | None = None,
) -> Candidate:
    """Read it from a row with CANDIDATE_FACTS, and lane, due_at, expires_at and by_hand."""
    zone = ZoneInfo(row.time_zone)
    return Candidate(
        lane=Lane(row.lane),
        body=row.body,
        due_at=row.due_at,
        expires_at=row.expires_at,
        device=DeviceFacts(pace_of(row), tally_of(row, now, zone), zone, row.next_send_at, row.paused),
        contact=ContactFacts(
            row.phone,
            row.name,
            row.attributes,
            ConsentState(row.consent) if row.consent else None,
            row.suppressed,
            row.asks_to_stop,
            None if row.held_for is None else now + row.held_for,
        ),
        quiet=QuietHours(row.quiet_start, row.quiet_end) if row.quiet_start is not None else None,
        step=step,
        by_hand=row.by_hand,
        kind=ContentKind(row.kind or ContentKind.TEXT),
        media_id=row.media_id,
        campaign=campaign,
        reached=reached,
    )


def step_facts_of(row: Any, steps: Sequence[Step]) -> StepFacts:
    """Read it from a row with STEP_FACTS, and `had`, which belongs to `steps`."""
    return StepFacts(
        run=run_of(row),
        status=EnrolmentStatus(row.status),
        sequence_status=SequenceStatus(row.sequence_status),
        step=StepTime.of(row.step_id, row.day_number, row.send_time, row.after_join_minutes),
        waiting=tuple(step.time for step in steps if step.live and step.time.step_id not in row.had),
        days=sending_days_of(row),
        missed_policy=MissedPolicy(row.missed_policy),
        late_window=timedelta(minutes=row.late_window_minutes),
        sequence=row.name,
        kind=ContentKind(row.kind),
        body=row.body,
        media_id=row.media_id,
    )
