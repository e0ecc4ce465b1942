"""One device in this host: what it is asked to do, and what it has to tell.

Messages are sent one by one. A send is never cancelled: the library would go on with it, and hold the device's
lock for 75 seconds. One whose acknowledgement does not come is given up by connecting anew, which ends the
library's wait at once and lets the next one through (measured: 45 ms).

When a line drops by itself while a message waits for its acknowledgement, the library sends the same frame again
as soon as it is back within 5 seconds: under the same id, so that WhatsApp, and whoever gets it, takes both for
one.
"""

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import Any

from engine.transports.contract import (
    NOT_CONNECTED,
    REACHOUT_LIMITED,
    PhoneSeen,
    Receipt,
    Rejected,
    RevocationOutcome,
    Sent,
    StateChanged,
    Unknown,
)
from engine.transports.forms import Frame, event_frame, outcome_frame, state_frame
from engine.transports.neonize.host import events, media_facts, outgoing, refusals
from engine.transports.neonize.host.client import Client
from engine.transports.neonize.host.connection import Connection, Surroundings
from engine.transports.neonize.host.library import HIDDEN, NeonizeError, person
from engine.transports.neonize.host.outgoing import File, Outgoing
from engine.transports.neonize.host.people import People
from engine.transports.neonize.host.spool import Spool
from engine.transports.neonize.host.stored_device import StoredDevice
from engine.transports.neonize.host.uploads import Upload, Uploads
from engine.transports.neonize.session_store import StoreError, durable_copy, fingerprint
from models.enums import DeviceState, ReceiptKind

log = logging.getLogger(__name__)

Post = Callable[[Frame], None]
Outcome = Sent | Rejected | Unknown


class RefusedError(Exception):
    """What was asked cannot be done; the words are for whoever asked."""


