"""The end of a message's life, whoever ends it: the claim, the outcome, a takeover, an operator.

The message's row, the run that it belongs to and the alerts change in one transaction.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from engine.alerts import raise_signals
from engine.sequences.progress import Ended, move_on
from engine.signals import SendsFailed, SendsUnknown, Signal
from models import UserDevice
from models.enums import MessageStatus

# An outcome settles what was claimed under its own epoch; without an epoch, what is still pending. The rows are
# locked first, so that what they were before is what they really were.
SETTLE = """
WITH before AS (
    SELECT id, status FROM broadcast_messages WHERE id = ANY(:ids) ORDER BY id FOR UPDATE
)
UPDATE broadcast_messages m
   SET status = v.status, error_code = v.code, error = v.error, claimed_at = coalesce(m.claimed_at, :now),
       sent_at = CASE WHEN v.status = 'sent' THEN CAST(:now AS timestamptz) END
  FROM unnest(
       CAST(:ids AS bigint[]), CAST(:epochs AS bigint[]), CAST(:statuses AS text[]),
       CAST(:codes AS text[]), CAST(:errors AS text[])
       ) AS v(id, epoch, status, code, error)
  JOIN before ON before.id = v.id
 WHERE m.id = v.id
   AND CASE WHEN v.epoch IS NULL THEN before.status = 'pending'
            ELSE m.claim_epoch = v.epoch AND before.status IN ('processing', 'unknown') END
RETURNING m.id, m.device_id, m.enrolment_id, m.step_id, m.status, m.error_code, m.error,
          before.status = 'unknown' AS counted_before
"""


REACHED = {MessageStatus.SENT, MessageStatus.UNKNOWN}  # what is unknown counts as sent


@dataclass(frozen=True, slots=True)
class Settlement:
    """`epoch` is the one the message was claimed under; None ends a pending message."""

    message_id: int
    status: MessageStatus
    epoch: int | None = None
    code: str | None = None
    error: str | None = None
    exit_reason: str | None = None


async def settle(session: AsyncSession, settlements: Sequence[Settlement], now: datetime) -> None:
    """Write the ends, move the runs on and raise the alerts. What has its end already is left as it is."""
    if not settlements:
        return
    settled = await session.execute(
        text(SETTLE),
        {
            "now": now,
            "ids": [one.message_id for one in settlements],
            "epochs": [one.epoch for one in settlements],
            "statuses": [one.status for one in settlements],
            "codes": [one.code for one in settlements],
            "errors": [one.error for one in settlements],
        },
    )
    rows = settled.all()
    reasons = {one.message_id: one.exit_reason for one in settlements}
    ended = [
        Ended(row.enrolment_id, row.step_id, MessageStatus(row.status) in REACHED, reasons[row.id])
        for row in rows
        if row.enrolment_id is not None and not row.counted_before  # the run moved on with the unknown
    ]
    await move_on(session, ended, now)
    troubles = Counter(
        (row.device_id, MessageStatus(row.status), row.error_code, row.error)
        for row in rows
        if row.status == MessageStatus.FAILED or (row.status == MessageStatus.UNKNOWN and not row.counted_before)
    )
    await raise_signals(session, await _signals(session, troubles), now)


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
