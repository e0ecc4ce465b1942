"""The claim: one transaction at the moment of sending, for all devices that are ready at once."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from engine.broadcast import store
from engine.broadcast.admission import Admit, Decision, Defer, End, Hold, Pause, decide
from engine.broadcast.candidates import Locked, lock_candidates
from engine.broadcast.media import MediaLibrary
from engine.broadcast.settlement import Settlement, doubtful, settle
from engine.broadcast.store import Ask, InFlight
from engine.clock import Clock
from engine.database import Database
from engine.transactions import Transaction
from engine.transports.contract import OutgoingMessage

NO_OUTCOME = "the worker ended before it could say what became of this message"


@dataclass(frozen=True, slots=True)
class Claimed:
    """It is ours to send, once. `delay`: how long the device then waits; `attempt` counts from 1."""

    message: OutgoingMessage
    claim: InFlight
    delay: timedelta
    attempt: int


@dataclass(frozen=True, slots=True)
class Refused:
    """It does not go out now (it ended, moved to later, or is held by a pause); the next one may."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The message is not pending any more."""


@dataclass(frozen=True, slots=True)
class Busy:
    """Somebody is changing the device, the message or its sequence at this very moment; ask again."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The device is not this engine's any more."""


Answer = Claimed | Refused | Gone | Busy | Lost | Pause


class Claims:
    def __init__(
        self, database: Database, clock: Clock, media: MediaLibrary, *, engine_id: int, random: Random
    ) -> None:
        self._connection = database.direct()
        self._clock = clock
        self._media = media
        self._engine_id = engine_id
        self._random = random

    async def claim(self, asks: Sequence[Ask]) -> list[Answer]:
        """Answer each device. What is Claimed is committed as `processing` and must be sent now."""
        now = self._clock.now()
        async with self._connection.transaction() as transaction:
            locked = await lock_candidates(transaction, self._engine_id, asks, now)
            await _doubt(transaction, locked, now)
            decisions = await _possible(transaction, [(one, decide(one.candidate, now)) for one in locked])
            answers = await self._admit(transaction, decisions, now)
            await _end(transaction, decisions, now)
            await _defer(transaction, decisions)
            for one, decision in decisions:
                if isinstance(decision, Pause):
                    answers[one.ask.device_id] = decision
                elif isinstance(decision, End | Defer | Hold):
                    answers[one.ask.device_id] = Refused()
            unanswered = [ask for ask in asks if ask.device_id not in answers]
            answers |= await self._explain(transaction, unanswered)
        return [answers[ask.device_id] for ask in asks]

    async def _admit(
        self, transaction: Transaction, decisions: Sequence[tuple[Locked, Decision]], now: datetime
    ) -> dict[int, Answer]:
        answers: dict[int, Answer] = {}
        columns: dict[str, list[Any]] = defaultdict(list)
        for one, decision in decisions:
            if not isinstance(decision, Admit):
                continue
            device, contact = one.candidate.device, one.candidate.contact
            delay = one.candidate.pace.draw_delay(self._random)
            tally = device.tally.plus_one()
            media = await self._media.get(transaction, decision.media_id)
            message = OutgoingMessage(
                one.ask.message_id, contact.phone, decision.kind, decision.body, media, business_at=now
            )
            claim = InFlight(one.ask.message_id, one.ask.epoch, now, decision.body)
            answers[one.ask.device_id] = Claimed(message, claim, delay, one.attempt)
            columns["device_ids"].append(one.ask.device_id)
            columns["ids"].append(one.ask.message_id)
            columns["bodies"].append(decision.body)
            columns["next_send_at"].append(now + delay)
            columns["hours"].append(tally.hour_started_at)
            columns["hour_counts"].append(tally.hour_count)
            columns["days"].append(tally.day)
            columns["day_counts"].append(tally.day_count)
        if columns:
            await transaction.rows(store.CLAIM, {**columns, "now": now})
        return answers

    async def _explain(self, transaction: Transaction, asks: Sequence[Ask]) -> dict[int, Answer]:
        if not asks:
            return {}
        rows = await transaction.rows(store.EXPLAIN_ASKED, {**store.asked(asks), "engine_id": self._engine_id})
        unanswered = [row for row in rows if row.unanswered]
        await store.undo_unanswered_claims(transaction, [(row.device_id, row.message_id) for row in unanswered])
        return {
            row.device_id: Lost() if not row.owned else Busy() if row.pending or row.unanswered else Gone()
            for row in rows
        }


async def _doubt(transaction: Transaction, locked: Sequence[Locked], now: datetime) -> None:
    """What is still in flight when a device asks for another message may have been sent: it is unknown."""
    await settle(transaction, [doubtful(one.left, NO_OUTCOME) for one in locked if one.left is not None], now)


async def _possible(
    transaction: Transaction, decisions: Sequence[tuple[Locked, Decision]]
) -> Sequence[tuple[Locked, Decision]]:
    """Leave for the next round what would have to wait for somebody: a claim never does."""
    ends = [one.ask.message_id for one, decision in decisions if isinstance(decision, End) and one.candidate.step]
    held_up = await store.held_up(transaction, ends) if ends else set()
    return [(one, decision) for one, decision in decisions if one.ask.message_id not in held_up]


async def _end(transaction: Transaction, decisions: Sequence[tuple[Locked, Decision]], now: datetime) -> None:
    ends = [
        Settlement(
            one.ask.message_id,
            decision.outcome,
            code=decision.code,
            error=decision.text,
            exit_reason=decision.exit_reason,
        )
        for one, decision in decisions
        if isinstance(decision, End)
    ]
    await settle(transaction, ends, now)


async def _defer(transaction: Transaction, decisions: Sequence[tuple[Locked, Decision]]) -> None:
    deferred = [(one, decision) for one, decision in decisions if isinstance(decision, Defer)]
    if not deferred:
        return
    moved = [(one, decision) for one, decision in deferred if decision.anchor is not None]
    await transaction.rows(
        store.DEFER,
        {
            "ids": [one.ask.message_id for one, _ in deferred],
            "due": [decision.until for _, decision in deferred],
            "expires": [decision.expires for _, decision in deferred],
        },
    )
    if moved:
        await transaction.rows(
            store.MOVE_ANCHORS,
            {
                "ids": [one.ask.message_id for one, _ in moved],
                "anchors": [decision.anchor for _, decision in moved],
            },
        )
