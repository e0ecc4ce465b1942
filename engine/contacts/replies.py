"""Replies that wait for somebody on the team: who wrote, what, and what it answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.actor import Actor
from engine.clock import Clock
from engine.contacts import reply_store
from engine.contacts.senders import told_words
from engine.database import Database
from engine.errors import NotFoundError
from engine.transactions import Session
from models.enums import Role

MOST_LISTED = 200
HIDDEN = "somebody whose number WhatsApp hides"


@dataclass(frozen=True, slots=True)
class Reply:
    id: int
    contact_id: int | None  # None: hidden
    name: str
    phone: str | None  # None: hidden
    device: str
    body: str
    attached: str  # what there is besides, in words
    answers: str  # the words of the message that it answers; empty: none is known
    at: datetime
    is_open: bool

    @property
    def who(self) -> str:
        return self.name or self.phone or HIDDEN

    @property
    def words(self) -> str:
        return told_words(self.attached, self.body)


class Replies:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def list(self, actor: Actor) -> Sequence[Reply]:
        """Return those that nobody has answered, the newest first; MOST_LISTED at most."""
        async with self._database.transaction() as session:
            rows = await reply_store.listed(session, actor.workspace_id, MOST_LISTED)
        return [reply_of(row) for row in rows]

    async def get(self, actor: Actor, inbound_id: int) -> Reply:
        async with self._database.transaction() as session:
            return reply_of(await found(session, actor, inbound_id))

    async def of_post(self, actor: Actor, chat_id: int, telegram_message_id: int) -> Sequence[int]:
        """Find the replies that a message in a Telegram chat tells of; none: it is about something else."""
        async with self._database.transaction() as session:
            return await reply_store.of_post(session, actor.workspace_id, chat_id, telegram_message_id)

    async def done(self, actor: Actor, inbound_id: int) -> bool:
        """Say that it needs no answer. Whether it still waited for one."""
        actor.must_be(Role.OPERATOR)
        now = self._clock.now()
        async with self._database.transaction() as session:
            await found(session, actor, inbound_id)
            waited = await reply_store.done(session, actor.workspace_id, inbound_id, now)
            if waited:
                actor.record(session, now, "reply.done", inbound_id)
        return waited


async def found(session: Session, actor: Actor, inbound_id: int) -> Any:
    row = await reply_store.find(session, actor.workspace_id, inbound_id)
    if row is None:
        raise NotFoundError("This reply is not there any more.")
    return row


def reply_of(row: Any) -> Reply:
    return Reply(
        id=row.id,
        contact_id=row.contact_id,
        name=row.name,
        phone=row.phone,
        device=row.device,
        body=row.body,
        attached=row.attached,
        answers=row.answers,
        at=row.received_at,
        is_open=row.answered_at is None,
    )
