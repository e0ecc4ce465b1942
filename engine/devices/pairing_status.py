"""How a pairing stands, for whoever looks."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from models.enums import DeviceState


class Stage(StrEnum):
    ASKING = "asking"  # WhatsApp, for a code
    CODE = "code"
    QR = "qr"
    PASSKEY = "passkey"
    PAIRED = "paired"
    REFUSED = "refused"  # or failed, or expired: `text` says it
    STOPPED = "stopped"  # by the operator

    @property
    def is_over(self) -> bool:
        return self in {Stage.PAIRED, Stage.REFUSED, Stage.STOPPED}


@dataclass(frozen=True, slots=True)
class PairingStatus:
    device_id: int
    name: str
    first: bool  # the device was never paired before: its pace is still to be set
    by_code: bool
    phone: str | None = None  # E.164; which a code was asked for, or which it is now paired with
    stage: Stage = Stage.ASKING
    shown: str = ""  # the code to type, or what the picture says
    until: datetime | None = None  # real time
    text: str = ""
    state: DeviceState | None = None  # of the device, once it is paired
