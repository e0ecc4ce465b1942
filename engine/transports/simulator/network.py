"""The simulated WhatsApp: the only holder of phones, devices, media, faults and the ledger."""

import asyncio
import itertools
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from engine.feed import Subscription
from engine.transports.contract import (
    NOT_CONNECTED,
    NOT_ON_WHATSAPP,
    REACHOUT_LIMITED,
    Receipt,
    Rejected,
    Sent,
    StateChanged,
)
from engine.transports.simulator.devices import Device, DeviceView, Line
from engine.transports.simulator.faults import (
    Fate,
    Fault,
    FaultKind,
    FaultRates,
    Verdict,
    judge,
    spend,
)
from engine.transports.simulator.feed import NetworkFeed
from engine.transports.simulator.journal import Journal, MailboxEvent
from engine.transports.simulator.ledger import Ledger
from engine.transports.simulator.phones import Direction, Phone, PhoneMessage, PhoneSummary, Submission, Written
from models.enums import ContentKind, DeviceState, ReceiptKind


class NetworkError(Exception):
    """Something a person asked of the network that cannot be; the message says what to do."""


class UnknownDeviceError(NetworkError):
    def __init__(self, device: int) -> None:
        super().__init__(f"No device {device} has ever connected to the simulated network.")


class SimulatedNetwork:
    """All calls are made on one event loop; those that a device makes answer through its `Line`.

    `connect` is a standing wish: a line that drops, or that an outage forbids, comes up as soon as it may.
    A ban, a logout and a replacement end the wish.
    """

    def __init__(
        self,
        journal: Path | None = None,
        *,
        ledger: Path | None = None,
        seed: int | None = None,
        rates: FaultRates | None = None,
        read_after: float = 0.3,
        reconnect_after: float = 0.2,
    ) -> None:
        """No `journal`: in memory only. `read_after` and `reconnect_after` are seconds of machine time."""
        self.rates = rates or FaultRates()
        self._journal = Journal(journal)
        self._ledger = Ledger(ledger) if ledger else None
        self._random = Random(seed)  # noqa: S311  faults, not secrets
        self._read_after = read_after
        self._reconnect_after = reconnect_after
        self._timers: set[asyncio.TimerHandle] = set()
        self.feed = NetworkFeed()
        boxes = self._journal.mailboxes()
        self._devices = {
            record.id: Device(record.id, record.name, record.faults, record.sent, boxes.get(record.id, {}))
            for record in self._journal.devices()
        }

    def close(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self.feed.close()
        self._journal.close()
        if self._ledger:
            self._ledger.close()

    def subscribe(self, limit: int = 1000) -> Subscription:
        """The events `phone`, `receipt` and `device` from now on."""
        return Subscription(self.feed, limit=limit)

    # What a device does

    def connect(self, line: Line) -> None:
        device = self._devices.get(line.device_id)
        if device is None:
            device = self._devices[line.device_id] = Device(line.device_id, line.name)
            self._save(device)
        elif device.name != line.name:
            device.name = line.name
            self._save(device)
        device.connect(line)
        self.feed.device(device.view())

    def disconnect(self, line: Line) -> None:
        device = self._devices[line.device_id]
        if device.line is line:
            device.disconnect()
            self.feed.device(device.view())

    def send(self, line: Line, request: int, submission: Submission) -> None:
        device = self._devices[line.device_id]
        if device.line is not line or not device.online:
            line.answered(request, Rejected(NOT_CONNECTED, "The device has no line.", permanent=False))
            return
        verdict = judge(device.faults, self.rates, self._random)
        left = spend(device.faults, verdict.spent)
        if left != device.faults:
            device.faults = left
            self._save(device)
            self.feed.device(device.view())
        session = device.session

        def settle() -> None:
            if device.online and device.session == session:
                self._settle(device, line, request, submission, verdict)

        if verdict.latency_seconds:
            self._later(verdict.latency_seconds, settle)
        else:
            settle()

    def revoke(self, line: Line, message_id: str, phone: str) -> bool:
        message = self._journal.revoke(line.device_id, message_id, phone)
        if message is None:
            return False
        self.feed.message(phone, message)
        return True

    def check_numbers(self, phones: Iterable[str]) -> dict[str, bool]:
        return {phone: self._journal.on_whatsapp(phone) for phone in phones}

    def acknowledge(self, events: Mapping[int, Iterable[int]]) -> None:
        """By device: the events of its mailbox that it has and need not hear again."""
        for device_id, event_ids in events.items():
            device = self._devices.get(device_id)
            if device is not None:
                for event_id in event_ids:
                    device.mailbox.pop(event_id, None)
        self._journal.acknowledge(itertools.chain.from_iterable(events.values()))

    # What a person does

    def devices(self) -> list[DeviceView]:
        return [device.view() for _, device in sorted(self._devices.items())]

    def set_fault(self, device_id: int, kind: FaultKind, fault: Fault | None) -> DeviceView:
        """Switch a fault on, or off (None).

        Raises:
            UnknownDeviceError: the device has never connected.

        """
        device = self._device(device_id)
        device.faults.pop(kind, None)
        if fault is not None:
            device.faults[kind] = fault
        self._save(device)
        if kind.concerns_the_line:
            device.review_line()
        self.feed.device(device.view())
        return device.view()

    def set_on_whatsapp(self, phone: str, on: bool) -> Phone:
        self._journal.set_on_whatsapp(phone, on)
        return self.phone(phone)

    def phones(self, limit: int = 500, search: str = "") -> list[PhoneSummary]:
        return self._journal.phones(limit, search)

    def phone(self, phone: str) -> Phone:
        return Phone(phone, self._journal.on_whatsapp(phone), self._journal.messages(phone))

    def reply(self, phone: str, text: str, device_id: int | None = None) -> PhoneMessage:
        return self.write(Written(phone, text, device_id))

    def write(self, written: Written) -> PhoneMessage:
        """Write from a phone to a device, or from a device's own phone to that phone.

        Raises:
            UnknownDeviceError: the device has never connected.
            NetworkError: no device is given and none ever wrote to this phone.

        """
        phone, device_id = written.phone, written.device
        if device_id is None:
            device_id = self._journal.last_sender(phone)
            if device_id is None:
                raise NetworkError(f"No device has written to {phone} yet: say which device to write to.")
        device = self._device(device_id)
        message = PhoneMessage(
            message_id=_new_message_id(),
            direction=Direction.IN if written.typed_on_phone else Direction.OUT,
            device=device.id,
            body=written.body,
            kind=ContentKind.TEXT,
            media=None,
            at=datetime.now(UTC),
            business_at=None,
            ref=None,
        )
        events: list[MailboxEvent] = [written.as_inbound(message.message_id)]
        if written.typed_on_phone:
            kinds = (ReceiptKind.DELIVERED, ReceiptKind.READ)
            events += [Receipt(message.message_id, kind, phone) for kind in kinds]
        event_ids = self._journal.add_message(phone, message, events)
        self.feed.message(phone, message)
        for event_id, event in zip(event_ids, events, strict=True):
            self._deliver(device, event_id, event)
        return message

    # Media

    def add_media(self, sha256: str, mime_type: str, content: bytes) -> None:
        self._journal.add_media(sha256, mime_type, content)

    def has_media(self, sha256: str) -> bool:
        return self._journal.has_media(sha256)

    def media(self, sha256: str) -> tuple[str, bytes] | None:
        """Mime type and bytes."""
        return self._journal.media(sha256)

    # Inside

    def _device(self, device_id: int) -> Device:
        device = self._devices.get(device_id)
        if device is None:
            raise UnknownDeviceError(device_id)
        return device

    def _save(self, device: Device) -> None:
        self._journal.save_device(device.id, device.name, device.faults)

    def _settle(self, device: Device, line: Line, request: int, submission: Submission, verdict: Verdict) -> None:
        match verdict.fate:
            case Fate.UNANSWERED:
                pass
            case Fate.DROPPED:
                self._drop(device)
            case Fate.REJECTED:
                fault = verdict.rejection
                text = "The simulated network refused the message."
                line.answered(request, Rejected(fault.code, text, permanent=fault.permanent))
            case Fate.TAKEN | Fate.TAKEN_WITHOUT_ACK:
                rejection = self._objection(submission) or self._limit(device, line, submission)
                if rejection is not None:
                    line.answered(request, rejection)
                else:
                    self._take(device, line, request, submission, verdict)

    def _drop(self, device: Device) -> None:
        device.drop()
        self.feed.device(device.view())

        def come_back() -> None:
            device.review_line()
            self.feed.device(device.view())

        self._later(self._reconnect_after, come_back)

    def _objection(self, submission: Submission) -> Rejected | None:
        if not self._journal.on_whatsapp(submission.phone):
            return Rejected(NOT_ON_WHATSAPP, f"{submission.phone} is not on WhatsApp.", permanent=True)
        if submission.media and not self._journal.has_media(submission.media.sha256):
            return Rejected("media_missing", "The media was never uploaded.", permanent=False)
        return None

    def _limit(self, device: Device, line: Line, submission: Submission) -> Rejected | None:
        """Refuse what goes to new people while the device is limited, and say until when."""
        fault = device.faults.get(FaultKind.REACHOUT_LIMIT)
        if fault is None or self._journal.has_written(submission.phone, device.id):
            return None
        until = datetime.now(UTC) + timedelta(milliseconds=fault.milliseconds) if fault.milliseconds else None
        reason = "WhatsApp has limited how many new people this account may write to"
        line.state_changed(StateChanged(DeviceState.REACHOUT_LIMITED, reason, until))
        return Rejected(REACHOUT_LIMITED, f"{reason}.", permanent=False)

    def _take(self, device: Device, line: Line, request: int, submission: Submission, verdict: Verdict) -> None:
        message = PhoneMessage(
            message_id=_new_message_id(),
            direction=Direction.IN,
            device=device.id,
            body=submission.body,
            kind=submission.kind,
            media=submission.media,
            at=datetime.now(UTC),
            business_at=submission.business_at,
            ref=submission.ref,
        )
        copies = 2 if verdict.duplicate_receipts else 1
        delivered, read = (
            [Receipt(message.message_id, kind, submission.phone)] * copies
            for kind in (ReceiptKind.DELIVERED, ReceiptKind.READ)
        )
        receipts = read + delivered if verdict.reorder_receipts else delivered + read
        # The ledger first: dying between the two leaves a line for a message without an outcome, which is
        # what an unknown is; the other way round a receipt would settle a message the ledger never saw.
        if self._ledger:
            self._ledger.append(submission.phone, message)
        numbered = list(zip(self._journal.add_message(submission.phone, message, receipts), receipts, strict=True))
        device.sent += 1
        self.feed.message(submission.phone, message)
        self.feed.device(device.view())
        if verdict.fate is Fate.TAKEN_WITHOUT_ACK:
            self._drop(device)
        else:
            line.answered(request, Sent(message.message_id))
        at_once = 0 if verdict.reorder_receipts else copies
        for event_id, receipt in numbered[:at_once]:
            self._deliver(device, event_id, receipt)

        def deliver_rest() -> None:
            for event_id, receipt in numbered[at_once:]:
                self._deliver(device, event_id, receipt)

        self._later(self._read_after, deliver_rest)

    def _deliver(self, device: Device, event_id: int, event: MailboxEvent) -> None:
        device.deliver(event_id, event)
        if isinstance(event, Receipt):
            self.feed.receipt(event)

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        def fire() -> None:
            self._timers.discard(timer)
            call()

        timer = asyncio.get_running_loop().call_later(seconds, fire)
        self._timers.add(timer)


def _new_message_id() -> str:
    return f"3EB0{secrets.token_hex(8).upper()}"
