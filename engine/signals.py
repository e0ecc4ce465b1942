"""Typed things that happened to a device. The engine says them; alerts, and whoever else cares, listen."""

from dataclasses import dataclass

from models.enums import DeviceState


@dataclass(frozen=True, slots=True)
class Signal:
    workspace_id: int
    device_id: int
    device: str  # its name


@dataclass(frozen=True, slots=True)
class DeviceDown(Signal):
    state: DeviceState
    reason: str


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
