"""Both halves of the bot: aiogram's with all menus, and what becomes of errors; the one for alerts."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from aiogram import Bot, Dispatcher, F, Router
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import Command, CommandObject, CommandStart, ExceptionTypeFilter
from aiogram.fsm.storage.memory import SimpleEventIsolation
from aiogram.types import BotCommand, ErrorEvent, Message
from aiogram_dialog import DialogManager, ShowMode, StartMode, setup_dialogs
from aiogram_dialog.api.entities import DIALOG_EVENT_NAME, DialogUpdate
from aiogram_dialog.api.entities import stack as dialog_stack
from aiogram_dialog.api.exceptions import OutdatedIntent, UnknownIntent, UnknownState
from aiogram_dialog.widgets.text import setup_jinja
from dishka import AsyncContainer, FromDishka
from dishka.integrations.aiogram import inject, setup_dishka
from telegram.ext import ExtBot
from telegram.request import HTTPXRequest

from bot.access import CLAIM, AccessMiddleware, PrivateMenusOnly
from bot.alerts.replies_router import router as replies_router
from bot.alerts.router import router as alerts_router
from bot.dialogs.formatting import FILTERS
from bot.dialogs.home.states import Home
from bot.dialogs.navigation import show_below
from bot.dialogs.welcome.states import Welcome
from bot.limiter import AiogramLimiter, PtbLimiter, TelegramLimiter
from bot.menus import MENUS
from bot.pictures import PictureMessages
from bot.storage import PostgresStorage
from engine.actor import Actor
from engine.database import Database
from engine.errors import DripdeskError, NotFoundError
from engine.workspaces import Workspaces

log = structlog.get_logger()

LONGEST_TOAST = 200  # characters, Telegram's limit
MENU_ID = 6  # bytes; 8 characters of the 64 that a button can carry
COMMANDS = [BotCommand(command="start", description="Home"), BotCommand(command="help", description="What to do")]

router = Router(name="commands")


def make_bot(token: str, api_url: str, limiter: TelegramLimiter) -> Bot:
    """Make the bot; an empty `api_url` means Telegram's own server."""
    session = AiohttpSession(api=TelegramAPIServer.from_base(api_url)) if api_url else AiohttpSession()
    session.middleware(AiogramLimiter(limiter))
    return Bot(token, session=session, default=DefaultBotProperties(parse_mode="HTML"))


@asynccontextmanager
async def make_alerts_bot(token: str, api_url: str, limiter: TelegramLimiter) -> AsyncIterator[ExtBot[bool]]:
    """Make python-telegram-bot's half: it posts alerts, and never asks for updates."""
    api = api_url or "https://api.telegram.org"
    requests = HTTPXRequest(), HTTPXRequest()
    bot = ExtBot(
        token,
        f"{api}/bot",
        f"{api}/file/bot",
        request=requests[0],
        get_updates_request=requests[1],
        rate_limiter=PtbLimiter(limiter),
    )
    # Not `async with bot`: that would ask Telegram who we are, and alerts must not hold up the start.
    try:
        yield bot
    finally:
        for request in requests:
            await request.shutdown()


async def make_dispatcher(container: AsyncContainer) -> Dispatcher:
    dispatcher = Dispatcher(
        storage=PostgresStorage(await container.get(Database)),
        events_isolation=SimpleEventIsolation(),  # five quick presses act one after another
    )
    dispatcher.include_routers(router, alerts_router, replies_router, *MENUS)
    # aiogram-dialog numbers the menus of one second at random from 100; two alike break everything below them.
    dialog_stack.new_id = lambda: secrets.token_urlsafe(MENU_ID)
    setup_dialogs(dispatcher, message_manager=PictureMessages(), stack_access_validator=PrivateMenusOnly())
    _open_menus_to_edits(dispatcher)
    setup_jinja(dispatcher, filters=FILTERS)
    setup_dishka(container, dispatcher)
    access = AccessMiddleware(await container.get(Workspaces))
    dispatcher.update.outer_middleware(access)
    dispatcher.observers[DIALOG_EVENT_NAME].outer_middleware(access)
    dispatcher.errors.register(on_expired, ExceptionTypeFilter(UnknownIntent, OutdatedIntent, UnknownState))
    dispatcher.errors.register(on_wrong_input, ExceptionTypeFilter(DripdeskError))
    dispatcher.errors.register(on_failure)
    return dispatcher


