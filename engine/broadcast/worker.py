"""One device's worker: waits for what is next, claims it at its moment, sends it, and says what became of it."""

import asyncio
import contextlib
import math
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from engine.broadcast.admission import Pause
from engine.broadcast.claims import Busy, Claimed, Gone, Lost, Refused
from engine.broadcast.desk import LOOK_AHEAD, Desk
from engine.broadcast.observations import ReceiptNote, StateNote
from engine.broadcast.outcomes import LEASE_LOST, NEVER_LEFT, Report
from engine.broadcast.revocations import Revocation, RevocationEnd
from engine.broadcast.store import Ask, Waiting
from engine.clock import Clock
from engine.devices.health import Vitals
from engine.devices.linking import only_pairing_helps
from engine.devices.ownership import OwnedDevice
from engine.signals import DeviceBack, DeviceDown, WorkerRecovered
from engine.transports.contract import (
    NOT_ON_WHATSAPP,
    Inbound,
    Outcome,
    PhoneSeen,
    Receipt,
    Rejected,
    RevocationOutcome,
    Sent,
    StateChanged,
    Transport,
    Unknown,
)
from models.enums import DeviceState, ReceiptKind

log = structlog.get_logger()

POLL_EVERY = 5.0  # machine seconds: the fallback when a notification was lost
ASK_AGAIN_AFTER = 0.05  # machine seconds: while somebody else has the rows locked
REVOKE_EVERY = 1.0  # machine seconds
MOST_EARLY = 100  # receipts; there is one message on its way, and each comes a few times at most
SEEN_EVERY = timedelta(hours=1)
ANNOUNCE_AFTER = 10.0  # machine seconds: a hiccup that heals itself sooner is nobody's business


