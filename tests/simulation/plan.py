"""What is to go wrong, and when: a pure function of the seed and the size of the run."""

import math
from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Kind(StrEnum):
    """`target` is an engine for the first five, a device for the next four, a device or sequence for pauses."""

    KILL = "kill"  # kill -9; started again afterwards
    STOP = "stop"  # SIGSTOP; SIGCONT afterwards
    CUT = "cut"  # the connection to PostgreSQL is reset, and again whenever it is tried
    FREEZE = "freeze"  # nothing goes through that connection, in silence; afterwards all of it
    DRAIN = "drain"  # SIGTERM, as a deployment does; started again afterwards
    POSTGRES = "postgres"  # restarted, every session ended
    POSTGRES_CRASH = "postgres_crash"  # killed in the middle of everything; it recovers from its log
    DROP = "drop"
    HANG = "hang"
    LOST_ACK = "lost_ack"
    REJECT = "reject"
    PAUSE_DEVICE = "pause_device"
    PAUSE_SEQUENCE = "pause_sequence"
    STOP_EVERYTHING = "stop_everything"

    @property
    def on_engine(self) -> bool:
        return self in {Kind.KILL, Kind.STOP, Kind.CUT, Kind.FREEZE, Kind.DRAIN}

    @property
    def on_device(self) -> bool:
        return self in {Kind.DROP, Kind.HANG, Kind.LOST_ACK, Kind.REJECT, Kind.PAUSE_DEVICE}


SPEED = 10.0  # how many times as fast as the wall business time runs


@dataclass(frozen=True, slots=True)
class Size:
    """Delays are seconds of business time, which runs `speed` times as fast as the wall."""

    engines: int
    devices: int
    messages: int
    seconds: float  # how long things go wrong, wall
    sequences: int = 5
    steps: int = 2
    speed: float = SPEED
    min_delay: float = 3
    max_delay: float = 6

    @property
    def workers(self) -> int:
        """MAX_WORKERS: with one engine away the others can work all devices."""
        return -(-self.devices // max(1, self.engines - 1))


SHORT = Size(engines=3, devices=24, messages=600, seconds=10)


@dataclass(frozen=True, slots=True)
class Fault:
    """`at` and `lasts` are seconds; `target` counts from 0; `times`: how many sends a device's switch spoils."""

    at: float
    kind: Kind
    target: int = 0
    lasts: float = 0
    times: int = 1


# How often in 100 seconds; a device's faults for every 100 devices.
_FREQUENCY = {
    Kind.KILL: 4,
    Kind.STOP: 4,
    Kind.CUT: 3,
    Kind.FREEZE: 2,
    Kind.DRAIN: 2,
    Kind.POSTGRES: 2,
    Kind.POSTGRES_CRASH: 1,
    Kind.DROP: 12,
    Kind.HANG: 3,
    Kind.LOST_ACK: 10,
    Kind.REJECT: 8,
    Kind.PAUSE_DEVICE: 6,
    Kind.PAUSE_SEQUENCE: 4,
    Kind.STOP_EVERYTHING: 2,
}
# Seconds. An engine that was not heard of for 12 s is replaced: some outages are longer than that, others not.
_BRIEF = {
    Kind.KILL: (0.2, 3),
    Kind.STOP: (1, 8),
    Kind.CUT: (0.5, 6),
    Kind.FREEZE: (0.5, 6),
    Kind.DRAIN: (1, 3),
    Kind.DROP: (0.3, 3),
    Kind.PAUSE_DEVICE: (1, 5),
    Kind.PAUSE_SEQUENCE: (1, 5),
    Kind.STOP_EVERYTHING: (1, 3),
}
_LONG = {Kind.KILL: (13, 18), Kind.STOP: (13, 22), Kind.CUT: (13, 18), Kind.FREEZE: (13, 18)}
_BETWEEN_TWO = 6.0  # seconds; of the same engine, or of the same pause


def plan(seed: int, size: Size) -> list[Fault]:
    """Every kind at least once, in the order of time.

    No engine has two faults of its own at once: the second waits. A device has each kind at most once.
    """
    random = Random(seed)
    faults: list[Fault] = []
    free_at: dict[tuple[Kind | None, int], float] = defaultdict(float)
    wanted = [(random.uniform(0, size.seconds), kind) for kind in Kind for _ in range(_how_often(kind, size))]
    for wanted_at, kind in sorted(wanted):
        lasts = _duration(kind, random)
        place = None if kind.on_engine else kind
        targets = range(_targets(kind, size))
        at = max(wanted_at, min(free_at[place, target] for target in targets))
        target = random.choice([target for target in targets if free_at[place, target] <= at])
        free_at[place, target] = math.inf if kind.on_device else at + lasts + _BETWEEN_TWO
        faults.append(Fault(at, kind, target, lasts, random.randint(1, 3) if kind is Kind.LOST_ACK else 1))
    return sorted(faults, key=lambda fault: fault.at)


def short_plan(seed: int, size: Size = SHORT) -> list[Fault]:
    """Every kind once, the slow ones first: one engine dies and another sleeps until its devices are taken over.

    A hang is found after 30 to 60 seconds; here the device's line drops before that.
    """
    random = Random(seed)
    killed, stopped, cut = random.sample(range(3), 3)
    hung, *others = random.sample(range(size.devices), 8)

    def soon(earliest: float) -> float:
        return earliest + random.uniform(0, 1)

    faults = [
        Fault(soon(0.5), Kind.HANG, hung),
        *(Fault(soon(0), Kind.LOST_ACK, device, times=2) for device in others[:3]),
        *(Fault(soon(0), Kind.REJECT, device) for device in others[3:5]),
        Fault(soon(0.5), Kind.PAUSE_SEQUENCE, random.randrange(size.sequences), lasts=2),
        Fault(soon(1.5), Kind.STOP, stopped, lasts=random.uniform(13, 15)),
        Fault(soon(2), Kind.KILL, killed, lasts=1),
        Fault(soon(3), Kind.DROP, hung, lasts=1),
        Fault(soon(3), Kind.DROP, others[5], lasts=1),
        Fault(soon(3), Kind.PAUSE_DEVICE, others[6], lasts=3),
        Fault(soon(4), Kind.CUT, cut, lasts=1.5),
        Fault(soon(7), Kind.FREEZE, cut, lasts=1.5),
        Fault(soon(9.5), Kind.STOP_EVERYTHING, lasts=1),
        Fault(soon(11), Kind.POSTGRES),
        Fault(soon(13), Kind.DRAIN, cut, lasts=1),
        Fault(soon(16), Kind.DROP, hung, lasts=1),
        Fault(soon(18), Kind.POSTGRES_CRASH),
    ]
    return sorted(faults, key=lambda fault: fault.at)


def _how_often(kind: Kind, size: Size) -> int:
    per_device = size.devices / 100 if kind.on_device else 1
    often = max(1, round(_FREQUENCY[kind] * per_device * size.seconds / 100))
    return min(often, size.devices) if kind.on_device else often


def _targets(kind: Kind, size: Size) -> int:
    if kind.on_engine:
        return size.engines
    if kind.on_device:
        return size.devices
    return size.sequences if kind is Kind.PAUSE_SEQUENCE else 1


def _duration(kind: Kind, random: Random) -> float:
    ranges = _LONG if kind in _LONG and random.random() < 0.4 else _BRIEF
    return random.uniform(*ranges[kind]) if kind in ranges else 0.0
