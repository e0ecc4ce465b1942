import pytest

from engine.transports.contract import Rejected, Unknown
from engine.transports.neonize.host.refusals import outcome_of

# As neonize 0.5.2 says them; most were seen with the real library.
PROVABLY_NOT_TAKEN = [
    "server returned error 463",
    "server returned error 599",
    "no LID found for 15551230001@s.whatsapp.net from server",
    "failed to get user info for 15551230001@s.whatsapp.net to fill LID cache: websocket not connected",
    "failed to get device list: failed to send usync query: info query timed out",
    "failed to get device list: failed to send usync query: websocket disconnected before info query returned response",
    "failed to send message node: websocket not connected",
    "client is nil",
]
NOBODY_KNOWS = [
    "websocket disconnected before message send returned response",
    "websocket disconnected before message send (retry) returned response",
    "websocket not connected",  # when the same frame was to be sent again
    "timed out waiting for message send response",
    "failed to send message node: failed to write frame: broken pipe",
    "server returned error 463 and more",
    "context deadline exceeded",
    "",
]


@pytest.mark.parametrize("error", PROVABLY_NOT_TAKEN)
def test_what_failed_before_it_was_written_or_was_refused_is_rejected(error):
    assert isinstance(outcome_of(error), Rejected)


@pytest.mark.parametrize("error", NOBODY_KNOWS)
def test_everything_else_is_unknown(error):
    assert isinstance(outcome_of(error), Unknown)


@pytest.mark.parametrize("error", PROVABLY_NOT_TAKEN + NOBODY_KNOWS)
def test_words_name_nobody(error):
    assert "1555" not in outcome_of(error).text


@pytest.mark.parametrize(
    ("error", "code", "permanent"),
    [
        ("server returned error 463", "reachout_limited", False),
        ("server returned error 429", "rate_limited", False),
        ("server returned error 400", "bad_request", True),
        ("no LID found for 1@s.whatsapp.net from server", "not_on_whatsapp", True),
        ("failed to send message node: websocket not connected", "not_connected", False),
    ],
)
def test_codes(error, code, permanent):
    outcome = outcome_of(error)
    assert isinstance(outcome, Rejected)
    assert (outcome.code, outcome.permanent) == (code, permanent)
