"""Posts the daily digests, each at most once: a second one would only be noise."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import structlog
from sqlalchemy import text
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, RetryAfter, TelegramError
from telegram.ext import ExtBot

from bot.alerts import store
from bot.alerts.digest_rendering import render_digest
from engine.database import Database
from engine.reports.digest import Figures
from engine.workspaces import Workspaces

log = structlog.get_logger()

NOT_REACHED = "httpx.ConnectError"  # how python-telegram-bot says that nothing was sent at all

# Taken before it is posted, and for good unless Telegram has provably not got it.
TAKE = """
UPDATE digests d SET posting_at = clock_timestamp()
  FROM workspaces w
 WHERE d.id = (SELECT o.id FROM digests o JOIN workspaces v ON v.id = o.workspace_id
                WHERE o.posting_at IS NULL AND v.alerts_chat_id IS NOT NULL AND o.id > :after
                ORDER BY o.id LIMIT 1 FOR UPDATE OF o SKIP LOCKED)
   AND w.id = d.workspace_id
RETURNING d.id, d.day, d.since, d.until, d.figures, w.alerts_chat_id AS chat_id, w.name AS team, w.time_zone
"""
GIVE_BACK = "UPDATE digests SET posting_at = NULL WHERE id = :id"
REMEMBER = "UPDATE digests SET telegram_message_id = :message WHERE id = :id"


@dataclass(frozen=True, slots=True)
class DueDigest:
    id: int
    day: date
    since: datetime
    until: datetime
    figures: dict[str, Any]
    chat_id: int
    team: str
    time_zone: str


class DigestPoster:
    def __init__(self, database: Database, bot: ExtBot[bool], workspaces: Workspaces) -> None:
        self._database = database
        self._bot = bot
        self._workspaces = workspaces

    async def post_due(self) -> int:
        """Post what waits, the oldest first; how many. Raises TelegramError when Telegram cannot be asked now."""
        posted = after = 0
        while (due := await self._take(after)) is not None:
            after = due.id
            posted += await self._post(due)
        return posted

    async def _take(self, after: int) -> DueDigest | None:
        async with self._database.transaction() as session:
            row = (await session.execute(text(TAKE), {"after": after})).mappings().one_or_none()
        return DueDigest(**row) if row else None

    async def _post(self, due: DueDigest) -> bool:
        html = render_digest(
            Figures.from_json(due.figures),
            team=due.team,
            day=due.day,
            since=due.since,
            until=due.until,
            time_zone=due.time_zone,
        )
        try:
            message = await self._bot.send_message(due.chat_id, html, parse_mode=ParseMode.HTML)
        except TelegramError as error:
            return await self._failed(due, error)
        async with self._database.transaction() as session:
            await session.execute(text(REMEMBER), {"id": due.id, "message": message.message_id})
        return True

    async def _failed(self, due: DueDigest, error: TelegramError) -> bool:
        """What cannot have arrived waits for the next time, or the next group. The answer is no."""
        closed = isinstance(error, Forbidden) or "chat not found" in error.message.lower()
        if closed or isinstance(error, ChatMigrated | RetryAfter) or NOT_REACHED in error.message:
            async with self._database.transaction() as session:
                await session.execute(text(GIVE_BACK), {"id": due.id})
        else:
            log.warning("a digest is refused, or may have arrived", digest=due.id, error=str(error))
        if isinstance(error, ChatMigrated):
            async with self._database.transaction() as session:
                await store.move_chat(session, due.chat_id, error.new_chat_id)
        elif closed:
            log.warning("the alerts group is closed to the bot", chat=due.chat_id, error=str(error))
            await self._workspaces.unbind_alerts_chat(due.chat_id)
        elif not isinstance(error, BadRequest):
            raise error
        return False
