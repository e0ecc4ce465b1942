"""Which device lives in which host, and which of them is to blame when hosts crash. Pure; times are monotonic.

A crash says nothing of who caused it, so the group comes back together. When some of the same devices are in a
crash again soon, they are suspects: they come back as two halves in hosts of their own, into which nobody else
comes, and the half that crashes again is halved again. The culprit is alone after 1 + log2(n) crashes, and parked
after three more; whoever was with it is cleared by a while without a crash. A crash that came from outside (the
kernel's out-of-memory killer, an operator) makes nobody a suspect.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from math import inf

SOON = 600.0  # machine seconds: between two crashes that may have one cause
CALM_AFTER = 600.0  # of a suspect's host at work without a crash
MOST_ALONE = 3  # crashes


@dataclass(slots=True)
class _Group:
    """The devices of one host. With a `successor` it takes nobody in, and each device moves there in its turn."""

    devices: dict[int, None] = field(default_factory=dict)  # in the order they came
    suspected: bool = False
    at_work_since: float = inf
    successor: int | None = None


class Placement:
    def __init__(self, devices_per_host: int) -> None:
        self._most = devices_per_host
        self._groups: dict[int, _Group] = {}
        self._last_number = 0
        self._host_of: dict[int, int] = {}
        self._crashed_at: dict[int, float] = {}
        self._alone: dict[int, int] = {}  # crashes in a row without anybody else there
        self._suspects: dict[int, int] = {}  # and the hosts where they are, or were when they left

    def seat(self, device: int) -> int:
        """Return the number of its host; who has none yet comes to the one with the most room."""
        if device not in self._host_of:
            self._put(device, self._host_for(device))
        return self._host_of[device]

    def leave(self, device: int) -> int | None:
        """Return the number of the host that it was in."""
        number = self._host_of.pop(device, None)
        if number is not None:
            del self._groups[number].devices[device]
        return number

    def is_idle(self, number: int) -> bool:
        """It has no devices, and none are to come from a host that retires."""
        group = self._groups.get(number)
        return group is None or not (group.devices or number in self._successors())

    def forget(self, number: int) -> bool:
        """Give an idle host up; whether it was idle."""
        if not self.is_idle(number):
            return False
        self._groups.pop(number, None)
        return True

    def devices_in(self, number: int) -> Collection[int]:
        group = self._groups.get(number)
        return tuple(group.devices) if group is not None else ()

    @property
    def numbers(self) -> list[int]:
        """Of all hosts that are not forgotten."""
        return list(self._groups)

    def is_suspected(self, number: int) -> bool:
        return number in self._groups and self._groups[number].suspected

    def takes_nobody(self, number: int) -> bool:
        """Whether a host that is empty will stay so."""
        group = self._groups.get(number)
        return group is None or group.suspected or group.successor is not None

    def started(self, number: int, now: float) -> None:
        """Learn that a host is at work (again)."""
        if (group := self._groups.get(number)) is not None:
            group.at_work_since = now

    def crashed(self, number: int, now: float, *, from_outside: bool = False) -> list[int]:
        """Learn from a crash who has to be elsewhere from now on; the devices that are parked and have left."""
        group = self._groups.get(number)
        if group is None:
            return []
        group.at_work_since = inf
        crashed = list(group.devices)
        if group.successor is not None:  # there is nothing left that they would have to wait for
            for device in crashed:
                self.move(device)
        if from_outside or not crashed:
            return []
        again = [one for one in crashed if one in self._suspects or now - self._crashed_at.get(one, -inf) < SOON]
        self._crashed_at.update(dict.fromkeys(crashed, now))
        if len(crashed) == 1:
            return self._crashed_alone(crashed[0], again=bool(again))
        middle = (len(again) + 1) // 2
        for half in (again[:middle], again[middle:]):
            self._isolate(half)
        return []

    def retire(self, number: int) -> None:
        """Have a fresh host take over from this one, device by device."""
        group = self._groups[number]
        if group.successor is None and number not in self._successors():
            group.successor = self._found(suspected=group.suspected)

    @property
    def retiring(self) -> list[int]:
        return [number for number, group in self._groups.items() if group.successor is not None]

    def move(self, device: int) -> int:
        """Seat a device of a retiring host in its successor."""
        number = self._host_of[device]
        successor = self._groups[number].successor
        if successor is not None:
            del self._groups[number].devices[device]
            self._put(device, successor)
        return self._host_of[device]

    def settle(self, now: float) -> None:
        """Clear the suspects whose hosts have been calm, and give up their hosts where others have the room."""
        for number, group in list(self._groups.items()):
            if group.suspected and now - group.at_work_since >= CALM_AFTER:
                self._clear(group)
                room = [one for one in self._open_to_all(len(group.devices)) if one != number]
                if group.devices and room and group.successor is None and number not in self._successors():
                    group.successor = max(room, key=self._load)
        self._crashed_at = {one: at for one, at in self._crashed_at.items() if now - at < SOON}

    def _crashed_alone(self, device: int, *, again: bool) -> list[int]:
        self._alone[device] = self._alone.get(device, 0) + 1 if again else 1
        if self._alone[device] < MOST_ALONE:
            return []
        # Whoever restarts it gets one more try, in a host of its own.
        self._alone[device] = MOST_ALONE - 1
        self._suspects[device] = 0
        self.leave(device)
        return [device]

    def _isolate(self, devices: Collection[int]) -> None:
        if devices:
            number = self._found(suspected=True)
            for device in devices:
                del self._groups[self._host_of[device]].devices[device]
                self._put(device, number)

    def _clear(self, group: _Group) -> None:
        group.suspected = False
        for device in group.devices:
            self._suspects.pop(device, None)
            self._alone.pop(device, None)
            self._crashed_at.pop(device, None)

    def _host_for(self, device: int) -> int:
        if device in self._suspects:
            before = self._groups.get(self._suspects[device])
            waits = before is not None and before.suspected and before.successor is None
            return self._suspects[device] if waits else self._found(suspected=True)
        room = self._open_to_all(1)
        return min(room, key=self._load) if room else self._found(suspected=False)

    def _open_to_all(self, room: int) -> list[int]:
        return [
            number
            for number, group in self._groups.items()
            if not group.suspected and group.successor is None and self._load(number) + room <= self._most
        ]

    def _load(self, number: int) -> int:
        """Its devices, and those that are to come from hosts that retire."""
        coming = (len(group.devices) for group in self._groups.values() if group.successor == number)
        return len(self._groups[number].devices) + sum(coming)

    def _successors(self) -> set[int | None]:
        return {group.successor for group in self._groups.values() if group.devices}

    def _found(self, *, suspected: bool) -> int:
        self._last_number += 1
        self._groups[self._last_number] = _Group(suspected=suspected)
        return self._last_number

    def _put(self, device: int, number: int) -> None:
        self._groups[number].devices[device] = None
        self._host_of[device] = number
        if self._groups[number].suspected:
            self._suspects[device] = number
