"""Posts that are made at most once: a second one would only be noise, or would be answered twice."""

from collections.abc import Awaitable, Callable

import structlog
from telegram import InlineKeyboardMarkup, ReplyParameters
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, RetryAfter, TelegramError
from telegram.ext import ExtBot

from bot.alerts import store
from engine.database import Database
from engine.transactions import Session
from engine.workspaces import Workspaces

log = structlog.get_logger()

NOT_REACHED = "httpx.ConnectError"  # how python-telegram-bot says that nothing was sent at all

GiveBack = Callable[[Session], Awaitable[object]]


class OncePoster:
    """Posts what its caller has taken for good, and gives it back only if Telegram has provably not got it."""

    def __init__(self, database: Database, bot: ExtBot[bool], workspaces: Workspaces) -> None:
        self._database = database
        self._bot = bot
        self._workspaces = workspaces

    async def post(
        self,
        chat_id: int,
        html: str,
        give_back: GiveBack,
        *,
        keyboard: InlineKeyboardMarkup | None = None,
        in_reply_to: int | None = None,
    ) -> int | None:
        """Return the id of the message; None if it is not there, as far as is known.

        Raises TelegramError when Telegram cannot be asked now.
        """
        reply = ReplyParameters(in_reply_to, allow_sending_without_reply=True) if in_reply_to else None
        try:
            message = await self._bot.send_message(
                chat_id, html, parse_mode=ParseMode.HTML, reply_markup=keyboard, reply_parameters=reply
            )
        except TelegramError as error:
            await self._failed(chat_id, error, give_back)
            return None
        return message.message_id

    async def replace(self, chat_id: int, message_id: int, html: str) -> None:
        """Put other words in the place of a post, as far as that is possible any more. It may be repeated."""
        try:
            await self._bot.edit_message_text(html, chat_id, message_id, parse_mode=ParseMode.HTML)
        except (BadRequest, ChatMigrated, Forbidden) as error:
            log.info("a post stays as it is", chat=chat_id, message=message_id, error=str(error))

    async def _failed(self, chat_id: int, error: TelegramError, give_back: GiveBack) -> None:
        """What cannot have arrived waits for the next time, or the next group."""
        closed = isinstance(error, Forbidden) or "chat not found" in error.message.lower()
        if closed or isinstance(error, ChatMigrated | RetryAfter) or NOT_REACHED in error.message:
            async with self._database.transaction() as session:
                await give_back(session)
        else:
            log.warning("a post is refused, or may have arrived", chat=chat_id, error=str(error))
        if isinstance(error, ChatMigrated):
            async with self._database.transaction() as session:
                await store.move_chat(session, chat_id, error.new_chat_id)
        elif closed:
            log.warning("the group is closed to the bot", chat=chat_id, error=str(error))
            await self._workspaces.unbind_alerts_chat(chat_id)
        elif not isinstance(error, BadRequest):
            raise error
