"""Presses of inline buttons that wait for the bot's answer."""

import asyncio
import secrets
from dataclasses import dataclass

from bot.sandbox.telegram.errors import bad_request

ANSWER_TIMEOUT = 10.0  # seconds


@dataclass(frozen=True, slots=True)
class Answer:
    text: str = ""
    show_alert: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class Press:
    query_id: str
    chat_id: int
    answer: asyncio.Future[Answer | None]


class PendingPresses:
    def __init__(self) -> None:
        self._pending: dict[str, Press] = {}

    def begin(self, chat_id: int) -> Press:
        press = Press(str(secrets.randbits(62)), chat_id, asyncio.get_running_loop().create_future())
        self._pending[press.query_id] = press
        return press

    async def wait(self, press: Press) -> Answer | None:
        """None if the bot did not answer in time; from then on it cannot."""
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT):
                return await press.answer
        except TimeoutError:
            return None
        finally:
            self._pending.pop(press.query_id, None)

    def answer(self, query_id: str, answer: Answer) -> int:
        """Returns the chat of the press. Each press is answered once."""
        press = self._pending.pop(query_id, None)
        if press is None or press.answer.done():
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        press.answer.set_result(answer)
        return press.chat_id

    def close(self) -> None:
        """Whoever still waits waits no longer."""
        for press in self._pending.values():
            if not press.answer.done():
                press.answer.set_result(None)
