"""What the library says when a send fails: rejected only if WhatsApp provably has not taken the message.

Its errors are strings, wrapped in one another; the first words tell where it was. A message is made, encrypted
and written to the socket under one lock, then the acknowledgement is waited for. What fails before the writing
is rejected. What fails after it is unknown, also "websocket not connected" by itself, which it says when a line
that was lost does not come back in time to send the same frame, with the same id, once more.
"""

import re

from engine.transports.contract import NOT_CONNECTED, NOT_ON_WHATSAPP, REACHOUT_LIMITED, Rejected, Unknown

REACHOUT_WORDS = "WhatsApp does not let this account write to new people for now"

_SERVER_ERROR = re.compile(r"server returned error (\d+)")
_NO_LID = re.compile(r"no LID found for .* from server")
_BEFORE_WRITING = (
    "failed to get user info",
    "failed to get LID for PN",
    "failed to get device list",
    "failed to fetch LID mappings",
    "failed to marshal message",
    "failed to prefetch sessions",
    "failed to encrypt",
    "can't encrypt message",
)
_LINE_LOST = ("websocket", "failed to write")
_NO_LINE = ("failed to send message node: websocket not connected", "client is nil", "the store doesn't contain")

_CODES = {
    400: Rejected("bad_request", "WhatsApp cannot read the message (400).", permanent=True),
    401: Rejected("not_allowed", "WhatsApp does not let this account send (401).", permanent=True),
    403: Rejected("not_allowed", "WhatsApp does not let this account write to this person (403).", permanent=True),
    404: Rejected(NOT_ON_WHATSAPP, "The number is not on WhatsApp (404).", permanent=True),
    405: Rejected("not_allowed", "WhatsApp does not allow this message (405).", permanent=True),
    406: Rejected("not_acceptable", "WhatsApp does not accept this message (406).", permanent=True),
    420: Rejected("rate_limited", "This account sends too fast for WhatsApp (420).", permanent=False),
    429: Rejected("rate_limited", "This account sends too fast for WhatsApp (429).", permanent=False),
    463: Rejected(REACHOUT_LIMITED, f"{REACHOUT_WORDS} (463).", permanent=False),
    479: Rejected("stale_recipient", "WhatsApp knows other devices of this person by now (479).", permanent=False),
}


def outcome_of(error: str) -> Rejected | Unknown:
    """Its own words are not passed on: they can name people."""
    if refused := _SERVER_ERROR.fullmatch(error):
        code = int(refused[1])
        return _CODES.get(code, Rejected(f"whatsapp_{code}", f"WhatsApp refused it ({code}).", permanent=False))
    if _NO_LID.fullmatch(error):
        return Rejected(NOT_ON_WHATSAPP, "WhatsApp does not know this number.", permanent=True)
    before_writing = error.startswith(_BEFORE_WRITING)
    if error.startswith(_NO_LINE) or (before_writing and any(words in error for words in _LINE_LOST)):
        return Rejected(NOT_CONNECTED, "The line was lost before the message went out.", permanent=False)
    if before_writing:
        return Rejected("not_prepared", "WhatsApp did not say what is needed to send it.", permanent=False)
    if "timed out" in error:
        return Unknown("WhatsApp did not acknowledge it in time.")
    if "disconnected" in error or "websocket not connected" in error:
        return Unknown("The line was lost before WhatsApp had acknowledged it.")
    return Unknown("The library failed while it was being sent.")
