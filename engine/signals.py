"""Typed things that happened to a device. The engine says them; alerts, and whoever else cares, listen."""

from dataclasses import dataclass
from enum import StrEnum

from models.enums import DeviceState


class Trouble(StrEnum):
    """What is wrong with a device that is online, and that a restart does not mend."""

    FAILING = "failing"
    SILENT = "silent"
    LIMITED = "limited"
    PHONE_AWAY = "phone_away"


@dataclass(frozen=True, slots=True)
class Signal:
    workspace_id: int
    device_id: int
    device: str  # its name


@dataclass(frozen=True, slots=True)
class DeviceDown(Signal):
    state: DeviceState
    reason: str
    wants_pairing: bool = False  # a restart does not help


@dataclass(frozen=True, slots=True)
class DeviceBack(Signal):
    pass


@dataclass(frozen=True, slots=True)
class WorkerRestarted(Signal):
    reason: str


@dataclass(frozen=True, slots=True)
class WorkerRecovered(Signal):
    """The first outcome after a restart."""


@dataclass(frozen=True, slots=True)
class SendsFailed(Signal):
    code: str
    text: str
    count: int


@dataclass(frozen=True, slots=True)
class SendsUnknown(Signal):
    text: str
    count: int


@dataclass(frozen=True, slots=True)
class DeviceFailing(Signal):
    """Every one of the last sends, each to somebody else, was refused."""

    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class DeviceSilent(Signal):
    """Messages are acknowledged, but no receipt comes any more."""

    count: int


@dataclass(frozen=True, slots=True)
class DeviceLimited(Signal):
    """WhatsApp lets it write to nobody new for a while."""

    until: str  # in words, by the workspace's clock


@dataclass(frozen=True, slots=True)
class PhoneAway(Signal):
    """Its own phone shows no sign of life."""

    days: int


@dataclass(frozen=True, slots=True)
class DeviceWellAgain(Signal):
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class SendsKnown(Signal):
    """Nothing that was unknown is left for anybody to decide."""


@dataclass(frozen=True, slots=True)
class PeopleMoved(Signal):
    """The device is lost; `to` are the names of the devices that its people have now."""

    why: str
    people: int
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PeopleWaiting(Signal):
    """The device is lost, and these people have no other."""

    why: str
    people: int


@dataclass(frozen=True, slots=True)
class NobodyWaiting(Signal):
    pass
