"""What the server accepted: the record that everything else is checked against."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.whatsapp_loopback import contents
from tests.whatsapp_loopback.contents import Content, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One message, as the device sent it and the recipient could read it."""

    account: str
    recipient: str
    message_id: str
    stanza_type: str
    """`text`, `media`, `reaction` …, as the device says it in clear."""
    media_type: str
    """`image`, `document` …, also in clear; empty for a text."""
    edit: str
    """7: deletes for everyone; 1: edits; empty for a new message."""
    marks: tuple[str, ...]
    """Further things that the device said of it in clear, such as `bot`."""
    plaintext: bytes | None
    unreadable: str = ""
    """Why the recipient could not read it."""

    @property
    def content(self) -> Content:
        return Content(kind=Kind.OTHER) if self.plaintext is None else contents.read(self.plaintext)

    @property
    def text(self) -> str:
        return self.content.text


@dataclass(slots=True)
class Accepted:
    """A message that the server took."""

    sent: Sent
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    times: int = 1
    """How often it came: a device sends again what was not acknowledged when the connection broke."""


class Ledger:
    def __init__(self) -> None:
        self._accepted: dict[tuple[str, str], Accepted] = {}

    def __len__(self) -> int:
        return len(self._accepted)

    def accept(self, sent: Sent) -> Accepted:
        """What comes again under its id is the same message, as for the real server."""
        key = sent.account, sent.message_id
        if known := self._accepted.get(key):
            known.times += 1
            if known.sent.plaintext is None:
                known.sent = sent
            return known
        self._accepted[key] = Accepted(sent)
        return self._accepted[key]

    def find(self, account: str | None = None, recipient: str | None = None) -> Iterator[Accepted]:
        """In the order in which they came."""
        for accepted in self._accepted.values():
            if account in (None, accepted.sent.account) and recipient in (None, accepted.sent.recipient):
                yield accepted

    def knows(self, account: str, message_id: str) -> bool:
        return (account, message_id) in self._accepted

    def by_id(self, message_id: str) -> Accepted:
        found = [accepted for accepted in self._accepted.values() if accepted.sent.message_id == message_id]
        if len(found) != 1:
            raise KeyError(f"{len(found)} messages have the id {message_id}")
        return found[0]

    def duplicates(self, account: str | None = None, recipient: str | None = None) -> list[list[Accepted]]:
        """What a person got twice: the same words and file under different ids, from whichever of these accounts."""
        alike: defaultdict[tuple[str, str, str], list[Accepted]] = defaultdict(list)
        for accepted in self.find(account, recipient):
            if accepted.sent.plaintext is not None and not accepted.sent.edit:
                content = accepted.sent.content
                alike[accepted.sent.recipient, content.text, content.media_sha256].append(accepted)
        return [group for group in alike.values() if len(group) > 1]
