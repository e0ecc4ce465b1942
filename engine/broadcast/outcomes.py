"""What became of the sends: written in groups, whatever gathered while the previous commit ran."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from engine.broadcast import store
from engine.broadcast.settlement import Settlement, settle
from engine.clock import Clock
from engine.database import Database
from engine.transports.contract import Outcome, Rejected, Sent, Unknown
from models.enums import MessageStatus

MOST_ATTEMPTS = 3
FIRST_BACKOFF = timedelta(seconds=15)  # machine time; four times as long after each attempt
NOT_CONNECTED = "not_connected"  # the line was down …
LEASE_LOST = "lease_lost"  # … or the engine was out of touch …
NEVER_LEFT = {NOT_CONNECTED, LEASE_LOST}  # … before anything left: that is no attempt
NOT_ON_WHATSAPP = "not_on_whatsapp"


@dataclass(frozen=True, slots=True)
class Report:
    """One send is over. `delay` is the pause that was drawn for the device at the claim."""

    device_id: int
    epoch: int
    message_id: int
    attempt: int
    outcome: Outcome
    delay: timedelta


class Outcomes:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def write(self, reports: Sequence[Report]) -> list[None]:
        """Settle the messages, free their devices, move the runs on and tell the operators. Repeatable."""
        now = self._clock.now()
        final = [end for report in reports if (end := _settlement(report)) is not None]
        again = [report for report in reports if _settlement(report) is None]
        async with self._database.transaction() as session:
            await settle(session, final, now)
            await self._deliveries(session, reports)
            await self._return_to_queue(session, again)
            await session.execute(
                text(store.FREE_DEVICES),
                {
                    "device_ids": [report.device_id for report in reports],
                    "epochs": [report.epoch for report in reports],
                    "ids": [report.message_id for report in reports],
                    "next_send_at": [now + report.delay for report in reports],
                    "uncounted": [int(_never_left(report.outcome)) for report in reports],
                },
            )
        return [None] * len(reports)

    async def _deliveries(self, session: AsyncSession, reports: Sequence[Report]) -> None:
        sent = [
            (report.message_id, report.outcome.message_id)
            for report in reports
            if isinstance(report.outcome, Sent)
        ]
        if sent:
            ids, provider_ids = zip(*sent, strict=True)
            await session.execute(text(store.DELIVERIES), {"ids": list(ids), "provider_ids": list(provider_ids)})

    async def _return_to_queue(self, session: AsyncSession, reports: Sequence[Report]) -> None:
        if not reports:
            return
        now = self._clock.now()
        rejections = [report.outcome for report in reports if isinstance(report.outcome, Rejected)]
        await session.execute(
            text(store.RETURN_TO_QUEUE),
            {
                "ids": [report.message_id for report in reports],
                "epochs": [report.epoch for report in reports],
                "due": [now + self._backoff(report) for report in reports],
                "codes": [rejection.code for rejection in rejections],
                "errors": [rejection.text for rejection in rejections],
                "uncounted": [int(_never_left(rejection)) for rejection in rejections],
            },
        )

    def _backoff(self, report: Report) -> timedelta:
        """Backoff is machine time; `due_at` is business time, which may run faster."""
        return FIRST_BACKOFF * float(4 ** (report.attempt - 1)) * self._clock.speed


def _never_left(outcome: Outcome) -> bool:
    return isinstance(outcome, Rejected) and outcome.code in NEVER_LEFT


def _settlement(report: Report) -> Settlement | None:
    """Turn an outcome into the end of the message; None if it is to be tried again."""
    message, epoch = report.message_id, report.epoch
    match report.outcome:
        case Sent():
            return Settlement(message, MessageStatus.SENT, epoch)
        case Unknown(text=reason):
            return Settlement(message, MessageStatus.UNKNOWN, epoch, "unknown", reason)
        case Rejected(code=code, text=reason) if code == NOT_ON_WHATSAPP:
            return Settlement(message, MessageStatus.SKIPPED, epoch, code, reason, exit_reason=code)
        case Rejected(code=code, text=reason, permanent=permanent):
            worn_out = report.attempt >= MOST_ATTEMPTS and code not in NEVER_LEFT
            if permanent or worn_out:
                return Settlement(message, MessageStatus.FAILED, epoch, code, reason)
    return None
