"""When a host has to make way for a fresh one: the library never closes some of what it opens. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from engine.transports.neonize.policy import HostPolicy


@dataclass(frozen=True, slots=True)
class Life:
    number: int
    age: float  # machine seconds since it was started
    memory: int  # bytes
    suspected: bool  # of having a device that kills hosts: it would not be calm in a fresh one either


def next_to_retire(lives: Iterable[Life], policy: HostPolicy) -> int | None:
    """The one that is most in need of it; they go one at a time."""
    worn = [life for life in lives if not life.suspected and _is_worn(life, policy)]
    return max(worn, key=lambda life: (life.memory > policy.memory_limit, life.age)).number if worn else None


def _is_worn(life: Life, policy: HostPolicy) -> bool:
    # One whose devices need so much would be replaced without end.
    too_large = life.memory > policy.memory_limit and life.age >= policy.shortest_life
    return too_large or life.age >= policy.recycle_after
