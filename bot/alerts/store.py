"""The SQL of the alerts chat: what it has not been told, and what it has."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, literal_column, or_, select, text, update
from sqlalchemy.dialects.postgresql import distinct_on

from engine.database import AdvisoryLock, Database
from engine.transactions import Session
from models import Alert, Operator, Workspace

ANSWER_WITHIN = 15.0  # machine seconds

# The literal, not a bound parameter, is what the partial index on open alerts is found by.
_OPEN: ColumnElement[bool] = literal_column("alerts.status <> 'resolved'")

# What was resolved before the present group could see it is history: nobody there needs to be told.
FORGET_HISTORY = """
UPDATE alerts a
   SET posted_revision = a.revision
  FROM workspaces w
 WHERE w.id = a.workspace_id AND a.revision > a.posted_revision AND a.status = 'resolved'
   AND CASE WHEN a.telegram_message_id IS NULL THEN w.alerts_chat_id IS NULL
            ELSE a.chat_id <> w.alerts_chat_id END
"""


@dataclass(frozen=True, slots=True)
class Due:
    """An alert that its chat has not been told, or not in this state."""

    alert: Alert
    chat_id: int
    time_zone: str
    seen_by: str | None

    @property
    def message_id(self) -> int | None:
        """The message to edit. One in another group stays behind there."""
        return self.alert.telegram_message_id if self.alert.chat_id == self.chat_id else None


@asynccontextmanager
async def poster_lock(database: Database) -> AsyncIterator[bool]:
    """Whether this process may post now: one does at a time.

    A lock of the session, not of a transaction or a row: it is held across calls to Telegram, and an open
    transaction would keep the queue's dead rows from being vacuumed for as long. If the process dies, the server
    frees it.
    """
    async with asyncio.timeout(ANSWER_WITHIN) as limit, database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        key = {"key": AdvisoryLock.POST_ALERTS}
        mine = bool(await connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), key))
        limit.reschedule(None)
        try:
            yield mine
        finally:
            limit.reschedule(asyncio.get_running_loop().time() + ANSWER_WITHIN)
            if mine:
                await connection.execute(text("SELECT pg_advisory_unlock(:key)"), key)


async def due(session: Session, resting: Collection[int]) -> list[Due]:
    """Return one alert a workspace, new ones before edits, leaving out those that are `resting`.

    One a workspace, so that each is read just before it is told and no group waits for another's backlog.
    An open alert that is known only to a former group is due in the present one.
    """
    elsewhere = and_(_OPEN, Alert.chat_id.is_distinct_from(Workspace.alerts_chat_id))
    query = (
        select(Alert, Workspace.alerts_chat_id, Workspace.time_zone, Operator.name)
        .join(Workspace, Workspace.id == Alert.workspace_id)
        .outerjoin(Operator, Operator.id == Alert.acknowledged_by)
        .where(
            Workspace.alerts_chat_id.is_not(None),
            or_(Alert.revision > Alert.posted_revision, elsewhere),
            Alert.id.not_in(resting),
        )
        .ext(distinct_on(Alert.workspace_id))
        .order_by(Alert.workspace_id, Alert.telegram_message_id.is_not(None), Alert.id)
    )
    rows = await session.execute(query)
    return [Due(row.Alert, row.alerts_chat_id, row.time_zone, row.name) for row in rows]


async def remember(session: Session, told: Due, message_id: int) -> None:
    """The chat shows the alert as it was read; what came since is due again."""
    await session.execute(
        update(Alert)
        .where(Alert.id == told.alert.id)
        .values(posted_revision=told.alert.revision, chat_id=told.chat_id, telegram_message_id=message_id)
    )


async def forget_history(session: Session) -> None:
    await session.execute(text(FORGET_HISTORY))


async def move_chat(session: Session, old: int, new: int) -> None:
    """A group became a supergroup: another id, and its former messages cannot be edited."""
    await session.execute(update(Workspace).where(Workspace.alerts_chat_id == old).values(alerts_chat_id=new))
    await session.execute(update(Alert).where(Alert.chat_id == old).values(chat_id=new, telegram_message_id=None))
