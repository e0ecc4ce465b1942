"""A device's end of a line that only notes what it is told."""

from datetime import UTC, datetime

from engine.transports.contract import Inbound, Receipt, Rejected, Sent, StateChanged
from engine.transports.simulator.phones import PhoneMedia, Submission
from models.enums import ContentKind, DeviceState

PHONE = "+60123456789"
BUSINESS_AT = datetime(2026, 3, 27, 8, 0, tzinfo=UTC)


class NotedLine:
    def __init__(self, device_id: int = 1, name: str = "Aisyah's phone") -> None:
        self.device_id = device_id
        self.name = name
        self.changes: list[StateChanged] = []
        self.events: dict[int, Receipt | Inbound] = {}
        self.answers: dict[int, Sent | Rejected] = {}

    @property
    def states(self) -> list[DeviceState]:
        return [change.state for change in self.changes]

    def state_changed(self, change: StateChanged) -> None:
        self.changes.append(change)

    def received(self, event_id: int, event: Receipt | Inbound) -> None:
        self.events[event_id] = event

    def answered(self, request: int, outcome: Sent | Rejected) -> None:
        assert request not in self.answers, "one answer a request"
        self.answers[request] = outcome


def submission(
    ref: int = 1, phone: str = PHONE, body: str = "Hello", media: PhoneMedia | None = None
) -> Submission:
    kind = ContentKind.DOCUMENT if media else ContentKind.TEXT
    return Submission(ref, phone, kind, body, media, BUSINESS_AT)
