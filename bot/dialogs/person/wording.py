"""What a person's card says: where they are, what is next, why not, and how each message went. Pure."""

from datetime import datetime

from bot.dialogs.devices.wording import state_words
from bot.dialogs.formatting import few
from bot.dialogs.navigation import when, when_in_both
from engine.broadcast.outlook import Outlook
from engine.contacts.card import ContactCard, HistoryEntry, NextMessage, Permission, RunView
from engine.contacts.time_zones import city_of
from engine.contacts.why_not import Obstacle, ObstacleKind
from engine.sequences.moves import MovePlan
from models.enums import (
    ConsentSource,
    ConsentState,
    ContentKind,
    EnrolmentStatus,
    Lane,
    LeadStatus,
    MessageStatus,
    PauseReason,
    SequenceStatus,
)

LONGEST_WORDS = 60  # characters of what somebody wrote, in a line
LONGEST_EVIDENCE = 200

SOURCES = {
    ConsentSource.WEB_FORM: "web form",
    ConsentSource.EVENT: "event",
    ConsentSource.PURCHASE: "bought from us",
    ConsentSource.WROTE_FIRST: "they wrote first",
    ConsentSource.MANUAL: "noted by hand",
    ConsentSource.STOP_WORD: "they wrote a stop word",
    ConsentSource.START_WORD: "they wrote START",
    ConsentSource.OPT_OUT_LIST: "an opted-out list",
}
STATUSES = {
    EnrolmentStatus.ACTIVE: "on their way",
    EnrolmentStatus.PAUSED: "⏸ paused",
    EnrolmentStatus.COMPLETED: "finished",
    EnrolmentStatus.EXITED: "left",
}
EXITS = {
    "opted_out": "they opted out",
    "no_consent": "there is no permission",
    "replied": "they replied",
    "removed": "removed by hand",
    "moved": "moved to another message",
    "archived": "the sequence was deleted",
    "cancelled": "with the rest of its campaign",
    "customer": "they became a customer",
    "deleted": "they were deleted",
    "not_on_whatsapp": "not on WhatsApp",
}
KINDS = {ContentKind.IMAGE: "🖼 ", ContentKind.VIDEO: "🎬 ", ContentKind.AUDIO: "🎵 ", ContentKind.DOCUMENT: "📎 "}


