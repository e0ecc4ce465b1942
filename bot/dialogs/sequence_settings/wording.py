"""The settings in words, and what can be chosen for each. Pure."""

from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any

from bot.dialogs.formatting import counted
from engine.sequences.settings import SequenceSettings
from models.enums import MissedPolicy, OnReply, ReentryPolicy

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

Option = tuple[str, Mapping[str, Any]]  # a label, and what it sets


def _again_after(days: int) -> Option:
    return f"After {counted(days, 'day')}", {
        "reentry_policy": ReentryPolicy.AFTER_COOLDOWN,
        "reentry_cooldown_days": days,
    }


OPTIONS: Mapping[str, Sequence[Option]] = {
    "missed": (
        ("Move it to the next day", {"missed_policy": MissedPolicy.SHIFT}),
        ("Skip it", {"missed_policy": MissedPolicy.SKIP}),
        ("Send the latest at once", {"missed_policy": MissedPolicy.SEND_NOW}),
    ),
    "window": tuple((f"{hours} h", {"late_window_minutes": hours * 60}) for hours in (1, 2, 6, 12, 24)),
    "reply": (
        ("Pause, until you let them go on", {"on_reply": OnReply.PAUSE}),
        ("End it for them", {"on_reply": OnReply.EXIT}),
        ("Carry on", {"on_reply": OnReply.CONTINUE}),
    ),
    "again": (
        ("Never again", {"reentry_policy": ReentryPolicy.NEVER}),
        ("After leaving early", {"reentry_policy": ReentryPolicy.AFTER_EXIT}),
        *(_again_after(days) for days in (30, 60, 90)),
    ),
    "time": tuple((f"{hour:02}:00", {"default_time": time(hour)}) for hour in (8, 9, 10, 12, 15, 18)),
}

LATE = {
    MissedPolicy.SHIFT: "moves to the next day",
    MissedPolicy.SKIP: "is skipped",
    MissedPolicy.SEND_NOW: "goes out at once, the latest only",
}
ON_REPLY = {
    OnReply.PAUSE: "pauses their messages",
    OnReply.EXIT: "ends it for them",
    OnReply.CONTINUE: "changes nothing",
}


def sets(settings: SequenceSettings, changes: Mapping[str, Any]) -> bool:
    """Whether this is how it is set already."""
    return all(getattr(settings, name) == value for name, value in changes.items())


def rest_days(days: Sequence[int]) -> str:
    return ", ".join(WEEKDAYS[day - 1] for day in sorted(days)) or "none are set"


def span(minutes: int) -> str:
    """Write "12 hours", "90 minutes" or "2 days"."""
    for size, word in ((1440, "day"), (60, "hour")):
        if minutes % size == 0:
            return counted(minutes // size, word)
    return counted(minutes, "minute")


def again(settings: SequenceSettings) -> str:
    match settings.reentry_policy:
        case ReentryPolicy.NEVER:
            return "never again"
        case ReentryPolicy.AFTER_EXIT:
            return "again if they left early"
        case ReentryPolicy.AFTER_COOLDOWN:
            return f"again after {counted(settings.reentry_cooldown_days, 'day')}"


def days_words(settings: SequenceSettings, rest: str) -> str:
    skipped = []
    if settings.skip_weekends:
        skipped.append(f"days of rest ({rest})")
    if settings.skip_holidays:
        skipped.append("public holidays")
    return f"skips {' and '.join(skipped)}" if skipped else "sends on every day"
