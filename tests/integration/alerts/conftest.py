"""A team with an alerts group on the local Bot API server, and both libraries at work in it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiogram import Bot, Dispatcher
from aiogram.filters import ExceptionTypeFilter
from aiogram.types import ErrorEvent
from dishka.integrations.aiogram import setup_dishka
from sqlalchemy import select
from telegram.error import NetworkError, TimedOut
from telegram.ext import ExtBot
from telegram.request import HTTPXRequest

from bot.access import AccessMiddleware
from bot.alerts.poster import AlertPoster
from bot.alerts.replies_router import router as replies_router
from bot.alerts.router import router
from bot.container import make_container
from bot.limiter import AiogramLimiter, PtbLimiter, TelegramLimiter
from engine.actor import Actor
from engine.alerts import Alerts, raise_signals
from engine.clock import ManualClock
from engine.database import Database
from engine.errors import DripdeskError
from engine.notifications import Notifications
from engine.settings import Settings
from engine.signals import DeviceBack, DeviceDown, SendsFailed, Signal
from engine.workspaces import Workspaces
from models import Alert, Operator, Workspace
from models.enums import DeviceState
from tests.unit.sandbox.conftest import GROUP, TOKEN, Sandbox, aiogram_bot, running


class Line(HTTPXRequest):
    """The way to Telegram, which can be cut, blocked, lose answers, or say that the group has moved."""

    def __init__(self) -> None:
        super().__init__(httpx_kwargs={"verify": False})
        self.cut = False
        self.loses_answers = False
        self.moved: dict[int, int] = {}
        self.open = asyncio.Event()
        self.open.set()
        self.reached = asyncio.Event()

    async def do_request(self, url: str, method: str, request_data: Any = None, *args: Any, **kwargs: Any):
        self.reached.set()
        await self.open.wait()
        if self.cut:
            raise NetworkError("httpx.ConnectError: All connection attempts failed")
        chat_id = request_data.parameters.get("chat_id") if request_data else None
        if chat_id in self.moved:
            description = "Bad Request: group chat was upgraded to a supergroup chat"
            parameters = {"migrate_to_chat_id": self.moved[chat_id]}
            body = {"ok": False, "error_code": 400, "description": description, "parameters": parameters}
            return 400, json.dumps(body).encode()
        answer = await super().do_request(url, method, request_data, *args, **kwargs)
        if self.loses_answers:
            raise TimedOut
        return answer


class QuickTime:
    """The machine's time, a hundred times faster."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    def time(self) -> float:
        return self._loop.time() * 100

    def call_at(self, when: float, callback: Any, /) -> asyncio.TimerHandle:
        return self._loop.call_at(when / 100, callback)


