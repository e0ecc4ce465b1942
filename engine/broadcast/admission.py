"""May this message go out now? Everything that could forbid it, in one pure function.

It is asked inside the claim, under locks on all that it reads, so that its answer still holds at the commit.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from engine.broadcast.pacing import Pace, Tally, capped_until
from engine.broadcast.templating import MissingVariableError, render
from engine.sequences.calendar import QuietHours, Run, SendingDays, StepTime, next_due, shifted
from models.enums import (
    ConsentState,
    ContentKind,
    EnrolmentStatus,
    Lane,
    MessageStatus,
    MissedPolicy,
    SequenceStatus,
)


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    pace: Pace
    tally: Tally
    zone: ZoneInfo  # the workspace's: whose day a daily cap counts
    next_send_at: datetime | None
    paused: bool  # the device, or everything


@dataclass(frozen=True, slots=True)
class ContactFacts:
    phone: str
    name: str
    attributes: dict[str, object]
    consent: ConsentState | None
    suppressed: bool


@dataclass(frozen=True, slots=True)
class StepFacts:
    """A message's place in a sequence.

    `waiting`: the live steps this run has not had, this one included. Empty unless the message is late and its
    sequence sends only the latest.
    """

    run: Run
    status: EnrolmentStatus
    sequence_status: SequenceStatus
    step: StepTime
    waiting: tuple[StepTime, ...]
    days: SendingDays
    missed_policy: MissedPolicy
    late_window: timedelta
    kind: ContentKind
    body: str
    media_id: int | None


@dataclass(frozen=True, slots=True)
class Candidate:
    lane: Lane
    body: str | None  # given from the start for replies and tests
    due_at: datetime
    expires_at: datetime | None
    device: DeviceFacts
    contact: ContactFacts
    quiet: QuietHours | None
    step: StepFacts | None
    by_hand: bool = False  # an operator sends it once more, as it was; its run has moved on already


@dataclass(frozen=True, slots=True)
class Admit:
    kind: ContentKind
    body: str
    media_id: int | None


@dataclass(frozen=True, slots=True)
class End:
    """It will never go out. `exit_reason`: and neither will the rest of this contact's run."""

    outcome: MessageStatus
    code: str
    text: str
    exit_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Defer:
    """Not before this instant. With `expires`, lateness counts afresh; with an anchor, the whole run moves."""

    until: datetime
    expires: datetime | None = None
    anchor: date | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """Somebody has paused it; it stays as it is until somebody resumes it."""


@dataclass(frozen=True, slots=True)
class Pause:
    """The device may not send anything before this instant (None: until somebody acts)."""

    until: datetime | None


Decision = Admit | End | Defer | Hold | Pause


def decide(candidate: Candidate, now: datetime) -> Decision:
    device, contact, step = candidate.device, candidate.contact, candidate.step
    if device.paused:
        return Pause(None)
    if device.next_send_at is not None and device.next_send_at > now:
        return Pause(device.next_send_at)
    if candidate.lane is Lane.REPLY:  # exempt from suppression, quiet hours and caps
        return Admit(ContentKind.TEXT, candidate.body or "", None)
    capped = capped_until(device.pace, device.tally, device.zone)
    if capped is not None:
        return Pause(capped)
    if contact.suppressed or contact.consent is ConsentState.OPTED_OUT:
        return End(MessageStatus.SKIPPED, "opted_out", "the contact has opted out", "opted_out")
    if contact.consent is None:
        return End(MessageStatus.SKIPPED, "no_consent", "there is no permission to write", "no_consent")
    if step is None:
        return Admit(ContentKind.TEXT, candidate.body or "", None)
    if candidate.by_hand:
        return _once_more(candidate, step, now)
    if step.status in {EnrolmentStatus.COMPLETED, EnrolmentStatus.EXITED}:
        return End(MessageStatus.CANCELLED, "run_ended", "the run through the sequence is over")
    if step.sequence_status is not SequenceStatus.ACTIVE or step.status is not EnrolmentStatus.ACTIVE:
        return Hold()
    return _missed(candidate, step, now) or _quiet(candidate, step, now) or _rendered(contact, step)


def _once_more(candidate: Candidate, step: StepFacts, now: datetime) -> Decision:
    """Pauses hold it and quiet hours put it off; it is never late, and where its run stands does not matter."""
    if step.sequence_status is SequenceStatus.PAUSED or step.status is EnrolmentStatus.PAUSED:
        return Hold()
    return _quiet(candidate, step, now) or Admit(step.kind, candidate.body or "", step.media_id)


def _missed(candidate: Candidate, step: StepFacts, now: datetime) -> Decision | None:
    expires = _expires(candidate, step)
    late = expires is not None and now > expires
    may_send_today = step.days.may_send_on(now.astimezone(step.run.zone).date())
    if not late and may_send_today:
        return None
    if late and step.missed_policy is MissedPolicy.SKIP:
        return End(MessageStatus.SKIPPED, "missed", "it was too late to send it")
    if late and step.missed_policy is MissedPolicy.SEND_NOW and may_send_today:
        following = next_due(replace(step.run, last_place=step.step.place), step.waiting, step.days)
        if following is not None and following.at <= now:
            return End(MessageStatus.SKIPPED, "missed", "a later message of the sequence is due as well")
        return None
    anchor, due = shifted(step.run, step.step, now, step.days)
    return Defer(due, due + step.late_window, anchor)


def _expires(candidate: Candidate, step: StepFacts) -> datetime | None:
    """What was set for quiet hours cannot be late before they end."""
    if candidate.expires_at is None or candidate.quiet is None:
        return candidate.expires_at
    end = candidate.quiet.end_after(candidate.due_at, step.run.zone)
    return candidate.expires_at if end is None else max(candidate.expires_at, end + step.late_window)


def _quiet(candidate: Candidate, step: StepFacts, now: datetime) -> Decision | None:
    """What was set for quiet hours is set for their end; otherwise they do not make a message any less late."""
    if candidate.quiet is None or (end := candidate.quiet.end_after(now, step.run.zone)) is None:
        return None
    set_for_them = candidate.quiet.end_after(candidate.due_at, step.run.zone) == end
    return Defer(end, end + step.late_window if set_for_them else None)


def _rendered(contact: ContactFacts, step: StepFacts) -> Decision:
    try:
        body = render(step.body, name=contact.name, phone=contact.phone, attributes=contact.attributes)
    except MissingVariableError as error:
        return End(MessageStatus.FAILED, "missing_variable", str(error))
    return Admit(step.kind, body, step.media_id)
