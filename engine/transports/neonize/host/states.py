"""What the library says of a line, as the state that the device is in, with a reason in plain words."""

import math
from datetime import datetime, timedelta
from typing import Any

from engine.transports.contract import StateChanged
from engine.transports.neonize.host.library import events, protocol
from models.enums import DeviceState

NO_ANSWER = "WhatsApp does not answer"
NOT_WHATSAPP = (
    "what answers is not WhatsApp: its key is not the real server's. "
    "Somebody is in between, or dripdesk must be updated"
)
LOST = "the connection to WhatsApp was lost"
OUTDATED = "WhatsApp no longer lets this version of the library in: dripdesk must be updated"
CONNECTING = StateChanged(DeviceState.CONNECTING, "connecting to WhatsApp")
GONE = StateChanged(DeviceState.LOGGED_OUT, "WhatsApp has logged this device out; pair it again")

_Ban = protocol.TemporaryBan
_BANS = {
    _Ban.SEND_TO_TOO_MANY_PEOPLE: "it wrote to too many people",
    _Ban.BLOCKED_BY_USERS: "too many people have blocked it",
    _Ban.CREATED_TOO_MANY_GROUPS: "it made too many groups",
    _Ban.SENT_TOO_MANY_SAME_MESSAGE: "it sent too many of the same message",
    _Ban.BROADCAST_LIST: "it used broadcast lists too much",
}
_CODES = {
    _Ban.SEND_TO_TOO_MANY_PEOPLE: 101,
    _Ban.BLOCKED_BY_USERS: 102,
    _Ban.CREATED_TOO_MANY_GROUPS: 103,
    _Ban.SENT_TOO_MANY_SAME_MESSAGE: 104,
    _Ban.BROADCAST_LIST: 106,
}
_LOGOUTS = {
    protocol.LOGGED_OUT: "the phone, or WhatsApp, removed this device (401); pair it again",
    protocol.MAIN_DEVICE_GONE: "WhatsApp has banned the account, or it is gone from the phone (403)",
    protocol.UNKNOWN_LOGOUT: "WhatsApp has banned the account (406)",
}
_FAILURES = {
    protocol.GENERIC: "WhatsApp refuses the login (400)",
    protocol.BAD_USER_AGENT: "WhatsApp refuses the login of this version of the library (409)",
    protocol.INTERNAL_SERVER_ERROR: "WhatsApp has an error of its own (500)",
    protocol.EXPERIMENTAL: "WhatsApp refuses the login for now (415)",
    protocol.SERVICE_UNAVAILABLE: "WhatsApp is overloaded (503)",
}


def of_event(event: Any, now: datetime) -> StateChanged | None:
    """Nothing for an event that says nothing about the line, or that the library deals with by itself."""
    match event:
        case events.ConnectedEv() | events.KeepAliveRestoredEv():
            return StateChanged(DeviceState.ONLINE)
        case events.DisconnectedEv():
            return StateChanged(DeviceState.CONNECTING, LOST)
        case events.KeepAliveTimeoutEv():
            return StateChanged(DeviceState.DEGRADED, "WhatsApp does not answer at the moment")
        case events.StreamReplacedEv():
            return StateChanged(DeviceState.REPLACED, "the same session was opened elsewhere")
        case events.ClientOutdatedEv():
            return StateChanged(DeviceState.OUTDATED, OUTDATED)
        case events.LoggedOutEv():
            reason = _LOGOUTS.get(event.Reason, GONE.reason) if event.OnConnect else _LOGOUTS[protocol.LOGGED_OUT]
            return StateChanged(DeviceState.LOGGED_OUT, reason)
        case events.TemporaryBanEv():
            return _ban(event, now)
        case events.ConnectFailureEv():
            words = _FAILURES.get(event.Reason, "WhatsApp refuses the login")
            return StateChanged(DeviceState.CONNECTING, words)
    return None


def _ban(event: Any, now: datetime) -> StateChanged:
    known = event.HasField("Code")
    why = f": {_BANS[event.Code]} ({_CODES[event.Code]})" if known else ""
    lasts = timedelta(seconds=event.Expire)
    until = now + lasts if lasts else None
    how_long = _span(lasts) if lasts else "a while"
    return StateChanged(DeviceState.TEMP_BANNED, f"WhatsApp has banned this account for {how_long}{why}", until)


def _span(lasts: timedelta) -> str:
    """Rounded up: who comes back too early is banned anew."""
    minutes = math.ceil(lasts / timedelta(minutes=1))
    number, unit = (minutes, "minute") if minutes < 120 else (math.ceil(minutes / 60), "hour")
    return f"{number} {unit}{'' if number == 1 else 's'}"


def of_failed_connect(error: str, *, through_proxy: bool) -> StateChanged:
    """What the library says when it does not even get as far as logging in. All of it may pass."""
    return StateChanged(DeviceState.CONNECTING, _connect_words(error, through_proxy))


def _connect_words(error: str, through_proxy: bool) -> str:
    if "failed to verify server cert" in error:
        return NOT_WHATSAPP
    if error.startswith("noise handshake failed"):
        return NO_ANSWER if "timed out" in error else "what answers does not speak as WhatsApp does"
    if "expected handshake response status code 101 but got" in error:
        return f"WhatsApp refuses the connection (HTTP {error.rpartition(' ')[2]})"
    if "failed to upgrade database" in error or "unsupported version" in error:
        return "the session was written by a newer version of the library: dripdesk must be updated"
    return network_words(error, through_proxy=through_proxy)


def network_words(error: str, *, through_proxy: bool) -> str:
    """For an error of the network, of the library's or of the operating system's making."""
    said = error.lower()
    whom = "the proxy" if through_proxy else "WhatsApp"
    if "certificate" in said or "x509" in said:
        return f"the certificate of {'the proxy or of WhatsApp' if through_proxy else 'WhatsApp'} is not trusted"
    if "tls:" in said or "ssl" in said or "http response to https client" in said:
        return "no secure connection to WhatsApp comes about"
    if "no such host" in said or "name or service not known" in said or "name resolution" in said:
        return f"the name of {whom} cannot be looked up: no network, or no DNS"
    if "connection refused" in said or "connect call failed" in said or "multiple exceptions" in said:
        return f"{whom} refuses the connection"
    if "unreachable" in said:
        return "no network"
    if "deadline exceeded" in said or "timeout" in said or "timed out" in said:
        return NO_ANSWER
    if "reset" in said or "eof" in said or "broken pipe" in said:
        return f"the connection to {whom} breaks at once"
    if "proxy scheme" in said:
        return "the address of the proxy is of a kind that the library does not know"
    if through_proxy and "https://web.whatsapp.com" in said:
        return proxy_words(error.rpartition(": ")[2])
    return f"{whom} cannot be reached"


def proxy_words(answer: str) -> str:
    """For the proxy's answer, such as `HTTP/1.1 407 Proxy Authentication Required` or only its last words."""
    said = answer.removeprefix("HTTP/1.1 ").removeprefix("HTTP/1.0 ")[:60]
    return f"the proxy refuses: {said}" if said else "the proxy hangs up"
