"""Conditions on contacts. A segment is whoever meets all of its conditions at the moment. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from engine.errors import InvalidInputError
from models.enums import LeadStatus

MOST_CONDITIONS = 12
LONGEST_VALUE = 200
MOST_DAYS = 3650


class Comparison(StrEnum):
    IS = "is"
    IS_NOT = "is_not"  # also of who has no such attribute
    CONTAINS = "contains"
    AT_LEAST = "at_least"  # as numbers; as text if the value is none, so that dates like 2026-11-30 compare too
    AT_MOST = "at_most"
    KNOWN = "known"
    UNKNOWN = "unknown"

    @property
    def needs_value(self) -> bool:
        return self not in {Comparison.KNOWN, Comparison.UNKNOWN}


@dataclass(frozen=True, slots=True)
class HasInterest:
    """Interested in a niche, as a prospect or a customer of it. None: in any, as either."""

    niche: str | None = None
    status: LeadStatus | None = None
    holds: bool = True


@dataclass(frozen=True, slots=True)
class OnList:
    list_id: int
    holds: bool = True


@dataclass(frozen=True, slots=True)
class HasAttribute:
    key: str
    comparison: Comparison
    value: str = ""


@dataclass(frozen=True, slots=True)
class InSequence:
    """In it now, active or paused; or, with `ever`, now or at any time before."""

    sequence_id: int
    ever: bool = False
    holds: bool = True


@dataclass(frozen=True, slots=True)
class Contacted:
    """A sequence or a campaign has reached them within so many days. Who was never written to, not."""

    days: int
    holds: bool = True


@dataclass(frozen=True, slots=True)
class Replied:
    """They have written back; asking to stop does not count. `days`: within so many; None: ever."""

    days: int | None = None
    holds: bool = True


Condition = HasInterest | OnList | HasAttribute | InSequence | Contacted | Replied

_KINDS: Mapping[str, Callable[..., Condition]] = {
    "interest": HasInterest,
    "list": OnList,
    "attribute": HasAttribute,
    "sequence": InSequence,
    "contacted": Contacted,
    "replied": Replied,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_VALUES: Mapping[str, Callable[[str], StrEnum]] = {"status": LeadStatus, "comparison": Comparison}


def to_json(conditions: Sequence[Condition]) -> list[dict[str, Any]]:
    return [{"kind": _NAMES[type(condition)], **asdict(condition)} for condition in conditions]


def from_json(rows: Sequence[Mapping[str, Any]]) -> tuple[Condition, ...]:
    return tuple(_read(row) for row in rows)


def _read(row: Mapping[str, Any]) -> Condition:
    values = {
        name: _VALUES[name](value) if name in _VALUES and value is not None else value
        for name, value in row.items()
        if name != "kind"
    }
    return _KINDS[row["kind"]](**values)


def check(conditions: Sequence[Condition]) -> None:
    """Raise InvalidInputError, in words for a person, for what cannot be a segment."""
    if not conditions:
        raise InvalidInputError("A segment needs at least one condition; without one it is everybody.")
    if len(conditions) > MOST_CONDITIONS:
        raise InvalidInputError(f"A segment has at most {MOST_CONDITIONS} conditions.")
    for condition in conditions:
        match condition:
            case HasAttribute(key=key, comparison=comparison, value=value):
                if not key:
                    raise InvalidInputError("Say which attribute it is about.")
                if comparison.needs_value and not value.strip():
                    raise InvalidInputError(f"Say what “{key}” is compared with.")
                if len(value) > LONGEST_VALUE:
                    raise InvalidInputError(f"A value has at most {LONGEST_VALUE} characters.")
            case Contacted(days=days) | Replied(days=int(days)) if not 1 <= days <= MOST_DAYS:
                raise InvalidInputError(f"A number of days is from 1 to {MOST_DAYS:,}.")
