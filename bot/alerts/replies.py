"""Posts what people reply to the groups of their teams, each at most once; many at a time are told together."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.alerts.once import OncePoster
from bot.alerts.rendering import Rendered
from bot.alerts.reply_rendering import render_many, render_reply, unanswered_words
from bot.limiter import Window
from engine.contacts import reply_store
from engine.contacts.answering import AnswerEnds
from engine.contacts.replies import reply_of
from engine.database import Database
from engine.transactions import Session

FEW = 5  # replies that wait: more are told in one message
MOST = 10  # posts a minute to one group, of the 20 that Telegram allows: alerts need the others

DUE = """
SELECT w.id, w.alerts_chat_id AS chat_id, count(*) AS waiting
  FROM workspaces w
  JOIN inbound_messages i ON i.workspace_id = w.id AND i.answered_at IS NULL AND i.posting_at IS NULL
 WHERE w.alerts_chat_id IS NOT NULL AND w.replies_posted
 GROUP BY w.id ORDER BY w.id
"""
# Taken before they are posted, and for good unless Telegram has provably not got it.
TAKE = """
UPDATE inbound_messages SET posting_at = clock_timestamp(), posted_to = :chat
 WHERE id IN (SELECT i.id FROM inbound_messages i
               WHERE i.workspace_id = :workspace AND i.answered_at IS NULL AND i.posting_at IS NULL
               ORDER BY i.id LIMIT CAST(:most AS bigint) FOR UPDATE SKIP LOCKED)
RETURNING id
"""
GIVE_BACK = "UPDATE inbound_messages SET posting_at = NULL, posted_to = NULL WHERE id = ANY(:ids)"
REMEMBER = "UPDATE inbound_messages SET telegram_message_id = :message WHERE id = ANY(:ids)"
# Of people who were deleted since. A post that tells of many has nobody's words in it.
FORGOTTEN = """
SELECT DISTINCT i.posted_to, i.telegram_message_id FROM inbound_messages i
 WHERE i.telegram_message_id IS NOT NULL AND i.phone = ''
"""
TELLS_OF = """
SELECT count(*) FROM inbound_messages i WHERE i.posted_to = :chat AND i.telegram_message_id = :message
"""
LET_GO = """
UPDATE inbound_messages SET telegram_message_id = NULL
 WHERE posted_to = :chat AND telegram_message_id = :message AND phone = ''
"""
DELETED = "💬 Somebody who was deleted since."


@dataclass(frozen=True, slots=True)
class _Team:
    id: int
    chat_id: int
    waiting: int


class ReplyPoster:
    def __init__(self, database: Database, once: OncePoster, monotonic: Callable[[], float]) -> None:
        self._database = database
        self._once = once
        self._monotonic = monotonic
        self._ends = AnswerEnds(database)
        # There are no more of them than teams.
        self._windows = defaultdict[int, Window](lambda: Window(MOST, 60.0))

    async def post_due(self) -> int:
        """Post what waits, the oldest first; how many messages. Raises TelegramError as OncePoster does."""
        async with self._database.transaction() as session:
            teams = [_Team(row.id, row.chat_id, row.waiting) for row in await session.execute(text(DUE))]
        return sum([await self._post_for(team) for team in teams])

    async def _post_for(self, team: _Team) -> int:
        """Stop when this group has had enough for now: what gathers meanwhile is told together."""
        posted, waiting, window = 0, team.waiting, self._windows[team.chat_id]
        while waiting and window.free_at() <= self._monotonic():
            taken = await self._take(team, None if waiting > FEW else 1)
            if not taken or not await self._post(team, taken):
                break
            window.take(self._monotonic())
            posted, waiting = posted + 1, waiting - len(taken)
        return posted

    async def _take(self, team: _Team, most: int | None) -> Sequence[int]:
        async with self._database.transaction() as session:
            about = {"workspace": team.id, "chat": team.chat_id, "most": most}
            return sorted(await session.scalars(text(TAKE), about))

    async def _post(self, team: _Team, ids: Sequence[int]) -> bool:
        rendered = render_many(len(ids)) if len(ids) > 1 else await self._render(team, ids[0])

        async def give_back(session: Session) -> None:
            await session.execute(text(GIVE_BACK), {"ids": list(ids)})

        if rendered is None:  # deleted meanwhile
            return True
        message_id = await self._once.post(team.chat_id, rendered.html, give_back, keyboard=_keyboard(rendered))
        if message_id is None:
            return False
        async with self._database.transaction() as session:
            await session.execute(text(REMEMBER), {"ids": list(ids), "message": message_id})
        return True

    async def _render(self, team: _Team, inbound_id: int) -> Rendered | None:
        async with self._database.transaction() as session:
            found = await reply_store.find(session, team.id, inbound_id)
        return render_reply(reply_of(found)) if found is not None else None

    async def forget_deleted(self) -> int:
        """Take the words of people who were deleted out of the group; how many posts."""
        async with self._database.transaction() as session:
            forgotten = (await session.execute(text(FORGOTTEN))).all()
        for post in forgotten:
            about = {"chat": post.posted_to, "message": post.telegram_message_id}
            async with self._database.transaction() as session:
                alone = await session.scalar(text(TELLS_OF), about) == 1
            if alone:
                await self._once.replace(post.posted_to, post.telegram_message_id, DELETED)
            async with self._database.transaction() as session:
                await session.execute(text(LET_GO), about)
        return len(forgotten)

    async def tell_unanswered(self) -> int:
        """Tell operators, below what they have typed, which of their answers have not arrived."""
        told = 0
        for end in await self._ends.take():
            asked = end.asked_in
            message = await self._once.post(
                asked.chat_id, unanswered_words(end), _never_again, in_reply_to=asked.message_id
            )
            told += message is not None
        return told


async def _never_again(_session: Session) -> None:
    """Nothing is given back: that it has not arrived is seen at Replies too, where it waits again."""


def _keyboard(rendered: Rendered) -> InlineKeyboardMarkup | None:
    row = [InlineKeyboardButton(label, callback_data=data.pack()) for label, data in rendered.buttons]
    return InlineKeyboardMarkup([row]) if row else None
