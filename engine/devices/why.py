"""Why a device is not sending: the one reason that matters now, from everything that is known. Pure.

The health check asks the same question: only a device that has no reason left may be called starving.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from engine.broadcast.pacing import Pace, Tally, capped_until
from engine.sequences.calendar import QuietHours
from models.enums import DeviceState, Lane


@dataclass(frozen=True, slots=True)
class Next:
    """The message that its worker would take first. `zone`: whose quiet hours count; None: nobody's."""

    lane: Lane
    due_at: datetime
    zone: ZoneInfo | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one device stands. Business time, but for `state_since` and `state_until`."""

    device_id: int
    state: DeviceState
    state_since: datetime
    state_until: datetime | None
    state_reason: str
    worked: bool  # by an engine whose heart beats
    paused_at: datetime | None
    stopped_at: datetime | None
    next_send_at: datetime | None
    last_sent_at: datetime | None
    in_flight: bool
    pace: Pace
    tally: Tally
    zone: ZoneInfo  # the workspace's
    quiet: QuietHours | None
    next: Next | None
    limited_until: datetime | None = None  # WhatsApp lets it write to nobody new; machine time
    phone_away_for: timedelta | None = None  # since the last sign of life of its own phone; None: it has none


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What only a person wants to know."""

    stopped_by: str | None = None
    paused_by: str | None = None
    engines: int = 0  # whose hearts beat
    planned_at: datetime | None = None  # when the next of its people is due for a message
    paused_sequences: tuple[str, ...] = ()
    paused_campaigns: tuple[str, ...] = ()  # with messages that wait here


class ReasonKind(StrEnum):
    STOPPED = "stopped"
    PAUSED = "paused"
    NO_ENGINE = "no_engine"
    ENGINES_FULL = "engines_full"
    STATE = "state"
    BANNED = "banned"
    DAILY_CAP = "daily_cap"
    HOURLY_CAP = "hourly_cap"
    DELAY = "delay"
    QUIET_HOURS = "quiet_hours"
    LIMITED = "limited"
    NOTHING_DUE = "nothing_due"
    SEQUENCES_PAUSED = "sequences_paused"
    CAMPAIGNS_PAUSED = "campaigns_paused"
    NOTHING_PLANNED = "nothing_planned"
    SENDING = "sending"


@dataclass(frozen=True, slots=True)
class Reason:
    kind: ReasonKind
    since: datetime | None = None
    until: datetime | None = None
    who: str | None = None
    used: int = 0  # of a cap …
    cap: int = 0
    names: tuple[str, ...] = ()


def why(device: Standing, around: Surroundings, now: datetime) -> Reason:
    """The heaviest reason; SENDING when nothing stands in the way of a message that is due."""
    if device.stopped_at is not None:
        return Reason(ReasonKind.STOPPED, since=device.stopped_at, who=around.stopped_by)
    if device.paused_at is not None:
        return Reason(ReasonKind.PAUSED, since=device.paused_at, who=around.paused_by)
    if not device.worked and not device.state.is_terminal:  # then no engine is what it lacks
        return Reason(ReasonKind.ENGINES_FULL if around.engines else ReasonKind.NO_ENGINE)
    if not device.state.may_send:
        banned = device.state is DeviceState.TEMP_BANNED and device.state_until is not None
        kind = ReasonKind.BANNED if banned else ReasonKind.STATE
        return Reason(kind, since=device.state_since, until=device.state_until)
    return _paced(device, now) or _planned(device, around, now)


def may_send_now(device: Standing, now: datetime) -> bool:
    """Whether by everything that is known a message could leave at this moment, or is leaving."""
    return why(device, Surroundings(), now).kind is ReasonKind.SENDING


def _paced(device: Standing, now: datetime) -> Reason | None:
    upcoming = device.next
    exempt = upcoming is not None and upcoming.lane is Lane.REPLY and upcoming.due_at <= now
    capped = None if exempt else capped_until(device.pace, device.tally, device.zone)
    if capped is not None:
        return cap_reached(device.pace, device.tally, capped)
    if upcoming is None or device.in_flight:
        return None
    if upcoming.due_at <= now and device.next_send_at is not None and device.next_send_at > now:
        return Reason(ReasonKind.DELAY, until=device.next_send_at)
    if device.quiet is not None and upcoming.zone is not None:
        end = device.quiet.end_after(now, upcoming.zone)
        if end is not None and upcoming.due_at <= end:
            return Reason(ReasonKind.QUIET_HOURS, until=end)
    return None


def cap_reached(pace: Pace, tally: Tally, until: datetime) -> Reason:
    """Tell which of its caps a device has reached that is capped until then."""
    day_cap, hour_cap = pace.cap_on(tally.day), pace.hourly_cap
    if day_cap is not None and tally.day_count >= day_cap:
        return Reason(ReasonKind.DAILY_CAP, until=until, used=tally.day_count, cap=day_cap)
    return Reason(ReasonKind.HOURLY_CAP, until=until, used=tally.hour_count, cap=hour_cap or 0)


def _planned(device: Standing, around: Surroundings, now: datetime) -> Reason:
    if device.in_flight or (device.next is not None and device.next.due_at <= now):
        return Reason(ReasonKind.SENDING, since=device.last_sent_at)
    ahead = [around.planned_at, device.next.due_at if device.next else None]
    upcoming = min((at for at in ahead if at is not None), default=None)
    if upcoming is not None and device.limited_until is not None:
        return Reason(ReasonKind.LIMITED, until=device.limited_until)
    if upcoming is not None:
        return Reason(ReasonKind.NOTHING_DUE, until=upcoming)
    if around.paused_sequences:
        return Reason(ReasonKind.SEQUENCES_PAUSED, names=around.paused_sequences)
    if around.paused_campaigns:
        return Reason(ReasonKind.CAMPAIGNS_PAUSED, names=around.paused_campaigns)
    return Reason(ReasonKind.NOTHING_PLANNED)
