"""What the server accepted: the record that everything else is checked against."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import ConfigDict

from tests.whatsapp_loopback import content


@dataclass(slots=True)
class Accepted:
    """One message that a device sent and the server took."""

    __pydantic_config__ = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    at: datetime
    account: str
    recipient: str
    message_id: str
    stanza_type: str
    """`text`, `media`, `reaction` …, as the device said it in clear."""
    media_type: str | None
    edit: str | None
    """7: deleted for everyone; 1: edited."""
    plaintext: bytes | None
    """The WhatsApp message, if the recipient could read it."""
    unreadable: str | None = None
    """Why the recipient could not read it."""
    times: int = 1
    """How often the device sent this id: it sends again what was not acknowledged when the connection broke."""

    @property
    def body(self) -> str | None:
        return None if self.plaintext is None else content.body_of(self.plaintext)


@dataclass(slots=True)
class Ledger:
    _by_id: dict[tuple[str, str], Accepted] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._by_id)

    def accept(
        self,
        *,
        account: str,
        recipient: str,
        message_id: str,
        stanza_type: str,
        media_type: str | None,
        edit: str | None,
        plaintext: bytes | None,
        unreadable: str | None,
    ) -> Accepted:
        """A message that comes again under its id is the same message, as for the real server."""
        if known := self._by_id.get((account, message_id)):
            known.times += 1
            return known
        accepted = Accepted(
            datetime.now(UTC), account, recipient, message_id, stanza_type, media_type, edit, plaintext, unreadable
        )
        self._by_id[account, message_id] = accepted
        return accepted

    def knows(self, account: str, message_id: str) -> bool:
        return (account, message_id) in self._by_id

    def find(self, account: str | None = None, recipient: str | None = None) -> Iterator[Accepted]:
        """In the order in which they came."""
        for accepted in self._by_id.values():
            if account in (None, accepted.account) and recipient in (None, accepted.recipient):
                yield accepted

    def by_id(self, message_id: str) -> Accepted:
        found = [accepted for accepted in self._by_id.values() if accepted.message_id == message_id]
        if len(found) != 1:
            raise KeyError(f"{len(found)} messages have the id {message_id}")
        return found[0]

    def duplicates(self) -> list[list[Accepted]]:
        """Messages that a person got twice: the same words or file under different ids, whoever sent them."""
        alike: defaultdict[tuple[str, str], list[Accepted]] = defaultdict(list)
        for accepted in self._by_id.values():
            if accepted.plaintext is not None and accepted.edit is None:
                alike[accepted.recipient, content.fingerprint(accepted.plaintext)].append(accepted)
        return [group for group in alike.values() if len(group) > 1]
