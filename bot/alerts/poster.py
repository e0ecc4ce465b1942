"""Posts alerts to the groups of their teams, and keeps each message as its alert stands; digests, replies too."""

import asyncio
import time
from collections.abc import Callable

import structlog
from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, TelegramError
from telegram.ext import ExtBot

from bot.alerts import store
from bot.alerts.digests import DigestPoster
from bot.alerts.once import OncePoster
from bot.alerts.rendering import Rendered, render
from bot.alerts.replies import ReplyPoster
from bot.alerts.store import Due
from engine.batching import is_transient
from engine.database import Database
from engine.notifications import Channel, Notifications
from engine.workspaces import Workspaces

log = structlog.get_logger()

POLL_EVERY = 5.0  # machine seconds, behind the notifications
EDIT_EVERY = 3.0  # at most one edit of a message; what happens meanwhile goes into the next
REFUSED_RESTS = 60.0  # an alert that Telegram will not show for a reason of its own


class AlertPoster:
    """Tells every alert at least once, always in its newest state.

    What is not remembered as told is due, whatever stopped it: a call that timed out, a process that died.
    """

    def __init__(
        self,
        database: Database,
        bot: ExtBot[bool],
        notifications: Notifications,
        workspaces: Workspaces,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database.within(store.ANSWER_WITHIN)
        self._bot = bot
        self._workspaces = workspaces
        once = OncePoster(self._database, bot, workspaces)
        self._digests = DigestPoster(self._database, once)
        self._replies = ReplyPoster(self._database, once, monotonic)
        self._monotonic = monotonic
        self._resting: dict[int, float] = {}  # alert → when it may be told again
        self._look = asyncio.Event()
        notifications.listen(Channel.ALERTS, lambda _: self._look.set())

    async def run(self) -> None:
        """Post until cancelled."""
        while True:
            self._look.clear()
            try:
                await self.run_once()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.debug("alerts wait for the database", error=repr(error).partition("\n")[0])
            await self._wait()

    async def run_once(self) -> int:
        """Tell all that is due; how many messages were posted or edited. Another process at it: none."""
        told = 0
        async with store.poster_lock(self._database) as mine:
            if not mine:
                return told
            try:
                while batch := await self._due():
                    for alert in batch:
                        told += await self._tell(alert)
                told += await self._digests.post_due()
                told += await self._replies.post_due()
                told += await self._replies.tell_unanswered()
                told += await self._replies.forget_deleted()
            except TelegramError as error:
                log.warning("alerts wait for Telegram", error=str(error))
        return told

    async def _wait(self) -> None:
        """Until there may be something to tell: news, the end of a rest, or the poll."""
        now = self._monotonic()
        try:
            async with asyncio.timeout(min([POLL_EVERY, *(until - now for until in self._resting.values())])):
                await self._look.wait()
        except TimeoutError:
            return

    async def _due(self) -> list[Due]:
        now = self._monotonic()
        self._resting = {alert: until for alert, until in self._resting.items() if until > now}
        async with self._database.transaction() as session:
            await store.forget_history(session)
            return await store.due(session, self._resting)

    async def _tell(self, due: Due) -> bool:
        """Whether the chat was told; if not, the alert rests or has another chat, or none, now."""
        try:
            message_id = await self._show(due)
        except ChatMigrated as moved:
            log.info("the alerts group has moved", chat=due.chat_id, to=moved.new_chat_id)
            async with self._database.transaction() as session:
                await store.move_chat(session, due.chat_id, moved.new_chat_id)
            return False
        except Forbidden as error:
            return await self._unbind(due, error)
        except BadRequest as error:
            if _says(error, "chat not found"):
                return await self._unbind(due, error)
            log.warning("Telegram refuses an alert", alert=due.alert.id, chat=due.chat_id, error=str(error))
            self._rest(due, REFUSED_RESTS)
            return False
        async with self._database.transaction() as session:
            await store.remember(session, due, message_id)
        self._rest(due, EDIT_EVERY)
        return True

    async def _show(self, due: Due) -> int:
        """Edit the alert's message, or send one where there is none (any more); return its id."""
        rendered = render(due.alert, due.time_zone, due.seen_by)
        keyboard = _keyboard(rendered)
        if due.message_id is not None:
            try:
                await self._bot.edit_message_text(
                    rendered.html, due.chat_id, due.message_id, parse_mode=ParseMode.HTML, reply_markup=keyboard
                )
            except BadRequest as error:
                if _says(error, "message is not modified"):
                    return due.message_id
                if not _says(error, "message to edit not found", "message can't be edited"):
                    raise
            else:
                return due.message_id
        message = await self._bot.send_message(
            due.chat_id, rendered.html, parse_mode=ParseMode.HTML, reply_markup=keyboard
        )
        return message.message_id

    async def _unbind(self, due: Due, error: TelegramError) -> bool:
        """The group is gone for us: its alerts wait until the owner binds another."""
        log.warning("the alerts group is closed to the bot", chat=due.chat_id, error=str(error))
        await self._workspaces.unbind_alerts_chat(due.chat_id)
        return False

    def _rest(self, due: Due, seconds: float) -> None:
        self._resting[due.alert.id] = self._monotonic() + seconds


def _keyboard(rendered: Rendered) -> InlineKeyboardMarkup | None:
    row = [InlineKeyboardButton(label, callback_data=data.pack()) for label, data in rendered.buttons]
    return InlineKeyboardMarkup([row]) if row else None


def _says(error: TelegramError, *texts: str) -> bool:
    return any(text in error.message.lower() for text in texts)
