"""What will become of a message that waits: the claim's own rule, asked ahead of time. Pure.

Nothing here knows a reason of its own. Each is found by asking `decide`, lifting what it refused for, and asking
again; so what is told is what the claim does.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from engine.broadcast.admission import (
    Admit,
    CampaignFacts,
    Candidate,
    Decision,
    Defer,
    End,
    Hold,
    Pause,
    StepFacts,
    decide,
)
from engine.broadcast.pacing import Tally
from models.enums import CampaignStatus, ConsentState, EnrolmentStatus, SequenceStatus

MOST_STEPS = 100  # of looking ahead; each is a delay, a cap, a night or a shift


class Rule(StrEnum):
    """What the claim refuses a message for."""

    DEVICE_PAUSED = "device_paused"  # or everything
    DELAY = "delay"
    CAP = "cap"
    OPTED_OUT = "opted_out"
    NO_PERMISSION = "no_permission"
    RUN_OVER = "run_over"
    SEQUENCE = "sequence"  # it has not started, or is paused
    RUN = "run"  # paused
    CAMPAIGN = "campaign"  # it has not started, is paused, or is over
    LATE = "late"
    EXPIRED = "expired"
    REST_DAY = "rest_day"
    QUIET_HOURS = "quiet_hours"
    WINDOW = "window"  # of the campaign
    ASKS_TO_STOP = "asks_to_stop"  # so it seems, and nobody has decided
    FREQUENCY = "frequency"  # its contact has had enough today
    TEXT = "text"  # it cannot be filled in


@dataclass(frozen=True, slots=True)
class Refusal:
    """`decision`: the claim's, if this were the only one."""

    rule: Rule
    decision: Decision
    candidate: Candidate  # as it was asked about

    @property
    def until(self) -> datetime | None:
        return self.decision.until if isinstance(self.decision, Pause | Defer) else None


@dataclass(frozen=True, slots=True)
class Outlook:
    """When a message goes out, or how it ends instead; neither while somebody's pause or stop holds it."""

    at: datetime | None = None
    end: End | None = None


def refusals(candidate: Candidate, at: datetime) -> list[Refusal]:
    """Everything for which the claim would refuse it at this instant, in the claim's order."""
    found: list[Refusal] = []
    asked: Candidate | None = _as_of(candidate, at)
    while asked is not None:
        decision = decide(asked, at)
        if isinstance(decision, Admit):
            break
        rule = _rule(asked, decision, at)
        found.append(Refusal(rule, decision, asked))
        asked = _lifted(asked, rule, decision)
    return found


def outlook(candidate: Candidate, now: datetime) -> Outlook:
    """Follow it from claim to claim, if nothing changes meanwhile and nobody else is before it."""
    at = max(now, candidate.due_at)
    for _ in range(MOST_STEPS):
        decision = decide(_as_of(candidate, at), at)
        match decision:
            case Admit():
                return Outlook(at=at)
            case End():
                return Outlook(end=decision)
            case Hold() | Pause(until=None):
                return Outlook()
            case Pause(until=until) if until is not None:
                at = until
            case Defer():
                candidate = _deferred(candidate, decision)
                at = decision.until
    return Outlook()


def resumed(candidate: Candidate) -> Candidate:
    """The same, with its run resumed."""
    return _with_step(candidate, status=EnrolmentStatus.ACTIVE)


def _as_of(candidate: Candidate, at: datetime) -> Candidate:
    """The same with the device's counters as they stand then, if it sends nothing meanwhile."""
    device = candidate.device
    counted = device.tally
    tally = Tally.at(
        at,
        device.zone,
        hour_started_at=counted.hour_started_at,
        hour_count=counted.hour_count,
        day=counted.day,
        day_count=counted.day_count,
    )
    return replace(candidate, device=replace(device, tally=tally))


