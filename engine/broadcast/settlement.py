"""The end of a message's life, whoever ends it: the claim, the outcome, a takeover, an operator.

The message's row, the run that it belongs to and the alerts change in one transaction.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.alerts import raise_signals
from engine.broadcast.store import InFlight
from engine.sequences.progress import Ended, move_on
from engine.signals import SendsFailed, SendsKnown, SendsUnknown, Signal
from engine.transactions import Transaction
from models.enums import MessageStatus

# What still waits: whoever takes its row out of the queue ends it.
END_PENDING = """
WITH v AS (
    SELECT * FROM unnest(
        CAST(:ids AS bigint[]), CAST(:outcomes AS text[]), CAST(:codes AS text[]), CAST(:errors AS text[])
        ) AS v(id, outcome, code, error)),
gone AS (
    DELETE FROM queue q USING v WHERE q.message_id = v.id RETURNING q.message_id)
UPDATE messages m SET outcome = v.outcome, error_code = v.code, error = v.error
  FROM v JOIN gone ON gone.message_id = v.id
 WHERE m.id = v.id
RETURNING m.id, m.device_id, m.enrolment_id, m.step_id, m.campaign_id, m.outcome, m.error_code, m.error, m.by_hand,
          false AS doubted
"""

# What was on its way until the caller freed its device. Whose person was deleted meanwhile has no text any more.
END_CLAIMED = """
UPDATE messages m
   SET outcome = v.outcome, error_code = v.code, error = v.error, claimed_at = v.claimed_at,
       claim_epoch = v.epoch, attempts = m.attempts + 1,
       body = CASE WHEN m.body = '' THEN '' ELSE coalesce(v.body, m.body) END,
       sent_at = CASE WHEN v.outcome = 'sent' THEN CAST(:now AS timestamptz) END
  FROM unnest(
       CAST(:ids AS bigint[]), CAST(:outcomes AS text[]), CAST(:codes AS text[]), CAST(:errors AS text[]),
       CAST(:epochs AS bigint[]), CAST(:claimed_at AS timestamptz[]), CAST(:bodies AS text[])
       ) AS v(id, outcome, code, error, epoch, claimed_at, body)
 WHERE m.id = v.id AND m.outcome IS NULL
RETURNING m.id, m.device_id, m.enrolment_id, m.step_id, m.campaign_id, m.outcome, m.error_code, m.error, m.by_hand,
          false AS doubted
"""

# What is unknown since, if it was claimed under the same epoch. What an operator sends once more, and what still
# waits for that, is taken back when the first send turns out to have arrived.
END_DOUBTED = """
WITH v AS (
    SELECT * FROM unnest(
        CAST(:ids AS bigint[]), CAST(:outcomes AS text[]), CAST(:codes AS text[]), CAST(:errors AS text[]),
        CAST(:epochs AS bigint[])) AS v(id, outcome, code, error, epoch)),
taken_back AS (
    DELETE FROM queue q USING v, messages m
     WHERE m.id = v.id AND q.message_id = v.id AND m.by_hand AND m.claim_epoch = v.epoch AND v.outcome = 'sent'
    RETURNING q.message_id)
UPDATE messages m
   SET outcome = v.outcome, error_code = v.code, error = v.error,
       sent_at = CASE WHEN v.outcome = 'sent' THEN CAST(:now AS timestamptz) END
  FROM v LEFT JOIN taken_back t ON t.message_id = v.id
 WHERE m.id = v.id AND m.claim_epoch = v.epoch AND (m.outcome = 'unknown' OR t.message_id IS NOT NULL)
RETURNING m.id, m.device_id, m.enrolment_id, m.step_id, m.campaign_id, m.outcome, m.error_code, m.error, m.by_hand,
          true AS doubted
"""

KEEP_DOUBTS = """
INSERT INTO doubts (workspace_id, message_id, device_id, contact_id, claimed_at)
SELECT m.workspace_id, m.id, m.device_id, m.contact_id, m.claimed_at FROM messages m WHERE m.id = ANY(:ids)
    ON CONFLICT (message_id) DO UPDATE
       SET device_id = excluded.device_id, claimed_at = excluded.claimed_at, left_at = NULL
"""
END_DOUBTS = "DELETE FROM doubts WHERE message_id = ANY(:ids) RETURNING device_id"

# Whom a campaign was the first to reach knows that device from then on. Whose row somebody else is changing right
# now gets that note with another message.
KEEP_DEVICES = """
WITH free AS (
    SELECT c.id, m.device_id
      FROM messages m JOIN contacts c ON c.id = m.contact_id
     WHERE m.id = ANY(:ids) AND c.device_id IS NULL
     ORDER BY c.id
       FOR NO KEY UPDATE OF c SKIP LOCKED)
UPDATE contacts c SET device_id = free.device_id FROM free WHERE c.id = free.id
"""

# Of these devices, those of which nothing waits for somebody's decision.
WITHOUT_DOUBTS = """
SELECT d.id, d.workspace_id, d.name FROM user_devices d
 WHERE d.id = ANY(:device_ids) AND NOT EXISTS (
       SELECT FROM doubts u JOIN messages m ON m.id = u.message_id AND m.outcome = 'unknown'
        WHERE u.workspace_id = d.workspace_id AND u.device_id = d.id AND u.left_at IS NULL)
