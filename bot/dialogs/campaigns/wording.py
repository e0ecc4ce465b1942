"""A campaign in words: its state, how far it is, and what it is made of. Pure."""

from collections.abc import Mapping
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from bot.dialogs.formatting import file_label, people, to_telegram_html, verb
from bot.dialogs.navigation import when
from bot.dialogs.results.wording import NOT_SHOWN, SKIPPED, share
from engine.campaigns.audience import LeftOut
from engine.campaigns.catalogue import CampaignCard, CampaignSummary, Missing, Tab
from engine.campaigns.control import Stopped
from engine.campaigns.launch import TIME_TO_UNDO
from engine.campaigns.progress import CampaignProgress
from engine.reports.overview import Overview
from models.enums import CampaignPause, CampaignStatus

BAR = 12  # characters
LONGEST_PREVIEW = 600  # characters of the message on a card
MOST_REASONS = 5

TABS = {Tab.RUNNING: "Running", Tab.SCHEDULED: "Scheduled", Tab.DRAFTS: "Drafts", Tab.DONE: "Done"}
EMPTY = {
    Tab.RUNNING: "Nothing is running. Tap “+ New campaign”: one message to many, now or at a time you set.",
    Tab.SCHEDULED: "Nothing is scheduled. Launch a draft for a later time, and it waits here.",
    Tab.DRAFTS: "No drafts. “+ New campaign” makes one, and keeps it until you launch it.",
    Tab.DONE: "Nothing has ended yet. What has is kept here, with its results, to look at or to copy.",
}
BADGES = {
    CampaignStatus.DRAFT: "📝 Draft",
    CampaignStatus.SCHEDULED: "🗓 Scheduled",
    CampaignStatus.RUNNING: "🟢 Running",
    CampaignStatus.PAUSED: "⏸ Paused",
    CampaignStatus.FINISHED: "✅ Finished",
    CampaignStatus.CANCELLED: "✖️ Cancelled",
}
RESUMES = {
    CampaignPause.BY_HAND: "▶️ Resume",
    CampaignPause.STOPPED: "▶️ Resume as it is",
    CampaignPause.FIRST_ONES: "▶️ Go on",
    CampaignPause.BREAKER: "▶️ Go on anyway",
}
NEEDED = {Missing.MESSAGE: "the message", Missing.AUDIENCE: "whom it is for", Missing.DEVICES: "the devices"}
LEFT_OUT = {
    LeftOut.OPTED_OUT: "opted out",
    LeftOut.NO_CONSENT: "without permission",
    LeftOut.NO_DEVICE: "without a device that can write to them",
}
FAILED = {
    "missing_variable": "a variable without a value",
    "unfillable": "the text could not be filled in",
    "not_connected": "the device had no connection",
    "media_missing": "the file did not arrive",
    "media_upload_failed": "the file could not be uploaded",
    "lease_lost": "the engine was out of touch",
}
LEFT_AWAY = {**SKIPPED, "expired": "too late", "capped": "had something else that day"}


def campaigns_words(overview: Overview) -> str:
    """Write "2 running · 1 paused · 3 scheduled"."""
    counts = (
        (overview.campaigns_running, "running"),
        (overview.campaigns_paused, "paused"),
        (overview.campaigns_scheduled, "scheduled"),
    )
    return " · ".join(f"{count:,} {word}" for count, word in counts if count)


def row(campaign: CampaignSummary, now: datetime, zone: str) -> str:
    """Write "🟢 Sunday sale · 43%", "🗓 Sunday sale · tomorrow 09:00" or "📝 Sunday sale"."""
    mark, name = BADGES[campaign.status].partition(" ")[0], campaign.name[:40]
    match campaign.status:
        case CampaignStatus.DRAFT:
            return f"{mark} {name}"
        case CampaignStatus.SCHEDULED if campaign.scheduled_at is not None:
            return f"{mark} {name} · {when(campaign.scheduled_at, now, zone)}"
        case CampaignStatus.RUNNING | CampaignStatus.PAUSED if campaign.planned:
            return f"{mark} {name} · {percent(campaign.ended, campaign.planned)}"
        case _:
            return f"{mark} {name} · {campaign.planned:,}"


def percent(part: int, whole: int) -> str:
    """Write "43%"; it is 100% only when nothing is left."""
    return f"{part * 100 // whole if whole else 0}%"


def bar(part: int, whole: int) -> str:
    """Draw "▓▓▓▓▓░░░░░░░"."""
    filled = part * BAR // whole if whole else 0
    return "▓" * filled + "░" * (BAR - filled)