class Line:
    def __init__(
        self, device_id: int, stored: StoredDevice, spool: Spool, around: Surroundings, post: Post
    ) -> None:
        self.account = stored.user
        self._id = device_id
        self._store = stored.store
        self._spool = spool
        self._timing = around.timing
        self._post = post
        self._client = Client(stored, around.proxy, around.gate, self._hear)
        self._connection = Connection(self._client, stored.store, around, self._tell)
        self._people = People(self._client, stored.phones)
        self._uploads = Uploads()
        self._sending = asyncio.Lock()
        self._given_up: set[asyncio.Future[Any]] = set()
        self._phone_seen_at = float("-inf")

    async def run(self) -> None:
        """Live until it is closed, or only a person can help."""
        await self._tell_again()
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(self._watch_session())
            await self._connection.keep()
            watching.cancel()

    async def state(self) -> StateChanged:
        """How it stands, as soon as that is known."""
        return await self._connection.until_known(self._timing.answer_within)

    async def close(self) -> None:
        """Have `run` come to its end; a send in flight ends first."""
        async with self._sending:
            self._connection.close()

    def taken(self, number: int) -> None:
        self._spool.taken(number)

    async def send(self, message: Outgoing, content: bytes) -> Frame:
        """The answer: an outcome, or that the file is needed, in which case nothing was sent."""
        async with self._sending:
            try:
                if not await self._connection.until_up(self._timing.line_within):
                    words = self._connection.state.reason or "there is no line"
                    return _outcome(Rejected(NOT_CONNECTED, f"{words}.", permanent=False))
                if message.file is None:
                    return _outcome(await self._send(message.phone, outgoing.text(message.body)))
                upload = self._uploads.get(message.kind, message.file.sha256)
                if upload is None and not content:
                    return {"need_media": True}
                upload = upload or await self._upload(message, message.file, content)
            except RefusedError as error:
                return _outcome(Rejected("media_upload_failed", str(error), permanent=False))
            return _outcome(await self._send(message.phone, outgoing.media(message, message.file, upload)))

    async def revoke(self, message_id: str, phone: str) -> RevocationOutcome:
        async with self._sending:
            if not await self._connection.until_up(self._timing.line_within):
                return RevocationOutcome.UNCLEAR
            match await self._send(phone, outgoing.revocation(phone, message_id)):
                case Sent():
                    return RevocationOutcome.REVOKED
                case Rejected(code=code) if code != NOT_CONNECTED:
                    return RevocationOutcome.REFUSED
        return RevocationOutcome.UNCLEAR

    async def check(self, phones: list[str]) -> Frame:
        """Raises RefusedError."""
        if not await self._connection.until_up(self._timing.line_within):
            raise RefusedError(self._connection.state.reason or "there is no line")
        try:
            async with asyncio.timeout(self._timing.check_within):
                found = await self._client.call(lambda library: library.is_on_whatsapp(*phones))
        except TimeoutError:
            raise RefusedError("WhatsApp does not answer") from None
        except NeonizeError as error:
            log.warning("numbers cannot be checked: %s", refusals.outcome_of(str(error)).text)
            raise RefusedError("WhatsApp does not say which numbers it knows") from None
        on_whatsapp = dict.fromkeys(phones, False) | {each.Query: each.IsIn for each in found}
        lids = {each.Query: each.JID.User for each in found if each.IsIn and each.JID.Server == HIDDEN}
        return {"on_whatsapp": on_whatsapp, "lids": lids}

    async def durable(self) -> tuple[Frame, bytes]:
        """Raises RefusedError."""
        try:
            copy = await asyncio.to_thread(durable_copy, self._store)
        except StoreError as error:
            raise RefusedError(str(error)) from None
        return {"sha256": hashlib.sha256(copy).hexdigest()}, copy

    async def _upload(self, message: Outgoing, file: File, content: bytes) -> Upload:
        facts = await asyncio.to_thread(media_facts.facts, message.kind, content)
        kind = outgoing.MEDIA_TYPES[message.kind]
        try:
            async with asyncio.timeout(self._timing.upload_within):
                handle = await self._client.call(lambda library: library.upload(content, kind))
        except TimeoutError:
            raise RefusedError("WhatsApp did not take the file in time.") from None
        except NeonizeError as error:
            lost = "websocket" in str(error) or "client is nil" in str(error)
            raise RefusedError(
                "The line was lost before the file was uploaded." if lost else "WhatsApp did not take the file."
            ) from None
        return self._uploads.keep(message.kind, file.sha256, handle, facts)

    async def _send(self, phone: str, content: Any) -> Outcome:
        call = self._client.call(lambda library: library.send_message(person(phone), content))
        sending = asyncio.ensure_future(call)
        await asyncio.wait({sending}, timeout=self._timing.send_within)
        if not sending.done():
            self._given_up.add(sending)
            sending.add_done_callback(lambda sending: self._ended_late(phone, sending))
            self._connection.renew()
            return Unknown(f"WhatsApp has not acknowledged it within {self._timing.send_within:g} s.")
        outcome = _outcome_of(sending)
        if isinstance(outcome, Rejected) and outcome.code == REACHOUT_LIMITED:
            self._tell(StateChanged(DeviceState.REACHOUT_LIMITED, refusals.REACHOUT_WORDS))
        return outcome

    def _ended_late(self, phone: str, sending: "asyncio.Future[Any]") -> None:
        """The acknowledgement came after all: what nobody knew is settled by a receipt."""
        self._given_up.discard(sending)
        outcome = _outcome_of(sending)
        if isinstance(outcome, Sent):
            seen = events.Seen(Receipt(outcome.message_id, ReceiptKind.SENT, phone))
            self._post_event(self._spool.add(seen.frame), seen)

    def _hear(self, event: Any) -> Coroutine[Any, Any, None]:
        """On the library's thread: whatever must not be lost is on disk when this returns."""
        kept: list[tuple[int, events.Seen]] = []
        try:
            kept = [(self._spool.add(seen.frame), seen) for seen in events.translate(event) if self._is_new(seen)]
        except Exception as error:  # noqa: BLE001  # the library would print it, with all that is in it
            log.error("an event cannot be read (%s)", type(error).__name__)  # noqa: TRY400
        return self._heard(event, kept)

    def _is_new(self, seen: events.Seen) -> bool:
        """Every message makes the phone give a sign of life; one in a while is enough."""
        if not isinstance(seen.event, PhoneSeen):
            return True
        if monotonic() - self._phone_seen_at < self._timing.seen_every:
            return False
        self._phone_seen_at = monotonic()
        return True

    async def _heard(self, event: Any, kept: list[tuple[int, events.Seen]]) -> None:
        self._connection.hear(event)
        for number, seen in kept:
            await self._deliver(number, seen)

    async def _tell_again(self) -> None:
        for number, frame in self._spool.waiting():
            await self._deliver(number, events.read_seen(frame))

    async def _deliver(self, number: int, seen: events.Seen) -> None:
        if seen.lid is not None and seen.hides_phone:
            seen = seen.of(await self._people.phone(seen.lid))
        self._post_event(number, seen)

    def _post_event(self, number: int, seen: events.Seen) -> None:
        content = event_frame(seen.event)
        self._post({"type": "event", "device": self._id, "event": number, "content": content})

    def _tell(self, change: StateChanged) -> None:
        self._post({"type": "state", "device": self._id, "change": state_frame(change)})

    async def _watch_session(self) -> None:
        """Say when the session is worth a new copy."""
        known = await self._fingerprint()
        while True:
            await asyncio.sleep(self._timing.changed_every)
            now = await self._fingerprint()
            if now and now != known:
                known = now
                self._post({"type": "changed", "device": self._id})

    async def _fingerprint(self) -> str:
        with contextlib.suppress(StoreError):
            return await asyncio.to_thread(fingerprint, self._store)
        return ""


def _outcome(outcome: Outcome) -> Frame:
    return {"outcome": outcome_frame(outcome)}


def _outcome_of(sending: "asyncio.Future[Any]") -> Outcome:
    match sending.exception():
        case None:
            return Sent(sending.result().ID)
        case NeonizeError() as error:
            return refusals.outcome_of(str(error))
        case error:
            log.error("a send failed (%s)", type(error).__name__)
            return Unknown("The library failed while it was being sent.")
