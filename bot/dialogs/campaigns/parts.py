"""What a campaign is made of but for its message, in words. Pure."""

from bot.dialogs.devices.delays import write_delays
from bot.dialogs.formatting import counted, few
from engine.campaigns.catalogue import CampaignCard
from models.enums import CampaignPause, DeviceChoice, LatePolicy


def part_lines(card: CampaignCard) -> list[str]:
    """Tell what it is made of, but for its message: whom it is for, from where, and what was set otherwise."""
    lines = [f"👥 {_capital(card.audience_words)}" if card.audience_words else "👥 nobody chosen yet"]
    names = [device.name for device in card.devices]
    known = card.device_choice is DeviceChoice.KNOWN
    lines.append("📱 The device each already knows" if known else f"📱 {few(names) or 'no device chosen yet'}")
    lines += [f"🐢 {write_delays(*card.delays)} between two messages"] if card.delays else []
    lines += [f"🕘 {card.window[0]:%H:%M} to {card.window[1]:%H:%M}, every day"] if card.window else []
    if card.late_policy is LatePolicy.EXPIRE:
        lines.append(f"⏰ {_capital(late_words(card.late_policy, card.late_window_minutes))}")
    if card.first_ones and not card.finished_at and card.pause_reason is not CampaignPause.FIRST_ONES:
        lines.append(f"🔟 It stops after the first {card.first_ones:,} and asks")
    return lines


def late_words(policy: LatePolicy, minutes: int) -> str:
    if policy is LatePolicy.NEXT_WINDOW:
        return "who could not get it in time gets it on the next day"
    return f"who has not got it {span(minutes)} after the start does not get it any more"


def span(minutes: int) -> str:
    """Write "12 hours", "90 minutes" or "2 days"."""
    for size, word in ((1440, "day"), (60, "hour")):
        if minutes % size == 0:
            return counted(minutes // size, word)
    return counted(minutes, "minute")


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
