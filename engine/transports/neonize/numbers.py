"""Which numbers are on WhatsApp: asked for seldom, since WhatsApp frowns upon it, and remembered for a while."""

import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

import structlog

from engine.batching import is_transient
from engine.devices.ownership import OwnedDevice

log = structlog.get_logger()

MOST_A_MINUTE = 20  # numbers that a device asks for
A_MINUTE = 60.0

Answer = tuple[dict[str, bool], dict[str, str]]  # who is there, and the LIDs of some


class QuestionRefusedError(Exception):
    """WhatsApp does not say."""


class NumberBook(Protocol):
    """What was learned before, by whichever device of the workspace."""

    async def known(self, workspace_id: int, phones: Sequence[str]) -> Mapping[str, bool]: ...

    async def learn(self, workspace_id: int, on_whatsapp: Mapping[str, bool], lids: Mapping[str, str]) -> None: ...


class Questions:
    """What all devices share: the book, and a count of the questions that outlives a line."""

    def __init__(self, book: NumberBook) -> None:
        self.book = book
        self._asked_at: dict[int, deque[float]] = {}

    def allow(self, device_id: int, count: int, now: float) -> int:
        """How many of `count` questions the device may ask; these are counted as asked. `now` is monotonic."""
        asked = self._asked_at.setdefault(device_id, deque())
        while asked and now - asked[0] >= A_MINUTE:
            asked.popleft()
        allowed = min(count, MOST_A_MINUTE - len(asked))
        asked.extend([now] * allowed)
        return allowed


class NumberChecks:
    def __init__(
        self, questions: Questions, device: OwnedDevice, ask: Callable[[list[str]], Awaitable[Answer]]
    ) -> None:
        self._questions = questions
        self._device = device
        self._ask = ask

    async def is_there(self, phone: str) -> bool | None:
        """None: nobody says now, so the send itself decides."""
        try:
            return (await self.look_up([phone])).get(phone)
        except (ConnectionError, TimeoutError, QuestionRefusedError) as error:
            log.debug("a number was not checked", device=self._device.name, reason=str(error))
            return None

    async def look_up(self, phones: list[str]) -> dict[str, bool]:
        """What is known, and what may be asked for.

        Raises ConnectionError, TimeoutError, QuestionRefusedError when something has to be asked for and cannot.
        """
        found = dict(await self._known(phones))
        unknown = [phone for phone in dict.fromkeys(phones) if phone not in found]
        unknown = unknown[: self._questions.allow(self._device.id, len(unknown), time.monotonic())]
        if unknown:
            on_whatsapp, lids = await self._ask(unknown)
            found |= on_whatsapp
            await self._learn(on_whatsapp, lids)
        return found

    async def _known(self, phones: list[str]) -> Mapping[str, bool]:
        try:
            return await self._questions.book.known(self._device.workspace_id, phones)
        except Exception as error:
            if not is_transient(error):
                raise
            return {}

    async def _learn(self, on_whatsapp: Mapping[str, bool], lids: Mapping[str, str]) -> None:
        try:
            await self._questions.book.learn(self._device.workspace_id, on_whatsapp, lids)
        except Exception as error:
            if not is_transient(error):
                raise
            log.debug("an answer about numbers was not kept", device=self._device.name)
