"""A new campaign in words. Pure."""

import re

from bot.dialogs.devices.wording import state_dot, state_words
from bot.dialogs.formatting import file_label
from engine.devices.registry import DeviceSummary
from models.enums import ContentKind, LeadStatus

LONGEST_NAME = 40  # of one that is taken from the message
_FILLED_IN = re.compile(r"\{\{.*?\}\}")
_MARKS = re.compile(r"[*_~`]+")
_GREETING = re.compile(r"(?:hi|hello|hey|dear|hai|halo|salam|good (?:morning|evening))\b[\s,!.]*", re.IGNORECASE)

# In the order in which the button goes through them.
LEADS: dict[str, tuple[LeadStatus | None, str]] = {
    "all": (None, "👥 Prospects and customers"),
    "prospect": (LeadStatus.PROSPECT, "👥 Only prospects"),
    "customer": (LeadStatus.CUSTOMER, "👥 Only customers"),
}


def name_for(body: str, kind: ContentKind, file_name: str = "") -> str:
    """Name a campaign by the first words of its message after the greeting; one without words by its file."""
    plain = _MARKS.sub("", _FILLED_IN.sub("", body))
    for line in plain.splitlines():
        words = re.sub(r"\s+(?=[,.!?;:])", "", " ".join(line.split())).strip(" ,;:-–")
        words = _GREETING.sub("", words, count=1) if _GREETING.match(words) else words
        if len(re.sub(r"\W", "", words)) > 1:
            return _cut(words[0].upper() + words[1:])
    return _cut(file_label(kind, file_name).partition(" ")[2].capitalize() or "Campaign")


def next_leads(chosen: str) -> str:
    """Which of LEADS a press on the button comes to."""
    names = list(LEADS)
    return names[(names.index(chosen) + 1) % len(names)]


def leads_of(status: LeadStatus | None) -> str:
    return "all" if status is None else status.value


def device_label(device: DeviceSummary) -> str:
    """Write "Sales-1", and of one that does not send now also why."""
    if not device.paused and device.state.may_send:
        return device.name
    why = "paused" if device.paused else state_words(device.state).partition(":")[0].rstrip("…")
    return f"{state_dot(device.state, paused=device.paused)} {device.name} · {why}"


def _cut(words: str) -> str:
    if len(words) <= LONGEST_NAME:
        return words
    whole, _, _ = words[: LONGEST_NAME + 1].rpartition(" ")
    return f"{(whole or words[: LONGEST_NAME - 1]).rstrip(' ,;:-–.!?')}…"
