"""What goes wrong, as a pure rule: switches, rates and a seeded random source decide the fate of one send."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import Enum, StrEnum, auto
from random import Random

from engine.transports.contract import StateChanged
from models.enums import DeviceState


class FaultKind(StrEnum):
    OFFLINE = "offline"
    HANG = "hang"
    BAN = "ban"
    LOGOUT = "logout"
    REJECT = "reject"
    LOST_ACK = "lost_ack"
    LATENCY = "latency"
    DUPLICATE_RECEIPTS = "duplicate_receipts"
    OUTDATED = "outdated"
    REACHOUT_LIMIT = "reachout_limit"  # nothing goes to who has not written to the device

    @property
    def concerns_the_line(self) -> bool:
        """While such a fault is on the device has no line, so no send reaches it."""
        return self in _REFUSALS


# In order of weight: a device that is logged out says so even when it is also offline.
_REFUSALS = {
    FaultKind.LOGOUT: StateChanged(DeviceState.LOGGED_OUT, "the phone removed this device"),
    FaultKind.BAN: StateChanged(DeviceState.TEMP_BANNED, "WhatsApp has banned this account for a while"),
    FaultKind.OUTDATED: StateChanged(DeviceState.OUTDATED, "WhatsApp does not accept this version any more"),
    FaultKind.OFFLINE: StateChanged(DeviceState.CONNECTING, "no network"),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One switch that is on. `times`: the sends after which it goes off by itself."""

    times: int | None = None
    code: str = "rejected"
    permanent: bool = True
    milliseconds: int = 0


Faults = Mapping[FaultKind, Fault]


@dataclass(frozen=True, slots=True)
class FaultRates:
    """Chances in [0, 1] that a send, on any device, meets the fault of that name."""

    reject: float = 0
    lost_ack: float = 0
    hang: float = 0
    drop: float = 0
    duplicate_receipts: float = 0
    reorder_receipts: float = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            if not 0 <= getattr(self, field.name) <= 1:
                raise ValueError(f"{field.name} is a chance: between 0 and 1")


class Fate(Enum):
    TAKEN = auto()
    TAKEN_WITHOUT_ACK = auto()
    REJECTED = auto()
    DROPPED = auto()
    UNANSWERED = auto()


@dataclass(frozen=True, slots=True)
class Verdict:
    """`spent`: the switches that this send has used."""

    fate: Fate
    rejection: Fault
    latency_seconds: float
    duplicate_receipts: bool
    reorder_receipts: bool
    spent: frozenset[FaultKind]


def line_refusal(faults: Faults) -> StateChanged | None:
    """Why a device can have no line, or nothing."""
    return next((change for kind, change in _REFUSALS.items() if kind in faults), None)


def judge(faults: Faults, rates: FaultRates, random: Random) -> Verdict:
    """Decide what happens to one send. A switch wins over a rate; the graver fault wins over the lesser."""
    chance = {field.name: random.random() < getattr(rates, field.name) for field in fields(rates)}
    spent = set()
    if FaultKind.HANG in faults or chance["hang"]:
        fate = Fate.UNANSWERED
        spent.add(FaultKind.HANG)
    elif chance["drop"]:
        fate = Fate.DROPPED
    elif FaultKind.REJECT in faults or chance["reject"]:
        fate = Fate.REJECTED
        spent.add(FaultKind.REJECT)
    elif FaultKind.LOST_ACK in faults or chance["lost_ack"]:
        fate = Fate.TAKEN_WITHOUT_ACK
        spent.add(FaultKind.LOST_ACK)
    else:
        fate = Fate.TAKEN
    latency = faults.get(FaultKind.LATENCY, Fault()).milliseconds / 1000
    spent |= {FaultKind.LATENCY, FaultKind.DUPLICATE_RECEIPTS}
    return Verdict(
        fate=fate,
        # A rejection by chance is a passing one: chaos must not fail messages for good.
        rejection=faults.get(FaultKind.REJECT, Fault(permanent=False)),
        latency_seconds=latency,
        duplicate_receipts=FaultKind.DUPLICATE_RECEIPTS in faults or chance["duplicate_receipts"],
        reorder_receipts=chance["reorder_receipts"],
        spent=frozenset(spent & faults.keys()),
    )


def spend(faults: Faults, spent: frozenset[FaultKind]) -> dict[FaultKind, Fault]:
    """The switches after a send has used some of them."""
    left = dict(faults)
    for kind in spent:
        fault = faults[kind]
        if fault.times is None:
            continue
        if fault.times > 1:
            left[kind] = replace(fault, times=fault.times - 1)
        else:
            del left[kind]
    return left
