"""One rate limiter for aiogram and python-telegram-bot: both speak to Telegram with one token.

The limits are Telegram's (core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this). All of it
is machine time.
"""

import asyncio
import os
from bisect import insort
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from math import inf
from typing import Any, Protocol, TypeVar

import structlog
from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.exceptions import TelegramRetryAfter
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType
from telegram.error import RetryAfter
from telegram.ext import BaseRateLimiter

# RetryAfter.retry_after is a timedelta then, and no deprecation warning. It is read at each use, not at import,
# so that it is early enough here, in the module that every bot of ours goes through.
os.environ["PTB_TIMEDELTA"] = "1"

log = structlog.get_logger()

Result = TypeVar("Result")
PtbResult = bool | dict[str, Any] | list[dict[str, Any]]

ATTEMPTS = 5  # in all, before a RetryAfter is the caller's problem
_MESSAGES = ("send", "copy", "forward", "editMessage")  # what counts; the rest only waits while all is halted

_unasked: ContextVar[bool] = ContextVar("unasked", default=False)


@contextmanager
def unasked() -> Iterator[None]:
    """What aiogram sends in here answers nobody: it waits for the chat's own limit and after all answers."""
    before = _unasked.set(True)
    try:
        yield
    finally:
        _unasked.reset(before)


class MachineTime(Protocol):
    """What of an event loop the limiter needs."""

    def time(self) -> float: ...

    def call_at(self, when: float, callback: Callable[[], None], /) -> "Alarm": ...


class Alarm(Protocol):
    def cancel(self) -> None: ...


class Window:
    """At most `size` calls in any `seconds`: no burst straddles a boundary."""

    def __init__(self, size: int, seconds: float) -> None:
        self._seconds = seconds
        self._calls: deque[float] = deque(maxlen=size)

    def free_at(self) -> float:
        """The instant from which one more call fits."""
        return -inf if len(self._calls) < (self._calls.maxlen or 0) else self._calls[0] + self._seconds

    def take(self, now: float) -> None:
        self._calls.append(now)


@dataclass(order=True, slots=True)
class _Waiter:
    unasked: bool  # answers go first …
    number: int  # … then whoever came first
    windows: list[Window] = field(compare=False)
    turn: asyncio.Future[None] = field(compare=False)


class TelegramLimiter:
    """30 messages/s in all; 1/s a private chat and 20/min a group for what nobody asked for.

    What was asked for goes first and is not held to the limit of its chat: a person does not press faster. Make
    it inside the running event loop.
    """

    def __init__(self, machine_time: MachineTime | None = None) -> None:
        self._time = machine_time or asyncio.get_running_loop()
        self._all = Window(30, 1.0)
        # Windows of chats are kept: there are no more of them than teams and operators.
        self._private = defaultdict[int, Window](lambda: Window(1, 1.0))
        self._groups = defaultdict[int | str, Window](lambda: Window(20, 60.0))
        self._halted_until = -inf
        self._queue: list[_Waiter] = []
        self._numbers = count()
        self._alarm: Alarm | None = None

    async def request(
        self, method: str, chat_id: int | str | None, call: Callable[[], Awaitable[Result]], *, asked_for: bool
    ) -> Result:
        """Make the call when its turn has come.

        A RetryAfter halts everybody for as long as Telegram says; then the call is repeated, before those who
        came later. Raises what the call raises, the last RetryAfter included.
        """
        if method == "getUpdates":  # a long poll: aiogram minds its failures itself
            return await call()
        windows = self._windows(method, chat_id, asked_for=asked_for)
        number, attempts = next(self._numbers), count(1)
        while True:
            await self._turn(windows, number, asked_for=asked_for)
            try:
                return await call()
            except (RetryAfter, TelegramRetryAfter) as refusal:
                self._halt(refusal.retry_after, method)
                if next(attempts) == ATTEMPTS:
                    raise

    def _windows(self, method: str, chat_id: int | str | None, *, asked_for: bool) -> list[Window]:
        if not method.startswith(_MESSAGES) or method == "sendChatAction":
            return []
        if asked_for or chat_id is None:
            return [self._all]
        if isinstance(chat_id, int) and chat_id > 0:
            return [self._all, self._private[chat_id]]
        return [self._all, self._groups[chat_id]]

    async def _turn(self, windows: list[Window], number: int, *, asked_for: bool) -> None:
        waiter = _Waiter(not asked_for, number, windows, asyncio.get_running_loop().create_future())
        insort(self._queue, waiter)
        self._admit()
        await waiter.turn

    def _admit(self) -> None:
        """Let those go whose turn it is, in order, and look again when the next one's is."""
        now, next_look = self._time.time(), inf
        waiting = []
        for waiter in self._queue:
            if waiter.turn.done():  # cancelled meanwhile
                continue
            free_at = max([self._halted_until, *(window.free_at() for window in waiter.windows)])
            if free_at <= now:
                for window in waiter.windows:
                    window.take(now)
                waiter.turn.set_result(None)
            else:
                waiting.append(waiter)
                next_look = min(next_look, free_at)
        self._queue = waiting
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._time.call_at(next_look, self._admit) if waiting else None

    def _halt(self, duration: timedelta | float, method: str) -> None:
        seconds = duration.total_seconds() if isinstance(duration, timedelta) else duration
        log.warning("Telegram asks to wait", seconds=seconds, method=method)
        self._halted_until = max(self._halted_until, self._time.time() + seconds)


class PtbLimiter(BaseRateLimiter[bool]):
    """For ExtBot, which posts alerts: nobody asked, unless the call has `rate_limit_args=True`."""

    def __init__(self, limiter: TelegramLimiter) -> None:
        self._limiter = limiter

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def process_request(  # noqa: PLR0917 (the library calls it so)
        self,
        callback: Callable[..., Coroutine[Any, Any, PtbResult]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: bool | None,
    ) -> PtbResult:
        return await self._limiter.request(
            endpoint,
            data.get("chat_id"),
            lambda: callback(*args, **kwargs),
            asked_for=rate_limit_args is True,
        )


class AiogramLimiter(BaseRequestMiddleware):
    """For the session of aiogram's bot, which answers presses: asked for, unless inside `unasked()`."""

    def __init__(self, limiter: TelegramLimiter) -> None:
        self._limiter = limiter

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        return await self._limiter.request(
            method.__api_method__,
            getattr(method, "chat_id", None),
            lambda: make_request(bot, method),
            asked_for=not _unasked.get(),
        )
