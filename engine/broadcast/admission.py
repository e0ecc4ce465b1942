"""May this message go out now? Everything that could forbid it, in one pure function.

It is asked inside the claim, under locks on all that it reads, so that its answer still holds at the commit.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from engine.broadcast.frequency import Reached
from engine.broadcast.hours import Hours, Window, open_from
from engine.broadcast.pacing import Pace, Tally, capped_until
from engine.broadcast.templating import UnfillableError, fill_in
from engine.sequences.calendar import QuietHours, Run, SendingDays, StepTime, at_local_time, next_due, shifted
from engine.sequences.pasting import write_header
from models.enums import (
    CampaignStatus,
    ConsentState,
    ContentKind,
    EnrolmentStatus,
    Lane,
    MessageStatus,
    MissedPolicy,
    SequenceStatus,
)

# Why a message was skipped; codes that results show in words.
OPTED_OUT = "opted_out"
NO_CONSENT = "no_consent"
MISSED = "missed"
EXPIRED = "expired"
CAPPED = "capped"  # by the frequency cap
# How long a campaign leaves somebody alone who seems to ask to stop, before it looks whether that is decided.
UNDECIDED_FOR = timedelta(hours=1)
# Why a message was cancelled.
RUN_ENDED = "run_ended"
CANCELLED = "cancelled"  # its campaign


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
    asks_to_stop: bool = False  # so it seems, and nobody has decided
    cold_until: datetime | None = None  # their device may not write to new people before, and they are new to it


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
    sequence: str  # its name
    kind: ContentKind
    body: str
    media_id: int | None


@dataclass(frozen=True, slots=True)
class CampaignFacts:
    """What a message of a campaign is, and where its contact lives. `delays`: its own, in seconds.

    `source_id`: what it counts as for the frequency cap. A correction counts as what it corrects.
    """

    status: CampaignStatus
    source_id: int
    name: str
    kind: ContentKind
    body: str
    media_id: int | None
    window: Window | None
    delays: tuple[float, float] | None
    zone: ZoneInfo


class Timed(Protocol):
    """When a message is due, from when on it is too late for it, and the hours that it waits out."""

    @property
    def due_at(self) -> datetime: ...
    @property
    def expires_at(self) -> datetime | None: ...
    @property
    def quiet(self) -> QuietHours | None: ...


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
    kind: ContentKind = ContentKind.TEXT  # of a test, as its file; of a step, see there
    media_id: int | None = None
    campaign: CampaignFacts | None = None
    reached: Reached | None = None  # None: no frequency cap

    @property
    def pace(self) -> Pace:
        """How fast its device goes on after it: a campaign may be slower, never faster."""
        slower = self.campaign.delays if self.campaign is not None else None
        return self.device.pace if slower is None else self.device.pace.slowed_to(*slower)


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
    """Not before this instant. With `expires`, lateness counts afresh; with an anchor, the whole run moves.

    `capped`: its contact has had enough for the day. `undecided`: they seem to ask to stop.
    """

    until: datetime
    expires: datetime | None = None
    anchor: date | None = None
    capped: bool = False
    undecided: bool = False


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
        return Admit(candidate.kind, candidate.body or "", candidate.media_id)
    capped = capped_until(device.pace, device.tally, device.zone)
    if capped is not None:
        return Pause(capped)
    if contact.suppressed or contact.consent is ConsentState.OPTED_OUT:
        return End(MessageStatus.SKIPPED, OPTED_OUT, "the contact has opted out", OPTED_OUT)
    if candidate.lane is Lane.TEST:  # to an operator's own phone: who asks for it has agreed to it
        return _test(candidate, now)
    if contact.consent is None:
        return End(MessageStatus.SKIPPED, NO_CONSENT, "there is no permission to write", NO_CONSENT)
    if candidate.campaign is not None:
        return _of_campaign(candidate, candidate.campaign, now)
    if step is None:
        return Admit(ContentKind.TEXT, candidate.body or "", None)
    if candidate.by_hand:
        return _once_more(candidate, step, now)
    if step.status in {EnrolmentStatus.COMPLETED, EnrolmentStatus.EXITED}:
        return End(MessageStatus.CANCELLED, RUN_ENDED, "the run through the sequence is over")
    if step.sequence_status is not SequenceStatus.ACTIVE or step.status is not EnrolmentStatus.ACTIVE:
        return Hold()
    return (
        put_off(candidate, step, now)
        or _cold(contact, now)
        or _one_too_many(candidate, step, now)
        or _rendered(contact, step)
    )


def put_off(timed: Timed, step: StepFacts, now: datetime) -> End | Defer | None:
    """Whether it is too late for it, or not the day or the hour. A forecast asks the same."""
    return _missed(timed, step, now) or _quiet(timed, step, now)


def _test(candidate: Candidate, now: datetime) -> Decision:
    if candidate.expires_at is not None and now > candidate.expires_at:
        return End(MessageStatus.SKIPPED, EXPIRED, "nobody waits for this test any more")
    return Admit(candidate.kind, candidate.body or "", candidate.media_id)


def _once_more(candidate: Candidate, step: StepFacts, now: datetime) -> Decision:
    """Pauses hold it and quiet hours put it off; it is never late, and where its run stands does not matter."""
    if step.sequence_status is SequenceStatus.PAUSED or step.status is EnrolmentStatus.PAUSED:
        return Hold()
    put_off = _quiet(candidate, step, now) or _cold(candidate.contact, now)
    return put_off or Admit(step.kind, candidate.body or "", step.media_id)


def _cold(contact: ContactFacts, now: datetime) -> Defer | None:
    """WhatsApp has limited the device: new people wait, and do not keep those back who may be written to."""
    return Defer(contact.cold_until) if contact.cold_until is not None and contact.cold_until > now else None


def _missed(timed: Timed, step: StepFacts, now: datetime) -> End | Defer | None:
    expires = _expires(timed, step)
    late = expires is not None and now > expires
    may_send_today = step.days.may_send_on(now.astimezone(step.run.zone).date())
    if not late and may_send_today:
        return None
    if late and step.missed_policy is MissedPolicy.SKIP:
        return End(MessageStatus.SKIPPED, MISSED, "it was too late to send it")
    if late and step.missed_policy is MissedPolicy.SEND_NOW and may_send_today:
        following = next_due(replace(step.run, last_place=step.step.place), step.waiting, step.days)
        if following is not None and following.at <= now:
            return End(MessageStatus.SKIPPED, MISSED, "a later message of the sequence is due as well")
        return None
    anchor, due = shifted(step.run, step.step, now, step.days)
    return Defer(due, due + step.late_window, anchor)


def _expires(timed: Timed, step: StepFacts) -> datetime | None:
    """What was set for quiet hours cannot be late before they end."""
    until = _set_for_quiet_until(timed, step)
    if timed.expires_at is None or until is None:
        return timed.expires_at
    return max(timed.expires_at, until + step.late_window)


def _quiet(timed: Timed, step: StepFacts, now: datetime) -> Defer | None:
    """What was set for quiet hours is set for their end; otherwise they do not make a message any less late."""
    until = _quiet_until(timed, step, now)
    if until is None:
        return None
    return Defer(until, until + step.late_window if _set_for_quiet_until(timed, step) == until else None)


def _set_for_quiet_until(timed: Timed, step: StepFacts) -> datetime | None:
    """When the quiet hours end that it is set for, if it is. A retry is due later, and set for the same time."""
    if timed.expires_at is None:
        return None
    return _quiet_until(timed, step, timed.expires_at - step.late_window)


def _quiet_until(timed: Timed, step: StepFacts, instant: datetime) -> datetime | None:
    """When the quiet hours around an instant end for this message, or None if it is not in them.

    Hours that end on a day of rest end on the next sendable date: a message that is set for such hours would never
    find a moment at which both may be.
    """
    quiet, zone = timed.quiet, step.run.zone
    if quiet is None or (end := quiet.end_after(instant, zone)) is None:
        return None
    ends_on = end.astimezone(zone).date()
    sendable = step.days.first_from(ends_on)
    return end if sendable == ends_on else at_local_time(sendable, quiet.end, zone)


def _one_too_many(candidate: Candidate, step: StepFacts, now: datetime) -> End | Defer | None:
    """What comes on a day on which its contact has had enough is as good as missed."""
    reached = candidate.reached
    if reached is None or not reached.is_enough(now.astimezone(step.run.zone).date()):
        return None
    if step.missed_policy is MissedPolicy.SKIP:
        return End(MessageStatus.SKIPPED, CAPPED, reached.in_words)
    anchor, due = shifted(step.run, step.step, now, step.days)
    return Defer(due, due + step.late_window, anchor, capped=True)


def _of_campaign(candidate: Candidate, campaign: CampaignFacts, now: datetime) -> Decision:
    if campaign.status in {CampaignStatus.PAUSED, CampaignStatus.SCHEDULED, CampaignStatus.DRAFT}:
        return Hold()
    opens = open_from(
        max(now, candidate.contact.cold_until or now), campaign.zone, candidate.quiet, campaign.window
    )
    if not candidate.by_hand and (over := _over(candidate, campaign, now)) is not None:
        return over
    if candidate.contact.asks_to_stop:
        return Defer(now + UNDECIDED_FOR, undecided=True)
    if candidate.by_hand:  # as it was, and whatever has become of its campaign
        return Defer(opens) if opens > now else Admit(campaign.kind, candidate.body or "", campaign.media_id)
    if (too_many := _campaign_too_many(candidate, campaign, opens)) is not None:
        return too_many
    if opens > now:
        if candidate.expires_at is not None and opens > candidate.expires_at:
            return End(MessageStatus.SKIPPED, EXPIRED, "it could not go out in time")
        return Defer(opens)
    return _of_this_text(candidate.contact, campaign)


def _over(candidate: Candidate, campaign: CampaignFacts, now: datetime) -> End | None:
    if campaign.status is not CampaignStatus.RUNNING:
        return End(MessageStatus.CANCELLED, CANCELLED, "the campaign is over")
    if candidate.expires_at is not None and now > candidate.expires_at:
        return End(MessageStatus.SKIPPED, EXPIRED, "it could not go out in time")
    return None


def _campaign_too_many(candidate: Candidate, campaign: CampaignFacts, opens: datetime) -> End | Defer | None:
    """Put it off to the window of the next day, without one to the time of day at which it was due.

    `opens`: when it may go out by the hours; if that is not today any more, the cap has nothing to say.
    """
    today = opens.astimezone(campaign.zone).date()
    if candidate.reached is None or not candidate.reached.is_enough(today):
        return None
    hours = Hours(campaign.zone, candidate.quiet, campaign.window)
    until = hours.on_the_next_day(candidate.due_at, today)
    if candidate.expires_at is not None and until > candidate.expires_at:
        return End(MessageStatus.SKIPPED, CAPPED, candidate.reached.in_words)
    return Defer(until, capped=True)


def _of_this_text(contact: ContactFacts, campaign: CampaignFacts) -> Decision:
    try:
        body = _filled_in(contact, campaign.kind, campaign.body)
    except UnfillableError as error:
        return End(MessageStatus.FAILED, error.code, f"“{campaign.name}”: {error}")
    return Admit(campaign.kind, body, campaign.media_id)


def _rendered(contact: ContactFacts, step: StepFacts) -> Decision:
    try:
        body = _filled_in(contact, step.kind, step.body)
    except UnfillableError as error:
        minutes = None if step.step.send_time else step.step.after_join // timedelta(minutes=1)
        header = write_header(step.step.day, step.step.send_time, minutes)
        return End(MessageStatus.FAILED, error.code, f"“{step.sequence}”, {header}: {error}")
    return Admit(step.kind, body, step.media_id)


def _filled_in(contact: ContactFacts, kind: ContentKind, body: str) -> str:
    return fill_in(kind, body, name=contact.name, phone=contact.phone, attributes=contact.attributes)
