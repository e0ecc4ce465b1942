"""What the daily digest looks like in the chat."""

from datetime import date, datetime
from html import escape
from zoneinfo import ZoneInfo

from bot.dialogs.formatting import counted, people, short_date
from engine.reports.digest import Figures


def render_digest(
    figures: Figures, *, team: str, day: date, since: datetime, until: datetime, time_zone: str
) -> str:
    """As HTML. What is nought is left out; a day without anything says so."""
    zone = ZoneInfo(time_zone)
    lines = [
        f"🗞 <b>{escape(team, quote=False)}</b> · {short_date(day)}",
        f"<i>{_at(since, zone)} – {_at(until, zone)}</i>",
        "",
    ]
    if not figures.happened:
        lines.append("Nothing went out, and nobody wrote.")
    if figures.sent:
        told = f"📤 {counted(figures.sent, 'message')} sent"
        lost = f", {figures.not_shown:,} could not be shown" if figures.not_shown else ""
        lines.append(f"{told}: {figures.delivered:,} delivered, {figures.read:,} read{lost}")
    if figures.failed:
        reasons = "; ".join(f"{one.messages:,} × {escape(one.why, quote=False)}" for one in figures.failures)
        lines.append(f"⚠️ {figures.failed:,} failed: {reasons}")
    if figures.replied:
        lines.append(f"💬 {people(figures.replied)} answered")
    if figures.opted_out:
        lines.append(f"🚫 {people(figures.opted_out)} opted out")
    if figures.listed_out:
        lines.append(f"🚫 {counted(figures.listed_out, 'number')} opted out by an imported list")
    if figures.unsure:
        lines.append(f"❔ {figures.unsure:,} not sure: decide at Home → Not sure")
    if figures.asking:
        seem = "seems" if figures.asking == 1 else "seem"
        lines.append(f"❗ {people(figures.asking)} {seem} to ask to stop: decide at Home → Alerts")
    lines += ["", f"▶️ {_running(figures)}", f"📅 Tomorrow: {_tomorrow(figures)}"]
    return "\n".join(lines)


def _running(figures: Figures) -> str:
    running = [
        counted(count, one)
        for count, one in ((figures.sequences, "sequence"), (figures.campaigns, "campaign"))
        if count
    ]
    words = f"{' and '.join(running)} running" if running else "Nothing is running"
    return (
        f"{words}, {counted(figures.campaigns_paused, 'campaign')} paused" if figures.campaigns_paused else words
    )


def _tomorrow(figures: Figures) -> str:
    due = [f"{counted(figures.due_tomorrow, 'message')} of sequences"] if figures.due_tomorrow else []
    due += [f"campaign “{escape(one.name, quote=False)}” {one.at}" for one in figures.campaigns_tomorrow]
    return ", ".join(due) or "nothing is due"


def _at(instant: datetime, zone: ZoneInfo) -> str:
    local = instant.astimezone(zone)
    return f"{short_date(local)} {local:%H:%M}"