"""
DEVICES = "SELECT id, workspace_id, name FROM user_devices WHERE id = ANY(:ids)"

REACHED = {MessageStatus.SENT, MessageStatus.UNKNOWN}  # what is unknown counts as sent


@dataclass(frozen=True, slots=True)
class Settlement:
    """The end of one message; without a claim, of one that still waits.

    `in_flight`: the caller has the device's row locked and has seen there that the message was on its way.
    Otherwise only what is unknown (or waits to be sent once more) since that claim is settled.
    """

    message_id: int
    outcome: MessageStatus
    claim: InFlight | None = None
    in_flight: bool = True
    code: str | None = None
    error: str | None = None
    exit_reason: str | None = None


def doubtful(claim: InFlight, reason: str) -> Settlement:
    """Turn what is in flight on a locked device, and whose sender is gone, into an unknown."""
    return Settlement(claim.message_id, MessageStatus.UNKNOWN, claim, code="no_outcome", error=reason)


async def settle(transaction: Transaction, settlements: Sequence[Settlement], now: datetime) -> None:
    """Write the ends, move the runs on and raise the alerts. What has its end already is left as it is."""
    if not settlements:
        return
    waiting = [one for one in settlements if one.claim is None]
    on_their_way = [one for one in settlements if one.claim is not None and one.in_flight]
    late = [one for one in settlements if one.claim is not None and not one.in_flight]
    rows = [
        *await _end(transaction, END_PENDING, waiting),
        *await _end(transaction, END_CLAIMED, on_their_way, now=now),
        *await _end(transaction, END_DOUBTED, late, now=now),
    ]
    reasons = {one.message_id: one.exit_reason for one in settlements}
    ended = [
        Ended(row.enrolment_id, row.step_id, MessageStatus(row.outcome) in REACHED, reasons[row.id])
        for row in rows
        if row.enrolment_id is not None and not _counted_before(row)
    ]
    await move_on(transaction, ended, now)
    await _keep_devices(transaction, rows)
    await _keep_doubts(transaction, rows, now)
    troubles = Counter(
        (row.device_id, MessageStatus(row.outcome), row.error_code, row.error)
        for row in rows
        if row.outcome == MessageStatus.FAILED or (row.outcome == MessageStatus.UNKNOWN and not row.doubted)
    )
    await raise_signals(transaction, await _signals(transaction, troubles), now)


def _counted_before(row: Any) -> bool:
    """The run moved on when the message was unknown, and does so once."""
    return bool(row.doubted or row.by_hand)


async def _keep_devices(transaction: Transaction, rows: Sequence[Any]) -> None:
    """Who joins a sequence is given a device there and then; whom a campaign reaches has met one now."""
    reached = [row.id for row in rows if row.campaign_id is not None and MessageStatus(row.outcome) in REACHED]
    if reached:
        await transaction.rows(KEEP_DEVICES, {"ids": reached})


async def _keep_doubts(transaction: Transaction, rows: Sequence[Any], now: datetime) -> None:
    doubtful_ids = [row.id for row in rows if row.outcome == MessageStatus.UNKNOWN and not row.doubted]
    if doubtful_ids:
        await transaction.rows(KEEP_DOUBTS, {"ids": doubtful_ids})
    settled = [row.id for row in rows if row.outcome != MessageStatus.UNKNOWN and _counted_before(row)]
    if settled:
        freed = await transaction.rows(END_DOUBTS, {"ids": settled})
        await resolve_doubts(transaction, {row.device_id for row in freed}, now)


async def resolve_doubts(transaction: Transaction, device_ids: Collection[int], now: datetime) -> None:
    """End the alerts of those of these devices of which nothing is unsure any more."""
    rows = await transaction.rows(WITHOUT_DOUBTS, {"device_ids": list(device_ids)})
    await raise_signals(transaction, [SendsKnown(row.workspace_id, row.id, row.name) for row in rows], now)


async def _end(
    transaction: Transaction, statement: str, settlements: Sequence[Settlement], **values: object
) -> Sequence[Any]:
    if not settlements:
        return []
    columns: dict[str, list[object]] = {
        "ids": [one.message_id for one in settlements],
        "outcomes": [one.outcome for one in settlements],
        "codes": [one.code for one in settlements],
        "errors": [one.error for one in settlements],
    }
    claims = [one.claim for one in settlements if one.claim is not None]
    if claims:
        columns["epochs"] = [claim.epoch for claim in claims]
        columns["claimed_at"] = [claim.claimed_at for claim in claims]
        columns["bodies"] = [claim.body for claim in claims]
    return await transaction.rows(statement, {**columns, **values})


async def _signals(
    transaction: Transaction, troubles: Counter[tuple[int, MessageStatus, str, str]]
) -> list[Signal]:
    if not troubles:
        return []
    ids = {device_id for device_id, *_ in troubles}
    devices = {row.id: row for row in await transaction.rows(DEVICES, {"ids": list(ids)})}
    signals: list[Signal] = []
    for (device_id, status, code, reason), count in troubles.items():
        device = devices[device_id]
        about = (device.workspace_id, device.id, device.name)
        if status is MessageStatus.FAILED:
            signals.append(SendsFailed(*about, code=code, text=reason, count=count))
        else:
            signals.append(SendsUnknown(*about, text=reason, count=count))
    return signals
