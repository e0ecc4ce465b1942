"""Why somebody's next message does not go out now: the claim's refusals, with who, since and until when. Pure.

What the claim refuses comes from engine/broadcast/outlook.py; what keeps a device from asking at all comes from
engine/devices/why.py. Only names and times are added here.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from engine.broadcast.admission import Candidate, End
from engine.broadcast.outlook import Refusal, Rule, refusals
from engine.devices.why import ReasonKind, Standing, Surroundings, cap_reached, why
from models.enums import DeviceState, PauseReason, SequenceStatus


class ObstacleKind(StrEnum):
    """The rules of the claim by their own names, and what they are in more words."""

    STOPPED = "stopped"
    DEVICE_PAUSED = "device_paused"
    NO_ENGINE = "no_engine"
    DEVICE_AWAY = "device_away"
    DAILY_CAP = "daily_cap"
    HOURLY_CAP = "hourly_cap"
    DELAY = "delay"
    TURN = "turn"  # others are before it
    OPTED_OUT = "opted_out"
    NO_PERMISSION = "no_permission"
    DRAFT = "draft"
    SEQUENCE_PAUSED = "sequence_paused"
    PAUSED_BY_HAND = "paused_by_hand"
    REPLIED = "replied"
    RUN_OVER = "run_over"
    LATE = "late"
    REST_DAY = "rest_day"
    QUIET_HOURS = "quiet_hours"
    CAMPAIGN = "campaign"
    WINDOW = "window"
    EXPIRED = "expired"
    FREQUENCY = "frequency"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Obstacle:
    kind: ObstacleKind
    since: datetime | None = None  # of a device that is away, machine time
    until: datetime | None = None
    who: str | None = None
    words: str = ""  # what they replied; what they had today; what is wrong with the text
    used: int = 0  # of a cap …
    cap: int = 0
    ahead: int = 0  # messages that its device sends first
    state: DeviceState | None = None


@dataclass(frozen=True, slots=True)
class Around:
    """What only a person wants to know of one run."""

    device: Surroundings = field(default_factory=Surroundings)
    sequence_paused_by: str | None = None
    sequence_paused_at: datetime | None = None
    pause: PauseReason | None = None
    paused_by: str | None = None
    paused_at: datetime | None = None
    reply: str = ""  # the last that they wrote before the pause
    ahead: int = 0


def why_not(candidate: Candidate, device: Standing, around: Around, now: datetime) -> tuple[Obstacle, ...]:
    """Everything in its way now, or else when it is due: what keeps the device from asking, then the claim's.

    Empty: it goes out when it is due.
    """
    at = max(now, candidate.due_at)
    found: list[Obstacle] = []
    refused = refusals(candidate, at)
    if not any(refusal.rule is Rule.DEVICE_PAUSED for refusal in refused):
        found += _away(device, at, due=candidate.due_at <= now)
    found += [_obstacle(refusal, device, around) for refusal in refused]
    if not found and candidate.due_at <= now and around.ahead:
        found.append(Obstacle(ObstacleKind.TURN, ahead=around.ahead))
    return tuple(found)


def _away(device: Standing, at: datetime, *, due: bool) -> list[Obstacle]:
    """An engine that is missing and a line that is down matter when it is due; a lost device at any time."""
    reason = why(device, Surroundings(), at)
    if not (due or device.state.is_terminal):
        return []
    if reason.kind in {ReasonKind.NO_ENGINE, ReasonKind.ENGINES_FULL}:
        return [Obstacle(ObstacleKind.NO_ENGINE)]
    if reason.kind in {ReasonKind.STATE, ReasonKind.BANNED}:
        away = ObstacleKind.DEVICE_AWAY
        return [Obstacle(away, since=reason.since, until=reason.until, state=device.state)]
    return []


def _obstacle(refusal: Refusal, device: Standing, around: Around) -> Obstacle:
    until, asked = refusal.until, refusal.candidate
    match refusal.rule:
        case Rule.DEVICE_PAUSED if device.stopped_at is not None:
            return Obstacle(ObstacleKind.STOPPED, since=device.stopped_at, who=around.device.stopped_by)
        case Rule.DEVICE_PAUSED:
            return Obstacle(ObstacleKind.DEVICE_PAUSED, since=device.paused_at, who=around.device.paused_by)
        case Rule.CAP if until is not None:
            reached = cap_reached(asked.device.pace, asked.device.tally, until)
            kind = ObstacleKind(reached.kind.value)
            return Obstacle(kind, until=until, used=reached.used, cap=reached.cap)
        case Rule.DELAY:
            return Obstacle(ObstacleKind.DELAY, until=until, ahead=around.ahead)
        case Rule.SEQUENCE if asked.step is not None and asked.step.sequence_status is SequenceStatus.DRAFT:
            return Obstacle(ObstacleKind.DRAFT)
        case Rule.SEQUENCE:
            since, who = around.sequence_paused_at, around.sequence_paused_by
            return Obstacle(ObstacleKind.SEQUENCE_PAUSED, since=since, who=who)
        case Rule.RUN if around.pause is PauseReason.REPLIED:
            return Obstacle(ObstacleKind.REPLIED, since=around.paused_at, words=around.reply)
        case Rule.RUN:
            return Obstacle(ObstacleKind.PAUSED_BY_HAND, since=around.paused_at, who=around.paused_by)
        case Rule.FREQUENCY if asked.reached is not None:
            return Obstacle(ObstacleKind.FREQUENCY, until=until, words=asked.reached.in_words)
    words = refusal.decision.text if isinstance(refusal.decision, End) else ""
    return Obstacle(ObstacleKind(refusal.rule.value), until=until, words=words)
