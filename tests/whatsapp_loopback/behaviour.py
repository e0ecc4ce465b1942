"""What the server does with a message, a login, a connection or a file when a test asks for more than the plain way."""

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum


class Answer(StrEnum):
    ACK = "ack"
    REFUSE = "refuse"
    """Not accepted; the ack carries an error."""
    LOSE_ACK = "lose_ack"
    """Accepted, but the device is not told."""
    CLOSE_AFTER = "close_after"
    """Accepted, and the connection ends in place of the ack."""
    IGNORE = "ignore"
    """Never accepted, never answered."""
    CLOSE_BEFORE = "close_before"
    """Never accepted; the connection ends."""

    @property
    def accepts(self) -> bool:
        return self in (Answer.ACK, Answer.LOSE_ACK, Answer.CLOSE_AFTER)


@dataclass(frozen=True, slots=True)
class OnMessage:
    answer: Answer = Answer.ACK
    error: int | None = None
    """463 is the limit of reaching out to strangers, 479 an unreadable recipient list, 429 too many messages."""
    delay: float = 0
    """Seconds between accepting and answering."""

    @classmethod
    def refuse(cls, error: int) -> "OnMessage":
        return cls(Answer.REFUSE, error)


@dataclass(slots=True)
class MessageRules:
    """Those for the next messages, in their order, and then the standing one."""

    standing: OnMessage | None = None
    coming: deque[OnMessage] = field(default_factory=deque)

    def next(self) -> OnMessage | None:
        return self.coming.popleft() if self.coming else self.standing


@dataclass(frozen=True, slots=True)
class LoginFailure:
    """The stanza that the server answers a login with, in place of success.

    401 logged out, 402 banned for a while (with code and expire), 403 banned or the account is gone, 405 client
    outdated, 406 banned for good, 409 and 500 something passing, 503 the server is overloaded.
    """

    reason: int
    code: int | None = None
    """Why the ban: 101 sent to too many people, 102 blocked by users, 103 created too many groups, 104 sent too
    many of the same message, 106 broadcast list."""
    expire: int | None = None
    """Seconds that the ban lasts."""
    times: int | None = None
    """How many logins are refused; None: all, until it is taken back."""

    @classmethod
    def temporary_ban(cls, code: int = 101, expire: int = 3600) -> "LoginFailure":
        return cls(402, code, expire)

    @classmethod
    def client_outdated(cls) -> "LoginFailure":
        return cls(405)


class StreamError(StrEnum):
    """How the server ends a connection that had been logged in."""

    REPLACED = "replaced"
    """Somebody else logged in as this device."""
    DEVICE_REMOVED = "device_removed"
    """The phone took the device off its list."""
    RESTART = "515"
    UNAVAILABLE = "503"


class Proxy(StrEnum):
    """What the way to the server is like."""

    OPEN = "open"
    REFUSES = "refuses"
    """The proxy answers 502."""
    RESETS = "resets"
    """Connections are reset at once."""
    SWALLOWS = "swallows"
    """Connections are taken and nothing ever comes back."""


class Handshake(StrEnum):
    """How the server greets who has come through."""

    PLAIN = "plain"
    SILENT = "silent"
    """It takes the client's greeting and says nothing."""
    GARBAGE = "garbage"
    """It answers with bytes that mean nothing."""


@dataclass(frozen=True, slots=True)
class MediaFault:
    status: int | None = None
    """Answered in place of storing or handing out the file."""
    delay: float = 0
    """Seconds before the answer."""
