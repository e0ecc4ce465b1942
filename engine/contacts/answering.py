"""Operators answer what somebody wrote, from Telegram: it goes out of the device that they wrote to, at once.

Answers are exempt from opting out, quiet hours and caps (DESIGN.md 4.3): they are part of a conversation that the
other one goes on with. So whoever has opted out is answered only if they have written anything else since.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.actor import Actor
from engine.broadcast.media import check_media, store_media
from engine.broadcast.templating import check_caption
from engine.clock import Clock
from engine.contacts import reply_store
from engine.contacts.replies import found
from engine.database import Database
from engine.errors import ConflictError, InvalidInputError, NotFoundError
from engine.sequences.steps import Attachment
from engine.transactions import Session
from models import Workspace
from models.enums import ContentKind, DeviceState, MessageStatus, Role


@dataclass(frozen=True, slots=True)
class AskedIn:
    """Where in Telegram an operator has typed an answer: they are told there if it does not arrive."""

    chat_id: int
    message_id: int


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer is on its way, or waits for its device to be able to send."""

    message_id: int
    device: str
    state: DeviceState
    paused: bool  # the device, or everything

    @property
    def waits(self) -> bool:
        return self.paused or not (self.state.may_send or self.state is DeviceState.REACHOUT_LIMITED)


@dataclass(frozen=True, slots=True)
class Unanswered:
    """An answer that has not arrived, or may not have."""

    asked_in: AskedIn
    person: str  # a name, or a phone
    device: str
    outcome: MessageStatus
    code: str
    reason: str


class Answers:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def answer(
        self,
        actor: Actor,
        inbound_id: int,
        text: str,
        *,
        attachment: Attachment | None = None,
        asked_in: AskedIn | None = None,
    ) -> Answered:
        """Queue an answer to somebody's reply; all that they have written until now is answered by it.

        Raises InvalidInputError or ConflictError, saying why it cannot be answered.
        """
        actor.must_be(Role.OPERATOR)
        kind = attachment.kind if attachment is not None else ContentKind.TEXT
        body = text.strip()
        async with self._database.transaction() as session:
            await _answerable(session, actor, inbound_id)
        if attachment is None and not body:
            raise InvalidInputError("There is nothing to send. Type what to answer.")
        check_caption(kind, body)
        media_id = await self._keep(actor, attachment)
        now = self._clock.now()
        async with self._database.transaction() as session:
            reply = await _answerable(session, actor, inbound_id)
            about = {"workspace": actor.workspace_id, "contact": reply.contact_id, "at": now}
            answer = {
                "device": reply.device_id,
                "kind": kind,
                "body": body,
                "media": media_id,
                "inbound": inbound_id,
                "chat": asked_in.chat_id if asked_in else None,
                "telegram_message": asked_in.message_id if asked_in else None,
            }
            (queued,) = await session.rows(reply_store.ANSWER, {**about, **answer})
            await session.rows(reply_store.ANSWERED, about)
            actor.record(session, now, "reply.answer", inbound_id, message=queued.message_id)
            workspace = await session.get_one(Workspace, actor.workspace_id)
        paused = reply.paused_at is not None or workspace.stopped_at is not None
        return Answered(queued.message_id, reply.device, DeviceState(reply.state), paused)

    async def _keep(self, actor: Actor, attachment: Attachment | None) -> int | None:
        if attachment is None:
            return None
        check_media(attachment.kind, attachment.mime_type, len(attachment.content))
        return await store_media(
            self._database, actor.workspace_id, attachment.content, attachment.mime_type, attachment.file_name
        )


class AnswerEnds:
    """What became of answers, for whoever tells the operators. Of all teams: it is no use case of one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self) -> Sequence[Unanswered]:
        """Find what has not arrived, each once; what it was to answer waits for an answer again."""
        async with self._database.transaction() as session:
            rows = await session.rows(reply_store.TAKE_ENDED, {})
        return [
            Unanswered(
                AskedIn(row.chat_id, row.telegram_message_id),
                row.person,
                row.device,
                MessageStatus(row.outcome),
                row.error_code or "",
                row.error or "",
            )
            for row in rows
        ]


async def _answerable(session: Session, actor: Actor, inbound_id: int) -> Any:
    reply = await found(session, actor, inbound_id)
    if reply.contact_id is None:
        if reply.phone is not None:
            raise NotFoundError("They are not in the contact book any more, so they cannot be answered from here.")
        raise ConflictError(
            "WhatsApp hides this number, so it cannot be written to from here. "
            f"Answer on the phone of {reply.device}."
        )
    if not await reply_store.lock_contact(session, actor.workspace_id, reply.contact_id):
        raise NotFoundError("They are not in the contact book any more, so they cannot be answered from here.")
    if await reply_store.is_left_alone(session, actor.workspace_id, reply.contact_id):
        raise ConflictError(
            "They have opted out and not written since, so nothing is sent to them. "
            "When they write again, you can answer."
        )
    if reply.removed_at is not None:
        raise ConflictError(
            f"{reply.device}, to which they wrote, has been removed. Answer when they write to another device."
        )
    return reply
