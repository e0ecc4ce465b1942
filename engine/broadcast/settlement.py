"""The end of a message's life, whoever ends it: the claim, the outcome, a takeover, an operator.

The message's row, the run that it belongs to and the alerts change in one transaction.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from engine.alerts import raise_signals
from engine.broadcast.store import InFlight
from engine.sequences.progress import Ended, move_on
from engine.signals import SendsFailed, SendsUnknown, Signal
from models import UserDevice
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
RETURNING m.id, m.device_id, m.enrolment_id, m.step_id, m.outcome, m.error_code, m.error, false AS counted_before
"""

# What was claimed, and what is unknown since, if it was claimed under the same epoch.
END_CLAIMED = """
UPDATE messages m
   SET outcome = v.outcome, error_code = v.code, error = v.error, claimed_at = v.claimed_at,
       claim_epoch = v.epoch, attempts = m.attempts + v.in_flight, body = coalesce(v.body, m.body),
       sent_at = CASE WHEN v.outcome = 'sent' THEN CAST(:now AS timestamptz) END
  FROM unnest(
       CAST(:ids AS bigint[]), CAST(:outcomes AS text[]), CAST(:codes AS text[]), CAST(:errors AS text[]),
       CAST(:epochs AS bigint[]), CAST(:claimed_at AS timestamptz[]), CAST(:bodies AS text[]),
       CAST(:in_flight AS bigint[])
       ) AS v(id, outcome, code, error, epoch, claimed_at, body, in_flight)
 WHERE m.id = v.id
   AND CASE v.in_flight WHEN 1 THEN m.outcome IS NULL ELSE m.outcome = 'unknown' AND m.claim_epoch = v.epoch END
RETURNING m.id, m.device_id, m.enrolment_id, m.step_id, m.outcome, m.error_code, m.error,
          v.in_flight = 0 AS counted_before
"""


REACHED = {MessageStatus.SENT, MessageStatus.UNKNOWN}  # what is unknown counts as sent


@dataclass(frozen=True, slots=True)
class Settlement:
    """The end of one message; without a claim, of one that still waits.

    `in_flight`: the caller has the device's row locked and has seen there that the message was on its way.
    Otherwise only an unknown of that epoch is settled.
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


async def settle(session: AsyncSession, settlements: Sequence[Settlement], now: datetime) -> None:
    """Write the ends, move the runs on and raise the alerts. What has its end already is left as it is."""
    if not settlements:
        return
    rows = [
        *await _end(session, END_PENDING, [one for one in settlements if one.claim is None]),
        *await _end(session, END_CLAIMED, [one for one in settlements if one.claim is not None], now=now),
    ]
    reasons = {one.message_id: one.exit_reason for one in settlements}
    ended = [
        Ended(row.enrolment_id, row.step_id, MessageStatus(row.outcome) in REACHED, reasons[row.id])
        for row in rows
        if row.enrolment_id is not None and not row.counted_before  # the run moved on with the unknown
    ]
    await move_on(session, ended, now)
    troubles = Counter(
        (row.device_id, MessageStatus(row.outcome), row.error_code, row.error)
        for row in rows
        if row.outcome == MessageStatus.FAILED or (row.outcome == MessageStatus.UNKNOWN and not row.counted_before)
    )
    await raise_signals(session, await _signals(session, troubles), now)


async def _end(
    session: AsyncSession, statement: str, settlements: Sequence[Settlement], **values: object
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
        columns["in_flight"] = [int(one.in_flight) for one in settlements]
    return (await session.execute(text(statement), {**columns, **values})).all()


async def _signals(session: AsyncSession, troubles: Counter[tuple[int, MessageStatus, str, str]]) -> list[Signal]:
    if not troubles:
        return []
    ids = {device_id for device_id, *_ in troubles}
    devices = {row.id: row for row in await session.scalars(select(UserDevice).where(UserDevice.id.in_(ids)))}
    signals: list[Signal] = []
    for (device_id, status, code, reason), count in troubles.items():
        device = devices[device_id]
        about = (device.workspace_id, device.id, device.name)
        if status is MessageStatus.FAILED:
            signals.append(SendsFailed(*about, code=code, text=reason, count=count))
        else:
            signals.append(SendsUnknown(*about, text=reason, count=count))
    return signals