def _open_menus_to_edits(dispatcher: Dispatcher) -> None:
    """An edited message may change and open menus as a new one may; aiogram-dialog leaves edits alone."""
    new, edited = dispatcher.message, dispatcher.edited_message
    for ours, theirs in ((edited.outer_middleware, new.outer_middleware), (edited.middleware, new.middleware)):
        for middleware in theirs:
            if middleware not in ours:
                ours(middleware)


@router.message(CommandStart(deep_link=True), F.chat.type == "private")
@inject
async def claim(
    message: Message,
    command: CommandObject,
    dialog_manager: DialogManager,
    actor: Actor | None,
    workspaces: FromDishka[Workspaces],
) -> None:
    """Take the first owner in. Who only guesses, or comes too late, gets no answer, as any stranger."""
    person = message.from_user
    if actor is not None or person is None:
        await dialog_manager.start(Home.main, mode=StartMode.RESET_STACK)
        return
    token = (command.args or "").removeprefix(CLAIM)
    try:
        claimed = await workspaces.claim(token, telegram_user_id=person.id, name=person.first_name)
    except NotFoundError:
        return
    dialog_manager.middleware_data["actor"] = claimed
    await dialog_manager.start(Welcome.country, mode=StartMode.RESET_STACK)


@router.message(Command("start", "help", "menu"), F.chat.type == "private")
async def start(_message: Message, dialog_manager: DialogManager) -> None:
    await dialog_manager.start(Home.main, mode=StartMode.RESET_STACK, show_mode=ShowMode.SEND)


async def on_expired(event: ErrorEvent, dialog_manager: DialogManager) -> None:
    """A button of a menu that is gone: show the menu that is there now, or a fresh one.

    The second of two quick presses on Back is such a button too; its message already shows what is there now. A
    card that would edit itself and is not on the screen any more lets it be.
    """
    if isinstance(event.update, DialogUpdate):
        return
    press = event.update.callback_query
    if not dialog_manager.has_context():
        if press is not None:
            await press.answer("This menu has expired. Here is a fresh one.")
        await dialog_manager.start(Home.main, mode=StartMode.RESET_STACK, show_mode=ShowMode.SEND)
        return
    shown = dialog_manager.current_stack().last_message_id
    if press is not None and press.message is not None and press.message.message_id == shown:
        await press.answer()
        return
    if press is not None:
        await press.answer("This menu has expired. Here is the present one.")
    await dialog_manager.show(ShowMode.SEND)


async def on_wrong_input(event: ErrorEvent, dialog_manager: DialogManager) -> None:
    """What a person caused is answered in words; the menu comes below them, still to be used."""
    text = str(event.exception)
    if (press := event.update.callback_query) is not None:
        await press.answer(_cut(text), show_alert=True)
    elif event.update.message is not None:
        await event.update.message.answer(text, parse_mode=None)
        if dialog_manager.has_context():
            await show_below(dialog_manager)


async def on_failure(event: ErrorEvent) -> None:
    """Our own fault: it goes to the log, and the operator is not left waiting."""
    log.error("update failed", update=event.update.update_id, exc_info=event.exception)
    text = "Something went wrong on our side; it is in the log. Please try again."
    if (press := event.update.callback_query) is not None:
        await press.answer(text, show_alert=True)
    elif (message := event.update.message or event.update.edited_message) and message.chat.type == "private":
        await message.answer(text)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TOAST else text[: LONGEST_TOAST - 1] + "…"
