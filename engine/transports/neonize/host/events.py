"""The library's events about messages, as the contract's."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from engine.transports.contract import Inbound, PhoneSeen, Receipt
from engine.transports.forms import Frame, event_frame, read_event
from engine.transports.neonize.host import said
from engine.transports.neonize.host.library import HIDDEN, PEOPLE, events, protocol
from models.enums import ReceiptKind

Event = Receipt | Inbound | PhoneSeen

_Receipt = protocol.Receipt
_KINDS = {
    _Receipt.DELIVERED: ReceiptKind.DELIVERED,
    _Receipt.INACTIVE: ReceiptKind.DELIVERED,  # to a device that nobody looks at
    _Receipt.READ: ReceiptKind.READ,
    _Receipt.PLAYED: ReceiptKind.READ,
    _Receipt.SERVER_ERROR: ReceiptKind.FAILED,  # the file could not be fetched; the library cannot say it yet
}


@dataclass(frozen=True, slots=True)
class Seen:
    """An event, and the LID of whom it is about, which a receipt has no place for."""

    event: Event
    lid: str | None = None

    @property
    def frame(self) -> Frame:
        return {"content": event_frame(self.event), "lid": self.lid}

    @property
    def hides_phone(self) -> bool:
        return self.lid is not None and not isinstance(self.event, PhoneSeen) and self.event.phone is None

    def of(self, phone: str | None) -> "Seen":
        return self if isinstance(self.event, PhoneSeen) else replace(self, event=replace(self.event, phone=phone))


def read_seen(frame: Frame) -> Seen:
    return Seen(read_event(frame["content"]), frame["lid"])


def translate(event: Any) -> list[Seen]:
    match event:
        case events.ReceiptEv():
            return _of_receipt(event)
        case events.MessageEv():
            return _of_message(event)
    return []


def _of_receipt(event: Any) -> list[Seen]:
    source = event.MessageSource
    if source.IsFromMe:
        return _phone_seen(source, event.Timestamp)
    kind = _KINDS.get(event.Type)
    if kind is None or not _is_person(source.Chat):
        return []
    phone, lid = _who(source.Sender, source.SenderAlt)
    return [Seen(Receipt(message_id, kind, phone), lid) for message_id in event.MessageIDs]


def _of_message(event: Any) -> list[Seen]:
    source = event.Info.MessageSource
    signs = _phone_seen(source, event.Info.Timestamp / 1000) if source.IsFromMe else []
    words = said.read(event.Message)
    if words is None or not _is_person(source.Chat):
        return signs
    if source.IsFromMe:
        phone, lid = _who(source.Chat, source.RecipientAlt)
        if source.Chat.User in (source.Sender.User, source.SenderAlt.User):  # notes to oneself
            return signs
    else:
        phone, lid = _who(source.Sender, source.SenderAlt)
    message = Inbound(
        message_id=event.Info.ID,
        phone=phone,
        text=words.text,
        attached=words.attached,
        lid=lid,
        quotes=words.quotes,
        typed_on_phone=source.IsFromMe,
    )
    return [*signs, Seen(message, lid)]


def _phone_seen(source: Any, timestamp: float) -> list[Seen]:
    """Number 0 among the account's devices is the phone itself.

    The library gives a receipt's time in seconds, and a message's in milliseconds.
    """
    if source.Sender.Device or not timestamp:
        return []
    return [Seen(PhoneSeen(datetime.fromtimestamp(timestamp, UTC)))]


def _is_person(chat: Any) -> bool:
    return chat.Server in (PEOPLE, HIDDEN)


def _who(jid: Any, other: Any) -> tuple[str | None, str | None]:
    """The phone, and the name that hides it; the library gives one of them, and often the other one too."""
    users = {each.Server: each.User for each in (jid, other) if each.User}
    phone, lid = users.get(PEOPLE), users.get(HIDDEN)
    return phone and f"+{phone}", lid