def short(words: str, longest: int = LONGEST_WORDS) -> str:
    line = " ".join(words.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def exit_words(reason: str | None) -> str:
    return EXITS.get(reason or "", (reason or "").replace("_", " "))


def permission_words(card: ContactCard) -> str:
    found = card.permission
    if card.opted_out:
        since = card.suppressed_since or (found.at if found else None)
        how = f" · {SOURCES[found.source]}" if found and found.state is ConsentState.OPTED_OUT else ""
        return f"🚫 opted out{f' {when(since, card.now, card.team_zone)}' if since else ''}{how}"
    if card.consent is not ConsentState.OPTED_IN:
        return "⚠️ no permission: nothing is sent. Note at Edit where they opted in."
    if found is None:
        return "✅ can be sent to"
    evidence = f" “{short(found.evidence, 40)}”" if found.evidence else ""
    return f"✅ can be sent to · {SOURCES[found.source]}{evidence} {when(found.at, card.now, card.team_zone)}"


def record_words(record: Permission, now: datetime, zone: str) -> str:
    """Tell one record of the permission: what, when, where, on what evidence, noted by whom."""
    what = "✅ opted in" if record.state is ConsentState.OPTED_IN else "🚫 opted out"
    evidence = f" “{short(record.evidence, LONGEST_EVIDENCE)}”" if record.evidence else ""
    by = f" · noted by {short(record.by, 40)}" if record.by else ""
    return f"{what} {when(record.at, now, zone)} · {SOURCES[record.source]}{evidence}{by}"


def request_words(card: ContactCard) -> str:
    """Tell what they wrote that seems to ask to stop, while nobody has decided."""
    if card.request is None:
        return ""
    at = when(card.request.at, card.now, card.team_zone)
    return f"They seem to ask to stop. They wrote {at}: “{short(card.request.words, LONGEST_EVIDENCE)}”"


def interest_words(card: ContactCard) -> str:
    return ", ".join(
        f"{short(niche, 30)} (customer)" if status is LeadStatus.CUSTOMER else short(niche, 30)
        for niche, status in card.interests[:8]
    )


def attribute_words(card: ContactCard) -> str:
    """Write "city: Ipoh, post_code: 31400"; the first few."""
    shown = [f"{short(key, 20)}: {short(str(value), 30)}" for key, value in card.attributes.items()]
    return few(shown, 6)


def zone_words(card: ContactCard) -> str:
    if card.time_zone:
        return city_of(card.time_zone)
    if card.guessed_zone:
        return f"{city_of(card.guessed_zone)}, by the number"
    return "not known: the sequence's time counts"


def run_words(run: RunView, now: datetime, zone: str) -> str:
    """Tell where somebody is in one run: "on their way · 2 of 5"."""
    words = f"{STATUSES[run.status]} · {run.reached} of {run.steps}"
    if run.run_no > 1:
        words += f" · run {run.run_no}"
    if run.is_open:
        return words
    ended = f" {when(run.ended_at, now, zone)}" if run.ended_at else ""
    reason = f": {exit_words(run.exit_reason)}" if run.exit_reason else ""
    return f"{words}{reason}{ended}"


def next_words(run: RunView, now: datetime, team_zone: str) -> str:
    """Tell what comes next and when it really goes."""
    upcoming = run.next
    if upcoming is None:
        return "Next: nothing; the sequence has no more messages" if run.is_open else ""
    if upcoming.on_its_way:
        return f"Next: {upcoming.header} is on its way at this moment"
    if run.sequence_status is SequenceStatus.DRAFT:  # the start sets their Day 1 anew
        return f"Next: {upcoming.header}"
    line = f"Next: {upcoming.header} · {when_in_both(upcoming.due_at, now, run.time_zone, team_zone)}"
    goes_at = upcoming.outlook.at
    if goes_at is not None and goes_at > max(now, upcoming.due_at):
        line += f"\nIt goes {when_in_both(goes_at, now, run.time_zone, team_zone)} at the earliest"
    return line


def obstacle_words(obstacle: Obstacle, upcoming: NextMessage, run: RunView, now: datetime, team_zone: str) -> str:
    """Tell one thing that is in the way of a message."""
    device, by = f"device {upcoming.device}", f" by {obstacle.who}" if obstacle.who else ""
    since = f" {when(obstacle.since, now, team_zone)}" if obstacle.since else ""
    again = f", again {when(obstacle.until, now, team_zone)}" if obstacle.until else ""
    until = when(obstacle.until, now, run.time_zone).removeprefix("today ") if obstacle.until else ""
    ahead = f"{obstacle.ahead:,} {'message goes' if obstacle.ahead == 1 else 'messages go'} out first"
    used = f"{obstacle.used:,} of {obstacle.cap:,}"
    match obstacle.kind:
        case ObstacleKind.STOPPED:
            return f"everything is stopped{by}{since}: resume at Home"
        case ObstacleKind.DEVICE_PAUSED:
            return f"{device} is paused{by}{since}"
        case ObstacleKind.NO_ENGINE:
            return f"no engine works {device}"
        case ObstacleKind.DEVICE_AWAY:
            return f"{device}: {state_words(obstacle.state) if obstacle.state else 'away'}"
        case ObstacleKind.DAILY_CAP:
            return f"{device} is capped today: {used}{again}"
        case ObstacleKind.HOURLY_CAP:
            return f"{device} is capped this hour: {used}{again}"
        case ObstacleKind.DELAY:
            seconds = (obstacle.until - now).total_seconds() if obstacle.until else 0
            waits = f"{device} waits {max(1, round(seconds)):,} s between two messages"
            return f"{waits}; {ahead}" if obstacle.ahead else waits
        case ObstacleKind.TURN:
            return f"its turn on {device} has not come: {ahead}"
        case ObstacleKind.OPTED_OUT:
            return "they have opted out: it will not be sent"
        case ObstacleKind.NO_PERMISSION:
            return "there is no permission: it will not be sent"
        case ObstacleKind.DRAFT:
            return "the sequence has not been started"
        case ObstacleKind.SEQUENCE_PAUSED:
            return f"the sequence was paused{by}{since}"
        case ObstacleKind.PAUSED_BY_HAND:
            return f"paused{by}{since}"
        case ObstacleKind.REPLIED:
            reply = f": “{short(obstacle.words)}”" if obstacle.words else ""
            return f"they replied{since}{reply}"
        case ObstacleKind.LATE if obstacle.until is not None:
            return f"it is late and moves to {until}"
        case ObstacleKind.REST_DAY:
            return f"a day of rest: it waits until {until}"
        case ObstacleKind.QUIET_HOURS:
            return f"quiet until {until}"
        case ObstacleKind.FREQUENCY:
            return f"{obstacle.words}; it goes {until}" if until else f"{obstacle.words}: it is left out"
        case _:
            return obstacle.words


def pause_words(pause: PauseReason | None, by: str | None, at: datetime | None, now: datetime, zone: str) -> str:
    since = f" {when(at, now, zone)}" if at else ""
    return f"replied{since}" if pause is PauseReason.REPLIED else f"paused{f' by {by}' if by else ''}{since}"


def resume_words(foreseen: Outlook | None, run: RunView, now: datetime, team_zone: str) -> str:
    """Tell what resuming will do."""
    header = f"“{run.next.header}”" if run.next else "The next message"
    if foreseen is None:
        return "What is on its way stays so; what follows comes at its time."
    if foreseen.end is not None:
        return f"{header} is left out: {foreseen.end.text}. What follows comes at its time."
    if foreseen.at is None:
        return f"{header} still waits, for what else is in its way; then it goes."
    if foreseen.at <= now:
        return f"{header} goes out now."
    goes = f"{header} goes out {when_in_both(foreseen.at, now, run.time_zone, team_zone)}."
    missed = run.next is not None and run.next.due_at < now
    return f"It was due {when(run.next.due_at, now, run.time_zone)}. {goes}" if missed and run.next else goes


def move_words(plan: MovePlan, now: datetime, team_zone: str) -> str:
    """Tell what moving somebody will do."""
    at = when_in_both(plan.due_at, now, plan.time_zone, team_zone)
    if plan.already:
        return f"{plan.name} waits for “{plan.header}” already, due {at}. Nothing changes."
    words = f"{plan.name} gets “{plan.header}” {'on ' if at[0].isupper() else ''}{at}"
    if plan.passed_over:
        verb = "is" if len(plan.passed_over) == 1 else "are"
        words += f"; {_listed(plan.passed_over)} {verb} passed over"
    words += "."
    if plan.again:
        words += " They are past it, so a new run begins here"
        verb = "follows" if len(plan.to_come) == 1 else "follow"
        words += f", and {_listed(plan.to_come)} {verb} once more." if plan.to_come else "."
    if plan.paused:
        words += "\n\nThey are paused and stay so: resume them to let it go out."
    return words


def entry_words(entry: HistoryEntry, now: datetime, zone: str) -> str:
    """Tell one message and how it went."""
    at = when(entry.at, now, zone)
    if entry.inbound:
        said = [f"[{short(entry.attached)}]"] if entry.attached else []
        said += [f"“{short(entry.body)}”"] if entry.body or not said else []
        return f"💬 {at} {' '.join(said)}"
    source = entry.sequence or entry.campaign
    named = " · ".join(filter(None, (source and short(source, 24), entry.header)))
    answer = "answer from the phone" if entry.typed_on_phone else "answer"
    what = named or (answer if entry.lane is Lane.REPLY else "test")
    text = f"{KINDS.get(entry.kind, '') if entry.kind else ''}{short(entry.body, 40)}".strip()
    line = f"{_mark(entry)} {at} {what} · {_outcome(entry, now, zone)}"
    return f"{line}\n   {text}" if text else line


def _mark(entry: HistoryEntry) -> str:
    if entry.outcome is MessageStatus.SENT:
        if entry.failed_at and not entry.delivered_at:
            return "⚠️"
        return "✓✓" if entry.delivered_at else "✓"
    return {MessageStatus.FAILED: "✗", MessageStatus.UNKNOWN: "❔"}.get(
        entry.outcome or MessageStatus.SKIPPED, "–"
    )


def _outcome(entry: HistoryEntry, now: datetime, zone: str) -> str:
    why = f": {short(entry.error)}" if entry.error else ""
    match entry.outcome:
        case MessageStatus.SENT if entry.read_at is not None:
            return f"read {when(entry.read_at, now, zone).removeprefix('today ')}"
        case MessageStatus.SENT if entry.delivered_at is not None:
            return "delivered"
        case MessageStatus.SENT if entry.failed_at is not None:
            return "sent, their phone could not show it"
        case MessageStatus.SENT:
            return "sent"
        case MessageStatus.FAILED:
            return f"failed{why}"
        case MessageStatus.UNKNOWN:
            return f"not sure it arrived{why}"
        case MessageStatus.SKIPPED:
            return f"left out{why}"
        case _:
            return f"cancelled: {exit_words(entry.code)}" if entry.code else "cancelled"


def _listed(headers: tuple[str, ...]) -> str:
    shown = [f"“{header}”" for header in headers[:3]]
    if len(headers) > len(shown):
        return f"{', '.join(shown)} and {len(headers) - len(shown)} more"
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))
