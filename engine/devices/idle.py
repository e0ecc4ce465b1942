"""Devices that cannot send as things are, told before something is started that counts on them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from models.enums import DeviceState


@dataclass(frozen=True, slots=True)
class Idle:
    """A device that cannot send as things are, and how many people wait for it."""

    name: str
    state: DeviceState
    paused: bool
    people: int


def idle_of(devices: Iterable[Any], people: Mapping[int, int]) -> tuple[Idle, ...]:
    """`devices`: with the columns of `user_devices`; `people`: by device."""
    return tuple(
        Idle(one.name, DeviceState(one.state), one.paused_at is not None, people.get(one.id, 0))
        for one in devices
        if one.removed_at is None and (one.paused_at is not None or not _can_send(one))
    )


def _can_send(device: Any) -> bool:
    """Whether it can, or will in a moment: it is connecting, and nothing has gone wrong."""
    state = DeviceState(device.state)
    return state.may_send or (state is DeviceState.CONNECTING and device.last_error is None)
