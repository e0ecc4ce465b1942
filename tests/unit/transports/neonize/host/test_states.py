from datetime import UTC, datetime, timedelta

import pytest

from engine.transports.contract import StateChanged
from engine.transports.neonize.host import states
from engine.transports.neonize.host.library import events, protocol
from models.enums import DeviceState

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
DIAL = "failed to dial whatsapp web websocket: failed to WebSocket dial: failed to send handshake request: "
GET = f'{DIAL}Get "https://web.whatsapp.com/ws/chat": '


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (events.ConnectedEv(status=True), DeviceState.ONLINE),
        (events.KeepAliveRestoredEv(), DeviceState.ONLINE),
        (events.DisconnectedEv(status=True), DeviceState.CONNECTING),
        (events.KeepAliveTimeoutEv(ErrorCount=1, LastSuccess=0), DeviceState.DEGRADED),
        (events.StreamReplacedEv(), DeviceState.REPLACED),
        (events.ClientOutdatedEv(), DeviceState.OUTDATED),
        (events.LoggedOutEv(OnConnect=False), DeviceState.LOGGED_OUT),
        (events.ConnectFailureEv(Reason=protocol.SERVICE_UNAVAILABLE), DeviceState.CONNECTING),
    ],
)
def test_what_the_library_says_is_a_state(event, state):
    change = states.of_event(event, NOW)
    assert change is not None
    assert change.state is state
    assert bool(change.reason) == (state is not DeviceState.ONLINE)


def test_what_says_nothing_of_the_line_is_none():
    assert states.of_event(events.PresenceEv(), NOW) is None


def test_a_ban_ends_when_the_library_says_or_nobody_knows():
    ban = events.TemporaryBanEv(Code=protocol.TemporaryBan.BLOCKED_BY_USERS, Expire=90)
    assert states.of_event(ban, NOW) == StateChanged(
        DeviceState.TEMP_BANNED,
        "WhatsApp has banned this account for 2 minutes: too many people have blocked it (102)",
        NOW + timedelta(seconds=90),
    )
    unknown = events.TemporaryBanEv(Expire=0)
    assert states.of_event(unknown, NOW) == StateChanged(
        DeviceState.TEMP_BANNED, "WhatsApp has banned this account for a while"
    )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 minute"), (3600, "60 minutes"), (7200, "2 hours"), (7201, "3 hours"), (86_400, "24 hours")],
)
def test_how_long_a_ban_lasts_is_said_with_it(seconds, words):
    change = states.of_event(events.TemporaryBanEv(Expire=seconds), NOW)
    assert change is not None
    assert change.reason == f"WhatsApp has banned this account for {words}"


# As neonize 0.5.2 says them; all but the two of a missing network were seen with the real library.
@pytest.mark.parametrize(
    ("error", "through_proxy", "words"),
    [
        (f"{GET}Bad Gateway", True, "the proxy refuses: Bad Gateway"),
        (f"{GET}EOF", True, "the connection to the proxy breaks at once"),
        (f"{GET}proxyconnect tcp: dial tcp 127.0.0.1:9: connect: connection refused", True,
         "the proxy refuses the connection"),
        (f"{GET}proxyconnect tcp: dial tcp: lookup no.such.host on 10.0.0.1:53: no such host", True,
         "the name of the proxy cannot be looked up: no network, or no DNS"),
        (f"{GET}dial tcp: lookup web.whatsapp.com on 10.0.0.1:53: no such host", False,
         "the name of WhatsApp cannot be looked up: no network, or no DNS"),
        (f"{GET}dial tcp 157.240.0.60:443: connect: network is unreachable", False, "no network"),
        (f"{GET}context deadline exceeded", False, states.NO_ANSWER),
        (f"{GET}tls: failed to verify certificate: x509: certificate signed by unknown authority", False,
         "the certificate of WhatsApp is not trusted"),
        (f"{GET}http: server gave HTTP response to HTTPS client", True,
         "no secure connection to WhatsApp comes about"),
        (f"{DIAL.rpartition('failed')[0]}expected handshake response status code 101 but got 503", False,
         "WhatsApp refuses the connection (HTTP 503)"),
        ("noise handshake failed: timed out waiting for handshake response", False, states.NO_ANSWER),
        ("noise handshake failed: failed to unmarshal handshake response: proto: cannot parse", False,
         "what answers does not speak as WhatsApp does"),
        ("noise handshake failed: failed to verify server cert: failed to verify intermediate cert signature",
         False, states.NOT_WHATSAPP),
        ('unsupported proxy scheme "nonsense"', True,
         "the address of the proxy is of a kind that the library does not know"),
    ],
)  # fmt: skip
def test_a_connect_that_fails_says_why_in_plain_words(error, through_proxy, words):
    assert states.of_failed_connect(error, through_proxy=through_proxy) == StateChanged(
        DeviceState.CONNECTING, words
    )
