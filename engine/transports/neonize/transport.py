"""The transport contract over a device host."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

from engine.devices.ownership import OwnedDevice
from engine.transports.contract import (
    NOT_CONNECTED,
    NOT_ON_WHATSAPP,
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
from engine.transports.forms import Frame, read_outcome
from engine.transports.inbox import Inbox
from engine.transports.neonize.line import DeviceLine, Housing, LineLostError, NoLineError
from engine.transports.neonize.numbers import NumberChecks, QuestionRefusedError, Questions
from engine.transports.neonize.policy import HostPolicy
from engine.transports.neonize.wire import Packet, WireError

SEND_TAKES_AT_MOST = timedelta(minutes=4)  # a large file is given three to be uploaded


class NeonizeTransport:
    """One real device. It lives in a host with others; the hosts are shared and stay when it closes."""

    def __init__(self, housing: Housing, device: OwnedDevice, questions: Questions, policy: HostPolicy) -> None:
        self._line = DeviceLine(housing, device, self)
        self._numbers = NumberChecks(questions, device, self._ask_whether_there)
        self._policy = policy
        self._inbox = Inbox()
        self._unacknowledged: set[int] = set()

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(revoke=True, stuck_after=SEND_TAKES_AT_MOST)

    async def connect(self) -> None:
        """Ask for the line and return; what comes of it is told through `events`."""
        self._line.connect()

    async def send(self, message: OutgoingMessage) -> Outcome:
        try:
            if await self._numbers.is_there(message.phone) is False:
                return Rejected(NOT_ON_WHATSAPP, f"{message.phone} is not on WhatsApp.", permanent=True)
            answer = (await self._hand_over(message)).header
            return read_outcome(answer["outcome"]) if "outcome" in answer else Unknown(answer["refused"])
        except NoLineError as error:
            return Rejected(NOT_CONNECTED, str(error), permanent=False)
        except LineLostError as error:
            return Unknown(str(error))
        except WireError as error:
            return Rejected("media_too_large", f"The file cannot be sent: {error}.", permanent=True)

    async def revoke(self, message_id: str, phone: str) -> RevocationOutcome:
        try:
            question = {"type": "revoke", "message_id": message_id, "phone": phone}
            answer = (await self._line.request(question)).header
            return RevocationOutcome(answer.get("outcome", RevocationOutcome.UNCLEAR))
        except (NoLineError, LineLostError):
            return RevocationOutcome.UNCLEAR

    async def check_numbers(self, phones: list[str]) -> dict[str, bool]:
        """What is known of these numbers; those beyond the limit of questions are left out.

        Raises ConnectionError when there is no line to ask on.
        """
        return await self._numbers.look_up(phones)

    async def events(self) -> AsyncIterator[TransportEvent]:
        """One reader. What it has dealt with (it asks for the next) is not told again to later lines."""
        async for event, event_id in self._inbox:
            yield event
            if event_id is not None:
                self._line.acknowledge(event_id)
                self._unacknowledged.discard(event_id)

    async def close(self) -> None:
        self._inbox.close()
        await self._line.close(self._policy.close_within)

    def state_changed(self, change: StateChanged) -> None:
        self._inbox.put(change)

    def received(self, event_id: int, event: Receipt | Inbound | PhoneSeen) -> None:
        # A line that is opened anew tells all again that was not acknowledged.
        if event_id not in self._unacknowledged:
            self._unacknowledged.add(event_id)
            self._inbox.put(event, event_id)

    async def _hand_over(self, message: OutgoingMessage) -> Packet:
        frame = {"type": "send", "message": message_frame(message)}
        answer = await self._line.request(frame)
        if answer.header.get("need_media") and message.media is not None:
            answer = await self._line.request(frame, message.media.content)
        return answer

    async def _ask_whether_there(self, phones: list[str]) -> tuple[dict[str, bool], dict[str, str]]:
        async with asyncio.timeout(self._policy.check_within):
            answer = (await self._line.request({"type": "check", "phones": phones})).header
        if "refused" in answer:
            raise QuestionRefusedError(answer["refused"])
        return answer["on_whatsapp"], answer["lids"]


def message_frame(message: OutgoingMessage) -> Frame:
    media = message.media
    return {
        "ref": message.ref,
        "phone": message.phone,
        "kind": message.kind,
        "body": message.body,
        "media": media and {"sha256": media.sha256, "mime_type": media.mime_type, "file_name": media.file_name},
    }