class DeviceWorker:
    """Runs until it is cancelled, drained, or the device is lost to another engine."""

    def __init__(
        self,
        device: OwnedDevice,
        transport: Transport,
        desk: Desk,
        clock: Clock,
        *,
        holds_lease: Callable[[], bool],
        connecting: asyncio.Semaphore,
    ) -> None:
        self.device = device
        self._transport = transport
        self._desk = desk
        self._clock = clock
        self._holds_lease = holds_lease
        self._connecting = connecting  # how many workers may be at it at once
        self._proven = False  # no send has had its outcome yet
        self._waiting: list[Waiting] = []  # in the order of sending; the rows stay pending
        self._to_revoke: list[Revocation] = []
        self._revoke_at = 0.0  # monotonic
        self._read_again_at = 0.0  # monotonic
        self._not_before: datetime | None = None
        self._woken = asyncio.Event()
        self._state = DeviceState.CONNECTING
        self._phone_seen_at: datetime | None = None  # real time
        self._reason = ""
        self._line_changed = asyncio.Event()
        self._draining = False
        self._sending_since: float | None = None  # monotonic, as all below
        self._moved_at = time.monotonic()
        self._failures: dict[str, str] = {}  # the phones refused in a row, and why
        self._succeeded = False
        self._unconfirmed = 0
        self._unconfirmed_since = math.inf
        self._confirmed = False
        self._under_way = False  # something was claimed and its outcome is not written yet
        self._early: list[ReceiptNote] = []  # came before the outcome of the message that they may be of

    def wake(self) -> None:
        """Something has changed: look at the queue and ask again, whatever was known before."""
        self._look_again()
        self._woken.set()

    def _look_again(self) -> None:
        self._read_again_at = 0.0
        self._not_before = None

    def drain(self) -> None:
        """Finish the send in flight and end."""
        self._draining = True
        self._woken.set()

    @property
    def state(self) -> DeviceState:
        return self._state

    @property
    def about(self) -> tuple[int, int, str]:
        """What a signal says of the device."""
        return self.device.workspace_id, self.device.id, self.device.name

    @property
    def vitals(self) -> Vitals:
        now = time.monotonic()
        sending_since = self._sending_since
        return Vitals(
            stuck_after=self._transport.capabilities.stuck_after,
            in_flight_for=None if sending_since is None else timedelta(seconds=now - sending_since),
            still_for=timedelta(seconds=now - self._moved_at),
            failures=len(self._failures),
            failure=next(reversed(self._failures.values()), ""),
            succeeded=self._succeeded,
            unconfirmed=self._unconfirmed,
            unconfirmed_for=timedelta(seconds=max(0.0, now - self._unconfirmed_since)),
            confirmed=self._confirmed,
        )

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                follower = tasks.create_task(self._follow_events())
                watcher = tasks.create_task(self._watch_the_line())
                async with self._connecting:
                    await self._transport.connect()
                await self._send_messages()
                watcher.cancel()
                follower.cancel()
        finally:
            await self._transport.close()

    async def _send_messages(self) -> None:
        while not self._draining:
            self._woken.clear()
            if not (self._state.may_send and self._holds_lease()):
                await self._sleep(POLL_EVERY)  # nobody says when the lease is back
                continue
            await self._revoke_next()
            waiting = await self._next_due()
            if waiting is None:
                continue
            ask = Ask(self.device.id, self.device.epoch, waiting.message_id)
            answer = await self._desk.claims.submit(ask)
            self._moved_at = time.monotonic()  # whatever it says: the worker asks, and is answered
            match answer:
                case Claimed() as claimed:
                    self._drop(waiting)
                    await self._send(claimed)
                case Refused() | Gone():
                    self._drop(waiting)
                case Pause(until=until):
                    if not self._woken.is_set():  # else something has changed since that answer
                        self._not_before = until
                    await self._rest(until)
                case Busy():
                    await asyncio.sleep(ASK_AGAIN_AFTER)
                case Lost():
                    log.info("device lost to another engine", device=self.device.name)
                    return

    async def _next_due(self) -> Waiting | None:
        """What may be sent now by all that is known here; otherwise rest until that may change."""
        if time.monotonic() >= self._read_again_at:  # also when no notification comes through
            self._look_again()
        if not self._read_again_at:
            self._read_again_at = time.monotonic() + LOOK_AHEAD.total_seconds()
            self._waiting = await self._desk.waiting.submit(self.device.id)
            self._to_revoke = await self._desk.revocations.submit(self.device.id)
        now = self._clock.now()
        if self._not_before is not None and self._not_before > now:
            await self._rest(self._not_before)
            return None
        due = next((waiting for waiting in self._waiting if waiting.due_at <= now), None)
        if due is None:
            await self._rest(min((waiting.due_at for waiting in self._waiting), default=None))
        return due

    def _drop(self, waiting: Waiting) -> None:
        self._waiting.remove(waiting)
        if not self._waiting:
            self._read_again_at = 0.0  # there may be more than was read ahead

    async def _revoke_next(self) -> None:
        """Delete one message for who got it; a send that is due comes between two of these."""
        if not self._to_revoke or time.monotonic() < self._revoke_at:
            return
        revocation = self._to_revoke.pop(0)
        outcome = await self._transport.revoke(revocation.provider_message_id, revocation.phone)
        self._revoke_at = time.monotonic() + REVOKE_EVERY
        if outcome is not RevocationOutcome.UNCLEAR:  # else it is read again, and asked for again
            revoked = outcome is RevocationOutcome.REVOKED
            await self._desk.revoked.submit(RevocationEnd(revocation.message_id, revoked))
        if not self._to_revoke:
            self._read_again_at = 0.0  # there may be more than was read

    async def _rest(self, until: datetime | None) -> None:
        """Wait for a wake-up, for `until` (business time), or for the next look at the queue."""
        seconds = self._read_again_at - time.monotonic()
        if self._to_revoke:
            seconds = min(seconds, self._revoke_at - time.monotonic())
        if until is not None:
            seconds = min(seconds, (until - self._clock.now()).total_seconds() / self._clock.speed)
        await self._sleep(max(0.0, seconds))

    async def _sleep(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()

    async def _send(self, claimed: Claimed) -> None:
        self._under_way = True
        outcome: Outcome = Unknown("the worker was stopped while this message was on its way")
        try:
            outcome = await self._call_transport(claimed)
        finally:
            await self._report(claimed, outcome)
            self._under_way = False
            await self._tell_early_receipts()
        self._learn(claimed.message.phone, outcome)
        if not self._proven and not isinstance(outcome, Unknown):
            self._proven = True
            await self._desk.signals.submit(WorkerRecovered(*self.about))

    async def _call_transport(self, claimed: Claimed) -> Outcome:
        if not self._holds_lease():
            return Rejected(LEASE_LOST, "this engine was out of touch with the database", permanent=False)
        self._sending_since = time.monotonic()
        try:
            return await self._transport.send(claimed.message)
        finally:
            self._sending_since = None

    async def _report(self, claimed: Claimed, outcome: Outcome) -> None:
        """Write the outcome down before anything else goes out on this device."""
        await self._desk.outcomes.submit(Report(self.device.id, claimed, outcome))
        self._not_before = self._clock.now() + claimed.delay

    def _learn(self, phone: str, outcome: Outcome) -> None:
        """Keep what the health check asks for. A number that is not on WhatsApp says nothing of the device."""
        self._moved_at = time.monotonic()
        match outcome:
            case Sent():
                self._failures.clear()
                self._succeeded = True
                self._unconfirmed += 1
                self._unconfirmed_since = min(self._unconfirmed_since, self._moved_at)
            case Rejected(code=code, text=reason) if code not in NEVER_LEFT and code != NOT_ON_WHATSAPP:
                self._failures[phone] = reason

    def _receipt_came(self) -> None:
        self._confirmed = True
        self._unconfirmed, self._unconfirmed_since = 0, math.inf

    async def _tell_early_receipts(self) -> None:
        """Now that the message on its way has its outcome, it is clear whose they are."""
        early, self._early = self._early, []
        for note in early:
            if not await self._desk.receipts.submit(note):
                self._early.append(note)  # the next one is on its way to the same person

    async def _follow_events(self) -> None:
        async for event in self._transport.events():
            match event:
                case StateChanged():
                    await self._change_state(event)
                case Receipt(message_id=message_id, kind=kind, phone=phone):
                    if kind is not ReceiptKind.SENT:  # the provider's word says nothing of what comes back
                        self._receipt_came()
                    note = ReceiptNote(self.device.id, message_id, kind, phone, self._clock.now())
                    if not await self._desk.receipts.submit(note) and len(self._early) < MOST_EARLY:
                        self._early.append(note)
                        if not self._under_way:  # its outcome was written while we asked
                            await self._tell_early_receipts()
                case Inbound():
                    await self._desk.inbound.submit((self.device.id, event))
                case PhoneSeen(at=at):
                    await self._see_phone(at)

    async def _see_phone(self, at: datetime) -> None:
        """Write down that the device's own phone lives; what matters of it is the day."""
        if self._phone_seen_at is None or at - self._phone_seen_at >= SEEN_EVERY:
            self._phone_seen_at = at
            await self._desk.phones_seen.submit((self.device.id, at))

    async def _change_state(self, event: StateChanged) -> None:
        if event.state is DeviceState.REACHOUT_LIMITED:  # the line stays what it is
            await self._note_state(event)
            self.wake()
            return
        came_up = event.state.may_send and not self._state.may_send
        self._state, self._reason = event.state, event.reason
        self._moved_at = time.monotonic()
        if came_up and self._unconfirmed:
            self._unconfirmed_since = self._moved_at  # while the line was down no receipt could come
        log.info("device", device=self.device.name, state=event.state, reason=event.reason)
        await self._note_state(event)
        self._line_changed.set()
        self.wake()

    async def _note_state(self, event: StateChanged) -> None:
        note = StateNote(self.device.id, self.device.epoch, event.state, event.reason, event.until)
        await self._desk.states.submit(note)

    async def _watch_the_line(self) -> None:
        """Tell the operators of an outage that lasts, and of its end (also of one before this worker)."""
        announced: DeviceState | None = None
        down_since = math.inf
        while True:
            self._line_changed.clear()
            now, again_in = time.monotonic(), None
            down_since = math.inf if self._state.may_send else min(down_since, now)
            known = announced is not None and (announced is self._state or not self._state.is_terminal)
            if not self._holds_lease():  # another engine may have the device, and have taken the line from us
                again_in = POLL_EVERY
            elif self._state.may_send:
                announced = None
                await self._desk.signals.submit(DeviceBack(*self.about))
            elif not known:
                again_in = down_since + (0 if self._state.is_terminal else ANNOUNCE_AFTER) - now
                if again_in <= 0:
                    announced, again_in = self._state, None
                    wants_pairing = only_pairing_helps(self._state, self.device.transport)
                    await self._desk.signals.submit(
                        DeviceDown(
                            *self.about, state=self._state, reason=self._reason, wants_pairing=wants_pairing
                        )
                    )
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(again_in):
                    await self._line_changed.wait()
