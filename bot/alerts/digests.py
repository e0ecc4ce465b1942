"""Posts the daily digests, each at most once: a second one would only be noise."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text

from bot.alerts.digest_rendering import render_digest
from bot.alerts.once import OncePoster
from engine.database import Database
from engine.reports.digest import Figures
from engine.transactions import Session

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
    def __init__(self, database: Database, once: OncePoster) -> None:
        self._database = database
        self._once = once

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

        async def give_back(session: Session) -> None:
            await session.execute(text(GIVE_BACK), {"id": due.id})

        message_id = await self._once.post(due.chat_id, html, give_back)
        if message_id is None:
            return False
        async with self._database.transaction() as session:
            await session.execute(text(REMEMBER), {"id": due.id, "message": message_id})
        return True