def is_starting(card: CampaignCard) -> bool:
    """Whether it is launched and can still be taken back: nothing has gone out."""
    launched = card.status in {CampaignStatus.SCHEDULED, CampaignStatus.RUNNING}
    return launched and card.scheduled_at is not None and card.scheduled_at > card.now


def badge(card: CampaignCard) -> str:
    if is_starting(card) and (card.status is CampaignStatus.RUNNING or _is_for_now(card)):
        return "⏱ Starting"
    return BADGES[card.status]


def state_lines(card: CampaignCard, *, stopped: Stopped | None = None) -> list[str]:
    """Tell where it stands. `stopped`: the figures of one that was stopped."""
    if card.status is CampaignStatus.DRAFT:
        needed = _listed([NEEDED[one] for one in card.missing])
        return [f"Still needed: {needed}."] if needed else ["Ready: review it, then launch it."]
    if is_starting(card):
        return [_starts(card)]
    progress = progress_lines(card)
    if card.status is not CampaignStatus.PAUSED:
        return progress
    match card.pause_reason:
        case CampaignPause.STOPPED if stopped is not None:
            return [stopped_words(stopped, card), *failed_lines(card.progress)]
        case CampaignPause.FIRST_ONES:
            return [first_words(card), *progress]
        case CampaignPause.BREAKER:
            return progress  # the card says above it what was seen
        case _:
            by = f" by {card.paused_by}" if card.paused_by else ""
            at = f", {when(card.paused_at, card.now, card.time_zone)}" if card.paused_at else ""
            return [f"Paused{by}{at}. Nothing is cancelled.", *progress]


def stopped_words(stopped: Stopped, card: CampaignCard) -> str:
    """Write "Stopped 14:03:07. 143 got it, 1 not sure, 4,856 did not."."""
    unsure = f"{stopped.unsure:,} not sure, " if stopped.unsure else ""
    return f"Stopped {_second(stopped.at, card)}. {stopped.got:,} got it, {unsure}{stopped.not_yet:,} did not."


def first_words(card: CampaignCard) -> str:
    """Tell that the first ones are through; the others have no messages before somebody says so."""
    first = card.first_ones or card.progress.ended
    waiting = card.progress.pending
    others = f"{people(waiting)} {verb('wait', waiting)}" if card.fanned and waiting else "The others wait"
    return f"The first {first:,} are through. {others} for your word."


def cancel_words(card: CampaignCard) -> str:
    """Tell who has it and who will not get it."""
    got, waiting = card.progress.sent, card.progress.pending
    had = f"{people(got)} got it and {verb('keep', got)} it." if got else "Nobody has got it."
    others = people(waiting).capitalize() if card.fanned and waiting else "Everybody else"
    return f"{had} {others} will not get it."


def progress_lines(card: CampaignCard) -> list[str]:
    """Tell how far it is: a bar, who has it, who has not and why, how fast it goes."""
    found, over = card.progress, card.finished_at is not None
    asks = card.pause_reason is CampaignPause.FIRST_ONES and not card.fanned  # the others are not counted yet
    lines = [] if over or asks else [f"{bar(found.ended, found.planned)} {found.ended:,} of {found.planned:,}"]
    lines.append(reached(found))
    waiting = [f"{found.pending:,} not yet"] if found.pending else []
    waiting += (
        [f"{found.on_its_way:,} on {'its' if found.on_its_way == 1 else 'their'} way"] if found.on_its_way else []
    )
    lines += [f"⏳ {' · '.join(waiting)}"] if waiting else []
    lines += failed_lines(found)
    if card.status is CampaignStatus.RUNNING:
        lines += [] if card.fanned else ["Its people are still being gathered."]
        lines += pace_lines(card)
    if over and card.finished_at is not None:
        lines.append(f"Ended {when(card.finished_at, card.now, card.time_zone)}")
    return lines


def reached(found: CampaignProgress) -> str:
    """Write "✓ 143 got it · 120 delivered (84%) · 80 read (56%) · 4 replied (3%)"."""
    stages = (
        ("delivered", found.delivered),
        ("read", found.read),
        (NOT_SHOWN, found.not_shown),
        ("replied", found.replied),
    )
    shares = [f"{count:,} {word}{share(count, found.sent)}" for word, count in stages if count]
    return " · ".join([f"✓ {found.sent:,} got it", *shares])


def failed_lines(found: CampaignProgress) -> list[str]:
    failed, skipped = sum(found.failed.values()), sum(found.skipped.values())
    lines = [f"✗ {failed:,} failed: {reasons(found.failed, FAILED)}"] if failed else []
    lines += [f"– {skipped:,} left out: {reasons(found.skipped, LEFT_AWAY)}"] if skipped else []
    lines += [f"❔ {found.unknown:,} not sure"] if found.unknown else []
    lines += [f"🚫 {found.opted_out:,} opted out after it"] if found.opted_out else []
    lines += [f"✖️ {found.cancelled:,} cancelled"] if found.cancelled else []
    return lines


