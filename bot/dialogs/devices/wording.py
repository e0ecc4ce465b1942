"""What a device's state is called in menus and alerts, and the dot before its name."""

from engine.devices.housing import Housing
from models.enums import DeviceState

MEGABYTE = 10**6

_WORDS = {
    DeviceState.UNPAIRED: "not paired: pair it to send",
    DeviceState.PAIRING: "waiting to be paired",
    DeviceState.PASSKEY_REQUIRED: "wants a passkey on the phone",
    DeviceState.CONNECTING: "connecting…",
    DeviceState.ONLINE: "online",
    DeviceState.DEGRADED: "online, with trouble",
    DeviceState.PHONE_OFFLINE: "the phone is offline",
    DeviceState.REPLACED: "opened somewhere else: restart to take it back",
    DeviceState.REACHOUT_LIMITED: "may not write to new people for now",
    DeviceState.TEMP_BANNED: "banned for now",
    DeviceState.LOGGED_OUT: "logged out: pair again",
    DeviceState.OUTDATED: "needs a newer dripdesk",
    DeviceState.PARKED: "stopped, needs you",
}


def state_words(state: DeviceState) -> str:
    return _WORDS[state]


def state_dot(state: DeviceState, *, paused: bool) -> str:
    """⏸ paused by the team, 🟢 sends, 🔴 only a person can bring it back, 🟡 may come back by itself."""
    if paused:
        return "⏸"
    if state is DeviceState.ONLINE:
        return "🟢"
    return "🔴" if state.is_terminal or state is DeviceState.UNPAIRED else "🟡"


def housing_words(housing: Housing) -> str:
    """The process that a real device shares with others, and what of its memory falls to each."""
    devices = "1 device" if housing.devices == 1 else f"{housing.devices} devices"
    return f"{devices} · {housing.memory_each / MEGABYTE:.1f} MB{'' if housing.devices == 1 else ' each'}"
