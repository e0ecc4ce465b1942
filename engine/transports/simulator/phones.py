"""What the simulated phones hold and show."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from engine.transports.contract import Inbound
from models.enums import ContentKind


class Direction(StrEnum):
    """As the phone sees it."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class PhoneMedia:
    sha256: str
    mime_type: str
    file_name: str
    size: int


@dataclass(frozen=True, slots=True)
class Submission:
    """A message a device asks the network to take; the bytes of its media went ahead of it."""

    ref: int
    phone: str
    kind: ContentKind
    body: str
    media: PhoneMedia | None
    business_at: datetime


@dataclass(frozen=True, slots=True)
class PhoneMessage:
    """`at` is by the network's own clock; `business_at` and `ref` are the device's (none for a reply)."""

    message_id: str
    direction: Direction
    device: int
    body: str
    kind: ContentKind
    media: PhoneMedia | None
    at: datetime
    business_at: datetime | None
    ref: int | None
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """What the owner of a phone writes to a device (None: the last that wrote to it).

    `typed_on_phone`: the other way round, by somebody with the device's own phone in hand.
    """

    phone: str
    text: str
    device: int | None = None
    attached: str = ""  # in words: "photo"
    quotes: str | None = None  # the network's id of a message
    lid: str | None = None
    hides_number: bool = False
    typed_on_phone: bool = False

    @property
    def body(self) -> str:
        """As the phone shows it."""
        return ": ".join(filter(None, (self.attached, self.text)))

    def as_inbound(self, message_id: str) -> Inbound:
        return Inbound(
            message_id,
            None if self.hides_number else self.phone,
            self.text,
            self.attached,
            self.lid,
            self.quotes,
            self.typed_on_phone,
        )


@dataclass(frozen=True, slots=True)
class PhoneSummary:
    phone: str
    on_whatsapp: bool
    received: int  # what its owner wrote is not counted
    last: PhoneMessage | None


@dataclass(frozen=True, slots=True)
class Phone:
    phone: str
    on_whatsapp: bool
    messages: list[PhoneMessage]
