"""What an alert looks like in the chat."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from html import escape
from zoneinfo import ZoneInfo

from aiogram.filters.callback_data import CallbackData

from engine.contacts.opting_out import contact_of
from models import Alert
from models.enums import AlertKind, AlertStatus

# A message has at most 4096 UTF-16 units after its markup is parsed. Where every character is an emoji (2 units),
# the longest text, name and resolution still leave room for the lines around them.
LONGEST_TEXT = 1500
LONGEST_NAME = 64
LONGEST_RESOLUTION = 300

TITLES = {
    AlertKind.DEVICE_DOWN: "🔴 <b>Device down</b>",
    AlertKind.WORKER_STUCK: "🟡 <b>Worker restarted</b>",
    AlertKind.DEVICE_TROUBLE: "🟡 <b>Device in trouble</b>",
    AlertKind.SEND_FAILED: "🟡 <b>Not sent</b>",
    AlertKind.SEND_UNKNOWN: "🟡 <b>Outcome unknown</b>",
    AlertKind.BOOKS_UNBALANCED: "🔴 <b>The books do not balance</b>",
    AlertKind.NO_WORKER: "🔴 <b>Devices without a worker</b>",
    AlertKind.DATABASE_AWAY: "🟡 <b>The database was away</b>",
    AlertKind.PEOPLE_MOVED: "🟡 <b>People moved</b>",
    AlertKind.PEOPLE_WAITING: "🔴 <b>People wait</b>",
    AlertKind.ASKS_TO_STOP: "🟡 <b>Seems to ask to stop</b>",
    AlertKind.CAMPAIGN_PAUSED: "🟡 <b>Campaign paused itself</b>",
    AlertKind.CAMPAIGN_LATE: "🟡 <b>Campaign was due while nothing ran</b>",
    AlertKind.CLIENT_OUTDATED: "🔴 <b>dripdesk is out of date</b>",
}
SEEN, SOLVED, CLOSED = "🟠", "✅", "⚪"


class Acknowledge(CallbackData, prefix="ack"):
    """The button under a firing alert."""

    alert_id: int


class Answer(StrEnum):
    OPT_OUT = "out"
    KEEP = "keep"


class Decide(CallbackData, prefix="asks"):
    """The buttons under somebody's request to stop."""

    contact_id: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class Rendered:
    html: str
    buttons: tuple[tuple[str, CallbackData], ...]  # label, what a press means


def title(alert: Alert) -> str:
    """What it is, with a badge for how it stands; the same in the group and in the menus."""
    badge, name = TITLES[alert.kind].split(" ", 1)
    if alert.status is AlertStatus.ACKNOWLEDGED:
        badge = SEEN
    elif alert.status is AlertStatus.RESOLVED:
        # What somebody only acknowledged is over, but nothing has been put right.
        badge = SOLVED if alert.resolution else CLOSED
    return f"{badge} {name}" + (f" ×{alert.occurrences}" if alert.occurrences > 1 else "")


def render(alert: Alert, time_zone: str, seen_by: str | None) -> Rendered:
    """The alert as it stands; `seen_by` is the name of who acknowledged it."""
    local = _LocalTimes(ZoneInfo(time_zone), alert.first_at)
    lines = [title(alert), _escaped(alert.text, LONGEST_TEXT), f"Since {local.shown(alert.first_at)}"]
    if alert.last_at != alert.first_at:
        lines[-1] += f", last {local.shown(alert.last_at)}"
    if alert.acknowledged_at is not None:
        lines.append(
            f"Seen by {_escaped(seen_by or 'someone', LONGEST_NAME)} {local.shown(alert.acknowledged_at)}"
        )
    if alert.resolved_at is not None and alert.resolution:
        how = _escaped(alert.resolution, LONGEST_RESOLUTION)
        lines.append(f"Resolved {local.shown(alert.resolved_at)}: {how}")
    return Rendered("\n".join(lines), _buttons(alert))


def _buttons(alert: Alert) -> tuple[tuple[str, CallbackData], ...]:
    if alert.kind is AlertKind.ASKS_TO_STOP and alert.status is not AlertStatus.RESOLVED:
        contact_id = contact_of(alert.subject)
        return (
            ("🚫 Opt out", Decide(contact_id=contact_id, answer=Answer.OPT_OUT)),
            ("Keep", Decide(contact_id=contact_id, answer=Answer.KEEP)),
        )
    if alert.status is AlertStatus.FIRING:
        return (("Acknowledge", Acknowledge(alert_id=alert.id)),)
    return ()


@dataclass(frozen=True, slots=True)
class _LocalTimes:
    zone: ZoneInfo
    first: datetime

    def shown(self, instant: datetime) -> str:
        """The time of day; with the date if it is not the day on which the alert began."""
        local = instant.astimezone(self.zone)
        if local.date() == self.first.astimezone(self.zone).date():
            return f"{local:%H:%M}"
        return f"{local.day} {local:%b %H:%M}"


def _escaped(text: str, longest: int) -> str:
    return escape(text if len(text) <= longest else text[: longest - 1] + "…", quote=False)