@dataclass
class Team:
    database: Database
    clock: ManualClock
    sandbox: Sandbox
    actor: Actor
    user_id: int
    workspaces: Workspaces
    alerts: Alerts
    notifications: Notifications
    limiter: TelegramLimiter
    bot: Bot
    dispatcher: Dispatcher
    bots: list[ExtBot[bool]] = field(default_factory=list)
    monotonic: float = 1000.0

    async def poster(self, *, reachable: bool = True) -> tuple[AlertPoster, Line]:
        """A poster as a process of its own would have it; `reachable`: Telegram, when it starts."""
        line = Line()
        line.cut = not reachable
        bot: ExtBot[bool] = ExtBot(
            TOKEN, f"{self.sandbox.url}/bot", request=line, rate_limiter=PtbLimiter(self.limiter)
        )
        with nullcontext() if reachable else pytest.raises(NetworkError):
            await bot.initialize()
        line.cut = False
        line.reached.clear()
        self.bots.append(bot)
        poster = AlertPoster(
            self.database, bot, self.notifications, self.workspaces, monotonic=lambda: self.monotonic
        )
        return poster, line

    async def raises(self, *signals: Signal) -> None:
        async with self.database.transaction() as session:
            await raise_signals(session, signals, self.clock.now())

    async def device_down(self, device: str = "Alpha", number: int = 1) -> None:
        signal = DeviceDown(self.actor.workspace_id, number, device, DeviceState.TEMP_BANNED, "banned")
        await self.raises(signal)

    async def device_back(self, device: str = "Alpha", number: int = 1) -> None:
        await self.raises(DeviceBack(self.actor.workspace_id, number, device))

    async def sends_failed(self) -> None:
        await self.raises(SendsFailed(self.actor.workspace_id, 1, "Alpha", "131026", "no such number", 1))

    async def bind(self, chat_id: int | None = GROUP) -> None:
        await self.workspaces.bind_alerts_chat(self.actor, chat_id)

    async def add_bot(self, *, member: bool = True, chat_id: int = GROUP, user_id: int | None = None) -> None:
        await self.sandbox.act(f"groups/{chat_id}/bot", member=member, user_id=user_id or self.user_id)

    async def shown(self, chat_id: int = GROUP) -> list[Any]:
        """What the bot has written in the group."""
        messages = await self.sandbox.messages(chat_id)
        return [message for message in messages if message["service"] is None]

    async def press(self, message_id: int, user_id: int, button: str = "Acknowledge") -> Any:
        """Press a button, with the bot at work."""
        press = {"chat_id": GROUP, "message_id": message_id, "button": button, "user_id": user_id}
        async with asyncio.TaskGroup() as group:
            pressing = group.create_task(self.sandbox.act("press", **press))
            await self.handle_updates(wait=5)
        return pressing.result()

    async def handle_updates(self, wait: int = 0) -> None:
        """All that are there; if there are none, those that come within `wait` seconds."""
        offset = 0
        while updates := await self.bot.get_updates(offset=offset, timeout=0 if offset else wait):
            for update in updates:
                await self.dispatcher.feed_update(self.bot, update)
            offset = updates[-1].update_id + 1

    async def alert(self) -> Alert:
        """The only one."""
        async with self.database.transaction() as session:
            return (await session.scalars(select(Alert))).one()

    async def chat_id(self) -> int | None:
        async with self.database.transaction() as session:
            return (await session.get_one(Workspace, self.actor.workspace_id)).alerts_chat_id


async def tell(event: ErrorEvent) -> None:
    """What a person caused is that person's to read, as everywhere in the menus."""
    assert event.update.callback_query
    await event.update.callback_query.answer(str(event.exception), show_alert=True)


@pytest.fixture
async def team(database: Database, owner: Actor, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Team]:
    container = make_container(database, clock, Settings(_env_file=None))
    workspaces = await container.get(Workspaces)
    async with database.transaction() as session:
        user_id = (await session.get_one(Operator, owner.operator_id)).telegram_user_id
    limiter = TelegramLimiter(QuickTime())
    dispatcher = Dispatcher()
    dispatcher.include_routers(router, replies_router)
    setup_dishka(container, dispatcher)
    dispatcher.update.outer_middleware(AccessMiddleware(workspaces))
    dispatcher.errors.register(tell, ExceptionTypeFilter(DripdeskError))
    async with running(tmp_path) as sandbox, aiogram_bot(sandbox.url) as bot:
        bot.session.middleware(AiogramLimiter(limiter))
        team = Team(
            database,
            clock,
            sandbox,
            owner,
            user_id,
            workspaces,
            await container.get(Alerts),
            Notifications(database.url),
            limiter,
            bot,
            dispatcher,
        )
        yield team
        await asyncio.gather(*(bot.shutdown() for bot in team.bots))
    await container.close()
    for one in (
        router,
        replies_router,
    ):  # they are the product's only ones, and the next test has another dispatcher
        one._parent_router = None


@pytest.fixture
async def bound(team: Team) -> Team:
    """The bot is in the group, and the group is the team's."""
    await team.add_bot()
    await team.bind()
    await team.bot.get_updates(offset=-1)
    (latest,) = await team.bot.get_updates()
    await team.bot.get_updates(offset=latest.update_id + 1)
    return team