def pace_lines(card: CampaignCard) -> list[str]:
    found = card.progress
    if not found.rate_per_hour:
        return []
    end = f", through about {_end(found.ends_at, card)}" if found.ends_at else ""
    return [f"⏱ {round(found.rate_per_hour) or 1:,} an hour{end}"]


def result_lines(card: CampaignCard) -> list[str]:
    """Tell the funnel a stage a line, what became of the rest, and how long it took."""
    found, lines = card.progress, []
    if not found.planned:
        return ["Nothing has gone out yet." if card.finished_at is None else "Nobody was to get it."]
    lines.append(f"📣 {people(found.planned)} to get it")
    lines.append(f"✓ {found.sent:,} got it ({percent(found.sent, found.planned)})")
    stages = (("✓✓", found.delivered, "delivered"), ("👀", found.read, "read"), ("💬", found.replied, "replied"))
    lines += [f"{mark} {count:,} {word}{share(count, found.sent)}" for mark, count, word in stages]
    lines += [f"⚠️ {found.not_shown:,} {NOT_SHOWN}"] if found.not_shown else []
    waiting = found.pending + found.on_its_way
    lines += [f"⏳ {waiting:,} not yet"] if waiting else []
    lines += failed_lines(found)
    if card.started_at is not None:
        began = f"Began {when(card.started_at, card.now, card.time_zone)}"
        ended = f", ended {when(card.finished_at, card.now, card.time_zone)}" if card.finished_at else ""
        lines.append(f"🕘 {began}{ended}")
    return lines


def reasons(counts: Mapping[str, int], words: Mapping[str, str]) -> str:
    """Write "2 not on WhatsApp, 1 too late", the most first."""
    most_first = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    told = [
        f"{count:,} {words.get(reason, reason.replace('_', ' ') or 'for no reason')}"
        for reason, count in most_first
    ]
    rest = sum(count for _, count in most_first[MOST_REASONS:])
    return ", ".join([*told[:MOST_REASONS], *([f"{rest:,} for other reasons"] if rest else [])])


def left_out_words(left_out: Mapping[LeftOut, int]) -> str:
    """Write "12 opted out, 3 without permission"."""
    return ", ".join(f"{count:,} {LEFT_OUT[reason]}" for reason, count in left_out.items() if count)


def message_words(card: CampaignCard, longest: int = LONGEST_PREVIEW) -> str:
    """Show the message as HTML, with its file in a word; empty if there is none yet."""
    body = card.content.body.strip()
    shown = to_telegram_html(body[:longest] + ("…" if len(body) > longest else ""))
    file = escape(file_label(card.content.kind, card.file_name), quote=False) if card.file_name else ""
    return "\n".join(filter(None, (file, shown)))


def first_missing(card: CampaignCard) -> Missing | None:
    return card.missing[0] if card.missing else None


def undo_label(card: CampaignCard) -> str:
    return "↩️ Undo" if _is_for_now(card) else "↩️ Unschedule"


def go_on_label(card: CampaignCard) -> str:
    """Name what comes next for a draft."""
    missing = first_missing(card)
    return f"▶️ Go on: {NEEDED[missing]}" if missing else "🚀 Review & launch"


def _starts(card: CampaignCard) -> str:
    at = card.scheduled_at or card.now
    if _is_for_now(card):
        return f"Starts at {_second(at, card)}. Until then you can undo it."
    return f"Starts {when(at, card.now, card.time_zone)}. Nothing goes out before."


def _is_for_now(card: CampaignCard) -> bool:
    """Whether it waits only for somebody to undo it: the time is near, or nobody would have asked for it."""
    at = card.scheduled_at
    return at is not None and (at - card.now <= TIME_TO_UNDO or bool(at.second or at.microsecond))


def _second(instant: datetime, card: CampaignCard) -> str:
    """Write the very second; the day only if it is another one."""
    local, today = instant.astimezone(ZoneInfo(card.time_zone)), card.now.astimezone(ZoneInfo(card.time_zone))
    day = "" if local.date() == today.date() else f"{local:%a} {local.day} {local:%b} "
    return f"{day}{local:%H:%M:%S}"


def _end(at: datetime, card: CampaignCard) -> str:
    return when(at, card.now, card.time_zone)


def _listed(words: list[str]) -> str:
    """Write "the message, whom it is for and the devices"."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1] if words else "")))
