"""What became of the sends: written in groups, whatever gathered while the previous commit ran."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from engine.broadcast import store
from engine.broadcast.claims import Claimed
from engine.broadcast.settlement import Settlement, settle
from engine.clock import Clock
from engine.database import Database
from engine.transactions import Transaction
from engine.transports.contract import (
    NOT_CONNECTED,
    NOT_ON_WHATSAPP,
    REACHOUT_LIMITED,
    Outcome,
    Rejected,
    Sent,
    Unknown,
)
from models.enums import MessageStatus

MOST_ATTEMPTS = 3
FIRST_BACKOFF = timedelta(seconds=15)  # machine time; four times as long after each attempt
LEASE_LOST = "lease_lost"  # the engine was out of touch before anything left
NEVER_LEFT = {NOT_CONNECTED, LEASE_LOST, REACHOUT_LIMITED}  # that is no attempt


@dataclass(frozen=True, slots=True)
class Report:
    """One send is over."""

    device_id: int
    claimed: Claimed
    outcome: Outcome


class Outcomes:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._connection = database.direct()
        self._clock = clock

    async def write(self, reports: Sequence[Report]) -> list[None]:
        """Free the devices, settle their messages, move the runs on and tell the operators. Repeatable."""
        now = self._clock.now()
        async with self._connection.transaction() as transaction:
            ends = [_settlement(report) for report in reports]
            freed = await self._free_devices(transaction, reports, ends, now)
            ended, again = [], []
            for report, end in zip(reports, ends, strict=True):
                in_flight = report.device_id in freed
                if end is not None:
                    ended.append(end if in_flight else replace(end, in_flight=False))
                elif in_flight:
                    again.append(report)
            await settle(transaction, ended, now)
            await self._return_to_queue(transaction, again)
        return [None] * len(reports)

    async def _free_devices(
        self,
        transaction: Transaction,
        reports: Sequence[Report],
        ends: Sequence[Settlement | None],
        now: datetime,
    ) -> set[int]:
        freed = await transaction.rows(
            store.FREE_DEVICES,
            {
                "device_ids": [report.device_id for report in reports],
                "epochs": [report.claimed.claim.epoch for report in reports],
                "ids": [report.claimed.claim.message_id for report in reports],
                "next_send_at": [now + report.claimed.delay for report in reports],
                "uncounted": [int(_never_left(report.outcome)) for report in reports],
                "failed": [int(end is not None and end.outcome is MessageStatus.FAILED) for end in ends],
                "unknown": [int(isinstance(report.outcome, Unknown)) for report in reports],
                "sent_at": [now if isinstance(report.outcome, Sent) else None for report in reports],
                "provider_ids": [
                    report.outcome.message_id if isinstance(report.outcome, Sent) else None for report in reports
                ],
            },
        )
        return {row.id for row in freed}

    async def _return_to_queue(self, transaction: Transaction, reports: Sequence[Report]) -> None:
        if not reports:
            return
        now = self._clock.now()
        rejections = [report.outcome for report in reports if isinstance(report.outcome, Rejected)]
        await transaction.rows(
            store.RETURN_TO_QUEUE,
            {
                "ids": [report.claimed.claim.message_id for report in reports],
                "due": [now + self._backoff(report) for report in reports],
                "codes": [rejection.code for rejection in rejections],
                "errors": [rejection.text for rejection in rejections],
                "uncounted": [int(_never_left(rejection)) for rejection in rejections],
            },
        )

    def _backoff(self, report: Report) -> timedelta:
        """Backoff is machine time; `due_at` is business time, which may run faster.

        Whose lease was lost asks again only when it is back.
        """
        if isinstance(report.outcome, Rejected) and report.outcome.code == LEASE_LOST:
            return timedelta()
        return FIRST_BACKOFF * float(4 ** (report.claimed.attempt - 1)) * self._clock.speed


def _never_left(outcome: Outcome) -> bool:
    return isinstance(outcome, Rejected) and outcome.code in NEVER_LEFT


def _settlement(report: Report) -> Settlement | None:
    """Turn an outcome into the end of a message in flight; None if it is to be tried again."""
    claim = report.claimed.claim

    def ended(outcome: MessageStatus, code: str | None = None, error: str | None = None) -> Settlement:
        return Settlement(claim.message_id, outcome, claim, code=code, error=error)

    match report.outcome:
        case Sent():
            return ended(MessageStatus.SENT)
        case Unknown(text=reason):
            return ended(MessageStatus.UNKNOWN, "unknown", reason)
        case Rejected(code=code, text=reason) if code == NOT_ON_WHATSAPP:
            return replace(ended(MessageStatus.SKIPPED, code, reason), exit_reason=code)
        case Rejected(code=code, text=reason, permanent=permanent):
            worn_out = report.claimed.attempt >= MOST_ATTEMPTS and code not in NEVER_LEFT
            if permanent or worn_out:
                return ended(MessageStatus.FAILED, code, reason)
    return None
