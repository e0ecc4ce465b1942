"""One sending account as the network sees it: its line, what breaks it, and what waits for it."""

from dataclasses import dataclass, field
from typing import Protocol

from engine.transports.contract import Inbound, Receipt, Rejected, Sent, StateChanged
from engine.transports.simulator.faults import Fault, FaultKind, line_refusal
from models.enums import DeviceState


class Line(Protocol):
    """The far end of one device's connection. Its methods must not block."""

    @property
    def device_id(self) -> int: ...

    @property
    def name(self) -> str: ...

    def state_changed(self, change: StateChanged) -> None: ...

    def received(self, event_id: int, event: Receipt | Inbound) -> None: ...

    def answered(self, request: int, outcome: Sent | Rejected) -> None: ...


@dataclass(frozen=True, slots=True)
class DeviceView:
    """`faults` holds the switches that are on. `wanted`: somebody wants its line, so it comes up when it may."""

    device: int
    name: str
    connected: bool
    wanted: bool
    state: DeviceState
    faults: dict[FaultKind, Fault]
    sent: int


@dataclass(slots=True)
class Device:
    """`line` is whoever wants this device: a standing wish that a ban, a logout or a replacement ends.

    `session` counts the times the line came up; what was under way in an earlier session is lost.
    `mailbox` holds what the line has not acknowledged, by event id; a line that comes up hears all of it.
    """

    id: int
    name: str
    faults: dict[FaultKind, Fault] = field(default_factory=dict)
    sent: int = 0
    mailbox: dict[int, Receipt | Inbound] = field(default_factory=dict)
    line: Line | None = None
    online: bool = False
    session: int = 0

    def connect(self, line: Line) -> None:
        if self.line is not None and self.line is not line:
            self._end_line(StateChanged(DeviceState.REPLACED, "this account was opened elsewhere"))
        self.line = line
        self.online = False
        self.review_line()

    def disconnect(self) -> None:
        self.line = None
        self.online = False

    def review_line(self) -> None:
        """Give the line what the faults allow, and tell it."""
        if self.line is None:
            return
        refusal = line_refusal(self.faults)
        if refusal is None:
            self._come_up(self.line)
        elif refusal.state.is_terminal:
            self._end_line(refusal)
        else:
            self.online = False
            self.line.state_changed(refusal)

    def drop(self) -> None:
        """Lose the line in the middle of things; `review_line` brings it back."""
        self.online = False
        if self.line is not None:
            self.line.state_changed(StateChanged(DeviceState.CONNECTING, "the connection was lost"))

    def deliver(self, event_id: int, event: Receipt | Inbound) -> None:
        self.mailbox[event_id] = event
        if self.line is not None and self.online:
            self.line.received(event_id, event)

    def view(self) -> DeviceView:
        refusal = line_refusal(self.faults)
        own = DeviceState.ONLINE if self.online else DeviceState.CONNECTING
        state = refusal.state if refusal else own
        wanted = self.line is not None
        return DeviceView(self.id, self.name, self.online, wanted, state, dict(self.faults), self.sent)

    def _come_up(self, line: Line) -> None:
        if self.online:
            return
        self.online = True
        self.session += 1
        line.state_changed(StateChanged(DeviceState.ONLINE))
        for event_id, event in list(self.mailbox.items()):
            line.received(event_id, event)

    def _end_line(self, change: StateChanged) -> None:
        if self.line is not None:
            self.line.state_changed(change)
        self.disconnect()
