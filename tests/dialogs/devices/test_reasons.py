"""Every reason and every point of the timeline in words."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.dialogs.devices.reasons import point_words, reason_words
from engine.devices.registry import DeviceStory
from engine.devices.why import Reason, ReasonKind
from models import DeviceEvent
from models.enums import DeviceEventKind, DeviceState, TransportKind

NOW = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)  # 10:00 in Kuala Lumpur
MACHINE_NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)  # what the wall says
HOUR = timedelta(hours=1)
MIDNIGHT = datetime(2026, 1, 5, 16, 0, tzinfo=UTC)


def told(
    reason: Reason,
    state: DeviceState = DeviceState.ONLINE,
    state_reason: str = "",
    transport: TransportKind = TransportKind.SIMULATOR,
) -> str:
    story = DeviceStory("Sales", transport, state, state_reason, reason, [], MACHINE_NOW)
    return reason_words(story, NOW, "Asia/Kuala_Lumpur")


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (
            Reason(ReasonKind.STOPPED, since=NOW - HOUR, who="Ann"),
            "Everything was stopped by Ann, since today 09:00. Resume on the Home screen.",
        ),
        (Reason(ReasonKind.PAUSED, since=NOW - HOUR, who="Ann"), "Paused by Ann, since today 09:00."),
        (Reason(ReasonKind.PAUSED, since=NOW - HOUR), "Paused, since today 09:00."),
        (
            Reason(ReasonKind.DAILY_CAP, until=MIDNIGHT, used=120, cap=120),
            "Daily cap reached: 120 of 120, again tomorrow 00:00.",
        ),
        (
            Reason(ReasonKind.HOURLY_CAP, until=NOW + HOUR, used=30, cap=30),
            "Hourly cap reached: 30 of 30, again today 11:00.",
        ),
        (
            Reason(ReasonKind.DELAY, until=NOW + timedelta(seconds=12)),
            "The pause between two messages: next in 12 s.",
        ),
        (Reason(ReasonKind.DELAY, until=NOW + HOUR), "The pause between two messages: next today 11:00."),
        (
            Reason(ReasonKind.QUIET_HOURS, until=NOW + HOUR),
            "Quiet hours of the people it writes to, until today 11:00.",
        ),
        (Reason(ReasonKind.NOTHING_DUE, until=NOW + 23 * HOUR), "Nothing is due. Next message tomorrow 09:00."),
        (Reason(ReasonKind.SEQUENCES_PAUSED, names=("A", "B")), "Its sequences are paused: “A”, “B”."),
        (Reason(ReasonKind.CAMPAIGNS_PAUSED, names=("A",)), "Its campaigns are paused: “A”."),
        (Reason(ReasonKind.NOTHING_PLANNED), "Nobody waits for this device."),
        (Reason(ReasonKind.SENDING, since=NOW), "It is sending: last 10:00:00."),
        (Reason(ReasonKind.SENDING), "It is about to send its first message."),
    ],
)
def test_reasons(reason, words):
    assert told(reason) == words


def test_states_are_told_by_the_wall_and_with_what_to_do():
    since = MACHINE_NOW - HOUR
    banned = Reason(ReasonKind.BANNED, since=since, until=MACHINE_NOW + HOUR)
    assert told(banned, DeviceState.TEMP_BANNED, "too many messages") == (
        "Banned for now, until today 11:00. Too many messages."
        " Wait until WhatsApp lets it in again, then tap Restart."
    )
    offline = Reason(ReasonKind.STATE, since=since)
    assert told(offline, DeviceState.PHONE_OFFLINE) == (
        "The phone is offline since today 09:00. Switch the phone on and see that it has internet."
    )


@pytest.mark.parametrize(
    ("transport", "mend"), [(TransportKind.NEONIZE, "Tap Re-pair."), (TransportKind.SIMULATOR, "Tap Restart.")]
)
def test_logged_out_is_told_once_with_what_helps(transport: TransportKind, mend: str) -> None:
    reason = Reason(ReasonKind.STATE, since=MACHINE_NOW - HOUR)
    words = told(reason, DeviceState.LOGGED_OUT, "the phone removed this device", transport)
    assert words == f"Logged out since today 09:00. The phone removed this device. {mend}"


@pytest.mark.parametrize("state", [state for state in DeviceState if not state.may_send])
def test_every_state_that_cannot_send_has_words(state):
    assert len(told(Reason(ReasonKind.STATE, since=NOW), state)) > 10


def test_points():
    def words(kind: DeviceEventKind, text: str = "", state: DeviceState | None = None) -> str:
        return point_words(DeviceEvent(kind=kind, text=text, state=state), MACHINE_NOW, "Asia/Kuala_Lumpur")

    assert words(DeviceEventKind.STATE, "no network", DeviceState.CONNECTING) == "connecting: no network"
    assert words(DeviceEventKind.STATE, "", DeviceState.ONLINE) == "online"
    assert words(DeviceEventKind.STATE, "by its phone", DeviceState.LOGGED_OUT) == "logged out: by its phone"
    assert words(DeviceEventKind.PAUSED, "by Ann") == "paused by Ann"
    assert words(DeviceEventKind.PACED, "daily cap 120 by Ann") == "set: daily cap 120 by Ann"
    for kind in set(DeviceEventKind) - {DeviceEventKind.STATE}:
        assert words(kind)


def test_a_ban_comes_with_its_end():
    ban = DeviceEvent(
        kind=DeviceEventKind.STATE, text="spam", state=DeviceState.TEMP_BANNED, until=MACHINE_NOW + 24 * HOUR
    )
    assert point_words(ban, MACHINE_NOW, "Asia/Kuala_Lumpur") == "banned for now until tomorrow 10:00: spam"
