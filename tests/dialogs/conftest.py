"""Menus are clicked with the real dispatcher, use cases and PostgreSQL; only Telegram is played."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count

import pytest
from aiogram import Bot, Dispatcher
from aiogram.client.default import DefaultBotProperties
from aiogram_dialog.widgets.text import setup_jinja
from aiogram_dialog.widgets.text.jinja import JINJA_ENV_FIELD
from dishka import AsyncContainer, Scope
from jinja2 import Environment

from bot.container import LinkingHere, wiring
from bot.dialogs.formatting import FILTERS
from bot.telegram import make_dispatcher
from engine.actor import Actor
from engine.clock import Clock, ManualClock
from engine.database import Database
from engine.settings import Settings
from models import Membership, Operator
from models.enums import Role

from .harness import TOKEN, Chat, FakeTelegram

_people = count(5000)

Newcomer = Callable[[Role], Awaitable[Chat]]


@pytest.fixture
def settings() -> Settings:
    """Without a token: simulated phones are on."""
    return Settings(_env_file=None)


@pytest.fixture(scope="session")
async def wired() -> AsyncIterator[AsyncContainer]:
    """To find out who needs whom takes longer than to make all of them."""
    wired = wiring()
    yield wired
    await wired.close()


@pytest.fixture
async def container(
    wired: AsyncContainer, database: Database, clock: ManualClock, settings: Settings
) -> AsyncIterator[AsyncContainer]:
    context = {Database: database, Clock: clock, Settings: settings, LinkingHere: LinkingHere(None)}
    async with wired(context, lock_factory=asyncio.Lock, scope=Scope.APP) as container:
        yield container


@pytest.fixture(scope="session")
def templates() -> Environment:
    """What all windows say, compiled once."""
    return setup_jinja(Dispatcher(), filters=FILTERS)


@pytest.fixture
async def dispatcher(container: AsyncContainer, templates: Environment) -> AsyncIterator[Dispatcher]:
    dispatcher = await make_dispatcher(container)
    assert dispatcher[JINJA_ENV_FIELD].filters == templates.filters
    dispatcher[JINJA_ENV_FIELD] = templates
    yield dispatcher
    await _nothing_is_being_drawn()
    for menu in dispatcher.sub_routers:  # they are modules' own, and the next test's dispatcher wants them
        menu._parent_router = None


async def _nothing_is_being_drawn() -> None:
    """A window that is drawn again by itself is a task of aiogram-dialog's, which nobody else waits for."""
    await asyncio.sleep(0)  # it begins with the next turn of the loop
    drawings = [task for task in asyncio.all_tasks() if "_process_update" in str(task.get_coro())]
    await asyncio.gather(*drawings, return_exceptions=True)


@pytest.fixture
def telegram() -> FakeTelegram:
    return FakeTelegram()


@pytest.fixture
def bot(telegram: FakeTelegram) -> Bot:
    return Bot(TOKEN, session=telegram, default=DefaultBotProperties(parse_mode="HTML"))


@pytest.fixture
def stranger_chat(dispatcher: Dispatcher, bot: Bot, telegram: FakeTelegram) -> Chat:
    """The chat of somebody who is in no team."""
    return Chat(dispatcher, bot, telegram, next(_people))


@pytest.fixture
async def chat(owner: Actor, database: Database, dispatcher: Dispatcher, bot: Bot, telegram: FakeTelegram) -> Chat:
    """The owner's chat, at Home."""
    async with database.transaction() as session:
        operator = await session.get_one(Operator, owner.operator_id)
    return await _at_home(Chat(dispatcher, bot, telegram, operator.telegram_user_id))


@pytest.fixture
def newcomer(
    owner: Actor, database: Database, dispatcher: Dispatcher, bot: Bot, telegram: FakeTelegram
) -> Newcomer:
    """Takes somebody into the owner's team, in a role; gives their chat, at Home."""

    async def join(role: Role) -> Chat:
        person = next(_people)
        async with database.transaction() as session:
            operator = Operator(telegram_user_id=person, name=f"A {role}")
            session.add(operator)
            await session.flush()
            session.add(Membership(workspace_id=owner.workspace_id, operator_id=operator.id, role=role))
        return await _at_home(Chat(dispatcher, bot, telegram, person))

    return join


async def _at_home(chat: Chat) -> Chat:
    await chat.say("/start")
    return chat
