"""Why a device is not sending, and what happened to it, in words. Pure."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.dialogs.devices.wording import state_words
from bot.dialogs.navigation import when
from engine.devices.linking import only_pairing_helps
from engine.devices.registry import DeviceStory
from engine.devices.why import Reason, ReasonKind
from models import DeviceEvent
from models.enums import DeviceEventKind, DeviceState

_MENDS = {
    DeviceState.UNPAIRED: "Tap Re-pair.",
    DeviceState.PAIRING: "Tap Go on pairing on its card.",
    DeviceState.PASSKEY_REQUIRED: "Tap Go on pairing on its card: it says what to do.",
    DeviceState.CONNECTING: "It keeps trying by itself.",
    DeviceState.PHONE_OFFLINE: "Switch the phone on and see that it has internet.",
    DeviceState.REPLACED: "Tap Restart to take it back.",
    DeviceState.TEMP_BANNED: "Wait until WhatsApp lets it in again, then tap Restart.",
    DeviceState.OUTDATED: "Update dripdesk and start it again.",
    DeviceState.PARKED: "The log of the engine says what went wrong. Then tap Restart.",
}
_POINTS = {
    DeviceEventKind.RESTARTED: "worker restarted",
    DeviceEventKind.TAKEN_OVER: "taken over after a crash",
    DeviceEventKind.FAILING: "sends fail",
    DeviceEventKind.SILENT: "no receipts",
    DeviceEventKind.WELL_AGAIN: "well again",
    DeviceEventKind.CAP_REACHED: "daily cap reached",
    DeviceEventKind.MOVED: "messages moved",
    DeviceEventKind.ADDED: "added",
    DeviceEventKind.PAUSED: "paused",
    DeviceEventKind.RESUMED: "resumed",
    DeviceEventKind.PACED: "set",
    DeviceEventKind.RESTART_ASKED: "restart asked for",
    DeviceEventKind.PAIRED: "paired",
    DeviceEventKind.UNLINKED: "logged out from here",
}


def reason_words(story: DeviceStory, now: datetime, zone: str) -> str:
    reason = story.reason
    by = f" by {reason.who}" if reason.who else ""

    def since(clock: datetime = now) -> str:
        return f" since {when(reason.since, clock, zone)}" if reason.since else ""

    def until(clock: datetime = now) -> str:
        return when(reason.until, clock, zone) if reason.until else "later"

    match reason.kind:
        case ReasonKind.STOPPED:
            return f"Everything was stopped{by},{since()}. Resume on the Home screen."
        case ReasonKind.PAUSED:
            return f"Paused{by},{since()}."
        case ReasonKind.NO_ENGINE:
            return "No engine is running: nothing is sent until one is started."
        case ReasonKind.ENGINES_FULL:
            return "No engine has taken it up. If this lasts, all are full: raise MAX_WORKERS or start another."
        case ReasonKind.STATE:
            return _state_words(story, f"{since(story.machine_now)}.")
        case ReasonKind.BANNED:
            return _state_words(story, f", until {until(story.machine_now)}.")
        case ReasonKind.DAILY_CAP:
            return f"Daily cap reached: {reason.used:,} of {reason.cap:,}, again {until()}."
        case ReasonKind.HOURLY_CAP:
            return f"Hourly cap reached: {reason.used:,} of {reason.cap:,}, again {until()}."
        case ReasonKind.DELAY:
            return f"The pause between two messages: next {_soon(reason, now, zone)}."
        case ReasonKind.QUIET_HOURS:
            return f"Quiet hours of the people it writes to, until {until()}."
        case ReasonKind.LIMITED:
            back = until(story.machine_now)
            return f"WhatsApp lets it write to nobody new until {back}. Who has written to it gets answers."
        case ReasonKind.NOTHING_DUE:
            return f"Nothing is due. Next message {until()}."
        case ReasonKind.SEQUENCES_PAUSED:
            names = ", ".join(f"“{name}”" for name in reason.names)
            return f"Its sequences are paused: {names}."
        case ReasonKind.CAMPAIGNS_PAUSED:
            names = ", ".join(f"“{name}”" for name in reason.names)
            return f"Its campaigns are paused: {names}."
        case ReasonKind.NOTHING_PLANNED:
            return "Nobody waits for this device."
        case ReasonKind.SENDING:
            if reason.since is None:
                return "It is about to send its first message."
            return f"It is sending: last {_to_the_second(reason.since, now, zone)}."


def point_words(point: DeviceEvent, machine_now: datetime, zone: str) -> str:
    """A point of the timeline without its time."""
    if point.kind is DeviceEventKind.STATE and point.state is not None:
        head = _state_name(point.state)
        if point.until is not None:
            head += f" until {when(point.until, machine_now, zone)}"
        return f"{head}: {point.text}" if point.text else head
    head = _POINTS[point.kind]
    if not point.text:
        return head
    separator = " " if point.text.startswith("by ") else ": "
    return f"{head}{separator}{point.text}"


def _state_words(story: DeviceStory, how_long: str) -> str:
    words = _state_name(story.state).capitalize() + how_long
    if story.state_reason:
        words += f" {story.state_reason[:1].upper()}{story.state_reason[1:].rstrip('.')}."
    mend = _MENDS.get(story.state)
    if story.state is DeviceState.LOGGED_OUT:
        mend = "Tap Re-pair." if only_pairing_helps(story.state, story.transport) else "Tap Restart."
    return f"{words} {mend}" if mend else words


def _state_name(state: DeviceState) -> str:
    """Without what to do about it, which is told for itself."""
    return state_words(state).removesuffix("…").partition(":")[0]


def _soon(reason: Reason, now: datetime, zone: str) -> str:
    if reason.until is None:
        return "soon"
    seconds = (reason.until - now).total_seconds()
    return f"in {max(1, round(seconds))} s" if seconds < 120 else when(reason.until, now, zone)


def _to_the_second(instant: datetime, now: datetime, zone: str) -> str:
    return f"{when(instant, now, zone)}:{instant.astimezone(ZoneInfo(zone)):%S}".removeprefix("today ")
