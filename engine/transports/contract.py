"""What every way of sending WhatsApp messages can do. Three implementations, one set of contract tests."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
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


# The codes of rejections that mean something to whoever asked; all others are only told.
NOT_CONNECTED = "not_connected"  # the line was down: nothing has left
NOT_ON_WHATSAPP = "not_on_whatsapp"
REACHOUT_LIMITED = "reachout_limited"  # WhatsApp lets the device write to nobody new for a while


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
    phone: str | None  # E.164; None: the provider names the person in a way that nobody here knows


@dataclass(frozen=True, slots=True)
class Inbound:
    """A message from a person to the device, or one that somebody typed on the device's own phone."""

    message_id: str
    phone: str | None  # E.164, of the person; None: only `lid` is known
    text: str  # of a file: its caption
    attached: str = ""  # what it is besides text, in words: "photo", "voice message of 12 s"
    lid: str | None = None  # the digits that name the person where WhatsApp hides the number
    quotes: str | None = None  # the provider's id of the message that it answers
    typed_on_phone: bool = False  # from the device's own phone to the person


@dataclass(frozen=True, slots=True)
class PhoneSeen:
    """A sign of life of the device's own phone, which must be online now and then."""

    at: datetime  # real time


TransportEvent = StateChanged | Receipt | Inbound | PhoneSeen


class RevocationOutcome(StrEnum):
    """What became of deleting a message for everyone. To ask for it twice does no harm."""

    REVOKED = "revoked"
    REFUSED = "refused"
    UNCLEAR = "unclear"  # the line broke: ask again when it is back


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a transport offers; no parity is pretended.

    `stuck_after` is how long one send may be in flight before the health check calls it hung (machine time).
    """

    revoke: bool
    stuck_after: timedelta


class Transport(Protocol):
    """One device's line to WhatsApp.

    `send` is called by one task at a time and returns exactly one outcome. It raises nothing but
    `CancelledError`; cancelled while in flight, the message's fate is unknown. After a lost line the
    transport comes back by itself and says so through `events`. `close` is idempotent and ends `events`.
    """

    @property
    def capabilities(self) -> Capabilities: ...

    async def connect(self) -> None: ...

    async def send(self, message: OutgoingMessage) -> Outcome: ...

    async def revoke(self, message_id: str, phone: str) -> RevocationOutcome: ...

    async def check_numbers(self, phones: list[str]) -> dict[str, bool]: ...

    def events(self) -> AsyncIterator[TransportEvent]: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class QrShown:
    """A new code to scan; it takes the place of the one before."""

    text: str  # what the picture says
    until: datetime  # real time


@dataclass(frozen=True, slots=True)
class CodeShown:
    """Eight characters to type on the phone: WhatsApp, Linked devices, Link with phone number."""

    code: str  # such as ABCD-1234
    until: datetime  # real time


@dataclass(frozen=True, slots=True)
class PasskeyAsked:
    """WhatsApp wants the pairing confirmed by a passkey, which only the phone can do."""

    text: str


@dataclass(frozen=True, slots=True)
class Paired:
    """The end of a pairing that went well: whose device it is, and its session, in the clear."""

    phone: str  # E.164
    lid: str | None  # digits
    session: bytes


@dataclass(frozen=True, slots=True)
class PairingRefused:
    """The end of a pairing that did not."""

    code: str
    text: str  # fit to show to the operator


PairingStep = QrShown | CodeShown | PasskeyAsked | Paired | PairingRefused


class Linker(Protocol):
    """Links devices to accounts and unlinks them, apart from the lines of the devices that work.

    A pairing ends with Paired or PairingRefused. It is given up by closing the iterator (`aclose`), which leaves
    no process behind.
    """

    def pair_by_qr(self) -> AsyncIterator[PairingStep]: ...

    def pair_by_code(self, phone: str) -> AsyncIterator[PairingStep]: ...

    async def unlink(self, session: bytes) -> bool:
        """Log out from here, so that the phone does not list it any more; whether WhatsApp has confirmed it."""
        ...
