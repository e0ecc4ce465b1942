"""The limiter under a clock of its own: time passes only when a test says so."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramRetryAfter
from aiogram.methods import SendMessage
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram.error import RetryAfter

from bot.limiter import ATTEMPTS, AiogramLimiter, PtbLimiter, TelegramLimiter, unasked

OPERATOR, GROUP = 1001, -1001


@dataclass
class Alarm:
    callback: Callable[[], None] | None

    def cancel(self) -> None:
        self.callback = None


class FakeTime:
    def __init__(self) -> None:
        self.now = 0.0
        self._alarms: list[tuple[float, int, Alarm]] = []
        self._numbers = count()

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Callable[[], None], /) -> Alarm:
        alarm = Alarm(callback)
        heappush(self._alarms, (when, next(self._numbers), alarm))
        return alarm

    async def pass_until(self, instant: float) -> None:
        await settle()
        while self._alarms and self._alarms[0][0] <= instant:
            self.now, _, alarm = heappop(self._alarms)
            if alarm.callback:
                alarm.callback()
                await settle()
        self.now = instant


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


@dataclass
class Telegram:
    """Notes when which call reached it; says 429 to the first `refusals` of them."""

    time: FakeTime = field(default_factory=FakeTime)
    calls: list[tuple[float, str]] = field(default_factory=list)
    refusals: list[Exception] = field(default_factory=list)
    tasks: list[asyncio.Task[str]] = field(default_factory=list)
    limiter: TelegramLimiter = field(init=False)

    def __post_init__(self) -> None:
        self.limiter = TelegramLimiter(self.time)

    def send(
        self, name: str, chat_id: int | None = GROUP, *, asked_for: bool = False, method: str = "sendMessage"
    ) -> asyncio.Task[str]:
        async def call() -> str:
            self.calls.append((self.time.now, name))
            await asyncio.sleep(0)  # as long as an answer takes, others may set out
            if self.refusals:
                raise self.refusals.pop(0)
            return name

        task = asyncio.create_task(self.limiter.request(method, chat_id, call, asked_for=asked_for))
        self.tasks.append(task)
        return task

    @property
    def times(self) -> list[float]:
        return [at for at, _ in self.calls]

    @property
    def names(self) -> list[str]:
        return [name for _, name in self.calls]

    async def end(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def test_thirty_messages_a_second_in_all():
    telegram = Telegram()
    for chat in range(1, 65):
        telegram.send("hello", chat)
    await telegram.time.pass_until(5)
    assert telegram.times == [0.0] * 30 + [1.0] * 30 + [2.0] * 4


async def test_one_message_a_second_to_a_person_who_did_not_ask():
    telegram = Telegram()
    for _ in range(3):
        telegram.send("update", OPERATOR)
    telegram.send("another person's", 1002)
    await telegram.time.pass_until(5)
    assert telegram.calls == [
        (0.0, "update"), (0.0, "another person's"), (1.0, "update"), (2.0, "update"),
    ]  # fmt: skip


async def test_twenty_messages_a_minute_to_a_group_that_did_not_ask():
    telegram = Telegram()
    for _ in range(45):
        telegram.send("alert")
    await telegram.time.pass_until(200)
    assert telegram.times == [0.0] * 20 + [60.0] * 20 + [120.0] * 5


async def test_edits_that_nobody_asked_for_count_like_messages():
    telegram = Telegram()
    telegram.send("live update", OPERATOR, method="editMessageText")
    telegram.send("live update", OPERATOR, method="editMessageText")
    await telegram.time.pass_until(5)
    assert telegram.times == [0.0, 1.0]


async def test_answers_are_held_to_the_global_limit_only():
    telegram = Telegram()
    for _ in range(31):
        telegram.send("answer", OPERATOR, asked_for=True)
    await telegram.time.pass_until(5)
    assert telegram.times == [0.0] * 30 + [1.0]


async def test_answers_go_before_alerts_that_came_first():
    telegram = Telegram()
    for chat in range(1, 31):
        telegram.send("first second", chat)
    await settle()
    for chat in range(101, 131):
        telegram.send("alert", chat)
    telegram.send("answer", OPERATOR, asked_for=True)
    await telegram.time.pass_until(2.5)
    assert telegram.names[30:] == ["answer"] + ["alert"] * 30
    assert telegram.times[30:] == [1.0] * 30 + [2.0]


async def test_a_full_group_does_not_hold_up_another():
    telegram = Telegram()
    for _ in range(21):
        telegram.send("flooded group")
    telegram.send("quiet group", -1002)
    await telegram.time.pass_until(0)
    assert telegram.names == ["flooded group"] * 20 + ["quiet group"]


@pytest.mark.parametrize("method", ["getMe", "getFile", "answerCallbackQuery", "sendChatAction", "deleteMessage"])
async def test_what_is_no_message_does_not_count(method: str):
    telegram = Telegram()
    for _ in range(40):
        telegram.send("free", GROUP, method=method)
    telegram.send("alert")
    await telegram.time.pass_until(0)
    assert len(telegram.calls) == 41


async def test_a_429_halts_everybody_and_then_the_call_is_repeated_first():
    telegram = Telegram(refusals=[RetryAfter(7)])
    refused = telegram.send("refused")
    await settle()
    telegram.send("alert", -1002)
    telegram.send("question", None, method="getFile", asked_for=True)
    await telegram.time.pass_until(6.9)
    assert telegram.names == ["refused"]
    await telegram.time.pass_until(7)
    assert telegram.calls[1:] == [(7.0, "question"), (7.0, "refused"), (7.0, "alert")]
    assert await refused == "refused"


async def test_a_repeated_call_keeps_its_place_before_those_who_came_later():
    telegram = Telegram(refusals=[RetryAfter(7)])
    telegram.send("refused", OPERATOR)
    telegram.send("next", OPERATOR)
    await telegram.time.pass_until(20)
    assert telegram.calls == [(0.0, "refused"), (7.0, "refused"), (8.0, "next")]


async def test_a_halt_is_never_shortened_by_a_later_429():
    telegram = Telegram(refusals=[RetryAfter(10), RetryAfter(2)])
    telegram.send("a", 1)
    telegram.send("b", 2)
    await telegram.time.pass_until(9.9)
    assert telegram.times == [0.0, 0.0]
    await telegram.time.pass_until(10)
    assert telegram.times == [0.0, 0.0, 10.0, 10.0]


async def test_the_poll_for_updates_goes_on_in_a_halt():
    telegram = Telegram(refusals=[RetryAfter(60)])
    telegram.send("refused")
    await settle()
    telegram.send("poll", None, method="getUpdates", asked_for=True)
    await settle()
    assert telegram.names == ["refused", "poll"]
    await telegram.end()


async def test_a_call_that_is_refused_again_and_again_fails_in_the_end():
    telegram = Telegram(refusals=[RetryAfter(1)] * 99)
    hopeless = telegram.send("hopeless")
    await telegram.time.pass_until(100)
    assert telegram.times == [float(second) for second in range(ATTEMPTS)]
    with pytest.raises(RetryAfter):
        await hopeless


async def test_a_cancelled_call_leaves_its_place_to_the_next():
    telegram = Telegram()
    telegram.send("sent", OPERATOR)
    cancelled = telegram.send("cancelled", OPERATOR)
    telegram.send("next", OPERATOR)
    await settle()
    cancelled.cancel()
    with suppress(asyncio.CancelledError):
        await cancelled
    await telegram.time.pass_until(1)
    assert telegram.calls == [(0.0, "sent"), (1.0, "next")]


@settings(max_examples=40, deadline=None)
@given(
    calls=st.lists(
        st.tuples(st.floats(0, 100), st.sampled_from([1, 2, -1, -2]), st.booleans()), min_size=1, max_size=120
    )
)
async def test_no_window_ever_holds_more_than_telegram_allows(calls: list[tuple[float, int, bool]]):
    telegram = Telegram()
    for at, chat, asked_for in sorted(calls):
        await telegram.time.pass_until(at)
        telegram.send(f"{chat} {asked_for}", chat, asked_for=asked_for)
    await telegram.time.pass_until(1000)
    assert len(telegram.calls) == len(calls)
    assert most_within(telegram.times, 1) <= 30
    for chat, size, seconds in ((1, 1, 1), (2, 1, 1), (-1, 20, 60), (-2, 20, 60)):
        assert most_within([at for at, name in telegram.calls if name == f"{chat} False"], seconds) <= size


def most_within(times: list[float], seconds: float) -> int:
    # The limiter admits at `earlier + seconds`; subtracting instead would round differently.
    return max((sum(start <= at < start + seconds for at in times) for start in times), default=0)


async def test_aiogram_answers_and_ptb_alerts_share_one_limit():
    telegram = Telegram()
    aiogram, ptb = AiogramLimiter(telegram.limiter), PtbLimiter(telegram.limiter)
    bot = Bot("42:token")

    async def answered(*_args: object) -> object:
        telegram.calls.append((telegram.time.now, "answer"))
        return None

    async def alerted() -> bool:
        telegram.calls.append((telegram.time.now, "alert"))
        return True

    async def live_update() -> None:
        with unasked():
            await aiogram(answered, bot, SendMessage(chat_id=OPERATOR, text="x"))  # type: ignore[arg-type]

    def alert(*, asked_for: bool | None = None):
        return ptb.process_request(alerted, (), {}, "sendMessage", {"chat_id": OPERATOR}, asked_for)

    async with asyncio.TaskGroup() as group:
        group.create_task(alert())
        group.create_task(live_update())
        group.create_task(alert())
        group.create_task(alert(asked_for=True))
        for _ in range(2):
            group.create_task(aiogram(answered, bot, SendMessage(chat_id=OPERATOR, text="x")))  # type: ignore[arg-type]
        await telegram.time.pass_until(5)
    assert telegram.calls == [
        (0.0, "alert"), (0.0, "alert"), (0.0, "answer"), (0.0, "answer"),
        (1.0, "answer"), (2.0, "alert"),
    ]  # fmt: skip


async def test_a_429_of_aiogram_halts_the_alerts():
    refusal = TelegramRetryAfter(SendMessage(chat_id=OPERATOR, text="x"), "Too Many Requests", 4)
    telegram = Telegram(refusals=[refusal])
    telegram.send("menu", OPERATOR, asked_for=True)
    await settle()
    telegram.send("alert")
    await telegram.time.pass_until(4)
    assert telegram.calls == [(0.0, "menu"), (4.0, "menu"), (4.0, "alert")]
