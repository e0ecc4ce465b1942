"""When a campaign pauses itself: too many of its last messages failed, or too many people asked to stop. Pure.

Each message of a campaign is to somebody else, so messages count people.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

LOOKED_AT = 100  # messages that ended last
FEWEST = 20  # of them; fewer say nothing
MOST_FAILED = 0.3  # of those that were tried
MOST_NOT_THERE = 0.5  # not on WhatsApp: lists are old, and some of that is ordinary
MOST_LEFT = 0.1  # asked to stop, of those whom it reached
FEWEST_OF_DEVICE = 8  # before one device is blamed
WELL = 0.1  # failed, at most, on the devices that are not to blame
SAME_REASON = 0.8  # of the failures, for the content to be blamed


class Cause(StrEnum):
    """What is likely to blame."""

    CONTENT = "content"
    DEVICE = "device"
    LIST = "list"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class DeviceSample:
    """What became of the last messages from one device."""

    device: str
    reached: int
    left: int = 0  # of those, how many asked to stop
    failed: Mapping[str, int] = field(default_factory=dict)  # by reason
    not_there: int = 0  # not on WhatsApp

    @property
    def tried(self) -> int:
        return self.reached + self.failures

    @property
    def failures(self) -> int:
        return sum(self.failed.values())

    @property
    def share_failed(self) -> float:
        return self.failures / self.tried if self.tried else 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why it is paused. `count` of `of` people; `reason`: the most frequent error, if there was one."""

    cause: Cause
    what: str  # "failed", "were not on WhatsApp", "asked to stop"
    count: int
    of: int
    reason: str = ""
    device: str = ""  # that is to blame, if one is


def judge(samples: Sequence[DeviceSample]) -> Verdict | None:
    """Say whether it is to stop; None: it may go on."""
    reached, tried = _sum(samples, "reached"), _sum(samples, "tried")
    not_there, failures, left = _sum(samples, "not_there"), _sum(samples, "failures"), _sum(samples, "left")
    asked = tried + not_there
    if asked >= FEWEST and not_there / asked > MOST_NOT_THERE:
        return Verdict(Cause.LIST, "were not on WhatsApp", not_there, asked)
    if tried >= FEWEST and failures / tried > MOST_FAILED:
        return _of_failures(samples, failures, tried)
    if reached >= FEWEST and left / reached > MOST_LEFT:
        return Verdict(Cause.LIST, "asked to stop", left, reached)
    return None


def _of_failures(samples: Sequence[DeviceSample], failures: int, tried: int) -> Verdict:
    reasons = Counter[str]()
    for sample in samples:
        reasons.update(sample.failed)
    reason, times = reasons.most_common(1)[0]
    worst = max(samples, key=lambda sample: sample.share_failed)
    others = [sample for sample in samples if sample is not worst]
    others_tried = _sum(others, "tried")
    if (
        worst.tried >= FEWEST_OF_DEVICE
        and others_tried >= FEWEST_OF_DEVICE
        and _sum(others, "failures") / others_tried <= WELL
    ):
        return Verdict(Cause.DEVICE, "failed", failures, tried, reason, worst.device)
    if len(samples) > 1 and times >= SAME_REASON * failures:
        return Verdict(Cause.CONTENT, "failed", failures, tried, reason)
    return Verdict(Cause.UNCLEAR, "failed", failures, tried, reason)


def _sum(samples: Iterable[DeviceSample], what: str) -> int:
    return sum(getattr(sample, what) for sample in samples)


def in_words(verdict: Verdict) -> str:
    """Tell the operators what was seen, and where to look first."""
    seen = f"{verdict.count} of the last {verdict.of} people {verdict.what}"
    if verdict.reason:
        seen += f", mostly: {verdict.reason}"
    match verdict.cause:
        case Cause.DEVICE:
            likely = f"It is likely {verdict.device}: the other devices do well. Look at it, then go on."
        case Cause.CONTENT:
            likely = (
                "It is likely the message: it fails in the same way on every device. Look at its text and file."
            )
        case Cause.LIST if verdict.what == "asked to stop":
            likely = "It is likely the list: these people do not expect it. Think twice before you go on."
        case Cause.LIST:
            likely = "It is likely the list: its numbers are old, or not of people."
        case _:
            likely = "With one device it cannot be told whether it is the message or the device."
    return f"{seen.rstrip('.')}. {likely}"