def _deferred(candidate: Candidate, defer: Defer) -> Candidate:
    put_off = replace(candidate, due_at=defer.until, expires_at=defer.expires or candidate.expires_at)
    if defer.anchor is None or put_off.step is None:
        return put_off
    return _with_step(put_off, run=replace(put_off.step.run, anchor=defer.anchor))


def _rule(candidate: Candidate, decision: Decision, at: datetime) -> Rule:
    """Tell which rule a refusal comes from."""
    match decision:
        case Pause(until=None):
            return Rule.DEVICE_PAUSED
        case Pause(until=until):
            return Rule.DELAY if until == candidate.device.next_send_at else Rule.CAP
        case Hold() if candidate.campaign is not None:
            return Rule.CAMPAIGN
        case Hold():
            held = candidate.step is not None and candidate.step.sequence_status is not SequenceStatus.ACTIVE
            return Rule.SEQUENCE if held else Rule.RUN
        case Defer(capped=True):
            return Rule.FREQUENCY
        case Defer(undecided=True):
            return Rule.ASKS_TO_STOP
        case Defer(anchor=None):
            return Rule.QUIET_HOURS if _is_quiet(candidate, at) else Rule.WINDOW
        case Defer():
            late = candidate.expires_at is not None and at > candidate.expires_at
            return Rule.LATE if late else Rule.REST_DAY
        case End(code="opted_out"):
            return Rule.OPTED_OUT
        case End(code="no_consent"):
            return Rule.NO_PERMISSION
        case End(code="run_ended"):
            return Rule.RUN_OVER
        case End(code="missed"):
            return Rule.LATE
        case End(code="cancelled"):
            return Rule.CAMPAIGN
        case End(code="expired"):
            return Rule.EXPIRED
        case End(code="capped"):
            return Rule.FREQUENCY
        case _:
            return Rule.TEXT


def _lifted(candidate: Candidate, rule: Rule, decision: Decision) -> Candidate | None:
    """The same without what one rule refused it for; None: where that rule refuses, no later one matters."""
    device, contact = candidate.device, candidate.contact
    match rule:
        case Rule.DEVICE_PAUSED:
            return replace(candidate, device=replace(device, paused=False))
        case Rule.DELAY:
            return replace(candidate, device=replace(device, next_send_at=None))
        case Rule.CAP:
            tally = replace(device.tally, hour_count=0, day_count=0)
            return replace(candidate, device=replace(device, tally=tally))
        case Rule.OPTED_OUT | Rule.NO_PERMISSION:
            asked = replace(contact, consent=ConsentState.OPTED_IN, suppressed=False)
            return replace(candidate, contact=asked)
        case Rule.SEQUENCE:
            return _with_step(candidate, sequence_status=SequenceStatus.ACTIVE)
        case Rule.RUN:
            return resumed(candidate)
        case Rule.CAMPAIGN if isinstance(decision, Hold):
            return _with_campaign(candidate, status=CampaignStatus.RUNNING)
        case Rule.QUIET_HOURS:
            return replace(candidate, quiet=None)
        case Rule.WINDOW:
            return _with_campaign(candidate, window=None)
        case Rule.ASKS_TO_STOP:
            return replace(candidate, contact=replace(contact, asks_to_stop=False))
        case Rule.FREQUENCY:
            return replace(candidate, reached=None)
        case _:
            return None


def _is_quiet(candidate: Candidate, at: datetime) -> bool:
    zone = candidate.campaign.zone if candidate.campaign is not None else None
    return zone is None or (candidate.quiet is not None and candidate.quiet.end_after(at, zone) is not None)


def _with_campaign(candidate: Candidate, **facts: object) -> Candidate:
    campaign: CampaignFacts | None = candidate.campaign
    return candidate if campaign is None else replace(candidate, campaign=replace(campaign, **facts))  # type: ignore[arg-type]


def _with_step(candidate: Candidate, **facts: object) -> Candidate:
    step: StepFacts | None = candidate.step
    return candidate if step is None else replace(candidate, step=replace(step, **facts))  # type: ignore[arg-type]
