"""The transport contract over the simulated network."""

from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp

from engine.transports.contract import (
    NOT_CONNECTED,
    Capabilities,
    Inbound,
    Outcome,
    OutgoingMessage,
    PhoneSeen,
    Receipt,
    Rejected,
    RevocationOutcome,
    StateChanged,
    TransportEvent,
    Unknown,
)
from engine.transports.forms import read_outcome
from engine.transports.inbox import Inbox
from engine.transports.simulator.link import DeviceLine, LineLostError, NoLineError, SimulatorLink
from engine.transports.simulator.wire import submission_frame


class SimulatorTransport:
    """One simulated device. The link is shared and stays open when the transport closes."""

    def __init__(self, link: SimulatorLink, device_id: int, name: str) -> None:
        self._link = link
        self._line = DeviceLine(link, device_id, name, self)
        self._inbox = Inbox()
        self._unacknowledged: set[int] = set()

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(revoke=True, stuck_after=timedelta(seconds=30))

    async def connect(self) -> None:
        """Ask for the line and return; what comes of it is told through `events`."""
        self._line.connect()

    async def send(self, message: OutgoingMessage) -> Outcome:
        try:
            if message.media is not None and self._line.up:
                await self._link.upload(message.media)
            frame = {"type": "send", "message": submission_frame(message)}
            return read_outcome(await self._line.request(frame))
        except NoLineError as error:
            return Rejected(NOT_CONNECTED, str(error), permanent=False)
        except LineLostError as error:
            return Unknown(str(error))
        except (aiohttp.ClientError, TimeoutError) as error:
            return Rejected("media_upload_failed", str(error), permanent=False)

    async def revoke(self, message_id: str, phone: str) -> RevocationOutcome:
        try:
            answer = await self._line.request({"type": "revoke", "message_id": message_id, "phone": phone})
        except (NoLineError, LineLostError):
            return RevocationOutcome.UNCLEAR
        return RevocationOutcome.REVOKED if answer["revoked"] else RevocationOutcome.REFUSED

    async def check_numbers(self, phones: list[str]) -> dict[str, bool]:
        """Raises ConnectionError when there is no line to ask on."""
        answer = await self._line.request({"type": "check", "phones": phones})
        return dict(answer["on_whatsapp"])

    async def events(self) -> AsyncIterator[TransportEvent]:
        """One reader. What it has dealt with (it asks for the next) is not told again to later lines."""
        async for event, event_id in self._inbox:
            yield event
            if event_id is not None:
                self._line.acknowledge(event_id)
                self._unacknowledged.discard(event_id)

    async def close(self) -> None:
        self._line.close()
        self._inbox.close()

    def state_changed(self, change: StateChanged) -> None:
        self._inbox.put(change)

    def received(self, event_id: int, event: Receipt | Inbound | PhoneSeen) -> None:
        # A line that comes back tells the whole mailbox again.
        if event_id not in self._unacknowledged:
            self._unacknowledged.add(event_id)
            self._inbox.put(event, event_id)
