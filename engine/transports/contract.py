"""What every way of sending WhatsApp messages can do. Three implementations, one set of contract tests."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from models.enums import ContentKind, DeviceState, ReceiptKind


@dataclass(frozen=True, slots=True)
class MediaFile:
    content: bytes
    sha256: str
    mime_type: str
    file_name: str


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One message as it will be seen: already rendered, addressed and allowed.

    `ref` is our id of the message (`messages.id`); no provider is asked to honour it.
    `business_at` is the instant of the send in business time.
    """

    ref: int
    phone: str  # E.164
    kind: ContentKind
    body: str
    media: MediaFile | None
    business_at: datetime


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider took the message and gave it this id."""

    message_id: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The provider provably did not take the message. `permanent`: trying again cannot help."""

    code: str
    text: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can say whether the provider took the message; it must never be sent again by itself."""

    text: str


Outcome = Sent | Rejected | Unknown


@dataclass(frozen=True, slots=True)
class StateChanged:
    state: DeviceState
    reason: str = ""
    until: datetime | None = None  # real time; when a ban or limit ends, if the provider says so


@dataclass(frozen=True, slots=True)
class Receipt:
    """May come twice, out of order, and for messages of an earlier run of this process."""

    message_id: str
    kind: ReceiptKind
    phone: str


@dataclass(frozen=True, slots=True)
class Inbound:
    message_id: str
    phone: str
    text: str


TransportEvent = StateChanged | Receipt | Inbound


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a transport offers; no parity is pretended.

    `stuck_after` is how long one send may be in flight before the health check calls it hung (machine time).
    """

    pairing: bool
    revoke: bool
    stuck_after: timedelta


class PairingNotSupportedError(Exception):
    """Raised by a transport that has nothing to pair."""


class Transport(Protocol):
    """One device's line to WhatsApp.

    `send` is called by one task at a time and returns exactly one outcome. It raises nothing but
    `CancelledError`; cancelled while in flight, the message's fate is unknown. After a lost line the
    transport comes back by itself and says so through `events`. `close` is idempotent and ends `events`.
    """

    @property
    def capabilities(self) -> Capabilities: ...

    async def connect(self) -> None: ...

    def pair_by_qr(self) -> AsyncIterator[str]: ...

    async def pair_by_code(self, phone: str) -> str: ...

    async def send(self, message: OutgoingMessage) -> Outcome: ...

    async def revoke(self, message_id: str, phone: str) -> bool: ...

    async def check_numbers(self, phones: list[str]) -> dict[str, bool]: ...

    def events(self) -> AsyncIterator[TransportEvent]: ...

    async def close(self) -> None: ...
